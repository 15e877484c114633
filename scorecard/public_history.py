"""What earlier publications showed of the survey: fixed, when the next one is protected (``docs/disclosure.md``).

Every edition leaves the survey figures that it shows, with their status, in its folder (``public.parquet``). At the cut-off the
next one copies those of the months that its windows reach, and of the earlier versions of its own month (``earlier.parquet``).
"""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.calendar import Month
from scorecard.disclosure import EXACT, Learned, PublicTables, read_tables
from scorecard.disclosure.public import COUNTED, FILE
from scorecard.indicators import INDICATORS, SURVEY
from scorecard.models import Edition

if TYPE_CHECKING:
    import pandas as pd

    from scorecard.rows import Row

OWN, EARLIER, TABLES = "public.parquet", "earlier.parquet", "public_tables.yaml"
TEXTS = ("period_kind", "subject_kind", "subject_code", "breakdown", "category", "indicator", "variant", "status")
PLACES = ("ago", "version", "window")
NUMBERS = ("numerator", "denominator", "n")
COLUMNS = (*PLACES, *TEXTS, *NUMBERS)


def public_cells(rows: "Iterable[Row]", learned: "Iterable[Learned]" = ()) -> "pd.DataFrame":
    """The survey's plain counts among an edition's measurements, hidden ones with their status alone: ``COLUMNS`` without when.

    ``learned``: what ``protect`` told besides: wholes of which the parts leave nothing over, as lines of the variant ``exact``.
    """
    import pandas as pd

    names = (*TEXTS, "window", *NUMBERS)
    found = [
        tuple(getattr(row, name) for name in names) for row in rows if row.variant in COUNTED and INDICATORS[row.indicator].kind == SURVEY
    ]
    for indicator, cell, name in learned:
        own = cell._asdict() | {"indicator": indicator, "variant": EXACT, "status": name}
        found.append(tuple(own.get(column) for column in names))
    return _typed(pd.DataFrame(sorted(found, key=lambda row: tuple(map(str, row))), columns=list(names)), names)


def freeze_public(folder: Path, session: Session, month: Month, editions: Path) -> None:
    """Copy the declaration, and what is public already. ``editions``: the folder that holds all editions' folders.

    Of earlier months and of the own one every version counts that has been closed: also an unpublished one was seen by the office.
    """
    import pandas as pd

    from scorecard.inputs import write_frame

    shutil.copyfile(FILE, folder / TABLES)
    frames = []
    for ago in range(read_tables().history_months + 1):
        wanted = select(Edition).where(Edition.month == str(month.plus(-ago)), Edition.version > 0, Edition.state != "computing")
        for edition in session.scalars(wanted.order_by(Edition.version)):
            path = editions / edition.folder / OWN
            if path.is_file():
                frames.append(pd.read_parquet(path).assign(ago=ago, version=edition.version))
    columns = list(COLUMNS)
    write_frame(folder / EARLIER, _typed(pd.concat(frames)[columns] if frames else pd.DataFrame(columns=columns), COLUMNS))


def load_public(folder: Path) -> "tuple[pd.DataFrame | None, PublicTables]":
    """What was public and the declaration, as frozen; an edition from before they were has neither."""
    import pandas as pd

    earlier = pd.read_parquet(folder / EARLIER) if (folder / EARLIER).is_file() else None
    return earlier, read_tables(folder / TABLES) if (folder / TABLES).is_file() else read_tables()


def _typed(frame: "pd.DataFrame", columns: tuple[str, ...]) -> "pd.DataFrame":
    types = dict.fromkeys(TEXTS, "str") | dict.fromkeys(PLACES, "int64") | dict.fromkeys(NUMBERS, "Int64")
    return frame.astype({name: types[name] for name in columns}).reset_index(drop=True)
