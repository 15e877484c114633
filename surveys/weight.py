"""Whether the form's pages stay light in every language that an installation offers: found when the program starts, not by a reader.

The pages are drawn with every question, with the mistakes that a person can make, and without the papers of a procedure, which are
cut to the room that is left (``pages.fitting``).
"""

from collections.abc import Iterator
from datetime import date
from types import SimpleNamespace
from typing import Any

from flask import Flask, current_app

from core.calendar import local_date, utc_now
from core.errors import InputError
from procedures.queries import legal_basis
from surveys import field_form, open_views, pages, posters, views
from surveys.contacts import contact
from surveys.models import END_POINTS, OPEN_POINTS
from surveys.questionnaire import COMMENT, CURRENT, MAX_COMMENT, sheet_for

NAME = "Liên thông thủ tục đăng ký khai sinh, cấp thẻ bảo hiểm y tế cho trẻ em dưới 6 tuổi và đăng ký thường trú"  # of a procedure
MONTH, DAY = "2026-10", date(2026, 10, 31)


def check(app: Flask) -> None:
    """Raises ``InputError`` naming the language, the page and by how many bytes it is too heavy."""
    for code in app.extensions["settings"].survey_languages:
        size, name = heaviest(app, code)
        if (excess := size - pages.HEAVIEST) > 0:
            limit = pages.HEAVIEST
            raise InputError(
                f"Ngôn ngữ “{code}” của khảo sát: trang “{name}” vượt giới hạn {limit} byte là {excess} byte. Rút ngắn các câu dịch.",
                f"The survey's language “{code}”: the page “{name}” is {excess} bytes above the limit of {limit}. Shorten its texts.",
            )


def heaviest(app: Flask, code: str) -> tuple[int, str]:
    """Bytes of the heaviest page in a language, headers included, and which page that is."""
    with app.test_request_context(f"/s/{posters.new_visit()}?lang={code}"):
        return max((pages.weight(page) + pages.HEADERS, name) for name, page in (*_behind_a_link(), *_behind_a_poster()))


def _behind_a_link() -> Iterator[tuple[str, str]]:
    token = posters.new_visit()
    long = {COMMENT: "ờ" * (MAX_COMMENT + 1)}
    fixed = {"with_papers": True, "papers": [], "left_out": 0} | _told()
    for end_point in END_POINTS:
        for applicant in ("citizen", "enterprise"):
            invitation: Any = SimpleNamespace(
                month=MONTH, end_point=end_point, channel=4, applicant_type=applicant, simulated=True, stratum="test", expires_on=DAY,
            )  # fmt: skip
            sheet = sheet_for(CURRENT, end_point, 4, applicant)
            first = {"sheet": sheet, "data": {}, "errors": {sheet.first.code: views.choose_first()}, "answered": True}
            yield f"start, {end_point}", views.draw("start", token, invitation, NAME, **first)
            for number, step in enumerate(sheet.steps, start=1):
                errors = {COMMENT: views.too_long(long[COMMENT])} if any(one.code == COMMENT for one in step.questions) else {}
                given = {"sheet": sheet, "step": step, "number": number, "papers": [], "data": long, "errors": errors}
                yield f"more/{number}, {end_point}", views.draw("more", token, invitation, NAME, **given)
            yield f"thanks, {end_point}", views.draw("thanks", token, invitation, NAME, **fixed)


def _behind_a_poster() -> Iterator[tuple[str, str]]:
    place: Any = SimpleNamespace(code="AAAAAA", mode="open", point="ộ" * 120, counter="", unit_code="", province_code=None, simulated=True)
    for spot in OPEN_POINTS:
        asked = field_form.questions(spot)
        given: dict[str, Any] = {"asked": asked, "papers": [], "data": {}, "errors": {}}
        yield f"poster, {spot}", open_views.draw("questions", place, visit=posters.new_visit(), **given)
    yield "poster, thanks", open_views.draw("thanks", place, with_papers=True, papers=[], left_out=0, **_told())


def _told() -> dict[str, Any]:
    return {"basis": legal_basis(local_date(utc_now())), "contact": contact(current_app.extensions["settings"], [])}
