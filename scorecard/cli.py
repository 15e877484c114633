"""Commands of the month."""

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from core.calendar import Month, utc_now
from core.database import reading
from core.errors import InputError
from scorecard import operations, queries, workflow
from scorecard.scoring.cli import commands as scoring_commands


class MonthType(click.ParamType[Month]):
    """A month as ``2026-10``."""

    name = "month"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Month:
        """Read it, or say what a month looks like."""
        if isinstance(value, Month):
            return value
        try:
            return Month.parse(value)
        except ValueError:
            self.fail(f"{value!r}: a month is written like 2026-10 (tháng được viết như 2026-10)", param, ctx)


MONTH = MonthType()
scorecard = AppGroup("scorecard", help="Close, replay, review and publish months.")
official = AppGroup("official", help="Published scores of the official index.")
scorecard.add_command(official)
for scoring_command in scoring_commands:
    scorecard.add_command(scoring_command)


def _speaking(command: Callable[..., None]) -> Callable[..., None]:
    """What a person can mend ends in a sentence and exit code 1, not in a traceback."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except InputError as error:
            click.echo(str(error), err=True)
            sys.exit(1)

    return run


@scorecard.command("close")
@click.argument("month", type=MONTH)
@click.option("--reason", default="", help="Of a correction of a published month: what it corrects; the next report prints it.")
@_speaking
def close(month: Month, reason: str) -> None:
    """Freeze MONTH (2026-10) as an edition, if anything changed since it was last closed."""
    before = queries.edition_of(reading(), month, include_unpublished=True)
    before_id = before.id if before is not None else None
    edition = operations.close(month, utc_now(), actor="cli", reason=reason)
    word = "unchanged" if edition.id == before_id else "closed"
    click.echo(f"{word}: {edition.month} v{edition.version} ({edition.state}), measurements {edition.checksum}")


@scorecard.command("replay")
@click.argument("month", type=MONTH)
@click.option("--version", type=int, help="Another than the newest.")
@_speaking
def replay(month: Month, version: int | None) -> None:
    """Compute MONTH's edition again from its own inputs. Exit 0 only if everything is identical."""
    result = operations.replay(month, version)
    for line in result.differences:
        click.echo(line)
    click.echo(f"{result.month} v{result.version}: {'identical' if result.identical else 'NOT identical'}")
    sys.exit(0 if result.identical else 1)


@scorecard.command("comment")
@click.argument("month", type=MONTH)
@click.option("--as", "login", required=True, help="Login of who sends the draft out (office or admin).")
@_speaking
def comment(month: Month, login: str) -> None:
    """Send MONTH's draft to the units for comment."""
    edition = workflow.send_for_comment(_closed(month), login, utc_now())
    due = workflow.steps(reading(), edition.id)[workflow.IN_COMMENT].due_on
    click.echo(f"in comment: {edition.month} v{edition.version} until {due}")


@scorecard.command("review")
@click.argument("month", type=MONTH)
@click.option("--as", "login", required=True, help="Login of the reviewer (office or admin).")
@click.option("--reason", default="", help="Why it is reviewed although comments were not taken or answered; kept with the edition.")
@_speaking
def review(month: Month, login: str, reason: str) -> None:
    """Mark MONTH's closed edition as reviewed."""
    edition = operations.review(_closed(month), login, utc_now(), reason)
    click.echo(f"reviewed: {edition.month} v{edition.version} by {edition.reviewed_by}")


@scorecard.command("publish")
@click.argument("month", type=MONTH)
@click.option("--as", "login", required=True, help="Login of a second person (office or admin).")
@click.option("--reason", default="", help="Of a correction: what it corrects, where that was not said when it was closed.")
@click.option("--unsigned", default="", help="Why the report is published before it is signed.")
@_speaking
def publish(month: Month, login: str, reason: str, unsigned: str) -> None:
    """Publish MONTH's reviewed edition, which has its number and is signed."""
    edition = operations.publish(_closed(month), login, utc_now(), reason, unsigned)
    click.echo(f"published: {edition.month} v{edition.version} by {edition.published_by}")


@scorecard.command("list")
def list_editions() -> None:
    """Show closed and published editions, newest first."""
    for edition in queries.editions(reading()):
        mark = " simulated" if edition.simulated else ""
        click.echo(f"{edition.month} v{edition.version} {edition.state} {edition.rule_version} {edition.checksum[:12]}{mark}")


@official.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--month", type=MONTH, help="The month of the scores, where the file's name does not say it.")
@_speaking
def load_official(file: Path, month: Month | None) -> None:
    """Load published scores of the official index (CSV: department_code, department_name, total_score, CKMB …)."""
    from scorecard.official import load

    result = load(file, month, utc_now())
    for name in result.unmatched:
        click.echo(f"unmatched: {name}")
    click.echo(f"{result.month}: {result.units} units, {result.scores} scores, {len(result.unmatched)} unmatched")


@official.command("counts")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--month", type=MONTH, help="The month of the counts, where the file's name does not say it.")
@_speaking
def load_official_counts(file: Path, month: Month | None) -> None:
    """Load the counts behind published scores (a file as for scorecard score), so that pages can compute these again."""
    from scorecard.official import load_counts

    result = load_counts(file, month, utc_now())
    for name in result.unmatched:
        click.echo(f"unmatched: {name}")
    click.echo(f"{result.month}: {result.units} units, {result.scores} counts, {len(result.unmatched)} unmatched")


def _closed(month: Month) -> int:
    edition = queries.edition_of(reading(), month, include_unpublished=True)
    if edition is None:
        raise InputError(f"Tháng {month} chưa có kỳ nào được chốt.", f"No edition of {month} has been closed.")
    return edition.id


commands = (scorecard,)
