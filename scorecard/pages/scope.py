"""Which unit a logged-in person may look into."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from flask import abort

from core.access import CENTRE

if TYPE_CHECKING:
    from core.models import User
    from procedures.queries import UnitView


def root_of(units: Mapping[str, UnitView], user: User) -> str:
    """The top of a centre's own tree: a one-stop centre serves the province or commune it stands under. 403 without a unit."""
    view = units.get(user.unit_code or "")
    if view is None:
        abort(403)
    return view.parent_code if view.kind == "centre" and view.parent_code else view.code


def inside(units: Mapping[str, UnitView], code: str, root: str) -> bool:
    """Whether a unit is the root or lies below it."""
    seen: set[str] = set()
    current: str | None = code
    while current is not None and current not in seen:
        if current == root:
            return True
        seen.add(current)
        view = units.get(current)
        current = view.parent_code if view is not None else None
    return False


def choose(units: Mapping[str, UnitView], user: User, wanted: str | None) -> str | None:
    """The unit to show: the wanted one if it is the person's to see.

    A centre's user gets its own unit or one below it, and 403 for any other; office and admin get any (404 if it does not
    exist), or None if they named none.
    """
    if user.role != CENTRE:
        if wanted and wanted not in units:
            abort(404)
        return wanted or None
    root = root_of(units, user)
    if wanted and not inside(units, wanted, root):
        abort(403)
    return wanted or root
