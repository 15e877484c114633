"""The same seed deals the same country, another one another; causes and wordings make sense."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from core.calendar import Month
from core.errors import InputError
from core.settings import ROOT
from simulation import build, feeds
from simulation.catalogue import connections
from simulation.requests import CAUSES, FORM

NOW = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
SCRIPT = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from core.calendar import Month
from simulation import build, feeds
country = build.deal(3000, Month(2026, 8), Month(2026, 10), int(sys.argv[1]), datetime(2026, 11, 20, 5, 0, tzinfo=UTC))
folder = Path(sys.argv[2])
list(feeds.write(country.dossiers, country.items, country.world, country.causes, folder))
print(feeds.digest(folder))
"""


def _digest(seed: int, folder: Path) -> str:
    done = subprocess.run([sys.executable, "-c", SCRIPT, str(seed), str(folder)], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_same_seed_same_bytes_in_two_processes(tmp_path: Path) -> None:
    first, again, other = (_digest(seed, tmp_path / name) for seed, name in ((7, "a"), (7, "b"), (8, "c")))
    assert first == again
    assert first != other


@pytest.fixture(scope="module")
def country() -> "build._Country":
    return build.deal(30_000, Month(2026, 8), Month(2026, 10), 3, NOW)


def test_feeds_hold_every_dossier_once(country: "build._Country", tmp_path: Path) -> None:
    codes = feeds.dossier_codes(country.dossiers, country.world).to_pylist()
    keys = {(int(system), code) for system, code in zip(country.dossiers.system, codes, strict=True)}
    assert len(keys) == 30_000


def test_fortune_is_dealt_by_the_seed_alone() -> None:
    shares = []
    for seed in (1, 2, 3, 4):
        dealt = build.deal(200, Month(2026, 8), Month(2026, 10), seed, NOW).world
        shares.append([dealt.unit_mood[dealt.unit_system == system].mean() for system in range(34)])
    worst = {int(np.argmin(row)) for row in shares}
    assert len(worst) > 1


def test_causes_follow_the_registers(country: "build._Country") -> None:
    drawn, causes, world = country.dossiers, country.causes, country.world
    asked = drawn.requests.cause[:, 0] > 0
    paper = drawn.requests.paper[asked, 0]
    cause = np.array(CAUSES)[drawn.requests.cause[asked, 0]]
    assert set(cause) >= {"F1", "F2", "F4", "F5"}
    assert set(cause[paper == FORM]) == {"F4"}
    day = drawn.received[asked] // 86_400 + build.EPOCH
    position = (causes.paper[drawn.item[asked]] == paper[:, None]).argmax(axis=1)
    register = causes.register[drawn.item[asked], position]
    reached = causes.reached(world, register, drawn.system[asked], day)
    named = paper != FORM
    assert set(cause[named & reached]) <= {"F1", "F2", "F3"}
    assert set(cause[named & ~reached]) <= {"F4", "F5"}


def test_unconnected_systems_ask_more(country: "build._Country") -> None:
    drawn = country.dossiers
    reach = country.causes.unreached(country.world, drawn.item, drawn.system, drawn.received // 86_400 + build.EPOCH)
    assert drawn.asked_truly[reach > 0.3].mean() > 1.2 * drawn.asked_truly[reach == 0].mean()


def test_satisfaction_follows_what_happened(country: "build._Country") -> None:
    drawn = country.dossiers
    calm = (drawn.asked_truly == 0) & ~drawn.late
    assert drawn.satisfaction[calm].mean() > 0.85
    assert drawn.satisfaction[drawn.late].mean() < drawn.satisfaction[calm].mean() - 0.15
    assert drawn.satisfaction[drawn.asked_truly > 0].mean() < drawn.satisfaction[calm].mean() - 0.1


def test_wordings_are_messy(country: "build._Country") -> None:
    used = {country.dossiers.requests.wordings[number] for number in country.dossiers.requests.text[country.dossiers.asked_at >= 0]}
    assert len(used) > 200
    assert any(text.isascii() for text in used)
    assert any(text.isupper() for text in used)


def test_connections_never_precede_publication() -> None:
    from simulation.places import read_yaml

    published = {name: day for name, (day, _share) in read_yaml("catalogue.yaml")["registers"].items()}
    dealt = connections(np.random.default_rng(5), [f"system {number}" for number in range(40)], NOW.date())
    assert dealt
    assert all(published[register] is not None and day >= published[register] for (register, _system), day in dealt.items())


@pytest.mark.parametrize("month", [Month(2026, 11), Month(2025, 9)])
def test_months_that_cannot_be_closed_are_refused(month: Month) -> None:
    with pytest.raises(InputError, match="must be over"):
        build.build(100, month, 1, NOW, progress=False)
