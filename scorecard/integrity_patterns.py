"""Patterns of a unit that open a question and never remove an answer (methodology §11.7). Pure.

Each detector compares a count of a unit with those of its peers (``integrity_peers``); that probability counts. Where it has a
supporting count, that one must be unlikely too (or the larger of both counts: intersection-union test, R. L. Berger, Technometrics 24
(1982) 295), or the detector says nothing: so a repeated device or a fast form never acts
alone, but only where what was answered with it is unusual as well. Over all units and detectors of a month false alarms are held
down together (Benjamini, Hochberg, J. R. Stat. Soc. B 57 (1995) 289); a support can only make a probability larger.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from scorecard.integrity_peers import Peers, against_own, clustered, fit
from scorecard.integrity_rules import IntegrityRules

if TYPE_CHECKING:
    import pandas as pd

SCALES = ("ease", "time", "clarity", "conduct", "result", "trust")
BAD = ("refused", "withdrawn", "stopped")  # end-points at which a person is rarely pleased
MISSING = ("none", "failed")  # of ``delivery``: the invitation reached nobody
PERSONAL = "link"  # the mode of the headline: a link sent to one person
COUNTER = ("kiosk", "open")  # modes in which anybody at the counter may answer
UNIT, PROVIDER = "unit", "provider"
MANY = 30  # units of one provider, from which on they are peers of their own
TALLIES = (
    *("rated", "top", "low", "late", "late_top"),
    *("counter", "counter_top", "repeat", "repeat_top", "fast", "fast_top", "heavy", "heavy_top", "facts", "facts_top"),
    *("changed", "raised", "lowered", "redone", "redone_top"),
    *("invited", "answered", "heavy_invited", "bad", "bad_missing", "good", "good_missing"),
)


@dataclass(frozen=True)
class Leg:
    """One count to judge: ``hits`` of ``trials``, against peers or against the unit's own ``other_hits`` of ``other_trials``."""

    hits: str
    trials: str
    against: Literal["peers", "own"] = "peers"
    other_hits: str = ""
    other_trials: str = ""
    otherwise: tuple[str, str] | None = None  # counts that tell what is usual, where too few peers have such cases


@dataclass(frozen=True)
class Detector:
    """A named pattern: the count that is judged and what must support it. The rule's least trials are those of ``base``."""

    name: str
    vi: str
    en: str
    base: str
    judged: Leg
    support: Leg | None = None
    jointly: bool = False  # the less likely of the two is not enough: the larger probability counts
    same_provider: bool = False  # peers are those whose invitations the same provider sends


UNIT_DETECTORS = (
    Detector("all_highest", "mọi câu đều ở mức cao nhất", "every question at the highest mark", "rated", Leg("top", "rated")),
    Detector("all_lowest", "mọi câu đều ở mức thấp nhất", "every question at the lowest mark", "rated", Leg("low", "rated")),
    Detector(
        "heaping", "phiếu dồn vào những ngày cuối trước hạn chốt", "answers heaped just before the cut-off", "rated", Leg("late", "rated")
    ),
    Detector(
        "late_highest",
        "phiếu mức cao nhất dồn vào những ngày cuối trước hạn chốt",
        "highest answers heaped just before the cut-off",
        "rated",
        Leg("late_top", "rated"),
        Leg("late", "rated"),
    ),
    Detector(
        "mode_gap",
        "phiếu tại quầy cao khác hẳn phiếu gửi riêng",
        "answers at the counter far above those by personal link",
        "counter",
        Leg("counter_top", "counter"),
        Leg("counter_top", "counter", "own", "top", "rated"),
    ),
    Detector("response", "tỷ lệ trả lời cao khác hẳn nơi cùng loại", "response far above peers", "invited", Leg("answered", "invited")),
    Detector(
        "device",
        "nhiều phiếu mức cao nhất từ cùng một thiết bị riêng",
        "many highest answers from one private device",
        "repeat",
        Leg("repeat_top", "rated"),
        Leg("repeat_top", "repeat", otherwise=("top", "rated")),
    ),
    Detector(
        "speed",
        "nhiều phiếu mức cao nhất điền nhanh bất thường",
        "many highest answers filled in unusually fast",
        "fast",
        Leg("fast_top", "rated"),
        Leg("fast_top", "fast", otherwise=("top", "rated")),
    ),
    Detector(
        "staff_contacts",
        "lời mời dồn vào ít số liên lạc, gần như đều trả lời mức cao nhất",
        "invitations to few contacts, nearly all answered at the highest mark",
        "heavy_invited",
        Leg("heavy", "heavy_invited", otherwise=("answered", "invited")),
        Leg("heavy_top", "heavy", otherwise=("top", "rated")),
    ),
    Detector(
        "facts",
        "chấm cao nhất điều mà hồ sơ ghi là không tốt",
        "highest marks for what the record says went badly",
        "facts",
        Leg("facts_top", "facts"),
    ),
    Detector(
        "raised",
        "nhiều người đổi câu trả lời lên mức cao hơn",
        "many answers changed to a higher mark afterwards",
        "rated",
        Leg("raised", "rated"),
        Leg("raised", "changed"),
    ),
    Detector(
        "lowered",
        "nhiều người đổi câu trả lời xuống mức thấp hơn",
        "many answers changed to a lower mark afterwards",
        "rated",
        Leg("lowered", "rated"),
        Leg("lowered", "changed"),
    ),
    Detector(
        "redone",
        "nhiều phiếu bị xóa rồi trả lời lại ở mức cao nhất",
        "many answers deleted and given again at the highest mark",
        "rated",
        Leg("redone_top", "rated"),
        Leg("redone_top", "redone", otherwise=("top", "rated")),
    ),
    Detector(
        "undelivered",
        "lời mời của hồ sơ có kết quả xấu ít đến nơi hơn",
        "invitations for bad outcomes reach people less often",
        "bad",
        Leg("bad_missing", "bad", "own", "good_missing", "good"),
        Leg("bad_missing", "bad"),
        same_provider=True,
        jointly=True,
    ),
)
PROVIDER_DELIVERY = Detector(
    "provider_delivery",
    "nhà cung cấp được chấm điểm gửi lời mời của hồ sơ có kết quả xấu ít đến nơi hơn",
    "a rated provider's invitations for bad outcomes reach people less often",
    "bad",
    Leg("bad_missing", "bad"),
    Leg("bad_missing", "bad", "own", "good_missing", "good"),
)
BY_NAME = {detector.name: detector for detector in (*UNIT_DETECTORS, PROVIDER_DELIVERY)}


def tally(answers: "pd.DataFrame", contacts: "pd.DataFrame", rules: IntegrityRules) -> "pd.DataFrame":
    """Counts of each handling unit, indexed by ``unit_code``: the columns of ``TALLIES`` and ``provider_code``.

    ``answers``: as ``surveys.queries.answers_frame``, without those that single-answer evidence removed. ``contacts``: as
    ``surveys.queries.delivery_counts``.
    """
    import pandas as pd

    whole = (answers["end_point"] != "supplement").to_numpy(dtype=bool)
    answers = answers[whole]
    contacts = contacts[((contacts["end_point"] != "supplement") & (contacts["mode"] == PERSONAL)).to_numpy(dtype=bool)]
    units = pd.Index(sorted(set(answers["unit_code"].dropna().unique()) | set(contacts["unit_code"].dropna().unique())), name="unit_code")
    of_answer, of_contact = units.get_indexer(answers["unit_code"]), units.get_indexer(contacts["unit_code"])

    def per_unit(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.bincount(of_answer[mask], minlength=len(units))

    columns = {name: per_unit(mask) for name, mask in _answer_masks(answers, of_answer, rules).items()}
    invited = contacts["invited"].to_numpy(dtype=np.int64)
    late = _flag(~contacts["recorded_on_time"].astype("boolean"))
    bad = contacts["end_point"].isin(BAD).to_numpy(dtype=bool) | late
    missing = contacts["delivery"].isin(MISSING).to_numpy(dtype=bool)
    heavy = _number(contacts["contact_load"]) >= rules.heavy_contact
    for name, mask in {
        "invited": np.ones(len(contacts), dtype=bool),
        "heavy_invited": heavy & ~missing,
        "bad": bad,
        "bad_missing": bad & missing,
        "good": ~bad,
        "good_missing": ~bad & missing,
    }.items():
        columns[name] = np.bincount(of_contact[mask], weights=invited[mask], minlength=len(units)).astype(np.int64)
    columns["invited"] = np.maximum(columns["invited"], columns["answered"])  # answers may outlive their invitations
    columns["heavy_invited"] = np.maximum(columns["heavy_invited"], columns["heavy"])
    found = pd.DataFrame(columns, index=units)[list(TALLIES)]
    provider = contacts.drop_duplicates("unit_code").set_index("unit_code")["provider_code"]
    return found.assign(provider_code=provider.reindex(found.index))


def _answer_masks(answers: "pd.DataFrame", unit: NDArray[np.int64], rules: IntegrityRules) -> dict[str, NDArray[np.bool_]]:
    """Which answers count for which tally."""
    rating = _number(answers["rating"])
    unasked = np.full(len(answers), np.nan)  # a questionnaire need not have every scale
    items = np.stack([_number(answers[name]) if name in answers else unasked for name in SCALES])
    given = np.isfinite(items)
    full = np.isfinite(rating) & (given.sum(axis=0) >= rules.least_items)
    highest = full & (rating == rules.top) & (~given | (items == rules.top)).all(axis=0)
    lowest = full & (rating == rules.bottom) & (~given | (items == rules.bottom)).all(axis=0)
    mode = answers["mode"]
    personal = (mode == PERSONAL).to_numpy(dtype=bool) & full
    counter = mode.isin(COUNTER).to_numpy(dtype=bool) & full
    repeated = personal & _repeated(answers, unit, personal, rules)
    fast = personal & (np.nan_to_num(_number(answers["seconds"]), nan=np.inf) < rules.fast_seconds)
    answered = (mode == PERSONAL).to_numpy(dtype=bool)
    heavy = answered & (np.nan_to_num(_number(answers["contact_load"])) >= rules.heavy_contact)
    last_days = personal & _flag(answers["last_days"])
    up, down, again = changes(answers)
    named = dict(zip(SCALES, items, strict=True))
    asked_twice = _number(answers["recorded_supplements"]) >= 2
    late = _flag(~answers["recorded_on_time"].astype("boolean"))
    clear, quick = asked_twice & np.isfinite(named["clarity"]), late & np.isfinite(named["time"])
    praised = (clear & (named["clarity"] == rules.top)) | (quick & (named["time"] == rules.top))
    return {
        "rated": personal,
        "top": personal & highest,
        "low": personal & lowest,
        "late": last_days,
        "late_top": last_days & highest,
        "counter": counter,
        "counter_top": counter & highest,
        "repeat": repeated,
        "repeat_top": repeated & highest,
        "fast": fast,
        "fast_top": fast & highest,
        "heavy": heavy,
        "heavy_top": heavy & highest,
        "facts": answered & (clear | quick),
        "facts_top": answered & praised,
        "changed": personal & ((up > 0) | (down > 0)),
        "raised": personal & (up > down),
        "lowered": personal & (down > up),
        "redone": personal & (again > 0),
        "redone_top": personal & (again > 0) & highest,
        "answered": answered,
    }


def changes(answers: "pd.DataFrame") -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Of each answer: how often the rating was raised and lowered, and how many earlier answers of its invitation were deleted."""
    none = np.zeros(len(answers))  # an edition may be older than the columns
    up, down, again = (np.nan_to_num(_number(answers[name])) if name in answers else none for name in ("raised", "lowered", "withdrawn"))
    return up, down, again


def _repeated(answers: "pd.DataFrame", unit: NDArray[np.int64], personal: NDArray[np.bool_], rules: IntegrityRules) -> NDArray[np.bool_]:
    """Answers of a unit on a private device that gave several there. Devices declared or learned as shared are exempt."""
    device = _number(answers["device"])
    private = personal & np.isfinite(device) & (answers["device_kind"] == "private").to_numpy(dtype=bool)
    repeated = np.zeros(len(answers), dtype=bool)
    where = np.flatnonzero(private)
    if not len(where):
        return repeated
    known, number = np.unique(device[where], return_inverse=True)
    pair, index, times = np.unique(number * np.int64(unit.max() + 1) + unit[where], return_inverse=True, return_counts=True)
    spread = np.bincount(pair // np.int64(unit.max() + 1), minlength=len(known))  # units that the device answered for
    repeated[where] = (times[index] >= rules.device_answers) & (spread[number] < rules.shared_units)
    return repeated


def compare(tallies: "pd.DataFrame", groups: Mapping[str, str], rules: IntegrityRules) -> "pd.DataFrame":
    """Every test of the month: one row a subject and detector that had enough cases.

    ``groups``: each unit's group of peers. Columns: ``subject_kind``, ``subject_code``, ``detector``, ``hits``, ``trials``, ``share``,
    ``peers`` (the share that it is compared with), ``p``, ``q`` (p adjusted over all tests of the month), ``question`` (to be put).
    """
    import pandas as pd
    from statsmodels.stats.multitest import multipletests

    columns = ["subject_kind", "subject_code", "detector", "hits", "trials", "share", "peers", "p"]
    parts: list[pd.DataFrame] = []
    kinds = np.array([groups.get(str(code), "") for code in tallies.index], dtype=object)
    providers = tallies["provider_code"].astype("object").fillna("").to_numpy()
    values = {name: tallies[name].to_numpy(dtype=np.int64) for name in TALLIES}
    codes = tallies.index.to_numpy()
    for detector in UNIT_DETECTORS:
        if detector.name not in rules.detectors:
            continue
        enough, least = values[detector.base] >= rules.detectors[detector.name].trials, rules.detectors[detector.name].excess
        group = _by_provider(providers, enough) if detector.same_provider else kinds
        for name in sorted(set(group[enough])):
            if not values[detector.judged.hits][group == name].any():
                continue  # nowhere among the peers: there is nothing to compare
            chosen = np.flatnonzero(enough & (group == name))
            parts.append(_judge(detector, codes, values, chosen, np.flatnonzero(group == name), rules.support, least, columns))
    parts.append(_judge_providers(tallies, values, rules, columns))
    found = pd.concat([part for part in parts if len(part)] or [pd.DataFrame(columns=columns)], ignore_index=True)
    wanted = np.array([rules.detectors[name].excess for name in found["detector"]], dtype=np.float64)
    if len(found):
        rejected, adjusted, *_ = multipletests(found["p"].to_numpy(dtype=np.float64), alpha=rules.q, method="fdr_bh")
    else:
        rejected, adjusted = np.zeros(0, dtype=bool), np.zeros(0)
    excess = found["share"].to_numpy(dtype=np.float64) - found["peers"].to_numpy(dtype=np.float64)
    found = found.assign(q=adjusted, question=rejected & (excess >= wanted))
    return found.sort_values(["subject_kind", "subject_code", "detector"], ignore_index=True)


def _by_provider(providers: NDArray[Any], enough: NDArray[np.bool_]) -> NDArray[Any]:
    """Units whose invitations one provider sends, of whatever kind; all others together where those are too few."""
    names, place = np.unique(providers.astype("U"), return_inverse=True)
    few = np.bincount(place, enough, len(names)) < MANY
    return np.where(few[place], "", providers)


def _judge(
    detector: Detector,
    codes: NDArray[Any],
    values: Mapping[str, NDArray[np.int64]],
    chosen: NDArray[np.int64],
    peers: NDArray[np.int64],
    support: float,
    excess: float,
    columns: list[str],
) -> "pd.DataFrame":
    """One detector for the units ``chosen`` among ``peers``; nothing where these are too few to compare with."""
    import pandas as pd

    leg = detector.judged
    found = _chance(leg, values, chosen, peers, excess)
    if found is None:
        return pd.DataFrame(columns=columns)
    chance, mean = found
    if detector.support is not None:
        supporting = _chance(detector.support, values, chosen, peers, excess)
        beside = supporting[0] if supporting else np.ones(len(chosen))
        chance = np.maximum(chance, beside) if detector.jointly else np.where(beside <= support, chance, 1.0)
    hits, trials = values[leg.hits][chosen], values[leg.trials][chosen]
    share = hits / np.maximum(trials, 1)
    return pd.DataFrame(dict(zip(columns, (UNIT, codes[chosen], detector.name, hits, trials, share, mean, chance), strict=True)))


def _chance(
    leg: Leg, values: Mapping[str, NDArray[np.int64]], chosen: NDArray[np.int64], peers: NDArray[np.int64], excess: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Probability of each unit's count, and the share that it is compared with; None where peers are too few.

    Beside a unit's own other cases it is 1 where these are nearly as many: with thousands of cases any difference is unlikely.
    """
    hits, trials = values[leg.hits][chosen], values[leg.trials][chosen]
    if leg.against == "own":
        others, of = values[leg.other_hits][chosen], values[leg.other_trials][chosen]
        base = others / np.maximum(of, 1)
        above = hits / np.maximum(trials, 1) - base >= excess
        return np.where(above, against_own(hits, trials, others, of), 1.0), base
    spread = fit(values[leg.hits][peers], values[leg.trials][peers])
    if spread is None and leg.otherwise is not None:
        spread = fit(values[leg.otherwise[0]][peers], values[leg.otherwise[1]][peers])
    return None if spread is None else (spread.above(hits, trials), np.full(len(chosen), spread.mean))


def _judge_providers(
    tallies: "pd.DataFrame", values: Mapping[str, NDArray[np.int64]], rules: IntegrityRules, columns: list[str]
) -> "pd.DataFrame":
    """Each provider's bad outcomes against those of all others, units as clusters, and against its own good outcomes."""
    import pandas as pd

    providers = tallies["provider_code"]
    rows = []
    for provider in sorted(providers.dropna().unique()):
        own = (providers == provider).to_numpy(dtype=bool)
        hits, trials = values["bad_missing"][own], values["bad"][own]
        others: Peers | None = fit(values["bad_missing"][~own], values["bad"][~own])
        if others is None or trials.sum() < rules.detectors[PROVIDER_DELIVERY.name].trials:
            continue
        sums = [np.array([values[name][own].sum()]) for name in ("bad_missing", "bad", "good_missing", "good")]
        p = clustered(hits, trials, others) if against_own(*sums)[0] <= rules.support else 1.0
        share = hits.sum() / trials.sum()
        rows.append((PROVIDER, provider, PROVIDER_DELIVERY.name, int(hits.sum()), int(trials.sum()), share, others.mean, p))
    return pd.DataFrame(rows, columns=columns)


def _number(column: "pd.Series[Any]") -> NDArray[np.float64]:
    """Numbers of a column of numbers or of choice codes; what is no number is missing."""
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        values = pd.to_numeric(pd.Series(column.cat.categories), errors="coerce").to_numpy(dtype=np.float64)
        return np.append(values, np.nan)[column.cat.codes.to_numpy()]
    return np.asarray(pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan))


def _flag(column: "pd.Series[Any]") -> NDArray[np.bool_]:
    return np.asarray(column.astype("boolean").fillna(False).to_numpy(dtype=bool))
