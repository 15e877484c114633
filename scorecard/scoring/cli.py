"""Commands that score: from a file of counts, and from a month's own figures to such a file."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext

from core.database import reading
from core.errors import InputError
from core.settings import DATA_DIR, Settings
from scorecard.scoring.library import OWN, find_scoring, kept_rules, library, read_any
from scorecard.scoring.schema import CountRules, Words

FILE = click.Path(path_type=Path)
RULES = click.option("--rules", "name", required=True, help="Id of a rule set (qd766-2022), or a rule file ending in .yaml.")


def own_rules() -> Path:
    """Where an operator puts rule sets of one's own."""
    settings: Settings | None = current_app.extensions.get("settings")  # none where files alone are scored
    return (settings.data_dir if settings is not None else DATA_DIR) / OWN


@contextmanager
def _told() -> Iterator[None]:
    """What a person can mend goes to the error stream in both languages, with exit code 1."""
    try:
        yield
    except InputError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        click.echo(f"Không ghi được tệp {error.filename}: {reason}.\nThe file {error.filename} cannot be written: {reason}.", err=True)
        sys.exit(1)


@click.command("score")
@click.argument("counts", type=FILE)
@RULES
@click.option("--output", type=FILE, required=True, help="SCORES.csv: one row a unit.")
@click.option("--details", type=FILE, help="DETAILS.csv: one row a unit and indicator, with the total without what came from nothing.")
@click.option("--json", "as_json", is_flag=True, help="A summary as JSON on the standard output.")
@with_appcontext
def score(counts: Path, name: str, output: Path, details: Path | None, as_json: bool) -> None:
    """Score units from COUNTS (unit_code, unit_name, and 1.1_num, 1.1_den … of each indicator).

    A row that cannot be scored is refused and named; the others are scored all the same. Exit code 0: every row was scored; 1: a row was
    refused, or the file as a whole.
    """
    from scorecard.scoring import points, scores_file
    from scorecard.scoring.counts_file import read_counts

    with _told():
        rules = find_scoring(name, own_rules())
        _apart(counts, output, details)
        read = read_counts(counts, rules)
        scored = [(unit, points.score(rules, unit.counts, unit.factors)) for unit in read.units]
        if scored:
            scores_file.write_scores(output, rules, scored)
        if scored and details is not None:
            scores_file.write_details(details, scored)
    notes = [*read.notes, *scores_file.notes_on_scores(scored)]
    for error in read.refused:
        click.echo(str(error), err=True)
    _say(notes)
    if as_json:
        refused = [{"row": error.row, "field": error.field, "vi": error.message_vi, "en": error.message_en} for error in read.refused]
        told = scores_file.summary(rules, scored)
        told |= {"output": str(output) if scored else None, "refused": refused, "notes": [note.model_dump() for note in notes]}
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        complete = sum(found.total is not None for _unit, found in scored)
        rows = len({error.row for error in read.refused})
        where = output if scored else "nothing written"
        click.echo(f"{rules.id}: {len(scored)} units scored ({complete} with a total), {rows} rows refused: {where}")
    sys.exit(1 if read.refused else 0)


@click.command("score-counts")
@click.argument("month")
@click.option("--output", type=FILE, required=True, help="COUNTS.csv, for the command score.")
@click.option(
    "--rules", "name", default="qd766-2022", show_default=True, help="Id of the rule set whose columns are wanted, or a rule file."
)
@click.option(
    "--kind", "kinds", multiple=True, default=("province",), show_default=True, help="Kind of unit: province, commune, department …"
)
@click.option("--bound", type=click.Choice(["lower", "upper"]), default="lower", show_default=True, help="Of figures known between bounds.")
@with_appcontext
def score_counts(month: str, output: Path, name: str, kinds: tuple[str, ...], bound: str) -> None:
    """Write what MONTH's figures (2026-10; the newest edition, or the running month) tell of an index's counts; blanks for the rest.

    A rule set that the edition was closed with is used as it was then.
    """
    from core.calendar import Month
    from procedures.queries import units
    from scorecard import queries
    from scorecard.scoring import own_counts

    with _told():
        try:
            day = Month.parse(month).last_day
        except ValueError as error:
            raise InputError("Tháng viết như 2026-10.", "A month is written like 2026-10.", field="MONTH") from error
        edition = queries.edition_of(reading(), month, include_unpublished=True)
        if edition is None:
            raise InputError(
                f"Tháng {month} chưa có số liệu; hãy chốt tháng trước.", f"{month} has no figures; close the month first.", field="MONTH"
            )
        kept = kept_rules(current_app.extensions["settings"].data_dir / "editions" / edition.folder)
        rules = kept.get(name) or find_scoring(name, own_rules())
        views = units(reading(), day)
        if unknown := sorted(set(kinds) - {view.kind for view in views.values()}):
            raise InputError(
                f"Không có đơn vị loại {', '.join(unknown)}.", f"There are no units of the kind {', '.join(unknown)}.", field="--kind"
            )
        found = own_counts.own_counts(reading(), edition, rules, views, kinds, bound)
        own_counts.write_counts(output, rules, found, edition.simulated)
    known = [item.id for item in rules.indicators if item.own]
    _say([Words(vi=f"{item.id}: {item.own.note.vi}", en=f"{item.id}: {item.own.note.en}") for item in rules.indicators if item.own])
    _say([Words(vi=f"Để trống: {why.vi}", en=f"Blank: {why.en}") for why in own_counts.unrecorded(rules)])
    click.echo(f"{month} v{edition.version}: {len(found)} units, counts of {', '.join(known)}: {output}")


rules_group = AppGroup("rules", help="Rule sets: what there is, and whether a file of one's own is sound.")


@rules_group.command("list")
def list_rules() -> None:
    """Show all rule sets; what is wrong with files of one's own goes to the error stream (exit code 1)."""
    found = library(own_rules())
    for entry in found.entries.values():
        until = entry.rules.valid_to or "…"
        click.echo(f"{entry.rules.id} {entry.rules.kind} {entry.rules.valid_from}–{until}{'' if entry.shipped else f' {entry.path}'}")
    for fault in found.faults:
        click.echo(str(fault), err=True)
    sys.exit(1 if found.faults else 0)


@rules_group.command("check")
@click.argument("files", type=FILE, nargs=-1, required=True)
def check_rules(files: tuple[Path, ...]) -> None:
    """Check rule files (exit code 1 if one is not sound): every fault with its place and what to do."""
    failed = False
    for file in files:
        try:
            rules = read_any(file)
        except InputError as error:
            failed = True
            click.echo(str(error), err=True)
            continue
        told = f"{len(rules.indicators)} indicators, {rules.points} points" if isinstance(rules, CountRules) else rules.kind
        click.echo(f"{file.name}: {rules.id}, {told}")
    sys.exit(1 if failed else 0)


def _apart(counts: Path, output: Path, details: Path | None) -> None:
    """Nothing may be written over what is read, nor two files into one."""
    places = [path.resolve() for path in (counts, output, details) if path is not None]
    if len(set(places)) < len(places):
        raise InputError(
            "Tệp vào và các tệp ra phải khác nhau; đặt tên khác.",
            "The input and the outputs must be different files; name others.",
            field="--output",
        )


def _say(notes: list[Words]) -> None:
    for note in notes:
        click.echo(f"{note.vi}\n{note.en}", err=True)


files_alone = (score, rules_group)
commands = (*files_alone, score_counts)
