"""Lists beside the dossiers in the demonstration: boundary-independent procedures, queue tickets, petitions. All plainly simulated."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

import numpy as np
from sqlalchemy import insert

from core.database import writing
from procedures.service_models import BoundaryEntry, BoundaryList, PetitionCount, QueueTicket
from simulation.catalogue import Item
from simulation.dossiers import DAY, Dossiers
from simulation.places import SIMULATED, Place, read_yaml
from simulation.world import World

EPOCH = 719_163  # ordinal of 1970-01-01
CHUNK = 20_000
PUBLISHED = date(2025, 10, 1)
ONLY_PUBLISHED = 4  # provinces of which no more is known than that they published a list
SUBJECTS = ("Thời hạn giải quyết", "Thành phần hồ sơ", "Thái độ phục vụ", "Lỗi hệ thống")


def put(rng: np.random.Generator, provinces: list[Place], items: list[Item], drawn: Dossiers, world: World, ids: Mapping[str, int]) -> None:
    """Write the lists. ``ids``: units by code."""
    _boundaries(rng, provinces, items, ids)
    _tickets(rng, drawn, world, ids)
    _petitions(rng, drawn, world, ids)


def _boundaries(rng: np.random.Generator, provinces: list[Place], items: list[Item], ids: Mapping[str, int]) -> None:
    local = [item.code for item in items if item.is_local]
    silent = set(rng.permutation(len(provinces))[:ONLY_PUBLISHED].tolist())
    with writing() as session:
        rows = []
        for number, place in enumerate(provinces):
            listed = BoundaryList(unit_id=ids[place.code], document=f"Danh mục {SIMULATED}", valid_from=PUBLISHED, simulated=True)
            session.add(listed)
            session.flush()
            if number not in silent:
                share = rng.uniform(0.5, 0.97)
                rows += [{"list_id": listed.id, "procedure_code": code} for code in local if rng.random() < share]
        for start in range(0, len(rows), CHUNK):
            session.connection().execute(insert(BoundaryEntry), rows[start : start + CHUNK])


def _tickets(rng: np.random.Generator, drawn: Dossiers, world: World, ids: Mapping[str, int]) -> None:
    """What each counter of a province's centre registered, and as many visits more as the seed deals."""
    centre = read_yaml("agencies.yaml")["centre"][0]
    there = (drawn.counter > 0) & (drawn.unit >= len(world.commune_cumulative)) & (drawn.system < world.provinces)
    keys = np.stack([drawn.system[there], drawn.counter[there], drawn.received[there] // DAY], axis=1)
    found, counts = np.unique(keys, axis=0, return_counts=True)
    tickets = counts + rng.poisson(0.35 * counts + 0.4)
    rows = []
    for (system, counter, day), number in zip(found.tolist(), tickets.tolist(), strict=True):
        code = f"{world.sources[system]}.{centre}.{counter:02d}"
        rows.append(
            {
                "unit_id": ids[code],
                "day": date.fromordinal(day + EPOCH),
                "field": "",
                "tickets": number,
                "document": SIMULATED,
                "reported_at": datetime.fromtimestamp(day * DAY, UTC),
                "simulated": True,
            }
        )
    with writing() as session:
        for start in range(0, len(rows), CHUNK):
            session.connection().execute(insert(QueueTicket), rows[start : start + CHUNK])


def _petitions(rng: np.random.Generator, drawn: Dossiers, world: World, ids: Mapping[str, int]) -> None:
    """A few for each hundred dossiers; slower units draw more."""
    days = drawn.received // DAY
    months = np.array([f"{date.fromordinal(int(day) + EPOCH):%Y-%m}" for day in np.unique(days)])
    month = months[np.searchsorted(np.unique(days), days)]
    late = np.clip(np.exp(0.4 * world.unit_slow), 0.3, 4.0)
    rows = []
    for name in np.unique(month):
        counts = np.bincount(drawn.unit[month == name], minlength=len(world.codes))
        for unit in np.flatnonzero(rng.poisson(0.012 * counts * late)).tolist():
            received = 1 + int(rng.poisson(0.01 * counts[unit]))
            on_time = int(rng.binomial(received, 0.86))
            rows.append(
                {
                    "unit_id": ids[world.codes[unit]],
                    "month": str(name),
                    "subject": SUBJECTS[int(rng.integers(len(SUBJECTS)))],
                    "received": received,
                    "on_time": on_time,
                    "reopened": int(rng.binomial(received, 0.12)),
                    "document": SIMULATED,
                    "reported_at": datetime(int(name[:4]), int(name[5:]), 28, tzinfo=UTC),
                    "simulated": True,
                }
            )
    with writing() as session:
        session.connection().execute(insert(PetitionCount), rows)
