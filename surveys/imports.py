"""Ratings collected elsewhere, brought in as series of their own and never mixed with our answers.

A profile says how the file is to be read. Every value goes to a scale of 1 to 5, 5 best, by a straight line. What is left out is
counted by its reason. The same code imported again replaces the series.
"""

import hashlib
import io
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
from surveys.outside_models import OutsideFigure, OutsideSeries
from surveys.outside_profile import Profile, Question, read_profile

if TYPE_CHECKING:
    import pandas as pd

TOTAL = "total"
NO_NUMBER, NO_VALUE, UNKNOWN, OUTSIDE = "no_number_of_answers", "no_value", "dont_know", "outside_scale"
SATISFIED = 4.0  # on 1 to 5
LARGEST = 50_000_000  # bytes
LONGEST_GROUP = 200


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


def read_frame(name: str, data: bytes) -> "pd.DataFrame":
    """A CSV, TSV or XLSX file as text, headings and values without blanks around them. Raises ``InputError`` for anything else."""
    import pandas as pd

    try:
        if data[:4] == b"PK\x03\x04":
            frame = pd.read_excel(io.BytesIO(data), dtype=str, keep_default_na=False, engine="openpyxl")
        else:
            text = _decoded(data)
            head = text.split("\n", 1)[0]
            separator = max(",;\t|", key=head.count)
            frame = pd.read_csv(io.StringIO(text), dtype=str, sep=separator, keep_default_na=False, skip_blank_lines=True)
    except (ValueError, OSError, KeyError, pd.errors.ParserError) as error:
        raise InputError(f"Không đọc được tệp {name}: {error}", f"The file {name} cannot be read: {error}") from error
    return pd.DataFrame({str(name).strip(): frame[name].astype(str).str.strip() for name in frame.columns})


def _decoded(data: bytes) -> str:
    for encoding in ("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "cp1258"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ValueError("neither UTF-8 nor Windows-1258")


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
    number = _numbers(frame, profile.answered, missing)
    if profile.answered is not None:
        bare = left & ~(number > 0)
        excluded[NO_NUMBER] += int(bare.sum())
        left &= ~bare
    periods, groups = _periods(frame, profile), _groups(frame, profile, missing)
    offered = _numbers(frame, profile.offered, missing)
    weight = number if profile.answered is not None else _numbers(frame, profile.weight, missing, 1.0)
    weight = np.where(np.isfinite(weight) & (weight >= 0), weight, 0.0)
    figures, used = [], np.zeros(len(frame), dtype=bool)
    for name, question in profile.questions.items():
        value, why = _on_five(frame, profile, question, missing)
        for reason, holds in why.items():
            excluded[reason if len(profile.questions) == 1 else f"{reason}: {name}"] += int((left & holds).sum())
        use = left & np.isfinite(value)
        used |= use
        for period, group, rows in _cells(periods, groups, use):
            single = profile.rows == "answers"
            total = float(weight[rows].sum())
            figures.append(
                Figure(
                    period=period,
                    group_key=group,
                    question=name,
                    value=float(np.average(value[rows], weights=weight[rows])) if total > 0 else None,
                    plain=float(value[rows].mean()),
                    satisfied=float(np.average(value[rows] >= SATISFIED, weights=weight[rows])) if single and total > 0 else None,
                    answered=len(rows) if single else int(number[rows].sum()),
                    offered=int(np.nansum(offered[rows])) if profile.offered is not None else None,
                    rows=len(rows),
                )
            )
    if not figures:
        raise InputError("Không dòng nào dùng được với cấu hình này.", "No row can be used with this profile.")
    return figures, int(used.sum()), {reason: count for reason, count in excluded.items() if count}


def _check_columns(frame: "pd.DataFrame", profile: Profile) -> None:
    wanted = [profile.answered, profile.offered, profile.weight, *profile.groups, *(rule.column for rule in profile.exclude)]
    wanted += [question.column for question in profile.questions.values()]
    wanted += [profile.period.column, profile.period.quarter] if profile.period is not None else []
    for column in wanted:
        if column is not None and column not in frame.columns:
            there = ", ".join(map(str, frame.columns))
            raise InputError(f"Tệp không có cột này; có: {there}.", f"The file has no such column; it has: {there}.", field=column)


def _numbers(frame: "pd.DataFrame", column: str | None, missing: set[str], otherwise: float = float("nan")) -> Any:
    """A column's numbers; what is missing or no number is nan. A decimal comma is understood."""
    import numpy as np
    import pandas as pd

    if column is None:
        return np.full(len(frame), otherwise)
    texts = frame[column]
    plain = texts.where(~texts.str.fullmatch(r"-?\d+,\d+"), texts.str.replace(",", "."))
    found = pd.to_numeric(plain.where(~texts.isin(missing)), errors="coerce").to_numpy(dtype="float64")
    return np.where(np.isfinite(found), found, np.nan)


def _on_five(frame: "pd.DataFrame", profile: Profile, question: Question, missing: set[str]) -> tuple[Any, dict[str, Any]]:
    """Values on 1 to 5, 5 best (nan: none), and where each reason to leave one out holds."""
    import numpy as np

    scale = profile.scale_of(question)
    value = _numbers(frame, question.column, missing)
    if question.labels:
        labels = {label.strip().casefold(): number for label, number in question.labels.items()}
        texts = frame[question.column].str.casefold().map(labels).to_numpy(dtype="float64")
        value = np.where(np.isfinite(texts), texts, value)
    unknown = np.isin(value, [*scale.unknown, *profile.scale.unknown])
    share = (value - scale.worst) / (scale.best - scale.worst)
    outside = np.isfinite(value) & ~unknown & ~((share >= 0) & (share <= 1))
    fits = np.isfinite(value) & ~unknown & ~outside
    return np.where(fits, 1 + 4 * share, np.nan), {NO_VALUE: ~np.isfinite(value), UNKNOWN: unknown, OUTSIDE: outside}


def _periods(frame: "pd.DataFrame", profile: Profile) -> list[str]:
    if profile.period is None:
        return [""] * len(frame)
    texts = frame[profile.period.column].tolist()
    if profile.period.quarter is not None:
        return [f"{year[:4]}-Q{quarter}" for year, quarter in zip(texts, frame[profile.period.quarter], strict=True)]
    length = {"month": 7, "year": 4, "text": 20}[profile.period.form]
    return [text[:length] for text in texts]


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
