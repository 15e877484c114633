"""Commands of the house itself: database, users, worker."""

import os
import sys

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext

from core import accounts, schema, worker
from core.access import ROLES
from core.database import get_engine
from core.errors import InputError

db = AppGroup("db", help="The database's schema.")
users = AppGroup("users", help="Accounts.")


@db.command("upgrade")
@click.argument("revision", default="head")
def upgrade(revision: str) -> None:
    """Migrate the database."""
    schema.upgrade(get_engine(), revision)


@db.command("check")
def check() -> None:
    """Exit 0 if the database has this program's schema."""
    schema.check(get_engine())


@users.command("add")
@click.argument("login")
@click.option("--name", required=True, help="Shown in the audit trail.")
@click.option("--role", required=True, type=click.Choice(ROLES))
@click.option("--unit", "unit_code", help="For a centre: its unit's code.")
def add(login: str, name: str, role: str, unit_code: str | None) -> None:
    """Create an account. The password comes from TTHC_NEW_PASSWORD or is asked for."""
    password = os.environ.get("TTHC_NEW_PASSWORD") or click.prompt("password", hide_input=True, confirmation_prompt=True)
    try:
        accounts.add_user(login, name, role, password, unit_code)
    except InputError as error:
        click.echo(str(error), err=True)
        sys.exit(1)


@click.command("worker")
@with_appcontext
def run_worker() -> None:
    """Run the scheduled jobs until stopped."""
    schema.check(get_engine())
    worker.serve(current_app._get_current_object())  # type: ignore[attr-defined]  # the proxy's own way to the application


commands = (db, users, run_worker)
