"""Statistics of shares: the one door to ``scorecard.estimation``. Pure: frames and numbers in, numbers out; no clock; seeds are arguments.

One level everywhere: 95 %. Each formula names its source where it stands.
"""

from scorecard.estimation.change import Change, benjamini_hochberg, change
from scorecard.estimation.comparing import Funnel, RankIntervals, Shrunk, funnel, groups, rank_intervals, shrink, why_not_compared
from scorecard.estimation.drivers import Driver, drivers
from scorecard.estimation.estimating import Estimates, distribution, estimate
from scorecard.estimation.response import ResponseRates, response_rates
from scorecard.estimation.sensitivity import LAMBDAS, TwoPhase, bounds, if_answering_differs, sensitivity_band, two_phase
from scorecard.estimation.shares import DIGITS, LEVEL, Z95, rate, round10, round10_all, wilson
from scorecard.estimation.weighting import LEAST_IN_CELL, TRIM, Weights, merge_cells, weights

__all__ = [
    "DIGITS",
    "LAMBDAS",
    "LEAST_IN_CELL",
    "LEVEL",
    "TRIM",
    "Z95",
    "Change",
    "Driver",
    "Estimates",
    "Funnel",
    "RankIntervals",
    "ResponseRates",
    "Shrunk",
    "TwoPhase",
    "Weights",
    "benjamini_hochberg",
    "bounds",
    "change",
    "distribution",
    "drivers",
    "estimate",
    "funnel",
    "groups",
    "if_answering_differs",
    "merge_cells",
    "rank_intervals",
    "rate",
    "response_rates",
    "round10",
    "round10_all",
    "sensitivity_band",
    "shrink",
    "two_phase",
    "weights",
    "why_not_compared",
    "wilson",
]
