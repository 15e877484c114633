"""Commands that take in queue tickets, petitions and lists of boundary-independent procedures."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click
from flask.cli import with_appcontext

from core.calendar import utc_now
from core.errors import InputError
from procedures.small_lists import ListResult

FILE = click.Path(path_type=Path)


def _told(load: Callable[[], ListResult], as_json: bool) -> None:
    """All of the file, or nothing where a row is wrong (exit code 1)."""
    try:
        result = load()
    except InputError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    for wrong in result.errors:
        click.echo(str(wrong), err=True)
    if result.errors:
        sys.exit(1)
    counts = {key: value for key, value in asdict(result).items() if key != "errors"}
    click.echo(json.dumps(counts) if as_json else ", ".join(f"{value} {key}" for key, value in counts.items()))


@click.command("tickets")
@click.argument("file", type=FILE)
@click.option("--unit", help="Only this unit and those below it may be named.")
@click.option("--simulated", is_flag=True, help="Made-up numbers of a demonstration.")
@click.option("--json", "as_json", is_flag=True)
@with_appcontext
def load_tickets(file: Path, unit: str | None, simulated: bool, as_json: bool) -> None:
    """Take in queue tickets (CSV or XLSX: reception_point, day, field, tickets)."""
    from procedures import tickets

    _told(lambda: tickets.load_tickets(file, utc_now(), unit, simulated), as_json)


@click.command("petitions")
@click.argument("file", type=FILE)
@click.option("--unit", help="Only this unit and those below it may be named.")
@click.option("--simulated", is_flag=True, help="Made-up numbers of a demonstration.")
@click.option("--json", "as_json", is_flag=True)
@with_appcontext
def load_petitions(file: Path, unit: str | None, simulated: bool, as_json: bool) -> None:
    """Take in counts of petitions (CSV or XLSX: unit_code, month, subject, received, on_time, reopened)."""
    from procedures import petitions

    _told(lambda: petitions.load_petitions(file, utc_now(), unit, simulated), as_json)


@click.command("register-dates")
@click.argument("file", type=FILE)
@click.option("--json", "as_json", is_flag=True)
@with_appcontext
def load_register_dates(file: Path, as_json: bool) -> None:
    """Record since when databases are published and systems connected to them, with documents (CSV or XLSX)."""
    from procedures import register_dates

    _told(lambda: register_dates.load_register_dates(file, utc_now()), as_json)


@click.command("boundary-list")
@click.argument("file", type=FILE, required=False)
@click.option("--unit", required=True, help="The province that publishes it.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), required=True, help="First day on which it holds.")
@click.option("--document", required=True, help="The decision that publishes it.")
@click.option("--json", "as_json", is_flag=True)
@with_appcontext
def load_boundary_list(file: Path | None, unit: str, since: datetime, document: str, as_json: bool) -> None:
    """Record a list of procedures received whatever the applicant's place (CSV: procedure_code). Without FILE only its publication."""
    from procedures import offerings

    _told(lambda: offerings.load_boundary_list(file, unit, document, since.date()), as_json)
