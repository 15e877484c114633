"""Pages about what did not come: coverage by source and day, signs of what was left out, two systems compared."""

import tempfile
from collections.abc import Mapping
from datetime import date

from flask import Blueprint, abort, render_template, request, send_file
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit, numbers
from core.access import ADMIN, CENTRE, OFFICE, access
from core.calendar import Month, local_date, utc_now
from core.database import reading, writing
from core.text import _
from core.web import language, pick
from procedures import coverage as days
from procedures import reconcile, signs
from procedures import submission_queries as found
from procedures.coverage import Coverage, Day, SourceCoverage
from procedures.models import Source, UnitVersion
from procedures.queries import valid

blueprint = Blueprint("coverage", __name__)
NAMED = 5  # sources named in a sentence
SHOWN = 100  # differences on a page
MONTHS = 24  # offered for comparison


@blueprint.get("/coverage")
@access(CENTRE, OFFICE, ADMIN)
def coverage() -> ResponseReturnValue:
    """Who sent what in a month, day by day."""
    sources, month, now = _sources(), _month(), utc_now()
    page = days.coverage(reading(), sources, month, now)
    labels = labels_of(reading(), sources, page.today)
    rows = sorted(page.sources, key=lambda item: (-len(item.missing), labels[item.source.code], item.source.code))
    return render_template(
        "centre/coverage.html",
        page=page,
        rows=rows,
        sentence=sentence(page, labels),
        labels=labels,
        first_to_ask=[item for item in rows if item.missing][:3],
        usual_days=sum((day.expected or 0) >= days.NONE_FROM for item in rows for day in item.days if day.state != "ahead"),
        day_words=day_words,
        **_neighbours(month, page.today),
    )


@blueprint.get("/coverage/<code>")
@access(CENTRE, OFFICE, ADMIN)
def source(code: str) -> ResponseReturnValue:
    """One source in a month: its days, and what it should be asked."""
    chosen, month, now = _source(code), _month(), utc_now()
    page = days.coverage(reading(), [chosen], month, now)
    read = signs.readings(reading(), chosen, month, page.today)
    return render_template(
        "centre/signs.html",
        page=page,
        item=page.sources[0],
        asking=[item for item in read if item.state == "ask"],
        others=[item for item in read if item.state != "ask"],
        state_words={
            "calm": _("không thấy dấu hiệu"),
            "few": _("quá ít để nói"),
            "unknown": _("không có số liệu để biết"),
            "running": _("chờ hết tháng"),
        },
        day_state_words=day_state_words(),
        least=signs.LEAST,
        **_neighbours(month, page.today),
    )


@blueprint.get("/reconcile")
@access(CENTRE, OFFICE, ADMIN)
def compare() -> ResponseReturnValue:
    """Two sources' views of the same dossiers."""
    sources, today = _sources(), local_date(utc_now())
    running = Month(today.year, today.month)
    months = [str(running.plus(-back)) for back in range(MONTHS)]
    wanted = {name: request.args.get(name, "") for name in ("a", "b", "month")}
    shown = {"sources": sources, "months": months, "wanted": wanted, "compared": None, "what_words": what_words()}
    if not wanted["a"] or not wanted["b"]:
        return render_template("centre/reconcile.html", **shown)
    a, b, month = _pair(wanted["a"], wanted["b"], wanted["month"])
    labels = labels_of(reading(), sources, today)
    comparison = reconcile.compare(a.code, b.code, month)
    counts = comparison.counts()
    total = counts.only_a + counts.only_b + counts.status + sum(getattr(counts, name) for name in reconcile.DATES)
    number = max(1, min(request.args.get("page", 1, type=int), 1_000_000))
    return render_template(
        "centre/reconcile.html",
        **shown | {"compared": counts},
        a=a,
        b=b,
        names={side: labels[each.code] for side, each in (("a", a), ("b", b))},
        month=month,
        total=total,
        rows=comparison.listed(SHOWN, (number - 1) * SHOWN),
        number_of_page=number,
        pages=-(-total // SHOWN),
        reconcile_simulated=reconcile.simulated(a, b),
    )


@blueprint.get("/reconcile.csv")
@access(CENTRE, OFFICE, ADMIN)
def compare_csv() -> ResponseReturnValue:
    """The whole list of differences as a file."""
    a, b, month = _pair(*(request.args.get(name, "") for name in ("a", "b", "month")))
    stream = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the response
    rows = reconcile.compare(a.code, b.code, month).write_csv(stream, a, b)
    stream.seek(0)
    with writing() as session:
        audit.record(session, "reconcile.download", f"{a.code} {b.code}", month=str(month) if month else None, rows=rows)
    name = reconcile.file_name(a, b, month)
    return send_file(stream, mimetype="text/csv; charset=utf-8", as_attachment=True, download_name=name)


def _sources() -> list[Source]:
    """The person's own sources; all for office and admin. A centre's account without a unit has none."""
    unit = (current_user.unit_code or "") if current_user.role == CENTRE else None
    return found.sources(reading(), unit, local_date(utc_now()))


def _source(code: str) -> Source:
    """One of the person's sources; someone else's is answered like none at all."""
    return next((each for each in _sources() if each.code == code), None) or abort(404)


def _pair(a: str, b: str, month: str) -> tuple[Source, Source, Month | None]:
    chosen = reconcile.month_of(month)
    own = {each.code for each in _sources()}
    if not {a, b} <= own:
        abort(404)
    return *reconcile.pair(reading(), a, b), chosen


def _month() -> Month:
    """The month that the address names, else the running one; 404 for anything that is no month or has not begun."""
    today = local_date(utc_now())
    running = Month(today.year, today.month)
    text = request.args.get("month")
    try:
        month = Month.parse(text) if text else running
    except ValueError:
        abort(404)
    return month if Month(2000, 1) <= month <= running else abort(404)


def _neighbours(month: Month, today: date) -> dict[str, str | None]:
    return {"earlier": str(month.plus(-1)), "later": str(month.plus(1)) if month < Month(today.year, today.month) else None}


def labels_of(session: Session, sources: list[Source], on: date) -> dict[str, str]:
    """Short names of sources, by code: the province or ministry that answers for it, where it answers for no other one here."""
    ids = [each.unit_id for each in sources if each.unit_id is not None]
    wanted = select(UnitVersion.unit_id, UnitVersion.short_name, UnitVersion.name_en)
    rows = session.execute(wanted.where(UnitVersion.unit_id.in_(ids), valid(UnitVersion, on)))
    names = {unit: pick(short, english) for unit, short, english in rows if ids.count(unit) == 1}
    return {each.code: names.get(each.unit_id, each.name) if each.unit_id is not None else each.name for each in sources}


def sentence(page: Coverage, labels: Mapping[str, str]) -> str:
    """What the page says first."""
    count = len(page.sources)
    if not count:
        return _("Chưa có hệ thống nào được khai báo.")
    month, today = numbers.month(page.month, language()), numbers.day(page.today, language())
    if page.running:
        due, unsent = page.due, page.unsent
        if not unsent:
            if len(due) == count:
                return _("Hôm nay %(day)s, mọi hệ thống đã gửi số liệu.", day=today)
            return _("Hôm nay %(day)s, hệ thống nào thường có hồ sơ vào ngày này đều đã gửi số liệu.", day=today)
        if count == 1:
            return _("Hôm nay %(day)s, hệ thống này chưa gửi gì.", day=today)
        told = _told(unsent, len(due), labels)
        if len(due) == count:
            return _("Hôm nay %(day)s, %(n)s trong %(all)s hệ thống chưa gửi gì: %(names)s.", **told, day=today)
        return _("Hôm nay %(day)s, %(n)s trong %(all)s hệ thống thường có hồ sơ vào ngày này chưa gửi gì: %(names)s.", **told, day=today)
    missing = sorted((item for item in page.sources if item.missing), key=lambda item: -len(item.missing))
    if not missing:
        return _("Tháng %(month)s, không thấy ngày nào vắng hồ sơ của một hệ thống thường có.", month=month)
    return _(
        "Tháng %(month)s, %(n)s trong %(all)s hệ thống có ngày vắng hồ sơ dù thường có: %(names)s.",
        **_told(missing, count, labels),
        month=month,
    )


def _told(items: list[SourceCoverage], count: int, labels: Mapping[str, str]) -> dict[str, str]:
    names = ", ".join(labels[item.source.code] for item in items[:NAMED])
    if len(items) > NAMED:
        names = _("%(names)s và %(n)s hệ thống khác", names=names, n=_number(len(items) - NAMED))
    return {"n": _number(len(items)), "all": _number(count), "names": names}


def _number(value: float) -> str:
    return numbers.number(value, language())


def day_state_words() -> dict[str, str]:
    """What each state of a day is called."""
    return {
        "none": _("không có hồ sơ nào"),
        "few": _("ít hơn một nửa mức thường"),
        "quiet": _("không có, như thường lệ hoặc chưa rõ lệ"),
        "some": _("có hồ sơ"),
        "ahead": _("chưa tới ngày"),
    }


def day_words(day: Day) -> str:
    """One cell in words."""
    if day.state == "ahead":
        return _("chưa tới ngày")
    said = [_("nhận %(n)s hồ sơ", n=_number(day.received)) if day.received else _("không có hồ sơ nào")]
    said.append(_("thường %(n)s", n=_number(day.expected)) if day.expected is not None else _("chưa rõ mức thường"))
    if day.late:
        said.append(_("%(n)s tới chậm", n=_number(day.late)))
    return ", ".join(said)


def what_words() -> dict[str, str]:
    """What each kind of difference is called."""
    return {
        "only_a": _("chỉ có ở hệ thống thứ nhất"),
        "only_b": _("chỉ có ở hệ thống thứ hai"),
        "status": _("khác trạng thái"),
        "received_at": _("khác ngày tiếp nhận"),
        "due_at": _("khác hạn trả"),
        "finished_at": _("khác ngày xử lý xong"),
        "returned_at": _("khác ngày trả kết quả"),
    }
