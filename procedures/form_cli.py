"""Commands that take in reported counts and compare them with the dossiers."""

import json
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Literal

import click
from flask.cli import with_appcontext

from core.calendar import Month, local_date, utc_now
from core.database import reading
from core.errors import InputError


def _month(_context: click.Context, _parameter: click.Parameter, text: str) -> Month:
    try:
        return Month.parse(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r}: a month is written like 2026-10 (tháng được viết như 2026-10)") from error


@click.command("form")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--unit", required=True, help="Code of the unit that reports, or of which the portal's counts are.")
@click.option("--month", required=True, callback=_month, help="2026-10")
@click.option("--form", "form_name", type=click.Choice(["II.06a", "portal"]), default="II.06a", show_default=True)
@click.option("--json", "as_json", is_flag=True)
@with_appcontext
def load_form(file: Path, unit: str, month: Month, form_name: str, as_json: bool) -> None:
    """Take in reported counts: all of the form, or nothing where a row breaks an identity (exit code 1)."""
    from procedures import forms

    try:
        result = forms.load_form(file, unit, month, form_name, utc_now())
    except InputError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    for found in (*result.errors, *result.warnings):
        click.echo(str(found), err=True)
    if result.errors:
        sys.exit(1)
    counts = {key: getattr(result, key) for key in ("rows", "added", "changed", "removed", "unchanged")}
    if as_json:
        told = {"form": result.form, "unit": result.unit, "month": result.month, **counts}
        click.echo(json.dumps(told | {"warnings": len(result.warnings), "unmatched": result.unmatched}, ensure_ascii=False))
        return
    click.echo(f"{result.form} {result.unit} {result.month}: " + ", ".join(f"{value} {key}" for key, value in counts.items()))
    for name in result.unmatched:
        click.echo(f"  không có đơn vị / no such unit: {name}")


@click.command("form-compare")
@click.argument("unit")
@click.argument("month", callback=_month)
@click.option("--period", type=click.Choice(["calendar", "decree"]), default="calendar", show_default=True)
@click.option("--json", "as_json", is_flag=True)
@with_appcontext
def compare_form(unit: str, month: Month, period: Literal["calendar", "decree"], as_json: bool) -> None:
    """Show what was reported beside what the dossiers say. Period "decree": from the 15th of the month before to the 14th."""
    from procedures import form_comparison

    rows = form_comparison.compare_with_dossiers(reading(), unit, month, period)
    start, end = (local_date(instant) for instant in form_comparison.span(month, period))
    days = f"{start.isoformat()} – {date.fromordinal(end.toordinal() - 1).isoformat()}"
    if as_json:
        told = [asdict(row) | {"difference": row.difference} for row in rows]
        click.echo(json.dumps({"unit": unit, "month": str(month), "period": days, "rows": told}, ensure_ascii=False))
        return
    click.echo(days)
    for row in rows:
        numbers = "\t".join("–" if value is None else str(value) for value in (row.reported, row.counted, row.difference))
        click.echo(f"{row.form} {row.column}\t{numbers}\t{row.name_vi} / {row.name_en}")
