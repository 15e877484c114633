"""The lake's expressions belong to no engine: DuckDB and a Spark of two workers give the same counts over the same files."""

import os
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ibis
import pytest

from core.lake import connect, fetch, read_files
from procedures.dossiers import dossier_schema, dossier_table
from scorecard import counting, declare_once, judging
from tests.lake import put
from tests.scorecard.small import MONTH
from tests.scorecard.test_counting import rows_of

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(shutil.which("java") is None, reason="there is no Java: ops/install.sh --spark installs it"),
    # pyspark 4.3 says so for each use of its helpers; nothing here goes through pandas.
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
]
WORKERS = 2


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Spark whose two workers are processes of their own."""
    pytest.importorskip("pyspark", reason="there is no pyspark: ops/install.sh --spark installs it")
    os.environ.update(SPARK_LOCAL_IP="127.0.0.1", PYSPARK_PYTHON=sys.executable)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        from pyspark.sql import SparkSession

        session = (
            SparkSession.builder.master(f"local-cluster[{WORKERS},1,1024]")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.local.dir", str(tmp_path_factory.mktemp("spark")))
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.sql.shuffle.partitions", "4")
            .config("spark.sql.sources.partitionColumnTypeInference.enabled", "false")  # "01" is text
            .config("spark.sql.warehouse.dir", str(tmp_path_factory.mktemp("warehouse")))
            .config("spark.ui.enabled", "false")
            .getOrCreate()
        )
    yield session
    session.stop()


def by_place(rows: ibis.Table) -> ibis.Table:
    """All wide counts of the dossiers without requests, by source, unit and procedure."""
    rows = rows.filter(ibis.coalesce(rows.supplement_count, 0) == 0)
    return counting._aggregate(counting.without_requests(rows, MONTH))


def requests(rows: ibis.Table) -> ibis.Table:
    """Dossiers with requests: how many, and how often they were asked, by source."""
    found = judging._asking(rows.filter(rows.supplement_count > 0), MONTH)
    sums = {name: found[name].fill_null(False).cast("int64").sum() for name in ("received_in", "in_cohort", "overdue_at_end")}
    return found.group_by("source").agg(dossiers=found.count(), requests=found.requests.sum(), listed=found.listed.sum(), **sums)


def papers(rows: ibis.Table) -> ibis.Table:
    """The papers asked for, by procedure, request and name."""
    kept = [*declare_once.DOSSIER, *declare_once.KEYS, "request"]
    asked = declare_once._asked(judging._asking(rows.filter(rows.supplement_count > 0), MONTH), MONTH, kept)
    return asked.group_by("source", "procedure_code", "request", "paper_name").agg(times=asked.count())


@pytest.mark.parametrize("expression", [by_place, requests, papers])
def test_spark_and_duckdb_count_the_same(spark: Any, tmp_path: Path, expression: Callable[[ibis.Table], ibis.Table]) -> None:
    table = dossier_table(tmp_path)
    put(table, rows_of(5, 400))
    engine = connect()
    ours = fetch(engine, expression(read_files(engine, table.paths(), dossier_schema()))).to_pylist()

    files = [str(path) for path in table.paths()]
    assert spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size() == WORKERS + 1  # and the driver
    spark.read.option("basePath", str(table.root)).parquet(*files).createOrReplaceTempView("dossiers")
    other = ibis.pyspark.connect(spark)
    theirs = spark.sql(other.compile(expression(other.table("dossiers")))).toArrow().to_pylist()

    assert len(ours) >= 3
    assert in_order(ours) == in_order(theirs)
    assert {row["source"] for row in theirs} >= {"01", "46"}


def in_order(rows: list[dict[str, Any]]) -> list[list[tuple[str, str]]]:
    """Rows by their content; numbers as written out."""
    return sorted([(name, str(value)) for name, value in sorted(row.items())] for row in rows)
