"""Drawn months in the form in which real ones reach the estimators: nothing is computed here."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulation.honesty.country import APPLICANTS, CELLS, CHANNELS, COMMUNES, END_POINTS, PROVIDERS, PROVINCES, UNITS, Country
from simulation.honesty.draws import Counts
from simulation.honesty.people import Answers, Contacts

if TYPE_CHECKING:
    import pandas as pd

SCALE_NAMES = ("ease", "time", "clarity", "conduct", "result", "trust")  # of the questionnaire
MODE_NAMES, DEVICE_KINDS, MARKS = ("link", "kiosk"), ("private", "counter", "staff"), ("1", "2", "3", "4", "5")


def answers_frame(country: Country, answers: Answers) -> "pd.DataFrame":
    """As ``surveys.queries.answers_frame``, as far as the detectors read it."""
    import pandas as pd

    columns: dict[str, Any] = {
        "unit_code": _named(answers.unit, country.code),
        "end_point": _named(answers.end_point, END_POINTS),
        "mode": _named(answers.mode, MODE_NAMES),
        "device_kind": _named(answers.device_kind, DEVICE_KINDS),
        "rating": answers.rating,
        "device": answers.device,
        "seconds": answers.seconds,
        "contact_load": answers.contact_load,
        "recorded_supplements": answers.supplements,
        "recorded_on_time": answers.on_time,
        "last_days": answers.last_days,
    }
    columns |= {name: _named(answers.items[:, place] - 1, MARKS) for place, name in enumerate(SCALE_NAMES)}
    return pd.DataFrame(columns)


def contacts_frame(country: Country, contacts: Contacts) -> "pd.DataFrame":
    """As ``surveys.queries.delivery_counts``."""
    import pandas as pd

    unit, end_point, late, heavy = (part.ravel() for part in np.indices(contacts.sent.shape))
    missing, reached = contacts.missing.ravel(), (contacts.sent - contacts.missing).ravel()
    both = {"unit": unit, "end_point": end_point, "on_time": late == 0, "load": np.where(heavy == 1, 10, 1)}
    lots = [(reached, 0), (missing, 1)]
    joined = {name: np.concatenate([values, values]) for name, values in both.items()}
    provider = country.provider[joined["unit"]]
    frame = pd.DataFrame(
        {
            "unit_code": _named(joined["unit"], country.code),
            "provider_code": _named(provider, PROVIDERS),
            "end_point": _named(joined["end_point"], END_POINTS),
            "recorded_on_time": joined["on_time"],
            "contact_load": joined["load"],
            "delivery": _named(np.repeat([state for _, state in lots], len(unit)), ("delivered", "failed")),
            "mode": _named(np.zeros(2 * len(unit), dtype=int), MODE_NAMES),
            "invited": np.concatenate([number for number, _ in lots]),
        }
    )
    return frame[frame["invited"] > 0]


def population_frame(country: Country, counts: Counts) -> "pd.DataFrame":
    """As ``scorecard.population.population``: dossiers that reached an end-point, by what the register knows."""
    return _cells(country).assign(dossiers=counts.dossiers.ravel())


def grouped_answers(country: Country, counts: Counts) -> "pd.DataFrame":
    """Alike answers in one row with their number ``count``, the inclusion probability and whether they are ``satisfied``."""
    import pandas as pd

    cells = _cells(country).assign(probability=np.repeat(counts.probability, counts.answered.shape[1]))
    high = counts.answered_satisfied.ravel()
    lots = [cells.assign(count=high, satisfied=True), cells.assign(count=counts.answered.ravel() - high, satisfied=False)]
    frame = pd.concat(lots, ignore_index=True)
    return frame[frame["count"] > 0].reset_index(drop=True)


def supplement_cells(country: Country, trials: NDArray[np.int64], hits: NDArray[np.int64]) -> "pd.DataFrame":
    """As ``scorecard.zeros`` takes them: ``unit``, ``kind``, ``procedure``, ``n``, ``k``."""
    import pandas as pd

    unit, procedure = np.indices(trials.shape).reshape(2, -1)
    columns = {"unit": country.code[unit], "kind": country.kind[unit], "procedure": procedure.astype(str)}
    frame = pd.DataFrame({**columns, "n": trials.ravel(), "k": hits.ravel()})
    return frame[frame["n"] > 0]


def _cells(country: Country) -> "pd.DataFrame":
    """One row for each unit and cell; text as categories, which are quick to group by."""
    import pandas as pd

    cells = country.cells
    unit = np.repeat(np.arange(UNITS), CELLS)
    texts: dict[str, tuple[Any, Any]] = {
        "province_code": (country.province[unit], [f"{number:02d}" for number in range(PROVINCES)]),
        "unit_code": (unit, country.code),
        "channel": (np.tile(cells.channel, UNITS), [str(value) for value in CHANNELS]),
        "end_point": (np.tile(cells.end_point, UNITS), list(END_POINTS)),
        "outcome": (np.tile(np.minimum(cells.end_point, 1), UNITS), ["returned", "not_returned"]),
        "level": ((unit >= COMMUNES).astype(int), ["commune", "above"]),
        "applicant_type": (np.tile(cells.applicant, UNITS), list(APPLICANTS)),
    }
    return pd.DataFrame({name: _named(codes, names) for name, (codes, names) in texts.items()})


def _named(codes: NDArray[Any], names: Any) -> Any:
    """Numbers as categories."""
    import pandas as pd

    return pd.Categorical.from_codes(codes, categories=pd.Index([str(name) for name in names]))
