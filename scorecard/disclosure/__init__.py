"""Which figures of the survey may leave (methodology §10, §11.6; ``docs/disclosure.md``). Pure.

``protect`` is the one door: it goes over all survey measurements of a month together, and what comes out of it is what pages,
files, the API and the report can show.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from scorecard.disclosure.trees import Limits, Tree, protect_together, protect_tree

if TYPE_CHECKING:
    import pandas as pd

    from scorecard.measuring import Place, Row
    from scorecard.rulesets import RuleSet

__all__ = ["Limits", "Tree", "protect", "protect_together", "protect_tree"]


def protect(
    rows: "Iterable[Row]",
    places: "Mapping[str, Place]",
    rules: "RuleSet",
    earlier: "pd.DataFrame | None" = None,
    *,
    groups: Mapping[str, str] | None = None,
    live: bool = False,
) -> "list[Row]":
    """The survey's rows as they may leave, in the same order; hidden ones with status ``too_few`` or ``suppressed`` and no number.

    ``rows``: every survey row of the edition: all subjects, windows, breakdowns, indicators and variants at once, with their true
    counts and status ``value``, small and empty cells among them (a cell where nobody was asked is ``not_applicable`` and passes
    unchanged, as does ``not_reported``). Within a breakdown the categories divide the total; what no category has is left over.
    A cell is one period kind, window, subject, breakdown and category. Its rows share a fate: where the count of answers that a
    figure rests on (``n``; for the rate of response its numerator) is too small, all variants of the indicator are hidden, and
    where it is that of the leading indicator (satisfaction), every figure of the cell. Derived rows (weighted, shrunk, bounds) may
    come without counts; they follow the raw row.
    A row outside the tables of ``scorecard/public_tables.yaml`` loses its numbers whatever it holds.

    ``places``: all units. ``rules``: limits are its ``disclosure``. ``earlier``: figures that are public already, as in
    ``scorecard.inputs`` (``earlier.parquet``), which are fixed; None: nothing is. ``groups``: procedure → its category in the
    breakdown ``procedure_group``. ``live``: the month is not over, and only what the declaration opens then is shown.

    Raises ``ValueError`` where a cell holds fewer answers than the cells that are part of it.
    """
    raise NotImplementedError
