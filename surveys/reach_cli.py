"""Commands of the survey's ways out: hand-over, mail, posters, slips, telephone, places without signal. Joined by ``surveys.cli``."""

import csv
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from flask import current_app
from sqlalchemy import select

from core import audit
from core.calendar import Month, local_date, utc_now
from core.database import reading, writing
from core.errors import InputError
from procedures.queries import national_sources, units
from surveys import followup, handover, mail, operations, paper, posters, queries, telephone, trial
from surveys.models import Handover

if TYPE_CHECKING:
    from surveys.models import Place


class MonthType(click.ParamType[Month]):
    """A month like 2026-10."""

    name = "month"

    def convert(self, value: str | Month, param: click.Parameter | None, ctx: click.Context | None) -> Month:
        """Read the month."""
        try:
            return value if isinstance(value, Month) else Month.parse(value)
        except ValueError:
            self.fail(f"{value}: tháng viết như 2026-10 / write the month like 2026-10", param, ctx)


MONTH = MonthType()
DAY = click.DateTime(["%Y-%m-%d"])
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@contextmanager
def told() -> Iterator[None]:
    """Say what is wrong and how to put it right, without a trace of the program."""
    try:
        yield
    except (UnicodeDecodeError, csv.Error) as error:
        click.echo(
            "Tệp không phải CSV mã UTF-8: lưu lại dưới dạng “CSV UTF-8”. / This is no CSV in UTF-8: save it as “CSV UTF-8”.", err=True
        )
        raise SystemExit(1) from error
    except (InputError, OSError) as error:
        click.echo(str(error), err=True)
        sys.exit(1)


def _known(source: str) -> None:
    """Raises ``InputError`` for a source that there is not: to it nothing would ever be handed over."""
    there = national_sources(reading())
    if source not in there:
        raise InputError(
            f"Không có nguồn {source}. Các nguồn: {', '.join(there) or 'chưa có'}.",
            f"There is no source {source}. The sources: {', '.join(there) or 'none yet'}.",
            field="source",
        )


@click.command("handover")
@click.argument("source")
@click.argument("months", type=MONTH, nargs=-1, required=True)
@click.option("--again", "key", help="Write this hand-over's file again.")
def hand_over(source: str, months: tuple[Month, ...], key: str | None) -> None:
    """Write the invitations of SOURCE that were not handed over yet into a file: dossier code, link, invitation id."""
    with told():
        _known(source)
        keys = [key] if key else handover.pack(source, months, "file", utc_now())
        for each in keys:
            path = handover.write_file(each, utc_now())
            click.echo(f"{each}: {handover.parcel_of(each).invitations} invitations in {path}")
        if not keys:
            click.echo("nothing new to hand over")


@click.command("received")
@click.argument("key")
def received(key: str) -> None:
    """The other side has hand-over KEY: delete its file."""
    with told():
        click.echo(f"{key}: {handover.received(key, utc_now())} invitations received, file deleted")


@click.command("retry")
@click.argument("key")
def retry(key: str) -> None:
    """Let the webhook's hand-over KEY, which was given up, be delivered again."""
    with told():
        handover.retry(key, utc_now())
        click.echo(f"{key}: will be delivered again")


@click.command("handovers")
def handovers() -> None:
    """List the last hand-overs."""
    for parcel in reading().scalars(select(Handover).order_by(Handover.id.desc()).limit(50)):
        line = f"{parcel.key} {parcel.source_code} {','.join(parcel.months)} {parcel.way} {parcel.state} {parcel.invitations}"
        click.echo(line + (f" after {parcel.attempts} attempts: {parcel.error}" if parcel.error else ""))


@click.command("receipts")
@click.argument("source")
@click.argument("file", type=FILE)
def receipts(source: str, file: Path) -> None:
    """Take delivery receipts of SOURCE from a CSV FILE: invitation, delivery (sent, delivered, failed), contact_load."""
    with told(), file.open(encoding="utf-8-sig", newline="") as stream:
        _known(source)
        table = csv.DictReader(stream)
        if not {"invitation", "delivery"} <= set(table.fieldnames or ()):
            raise InputError("Tệp cần các cột invitation và delivery.", "The file needs the columns invitation and delivery.", row=1)
        counts = handover.report(source, table, utc_now())
        click.echo(", ".join(f"{count} {name}" for name, count in counts.items()))


@click.command("mail")
@click.argument("source")
@click.argument("months", type=MONTH, nargs=-1, required=True)
@click.option("--contacts", type=FILE, required=True, help="CSV with dossier_code and email; read, and not kept.")
@click.option("--language", type=click.Choice(sorted(mail.messages())), default="vi")
def send_mail(source: str, months: tuple[Month, ...], contacts: Path, language: str) -> None:
    """Mail the invitations of SOURCE to those whose address is in a file."""
    with told():
        _known(source)
        with contacts.open(encoding="utf-8-sig", newline="") as stream:
            known = mail.contacts(stream)
        counts = mail.send(source, months, known, language, utc_now())
        with writing() as session:
            audit.record(session, "survey.mail", source, counts=counts)
        click.echo(", ".join(f"{count} {name}" for name, count in counts.items()))


@click.command("texts")
def texts() -> None:
    """Print the short message in every language, with its length."""
    sample = handover.link(current_app.extensions["settings"], "a" * 26)
    with told():
        for language in mail.messages():
            text = mail.short_message(language, sample)
            click.echo(f"{language} ({len(text)}): {text}")


@click.command("try")
@click.argument("procedure")
@click.argument("unit")
@click.option("--end-point", default="returned", show_default=True)
@click.option("--channel", default="online", show_default=True)
def try_out(procedure: str, unit: str, end_point: str, channel: str) -> None:
    """Print a link to try the form out. Its answer is marked as a test and never counted."""
    with told():
        token = trial.invite(procedure, unit, end_point, channel, utc_now())
        click.echo(handover.link(current_app.extensions["settings"], token))


@click.command("poster")
@click.argument("unit")
@click.option("--point", required=True, help="Name of the reception point, as people know it.")
@click.option("--counter", default="", help="Only where the installation allows codes for counters.")
@click.option("--kiosk", is_flag=True, help="For a device that stands there, in place of a poster.")
@click.option("--to", "path", type=click.Path(dir_okay=False, path_type=Path), required=True)
def poster(unit: str, point: str, counter: str, kiosk: bool, path: Path) -> None:
    """Open a link for a reception point of UNIT and write its poster (A5 PDF)."""
    with told():
        place: Place = posters.open_place(unit, point, "kiosk" if kiosk else "open", utc_now(), counter)
        _write_pdf(path, lambda name: posters.poster_html(place, name), unit)
        click.echo(f"{posters.address(place)} → {path}")


@click.command("slips")
@click.argument("unit")
@click.option("--point", default="", help="Name of the reception point.")
@click.option("--size", type=int, default=50)
@click.option("--again", "number", type=int, help="Print this batch again instead.")
@click.option("--to", "path", type=click.Path(dir_okay=False, path_type=Path), required=True)
def slips(unit: str, point: str, size: int, number: int | None, path: Path) -> None:
    """Write paper slips for UNIT (A5 PDF, one a page)."""
    with told():
        number = paper.print_batch(unit, point, size, utc_now()) if number is None else number
        batch = paper.batch_of(reading(), number)
        if batch is None or batch.unit_code != unit:
            raise InputError(f"Đơn vị {unit} không có tập phiếu {number}.", f"The unit {unit} has no batch {number}.", field="number")
        _write_pdf(path, lambda name: paper.slips_html(batch, name), unit)
        click.echo(f"batch {number}: {batch.size} slips → {path}")


def _write_pdf(path: Path, html: Callable[[str], str], unit: str) -> None:
    view = units(reading(), local_date(utc_now())).get(unit)
    with current_app.test_request_context():  # its text is rendered as for a page, in Vietnamese
        content = html(view.name if view else unit)
    path.write_bytes(current_app.extensions["pdf"](content).content)


@click.group("followup")
def follow_up() -> None:
    """A sample of those who did not answer."""


@follow_up.command("draw")
@click.argument("month", type=MONTH)
@click.option("--size", type=click.IntRange(1), default=followup.SIZE, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
def draw(month: Month, size: int, seed: int) -> None:
    """Draw a simple random sample among the invited of MONTH who did not answer in time. Once a month."""
    with told():
        drawn = followup.draw(month, seed, utc_now(), size)
        click.echo(f"{month}: {drawn.drawn} of {drawn.silent} without an answer drawn (seed {seed})")


@follow_up.command("show")
@click.argument("month", type=MONTH)
def show(month: Month) -> None:
    """How far the follow-up of MONTH has come."""
    counts = queries.follow_up(reading(), month)
    if counts is None:
        click.echo(f"{month}: not drawn")
        return
    click.echo(f"{month}: {counts.drawn} of {counts.silent} drawn")
    for code, number in counts.outcomes.items():
        click.echo(f"  {code or 'not called yet'}: {number}")


@click.command("calls")
@click.argument("source")
@click.argument("month", type=MONTH)
def calls(source: str, month: Month) -> None:
    """Write SOURCE's list of calls of MONTH (dossier code, call code) for the system that knows the numbers."""
    with told():
        _known(source)
        telephone.open_cases(month)
        now = utc_now()
        path = handover.folder() / f"calls-{source}-{month}.csv"
        handover.write_rows(path, telephone.COLUMNS, telephone.calls(source, month, now))
        with writing() as session:
            audit.record(session, "survey.calls", source, month=str(month))
        click.echo(f"{path}: delete it when it has been taken over; {handover.days()} days from now it is deleted anyway")


@click.group("signal")
def signal() -> None:
    """Communes without mobile signal, as declared."""


@signal.command("declare")
@click.argument("unit")
@click.option("--since", type=DAY, required=True)
@click.option("--until", type=DAY, help="First day with signal again.")
@click.option("--document", required=True, help="Who declared it, by what.")
@click.option("--part", is_flag=True, help="Some villages only.")
def declare(unit: str, since: datetime, until: datetime | None, document: str, part: bool) -> None:
    """Declare UNIT to be without mobile signal during a span of days; again to change how it ends."""
    with told():
        operations.declare_no_signal(unit, since.date(), until.date() if until else None, document, not part, utc_now())
        click.echo(f"{unit}: without signal from {since.date()}" + (f" until {until.date()}" if until else ""))


@signal.command("list")
@click.option("--on", "day", type=DAY, help="Default: today.")
def listed(day: datetime | None) -> None:
    """Communes without signal on a day, with the document that says so."""
    for code, row in queries.without_signal(reading(), day.date() if day else local_date(utc_now())).items():
        click.echo(f"{code} {'whole' if row.whole else 'in part'} since {row.valid_from}: {row.document}")


groups: tuple[click.Command, ...] = (
    hand_over,
    received,
    retry,
    handovers,
    receipts,
    send_mail,
    texts,
    try_out,
    poster,
    slips,
    follow_up,
    calls,
    signal,
)
