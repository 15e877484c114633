"""Papers that are made when somebody asks for them: the English edition, the draft for circulation, a place's report or sheet.

Words and drawings come from this process, which knows the figures; PDFs come from child processes (``render``), which see nothing
else. Of many places each page is composed here in turn, while those before it are rendered beside each other.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from flask import current_app
from flask_babel import force_locale
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.database import reading, writing
from core.errors import InputError
from core.web import pick
from exports.cells import capital
from exports.models import ExportFile
from exports.names import CIRCULATION, DRAFT_STATES, ENGLISH, PLACE, Made, is_public
from exports.queries import name_of, publication_of
from exports.render import Rendered, Renderers, render
from procedures.queries import UnitView
from scorecard.models import Edition
from scorecard.own_names import units_of

if TYPE_CHECKING:
    from exports.report import Material

EXTENSIONS = {ENGLISH: "pdf", CIRCULATION: "docx", PLACE: "pdf"}
REPORTED = ("province", "ministry")  # kinds of unit with a report of their own; communes have a sheet
WITH_PAPER = (*REPORTED, "commune")


def want(edition_id: int, kind: str, subjects: Iterable[str], login: str, now: datetime) -> int:
    """Ask for papers; returns how many will be made. ``subjects``: codes of provinces, ministries or communes for ``PLACE``.

    What is final stays as it is; drafts and failed ones are made again. Raises ``InputError`` for an edition that is neither closed
    nor published, a draft for circulation of a published one, and a unit that has no paper.
    """
    with writing() as session:
        edition = session.get(Edition, edition_id)
        if edition is None or edition.state not in DRAFT_STATES:
            raise InputError(
                "Chỉ dựng được giấy tờ của tháng đã chốt hoặc đã công bố.", "Papers are made of a closed or published month only."
            )
        if kind == CIRCULATION and is_public(edition):
            raise InputError("Báo cáo đã công bố, không còn bản lấy ý kiến.", "The report is published; there is no draft to circulate.")
        known = units_of(session, edition) if kind == PLACE else {}
        asked = sum(_want(session, edition, kind, subject, known, login, now) for subject in sorted(set(subjects)))
        if asked:
            audit.record(session, "exports.want", f"{edition.month} v{edition.version}", actor=login, kind=kind, files=asked)
    return asked


def _want(session: Session, edition: Edition, kind: str, subject: str, known: Mapping[str, UnitView], login: str, now: datetime) -> int:
    if kind == PLACE and (subject not in known or known[subject].kind not in WITH_PAPER):
        raise InputError(f"Đơn vị {subject} không có báo cáo riêng.", f"The unit {subject} has no report of its own.", field="unit")
    name = name_of(session, edition, kind, EXTENSIONS[kind], subject)
    file = asked(session, edition, kind, subject)
    if file is None:
        file = ExportFile(edition_id=edition.id, kind=kind, subject=subject, name=name, state="wanted", wanted_by=login, wanted_at=now)
        session.add(file)
    elif file.state == "failed" or (file.state == "stored" and not is_public(edition)):
        file.state, file.wanted_by, file.wanted_at, file.error = "wanted", login, now, ""
    else:
        return 0
    return 1


def asked(session: Session, edition: Edition, kind: str, subject: str = "") -> ExportFile | None:
    """A paper of an edition in its present state, if somebody asked for it: wanted, building, stored or failed."""
    name = name_of(session, edition, kind, EXTENSIONS[kind], subject)
    return session.scalar(select(ExportFile).where(ExportFile.edition_id == edition.id, ExportFile.name == name))


def stored(session: Session, edition: Edition, kind: str, subject: str = "") -> ExportFile | None:
    """The same, if it is stored."""
    file = asked(session, edition, kind, subject)
    return file if file is not None and file.state == "stored" else None


def make(session: Session, edition: Edition, kind: str) -> Made:
    """The English edition or the draft for circulation, made now."""
    from exports.circulation import draft
    from exports.composition import compose

    if kind == CIRCULATION:
        with force_locale("vi"):
            return Made(draft(compose(_material(session, edition))))
    return _made(render(report_html(session, edition, "en")))


def make_place(session: Session, edition: Edition, code: str) -> Made:
    """One place's paper, made now."""
    return _made(render(PlacePages(session, edition).page(code)))


def report_html(session: Session, edition: Edition, language: str) -> str:
    """The report's page, with every address inside ``report:///`` or ``data:``. From the moment it has its number it is no draft."""
    from exports.composition import compose
    from exports.layout import strong

    template = current_app.jinja_env.get_template("report/report.html")  # not as a page: no visitor, no request
    with force_locale(language):
        return template.render(strong=strong, **compose(_material(session, edition)))


class PlacePages:
    """The pages of an edition's places, one at a time; what belongs to the nation is read once."""

    def __init__(self, session: Session, edition: Edition) -> None:
        self._session, self._edition = session, edition
        self._known = units_of(session, edition)
        self._template = current_app.jinja_env.get_template("report/place.html")

    @cached_property
    def _material(self) -> "Material":
        with force_locale("vi"):
            return _material(self._session, self._edition)

    def page(self, code: str) -> str:
        """A province's, ministry's or commune's page."""
        from exports import commune, province
        from exports.layout import strong

        view = self._known[code]
        reported = view.kind in REPORTED
        with force_locale("vi"):
            local = province.gather_local(self._session, self._edition, code, _full_name(self._known, view), with_units=reported)
            context = province.compose(self._material, local) if reported else commune.compose(self._material, local)
            return self._template.render(strong=strong, **context)


def _full_name(known: Mapping[str, UnitView], view: UnitView) -> str:
    """``Phường Ba Đình, Thành phố Hà Nội``."""
    above = known.get(view.parent_code or "")
    names = [view, *([above] if view.kind == "commune" and above is not None else [])]
    return ", ".join(capital(pick(one.name, one.name_en or one.name)) for one in names)


def _material(session: Session, edition: Edition) -> "Material":
    from exports.report import gather

    material = gather(session, edition)
    return replace(material, draft=False) if publication_of(session, edition.id) is not None else material


class Drawing:
    """Papers of single places on their way through the child processes. Does nothing where none is among the files."""

    def __init__(self, file_ids: Sequence[int]) -> None:
        self._beside: Renderers | None = None
        self._made: dict[int, Future[Rendered]] = {}
        by_edition: dict[int, list[tuple[str, int]]] = {}
        session = reading()
        for file in session.scalars(select(ExportFile).where(ExportFile.id.in_(file_ids), ExportFile.kind == PLACE)):
            by_edition.setdefault(file.edition_id, []).append((file.subject, file.id))
        if by_edition:
            self._beside = Renderers()
            for edition_id, files in by_edition.items():
                pages = PlacePages(session, session.get_one(Edition, edition_id))
                for code, number in files:
                    self._made[number] = _start(self._beside, pages, code)
        session.rollback()

    def take(self, file_id: int) -> Made:
        """The finished paper; raises what its rendering raised."""
        return _made(self._made.pop(file_id).result())

    def close(self) -> None:
        """Wait for nothing any more."""
        if self._beside is not None:
            self._beside.close()


def _start(beside: Renderers, pages: PlacePages, code: str) -> "Future[Rendered]":
    try:
        page = pages.page(code)
    except Exception as error:  # of this place alone: its file says so, and the others go on
        failed: Future[Rendered] = Future()
        failed.set_exception(error)
        return failed
    return beside.start(page)


def _made(rendered: Rendered) -> Made:
    return Made(rendered.content, rendered.pages)
