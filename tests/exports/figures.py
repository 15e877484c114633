"""Figures made by hand for the tests of the words and drawings."""

from scorecard.queries import Figure
from scorecard.statistics import wilson


def figure(k: int, n: int, indicator: str = "satisfaction", code: str = "VN", variant: str = "raw", grey: bool = False) -> Figure:
    """A share with its interval."""
    low, high = wilson(k, n)
    return Figure("nation", code, indicator, variant, k, n, k / n, low, high, n, "value", False, grey)


def missing(status: str, indicator: str = "satisfaction", code: str = "VN", variant: str = "raw") -> Figure:
    """A figure without numbers."""
    return Figure("nation", code, indicator, variant, None, None, None, None, None, None, status, False, False)
