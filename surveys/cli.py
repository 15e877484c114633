"""Commands of the survey."""

import sys

import click
from flask import current_app
from flask.cli import AppGroup

from core import audit
from core.calendar import Month, utc_now
from core.database import reading, writing
from surveys import privacy, queries
from surveys.jobs import invite_month

surveys = AppGroup("surveys", help="Invitations and answers.")


@surveys.command("invite")
@click.argument("month")
def invite(month: str) -> None:
    """Invite everyone who reached an end-point in MONTH (like 2026-10). Safe to repeat."""
    try:
        wanted = Month.parse(month)
    except ValueError:
        raise click.BadParameter(f"{month}: tháng viết như 2026-10 / write the month like 2026-10") from None
    counts = invite_month(wanted, utc_now())
    with writing() as session:
        audit.record(session, "survey.invite", str(wanted), invited=counts["invited"], known=counts["known"])
    click.echo(f"{wanted}: {counts['invited']} invited, {counts['known']} already known")


@surveys.command("link")
@click.argument("source")
@click.argument("dossier")
@click.argument("occasion")
def link(source: str, dossier: str, occasion: str) -> None:
    """Print the address for one dossier of a SOURCE and OCCASION (returned, refused, withdrawn, stopped, supplement-1 …).

    For the sender's own use: whoever has the address can answer. Neither it nor the dossier's code is recorded.
    """
    settings = current_app.extensions["settings"]
    secret = privacy.token_for(settings, source, dossier, occasion)
    if queries.invitation(reading(), privacy.hash_token(settings, secret)) is None:
        click.echo(
            "Chưa có lời mời cho hồ sơ này: kiểm tra mã, hoặc chạy `flask surveys invite THÁNG` trước.\n"
            "There is no invitation for this dossier: check the codes, or run `flask surveys invite MONTH` first.",
            err=True,
        )
        sys.exit(1)
    with writing() as session:
        audit.record(session, "survey.link", source, occasion=occasion)
    click.echo(f"{settings.public_url.rstrip('/')}/s/{secret}")


commands = (surveys,)
