"""Issuing profiles: whose name, symbol, addressees and signature block a report carries, from when to when."""

from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from core.web import language

FOLDER = Path(__file__).resolve().parent


class English(BaseModel):
    """The same words for the English edition, which is a translation and carries no number or signature of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    agency: list[str]
    agency_in_text: str
    addressees: list[str]
    basis: str


class Profile(BaseModel):
    """One issuing agency's form. ``valid_to`` is the first day after; None: still valid. ``active``: false keeps it in the drawer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    valid_from: date
    valid_to: date | None
    active: bool
    simulated: bool
    parent: str
    agency: list[str]  # lines
    agency_in_text: str
    symbol: str
    place: str
    addressees: list[str]
    basis: str
    signature: list[str]
    recipients: list[str]
    en: English

    def said(self, name: str) -> Any:
        """A part of the form in the document's language."""
        return getattr(self.en if language() == "en" else self, name)


def profile(day: date, simulated: bool, folder: Path = FOLDER) -> Profile:
    """The profile in force on a day. Raises ``LookupError`` unless exactly one is."""
    every = [Profile.model_validate(yaml.safe_load(path.read_text())) for path in sorted(folder.glob("*.yaml"))]
    fitting = [
        one
        for one in every
        if one.active and one.simulated == simulated and one.valid_from <= day and (one.valid_to is None or day < one.valid_to)
    ]
    if len(fitting) != 1:
        raise LookupError(f"{len(fitting)} issuing profiles in force on {day}, there must be one")
    return fitting[0]
