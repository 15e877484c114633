"""The benchmark of the survey measures what it says: answers that are stored, beside rows that are stored."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from bench import survey


def test_it_stores_what_it_counts(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'bench.sqlite'}"
    found = survey.measure("SQLite", tmp_path, url, rounds=1, batches=1, paced=5)
    assert [result.path for result in found] == ["first screen", "screen with text"]
    assert all(min(result.rate, result.p99, result.empty) > 0 for result in found)
    paced = survey.TURNS * 5
    engine = create_engine(url)
    with engine.connect() as connection:
        answers = connection.execute(text("SELECT count(*), count(rating), sum(comment <> '') FROM answer")).one()
        masked = connection.scalar(text("SELECT count(*) FROM answer WHERE comment LIKE '%[số đã che]%' AND comment LIKE '%18/11/2026%'"))
        rows = connection.scalar(text("SELECT count(*) FROM bench_row"))
    engine.dispose()
    each = 2 * survey.BATCH + paced
    assert tuple(answers) == (2 * each, each, each)
    assert masked == each
    assert rows == each
    assert "goal 0.4" in found[0].line()


def test_a_request_that_fails_is_no_measurement(tmp_path: Path) -> None:
    from app import create_app

    app = create_app({"survey"}, survey.throw_away(tmp_path).model_copy(update={"database_url": f"sqlite:///{tmp_path / 'b.sqlite'}"}))
    with pytest.raises(RuntimeError, match="answered 404"):
        survey.call(app, "/nowhere", {})
    app.extensions["engine"].dispose()
