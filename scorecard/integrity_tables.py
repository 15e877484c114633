"""What an edition prints about its integrity: what moved the headline, and how many units are under verification. Names nobody."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from scorecard.edition_tables import Column, EditionTable, TableMaterial
from scorecard.integrity import WORDS, moves

if TYPE_CHECKING:
    import pandas as pd

    from scorecard.inputs import Inputs

LEAST = 10  # answers: a smaller number is not told (DESIGN §7.8)


def patterns(folder: Path, inputs: "Inputs | None" = None) -> "pd.DataFrame":
    """Every test of an edition, as ``integrity_patterns.compare``; empty for one older than the checks. Never leaves as it is."""
    import pandas as pd

    from scorecard.inputs import load as load_edition
    from scorecard.integrity import REMOVED_BY
    from scorecard.integrity_inputs import load
    from scorecard.integrity_patterns import compare, tally

    kept = load(folder)
    if kept is None:
        return pd.DataFrame()
    edition = inputs or load_edition(folder)
    answers = edition.answers[edition.answers[REMOVED_BY].astype("object").isin(("", None))]
    groups = {code: place.kind for code, place in edition.places.items()}
    return compare(tally(answers, kept.deliveries, kept.rules), groups, kept.rules)


def _moves(material: TableMaterial) -> "pd.DataFrame":
    """By how much each detector and each human override moved the headline, the nation's weighted rate. Small numbers are not told."""
    import pandas as pd

    from scorecard.integrity_inputs import load
    from scorecard.survey_estimates import by_invitation
    from scorecard.survey_measures import weighted_rate

    kept, whole = load(material.folder), material.material
    columns = [column.name for column in MOVES]
    if kept is None or whole is None or material.inputs.provisional:
        return pd.DataFrame(columns=columns)
    rows = []
    answers, figure = by_invitation(material.inputs.answers), partial(weighted_rate, material=whole)  # other modes are no part of it
    for move in moves(answers, figure, kept.overrides, kept.rules.heavy_contact, kept.rules.least_removed):
        told = move.answers >= LEAST
        points = round(move.moved, 4) if move.moved is not None and told else None
        way = "" if points is None else "up" if points > 0 else "down" if points < 0 else "none"
        by = "override" if move.unit_code else "detector"
        rows.append((by, move.mark, *WORDS[move.mark], move.action, move.answers if told else None, points, way))
    return pd.DataFrame(rows, columns=columns)


def _counts(material: TableMaterial) -> "pd.DataFrame":
    """How many units and providers each detector asks about, and how many in all."""
    import pandas as pd

    from scorecard.integrity_patterns import BY_NAME

    columns = [column.name for column in COUNTS]
    if material.inputs.provisional:
        return pd.DataFrame(columns=columns)
    found = patterns(material.folder, material.inputs)
    asked = found[found["question"].astype(bool)] if len(found) else found
    if not len(found):
        return pd.DataFrame(columns=columns)
    subjects = [len(each.drop_duplicates(["subject_kind", "subject_code"])) for each in (asked, found)]  # one may be compared by several
    rows = [("all", "mọi dấu hiệu", "all patterns", *subjects)]
    for name, detector in BY_NAME.items():
        rows.append((name, detector.vi, detector.en, int((asked["detector"] == name).sum()), int((found["detector"] == name).sum())))
    return pd.DataFrame(rows, columns=columns)


def _changes(material: TableMaterial) -> "pd.DataFrame":
    """How many answers by personal link were changed afterwards, by direction. Small numbers are not told, and no number of answers that
    were not changed stands beside, from which one could be computed."""
    import pandas as pd

    from scorecard.integrity import REMOVED_BY
    from scorecard.integrity_patterns import PERSONAL, changes

    columns = [column.name for column in CHANGES]
    if material.inputs.provisional:
        return pd.DataFrame(columns=columns)
    answers = material.inputs.answers
    kept = (answers["mode"] == PERSONAL) & (answers["end_point"] != "supplement") & answers["rating"].notna()
    answers = answers[kept & answers[REMOVED_BY].astype("object").isin(("", None))]
    up, down, again = changes(answers)
    whole = len(answers)
    rows = []
    for way, found in {"raised": up > down, "lowered": down > up, "redone": again > 0}.items():
        number = int(found.sum())
        told = number >= LEAST
        rows.append((way, *WAYS[way], number if told else None, round(number / whole, 3) if told else None))
    return pd.DataFrame(rows, columns=columns)


WAYS = {  # (vi, en)
    "raised": ("đổi lên mức cao hơn", "changed to a higher mark"),
    "lowered": ("đổi xuống mức thấp hơn", "changed to a lower mark"),
    "redone": ("xóa rồi trả lời lại", "deleted and given again"),
}
CHANGES = (
    Column("way", "chiều đổi", "direction of the change"),
    Column("name_vi", "tên chiều đổi", "name of the direction (Vietnamese)"),
    Column("name_en", "tên chiều đổi (tiếng Anh)", "name of the direction"),
    Column("answers", "số phiếu", "answers", "count"),
    Column("share", "tỷ lệ trong số phiếu", "share of answers", "share"),
)
MOVES = (
    Column("by", "do", "by"),
    Column("mark", "dấu hiệu", "mark"),
    Column("name_vi", "tên dấu hiệu", "name of the mark (Vietnamese)"),
    Column("name_en", "tên dấu hiệu (tiếng Anh)", "name of the mark"),
    Column("action", "việc làm", "action"),
    Column("answers", "số phiếu", "answers", "count"),
    Column("moved", "thay đổi tỷ lệ", "change of the rate", "share"),  # in [-1, 1]
    Column("direction", "chiều", "direction"),
)
COUNTS = (
    Column("detector", "dấu hiệu", "pattern"),
    Column("name_vi", "tên dấu hiệu", "name of the pattern (Vietnamese)"),
    Column("name_en", "tên dấu hiệu (tiếng Anh)", "name of the pattern"),
    Column("asked", "đơn vị cần xác minh", "units under verification", "count"),
    Column("tested", "đơn vị được so", "units compared", "count"),
)

TABLES = (
    EditionTable("integrity_moves", "Số liệu sau làm sạch thay đổi bao nhiêu", "What cleaning moved", MOVES, _moves),
    EditionTable("integrity_changes", "Câu trả lời được đổi lại", "Answers changed afterwards", CHANGES, _changes),
    EditionTable("integrity_counts", "Số đơn vị cần xác minh", "Units under verification", COUNTS, _counts),
)
