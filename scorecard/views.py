"""The pages: country, locality, procedure, method; the centre's scorecard; the office's desk."""

from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, abort, has_request_context, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError

from core import audit
from core.access import ADMIN, CENTRE, OFFICE, PUBLIC, access
from core.calendar import Month, local_date, utc_now
from core.database import reading, writing
from core.web import language
from procedures.queries import below, is_simulated, procedures_map, registers
from procedures.queries import procedure as find_procedure
from procedures.queries import units as all_units
from scorecard import followups, queries, workflow, workflow_views
from scorecard.asked_edition import seen_by, seen_of
from scorecard.models import Edition
from scorecard.pages import centre as centre_page
from scorecard.pages import country, csvfile, places, scope, unit_page
from scorecard.pages import followups as followup_page
from scorecard.pages import method as method_page
from scorecard.pages import procedure as procedure_page
from scorecard.release import paper_of

blueprint = Blueprint("scorecard", __name__)


@blueprint.app_context_processor
def _shared() -> dict[str, Any]:
    """What every page's frame needs. Also runs for error pages, so it must stand a database that is away."""
    frame: dict[str, Any] = {"site": True, "simulated": False, "viewer": None, "language_link": _language_link}
    if not has_request_context():
        return frame  # the report and its charts are drawn by the worker and bring their own words
    with suppress(SQLAlchemyError):
        frame |= {"simulated": is_simulated(reading()), "viewer": current_user if current_user.is_authenticated else None}
    return frame


def _language_link() -> str:
    """This page in the other language."""
    kept = {key: value for key, value in request.args.items() if key != "lang"}
    return f"{request.path}?{urlencode({**kept, 'lang': 'vi' if language() == 'en' else 'en'})}"


@blueprint.get("/")
@access(PUBLIC)
def home() -> ResponseReturnValue:
    """The country at a glance."""
    session = reading()
    edition = queries.latest_published(session)
    return render_template("public/home.html", country=country.build(session, edition) if edition else None, claims=country.claims(session))


@blueprint.get("/localities")
@access(PUBLIC)
def localities() -> ResponseReturnValue:
    """Find a province or a commune by name."""
    wanted = request.args.get("q", "").strip()[:100]
    units = all_units(reading(), local_date(utc_now()))
    found = places.find_units(units, wanted) if wanted else []
    return render_template("public/localities.html", wanted=wanted, found=found, provinces=places.listed_provinces(units))


@blueprint.get("/procedures")
@access(PUBLIC)
def procedures() -> ResponseReturnValue:
    """Find a procedure by name, sector or code."""
    wanted = request.args.get("q", "").strip()[:100]
    found = places.find_procedures(procedures_map(reading(), local_date(utc_now())).values(), wanted) if wanted else []
    return render_template("public/procedures.html", wanted=wanted, found=found, most=places.MOST_FOUND)


@blueprint.get("/localities/<code>")
@access(PUBLIC)
def locality(code: str) -> ResponseReturnValue:
    """One province's, commune's or department's published month."""
    session = reading()
    edition = _published(request.args.get("month"))
    units = all_units(session, Month.parse(edition.month).last_day if edition else local_date(utc_now()))
    view = units.get(code)
    if view is None or view.kind == "nation":
        abort(404)
    if view.kind in ("centre", "reception_point") and view.parent_code:  # it serves the place above it and has no figures of its own
        return redirect(url_for("scorecard.locality", code=view.parent_code))
    if edition is None:
        return render_template("public/locality.html", name=places.name(view), page=None)
    page = unit_page.build(session, edition, code, units, include_unpublished=False)
    by_name = request.args.get("sort") == "name"
    return render_template(
        "public/locality.html",
        name=page.name,
        page=page,
        cards=unit_page.public_cards(page),
        paper=paper_of(edition, page.unit.code),
        rows=unit_page.units_table(page, by_name),
        by_name=by_name,
        asked_month=request.args.get("month"),
        months=[other.month for other in queries.editions(session, include_unpublished=False)],
    )


@blueprint.get("/procedures/<code>")
@access(PUBLIC)
def procedure(code: str) -> ResponseReturnValue:
    """One procedure: what helps a citizen, then its figures."""
    session, today = reading(), local_date(utc_now())
    found = find_procedure(session, code) or abort(404)
    edition = queries.latest_published(session)
    to_hand_in, held = procedure_page.papers(found)
    return render_template(
        "public/procedure.html",
        procedure=found,
        to_hand_in=to_hand_in,
        held=held,
        texts=procedure_page.texts(found),
        source=procedure_page.source(found),
        rights=procedure_page.rights(),
        levels=procedure_page.online(session, found, all_units(session, today), today),
        statistics=procedure_page.statistics(session, edition, code) if edition else None,
    )


@blueprint.get("/method")
@access(PUBLIC)
def method() -> ResponseReturnValue:
    """How every number is made."""
    rules = method_page.rules(local_date(utc_now()))
    return render_template(
        "public/method.html",
        definitions=method_page.definitions(),
        marks=method_page.quality_marks(),
        rules=rules,
        glossary=method_page.glossary(),
    )


@blueprint.get("/centre")
@access(CENTRE, OFFICE, ADMIN)
def centre() -> ResponseReturnValue:
    """One unit's scorecard."""
    session = reading()
    page = _own_page()
    if page is None:
        units = all_units(session, local_date(utc_now()))
        return render_template(
            "centre/choose.html", provinces=[places.Found(view.code, places.name(view), "") for view in places.provinces(units)]
        )
    work = centre_page.work(session, page)
    return render_template(
        "centre/scorecard.html",
        page=page,
        title=centre_page.title(page.units, page.unit),
        own=current_user.role == CENTRE,
        coverage=centre_page.coverage_words(page.edition, page.unit),
        cards=centre_page.three_cards(page),
        tasks=work.tasks,
        followed=_followed(page),
        beyond=work.beyond,
        unconnected=work.unconnected,
        registers=work.registers,
        groups=work.groups,
        quality=centre_page.quality(page),
        marks=centre_page.quality_marks(page),
        conditions=followup_page.conditions(followups.conditions(session, page.unit.code, Month.parse(page.edition.month).last_day)),
        counts=centre_page.recorded_counts(page),
        months=_open_months(),
        draft=workflow.in_comment(session, page.edition.month),
        paper=paper_of(page.edition, page.unit.code),
    )


@blueprint.get("/centre/figures.csv")
@access(CENTRE, OFFICE, ADMIN)
def figures_csv() -> ResponseReturnValue:
    """The scorecard's figures as a file."""
    page = _own_page()
    if page is None:
        abort(404)
    name = csvfile.file_name("phieu-ket-qua", page.edition.month, page.unit.code, page.edition.simulated)
    return csvfile.download(name, centre_page.CSV_HEAD, centre_page.figure_cells(reading(), page))


@blueprint.get("/centre/dossiers")
@access(CENTRE)
def dossiers() -> ResponseReturnValue:
    """The dossiers behind a recorded figure: for the unit's own users only."""
    wanted = _wanted_dossiers()
    shown = wanted.found[: centre_page.SHOWN_DOSSIERS]
    view = wanted.procedures.get(wanted.procedure or "")
    return render_template(
        "centre/dossiers.html",
        heading=centre_page.dossier_heading(wanted.figure),
        edition=wanted.edition,
        unit=wanted.units[wanted.unit],
        unit_name=places.name(wanted.units[wanted.unit]),
        procedure_name=view.name if view is not None else wanted.procedure or "",
        total=len(wanted.found),
        rows=centre_page.dossier_lines(shown, wanted.units, wanted.procedures),
        csv_link=url_for(
            "scorecard.dossiers_csv",
            figure=wanted.figure,
            procedure=wanted.procedure,
            register=wanted.register,
            unit=wanted.unit,
            month=wanted.edition.month,
        ),
    )


@blueprint.get("/centre/dossiers.csv")
@access(CENTRE)
def dossiers_csv() -> ResponseReturnValue:
    """The same list whole, as a file."""
    wanted = _wanted_dossiers()
    simulated = wanted.edition.simulated
    with writing() as session:
        audit.record(session, "dossiers.download", wanted.unit, figure=wanted.figure, month=wanted.edition.month, rows=len(wanted.found))
    name = csvfile.file_name(f"ho-so-{wanted.figure.replace('_', '-')}", wanted.edition.month, wanted.unit, simulated)
    cells = centre_page.dossier_cells(wanted.found, wanted.units, wanted.procedures, simulated)
    return csvfile.download(name, centre_page.DOSSIER_HEAD, cells)


@blueprint.get("/office")
@access(OFFICE, ADMIN)
def office() -> ResponseReturnValue:
    """From here an officer reaches a signed report."""
    return workflow_views.office_page()


def _followed(page: unit_page.UnitPage, most: int = 3) -> list[followup_page.Action]:
    """The unit's newest actions on findings of months up to the page's, each with the finding's month and the page's."""
    session, on = reading(), Month.parse(page.edition.month).last_day
    stated = [one for one in followups.actions(session, below(session, page.unit.code, on)) if one.month <= page.edition.month][:most]
    seen = [page.edition, *seen_by(session, current_user)] if stated else []
    procedures = procedures_map(session, on) if stated else {}
    found = []
    for one in stated:
        two = [edition for edition in seen if edition.month in (one.month, page.edition.month)]
        found.append(followup_page.action(one, followups.course(session, one, two), page.units, procedures))
    return found


def _month(text: str) -> Month:
    """A month of an address; 404 for anything else."""
    try:
        return Month.parse(text)
    except ValueError:
        abort(404)


def _published(text: str | None) -> Edition | None:
    """The month's published edition (404 if there is none), or without a month the newest one."""
    if not text:
        return queries.latest_published(reading())
    return queries.edition_of(reading(), _month(text)) or abort(404)


def _open_months() -> list[str]:
    """Months that a logged-in person may look at, newest first, the running one among them."""
    found = {edition.month for edition in seen_by(reading(), current_user)}
    running = queries.running(reading())
    return sorted(found | ({running.month} if running else set()), reverse=True)


def _own_page() -> unit_page.UnitPage | None:
    """The unit and month that the address names, if the person may see them; None where office or admin named no unit."""
    session = reading()
    text = request.args.get("month")
    newest = next(iter(seen_by(session, current_user)), None) or queries.running(session)
    edition = seen_of(session, current_user, _month(text)) if text else newest
    if edition is None:
        abort(404)
    units = all_units(session, Month.parse(edition.month).last_day)
    code = scope.choose(units, current_user, request.args.get("unit"))
    return unit_page.build(session, edition, code, units, include_unpublished=True) if code else None


def _wanted_dossiers() -> centre_page.WantedDossiers:
    """What the address asks for: 403 for a survey's figure or another's unit, 404 for what does not exist."""
    figure, procedure = request.args.get("figure", ""), request.args.get("procedure") or None
    if centre_page.is_survey(figure):
        abort(403)
    month = _month(request.args.get("month", ""))
    units = all_units(reading(), month.last_day)
    unit = scope.choose(units, current_user, request.args.get("unit")) or abort(404)
    edition = seen_of(reading(), current_user, month) or abort(404)
    register = request.args.get("register") or None
    if register is not None and register not in {known.code for known in registers(reading())}:
        abort(404)
    if procedure is not None and find_procedure(reading(), procedure) is None:
        abort(404)
    return centre_page.wanted_dossiers(reading(), edition, units, unit, procedure, figure, register)
