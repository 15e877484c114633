"""Whether a whole country stands, and a clean place for a new one."""

import json
import shutil
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import select

from core import schema
from core.database import get_engine, reading
from core.errors import InputError
from core.models import User
from procedures.models import Source, Unit

READY = "ready.json"
MADE = ("lake", "editions", "reports", "quarantine", "simulation")  # folders that hold nothing but what the country made


def _data_dir() -> Path:
    folder: Path = current_app.extensions["settings"].data_dir
    return folder


def standing() -> dict[str, Any] | None:
    """What the marker of a country that was built to its end says, or None."""
    path = _data_dir() / "simulation" / READY
    if not path.is_file():
        return None
    marker: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return marker


def start_over() -> None:
    """Empty the database and remove what an earlier or interrupted build left behind.

    Raises ``InputError`` where the database holds anything that no simulation put there: then it is no demonstration's.
    """
    session = reading()
    real = [session.scalar(select(table.id).where(~table.simulated).limit(1)) for table in (Source, User)]
    foreign = session.scalar(select(Unit.id).limit(1)) is not None and not (_data_dir() / "simulation").is_dir()
    if foreign or any(found is not None for found in real):
        raise InputError(
            "Cơ sở dữ liệu này có số liệu hoặc tài khoản thật: không dựng dữ liệu mô phỏng đè lên. Chọn TTHC_DATA_DIR khác.",
            "This database holds real data or accounts: the simulation will not overwrite it. Choose another TTHC_DATA_DIR.",
        )
    (_data_dir() / "simulation" / READY).unlink(missing_ok=True)  # first: what follows must never look finished
    reading().close()
    engine = get_engine()
    schema.downgrade(engine, "base")
    schema.upgrade(engine)
    for name in MADE:
        shutil.rmtree(_data_dir() / name, ignore_errors=True)
