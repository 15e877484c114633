"""Commands: build an edition's files, number, sign and rebuild them, send an edition to the Monitoring System."""

import sys
from collections.abc import Callable
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from core.calendar import Month, utc_now
from core.database import reading
from core.errors import InputError
from exports import attaching, monitoring, numbering, operations, papers, queries, rebuilding
from exports.models import Publication
from exports.names import ENGLISH, PLACE
from procedures.queries import units as places
from scorecard.models import Edition

exports = AppGroup("exports", help="The report and its data files.")
editions = AppGroup("editions", help="Number, sign, rebuild and send an edition.")


def _month(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Month | None:
    try:
        return Month.parse(value) if value is not None else None
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _day(_context: click.Context, _parameter: click.Parameter, value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise click.BadParameter(f"{value!r}: a day is written like 2026-11-25 (ngày được viết như 2026-11-25)") from error


def speaking(command: Callable[..., None]) -> Callable[..., None]:
    """What a person can mend ends in a sentence and exit code 1, not in a traceback."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except InputError as error:
            click.echo(str(error), err=True)
            sys.exit(1)

    return run


MONTH = click.argument("month", callback=_month)
VERSION = click.option("--version", type=int, help="Another than the newest.")
LOGIN = click.option("--as", "login", default="cli", help="Login of who does it, for the audit trail.")


@exports.command("build")
@MONTH
@speaking
def build(month: Month) -> None:
    """Build the report and the data files of MONTH's newest edition now."""
    edition_id = _edition(month, None).id
    now = utc_now()
    operations.want_report(edition_id, "cli", now)
    operations.build_edition(edition_id, now)
    _show(edition_id)


@exports.command("papers")
@MONTH
@click.argument("units", nargs=-1)
@speaking
def papers_of(month: Month, units: tuple[str, ...]) -> None:
    """Build the papers beside MONTH's report: of the UNITS named (provinces, ministries, communes); without any, the English edition
    and the report of every province."""
    edition = _edition(month, None)
    now = utc_now()
    if not units:
        papers.want(edition.id, ENGLISH, [""], "cli", now)
        units = tuple(code for code, view in places(reading(), month.last_day).items() if view.kind == "province")
    papers.want(edition.id, PLACE, units, "cli", now)
    operations.build_edition(edition.id, now)
    _show(edition.id)


@editions.command("number")
@MONTH
@click.argument("number")
@click.argument("dated_on", callback=_day)
@LOGIN
@speaking
def number(month: Month, number: str, dated_on: date, login: str) -> None:
    """Give MONTH's reviewed edition its NUMBER (123/BC-VPCP) and day (2026-11-25), and render the final report."""
    edition_id = _edition(month, None).id
    now = utc_now()
    numbering.take_number(edition_id, number, dated_on, login, now)
    operations.build_edition(edition_id, now)
    _show(edition_id)


@editions.command("give-back")
@MONTH
@click.option("--reason", required=True, help="Why the number is given back.")
@LOGIN
@speaking
def give_back(month: Month, reason: str, login: str) -> None:
    """Take the number off MONTH's report, which is not signed yet, so that its human parts can be written again."""
    numbering.give_back(_edition(month, None).id, reason, login, utc_now())
    click.echo(f"{month}: no number any more")


@editions.command("sign")
@MONTH
@VERSION
@LOGIN
@speaking
def sign(month: Month, version: int | None, login: str) -> None:
    """Sign MONTH's final report with the configured certificate."""
    _signed(attaching.sign_here(attaching.awaiting(month, version).id, login, utc_now()))


@editions.command("attach-signed")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--month", callback=_month, help="Where several reports wait for their signature.")
@VERSION
@LOGIN
@click.option("--confirmed-by", help="Login of who confirms that a file written anew by other software is the same report.")
@speaking
def attach_signed(file: Path, month: Month | None, version: int | None, login: str, confirmed_by: str | None) -> None:
    """Bring FILE back, the final report as it was signed outside."""
    edition = attaching.awaiting(month, version)
    _signed(attaching.attach(edition.id, file.read_bytes(), login, utc_now(), confirmed_by))


@editions.command("rebuild")
@MONTH
@VERSION
@speaking
def rebuild(month: Month, version: int | None) -> None:
    """Make MONTH's stored files again and compare them byte for byte. Exit 0 only if all are identical."""
    found = rebuilding.rebuild(_edition(month, version).id)
    for one in found:
        click.echo(f"{'identical' if one.identical else 'DIFFERENT'}\t{one.name}")
        for line in one.differences:
            click.echo(f"\t{line}")
    sys.exit(0 if all(one.identical for one in found) else 1)


@editions.command("files")
@MONTH
@VERSION
@speaking
def files(month: Month, version: int | None) -> None:
    """List the files of MONTH's edition with their digests."""
    _show(_edition(month, version).id)


@editions.command("send")
@MONTH
@VERSION
@LOGIN
@speaking
def send(month: Month, version: int | None, login: str) -> None:
    """Send MONTH's published edition to the Monitoring System now (again, if it was refused)."""
    edition = _edition(month, version)
    monitoring.ask(edition.id, login, utc_now())
    for name, count in monitoring.send_due(utc_now()).items():
        click.echo(f"{name}: {count}")
    delivery = queries.delivery(reading(), edition.id)
    if delivery is not None:
        click.echo(f"{delivery.state}\t{delivery.key}\t{delivery.receipt or ''}")
        for attempt in queries.attempts(reading(), delivery.id)[:1]:
            click.echo(f"\t{attempt.outcome}\t{attempt.status or ''}\t{attempt.message}")
    sys.exit(0 if delivery is not None and delivery.state == "received" else 1)


@editions.command("package")
@MONTH
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@VERSION
@speaking
def package(month: Month, file: Path, version: int | None) -> None:
    """Write MONTH's published edition as FILE (ZIP), for uploading by hand to the Monitoring System."""
    from exports.monitoring_package import package as pack

    content = pack(_edition(month, version).id)
    file.write_bytes(content)
    click.echo(f"{file}\t{len(content)}")


def _edition(month: Month, version: int | None) -> Edition:
    edition = queries.version_of(reading(), month, version)
    if edition is None:
        raise InputError(f"Tháng {month} chưa có phiên bản nào đã chốt.", f"No edition of {month} has been closed.")
    return edition


def _show(edition_id: int) -> None:
    found = queries.files(reading(), edition_id)
    for file in found:
        click.echo(f"{file.state}\t{file.name}\t{file.size or 0}\t{file.sha256}{file.error}")
    if any(file.state == "failed" for file in found):
        sys.exit(1)


def _signed(publication: Publication) -> None:
    names = "; ".join(one["signer"] for one in publication.signers)
    click.echo(f"signed ({publication.signed_way}): {publication.number}, {names}")
    _show(publication.edition_id)


commands = (exports, editions)
