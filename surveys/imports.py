"""Ratings collected elsewhere, brought in as series of their own and never mixed with our answers.

A profile says how the file is to be read. Every value goes to a scale of 1 to 5, 5 best, by a straight line. What is left out is
counted by its reason. The same code imported again replaces the series.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert

from core import audit
from core.database import writing
from core.errors import InputError
from surveys.outside_files import read_frame
from surveys.outside_models import OutsideFigure, OutsideSeries
from surveys.outside_profile import Profile, Question, read_profile

if TYPE_CHECKING:
    import pandas as pd

TOTAL = "total"
NO_NUMBER, NO_WEIGHT, NO_VALUE = "no_number_of_answers", "no_weight", "no_value"
UNKNOWN, OUTSIDE = "dont_know", "outside_scale"
SATISFIED = 4.0  # on 1 to 5
LARGEST = 50_000_000  # bytes
LONGEST_GROUP = 200
THOUSANDS = r"\d{1,3}(?:[., \u00a0\u202f]\d{3})+"  # a count as 1.200, 1,200 or 1 200
MONTHS = (  # as 2004-04…, 200404, or the day before the month: 01/04/2004, 04/2004
    re.compile(r"(?P<year>\d{4})[-/.](?P<month>0?[1-9]|1[0-2])(?!\d).*"),
    re.compile(r"(?P<year>\d{4})(?P<month>0[1-9]|1[0-2])(?:\d\d)?"),
    re.compile(r"(?:\d{1,2}[-/.])?(?P<month>0?[1-9]|1[0-2])[-/.](?P<year>\d{4})(?!\d).*"),
)
YEARS = (re.compile(r"(?P<year>\d{4})(?!\d).*"), *MONTHS)


@dataclass(frozen=True)
class Imported:
    """What came of a file. ``excluded``: reason to rows (or answers to one question) left out."""

    code: str
    rows_read: int
    rows_used: int
    figures: int
    excluded: dict[str, int]


@dataclass(frozen=True)
class Figure:
    """One figure, as ``outside_models.OutsideFigure`` keeps it."""

    period: str
    group_key: str
    question: str
    value: float | None
    plain: float | None
    satisfied: float | None
    answered: int | None
    offered: int | None
    rows: int


@dataclass(frozen=True)
class Said:
    """Answers to one question: the place of their row in the file, the value on 1 to 5, the weight, the number of people."""

    row: Any
    value: Any
    weight: Any
    number: Any


def import_file(path: Path, profile: Profile, by: str, now: datetime, simulated: bool = False) -> Imported:
    """Read a file and store its series. Raises ``InputError`` for a file that does not fit the profile."""
    return _store(path.name, path.read_bytes(), profile, by, now, simulated)


def import_uploaded(name: str, data: bytes, profile: bytes, by: str, now: datetime, simulated: bool) -> Imported:
    """The same for what a browser sent. A series that somebody else brought in is not replaced."""
    read = read_profile(profile)
    return _store(name, data, read, by, now, simulated, own=True)


def _store(name: str, data: bytes, profile: Profile, by: str, now: datetime, simulated: bool, own: bool = False) -> Imported:
    if len(data) > LARGEST:
        raise InputError("Tệp quá lớn (trên 50 MB).", "The file is too large (over 50 MB).")
    frame = read_frame(name, data)
    figures, used, excluded = summarise(frame, profile)
    with writing() as session:
        before = session.query(OutsideSeries).filter_by(code=profile.code).one_or_none()
        if before is not None and own and before.imported_by != by:
            raise InputError(f"Mã {profile.code} đã có người khác dùng; hãy đặt mã khác.", f"The code {profile.code} is taken.")
        if before is not None:
            session.execute(delete(OutsideFigure).where(OutsideFigure.series_id == before.id))
            session.delete(before)
            session.flush()
        series = OutsideSeries(
            **{key: getattr(profile, key) for key in ("code", "title_vi", "title_en", "source_vi", "source_en")},
            profile=profile.model_dump(mode="json", by_alias=True),
            file_name=Path(name).name[:200],
            sha256=hashlib.sha256(data).hexdigest(),
            rows_read=len(frame),
            rows_used=used,
            excluded=excluded,
            imported_by=by,
            imported_at=now,
            simulated=simulated,
        )
        session.add(series)
        session.flush()
        session.execute(insert(OutsideFigure), [vars(figure) | {"series_id": series.id} for figure in figures])
        audit.record(session, "survey.import", profile.code, actor=by, rows=len(frame), used=used, sha256=series.sha256)
    return Imported(profile.code, len(frame), used, len(figures), excluded)


def summarise(frame: "pd.DataFrame", profile: Profile) -> tuple[list[Figure], int, dict[str, int]]:
    """Figures by period and group, and of all together; rows used in any of them; what was left out, by reason. Pure."""
    import numpy as np

    _check_columns(frame, profile)
    excluded: Counter[str] = Counter()
    missing = {"", *profile.missing}
    left = np.ones(len(frame), dtype=bool)
    for rule in profile.exclude:
        texts = frame[rule.column]
        gone = left & (texts.isin(missing) if rule.missing else texts.isin(rule.values)).to_numpy(dtype=bool)
        excluded[rule.reason_en] += int(gone.sum())
        left &= ~gone
    number = _counts(frame, profile.answered, missing)
    if profile.answered is not None:
        bare = left & ~(number > 0)
        excluded[NO_NUMBER] += int(bare.sum())
        left &= ~bare
    offered = _counts(frame, profile.offered, missing)
    weight = number if profile.answered is not None else _numbers(frame, profile.weight, missing, 1.0)
    light = left & ~(weight >= 0)
    excluded[NO_WEIGHT] += int(light.sum())
    left &= ~light
    periods, groups = _periods(frame, profile, missing, left), _groups(frame, profile, missing)
    figures, used = [], np.zeros(len(frame), dtype=bool)
    for name, question in profile.questions.items():
        if question.levels:
            said, why = _by_level(frame, profile, question, missing)
        else:
            value, holds = _on_five(_numbers_of(frame, question, missing), profile, question)
            said = Said(np.arange(len(frame)), value, weight, number if profile.answered is not None else np.ones(len(frame)))
            why = {reason: at.astype(float) for reason, at in holds.items()}
        for reason, people in why.items():
            excluded[reason if len(profile.questions) == 1 else f"{reason}: {name}"] += int(people[left].sum())
        use = left[said.row] & np.isfinite(said.value)
        used[said.row[use]] = True
        for period, group, entries in _cells([periods[row] for row in said.row], [groups[row] for row in said.row], use):
            value, heavy, total = said.value[entries], said.weight[entries], float(said.weight[entries].sum())
            single = profile.rows != "means"
            figures.append(
                Figure(
                    period=period,
                    group_key=group,
                    question=name,
                    value=float(np.average(value, weights=heavy)) if total > 0 else None,
                    plain=_plain(said, entries),
                    satisfied=float(np.average(value >= SATISFIED, weights=heavy)) if single and total > 0 else None,
                    answered=int(said.number[entries].sum()),
                    offered=int(np.nansum(offered[np.unique(said.row[entries])])) if profile.offered is not None else None,
                    rows=len(np.unique(said.row[entries])),
                )
            )
    if not figures:
        raise InputError("Không dòng nào dùng được với cấu hình này.", "No row can be used with this profile.")
    return figures, int(used.sum()), {reason: count for reason, count in excluded.items() if count}


def _by_level(frame: "pd.DataFrame", profile: Profile, question: Question, missing: set[str]) -> tuple[Said, dict[str, Any]]:
    """What was said where each answer has a column of its own, and how many people each reason leaves out, by row."""
    import numpy as np

    counts = np.nan_to_num(np.column_stack([_counts(frame, column, missing) for column in question.levels]))
    if (counts < 0).any():
        first = int(frame.index[np.flatnonzero((counts < 0).any(axis=1))[0]])
        raise InputError("Có số người trả lời âm. Sửa lại tệp.", "A number of answers is below zero. Mend the file.", row=first)
    level, holds = _on_five(np.array([*question.levels.values()], dtype=float), profile, question)
    why = {reason: counts[:, at].sum(axis=1) for reason, at in holds.items()} | {NO_NUMBER: (counts.sum(axis=1) == 0).astype(float)}
    row, place = np.nonzero(counts)
    return Said(row, level[place], counts[row, place], counts[row, place]), why


def _plain(said: Said, entries: Any) -> float | None:
    """The mean of the rows, each once."""
    import numpy as np

    rows, place = np.unique(said.row[entries], return_inverse=True)
    heavy = np.bincount(place, said.number[entries], len(rows))
    sums = np.bincount(place, said.number[entries] * said.value[entries], len(rows))
    return float((sums / heavy).mean())


def _check_columns(frame: "pd.DataFrame", profile: Profile) -> None:
    wanted = [profile.answered, profile.offered, profile.weight, *profile.groups, *(rule.column for rule in profile.exclude)]
    wanted += [column for question in profile.questions.values() for column in question.columns]
    wanted += [profile.period.column, profile.period.quarter] if profile.period is not None else []
    for column in wanted:
        if column is not None and column not in frame.columns:
            there = ", ".join(map(str, frame.columns))
            raise InputError(f"Tệp không có cột này; có: {there}.", f"The file has no such column; it has: {there}.", field=column)
        if column is not None and (times := list(frame.columns).count(column)) > 1:
            raise InputError(
                f"Tệp có {times} cột cùng tên này. Đổi tên hoặc bỏ cột thừa.",
                f"The file has {times} columns of this name. Rename or remove those that are not meant.",
                field=column,
            )


def _numbers(frame: "pd.DataFrame", column: str | None, missing: set[str], otherwise: float = float("nan")) -> Any:
    """A column's numbers; what is missing or no number is nan. A decimal comma and a sign of percent are understood."""
    import numpy as np
    import pandas as pd

    if column is None:
        return np.full(len(frame), otherwise)
    texts = frame[column]
    plain = texts.str.replace(r"\s*%$", "", regex=True)
    plain = plain.where(~plain.str.fullmatch(r"-?\d+,\d+"), plain.str.replace(",", "."))
    found = pd.to_numeric(plain.where(~texts.isin(missing)), errors="coerce").to_numpy(dtype="float64")
    return np.where(np.isfinite(found), found, np.nan)


def _counts(frame: "pd.DataFrame", column: str | None, missing: set[str]) -> Any:
    """Numbers of people, of which three digits after a point or comma are thousands."""
    if column is None:
        return _numbers(frame, None, missing)
    texts = frame[column]
    whole = texts.where(~texts.str.fullmatch(THOUSANDS), texts.str.replace(r"\D", "", regex=True))
    return _numbers(whole.to_frame(), column, missing)


def _numbers_of(frame: "pd.DataFrame", question: Question, missing: set[str]) -> Any:
    """The numbers that stand in a question's column, or that its labels mean."""
    import numpy as np

    value = _numbers(frame, question.column, missing)
    if question.labels:
        labels = {label.strip().casefold(): number for label, number in question.labels.items()}
        texts = frame[question.column].str.casefold().map(labels).to_numpy(dtype="float64")
        value = np.where(np.isfinite(texts), texts, value)
    return value


def _on_five(value: Any, profile: Profile, question: Question) -> tuple[Any, dict[str, Any]]:
    """Values on 1 to 5, 5 best (nan: none), and where each reason to leave one out holds."""
    import numpy as np

    scale = profile.scale_of(question)
    share = (value - scale.worst) / (scale.best - scale.worst)
    inside = (share >= 0) & (share <= 1)
    unknown = np.isin(value, scale.unknown) | (np.isin(value, profile.scale.unknown) & ~inside)  # the file's 9 may be a mark of 9 here
    outside = np.isfinite(value) & ~unknown & ~inside
    fits = np.isfinite(value) & ~unknown & ~outside
    return np.where(fits, 1 + 4 * share, np.nan), {NO_VALUE: ~np.isfinite(value), UNKNOWN: unknown, OUTSIDE: outside}


def _periods(frame: "pd.DataFrame", profile: Profile, missing: set[str], left: Any) -> list[str]:
    """Each row's period, empty where it is missing. Raises ``InputError`` naming the row of one that cannot be understood."""
    if profile.period is None:
        return [""] * len(frame)
    texts = frame[profile.period.column].tolist()
    if profile.period.form == "text":
        found = [text[:20] for text in texts]
    else:
        forms = MONTHS if profile.period.form == "month" else YEARS
        found = [_period(text, forms) if used and text not in missing else "" for text, used in zip(texts, left.tolist(), strict=True)]
        for row, text, period, used in zip(frame.index.tolist(), texts, found, left.tolist(), strict=True):
            if used and not period and text not in missing:
                raise InputError(
                    f"Không hiểu thời gian “{text[:40]}”. Viết năm-tháng, ví dụ 2026-04, hoặc đặt 'as: text' trong tệp cấu hình.",
                    f"The time “{text[:40]}” is not understood. Write year-month, as 2026-04, or set 'as: text' in the profile.",
                    row=row,
                    field=profile.period.column,
                )
    if profile.period.quarter is None:
        return found
    quarters = frame[profile.period.quarter].str.upper().str.removeprefix("Q")
    return [f"{year[:4]}-Q{quarter}" if year else "" for year, quarter in zip(found, quarters, strict=True)]


def _period(text: str, forms: tuple[re.Pattern[str], ...]) -> str:
    """``2004-04`` or ``2004``; empty for what has none of the forms."""
    for form in forms:
        if match := form.fullmatch(text):
            return f"{match['year']}-{int(match['month']):02d}" if forms is MONTHS else match["year"]
    return ""


def _groups(frame: "pd.DataFrame", profile: Profile, missing: set[str]) -> list[str]:
    if not profile.groups:
        return [TOTAL] * len(frame)
    columns = [frame[name].where(~frame[name].isin(missing), "-").tolist() for name in profile.groups]
    return [" · ".join(parts)[:LONGEST_GROUP] for parts in zip(*columns, strict=True)]


def _cells(periods: list[str], groups: list[str], use: Any) -> Iterator[tuple[str, str, Any]]:
    """Rows of everything together, of each period, and of each group in it."""
    import numpy as np

    rows = np.flatnonzero(use)
    if not len(rows):
        return
    cells: dict[tuple[str, str], list[int]] = {("", TOTAL): rows.tolist()}
    for row in rows.tolist():
        for key in {(periods[row], TOTAL), (periods[row], groups[row]), ("", groups[row])} - {("", TOTAL)}:
            cells.setdefault(key, []).append(row)
    for (period, group), members in sorted(cells.items()):
        yield period, group, np.array(members)
