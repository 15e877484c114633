"""The proof: generator and estimators know nothing of each other, its files have their shape, and it fails where it should."""

import ast
import json
from pathlib import Path

import numpy as np
import pytest

from core.calendar import Month
from core.settings import ROOT
from scorecard import integrity_rules, proof
from simulation.honesty import blocks, country, draws, goals, page, people, prove, tampering

GENERATORS = ("country", "draws", "people", "tampering", "supplements", "frames")
RULES, _ = integrity_rules.for_month(Month(2026, 12))


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module or ""} | {f"{node.module}.{name.name}" for name in node.names}
    return found


@pytest.mark.parametrize("name", GENERATORS)
def test_the_generator_uses_no_formula_of_the_scorecard(name: str) -> None:
    used = _imports(ROOT / "simulation" / "honesty" / f"{name}.py")
    allowed = ("simulation.honesty", *(f"simulation.honesty.{other}" for other in GENERATORS))
    outside = {
        module
        for module in used
        if module.split(".")[0] in ("core", "procedures", "surveys", "scorecard", "exports", "scipy", "statsmodels")
    }
    assert outside == set()
    assert {module for module in used if module.startswith("simulation")} <= {module for module in used if module.startswith(allowed)}


def test_what_estimates_generates_nothing() -> None:
    used = _imports(ROOT / "simulation" / "honesty" / "assess.py")
    assert not {module for module in used if module.startswith("simulation")}
    assert "default_rng" not in (ROOT / "simulation" / "honesty" / "assess.py").read_text()


@pytest.fixture(scope="module")
def first_months() -> list[blocks.Outcome]:
    """Three months of W1 and one of each other world."""
    return [blocks.run(blocks.Task(world, 0, months, 5), RULES) for world, months in (("W1", 3), ("W2", 1), ("W3", 1), ("W4", 1))]


def test_intervals_hold_where_only_the_cells_matter(first_months: list[blocks.Outcome]) -> None:
    found = {goal.name: goal for goal in goals.goals(goals.summarise(first_months))}
    assert 0.8 < found["w1_coverage_provinces"].value <= 1
    assert 0.94 < found["w1_coverage_commune_windows"].value < 0.975
    assert found["w1_bias_left_nation"].value < 0.25
    assert found["w2_band_holds_truth_provinces"].met
    assert found["reviewed_truly_manipulated"].value > 0.7


def test_an_interval_that_is_too_narrow_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = blocks.Month.judge

    def narrow(self: blocks.Month, by: str | None) -> blocks.Judged:
        judged = honest(self, by)
        middle = (judged.low + judged.high) / 2
        shrink = [middle + 0.6 * (end - middle) for end in (judged.low, judged.high)]
        return blocks.Judged(judged.value, judged.raw, *shrink, judged.band_low, judged.band_high, judged.n)

    monkeypatch.setattr(blocks.Month, "judge", narrow)
    outcome = blocks.run(blocks.Task("W1", 0, 3, 5), RULES)
    found = {goal.name: goal for goal in goals.goals(goals.summarise([outcome]))}
    assert not found["w1_coverage_commune_windows"].met


def test_where_others_answer_the_interval_fails_and_the_page_says_so(first_months: list[blocks.Outcome]) -> None:
    second = next(outcome for outcome in first_months if outcome.task.world == "W2")
    assert second.months[0]["covered"] == 0
    assert second.months[0]["band"] == 1


def test_the_files_have_their_shape(first_months: list[blocks.Outcome], tmp_path: Path) -> None:
    for name in ("bench", "docs"):
        (tmp_path / name).mkdir()
    prove.write(1, 5, first_months, tmp_path)
    content = json.loads((tmp_path / "bench" / "honesty.json").read_text())
    assert list(content) == ["seed", "months", "goals"]
    assert all(set(goal) == {"name", "value", "low", "high", "met"} for goal in content["goals"])
    text = (tmp_path / "docs" / "honesty.md").read_text()
    for goal in content["goals"]:
        assert proof.WORDS[goal["name"]][1] in text
        assert goal["met"] or proof.WORDS[goal["name"]][5] in text
    assert all(words in text for words in tampering.WAYS.values())


def test_a_missed_goal_has_words_for_the_report(tmp_path: Path) -> None:
    path = tmp_path / "honesty.json"
    missed = {"name": "found_disguised", "value": 0.1, "low": 0.0, "high": 0.2, "met": False}
    path.write_text(json.dumps({"seed": 1, "months": 1, "goals": [missed, missed | {"name": "found_smear", "met": True}]}))
    first, second = proof.proved("vi", path)
    assert "dấu vết thống kê" in first.meaning
    assert second.meaning == ""
    assert not set(page.WORDS) - set(proof.WORDS)


def test_every_task_comes_once_and_the_seed_makes_the_months() -> None:
    tasks = prove.tasks(13, 1)
    assert sum(task.months for task in tasks if task.world == "W3") == 13
    assert len({(task.world, task.number) for task in tasks}) == len(tasks)
    one, other = (draws.draw(np.random.default_rng(seed), country.make(np.random.default_rng(1)), draws.World("W1")) for seed in (1, 2))
    again = draws.draw(np.random.default_rng(1), country.make(np.random.default_rng(1)), draws.World("W1"))
    assert (one.answered == again.answered).all()
    assert (one.answered != other.answered).any()


@pytest.fixture(scope="module")
def month() -> tuple[people.Answers, people.Contacts]:
    """One month's answers and invitations, untouched."""
    rng = np.random.default_rng(9)
    land = country.make(rng)
    counts = draws.draw(rng, land, draws.World("W2", 1.5))
    return people.speak(rng, land, counts), people.send(rng, land, counts)


@pytest.mark.parametrize("way", tampering.WAYS)
def test_each_way_touches_its_unit_alone_and_makes_it_as_large_as_planned(way: str, month: tuple[people.Answers, people.Contacts]) -> None:
    answers, contacts = month[0], people.Contacts(month[1].sent.copy(), month[1].missing.copy())
    before = np.bincount(answers.unit, minlength=country.UNITS)
    changed = tampering.tamper(np.random.default_rng(1), answers, contacts, [tampering.Plan(5, way, 0.2, 100)])
    after = np.bincount(changed.unit, minlength=country.UNITS)
    assert (np.delete(before, 5) == np.delete(after, 5)).all()
    linked = int(((changed.unit == 5) & (changed.mode == people.LINK)).sum())
    assert 80 <= linked <= 100
    assert (contacts.missing <= contacts.sent).all()
    assert (np.delete(contacts.sent, 5, axis=0) == np.delete(month[1].sent, 5, axis=0)).all()
