"""Where people complain or ask: the official channel and a telephone number, by locality (``contacts.yaml``, or the installation's own)."""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from core.errors import InputError
from core.settings import Settings

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
    """Channels by unit code. Raises ``InputError`` naming the file, the entry and the field."""
    try:
        return TypeAdapter(dict[str, Contact]).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        where = " → ".join(str(part) for part in first["loc"] if part != "[key]")
        told = f"{where}: {first['msg']}"
        hint_vi, hint_en = 'Mã đơn vị đặt trong dấu nháy ("01").', 'Unit codes stand in quotation marks ("01").'
        raise InputError(
            f"Tệp kênh tiếp nhận {path} không hợp lệ: {told}. {hint_vi}", f"The file of contacts {path} is not valid: {told}. {hint_en}"
        ) from error
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InputError(
            f"Không đọc được tệp kênh tiếp nhận {path}: {error}", f"The file of contacts {path} cannot be read: {error}"
        ) from error


def check(settings: Settings) -> None:
    """Read the installation's own file when the program starts, not when somebody waits for a page. Raises ``InputError``."""
    if settings.survey_contacts is not None:
        load(settings.survey_contacts)


def without_phone(settings: Settings, unit_codes: Iterable[str]) -> list[str]:
    """Those of the units whose people are given no telephone number."""
    return [code for code in unit_codes if not contact(settings, [code]).phone]


def contact(settings: Settings, unit_codes: Iterable[str | None]) -> Contact:
    """The channel for a dossier. ``unit_codes``: nearest first; what an entry leaves out is taken from the next, at last the nation's."""
    own = load(settings.survey_contacts) if settings.survey_contacts is not None else {}
    found: dict[str, str] = {}
    for entry in (*(own[code] for code in (*unit_codes, NATION) if code in own), load(SHIPPED)[NATION]):
        found = entry.model_dump(exclude_defaults=True) | found
    return Contact.model_validate(found)
