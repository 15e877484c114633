"""Expressions over the lake beside the month's one pass: who received what by which channel, in this month and in earlier ones."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.calendar import Month
from core.lake import connect, fetch, from_arrow, read_files
from procedures.dossiers import dossier_schema
from scorecard.judging import FILE, KEYS

if TYPE_CHECKING:
    import ibis
    import ibis.backends.duckdb
    import pandas as pd

    from scorecard.file_counts import FileCounts

IN_PERSON, ONLINE = 1, 2  # channels
REFUSED = 3  # a status
Service = tuple[str, str]  # province or ministry, procedure
PARTY = ["source", "receiving_unit", "provider"]


def received_in(paths: Sequence[Path], month: Month) -> list[Path]:
    """The data files of dossiers received in a month, told by their folders."""
    return [path for path in paths if path.parent.parent.name == f"reception_month={month}"]


def counted_over(
    engine: "ibis.backends.duckdb.Backend",
    name: str,
    paths: Sequence[Path],
    expression: Callable[["ibis.Table", list[str]], "ibis.Table"],
    files: "FileCounts | None",
) -> "ibis.Table":
    """Sums over the lake's rows: ``expression(rows, keys)`` gives them by ``keys`` beside its own; of known files from what is kept."""
    from scorecard.counting import summed_up

    def counted(wanted: Sequence[Path], named: bool) -> "Mapping[str, ibis.Table]":
        rows = read_files(engine, wanted, dossier_schema(), named)
        return {"counts": expression(rows, [FILE] if named else [])}

    if files is None:
        return counted(paths, False)["counts"]
    return summed_up(files.tables(engine, name, paths, counted)["counts"])


class Arrivals:
    """Dossiers of earlier months by service: asked month by month, since few services are of interest for long."""

    def __init__(
        self, paths: Sequence[Path], sources: Sequence[str], provinces: Mapping[str, str], files: "FileCounts | None" = None
    ) -> None:
        self.paths, self.sources, self.files = paths, list(sources), files
        self.provinces = provinces  # unit → province or ministry

    def __call__(self, month: Month, wanted: Collection[Service]) -> dict[Service, tuple[int, int]]:
        """(received, filed online) of the wanted services in a month; a service without dossiers is left out."""
        import pyarrow as pa

        paths = received_in(self.paths, month)
        if not paths or not wanted:
            return {}
        engine = connect()
        try:
            pairs = pa.table(
                [[unit for unit, _ in wanted], [procedure for _, procedure in wanted]], names=["province_code", "procedure_code"]
            )
            places = pa.table([list(self.provinces), list(self.provinces.values())], names=["handling_unit", "province_code"])
            cells = from_arrow(engine, "wanted", pairs).inner_join(from_arrow(engine, "places", places), "province_code")
            of_interest = cells.select(*KEYS, "province_code")

            def expression(rows: "ibis.Table", keys: list[str]) -> "ibis.Table":
                rows = rows.filter(rows.source.isin(self.sources))
                if not keys:  # what is kept for next time is kept whole
                    rows = rows.semi_join(of_interest, KEYS)
                return rows.group_by([*keys, *KEYS]).agg(received=rows.count(), online=number(rows.channel == ONLINE))

            counts = counted_over(engine, f"arrivals-{month}", paths, expression, self.files)
            sums = counts.inner_join(of_interest, KEYS).group_by("province_code", "procedure_code")
            found = fetch(engine, sums.agg(received=lambda t: t.received.sum(), online=lambda t: t.online.sum())).to_pylist()
        finally:
            engine.disconnect()
        return {(row["province_code"], row["procedure_code"]): (int(row["received"]), int(row["online"])) for row in found}


def reception(paths: Sequence[Path], sources: Sequence[str], month: Month, files: "FileCounts | None" = None) -> "pd.DataFrame":
    """What was received in a month, by ``PARTY`` (empty text where nobody is named): integer sums ``received``, ``online``, ``refused``,
    ``digitised`` of ``digitised_known``, ``asked`` (with a supplement request so far), ``electronic`` of ``results`` (handled ones filed
    online whose result is known to be electronic or not).
    """

    def expression(rows: "ibis.Table", keys: list[str]) -> "ibis.Table":
        import ibis

        rows = rows.filter(rows.source.isin(list(sources)))
        party = {name: ibis.coalesce(rows[name], "") for name in PARTY[1:]}
        done = (rows.channel == ONLINE) & rows.status.between(9, 10)
        return rows.group_by([*keys, "source"], **party).agg(
            received=rows.count(),
            online=number(rows.channel == ONLINE),
            refused=number(rows.status == REFUSED),
            digitised=number(rows.digitised),
            digitised_known=number(rows.digitised.notnull()),
            asked=number(rows.supplement_count > 0),
            electronic=number(done & rows.result_electronic),
            results=number(done & rows.result_electronic.notnull()),
        )

    return _frame("reception", received_in(paths, month), expression, files, PARTY)


def lookups(paths: Sequence[Path], sources: Sequence[str], month: Month, files: "FileCounts | None" = None) -> "pd.DataFrame":
    """Look-ups in the state's databases recorded for a month's dossiers: ``source``, ``provider``, ``outcome``, ``number``."""

    def expression(rows: "ibis.Table", keys: list[str]) -> "ibis.Table":
        import ibis

        rows = rows.filter(rows.source.isin(list(sources)) & (rows.data_lookups.length() > 0))
        rows = rows.select(*keys, "source", "provider", lookup=rows.data_lookups.unnest())
        said = {"provider": ibis.coalesce(rows.provider, ""), "outcome": ibis.coalesce(rows.lookup["outcome"], "")}
        return rows.group_by([*keys, "source"], **said).agg(number=rows.count())

    return _frame("lookups", received_in(paths, month), expression, files, ["source", "provider", "outcome"])


def days(paths: Sequence[Path], sources: Sequence[str], month: Month, files: "FileCounts | None" = None) -> "pd.DataFrame":
    """Days of the month, in Viet Nam, with receptions: ``source``, ``provider``, ``day`` (days since 1970), ``received``, ``online``."""

    def expression(rows: "ibis.Table", keys: list[str]) -> "ibis.Table":
        import ibis

        from procedures.dossier_queries import local_day

        rows = rows.filter(rows.source.isin(list(sources)))
        said = {"provider": ibis.coalesce(rows.provider, ""), "day": local_day(rows.received_at).cast("string")}
        return rows.group_by([*keys, "source"], **said).agg(received=rows.count(), online=number(rows.channel == ONLINE))

    frame = _frame("days", received_in(paths, month), expression, files, ["source", "provider", "day"])
    return frame.astype({"day": "int64"})


def at_points(paths: Sequence[Path], sources: Sequence[str], month: Month, points: Collection[str]) -> "pd.DataFrame":
    """Dossiers that people brought to some reception points in a month: ``point``, ``procedure_code``, ``day``, ``dossiers``."""

    def expression(rows: "ibis.Table", keys: list[str]) -> "ibis.Table":
        import ibis

        from procedures.dossier_queries import local_day

        point = ibis.coalesce(rows.reception_point, rows.receiving_unit)
        rows = rows.filter(rows.source.isin(list(sources)) & (rows.channel == IN_PERSON) & point.isin(sorted(points)))
        said = {"point": ibis.coalesce(rows.reception_point, rows.receiving_unit), "day": local_day(rows.received_at).cast("string")}
        return rows.group_by(**said, procedure_code=rows.procedure_code).agg(dossiers=rows.count())

    return _frame("points", received_in(paths, month), expression, None, ["point", "procedure_code", "day"]).astype({"day": "int64"})


def number(true: Any) -> Any:
    """How many rows of a group are true; null counts as false."""
    import ibis

    return ibis.ifelse(true, 1, ibis.null("int8")).count()


def _frame(
    name: str,
    paths: Sequence[Path],
    expression: Callable[["ibis.Table", list[str]], "ibis.Table"],
    files: "FileCounts | None",
    keys: list[str],
) -> "pd.DataFrame":
    engine = connect()
    try:
        frame: pd.DataFrame = fetch(engine, counted_over(engine, name, paths, expression, files).order_by(keys)).to_pandas()
    finally:
        engine.disconnect()
    return frame.astype(dict.fromkeys(keys, "str") | dict.fromkeys((column for column in frame if column not in keys), "int64"))
