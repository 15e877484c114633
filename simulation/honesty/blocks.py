"""One country for up to twelve months in one world: drawn by the generator, judged by the scorecard, compared with the truth."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scorecard.integrity_rules import IntegrityRules
from simulation.honesty import country as countries
from simulation.honesty import draws, frames, people, supplements, tampering
from simulation.honesty.assess import Judged, Month, hiding, questions
from simulation.honesty.country import PROVIDERS, UNITS, Country

YEAR, QUARTER = 12, 3  # months of the windows for communes
PLANTED = 20  # units of 3,355 that are tampered with in a month
SHOWN = 10  # answers from which on a unit's figure is shown


@dataclass(frozen=True)
class Task:
    """``world``: W1 … W4; ``number`` of the block; ``months`` in it."""

    world: str
    number: int
    months: int
    seed: int


@dataclass
class Outcome:
    """Sums over the months of a block. ``months``: one record a month; ``windows``: (length, covered, judged)."""

    task: Task
    months: list[dict[str, Any]] = field(default_factory=list)
    windows: list[tuple[int, int, int]] = field(default_factory=list)
    province_bias: tuple[float, float] = (0.0, 0.0)  # mean over provinces of |mean error over the months|, weighted and unweighted
    tried: Counter[tuple[str, float, int]] = field(default_factory=Counter)
    found: Counter[tuple[str, float, int]] = field(default_factory=Counter)
    asked_true: int = 0
    asked_false: int = 0
    false_by_detector: Counter[str] = field(default_factory=Counter)
    true_by_detector: Counter[str] = field(default_factory=Counter)
    honest: int = 0
    honest_named: int = 0
    hiding_tried: Counter[str] = field(default_factory=Counter)
    hiding_found: Counter[str] = field(default_factory=Counter)
    hiding_asked: int = 0
    hiding_wrong: int = 0
    providers_tried: Counter[float] = field(default_factory=Counter)
    providers_found: Counter[float] = field(default_factory=Counter)
    providers_honest: int = 0
    providers_wrong: int = 0


def world_of(name: str, month: int) -> draws.World:
    """W2 and W4 go through the four ratios, a month each."""
    if name in ("W2", "W4"):
        return draws.World(name, draws.LAMBDAS[month % len(draws.LAMBDAS)])
    return draws.World(name, hidden=name == "W3")


def run(task: Task, rules: IntegrityRules) -> Outcome:
    """Draw and judge one block."""
    rng = np.random.default_rng([task.seed, int(task.world[1]), task.number])
    country = countries.make(rng)
    outcome = Outcome(task)
    named: set[int] = set()
    planted: set[int] = set()
    span: list[draws.Counts] = []
    for number in range(task.months):
        world = world_of(task.world, task.number * YEAR + number)
        counts = draws.draw(rng, country, world)
        outcome.months.append(_compare(country, counts, world))
        if task.world == "W1":
            span.append(counts)
            for length in (QUARTER, YEAR):
                if len(span) % length == 0:
                    outcome.windows.append((length, *_windows(country, span[-length:])))
        if task.world == "W4":
            honest_named, units = _tampered_month(rng, country, counts, rules, outcome)
            named |= honest_named
            planted |= units
    if task.world == "W4":
        _hidden_supplements(rng, country, outcome)
    errors = [np.mean([month.pop(name) for month in outcome.months], axis=0) for name in ("province_errors", "province_raw_errors")]
    outcome.province_bias = (float(np.abs(errors[0]).mean()), float(np.abs(errors[1]).mean()))
    if task.world == "W4" and task.months == YEAR:
        outcome.honest, outcome.honest_named = UNITS - len(planted), len(named - planted)
    return outcome


def _compare(country: Country, counts: draws.Counts, world: draws.World) -> dict[str, Any]:
    """One month's figures beside the truth, for the nation and its provinces."""
    month = Month(frames.grouped_answers(country, counts), frames.population_frame(country, counts))
    truth = np.array([counts.satisfied.sum() / counts.dossiers.sum()])
    nation, provinces = month.judge(None), month.judge("province_code")
    weight = np.bincount(country.province, counts.dossiers.sum(axis=1))
    shares = np.bincount(country.province, counts.satisfied.sum(axis=1)) / weight
    return {
        "ratio": world.ratio,
        "covered": int(_covers(nation, truth)[0]),
        "bias": float(nation.value[0] - truth[0]),
        "raw_bias": float(nation.raw[0] - truth[0]),
        "band": int(nation.band_low[0] <= truth[0] <= nation.band_high[0]),
        "half_width": float(nation.high[0] - nation.low[0]) / 2,
        "provinces": float(_covers(provinces, shares).mean()),
        "province_errors": provinces.value - shares,
        "province_raw_errors": provinces.raw - shares,
        "province_band": float(((provinces.band_low <= shares) & (shares <= provinces.band_high)).mean()),
    }


def _covers(judged: Judged, truth: np.ndarray) -> np.ndarray:
    return (judged.low <= truth) & (truth <= judged.high)


def _windows(country: Country, span: list[draws.Counts]) -> tuple[int, int]:
    """Units whose interval over several months holds the truth, and units with enough answers to be shown."""
    whole = span[0]
    for counts in span[1:]:
        whole = whole + counts
    judged = Month(frames.grouped_answers(country, whole), frames.population_frame(country, whole)).judge("unit_code")
    truth = whole.satisfied.sum(axis=1) / np.maximum(whole.dossiers.sum(axis=1), 1)
    shown = judged.n >= SHOWN
    return int((_covers(judged, truth) & shown).sum()), int(shown.sum())


def _tampered_month(
    rng: np.random.Generator, country: Country, counts: draws.Counts, rules: IntegrityRules, outcome: Outcome
) -> tuple[set[int], set[int]]:
    """Plant, look, compare: who of the honest was put before a reviewer, and who was planted."""
    answers, contacts = people.speak(rng, country, counts), people.send(rng, country, counts)
    ways = list(tampering.WAYS)
    plans = [
        tampering.Plan(unit, ways[rng.integers(len(ways))], float(rng.choice(tampering.DOSES)), int(rng.choice(tampering.SIZES)))
        for unit in rng.permutation(UNITS)[:PLANTED].tolist()
    ]
    answers = tampering.tamper(rng, answers, contacts, plans)
    guilty, dose = None, 0.0
    if rng.random() < 0.5:
        guilty, dose = int(rng.integers(len(PROVIDERS))), float(rng.choice(tampering.DOSES))
        tampering.withhold(rng, contacts, np.flatnonzero(country.provider == guilty), dose)
    groups = dict(zip(country.code.tolist(), country.kind.tolist(), strict=True))
    asked = questions(frames.answers_frame(country, answers), frames.contacts_frame(country, contacts), groups, rules)
    number = {code: index for index, code in enumerate(country.code.tolist())}
    units = {plan.unit for plan in plans}
    for plan in plans:
        key = (plan.way, plan.dose, plan.n)
        outcome.tried[key] += 1
        outcome.found[key] += str(country.code[plan.unit]) in asked
    for index, provider in enumerate(PROVIDERS):
        if index == guilty:
            outcome.providers_tried[dose] += 1
            outcome.providers_found[dose] += provider in asked
        else:
            outcome.providers_honest += 1
            outcome.providers_wrong += provider in asked
    wrong = set()
    for code, detectors in asked.items():
        if code in PROVIDERS:
            continue
        true = number[code] in units
        outcome.asked_true, outcome.asked_false = outcome.asked_true + true, outcome.asked_false + (not true)
        (outcome.true_by_detector if true else outcome.false_by_detector).update(detectors)
        if not true:
            wrong.add(number[code])
    return wrong, units


def _hidden_supplements(rng: np.random.Generator, country: Country, outcome: Outcome) -> None:
    """A month in which some units hide supplement requests; a unit is found if any of the three tests flags it."""
    month = supplements.draw(rng, country)
    lots = [(month.dossiers, month.recorded), (month.dossiers, month.refiled), (month.answers, month.denied)]
    flagged = set().union(*hiding(*(frames.supplement_cells(country, trials, hits) for trials, hits in lots)))
    guilty = {str(country.code[unit]): way for unit, (way, _) in month.hiding.items()}
    for code, way in guilty.items():
        outcome.hiding_tried[way] += 1
        outcome.hiding_found[way] += code in flagged
    outcome.hiding_asked += len(flagged)
    outcome.hiding_wrong += len(flagged - set(guilty))
