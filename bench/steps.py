"""Single steps, each run alone in a process (``python -m bench.steps NAME …``) that prints seconds, peak memory and results as JSON."""

import importlib
import json
import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.installation import MONTH, NOW, opened

Said = dict[str, Any]
LIBRARIES = ("duckdb", "ibis", "ibis.backends.duckdb", "pandas", "polars", "pyarrow.parquet", "deltalake")


def load(data_dir: str, source: str, *files: str) -> Said:
    """Files of one source, or (``source`` is ``-``) of those in their names (…-SOURCE.csv), received and processed as the worker does."""
    from procedures import feeds, intake
    from procedures.attempts import Attempt

    spent: dict[str, float] = {}

    def timed(name: str, step: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any) -> Any:
            begun = time.perf_counter()
            try:
                return step(*args)
            finally:
                spent[name] = spent.get(name, 0.0) + time.perf_counter() - begun

        return run

    setattr(Attempt, "read", timed("checking", Attempt.read))  # noqa: B010  # mypy: a method in its own place
    setattr(Attempt, "merge", timed("merging", Attempt.merge))  # noqa: B010

    def receive_all() -> None:
        for name in files:
            code = source if source != "-" else Path(name).stem.rpartition("-")[2]
            with Path(name).open("rb") as stream:
                timed("receiving", intake.receive)(stream, Path(name).name, code, "flat-en", "cli", "bench", NOW)
        feeds.process_waiting(NOW)

    with opened(Path(data_dir)):
        return _timed(receive_all) | spent | _received()


def _received() -> Said:
    from sqlalchemy import func, select

    from core.database import reading
    from procedures.models import Submission

    names = ("received", "accepted", "superseded", "unchanged", "quarantined")
    sums = [func.sum(getattr(Submission, f"rows_{name}")) for name in names]
    counts = reading().execute(select(*sums)).one()
    return dict(zip(names, (int(number or 0) for number in counts), strict=True))


def live(data_dir: str) -> Said:
    """The lake's files that are not replaced."""
    return {"paths": _paths(data_dir)}


def bare_copy(file: str, target: str) -> Said:
    """Limit of loading: DuckDB reads the file, whatever it takes its columns for, and writes Parquet."""
    import duckdb

    con = duckdb.connect()
    return _timed(lambda: con.execute(f"COPY (SELECT * FROM read_csv('{file}')) TO '{target}' (FORMAT parquet)"))


def bare_rewrite(data_dir: str, target: str) -> Said:
    """Limit of updating: DuckDB writes each partition of the month anew, one by one, without a change."""
    import duckdb

    from procedures.dossiers import dossier_table

    partitions: dict[Path, list[str]] = {}
    for path in dossier_table(Path(data_dir)).paths():
        if f"reception_month={MONTH}" in path.parts:
            partitions.setdefault(path.parent, []).append(str(path))
    con = duckdb.connect()

    def rewrite() -> None:
        for number, paths in enumerate(partitions.values()):
            con.execute(f"COPY (FROM read_parquet({paths})) TO '{target}-{number}.parquet' (FORMAT parquet, COMPRESSION zstd)")

    return _timed(rewrite) | {"partitions": len(partitions)}


def bare_group(data_dir: str) -> Said:
    """Limit of counting: one GROUP BY by unit and procedure over the same files, its result held as a table."""
    import duckdb

    con = duckdb.connect()
    query = "CREATE TEMP TABLE counted AS SELECT handling_unit, procedure_code, count(*) FROM read_parquet($paths) GROUP BY ALL"
    return _timed(lambda: con.execute(query, {"paths": _paths(data_dir)}))


def lake_part(data_dir: str, target: str) -> Said:
    """The lake part of a close: all counts by unit and procedure, to Parquet."""
    from procedures.papers import PaperBook, Vocabulary
    from scorecard.counting import count
    from simulation import places

    items = _items()
    book = PaperBook(
        ((item.code, "", name, register) for item in items for name, register in zip(item.papers, item.registers, strict=True)),
        Vocabulary.of_phrases({"civil_status": ["giấy khai sinh", "giấy chứng nhận kết hôn"], "population": ["căn cước", "nơi cư trú"]}),
    )
    _, communes = places.territory()
    provinces = {place.code: str(place.versions[-1].parent) for place in communes}
    sources = sorted(set(provinces.values()))
    paths = [Path(path) for path in _paths(data_dir)]
    counted: list[Any] = []
    said = _timed(lambda: counted.append(count(paths, sources, MONTH, book, provinces, Path(target))))
    return said | {"dossiers": sum(counted[0].sources.values()), "checks": _checks(target)}


def _items() -> Any:
    import numpy as np

    from bench.generate import SEED
    from simulation import catalogue

    return catalogue.items(np.random.default_rng(SEED))


def _checks(target: str) -> list[int]:
    """Sums of the columns that are also counted by hand, and the number of cells that are not empty."""
    import duckdb

    from bench.by_hand import NAMES

    sums = ", ".join(f"sum({name})::BIGINT" for name in NAMES)
    row = duckdb.execute(f"SELECT {sums}, count(DISTINCT (handling_unit, procedure_code)) FROM read_parquet('{target}')").fetchall()[0]
    return [int(value) for value in row]


def polars(data_dir: str, target: str) -> Said:
    """The same counts by hand with polars."""
    from bench import by_hand

    return _timed(lambda: by_hand.with_polars(_paths(data_dir), target)) | {"checks": _checks(target)}


def pandas(data_dir: str, target: str) -> Said:
    """The same counts by hand with pandas."""
    from bench import by_hand

    return _timed(lambda: by_hand.with_pandas(_paths(data_dir), target)) | {"checks": _checks(target)}


def close(data_dir: str) -> Said:
    """A whole close, with the seconds of its parts: digests of the lake's files, all counts, whatever else the lake is asked, the rest."""
    from core import lake
    from scorecard import computing, inputs, operations

    spent = {"counting": 0.0, "digests": 0.0, "asking": 0.0}
    fetch, asked = lake.fetch, _watched(spent, "asking", lake.fetch)
    with opened(Path(data_dir)):
        for module in list(sys.modules.values()):
            # what ``counting`` asks is part of the counts
            if getattr(module, "fetch", None) is fetch and module.__name__ != "scorecard.counting":
                setattr(module, "fetch", asked)  # noqa: B010
        computing.count = _watched(spent, "counting", computing.count)
        inputs._lake_files = _watched(spent, "digests", inputs._lake_files)
        said = _timed(lambda: operations.close(MONTH, NOW, "bench"))
    return said | spent | {"rest": said["seconds"] - sum(spent.values())}


def refresh(data_dir: str) -> Said:
    """The running month brought up to date as the worker does it, with the processor's seconds for the lake and for writing figures."""
    from scorecard import computing, operations

    spent = {"reading": 0.0, "writing": 0.0}
    for name in ("count", "population", "measure_services"):
        setattr(computing, name, _watched(spent, "reading", getattr(computing, name), time.process_time))
    for name in ("_insert", "_sweep"):
        setattr(operations, name, _watched(spent, "writing", getattr(operations, name), time.process_time))
    written: dict[str, Any] = {}
    with opened(Path(data_dir)):
        said = _timed(lambda: written.update(operations.refresh_running(MONTH.end - timedelta(hours=1))))
    return said | spent | {"rest": said["cpu"] - sum(spent.values()), "figures": written}


def _watched(
    spent: dict[str, float], name: str, work: Callable[..., Any], clock: Callable[[], float] = time.perf_counter
) -> Callable[..., Any]:
    """The same, with its seconds added to those of a name."""

    def timed(*arguments: Any, **named: Any) -> Any:
        started = clock()
        try:
            return work(*arguments, **named)
        finally:
            spent[name] += clock() - started

    return timed


def _paths(data_dir: str) -> list[str]:
    from procedures.dossiers import dossier_table

    return [str(path) for path in dossier_table(Path(data_dir)).paths()]


def _timed(work: Callable[[], object]) -> Said:
    for library in LIBRARIES:  # a worker has them loaded long since
        importlib.import_module(library)
    started, busy = time.perf_counter(), time.process_time()
    work()
    return {"seconds": time.perf_counter() - started, "cpu": time.process_time() - busy}


def main(arguments: Sequence[str]) -> None:
    """Run a step and say what came out."""
    steps: dict[str, Callable[..., Said]] = {
        step.__name__: step for step in (load, live, bare_copy, bare_rewrite, bare_group, lake_part, polars, pandas, close, refresh)
    }
    said = steps[arguments[0]](*arguments[1:])
    # Of this process alone: getrusage would tell the peak of the one that started it, where that was larger.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))
    print(json.dumps(said | {"peak_mb": peak // 1024}))


if __name__ == "__main__":
    main(sys.argv[1:])
