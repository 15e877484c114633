"""Commands of the survey: plan, invite, and a single link."""

import sys
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from core import audit
from core.calendar import Month, local_date, utc_now
from core.database import reading, writing
from core.errors import InputError
from procedures.queries import units
from surveys import contacts, design, handover, operations, planning, privacy, queries
from surveys.reach_cli import MONTH, groups

surveys = AppGroup("surveys", help="Invitations and answers.")
for group in groups:
    surveys.add_command(group)


@surveys.command("plan")
@click.argument("month", type=MONTH)
@click.option("--design", "name", help=f"One of: {', '.join(design.names())}. Default: the settings' design.")
@click.option("--seed", type=click.IntRange(0), help="Another seed draws other people.")
@click.option("--keep", is_flag=True, help="Fix this plan for the month; the first invitation fixes it, too.")
def plan(month: Month, name: str | None, seed: int | None, keep: bool) -> None:
    """Print what inviting in MONTH would cost and tell, if it were like the month before. Sends nothing."""
    try:
        told = planning.forecast(month, utc_now(), name, seed)
        if keep:
            planning.keep(month, told.plan, utc_now())
    except InputError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    for line in report(told, keep):
        click.echo(line)


def report(told: planning.Forecast, kept_now: bool = False) -> list[str]:
    """A forecast as lines of text: a heading, a line for each province and ministry, the sum, and what was assumed."""
    lines = [
        f"{told.month}: {told.plan.design.title.vi} / {told.plan.design.title.en} "
        f"({told.plan.design.name}, seed {told.plan.seed}), as if like {told.frame_month}",
        f"{'':32} {'end-points':>10} {'messages':>10} {'cost, đ':>13} {'answers':>9}  95 % interval",
    ]
    total = [0.0, 0.0, 0.0, 0.0]
    for one in told.lines:
        name = f"{one.code or '?'} {one.name}"[:32]
        spread = f"{one.low:.1%} – {one.high:.1%}" if one.low is not None and one.high is not None else "too few answers"
        lines.append(f"{name:32} {one.end_points:>10,} {one.messages:>10,.0f} {one.cost:>13,.0f} {one.answers:>9,.0f}  {spread}")
        total = [had + more for had, more in zip(total, (one.end_points, one.messages, one.cost, one.answers), strict=True)]
    lines.append(f"{'Tổng / total':32} {total[0]:>10,.0f} {total[1]:>10,.0f} {total[2]:>13,.0f} {total[3]:>9,.0f}")
    price = told.plan.design.assumed.message_price
    short = told.short_forms
    lines.append(f"{'Phiếu ngắn / short form':32} {'':>10} {short:>10,.0f} {short * price:>13,.0f} {short * told.response:>9,.0f}")
    basis = f"measured in {told.frame_month}" if told.measured else "assumed by the design"
    lines.append(f"Share that answers: {told.response:.1%}, share satisfied: {told.satisfied:.1%} ({basis}).")
    lines.append(f"{price:g} đ a message (assumed by the design).")
    resting = sum(one.resting for one in told.lines)
    lines.append(f"Never asked because the same applicant rests {told.plan.design.rest_days} days after an invitation: {resting:,}.")
    lines.append("The interval is sampling error alone; that some answer more readily than others is not in it.")
    state = "fixed" if told.kept or kept_now else "not fixed yet: the first invitation fixes it"
    lines.append(f"This plan is {state}.")
    return lines


@surveys.command("contacts")
def contacts_() -> None:
    """Check the file of TTHC_SURVEY_CONTACTS and name the codes in it that are no unit's, and the provinces without a telephone number."""
    settings, views = current_app.extensions["settings"], units(reading(), local_date(utc_now()))
    known = contacts.load(settings.survey_contacts) if settings.survey_contacts is not None else {}
    strange = sorted(set(known) - set(views) - {contacts.NATION})
    silent = contacts.without_phone(settings, sorted(code for code, view in views.items() if view.kind == "province"))
    click.echo(f"{len(known)} entries in {settings.survey_contacts or 'no file'}.")
    click.echo(f"Codes that are no unit's: {', '.join(strange) or 'none'}.")
    click.echo(f"Provinces without a telephone number: {', '.join(f'{code} {views[code].name}' for code in silent) or 'none'}.")
    sys.exit(1 if strange else 0)


@surveys.command("invite")
@click.argument("month", type=MONTH)
@click.option("--design", "name", help="Design to fix for the month, if none was fixed yet.")
@click.option("--seed", type=click.IntRange(0))
def invite(month: Month, name: str | None, seed: int | None) -> None:
    """Draw and invite among those who reached an end-point in MONTH. Safe to repeat: a repeat draws the same."""
    try:
        counts = planning.invite_month(month, utc_now(), name, seed)
    except InputError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    with writing() as session:
        audit.record(session, "survey.invite", str(month), counts=counts)
    click.echo(f"{month}: {counts['invited']} invited, {counts['known']} already known, {counts['resting']} resting")


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
    click.echo(handover.link(settings, secret))


@surveys.command("delete")
def delete() -> None:
    """Delete what was answered with a link, for somebody who asks for it and cannot open it. Asks for the link, so that no list of
    commands keeps it.

    The same as the page does: also after the last day for answering, until retention; nothing of it is recorded.
    """
    given = click.prompt("Đường liên kết / link", hide_input=sys.stdin.isatty())
    if operations.delete_answer(given.strip().partition("?")[0].rstrip("/").rpartition("/s/")[2].partition("/")[0]):
        click.echo("Đã xóa câu trả lời. / The answer is deleted.")
        return
    click.echo("Không có câu trả lời nào gửi từ đường liên kết này. / There is no answer from this link.", err=True)
    sys.exit(1)


@surveys.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--profile", required=True, help="Mapping profile: a shipped one's name, or a YAML file (docs/integrity.md).")
def import_ratings(file: Path, profile: str) -> None:
    """Bring ratings collected elsewhere in as a series of their own, never mixed with our answers."""
    from surveys.imports import import_file
    from surveys.outside_profile import find_profile

    try:
        result = import_file(file, find_profile(profile), "cli", utc_now())
    except InputError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    click.echo(f"{result.code}: {result.rows_used} of {result.rows_read} rows used, {result.figures} figures")
    for reason, count in sorted(result.excluded.items()):
        click.echo(f"  left out: {count} ({reason})")


@surveys.command("words")
@click.argument("code")
@click.option("--name", default="", help="How its speakers call the language.")
@click.option("--pseudo", is_flag=True, help="A test language: the Vietnamese texts between marks.")
def language_words(code: str, name: str, pseudo: bool) -> None:
    """Print the file of a further language of the form, to be translated and kept as surveys/languages/CODE.yaml."""
    from surveys import words

    click.echo(words.draft(code, name or code, pseudo), nl=False)


commands = (surveys,)
