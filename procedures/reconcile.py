"""Two systems' views of the same dossiers, compared by dossier code."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.calendar import Month
from core.errors import InputError
from procedures.models import Source

if TYPE_CHECKING:
    import ibis
    import ibis.backends.duckdb

DATES = ("received_at", "due_at", "finished_at", "returned_at")
WHAT = ("only_a", "only_b", "status", *DATES)
MARK = "so-lieu-mo-phong-"
HEAD = ("dossier_code", "what", "source_a", "value_a", "source_b", "value_b", "simulated")


@dataclass(frozen=True)
class Difference:
    """One thing that differs. ``what``: of ``WHAT``; the values are as written in the file, local time of Viet Nam."""

    dossier_code: str
    what: str
    value_a: str | None
    value_b: str | None


@dataclass(frozen=True)
class Counts:
    """Dossiers, and of those in both how many differ in what; one dossier may differ in several things."""

    in_a: int
    in_b: int
    both: int
    agree: int
    only_a: int
    only_b: int
    status: int
    received_at: int
    due_at: int
    finished_at: int
    returned_at: int

    @property
    def differ(self) -> int:
        """Dossiers in both that differ in anything."""
        return self.both - self.agree


def joined(a: "ibis.Table", b: "ibis.Table", month: Month | None = None) -> "ibis.Table":
    """One row for each dossier code of either side: ``dossier_code``, ``reception_a``, ``reception_b`` and seven conditions (``WHAT``)
    with their values (``<what>_value_a``, ``<what>_value_b``).

    With a month: dossiers that either side received in it, so that one received in another month on the other side is no missing one.
    Dates are compared to the minute, since not every system keeps seconds; where either side gives midnight or the last second
    of a day, hence no time of day, only the days are. A date that one side does not have differs.
    """
    import ibis

    kept = ("dossier_code", "reception_month", "status", *DATES)
    left = a.select(**{f"{name}_a": a[name] for name in kept})
    right = b.select(**{f"{name}_b": b[name] for name in kept})
    both = left.outer_join(right, left.dossier_code_a == right.dossier_code_b)
    if month is not None:
        both = both.filter(
            (both.reception_month_a == str(month)).fill_null(False) | (both.reception_month_b == str(month)).fill_null(False)
        )
    paired = both.dossier_code_a.notnull() & both.dossier_code_b.notnull()
    differs = {
        "only_a": both.dossier_code_b.isnull(),
        "only_b": both.dossier_code_a.isnull(),
        "status": paired & ~both.status_a.identical_to(both.status_b),
        **{name: paired & _differ(both[f"{name}_a"], both[f"{name}_b"]) for name in DATES},
    }
    values = {"only_a": "received_at", "only_b": "received_at", "status": "status"} | {name: name for name in DATES}
    shown = {f"{what}_value_{side}": _text(both[f"{column}_{side}"]) for what, column in values.items() for side in "ab"}
    return both.select(
        dossier_code=ibis.coalesce(both.dossier_code_a, both.dossier_code_b),
        in_a=both.dossier_code_a.notnull(),
        in_b=both.dossier_code_b.notnull(),
        **differs,
        **shown,
    )


def _differ(a: Any, b: Any) -> Any:
    import ibis

    local_a, local_b = a + ibis.interval(hours=7), b + ibis.interval(hours=7)
    timeless = _timeless(local_a) | _timeless(local_b)
    same = ibis.ifelse(timeless, local_a.date() == local_b.date(), local_a.truncate("minute") == local_b.truncate("minute"))
    return (a.isnull() != b.isnull()) | (a.notnull() & b.notnull() & ~same)


def _timeless(local: Any) -> Any:
    """A day alone is kept as its first second, or, being a deadline, as its last."""
    import ibis

    return (local == local.truncate("day")) | (local + ibis.interval(seconds=1) == (local + ibis.interval(seconds=1)).truncate("day"))


def _text(value: Any) -> Any:
    import ibis

    if not value.type().is_timestamp():
        return value.cast("string")
    local = value + ibis.interval(hours=7)
    return ibis.ifelse(_timeless(local), local.strftime("%Y-%m-%d"), local.strftime("%Y-%m-%d %H:%M"))


def differences(pairs: "ibis.Table") -> "ibis.Table":
    """One row for each difference of ``joined``: ``dossier_code``, ``what``, ``value_a``, ``value_b``, by code."""
    import ibis

    def told(place: int, what: str) -> Any:
        item = {"place": place, "what": what, "value_a": pairs[f"{what}_value_a"], "value_b": pairs[f"{what}_value_b"]}
        return ibis.ifelse(pairs[what], ibis.struct(item), None)

    listed = pairs.select("dossier_code", item=ibis.array([told(place, what) for place, what in enumerate(WHAT)]).unnest())
    listed = listed.filter(listed.item.notnull()).unpack("item")
    return listed.order_by("dossier_code", "place").select("dossier_code", "what", "value_a", "value_b")


class Comparison:
    """Two sources compared: joined once, then counted, listed and written."""

    def __init__(self, engine: "ibis.backends.duckdb.Backend", a: "ibis.Table", b: "ibis.Table", month: Month | None = None) -> None:
        self._engine = engine
        self._pairs = engine.create_table("pairs", joined(a, b, month), temp=True)

    def counts(self) -> Counts:
        """How many dossiers there are and how many differ."""
        from core.lake import fetch

        pairs = self._pairs
        both = pairs.in_a & pairs.in_b
        anything = pairs.status
        for name in DATES:
            anything |= pairs[name]
        sums = {"in_a": pairs.in_a, "in_b": pairs.in_b, "both": both, "agree": both & ~anything} | {what: pairs[what] for what in WHAT}
        row = fetch(self._engine, pairs.agg(**{name: condition.cast("int64").sum() for name, condition in sums.items()})).to_pylist()[0]
        return Counts(**{name: int(value or 0) for name, value in row.items()})

    def listed(self, limit: int, offset: int = 0) -> list[Difference]:
        """One page of the differences, by code."""
        from core.lake import fetch

        return [Difference(**row) for row in fetch(self._engine, differences(self._pairs).limit(limit, offset=offset)).to_pylist()]

    def write_csv(self, stream: IO[bytes], a: Source, b: Source) -> int:
        """The whole list as CSV: UTF-8 with a byte-order mark, columns ``HEAD``; ``simulated``: 0 or 1. Gives the number of rows."""
        import ibis
        from pyarrow import csv

        from core.lake import fetch

        found = differences(self._pairs)
        # a cell that begins so would be run as a formula by a spreadsheet program
        code = ibis.ifelse(found.dossier_code.re_search(r"^[=+\-@\t\r]"), "'" + found.dossier_code, found.dossier_code)
        marks = {"source_a": ibis.literal(a.code), "source_b": ibis.literal(b.code), "simulated": ibis.literal(int(simulated(a, b)))}
        rows = fetch(self._engine, found.mutate(dossier_code=code, **marks).select(*HEAD))
        stream.write(b"\xef\xbb\xbf")
        csv.write_csv(rows, stream)
        return int(rows.num_rows)


def simulated(a: Source, b: Source) -> bool:
    """Whether either side is simulated."""
    return a.simulated or b.simulated


def compare(a: str, b: str, month: Month | None = None) -> Comparison:
    """The lake's dossiers of two sources; all partitions of both are read, since the month of reception is among what may differ."""
    from core.lake import connect
    from procedures.dossier_queries import dossiers

    engine = connect()
    return Comparison(engine, dossiers(engine, [a]), dossiers(engine, [b]), month)


def pair(session: Session, a: str, b: str) -> tuple[Source, Source]:
    """Two different registered sources. Raises ``InputError`` for anything else."""
    found = {source.code: source for source in session.scalars(select(Source).where(Source.code.in_([a, b])))}
    for code in (a, b):
        if code not in found:
            raise InputError(
                f"Không có nguồn {code}: dùng một mã đã khai báo bằng “flask feeds source add”.",
                f"There is no source {code}: use a code registered with “flask feeds source add”.",
                field="source",
            )
    if a == b:
        raise InputError(
            f"Cần hai nguồn khác nhau, không phải hai lần {a}.", f"Two different sources are needed, not {a} twice.", field="source"
        )
    return found[a], found[b]


def month_of(text: str | None) -> Month | None:
    """A month as people write it in an address or a command; None for nothing. Raises ``InputError``."""
    try:
        return Month.parse(text) if text else None
    except ValueError as error:
        raise InputError(
            f"{text!r} không phải một tháng: viết như 2026-10.", f"{text!r} is not a month: write it as 2026-10.", field="month"
        ) from error


def marked(path: Path, a: Source, b: Source) -> Path:
    """The path, its name marked where either side is simulated."""
    return path.with_name(f"{MARK}{path.name}") if simulated(a, b) and not path.name.startswith(MARK) else path


def file_name(a: Source, b: Source, month: Month | None) -> str:
    """``doi-chieu-h26-h14-2026-10.csv``, with ``so-lieu-mo-phong-`` in front where either side is simulated."""
    parts = ["doi-chieu", a.code, b.code, *([str(month)] if month else [])]
    return marked(Path("-".join(parts) + ".csv"), a, b).name


def as_json(a: Source, b: Source, month: Month | None, counts: Counts) -> dict[str, Any]:
    """The counts as the command prints them."""
    return {"a": a.code, "b": b.code, "month": str(month) if month else None, "simulated": simulated(a, b), **asdict(counts)}
