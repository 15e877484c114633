"""CSV files that people open in a spreadsheet program."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from flask import Response

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")  # a cell that begins so would be run as a formula


def safe(value: object) -> object:
    """A text cell that no spreadsheet program takes for a formula; numbers stay as they are; None becomes empty."""
    if isinstance(value, str) and value.startswith(DANGEROUS):
        return f"'{value}"
    return "" if value is None else value


def download(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """A CSV file in UTF-8 with a byte-order mark, as a download of this name (ASCII)."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows([safe(value) for value in row] for row in rows)
    body = text.getvalue().encode("utf-8-sig")
    return Response(body, mimetype="text/csv", headers={"Content-Disposition": f'attachment; filename="{name}"'})


def file_name(stem: str, month: str, code: str, simulated: bool) -> str:
    """``phieu-ket-qua-01-2026-10-MO-PHONG.csv``: a file of simulated figures says so in its name."""
    kept = "".join(letter for letter in code if letter.isascii() and (letter.isalnum() or letter in ".-"))
    return f"{stem}-{kept}-{month}{'-MO-PHONG' if simulated else ''}.csv"
