"""How long handling takes, counted again by hand from the dossiers' own days."""

from datetime import timedelta
from statistics import fmean

import numpy as np
import pytest
from flask import Flask, current_app
from sqlalchemy import update

from core.calendar import local_date
from core.database import reading, writing
from scorecard import operations, queries
from scorecard.handling_times import within
from scorecard.models import Edition
from tests.pages.helpers import text_of
from tests.scorecard.small import MONTH, NOW, Dossier, at, build


def working(dossier: Dossier) -> int:
    """Mondays to Fridays after the day of reception, up to the day of the end."""
    first, last = local_date(at(dossier.received)), local_date(at(dossier.finished or 0))
    days = ((first + timedelta(days=number)) for number in range((last - first).days))
    return sum(day.weekday() < 5 for day in days)


def dossiers() -> list[Dossier]:
    draw = np.random.default_rng(5)
    found = []
    for number in range(120):
        received = float(draw.uniform(-20, 28))
        unit, source = (("00004", "hanoi"), ("00008", "hanoi"), ("19750", "hue"))[number % 3]
        ended = received + float(draw.exponential(6))
        found.append(Dossier(f"d{number}", unit=unit, source=source, received=received, finished=ended, due=None))
    refused = [Dossier(f"r{number}", received=1, finished=29, status=3) for number in range(30)]  # no result
    waiting = [Dossier(f"w{number}", received=1, finished=None) for number in range(30)]
    few = [Dossier(f"f{number}", unit="31000", source="camau", received=1, finished=25) for number in range(2)]
    return [*found, *refused, *waiting, *few, Dossier("back", received=5, finished=4)]  # a clock that runs backwards


def test_half_and_nine_in_ten_of_the_dossiers_are_done_within_the_days_said(sqlite_app: Flask) -> None:
    rows = dossiers()
    build(rows)
    edition = operations.close(MONTH, NOW, "test")
    table = {row["place_code"]: row for row in queries.edition_table(edition, "handling_times").to_dict("records")}
    done = [item for item in rows if item.status == 9 and item.finished and item.finished >= item.received]
    done = [item for item in done if MONTH.start <= at(item.finished or 0) < MONTH.end]
    for place, units in (("VN", None), ("01", ("00004", "00008")), ("46", ("19750",)), ("00008", ("00008",))):
        days = sorted(working(item) for item in done if units is None or item.unit in units)
        row = table[place]
        assert (row["dossiers"], row["days"]) == (len(days), sum(days))
        assert row["half_within"] == days[int(np.ceil(0.5 * len(days))) - 1]
        assert row["most_within"] == days[int(np.ceil(0.9 * len(days))) - 1]
    assert not {"31000", "96"} & set(table), "two dossiers are never told of"

    with writing() as session:
        session.execute(update(Edition).where(Edition.id == edition.id).values(state="published", published_at=NOW))
    said = text_of(sqlite_app.test_client().get("/localities/01/services").text)
    own = [working(item) for item in done if item.source == "hanoi"]
    assert f"Một nửa trong {len(own)} hồ sơ có kết quả trong tháng xong trong {table['01']['half_within']} ngày làm việc" in said
    assert f"trung bình {fmean(own):.1f} ngày".replace(".", ",") in said
    measured = text_of(sqlite_app.test_client().get("/rules/nd224-art19").text).split("d · Thời gian giải quyết")[1]
    assert "Hệ thống này đo bằng: Thời gian giải quyết, ngày làm việc" in measured[:120]


def test_the_running_month_says_the_same_from_kept_counts(sqlite_app: Flask) -> None:
    build(dossiers())
    operations.refresh_running(MONTH.end - timedelta(hours=1))
    running = queries.running(reading())
    assert running is not None
    live = queries.edition_table(running, "handling_times")
    closed = queries.edition_table(operations.close(MONTH, NOW, "test"), "handling_times")
    assert live.equals(closed)
    assert list(current_app.extensions["settings"].data_dir.rglob("handling_times-0-counts.parquet"))


@pytest.mark.parametrize(("share", "days"), [(0.5, 1), (0.9, 7), (1.0, 30)])
def test_within(share: float, days: int) -> None:
    assert within({0: 4, 1: 2, 7: 3, 30: 1}, share) == days
