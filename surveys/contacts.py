"""Where people complain or ask: the official channel and a telephone number, by locality (``contacts.yaml``, or the installation's own)."""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from core.settings import Settings
from procedures.queries import UnitView

SHIPPED = Path(__file__).with_suffix(".yaml")
NATION = "VN"


class Contact(BaseModel):
    """One locality's channel. ``address``: of a page (https://…); ``phone``: as it is dialled."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channel_vi: str = ""
    channel_en: str = ""
    address: str = Field(default="", pattern=r"^(https://\S+)?$")
    phone: str = Field(default="", pattern=r"^[0-9+ .]{0,20}$")


@lru_cache
def load(path: Path) -> dict[str, Contact]:
    """Channels by unit code. Raises ``OSError`` or ``pydantic.ValidationError``."""
    return TypeAdapter(dict[str, Contact]).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))


def contact(settings: Settings, units: dict[str, UnitView], unit_codes: Iterable[str | None]) -> Contact:
    """The channel for a dossier: of the first of the units that has one, or of the nearest unit above it; gaps filled from above."""
    own = load(settings.survey_contacts) if settings.survey_contacts is not None else {}
    found: dict[str, str] = {}
    for code in _upwards(units, unit_codes):
        if code in own:
            found = own[code].model_dump(exclude_defaults=True) | found
    nation = load(SHIPPED)[NATION].model_dump(exclude_defaults=True)
    return Contact.model_validate(nation | found)


def _upwards(units: dict[str, UnitView], unit_codes: Iterable[str | None]) -> list[str]:
    """The units, each followed by what is above it, and the nation."""
    order: dict[str, None] = {}
    for start in unit_codes:
        code, seen = start, set[str]()
        while code is not None and code not in seen:
            seen.add(code)
            order[code] = None
            view = units.get(code)
            code = view.parent_code if view is not None else None
    return [*(code for code in order if code != NATION), NATION]
