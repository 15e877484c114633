"""What is derived from figures that may already leave: shrunken rates and changes, and the lists that compare units. Pure.

Only what is shown is compared, so that nothing here can say more than the figures themselves do.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from scorecard.figures import PROCEDURE, RAW, SHRUNK, UNIT, VALUE, WEIGHTED
from scorecard.rows import Key, Material, Place, Row
from scorecard.rulesets import RuleSet
from scorecard.statistics import benjamini_hochberg, change, funnel, groups, rank_intervals, round10, shrink, why_not_compared

if TYPE_CHECKING:
    import pandas as pd

LEVELS = ("province", "commune")  # kinds of unit that are compared, each with its like
PEERS = {"đặc khu": "xã"}  # special zones are too few to be a group
OVERLAP = 0.5  # share of pairs of rank intervals that overlap, above which no ranks are printed (methodology §11.5)
NO_FIGURE = "no_figure"  # reason not to compare: nothing came, or it is hidden


def derived_rows(rows: Iterable[Row], material: Material, rules: RuleSet) -> list[Row]:
    """Shrunken rates of units with enough answers, and how far each rate has moved since the month before."""
    rows = list(rows)
    found: list[Row] = []
    for window in sorted({row.window for row in rows}):
        found += _shrunk_rows(_comparable(rows, material.places, window, rules.disclosure.grey_below), window)
    return found + _change_rows(rows, material.before, rules.disclosure.grey_below)


@dataclass(frozen=True)
class Comparable:
    """Units of the compared kinds with a shown weighted rate on enough answers, and their peer groups."""

    rows: list[Row]
    group: "np.ndarray[Any, Any]"

    def column(self, name: str) -> "np.ndarray[Any, np.dtype[np.float64]]":
        """A number of every row, as floats; missing: nan."""
        return np.array([np.nan if getattr(row, name) is None else getattr(row, name) for row in self.rows], dtype=np.float64)


def peer_group(place: Place) -> str:
    """With whom a unit is compared: units of its kind and, for communes, its type."""
    if place.kind != "commune":
        return place.kind
    label = place.type_label.casefold()
    return f"{place.kind} {PEERS.get(label, label)}".strip()


def _comparable(rows: Iterable[Row], places: Mapping[str, Place], window: int, least: int) -> Comparable:
    kept = [
        row
        for row in rows
        if (row.subject_kind, row.indicator, row.variant, row.status) == (UNIT, "satisfaction", WEIGHTED, VALUE)
        and (row.window, row.breakdown) == (window, "total")
        and row.n is not None
        and row.n >= least
        and places[row.subject_code].kind in LEVELS
    ]
    kept.sort(key=lambda row: row.subject_code)
    return Comparable(kept, np.array([peer_group(places[row.subject_code]) for row in kept], dtype=object))


def _numbers(group: "np.ndarray[Any, Any]") -> "np.ndarray[Any, np.dtype[np.int64]]":
    return np.unique(group.astype(str), return_inverse=True)[1].astype(np.int64)


def _shrunk_rows(units: Comparable, window: int) -> list[Row]:
    made = shrink(units.column("value"), units.column("n_eff"), _numbers(units.group))
    return [
        Row(
            UNIT,
            row.subject_code,
            "satisfaction",
            SHRUNK,
            VALUE,
            n=row.n,
            value=round10(float(made.value[index])),
            low=round10(float(made.low[index])),
            high=round10(float(made.high[index])),
            n_eff=row.n_eff,
            window=window,
        )
        for index, row in enumerate(units.rows)
    ]


def _change_rows(rows: Iterable[Row], before: "pd.DataFrame | None", least: int) -> list[Row]:
    """Change of the weighted rate of one month since the month before, of everything that both months show on enough answers."""
    if before is None or not len(before):
        return []
    known = {
        (str(kind), str(code)): (value, low, high)
        for kind, code, value, low, high, n in before[["subject_kind", "subject_code", "value", "low", "high", "n"]].itertuples(index=False)
        if n >= least
    }
    pairs: list[tuple[Row, tuple[float, float, float]]] = []
    for row in rows:
        key: Key = (row.subject_kind, row.subject_code)
        if (row.indicator, row.variant, row.status, row.window, row.breakdown) != ("satisfaction", WEIGHTED, VALUE, 1, "total"):
            continue
        if row.subject_kind != PROCEDURE and key in known and row.n is not None and row.n >= least:
            pairs.append((row, known[key]))
    if not pairs:
        return []
    now = [np.array([getattr(row, name) for row, _ in pairs], dtype=np.float64) for name in ("value", "low", "high")]
    then = [np.array([numbers[index] for _, numbers in pairs], dtype=np.float64) for index in range(3)]
    moved = change(*now, *then)
    return [
        Row(
            row.subject_kind,
            row.subject_code,
            "satisfaction_change",
            WEIGHTED,
            VALUE,
            n=row.n,
            value=round10(float(moved.difference[index])),
            low=round10(float(moved.low[index])),
            high=round10(float(moved.high[index])),
        )
        for index, (row, _) in enumerate(pairs)
    ]


def comparison(rows: Iterable[Row], places: Mapping[str, Place], least: int, seed: int) -> "pd.DataFrame":
    """Every province and commune with where it stands among its like, or why it is not compared. Columns as in ``survey_tables``.

    ``rows``: measurements as they leave; of each kind the longest window that any unit of it has. Groups and ranks are within a peer group;
    ranks only where at most half of the pairs of rank intervals overlap. ``seed`` of the draws for ranks. Changes and positions
    outside the funnel are named so that at most 5 % of the named are expected to be so by chance (Benjamini–Hochberg).
    """
    import pandas as pd

    rows = list(rows)
    parts = []
    for kind in LEVELS:
        codes = sorted(code for code, place in places.items() if place.kind == kind)
        weighted = [row for row in rows if row.subject_code in places and places[row.subject_code].kind == kind and row.variant == WEIGHTED]
        window = max((row.window for row in weighted if row.status == VALUE), default=1)
        parts.append(_compared(rows, codes, places, window if kind == "commune" else 1, least, seed))
    return pd.concat(parts, ignore_index=True)


def _compared(rows: list[Row], codes: list[str], places: Mapping[str, Place], window: int, least: int, seed: int) -> "pd.DataFrame":
    import pandas as pd

    at = {
        (row.subject_code, row.indicator, row.variant): row
        for row in rows
        if row.subject_kind == UNIT and row.window == window and row.breakdown == "total" and row.status == VALUE
    }

    def numbers(indicator: str, variant: str, name: str) -> "np.ndarray[Any, np.dtype[np.float64]]":
        found = [getattr(at.get((code, indicator, variant)), name, None) for code in codes]
        return np.array([np.nan if value is None else value for value in found], dtype=np.float64)

    value, low, high, n, n_eff = (numbers("satisfaction", WEIGHTED, name) for name in ("value", "low", "high", "n", "n_eff"))
    rate = numbers("response_rate", RAW, "value")
    reason = np.where(np.isnan(value), NO_FIGURE, why_not_compared(n, rate, low, high, least=least))
    in_it = reason == ""
    peers = np.array([peer_group(places[code]) for code in codes], dtype=object)
    share, size = np.where(in_it, value, np.nan), np.where(in_it, n_eff, 0.0)
    made = shrink(share, size, _numbers(peers) if len(codes) else np.zeros(0, dtype=np.int64))
    frame = pd.DataFrame(
        {
            "unit_code": codes,
            "kind": [places[code].kind for code in codes],
            "peer_group": peers,
            "window": window,
            "reason": reason,
            "n": n,
            "value": made.value.round(4),
            "low": made.low.round(4),
            "high": made.high.round(4),
        }
    )
    blank = np.full(len(codes), np.nan)
    for name in ("group", "rank_low", "rank_high", "ranked", "top_quarter"):
        frame[name] = blank
    frame["outside"] = ""
    for peer in sorted(set(peers)):
        here = np.flatnonzero((peers == peer) & in_it)
        if not len(here):
            continue
        frame.loc[here, "group"] = groups(made.value[here], made.low[here], made.high[here]) + 1
        ranks = rank_intervals(made.alpha[here], made.beta[here], seed)
        if len(here) > 1 and _overlapping(ranks.low, ranks.high) <= OVERLAP:
            frame.loc[here, "rank_low"], frame.loc[here, "rank_high"] = ranks.low, ranks.high
            frame.loc[here, "ranked"], frame.loc[here, "top_quarter"] = ranks.units, ranks.top_quarter.round(2)
        target = float(made.peers[here[0]])
        if 0 < target < 1:
            spread = funnel(value[here], n_eff[here], target)
            named = benjamini_hochberg(spread.p)
            frame.loc[here, "outside"] = np.where(named, np.where(spread.z > 0, "above", "below"), "")
    return _with_changes(frame, rows)


def _with_changes(frame: "pd.DataFrame", rows: list[Row]) -> "pd.DataFrame":
    """Changes since the month before; ``change_named``: up or down, under false-discovery control over all of the kind."""
    from scipy.stats import norm

    moved = {row.subject_code: row for row in rows if row.indicator == "satisfaction_change" and row.subject_kind == UNIT}
    columns: dict[str, list[float]] = {"change": [], "change_low": [], "change_high": []}
    for code in frame["unit_code"]:
        row = moved.get(code)
        for name, value in zip(columns, (row.value, row.low, row.high) if row is not None else (None,) * 3, strict=True):
            columns[name].append(np.nan if value is None else value)
    frame = frame.assign(**columns)
    arm = np.where(frame["change"] > 0, frame["change"] - frame["change_low"], frame["change_high"] - frame["change"])
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * norm.sf(np.abs(frame["change"].to_numpy()) / arm * norm.ppf(0.975))
    named = benjamini_hochberg(np.where(frame["change"].isna(), np.nan, p))
    return frame.assign(change_named=np.where(named, np.where(frame["change"] > 0, "up", "down"), ""))


def _overlapping(low: "np.ndarray[Any, Any]", high: "np.ndarray[Any, Any]") -> float:
    """Share of pairs of intervals that overlap."""
    meet = (low[:, None] <= high[None, :]) & (low[None, :] <= high[:, None])
    pairs = len(low) * (len(low) - 1)
    return float((meet.sum() - len(low)) / pairs) if pairs else 1.0
