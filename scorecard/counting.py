"""From the lake's files to wide counts, one row for each unit and procedure: Ibis expressions, run by DuckDB.

``scorecard.judging`` says what each dossier is. All dossiers are counted in one pass that keeps nothing, so months of any size are
counted in the same memory; every column of counts costs in proportion to the units and procedures. What concerns only the few dossiers
with supplement requests is therefore counted among these alone (``Indicator.basis``). Everything is an integer count.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from core.calendar import Month
from core.lake import connect, fetch, from_arrow, read_files
from procedures.dossiers import dossier_schema
from procedures.papers import PaperBook
from scorecard import declare_once
from scorecard.file_counts import NUMBER
from scorecard.indicators import INDICATORS, LAKE
from scorecard.judging import DOSSIER, FILE, KEYS, judge, judged, without_requests

if TYPE_CHECKING:
    import ibis
    import ibis.backends.duckdb
    import pandas as pd

    from scorecard.file_counts import FileCounts

__all__ = ["DOSSIER", "KEYS", "Counts", "count", "judged", "without_requests"]

CHANNEL_CODES = (1, 2, 3, 4)
MEMORY = "1200MB"  # the engine's share of a close; beyond it, it works on disk
ROW_GROUP = 20_480  # small, so that a page about one province reads little of the file
CELLS, RARE, HELD_PAPERS, CLASSES = "cells", "rare", "registers", "classes"  # what is counted file by file
Tables = Mapping[str, "ibis.Table"]


@dataclass(frozen=True)
class Counts:
    """What was counted. ``by_unit`` (``handling_unit``) and ``by_procedure`` (``procedure_code``): sums of
    ``<indicator>_<variant>``, ``<indicator>_den``, ``channel_<code>``, ``ended``. ``by_service`` (``province_code``,
    ``procedure_code``): ``received``, ``online``. ``registers``: ``handling_unit``, ``procedure_code``, ``register_code``,
    ``dossiers``, ``unreached``, ``spared``; ``classes``: ``handling_unit``, ``paper_class``, ``test_code``, ``documents``, ``dossiers``
    (see ``scorecard.declare_once``). ``sources``: dossiers that the month concerns, by source."""

    by_unit: "pd.DataFrame"
    by_procedure: "pd.DataFrame"
    by_service: "pd.DataFrame"
    registers: "pd.DataFrame"
    classes: "pd.DataFrame"
    sources: dict[str, int]


def count(
    paths: Sequence[Path],
    sources: Sequence[str],
    month: Month,
    papers: PaperBook,
    provinces: Mapping[str, str],
    target: Path | None = None,
    files: "FileCounts | None" = None,
) -> Counts:
    """Count a month. ``paths``: the lake's data files; ``sources``: those that enter national figures.

    ``target``: where the sums by ``province_code`` (from ``provinces``: unit → province or ministry, empty where unknown),
    ``handling_unit``, ``procedure_code`` and ``source`` go as Parquet, in this order; the same counts give the same bytes.
    ``files``: counts of files that were counted before; only the others are then opened, and the sums are the same.
    """
    with TemporaryDirectory(dir=target.parent if target else None, prefix=".scratch-") as scratch:
        engine = connect(MEMORY, Path(scratch))
        try:

            def counted(wanted: Sequence[Path], named: bool = False) -> Tables:
                rows = read_files(engine, wanted, dossier_schema(), named)
                return _counted(engine, rows, sources, month, papers)

            if files is None:
                tables = counted(paths)
            else:
                tables = {name: summed_up(table) for name, table in files.tables(engine, CELLS, paths, counted).items()}
            return _sums(engine, tables, provinces, target or Path(scratch) / "counts.parquet")
        finally:
            engine.disconnect()


def _counted(
    engine: "ibis.backends.duckdb.Backend", rows: "ibis.Table", sources: Sequence[str], month: Month, papers: PaperBook
) -> dict[str, "ibis.Table"]:
    """All counts of the lake's rows: wide ones, those of dossiers with requests alone, and papers that registers hold."""
    found = judge(engine, rows, sources, month, papers, numbered=True)
    extra = [FILE] if FILE in rows.columns else []
    return {
        CELLS: _aggregate(found.dossiers, extra),
        RARE: _counts(found.asking, [*extra, *KEYS], _rare_conditions(found.asking)),
        HELD_PAPERS: declare_once.register_counts(found.papers, extra),
        CLASSES: declare_once.class_counts(found.papers, extra),
    }


def _sums(engine: "ibis.backends.duckdb.Backend", tables: Tables, provinces: Mapping[str, str], target: Path) -> Counts:
    import pyarrow.parquet as pq

    _write(engine, tables[CELLS], provinces, target)
    cells = engine.read_parquet(target)  # all sums from one place, and the many cells are held nowhere
    registers = fetch(engine, tables[HELD_PAPERS].order_by([*KEYS, "register_code"])).to_pandas()
    totals = fetch(engine, cells.group_by("source").agg(dossiers=cells.dossiers.sum()).order_by("source")).to_pydict()
    rare = engine.create_table("rare", tables[RARE], temp=True)
    same = _aliases(set(pq.read_schema(target).names))
    keys = ["province_code", "procedure_code"]
    services = cells.group_by(keys).agg(received=cells.online_filing_den.sum(), online=cells.online_filing_raw.sum()).order_by(keys)
    return Counts(
        by_unit=_with_rare(_summed(engine, cells, "handling_unit"), _summed(engine, rare, "handling_unit"), same),
        by_procedure=_with_rare(_summed(engine, cells, "procedure_code"), _summed(engine, rare, "procedure_code"), same),
        by_service=fetch(engine, services).to_pandas().astype(dict.fromkeys(keys, "str") | {"received": "int64", "online": "int64"}),
        registers=registers.astype({**dict.fromkeys([*KEYS, "register_code"], "str"), **dict.fromkeys(declare_once.OF_REGISTERS, "int64")}),
        classes=fetch(engine, tables[CLASSES].order_by(["handling_unit", "paper_class", "test_code"]))
        .to_pandas()
        .astype({"documents": "int64", "dossiers": "int64"}),
        sources={str(source): int(number) for source, number in zip(totals["source"], totals["dossiers"], strict=True)},
    )


def _conditions(dossiers: "ibis.Table") -> dict[str, Any]:
    """What the pass over all dossiers counts, by column: every lake indicator, and what ended; also what says the same twice."""
    conditions: dict[str, Any] = {}
    for indicator in INDICATORS.values():
        if indicator.kind != LAKE or indicator.denominator is None:
            continue
        if indicator.basis is None:
            for variant, numerator in indicator.numerators.items():
                conditions[f"{indicator.code}_{variant}"] = numerator(dossiers)
        conditions[f"{indicator.code}_den"] = indicator.denominator(dossiers)
    conditions["ended"] = dossiers.ended_in
    return conditions


def _rare_conditions(asking: "ibis.Table") -> dict[str, Any]:
    """What is counted among dossiers with requests alone, and among these each column that it differs from."""
    rare = [indicator for indicator in INDICATORS.values() if indicator.kind == LAKE and indicator.basis is not None]
    conditions = {f"{item.code}_{variant}": numerator(asking) for item in rare for variant, numerator in item.numerators.items()}
    known = _conditions_of_columns()
    return conditions | {f"of_{item.basis}": known[item.basis](asking) for item in rare if item.basis}


def _conditions_of_columns() -> dict[str, Callable[["ibis.Table"], Any]]:
    return {
        f"{item.code}_{variant}": numerator
        for item in INDICATORS.values()
        if item.kind == LAKE and item.basis is None
        for variant, numerator in item.numerators.items()
    }


def _aggregate(dossiers: "ibis.Table", extra: Sequence[str] = ()) -> "ibis.Table":
    """The wide counts by source, unit and procedure. Of an indicator's columns that count the same only the first is there."""
    distinct: dict[Any, str] = {}
    for name, condition in _conditions(dossiers).items():
        distinct.setdefault(condition.op(), name)
    conditions = {name: operation.to_expr() for operation, name in distinct.items()}
    for code in CHANNEL_CODES:
        conditions[f"channel_{code}"] = dossiers.received_in & (dossiers.channel == code)
    return _counts(dossiers, [*extra, "source", *KEYS], conditions, dossiers=dossiers.count().cast("int32"))


def _counts(rows: "ibis.Table", keys: Sequence[str], conditions: Mapping[str, Any], **others: Any) -> "ibis.Table":
    import ibis

    # counted as values that are not null, which is the same everywhere; Spark has no COUNT … FILTER in Ibis
    sums = {name: ibis.ifelse(true, 1, ibis.null("int8")).count().cast("int32") for name, true in conditions.items()}
    return rows.group_by(list(keys)).agg(**others, **sums)


def summed_up(table: "ibis.Table") -> "ibis.Table":
    """Counts of single files as counts of all: summed by everything that is no number."""
    keys = [name for name, kind in table.schema().items() if kind.is_string()]
    numbers = {name: kind for name, kind in table.schema().items() if name not in keys and name != NUMBER}
    # a sum of sums has 128 bits in DuckDB, which Parquet keeps as a float
    kinds = {name: kind if kind.is_integer() else "int64" for name, kind in numbers.items()}
    return table.group_by(keys).agg(**{name: table[name].sum().cast(kind) for name, kind in kinds.items()})


def _aliases(columns: set[str]) -> dict[str, str]:
    """Columns that were left out because another one counts the same, and which one that is."""
    import ibis

    from scorecard.timeliness import MET

    kinds = dict.fromkeys(("received_in", "ended_in", "in_cohort", "overdue_at_end", *MET, *declare_once.FLAGS), "boolean")
    kinds |= dict.fromkeys(("result_electronic", "assisted"), "boolean") | dict.fromkeys(("channel", "status", "requests"), "int64")
    kinds |= dict.fromkeys(("received_at", "due_at", "first_due_at", "ended_at"), "timestamp")
    conditions = _conditions(ibis.table(kinds, name="dossiers"))
    kept = {condition.op(): name for name, condition in conditions.items() if name in columns}
    return {name: kept[condition.op()] for name, condition in conditions.items() if name not in columns}


def _with_rare(sums: "pd.DataFrame", rare: "pd.DataFrame", same: Mapping[str, str]) -> "pd.DataFrame":
    """Sums with every column: those that others stand for, and those that were counted among dossiers with requests alone."""
    key = sums.columns[0]
    sums = sums.assign(**{name: sums[other] for name, other in same.items()})
    few = rare.set_index(key).reindex(sums[key]).fillna(0).astype("int64").reset_index(drop=True)
    for indicator in INDICATORS.values():
        if indicator.kind == LAKE and indicator.basis is not None:
            others = sums[indicator.basis] - few[f"of_{indicator.basis}"] if indicator.basis else 0
            for variant in indicator.variants:
                sums[f"{indicator.code}_{variant}"] = others + few[f"{indicator.code}_{variant}"]
    return sums


def _summed(engine: "ibis.backends.duckdb.Backend", cells: "ibis.Table", key: str) -> "pd.DataFrame":
    """The cells' sums by one key."""
    names = [name for name in cells.columns if name not in ("province_code", "source", "dossiers", *KEYS)]
    sums = cells.group_by(key).agg(**{name: cells[name].sum() for name in names}).order_by(key)
    # DuckDB sums in 128 bits, which Ibis does not know
    frame: pd.DataFrame = fetch(engine, sums).to_pandas().astype({key: "str", **dict.fromkeys(names, "int64")})
    return frame


def _write(engine: "ibis.backends.duckdb.Backend", cells: "ibis.Table", provinces: Mapping[str, str], target: Path) -> None:
    import ibis
    import pyarrow as pa

    known = sorted(provinces, key=lambda code: (provinces[code], code))
    types = pa.schema([("code", pa.string()), ("province", pa.string()), ("place", pa.int32())])
    ranks = pa.table([known, [provinces[code] for code in known], list(range(len(known)))], schema=types)
    units = from_arrow(engine, "unit_provinces", ranks)
    placed = cells.left_join(units, cells.handling_unit == units.code)
    placed = placed.select(ibis.coalesce(units.province, "").name("province_code"), *cells.columns, "place")
    # a unit's rank stands for its province and code, since numbers sort quicker; units that no list knows come first
    order = [ibis.coalesce(placed.place, -1), *KEYS, "source"]
    engine.to_parquet(placed.order_by(order).drop("place"), target, compression="zstd", row_group_size=ROW_GROUP)
