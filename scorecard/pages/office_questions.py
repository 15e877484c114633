"""What the officer may be asked back about a report, each with the sentence to answer with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from core import numbers
from core.calendar import Month
from core.web import language
from scorecard import draft_comments, queries, workflow
from scorecard.figures import COUNTRY, UNIT, leading_rate
from scorecard.models import Edition, OfficialScore
from scorecard.pages import places, words
from scorecard.pages.estimates import records
from scorecard.pages.text import _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from procedures.queries import UnitView

NAMED = 3  # of each sort
SATISFACTION = "MDHL"  # group of the official index that it calls satisfaction
HIGH = 0.9  # share of its points from which a place stands well in the official index
LARGE = 0.10  # a register share that moved by so much is asked about
LEAST = 100  # dossiers in both months


@dataclass(frozen=True)
class Question:
    """``what`` strikes the reader; ``answer``: what can be said about it."""

    what: str
    answer: str


def questions(session: Session, edition: Edition, views: Mapping[str, UnitView]) -> list[Question]:
    """Largest changes, contradictions with the official index, corrections of earlier editions, rules that were set aside."""
    return [
        *_nation(session, edition),
        *_changed(session, edition, views),
        *_moved_registers(session, edition, views),
        *_official(session, edition, views),
        *_corrections(session, edition),
        *_set_aside(session, edition),
    ]


def _nation(session: Session, edition: Edition) -> list[Question]:
    """The nation's rate, where it clearly moved."""
    moved = queries.figure_map(session, edition, None, [COUNTRY], ["satisfaction_change"]).get((COUNTRY, "satisfaction_change", "weighted"))
    if moved is None or moved.value is None or moved.low is None or moved.high is None or moved.low <= 0 <= moved.high:
        return []
    size = points(abs(moved.value))
    up = moved.value > 0
    what = (
        _("Cả nước: hài lòng tăng %(size)s điểm phần trăm.", size=size)
        if up
        else _("Cả nước: hài lòng giảm %(size)s điểm phần trăm.", size=size)
    )
    answer = _(
        "Thay đổi nằm trong khoảng %(span)s điểm, vượt sai số lấy mẫu; khoảng này không tính việc ai chịu trả lời. "
        "Số liệu không nói nguyên nhân.",
        span=span(moved.low, moved.high),
    )
    return [Question(what, answer)]


def _changed(session: Session, edition: Edition, views: Mapping[str, UnitView]) -> list[Question]:
    """Provinces whose satisfaction moved, as named under false-discovery control."""
    rows = [row for row in records(queries.edition_table(edition, "comparison")) if row["kind"] == "province" and row["change_named"]]
    rows.sort(key=lambda row: (-abs(row["change"]), row["unit_code"]))
    found = []
    for row in rows[:NAMED]:
        name = places.name(views[row["unit_code"]]) if row["unit_code"] in views else row["unit_code"]
        size = points(abs(row["change"]))
        up = row["change"] > 0
        what = (
            _("%(name)s: hài lòng tăng %(size)s điểm phần trăm.", name=name, size=size)
            if up
            else _("%(name)s: hài lòng giảm %(size)s điểm phần trăm.", name=name, size=size)
        )
        answer = _(
            "Thay đổi nằm trong khoảng %(span)s điểm, vẫn rõ khi đã tính đến việc so nhiều nơi cùng lúc. Số liệu không nói nguyên nhân.",
            span=span(row["change_low"], row["change_high"]),
        )
        found.append(Question(what, f"{answer} {_said(session, edition, row['unit_code'])}"))
    return found


def _said(session: Session, edition: Edition, code: str) -> str:
    said = draft_comments.printed(session, edition, code)
    if said.explanation:
        return _("Địa phương giải trình: “%(text)s”", text=said.explanation)
    return _("Địa phương không có ý kiến.") if said.asked else ""


def _moved_registers(session: Session, edition: Edition, views: Mapping[str, UnitView]) -> list[Question]:
    """Provinces whose share on time moved much: a count of all dossiers, so the question is what was sent."""
    before = queries.edition_of(session, Month.parse(edition.month).plus(-1))
    if before is None:
        return []
    codes = [code for code, view in views.items() if view.kind == "province"]
    now, then = (queries.figure_map(session, one, UNIT, codes, ["on_time"]) for one in (edition, before))
    moved = []
    for code in codes:
        new, old = (figures.get((code, "on_time", "raw")) for figures in (now, then))
        if new is None or old is None or new.value is None or old.value is None:
            continue
        if min(new.denominator or 0, old.denominator or 0) >= LEAST and abs(new.value - old.value) >= LARGE:
            moved.append((abs(new.value - old.value), code, new, old))
    moved.sort(key=lambda item: (-item[0], item[1]))
    shares: dict[str, Any] = edition.facts.get("coverage") or {}
    found = []
    for _size, code, new, old in moved[:NAMED]:
        what = _("%(name)s: đúng hạn từ %(was)s thành %(now)s.", name=places.name(views[code]), was=words.rate(old), now=words.rate(new))
        answer = _(
            "Đếm trên toàn bộ hồ sơ đến hạn (%(was)s hồ sơ tháng trước, %(now)s tháng này), không phải mẫu, nên không có sai số chọn mẫu.",
            was=words.count(old.denominator),
            now=words.count(new.denominator),
        )
        share = shares.get(code)
        if isinstance(share, int | float):
            answer += " " + _("Tháng này nơi gửi có số liệu ở %(share)s ngày làm việc.", share=words.share(float(share), 0))
        found.append(Question(what, answer))
    return found


def _official(session: Session, edition: Edition, views: Mapping[str, UnitView]) -> list[Question]:
    """Places that stand high in the official index's group of satisfaction and low in the survey."""
    rows = session.scalars(select(OfficialScore).where(OfficialScore.period == edition.month, OfficialScore.group_code == SATISFACTION))
    scores = {row.unit_code: row for row in rows if row.unit_code in views and row.maximum}
    figures = queries.figure_map(session, edition, None, [*scores, COUNTRY], ["satisfaction"])
    nation = leading_rate(figures, COUNTRY)
    if nation is None or nation.value is None:
        return []
    found = []
    for code, score in sorted(scores.items(), key=lambda item: (-item[1].score / item[1].maximum, item[0])):
        rate = leading_rate(figures, code)
        low = rate is not None and not rate.grey and rate.high is not None and rate.high < nation.value
        if not low or score.score / score.maximum < HIGH:
            continue
        what = _(
            "%(name)s: %(score)s/%(most)s điểm hài lòng theo QĐ 766, nhưng khảo sát %(rate)s, thấp hơn cả nước.",
            name=places.name(views[code]),
            score=numbers.number(score.score, language(), 1),
            most=numbers.number(score.maximum, language()),
            rate=words.rate_with_span(rate),
        )
        answer = _(
            "Điểm này của QĐ 766 là chỉ số hành chính, không hỏi người dân; khảo sát hỏi người có hồ sơ vừa kết thúc. "
            "Hai số đo hai việc, đặt cạnh nhau chứ không gộp."
        )
        found.append(Question(what, answer))
        if len(found) == NAMED:
            break
    return found


def _corrections(session: Session, edition: Edition) -> list[Question]:
    """This edition's own correction, and corrections published since the report before."""
    last = queries.edition_of(session, Month.parse(edition.month).plus(-1))
    since = last.published_at if last is not None else None
    query = select(Edition).where(Edition.state == "published", Edition.version > 1, Edition.id != edition.id)
    later = [one for one in session.scalars(query) if one.published_at and since and one.published_at >= since]
    found = []
    for one in [edition, *sorted(later, key=lambda each: each.month)]:
        if workflow.corrected(session, one) is None:
            continue
        step = workflow.steps(session, one.id).get(workflow.CUT_OFF)
        what = _("Tháng %(month)s có bản đính chính %(version)s.", month=numbers.month(one.month, language()), version=one.version)
        reason = step.reason if step is not None and step.reason else _("chưa ghi")
        answer = _(
            "Lý do: %(reason)s Bản cũ vẫn giữ nguyên và tra cứu được. Câu trả lời khảo sát của hai bản là một: trả lời đến sau khi chốt "
            "không vào bản nào, vì đem hai bản trừ nhau sẽ lộ từng câu trả lời.",
            reason=reason.rstrip(".") + ".",
        )
        found.append(Question(what, answer))
    return found


def _set_aside(session: Session, edition: Edition) -> list[Question]:
    step = workflow.steps(session, edition.id).get(workflow.REVIEWED)
    if step is None or not step.reason:
        return []
    what = _("Đã soát xét khi chưa đủ điều kiện về lấy ý kiến.")
    return [Question(what, _("Lý do đã ghi: %(reason)s", reason=step.reason))]


def points(value: float) -> str:
    """A difference of shares in percentage points, with a real minus sign."""
    return numbers.number(value * 100, language(), 1).replace("-", "\u2212")


def span(low: float, high: float) -> str:
    """``−14,4 đến −0,9``."""
    return _("%(low)s đến %(high)s", low=points(low), high=points(high))
