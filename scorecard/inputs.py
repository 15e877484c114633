"""What an edition reads: written into its own folder at the cut-off, read back from there alone (DESIGN §4)."""

import hashlib
import json
import re
import shutil
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import String, cast, func, select
from sqlalchemy.orm import Session

from core.calendar import Month, local_date
from core.lake import DataFile, LakeTable, describe
from procedures.models import NATIONAL, Component, Procedure, Source, StateRegister, Submission, Unit
from procedures.papers import PaperBook
from procedures.queries import procedures_map, units
from procedures.service_models import PetitionCount, QueueTicket
from scorecard.declare_once_inputs import describe_registry, read_law, read_vocabulary
from scorecard.disclosure import PublicTables
from scorecard.integrity_inputs import freeze as freeze_integrity
from scorecard.integrity_inputs import with_verdicts
from scorecard.measuring import Place
from scorecard.public_history import EARLIER, freeze_public, load_public
from scorecard.quality_marks import SUBMISSIONS, submissions_frame
from scorecard.refresh import live_answers
from scorecard.reporting_periods import FILE as PERIODS
from scorecard.reporting_periods import describe as describe_periods
from scorecard.rulesets import RuleSet, read
from scorecard.service_inputs import LISTS, OFFERINGS, SYSTEMS, ServiceInputs, freeze_services, load_services
from scorecard.survey_estimates import Earlier
from scorecard.survey_history import freeze_history, load_history, procedure_groups
from scorecard.targets import SHIPPED
from surveys.queries import answers_frame, invited_counts

if TYPE_CHECKING:
    import pandas as pd

LAKE_FILES, MANIFEST, RULES = "lake_files.json", "manifest.json", "rules.yaml"
UNITS, REGISTERS, TARGETS = "units.parquet", "registers.json", "targets.yaml"
MONTH_IN_PATH = re.compile(r"(?:^|/)reception_month=(\d{4}-\d{2})/")
ARRIVING = (LAKE_FILES, "answers.parquet", "invited.parquet", "sources.json", SUBMISSIONS, SYSTEMS, LISTS)
ACCEPTED = ("accepted", "partly_accepted")


@dataclass(frozen=True)
class SourceView:
    """A source of national figures: the province or ministry it answers for, and how many files were accepted for the month."""

    code: str
    province: str | None
    simulated: bool
    submissions: int


@dataclass(frozen=True)
class Inputs:
    """An edition's inputs, as read back from its folder."""

    month: Month
    provisional: bool
    rules: RuleSet
    lake_files: list[DataFile]
    places: dict[str, Place]
    answers: "pd.DataFrame"
    invited: "pd.DataFrame"
    offerings: list[tuple[str, str, str]]
    services: ServiceInputs
    sources: list[SourceView]
    papers: PaperBook
    groups: dict[str, str]  # procedure → procedure group
    windows: Earlier | None  # earlier months' counted answers; None in an older edition and in a month that is not over
    before: "pd.DataFrame | None"
    public: "pd.DataFrame | None"  # survey figures that are public already; None in an older edition
    tables: PublicTables


SURVEY = ("answers.parquet", "invited.parquet")


def freeze(
    folder: Path,
    session: Session,
    lake: LakeTable,
    month: Month,
    cutoff: datetime,
    rules_file: Path,
    provisional: bool,
    published: Path | None = None,
    answers_until: datetime | None = None,
) -> None:
    """Write the month's inputs. A provisional edition, which is never replayed, lists the lake's files without digests.

    ``answers_until``: first instant whose answers are not counted, where that is before the cut-off.
    ``published``: folder of the month's first published version. A correction counts the very answers that it counted: a few
    late ones more would stand open in the difference of the two (DESIGN §7.8).
    """
    import pandas as pd

    day, answered = month.last_day, min(cutoff, answers_until or cutoff)
    _write_json(folder / LAKE_FILES, [asdict(item) for item in _lake_files(lake, month, digests=not provisional)])
    if published is None:
        if provisional:
            owners = {code: view.province_code or code for code, view in units(session, day).items()}
            answers = live_answers(folder, session, month, answered, folder.parent, owners)
        else:
            answers = answers_frame(session, month, answered)
        write_frame(folder / "answers.parquet", answers)
        write_frame(folder / "invited.parquet", invited_counts(session, month))
    else:
        for name in SURVEY:
            shutil.copyfile(published / name, folder / name)
    views = units(session, day).values()
    write_frame(folder / UNITS, pd.DataFrame([vars(view) for view in views], columns=list(_UNIT_COLUMNS)))
    write_frame(folder / OFFERINGS, freeze_services(folder, session, month))
    catalogue = [(view.code, view.name, view.sector, view.is_local) for view in procedures_map(session, day).values()]
    write_frame(folder / "procedures.parquet", pd.DataFrame(catalogue, columns=["code", "name", "sector", "is_local"]))
    parts = pd.DataFrame(_components(session), columns=["procedure_code", "code", "name", "register_code"], dtype="str")
    write_frame(folder / "components.parquet", parts)
    _write_json(folder / REGISTERS, describe_registry(session, day))
    _write_json(folder / PERIODS, describe_periods(month))
    _write_json(folder / "sources.json", [asdict(view) for view in _sources(session, month)])
    write_frame(folder / SUBMISSIONS, submissions_frame(session, month))
    freeze_integrity(folder, session, month, published)
    if not provisional:
        freeze_history(folder, session, month, folder.parent)
        freeze_public(folder, session, month, folder.parent)
    shutil.copyfile(rules_file, folder / RULES)
    shutil.copyfile(SHIPPED, folder / TARGETS)
    names = sorted(path.name for path in folder.iterdir())
    digests = {name: describe(folder / name, folder).sha256 for name in names}
    _write_json(folder / MANIFEST, {"month": str(month), "provisional": provisional, "cutoff_at": cutoff.isoformat(), "inputs": digests})


def load(folder: Path) -> Inputs:
    """Read an edition's inputs from its folder and from nowhere else."""
    import pandas as pd

    manifest = read_json(folder / MANIFEST)
    frame = pd.read_parquet(folder / UNITS, columns=["code", "kind", "parent_code", "province_code", "type_label"])
    rows = frame.itertuples(index=False, name=None)
    places = {str(row[0]): Place(str(row[0]), str(row[1]), _text(row[2]), _text(row[3]), _text(row[4]) or "") for row in rows}
    catalogue = pd.read_parquet(folder / "procedures.parquet", columns=["code", "sector"])
    windows, before = load_history(folder)
    public, tables = load_public(folder)
    services = load_services(folder)
    components = pd.read_parquet(folder / "components.parquet")
    registry = read_json(folder / REGISTERS)
    return Inputs(
        month=Month.parse(manifest["month"]),
        provisional=manifest["provisional"],
        rules=read(folder / RULES),
        lake_files=[DataFile(**item) for item in read_json(folder / LAKE_FILES)],
        places=places,
        answers=with_verdicts(pd.read_parquet(folder / "answers.parquet"), folder),
        invited=pd.read_parquet(folder / "invited.parquet"),
        offerings=[(item.unit_code, item.procedure_code, item.online_level) for item in services.declared],
        services=services,
        sources=[SourceView(**item) for item in read_json(folder / "sources.json")],
        papers=PaperBook(
            ((procedure, code or "", name, _text(register)) for procedure, code, name, register in components.itertuples(index=False)),
            read_vocabulary(registry),
            read_law(registry),
        ),
        groups=procedure_groups({str(code): _text(sector) or "" for code, sector in catalogue.itertuples(index=False)}),
        windows=windows,
        before=before,
        public=public,
        tables=tables,
    )


def cutoff_day(folder: Path) -> date:
    """The day in Viet Nam on which an edition's inputs were cut off."""
    return local_date(datetime.fromisoformat(read_json(folder / MANIFEST)["cutoff_at"]))


def frozen_marks(folder: Path) -> list[str]:
    """Names and digests of the frozen files that do not change merely because dossiers or answers arrive, and the sources' codes."""
    digests: dict[str, str] = read_json(folder / MANIFEST)["inputs"]
    sources = sorted(item["code"] for item in read_json(folder / "sources.json"))
    return [*(f"{name} {digest}" for name, digest in sorted(digests.items()) if name not in ARRIVING), *sources]


def changed_inputs(folder: Path) -> list[str]:
    """Names of frozen files that are no longer what the manifest says."""
    digests: dict[str, str] = read_json(folder / MANIFEST)["inputs"]
    return [name for name, digest in digests.items() if not (folder / name).is_file() or describe(folder / name, folder).sha256 != digest]


def changed_lake_files(inputs: Inputs, lake_root: Path) -> list[str]:
    """Paths of listed data files that are missing or whose size or digest differs."""
    changed = []
    for item in inputs.lake_files:
        path = lake_root / item.path
        if not path.is_file() or describe(path, lake_root) != item:
            changed.append(item.path)
    return changed


def fingerprint(folder: Path) -> str:
    """Digest of everything that a month's figures rest on; equal means that closing again would change nothing.

    The lake enters by what was counted in it and not by its list of files, which changes whenever any other month's rows
    in the same file do.
    """
    digests: dict[str, str] = dict(read_json(folder / MANIFEST)["inputs"])
    for name in (LAKE_FILES, SUBMISSIONS, SYSTEMS, EARLIER):  # a file sent again changes no figure, nor does the version before
        digests.pop(name, None)
    digests |= {name: describe(folder / name, folder).sha256 for name in ("counts.parquet", "register_counts.parquet")}
    return hashlib.sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest()


def read_json(path: Path) -> Any:
    """A JSON file's content."""
    return json.loads(path.read_text(encoding="utf-8"))


def write_frame(path: Path, frame: "pd.DataFrame") -> None:
    """Write a frame as Parquet: the same frame always gives the same bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path, compression="zstd", row_group_size=20_000)


_UNIT_COLUMNS = ("id", "code", "kind", "name", "short_name", "name_en", "type_label", "parent_code", "province_code")


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1), encoding="utf-8")


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _lake_files(lake: LakeTable, month: Month, digests: bool) -> list[DataFile]:
    """Data files that can hold dossiers of the month: later receptions cannot."""
    if not lake.root.exists():
        return []
    wanted = []
    for path in lake.paths():
        found = MONTH_IN_PATH.search(path.relative_to(lake.root).as_posix())
        if found is None or found.group(1) <= str(month):
            wanted.append(path)
    if digests:
        return [describe(path, lake.root) for path in wanted]
    return [DataFile(str(path.relative_to(lake.root)), path.stat().st_size, "") for path in wanted]


def _components(session: Session) -> list[tuple[str, str, str, str | None]]:
    rows = session.execute(
        select(Procedure.code, Component.code, Component.name, StateRegister.code)
        .join(Component, Component.procedure_id == Procedure.id)
        .outerjoin(StateRegister, StateRegister.id == Component.register_id)
        .where(Procedure.list_code == NATIONAL)
        .order_by(Procedure.code, Component.position)
    )
    return [(procedure, code, name, register) for procedure, code, name, register in rows]


def _sources(session: Session, month: Month) -> list[SourceView]:
    everything = units(session, month.last_day)
    sent: dict[str, int] = {}
    rows = session.execute(
        select(Source.code, Submission.months)
        .join(Submission, Submission.source_id == Source.id)
        .where(Source.list_code == NATIONAL, Submission.state.in_(ACCEPTED))
    )
    for code, months in rows:
        sent[code] = sent.get(code, 0) + (str(month) in months)
    found = session.execute(
        select(Source.code, Source.simulated, Unit.code)
        .outerjoin(Unit, Unit.id == Source.unit_id)
        .where(Source.list_code == NATIONAL)
        .order_by(Source.code)
    )
    views = []
    for code, simulated, unit in found:
        view = everything.get(unit) if unit else None
        views.append(SourceView(code, (view.province_code or view.code) if view else None, simulated, sent.get(code, 0)))
    return views


def seen(session: Session, month: Month) -> dict[str, Any]:
    """What has arrived that could change a month: compared, it tells whether anything did.

    Of submissions only those count that are finished, of national sources, and brought rows; none that touched later receptions alone,
    since a dossier ends in the month of its reception or later.
    """
    from surveys.models import Answer, Invitation

    national = select(Source.id).where(Source.list_code == NATIONAL)
    first_month = func.substr(cast(Submission.months, String), 3, 7)  # of the sorted list ["2026-10", …]; empty where none was touched
    brought = Submission.state.in_(ACCEPTED) | (Submission.rows_received > 0)
    arrived = select(func.count(), func.max(Submission.finished_at)).where(
        Submission.finished_at.is_not(None), Submission.source_id.in_(national), brought, first_month <= str(month)
    )
    files, last = session.execute(arrived).one()
    answers, revisions = session.execute(select(func.count(), func.sum(Answer.revision)).where(Answer.month == str(month))).one()
    asked = session.scalar(select(func.count()).select_from(Invitation).where(Invitation.month == str(month)))
    lists = (
        select(func.count(), func.max(PetitionCount.reported_at)).where(PetitionCount.month == str(month)),
        select(func.count(), func.max(QueueTicket.reported_at)).where(QueueTicket.day.between(month.first_day, month.last_day)),
    )
    return {
        "lists": [[number, last.isoformat() if last else None] for number, last in (session.execute(one).one() for one in lists)],
        "submissions": files,
        "last_submission": last.isoformat() if last else None,
        "answers": answers,
        "revisions": int(revisions or 0),
        "invited": asked,
    }
