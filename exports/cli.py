"""Commands: build an edition's files."""

import sys

import click
from flask.cli import AppGroup

from core.calendar import Month, utc_now
from core.database import reading
from core.errors import InputError
from exports import operations, queries

exports = AppGroup("exports", help="The report and its data files.")


def _month(_context: click.Context, _parameter: click.Parameter, value: str) -> Month:
    try:
        return Month.parse(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@exports.command("build")
@click.argument("month", callback=_month)
def build(month: Month) -> None:
    """Build the report and the data files of MONTH's newest edition now."""
    edition = queries.newest_edition(reading(), month, include_drafts=True)
    if edition is None:
        click.echo(f"Tháng {month} chưa có phiên bản nào đã chốt. / No edition of {month} has been closed.", err=True)
        sys.exit(1)
    now = utc_now()
    edition_id = edition.id
    operations.want_report(edition_id, "cli", now)
    try:
        operations.build_edition(edition_id, now)
    except InputError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    for file in queries.files(reading(), edition_id):
        click.echo(f"{file.state}\t{file.name}\t{file.size or 0}\t{file.sha256}{file.error}")
    if any(file.state == "failed" for file in queries.files(reading(), edition_id)):
        sys.exit(1)


commands = (exports,)
