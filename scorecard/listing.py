"""The dossiers behind a recorded figure: opened by the very expressions that counted it, over the edition's own files."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from flask import current_app

from core.calendar import local_date
from core.errors import InputError
from scorecard.figures import LOWER, RAW, UPPER
from scorecard.indicators import INDICATORS, Expression
from scorecard.models import Edition

if TYPE_CHECKING:
    import ibis


def _numerator(code: str, variant: str = RAW) -> Expression:
    return INDICATORS[code].numerators[variant]


def _denominator(code: str) -> Expression:
    expression = INDICATORS[code].denominator
    if expression is None:
        raise KeyError(code)
    return expression


# Figure in an address to the dossiers that it counts.
FIGURES: Mapping[str, Expression] = {
    "received": _denominator("online_filing"),
    "online": _numerator("online_filing"),
    "supplement": _numerator("supplement"),
    "repeat_supplement": _numerator("repeat_supplement"),
    "late": lambda d: _denominator("on_time")(d) & ~_numerator("on_time")(d).fill_null(False),
    "asked_again": _numerator("asked_again_recorded", LOWER),
    "asked_again_upper": _numerator("asked_again_recorded", UPPER),
}


@dataclass(frozen=True)
class DossierRow:
    """One dossier of an opened figure. ``requested_paper``: the papers asked for, as the source wrote them."""

    source: str
    received_on: date
    dossier_code: str
    procedure_code: str
    handling_unit: str
    requested_paper: str


def open_figure(
    edition: Edition, figure: str, unit_codes: Collection[str], procedure_code: str | None = None, register_code: str | None = None
) -> list[DossierRow]:
    """The dossiers handled by ``unit_codes`` that a figure of the edition counts, oldest first.

    ``register_code``: only those asked for a paper that this register holds. Raises ``InputError`` for an unknown figure.
    """
    from core.lake import connect, fetch
    from procedures.dossiers import dossier_table
    from procedures.papers import HELD
    from scorecard.counting import DOSSIER, judged
    from scorecard.inputs import load

    if figure not in FIGURES:
        raise InputError(f"Không có số liệu {figure}.", f"There is no figure {figure}.", field="figure")
    data_dir = current_app.extensions["settings"].data_dir
    inputs = load(data_dir / "editions" / edition.folder)
    root = dossier_table(data_dir).root
    engine = connect()

    def only(rows: "ibis.Table") -> "ibis.Table":
        rows = rows.filter(rows.handling_unit.isin(sorted(unit_codes)))
        return rows if procedure_code is None else rows.filter(rows.procedure_code == procedure_code)

    paths = [root / item.path for item in inputs.lake_files]
    dossiers, papers = judged(engine, paths, [source.code for source in inputs.sources], inputs.month, inputs.papers, only)
    wanted = dossiers.filter(FIGURES[figure](dossiers).fill_null(False))
    if register_code is not None:
        wanted = wanted.semi_join(papers.filter((papers.paper_kind == HELD) & (papers.register_code == register_code)), DOSSIER)
    names = papers.group_by(DOSSIER).agg(papers=papers.paper_name.collect(distinct=True))
    listed = wanted.left_join(names, DOSSIER).select(wanted, names.papers)
    columns = listed.select(*DOSSIER, "received_at", "procedure_code", "handling_unit", "papers")
    return [
        DossierRow(
            source=row["source"],
            received_on=local_date(row["received_at"]),
            dossier_code=row["dossier_code"],
            procedure_code=row["procedure_code"],
            handling_unit=row["handling_unit"],
            requested_paper="; ".join(sorted(name for name in row["papers"] or [] if name)),
        )
        for row in fetch(engine, columns.order_by("received_at", "source", "dossier_code")).to_pylist()
    ]
