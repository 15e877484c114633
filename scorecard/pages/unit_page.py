"""One unit's month: what the public page of a locality and the centre's scorecard both show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.calendar import Month
from scorecard.figures import COUNTRY, RAW, UNIT, leading_rate
from scorecard.pages import cards, courses, estimates, places, unit_rows, words
from scorecard.pages.text import _

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from procedures.queries import UnitView
    from scorecard.models import Edition
    from scorecard.queries import Figure, UnitToPress


@dataclass(frozen=True)
class UnitPage:
    """Everything about a unit that may be public. ``sentence``: how many of 100 and between which; None without a number."""

    unit: UnitView
    name: str
    above: UnitView | None
    above_name: str
    edition: Edition
    state: str
    sentence: tuple[str, str] | None
    instead: str
    change: str
    group: str
    figures: Mapping[tuple[str, str, str], Figure]
    units: Mapping[str, UnitView]
    below: tuple[UnitToPress, ...]
    courses: courses.Courses
    estimate: estimates.Estimate | None

    @property
    def supplement(self) -> Figure | None:
        """The unit's supplement rate, which the units below are compared with."""
        return self.figures.get((self.unit.code, "supplement", RAW))


def build(session: Session, edition: Edition, code: str, units: Mapping[str, UnitView], include_unpublished: bool) -> UnitPage:
    """A unit in an edition. ``units``: as they are on the month's last day; ``code`` must be among them."""
    from scorecard import queries

    view = units[code]
    figures = queries.figure_map(session, edition, None, [code, COUNTRY], (*cards.SHOWN, "satisfaction_change"))
    satisfaction = leading_rate(figures, code)
    province = view.kind == "province"
    above = units.get(view.parent_code or "")
    return UnitPage(
        unit=view,
        name=places.name(view),
        above=above if above is not None and above.kind != "nation" else None,
        above_name=places.name(above) if above is not None else "",
        edition=edition,
        state=words.edition_words(edition.state),
        sentence=words.of_hundred(satisfaction),
        instead=_instead(satisfaction),
        change=_change(session, edition, figures, code, include_unpublished),
        group=words.group_words(queries.group_of_34(session, edition, code)) if province else "",
        figures=figures,
        units=units,
        below=tuple(queries.units_to_press(session, edition, code)),
        courses=courses.build(session, UNIT, code, include_unpublished, code),
        estimate=estimates.build(session, edition, code),
    )


def public_cards(page: UnitPage) -> tuple[cards.Card, ...]:
    """The three figures of a locality's public page."""
    code = page.unit.code
    on_time = cards.recorded(page.figures, code, "on_time", _("Giải quyết đúng hạn"))
    return cards.satisfaction(page.figures, code), cards.asked_again(page.figures, code), on_time


def units_table(page: UnitPage, by_name: bool) -> tuple[unit_rows.Row, ...]:
    """The units below, without groups."""
    return unit_rows.rows(page.below, page.units, page.supplement, by_name)


def _change(
    session: Session, edition: Edition, figures: Mapping[tuple[str, str, str], Figure], code: str, include_unpublished: bool
) -> str:
    """The change as it was estimated with the edition, or else from the two months' rates."""
    told = estimates.change_sentence(figures, code, str(Month.parse(edition.month).plus(-1)))
    if told is not None:
        return told
    return words.change_words(leading_rate(figures, code), *_before(session, edition, code, include_unpublished))


def _before(session: Session, edition: Edition, code: str, include_unpublished: bool) -> tuple[Figure | None, str]:
    """Satisfaction one month earlier, and which month that was."""
    from scorecard import queries

    month = str(Month.parse(edition.month).plus(-1))
    earlier = queries.edition_of(session, month, include_unpublished)
    if earlier is None:
        return None, month
    return leading_rate(queries.figure_map(session, earlier, UNIT, [code], ["satisfaction"]), code), month


def _instead(figure: Figure | None) -> str:
    """The first sentence where there is no satisfaction rate to say."""
    return {
        "too_few": _("Dưới 10 người trả lời: chưa đủ số liệu để nói mức hài lòng."),
        "suppressed": _("Mức hài lòng được ẩn để bảo vệ người trả lời."),
        "not_applicable": _("Trong tháng không phát sinh hồ sơ nào được mời trả lời."),
        "not_reported": _("Nơi này chưa gửi số liệu."),
        "value": "",
    }[figure.status if figure is not None else "not_reported"]
