"""Pages on which queue tickets and petitions are sent in: small lists, taken whole or refused with every wrong row named."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePath

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from core import numbers
from core.access import ADMIN, CENTRE, OFFICE, access
from core.calendar import local_date, utc_now
from core.database import reading
from core.errors import InputError
from core.text import _
from core.web import language, limiter
from procedures import queries
from procedures.small_lists import ListResult

blueprint = Blueprint("lists", __name__)
MAX_BYTES = 8 << 20
SHOWN_ERRORS = 30
TICKETS, PETITIONS = "tickets", "petitions"
Load = Callable[[Path, datetime, str | None], ListResult]


@dataclass(frozen=True)
class Kind:
    """A kind of list as its page shows it: columns with what stands in them."""

    name: str
    title: str
    what: str
    limits: str
    columns: tuple[tuple[str, str], ...]


def _kinds() -> dict[str, Kind]:
    unit = _("mã đơn vị, như trong danh sách đơn vị")
    return {
        TICKETS: Kind(
            TICKETS,
            _("Lượt lấy số"),
            _("Máy lấy số phát bao nhiêu lượt, theo điểm tiếp nhận, ngày và lĩnh vực."),
            _(
                "Lượt lấy số không phải số người bị từ chối: một người có thể lấy nhiều số hoặc nộp nhiều hồ sơ một lần, "
                "và nhiều người chỉ đến hỏi, bổ sung hay nhận kết quả."
            ),
            (
                ("reception_point", _("mã điểm tiếp nhận hoặc đơn vị tiếp nhận")),
                ("day", _("ngày, như 31/10/2026")),
                ("field", _("lĩnh vực theo máy lấy số; bỏ trống nếu không chia")),
                ("tickets", _("số lượt")),
            ),
        ),
        PETITIONS: Kind(
            PETITIONS,
            _("Phản ánh, kiến nghị"),
            _("Bao nhiêu phản ánh, kiến nghị về thủ tục, theo đơn vị, tháng và nội dung."),
            _("Chỉ gửi số đếm. Không gửi tên, số điện thoại hay nội dung đơn của người phản ánh."),
            (
                ("unit_code", unit),
                ("month", _("tháng tiếp nhận, như 10/2026")),
                ("subject", _("nội dung; bỏ trống nếu không chia")),
                ("received", _("số tiếp nhận")),
                ("on_time", _("trong đó trả lời đúng hạn")),
                ("reopened", _("trong đó phải mở lại")),
            ),
        ),
    }


def _loader(name: str) -> Load:
    from procedures import petitions, tickets

    return tickets.load_tickets if name == TICKETS else petitions.load_petitions


def _root() -> str | None:
    """The unit for which the person may send (None: all); a centre serves the province or ministry above it."""
    if current_user.role != CENTRE:
        return None
    view = queries.units(reading(), local_date(utc_now())).get(current_user.unit_code or "")
    if view is None:
        abort(403)
    return view.parent_code if view.kind == "centre" and view.parent_code else view.code


@blueprint.get("/lists/<name>")
@access(CENTRE, OFFICE, ADMIN)
def send(name: str) -> ResponseReturnValue:
    """The form with which a list is sent."""
    return _page(name)


@blueprint.post("/lists/<name>")
@access(CENTRE, OFFICE, ADMIN)
@limiter.limit("60 per hour")
def take(name: str) -> ResponseReturnValue:
    """Take a list in whole, or say what is wrong with it."""
    kinds = _kinds()
    if name not in kinds:
        abort(404)
    file = request.files.get("file")
    if file is None or not file.filename:
        return _page(name, [_("Xin chọn tệp cần gửi.")]), 400
    root = _root()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / (PurePath(file.filename).name[-100:] or "list.csv")
        content = file.stream.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            return _page(name, [_("Tệp lớn hơn %(limit)s MB. Chia theo tháng rồi gửi lại.", limit=MAX_BYTES >> 20)]), 413
        path.write_bytes(content)
        try:
            result = _loader(name)(path, utc_now(), root)
        except InputError as error:
            return _page(name, [error.text(language())]), 400
    if result.errors:
        return _page(name, [error.text(language()) for error in result.errors]), 400
    counts = {key: numbers.number(getattr(result, key), language()) for key in ("rows", "added", "changed", "removed")}
    flash(_("Đã nhận %(rows)s dòng: thêm %(added)s, đổi %(changed)s, bỏ %(removed)s.", **counts))
    return redirect(url_for("lists.send", name=name), 303)


def _page(name: str, errors: list[str] | None = None) -> str:
    kinds = _kinds()
    if name not in kinds:
        abort(404)
    shown = errors or []
    return render_template(
        "centre/lists.html", kind=kinds[name], kinds=kinds.values(), errors=shown[:SHOWN_ERRORS], more=max(0, len(shown) - SHOWN_ERRORS)
    )
