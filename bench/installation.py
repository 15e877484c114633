"""Installations to measure on: the whole country registered, no dossier yet; copied for each round, since loading changes them."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from flask import Flask
from pydantic import SecretStr

from bench.generate import SEED
from core.calendar import Month
from core.settings import ROOT, Settings

MONTH = Month(2027, 6)  # the 24 months up to it begin where the present units begin
NOW = datetime(2027, 7, 5, 3, tzinfo=UTC)


def settings(data_dir: Path) -> Settings:
    """Settings of a throw-away installation."""
    key = SecretStr("b" * 40)
    return Settings(
        secret_key=key,
        invitation_key=key,
        answer_key=key,
        spool_key=key,
        applicant_key=key,
        data_dir=data_dir,
        database_url="",
        secure_cookies=False,
        max_upload_mb=16_384,
        max_unpacked_mb=16_384,
    )


@contextmanager
def opened(data_dir: Path) -> Iterator[Flask]:
    """The application on an installation, inside its context."""
    from app import create_app

    app = create_app(settings=settings(data_dir))
    try:
        with app.app_context():
            yield app
    finally:
        app.extensions["engine"].dispose()


def prepare(data_dir: Path) -> Path:
    """Register units, one source for each province, registers, procedures and offerings."""
    from core import schema
    from core.database import get_engine
    from procedures import operations
    from simulation import catalogue, places, structure

    with opened(data_dir):
        schema.upgrade(get_engine())
        provinces, communes = places.territory()
        ids = structure.put_units([*places.agencies(provinces), *provinces, *communes])
        for place in provinces:
            operations.add_source(place.code, f"Nguồn {place.code}", place.code, simulated=True)
        structure.put_registers({}, ids)
        items = catalogue.items(np.random.default_rng(SEED))
        window = (MONTH.first_day, MONTH.last_day)
        levels = catalogue.online_levels(np.random.default_rng(SEED), items, len(provinces), window)
        structure.put_offerings(items, levels, provinces, ids, structure.put_catalogue(items))
    return data_dir


def copied(data_dir: Path, target: Path) -> Path:
    """The same installation once more: data files by link, since they never change, everything else by copy."""

    def copy(source: str, to: str) -> None:
        if source.endswith(".parquet"):
            os.link(source, to)
        else:
            shutil.copy2(source, to)

    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(data_dir, target, copy_function=copy)
    return target


def run(step: str, *arguments: object) -> dict[str, Any]:
    """One step of ``bench.steps`` in a process of its own: what it says, with ``peak_mb``, its largest resident memory."""
    command = [sys.executable, "-m", "bench.steps", step, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603  # our own module
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


def least(rounds: int, step: str, *arguments: object) -> dict[str, Any]:
    """The quickest of several runs, with the largest peak of all."""
    runs = [run(step, *arguments) for _ in range(rounds)]
    return min(runs, key=lambda said: said["seconds"]) | {"peak_mb": max(said["peak_mb"] for said in runs)}
