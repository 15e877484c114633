"""Ways of making a unit look better (or worse) than it is, each with the traces that it leaves. No formula of the scorecard.

``dose`` is the share of the unit's answers that are planted, changed or kept away; the unit's answers by link, planted ones
included, are made ``n``.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from simulation.honesty.people import COUNTER, ITEMS, KIOSK, LINK, PRIVATE, Answers, Contacts, join

DOSES, SIZES = (0.05, 0.10, 0.20, 0.40), (30, 100, 300)
WAYS = {
    "one_telephone": "phiếu mức cao nhất điền trên vài điện thoại / highest answers from a few telephones",
    "in_seconds": "phiếu mức cao nhất điền trong vài giây / highest answers given within seconds",
    "staff_numbers": "lời mời gửi về số của cán bộ, trả lời mức cao nhất / invitations sent to staff's numbers, highest answers",
    "last_evening": "phiếu mức cao nhất dồn vào ngày cuối / highest answers on the last days",
    "at_the_counter": "phiếu mức cao nhất bấm tại quầy / highest answers tapped at the counter",
    "smear": "phiếu thấp nhất để hạ điểm nơi khác / lowest answers to pull a unit down",
    "kept_away": "không chuyển lời mời của hồ sơ có kết quả xấu / invitations for bad outcomes not passed on",
    "pressure": "người dân thật, được nhắc chọn mức cao nhất / real people told to choose the highest",
    "disguised": "phiếu giả trông như phiếu thường / planted answers that look like any other",
}
TELEPHONE_ANSWERS, NUMBER_ANSWERS = 10, 10


@dataclass(frozen=True)
class Plan:
    """What is done to one unit."""

    unit: int
    way: str
    dose: float
    n: int


def tamper(rng: np.random.Generator, answers: Answers, contacts: Contacts, plans: list[Plan]) -> Answers:
    """The month's answers with the plans carried out; ``contacts`` is changed in place."""
    touched = np.isin(answers.unit, [plan.unit for plan in plans])
    parts = [answers.take(~touched)]
    for plan in plans:
        own = answers.take(answers.unit == plan.unit)
        by_link, others = own.take(own.mode == LINK), own.take(own.mode != LINK)
        keep = min(1.0, plan.n / max(len(by_link), 1))  # the counter of a smaller unit has fewer answers, too
        others = others.take(rng.random(len(others)) < keep)
        by_link = _resize(rng, by_link, answers, contacts, plan)
        parts += [others, _carry_out(rng, by_link, contacts, plan)]
    return join(parts)


def _resize(rng: np.random.Generator, own: Answers, everyone: Answers, contacts: Contacts, plan: Plan) -> Answers:
    """As many honest answers as the plan leaves room for, of a unit as large as that: its invitations grow or shrink alike."""
    planted = _planted(plan) if plan.way not in ("pressure", "kept_away", "at_the_counter") else 0
    wanted = plan.n - planted
    if not len(own):
        own = everyone.take(rng.choice(len(everyone), size=wanted))
        own = replace(own, unit=np.full(wanted, plan.unit), mode=np.full(wanted, LINK), device_kind=np.full(wanted, PRIVATE))
    factor = wanted / len(own)
    contacts.sent[plan.unit] = np.rint(contacts.sent[plan.unit] * factor).astype(np.int64)
    contacts.missing[plan.unit] = np.minimum(np.rint(contacts.missing[plan.unit] * factor).astype(np.int64), contacts.sent[plan.unit])
    chosen = rng.permutation(len(own))[:wanted]
    if len(chosen) < wanted:
        chosen = np.concatenate([chosen, rng.integers(0, len(own), size=wanted - len(chosen))])
    resized = own.take(chosen)
    copies = np.arange(wanted) >= len(own)
    device = np.where(copies, 1_000_000_000 + plan.unit * 10_000 + np.arange(wanted), resized.device)
    return replace(resized, device=device)


def _planted(plan: Plan) -> int:
    return max(1, round(plan.dose * plan.n))


def _carry_out(rng: np.random.Generator, own: Answers, contacts: Contacts, plan: Plan) -> Answers:
    if plan.way == "kept_away":
        return _keep_away(rng, own, contacts, plan)
    if plan.way == "pressure":
        changed = rng.permutation(len(own))[: _planted(plan)]
        rating, items = own.rating.copy(), own.items.copy()
        rating[changed], items[changed] = 5, 5
        return replace(own, rating=rating, items=items)
    planted = _made_up(rng, own, plan)
    if plan.way == "staff_numbers":
        contacts.sent[plan.unit, 0, 0, 1] += len(planted)
        contacts.sent[plan.unit, 0, 0, 0] -= min(len(planted), int(contacts.sent[plan.unit, 0, 0, 0]))
    return join([own, planted])


def _made_up(rng: np.random.Generator, own: Answers, plan: Plan) -> Answers:
    """Answers that nobody gave: the record of real dossiers, marks chosen by whoever planted them."""
    count = _planted(plan)
    base = own.take(rng.integers(0, len(own), size=count))
    order = np.arange(count)
    mark = 1 if plan.way == "smear" else 5
    made = replace(
        base,
        mode=np.full(count, LINK),
        rating=np.full(count, mark),
        items=np.full((count, ITEMS), mark),
        device=2_000_000_000 + plan.unit * 10_000 + order,
        device_kind=np.full(count, PRIVATE),
        seconds=rng.integers(30, 120, size=count),
        contact_load=np.ones(count, dtype=np.int64),
        last_days=rng.random(count) < 0.06,
    )
    changes: dict[str, Callable[[], Answers]] = {
        "one_telephone": lambda: replace(made, device=2_000_000_000 + plan.unit * 10_000 + order // TELEPHONE_ANSWERS),
        "in_seconds": lambda: replace(made, seconds=rng.integers(4, 13, size=count)),
        "staff_numbers": lambda: replace(made, contact_load=np.full(count, max(NUMBER_ANSWERS, 5))),
        "last_evening": lambda: replace(made, last_days=np.ones(count, dtype=bool)),
        "at_the_counter": lambda: replace(
            made, mode=np.full(count, KIOSK), device=np.full(count, 10_000_000 + plan.unit), device_kind=np.full(count, COUNTER)
        ),
        "disguised": lambda: _like_real(made, base),
    }
    return changes.get(plan.way, lambda: made)()


def _like_real(made: Answers, base: Answers) -> Answers:
    """Marks copied from real answers, the bad ones raised to 4."""
    return replace(
        made, rating=np.maximum(base.rating, 4), items=np.where(base.items > 0, np.maximum(base.items, 3), 0), seconds=base.seconds
    )


def _keep_away(rng: np.random.Generator, own: Answers, contacts: Contacts, plan: Plan) -> Answers:
    """Invitations for bad outcomes are not passed on: as many answers fewer as the dose says, all of bad outcomes while they last."""
    bad = np.flatnonzero((own.end_point > 0) | ~own.on_time)
    gone = rng.permutation(bad)[: _planted(plan)]
    share = len(gone) / max(len(bad), 1)
    sent, missing = contacts.sent[plan.unit], contacts.missing[plan.unit]
    outcome = np.ones(sent.shape, dtype=bool)
    outcome[0, 0] = False
    missing[outcome] += rng.binomial((sent - missing)[outcome], share)
    kept = np.ones(len(own), dtype=bool)
    kept[gone] = False
    return own.take(kept)


def withhold(rng: np.random.Generator, contacts: Contacts, units: np.ndarray, dose: float) -> None:
    """A provider that sends the invitations of these units leaves out a share ``dose`` of those for bad outcomes."""
    outcome = np.ones(contacts.sent.shape[1:], dtype=bool)
    outcome[0, 0] = False
    for unit in units.tolist():
        sent, missing = contacts.sent[unit], contacts.missing[unit]
        missing[outcome] += rng.binomial((sent - missing)[outcome], dose)
