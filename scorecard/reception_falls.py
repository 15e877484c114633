"""Falls of what people said whose dossiers one unit took in: the nearest to a reception point that the survey is told of.

These cells stand on no page. So no number of theirs is told, only that the rate fell by ten points or more, of 30 answers or more in
each of two closed months, as the editions froze them; and only where what is left over between a receiving unit and the units that
handle its dossiers is nobody or ten people and more, so that the alert says nothing of a few. Pure.
"""

from typing import TYPE_CHECKING

from scorecard.alerts import Fall

if TYPE_CHECKING:
    import pandas as pd

LEAST = 30  # answers in each month, as for every comparison (methodology §11.6)
FEWEST = 10  # people of a part that could be told from the rest
SATISFIED = 4


def receiving_falls(now: "pd.DataFrame", then: "pd.DataFrame") -> list[Fall]:
    """Every receiving unit's change between two months' frozen answers (as ``surveys.queries.answers_frame``, with ``removed_by``), of any
    size and direction: ``alerts.sharp`` chooses."""
    from scorecard.statistics import change, wilson

    counts = [_counts(answers) for answers in (now, then)]
    codes = sorted(counts[0].keys() & counts[1].keys())
    if not codes:
        return []
    shares, ends = [], []
    for month in counts:
        intervals = [wilson(*month[code]) for code in codes]
        shares.append([month[code][0] / month[code][1] for code in codes])
        ends.append(([low for low, _ in intervals], [high for _, high in intervals]))
    moved = change(shares[0], *ends[0], shares[1], *ends[1])
    return [
        Fall(code, shares[1][place], shares[0][place], float(moved.low[place]), float(moved.high[place]))
        for place, code in enumerate(codes)
    ]


def _counts(answers: "pd.DataFrame") -> dict[str, tuple[int, int]]:
    """Satisfied and all of each receiving unit that may be looked at."""
    kept = (answers["mode"] == "link") & (answers["end_point"] != "supplement") & answers["rating"].notna() & (answers["removed_by"] == "")
    answers = answers[kept.astype(bool)]
    handled = _sizes(answers)
    found = {}
    for code, mine in answers.groupby("receiving_unit_code"):
        good, whole = int((mine["rating"] >= SATISFIED).sum()), len(mine)
        parts = _sizes(mine)
        left = [count for unit, part in parts.items() for count in (whole - part, handled[unit] - part)]
        alone = len(parts) == 1 and not any(left)  # the same people as the handling unit's, whose own figure is shown
        if whole >= LEAST and 0 < good < whole and not alone and all(count == 0 or count >= FEWEST for count in left):
            found[str(code)] = (good, whole)
    return found


def _sizes(answers: "pd.DataFrame") -> dict[str, int]:
    """Answers by handling unit."""
    return {str(code): int(count) for code, count in answers["unit_code"].value_counts().items()}
