"""Response rates as the American Association for Public Opinion Research defines them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from scorecard.estimation.shares import Array


@dataclass(frozen=True)
class ResponseRates:
    """One entry for each unit; nan where the denominator is 0. Only for those who were asked one by one: an open link or a tablet has no
    denominator and gives a number of participations (lượt tham gia), never a rate."""

    rr1: Array
    rr2: Array
    rr3: Array
    rr4: Array
    rr5: Array
    rr6: Array
    coop1: Array
    ref1: Array
    con1: Array


def response_rates(
    complete: ArrayLike,
    partial: ArrayLike,
    refused: ArrayLike,
    no_contact: ArrayLike,
    other: ArrayLike,
    unknown: ArrayLike,
    eligible: ArrayLike = 1.0,
) -> ResponseRates:
    """RR1–RR6, COOP1, REF1, CON1 from the final dispositions I, P, R, NC, O, UH+UO; ``eligible``: e, share of the unknown that is
    eligible.

    AAPOR, Standard Definitions (10th ed. 2023), "Response rates". Invitations whose delivery is not known count as unknown.
    """
    i, p, r, nc, o, u = (np.asarray(item, dtype=np.float64) for item in (complete, partial, refused, no_contact, other, unknown))
    e = np.asarray(eligible, dtype=np.float64)
    answered, known = i + p, i + p + r + nc + o

    def over(above: Array, below: Array) -> Array:
        above, below = np.broadcast_arrays(above, below)
        share: Array = np.divide(above, below, out=np.full(below.shape, np.nan), where=below > 0)
        return share

    everyone, likely = known + u, known + e * u
    return ResponseRates(
        rr1=over(i, everyone),
        rr2=over(answered, everyone),
        rr3=over(i, likely),
        rr4=over(answered, likely),
        rr5=over(i, known),
        rr6=over(answered, known),
        coop1=over(i, answered + r + o),
        ref1=over(r, everyone),
        con1=over(answered + r + o, everyone),
    )
