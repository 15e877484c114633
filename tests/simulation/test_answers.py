"""What simulated people say: in the words of the questionnaire, whole, and alike each time."""

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import numpy as np

from simulation.answers import Asked, draw_answers
from simulation.dossiers import IN_PERSON, ONLINE
from surveys.questionnaire import CURRENT, sheet_for

NOW = datetime(2026, 11, 20, tzinfo=UTC)
COUNT = 6_000
END_POINTS = ("returned", "refused", "withdrawn", "stopped", "supplement")


def drawn() -> list[tuple[int, dict[str, Any]]]:
    """Answers of people half of whom filed online, a third of whom were asked for more, a quarter too late."""
    number = np.arange(COUNT)
    dossiers: Any = SimpleNamespace(
        satisfaction=np.full(COUNT, 0.7),
        channel=np.where(number % 2 == 0, ONLINE, IN_PERSON),
        late=number % 4 == 0,
        asked_truly=(number % 3 == 0).astype(int),
        system=np.zeros(COUNT, dtype=int),
        requests=SimpleNamespace(already_held=number % 6 == 0, cause=np.ones((COUNT, 1), dtype=int)),
    )
    world: Any = SimpleNamespace(system_assist=np.array([0.2]))
    asked = [Asked(row, END_POINTS[row % 5], 1 if END_POINTS[row % 5] == "supplement" else 0, date(2026, 10, 1)) for row in range(COUNT)]
    return list(draw_answers(np.random.default_rng(3), asked, dossiers, world, NOW))


def test_answers_speak_the_current_questionnaire() -> None:
    found = drawn()
    assert len(found) > 200
    said: set[str] = set()
    for index, answer in found:
        sheet = sheet_for(CURRENT, END_POINTS[index % 5], 2 if index % 2 == 0 else 1)
        choices = {question.code: {choice.code for choice in question.choices} for question in sheet.all}
        for choice in (choice for question in sheet.all for choice in question.choices):
            for code, implied in choice.implies.items():
                choices.setdefault(code, set()).add(implied)
        for code, value in answer["responses"].items():
            assert value in choices[code], (END_POINTS[index % 5], code, value)
        assert (answer["rating"] is None) == (END_POINTS[index % 5] == "supplement")
        said |= answer["responses"].keys()
    assert said >= {"visits", "supplement_count", "asked_more", "how_asked", "result", "trust", "on_time", "paid_outside", "extra_cost"}
    assert said >= {"staff_present", "clarity", "asked_again"}


def test_the_same_people_say_the_same_again() -> None:
    assert drawn() == drawn()
