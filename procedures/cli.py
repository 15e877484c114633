"""Commands that take in units, the catalogue and feeds."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click
from flask.cli import AppGroup

from core.calendar import local_date, utc_now
from core.database import reading
from core.errors import InputError
from procedures.form_cli import compare_form, load_form
from procedures.list_cli import load_boundary_list, load_petitions, load_register_dates, load_tickets

units = AppGroup("units", help="Units of administration.")
catalogue = AppGroup("catalogue", help="Procedures, state registers, quoted figures.")
feeds = AppGroup("feeds", help="Sources and the files that they send.")
sources = AppGroup("source", help="Systems that send dossiers.")
providers = AppGroup("provider", help="Suppliers of those systems.")
feeds.add_command(sources)
feeds.add_command(providers)
tokens = AppGroup("token", help="Tokens with which a source's system pushes by the API.")
feeds.add_command(tokens)
feeds.add_command(load_form)
feeds.add_command(compare_form)
feeds.add_command(load_tickets)
feeds.add_command(load_petitions)
catalogue.add_command(load_boundary_list)
catalogue.add_command(load_register_dates)
FILE = click.Path(path_type=Path)
LOADED = ("submission", "received", "accepted", "superseded", "quarantined", "unchanged", "seconds")
DAY = click.DateTime(["%Y-%m-%d"])


@contextmanager
def _told() -> Iterator[None]:
    """What is wrong with the input goes to the error stream in both languages, with exit code 1."""
    try:
        yield
    except InputError as error:
        click.echo(str(error), err=True)
        sys.exit(1)


@units.command("load")
@click.argument("file", type=FILE)
@click.option("--as-of", type=DAY, help="Day on which the list was valid; default: the day in the file's name, else today.")
@click.option("--valid-from", type=DAY, help="First list only: since when its units count; default: 2025-07-01.")
@click.option("--accept", is_flag=True, help="Record the differences as new dated versions.")
@click.option("--document", default="", help="With --accept: the decision behind the changes.")
@click.option("--json", "as_json", is_flag=True)
def load_units(file: Path, as_of: datetime | None, valid_from: datetime | None, accept: bool, document: str, as_json: bool) -> None:
    """Load the list of provinces and communes, or compare it with what is recorded (exit code 1 if it differs)."""
    from procedures import operations

    with _told():
        result = operations.load_units(
            file,
            local_date(utc_now()),
            as_of.date() if as_of else None,
            accept,
            document,
            valid_from.date() if valid_from else None,
        )
    if result.day_assumed:
        click.echo(
            f"{file.name}: không có ngày trong tên, coi là danh sách ngày {result.as_of} (--as-of để nói khác).\n"
            f"{file.name}: no day in the name, taken as the list of {result.as_of} (--as-of says otherwise).",
            err=True,
        )
    if as_json:
        click.echo(json.dumps(asdict(result), ensure_ascii=False))
    else:
        click.echo(f"{result.provinces} provinces, {result.communes} communes in {file.name}")
        for found in result.differences:
            click.echo(f"{found.code}\t{found.what}\t{found.old or '-'}\t→\t{found.new or '-'}")
        if result.inserted:
            click.echo(f"{result.inserted} units added")
        elif result.recorded:
            click.echo(f"{len(result.differences)} changes recorded: {document}")
        else:
            click.echo(f"{len(result.differences)} changes" + (", nothing recorded (--accept --document …)" if result.differences else ""))
    if result.differences and not result.recorded:
        sys.exit(1)


@units.command("add")
@click.argument("file", type=FILE)
@click.option("--json", "as_json", is_flag=True)
def add_units(file: Path, as_json: bool) -> None:
    """Add departments, centres, reception points and codes from a CSV: all of it, or nothing where a row is wrong (exit code 1)."""
    from procedures import operations

    with _told():
        result = operations.add_units_file(file)
    for error in result.errors:
        click.echo(str(error), err=True)
    if result.errors:
        sys.exit(1)
    counts = {"units": result.units, "versions": result.versions, "codes": result.codes, "unchanged": result.unchanged}
    if as_json:
        click.echo(json.dumps(counts))
    else:
        click.echo(f"{result.units} units, {result.versions} versions, {result.codes} codes added; {result.unchanged} rows unchanged")


@units.command("code")
@click.argument("unit")
@click.argument("system")
@click.argument("code")
@click.option("--since", type=DAY, required=True, help="First day on which the code means this unit.")
def add_unit_code(unit: str, system: str, code: str, since: datetime) -> None:
    """Give a unit a code in a system: gso, exchange or source:<SOURCE>. Whoever had the code until then loses it."""
    from procedures import operations

    with _told():
        new = operations.add_code(unit, system, code, since.date())
    click.echo(f"{unit}: {system} {code} " + ("added" if new else "unchanged"))


@units.command("legacy")
@click.argument("file", type=FILE)
@click.option("--since", type=DAY, default="2025-07-01", show_default=True, help="First day on which an old code means its successor.")
@click.option("--json", "as_json", is_flag=True)
def load_legacy(file: Path, since: datetime, as_json: bool) -> None:
    """Load the table of abolished communes and their successors: all of it, or nothing where a row is wrong (exit code 1)."""
    from procedures import successors

    with _told():
        result = successors.load_successors(file, since.date())
    for error in result.errors:
        click.echo(str(error), err=True)
    if result.errors:
        sys.exit(1)
    if as_json:
        click.echo(json.dumps({key: value for key, value in asdict(result).items() if key != "errors"}))
    else:
        changed = "recorded" if result.changed else "unchanged"
        click.echo(f"{result.communes} abolished communes, {result.whole} of them with one successor: {changed}")


@catalogue.command("load")
@click.argument("files", type=FILE, nargs=-1, required=True)
@click.option("--valid-from", type=DAY, help="First day of procedures that are new; default: today.")
@click.option("--json", "as_json", is_flag=True)
def load_catalogue(files: tuple[Path, ...], valid_from: datetime | None, as_json: bool) -> None:
    """Load lists (XLSX) and pages (JSON lines) of the national portal."""
    from procedures import operations

    with _told():
        result = operations.load_catalogue(files, valid_from.date() if valid_from else local_date(utc_now()))
    if as_json:
        click.echo(json.dumps(result.as_json(), ensure_ascii=False))
        return
    for unread in result.unread:
        click.echo(f"{unread.file}\t{unread.row}\t{unread.code}\t{unread.vi}\t{unread.en}")
    share = f", {result.read_share:.1%} of their texts read" if result.read_share is not None else ""
    click.echo(
        f"{result.added} added, {result.changed} changed, {result.unchanged} unchanged, "
        f"{result.components} papers{share}, {len(result.unread)} not read"
    )


@catalogue.command("registers")
def load_registers() -> None:
    """Load the seeds: state registers and quoted figures."""
    from procedures import operations

    click.echo(json.dumps({"registers": operations.load_registers(), "claims": operations.load_claims()}))


@catalogue.command("claims")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def load_quoted(file: Path) -> None:
    """Load figures quoted from elsewhere (YAML as procedures/claims.yaml). Keys that begin with archive_digitisation make the series of
    archives on the page of goals."""
    from procedures import operations

    try:
        click.echo(json.dumps(operations.load_claims(file)))
    except InputError as error:
        click.echo(str(error), err=True)
        sys.exit(1)


@feeds.command("load")
@click.argument("files", type=FILE, nargs=-1, required=True)
@click.option("--source", required=True, help="Code of the sending system.")
@click.option("--profile", required=True, help="Name of the mapping profile.")
@click.option("--replace-month", help="The file replaces all that the source has sent of this month, as 2026-10.")
@click.option("--yes", is_flag=True, help="With --replace-month: do it; otherwise the difference is shown and nothing done.")
@click.option("--json", "as_json", is_flag=True, help="One object a file; one that is refused says why.")
def load_feed(files: tuple[Path, ...], source: str, profile: str, replace_month: str | None, yes: bool, as_json: bool) -> None:
    """Take files of a source into the lake. A file that cannot be read is told and leaves the others alone (exit code 1)."""
    from procedures import feeds as room
    from procedures import operations

    failed = False
    for file in files:
        try:
            result = operations.load_feed(file, source, profile, utc_now(), replaces_month=replace_month, confirmed=yes)
        except InputError as error:
            failed = True
            click.echo(f"{file.name}: {error}", err=True)
            if as_json:
                click.echo(json.dumps({"file": file.name, "submission": None, "refused": str(error)}, ensure_ascii=False))
            continue
        for note in result.notes:
            click.echo(f"{file.name}: {note['vi']}\n{file.name}: {note['en']}", err=True)
        if result.state == "checked":
            room.cancel(result.submission, "cli", utc_now())
            told = ", ".join(f"{count} {what}" for what, count in result.difference.items())
            click.echo(f"{file.name}: {replace_month} would change: {told}. Nothing was done; --yes does it.", err=True)
            if as_json:
                click.echo(json.dumps({"submission": result.submission, "difference": result.difference}))
            continue
        if as_json:
            click.echo(json.dumps({name: getattr(result, name) for name in LOADED}))
            continue
        click.echo(
            f"{file.name}: {result.received} received = {result.accepted} accepted + {result.superseded} superseded + "
            f"{result.unchanged} unchanged + {result.quarantined} quarantined ({result.seconds:.1f} s)"
        )
        for rule, rows in result.warnings.items():
            click.echo(f"  {rule}: {rows} rows kept with a warning")
        if result.quarantined:
            click.echo(f"  flask feeds quarantine {result.submission} -o rows.csv")
    if failed:
        sys.exit(1)


@feeds.command("profile")
@click.argument("file", type=FILE)
@click.option("--name", default="draft", help="Name of the profile: small letters, digits, hyphens.")
@click.option("-o", "--output", type=FILE, help="Where to write it; default: print it.")
def draft_profile(file: Path, name: str, output: Path | None) -> None:
    """Look at an unknown file and draft a profile to edit: guesses are marked with a question mark."""
    from flask import current_app

    from procedures import drafting

    settings = current_app.extensions["settings"]
    with _told():
        text = drafting.draft(file, name, limit=settings.max_unpacked_mb << 20, scratch=settings.data_dir / "scratch")
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")


@feeds.command("quarantine")
@click.argument("key")
@click.option("-o", "--output", type=FILE, required=True, help="Where to write the rows.")
def quarantined_rows(key: str, output: Path) -> None:
    """Write out the quarantined rows of a submission as they were sent, with their reasons (CSV or JSON lines)."""
    from procedures import quarantine, queries

    with _told():
        submission = queries.submission(reading(), key)
        if submission is None or not quarantine.path_of(key).is_file():
            raise InputError(
                f"Lần gửi {key} không có dòng bị giữ lại.", f"The submission {key} has no quarantined rows.", field="submission"
            )
        parts, _kind = quarantine.download(submission)
        with output.open("wb") as target:
            target.writelines(parts)


@feeds.command("reconcile")
@click.argument("a")
@click.argument("b")
@click.option("--month", help="Dossiers that either source received in this month, as 2026-10; default: all.")
@click.option("-o", "--output", type=FILE, help="Where to write the differences (CSV).")
@click.option("--json", "as_json", is_flag=True, help="The counts as one object.")
def reconcile_sources(a: str, b: str, month: str | None, output: Path | None, as_json: bool) -> None:
    """Compare two sources' views of the same dossiers, by code: missing on either side, differing status or dates."""
    from procedures import reconcile

    with _told():
        chosen = reconcile.month_of(month)
        one, other = reconcile.pair(reading(), a, b)
        comparison = reconcile.compare(one.code, other.code, chosen)
        counts = comparison.counts()
        if output is not None:
            path = reconcile.marked(output, one, other)
            with path.open("wb") as stream:
                comparison.write_csv(stream, one, other)
    if as_json:
        click.echo(json.dumps(reconcile.as_json(one, other, chosen, counts)))
    else:
        click.echo(f"in both: {counts.both}, of them the same: {counts.agree}; only in {a}: {counts.only_a}; only in {b}: {counts.only_b}")
        click.echo("differing " + ", ".join(f"{name}: {getattr(counts, name)}" for name in ("status", *reconcile.DATES)))
    if output is not None:
        click.echo(f"{path}", err=as_json)


@sources.command("add")
@click.argument("code")
@click.option("--name", required=True)
@click.option("--unit", "unit_code", help="Province or ministry that answers for it.")
@click.option("--list", "list_code", default="national", help="A list of its own, for foreign data: stays out of national figures.")
@click.option("--simulated", is_flag=True)
def add_source(code: str, name: str, unit_code: str | None, list_code: str, simulated: bool) -> None:
    """Register a source."""
    from procedures import operations

    with _told():
        operations.add_source(code, name, unit_code, list_code, simulated)


@providers.command("add")
@click.argument("code")
@click.option("--name", required=True)
def add_provider(code: str, name: str) -> None:
    """Register a provider."""
    from procedures import operations

    with _told():
        operations.add_provider(code, name)


@providers.command("assign")
@click.argument("source")
@click.argument("provider")
@click.option("--from", "since", type=DAY, required=True)
def assign_provider(source: str, provider: str, since: datetime) -> None:
    """Say who supplies a source's system from a day on."""
    from procedures import operations

    with _told():
        operations.assign_provider(source, provider, since.date())


@tokens.command("add")
@click.argument("source")
@click.option("--note", default="", help="What it is for: which system, who holds it.")
def add_token(source: str, note: str) -> None:
    """Make a token for a source. It is shown this once and kept nowhere."""
    from procedures import tokens as keys

    with _told():
        click.echo(keys.create(source, note, utc_now()))


@tokens.command("revoke")
@click.argument("key_id")
def revoke_token(key_id: str) -> None:
    """End a token at once: KEY_ID is its part before the point."""
    from procedures import tokens as keys

    with _told():
        keys.revoke(key_id, utc_now())


@tokens.command("list")
def list_tokens() -> None:
    """Key id, source, made, last used, ended, note of every token."""
    from procedures import tokens as keys

    for token in keys.listed():
        days = (f"{at:%Y-%m-%d %H:%M}Z" if at else "-" for at in (token.created_at, token.last_used_at, token.revoked_at))
        click.echo("\t".join((token.key_id, token.source.code, *days, token.note)))


commands = (units, catalogue, feeds)
