"""Commands of the demonstration country: build it once, serve it."""

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup

from core.calendar import Month, utc_now
from core.errors import InputError

demo = AppGroup("demo", help="The simulated demonstration country.")
DOSSIERS, SEED = 300_000, 766


@demo.command("build")
def build_command() -> None:
    """Build the country (DEMO_DOSSIERS, DEMO_MONTH, DEMO_SEED); nothing to do where it stands already."""
    from simulation import renewal

    now = utc_now()
    try:
        wanted = _parameters(Month.of(now).plus(-1))
        marker = renewal.standing()
        if marker is not None and all(marker["parameters"][name] == value for name, value in wanted.items() if name in _asked_for()):
            click.echo("the demonstration country stands already")
            return
        from simulation.build import build

        renewal.start_over()
        result = build(wanted["dossiers"], Month.parse(wanted["month"]), wanted["seed"], now, progress=True)
    except (InputError, ValueError) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    times = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in result.seconds.items())
    click.echo(f"{result.dossiers} dossiers, {result.invited} invitations, {result.answered} answers ({times})")


def _parameters(last_month: Month) -> dict[str, Any]:
    month = Month.parse(os.environ.get("DEMO_MONTH") or str(last_month))
    return {
        "dossiers": int(os.environ.get("DEMO_DOSSIERS") or DOSSIERS),
        "month": str(month),
        "seed": int(os.environ.get("DEMO_SEED") or SEED),
    }


def _asked_for() -> set[str]:
    """What the environment names. What it leaves open never makes a standing country wrong: months go by."""
    return {name for name in ("dossiers", "month", "seed") if os.environ.get(f"DEMO_{name.upper()}")}


@demo.command("serve")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
def serve_command(port: int) -> None:
    """Serve web and worker until Ctrl-C."""
    from simulation import renewal, serve

    marker = renewal.standing()
    if marker is None:
        click.echo("there is no demonstration country yet: run `flask --app app demo build` first", err=True)
        sys.exit(1)
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    try:
        serve.check_port(port)
        with serve.running(port) as children:
            serve.wait_until_well(port, children, stop)
            if not stop.is_set():
                click.echo("\n".join(_greeting(f"http://{serve.HOST}:{port}", marker)))
            serve.watch(children, stop)
    except serve.ServingError as error:
        click.echo(f"demo: {error}", err=True)
        sys.exit(1)


def _greeting(address: str, marker: dict[str, Any]) -> list[str]:
    from simulation import logins
    from surveys import privacy

    settings = current_app.extensions["settings"]
    folder: Path = settings.data_dir / "simulation"
    pages = {
        "home": "/",
        "a province": f"/localities/{marker['province']}",
        "a commune": f"/localities/{marker['commune']}",
        "a procedure": f"/procedures/{marker['procedure']}",
        "newest report": "/reports/latest.pdf",
        "method": "/method",
        "an unused survey": f"/s/{privacy.token_for(settings, *marker['link'])}",
        "log in": "/login",
    }
    lines = [f"ready {address}", ""]
    lines += [f"  {name:<18}{address}{path}" for name, path in pages.items()]
    lines += ["", "  demonstration log-ins (login, password, name):"]
    lines += [f"  {login.login:<18}{login.password}  {login.name}" for login in logins.read(folder / "logins.json")]
    return lines


commands = (demo,)
