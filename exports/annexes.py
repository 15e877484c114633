"""The annexes: every province and ministry, row by row, and every definition."""

from dataclasses import replace
from datetime import date

from core import numbers
from core.text import _
from core.web import language, pick
from exports import cells, pictures
from exports.cells import NATION, capital
from exports.chapters_records import diagram, share
from exports.layout import Block, Head, Numbering, Say
from exports.report import Material
from scorecard.quality_marks import MARKS
from scorecard.reporting_periods import LEAST
from scorecard.statistics import wilson

BASES = ("request_month", "cohort")  # of the table ``supplement_cohorts``


def handled(material: Material, numbering: Numbering) -> list[Block]:
    """Annex I: dossiers by place."""
    name, dossiers, span = Head(_("Tỉnh, thành phố"), 20, False), _("(hồ\u00a0sơ)"), _("Khoảng 95\u00a0% (%)")
    filed = [
        [label, _base(material, code, "online_filing"), *_rate(material, code, "online_filing"),
         _base(material, code, "on_time"), *_rate(material, code, "on_time")]
        for label, code in _every(material)
    ]  # fmt: skip
    asked = [
        [label, _base(material, code, "supplement"), _counted(material, code, "supplement"), *_rate(material, code, "supplement"),
         _counted(material, code, "repeat_supplement"), *_rate(material, code, "repeat_supplement")]
        for label, code in _every(material)
    ]  # fmt: skip
    return [
        numbering.table(
            _("Nộp trực tuyến và giải quyết đúng hạn theo địa phương"),
            [
                name,
                Head(_("Tiếp nhận %(unit)s", unit=dossiers), 12),
                Head(_("Nộp trực tuyến (%)"), 12),
                Head(span, 15),
                Head(_("Có ngày hẹn trả %(unit)s", unit=dossiers), 14),
                Head(_("Đúng hạn (%)"), 12),
                Head(span, 15),
            ],
            filed,
            bold=[0],
            small=True,
            whole=True,
        ),
        numbering.table(
            _("Yêu cầu bổ sung theo địa phương"),
            [
                name,
                Head(_("Kết thúc hoặc bổ sung %(unit)s", unit=dossiers), 14),
                Head(_("Phải bổ sung %(unit)s", unit=dossiers), 11),
                Head(_("Phải bổ sung (%)"), 10),
                Head(span, 14),
                Head(_("Từ hai lần %(unit)s", unit=dossiers), 9),
                Head(_("Từ hai lần (%)"), 9),
                Head(span, 13),
            ],
            asked,
            _("Cả hai tỷ lệ tính trên số hồ sơ kết thúc hoặc có yêu cầu bổ sung."),
            bold=[0],
            small=True,
            whole=True,
        ),
        diagram(material, numbering),
        *_cohorts(material, numbering),
    ]


def again(material: Material, numbering: Numbering) -> list[Block]:
    """Annex II: declaring once by place."""
    rows = []
    for label, code in _every(material):
        counts, of, ends, _span = share(material, code, "asked_again_recorded")
        rows.append(
            [label, of, counts, ends, _base(material, code, "asked_again_experienced"), *_rate(material, code, "asked_again_experienced")]
        )
    dossiers = _("(hồ\u00a0sơ)")
    return [
        numbering.table(
            _("Hồ sơ bị yêu cầu nộp lại giấy tờ Nhà nước đã có, theo hồ sơ và theo người dân"),
            [
                Head(_("Tỉnh, thành phố"), 20, False),
                Head(_("Trong số %(unit)s", unit=dossiers), 12),
                Head(_("Từ–đến %(unit)s", unit=dossiers), 13),
                Head(_("Từ–đến (%)"), 12),
                Head(_("Trả lời có hoặc không (người)"), 15),
                Head(_("Người dân nêu có (%)"), 13),
                Head(_("Khoảng 95\u00a0% (%)"), 15),
            ],
            rows,
            _(
                "Người dân nêu có: phần trả lời “có” trong số trả lời “có” hoặc “không”; “không chắc” không tính vào tỷ lệ. In màu xám: "
                "10–29 người trả lời câu hỏi, chỉ để tham khảo."
            ),
            bold=[0],
            small=True,
            whole=True,
        ),
        numbering.picture(
            _("Hồ sơ bị yêu cầu nộp lại giấy tờ Nhà nước đã có, theo địa phương"),
            pictures.asked_again(material),
            _(
                "Dải: từ phần chắc chắn (giấy tờ đối chiếu được với một cơ sở dữ liệu của Nhà nước) đến phần nhiều nhất (thêm những yêu "
                "cầu không nêu rõ giấy tờ). Số bên phải: phần trăm hồ sơ. Xếp theo giá trị để dễ đọc, không phải xếp hạng."
            ),
        ),
    ]


def offered(material: Material, numbering: Numbering) -> list[Block]:
    """Annex III: what is offered online, and the six marks of data quality, of each province and ministry."""
    marks: dict[str, dict[str, str]] = {}
    for row in material.table("quality_marks"):
        if row["value"] is not None:
            marks.setdefault(row["place_code"], {})[row["mark"]] = cells.share(row["value"])
    rows = []
    for place in material.answering:
        shares = [cells.rate_cell(material.figure(place.code, name)) for name in ("offered_online", "offered_full_online")]
        told = marks.get(place.code, {})
        if place.coverage is not None:  # the same share of working days, also where an older edition has no marks
            told = {"complete": cells.share(place.coverage)} | told
        measured = [told.get(mark.code, cells.status_word(None)) for mark in MARKS]
        rows.append([place.short, _base(material, place.code, "offered_online"), *shares, *measured])
    names = [pick(mark.vi, mark.en) for mark in MARKS]
    heads = [
        Head(_("Địa phương, bộ, ngành"), 18, False),
        Head(_("Thủ tục trong danh mục"), 12),
        Head(_("Trực tuyến (%)"), 9),
        Head(_("Toàn trình (%)"), 9),
        *(Head(_("%(mark)s (%%)", mark=name), max(8, round(1.3 * max(map(len, name.split()))))) for name in names),
    ]
    note = _("Đủ là độ phủ: tỷ lệ ngày làm việc trong kỳ có số liệu tiếp nhận gửi về. Phần X nêu mỗi dấu đếm gì trên gì.")
    title = _("Thủ tục được cung cấp trực tuyến và sáu dấu chất lượng số liệu theo địa phương, bộ, ngành")
    return [numbering.table(title, heads, rows, note, small=True)]


def definitions(material: Material, numbering: Numbering) -> list[Block]:
    """Annex V: every indicator, its formula, scope and source."""
    rows = [
        [
            pick(one.name_vi, one.name_en),
            _(
                "%(formula)s. Phạm vi: %(cohort)s. Khi mẫu số bằng 0: %(empty)s.",
                formula=capital(pick(one.formula_vi, one.formula_en)),
                cohort=pick(one.cohort_vi, one.cohort_en),
                empty=pick(one.empty_vi, one.empty_en),
            ),
            pick(one.source, one.source_en),
        ]
        for one in material.indicators.values()
    ]
    heads = [Head(_("Chỉ tiêu"), 17, False), Head(_("Công thức và phạm vi"), 57, False), Head(_("Nguồn"), 26, False)]
    return [numbering.table(_("Định nghĩa các chỉ tiêu"), heads, rows, small=True)]


def report_period(material: Material, numbering: Numbering) -> list[Block]:
    """Annex IV: the period of NĐ 09/2019 (15th to 14th), never mixed with the calendar month."""
    found = material.table("report_period")
    if not found:
        return [Say(_("Phiên bản này không có số liệu theo kỳ báo cáo của NĐ 09/2019."))]
    first, last = (numbers.day(date.fromisoformat(found[0][name]), language()) for name in ("first_day", "last_day"))
    columns = {
        "received": _("Tổng tiếp nhận"),
        "received_online": _("Trong kỳ, trực tuyến"),
        "received_other": _("Trong kỳ, kênh khác"),
        "carried_over": _("Từ kỳ trước"),
        "resolved": _("Tổng đã giải quyết"),
        "resolved_early": _("Trước hạn"),
        "resolved_on_day": _("Đúng hạn"),
        "resolved_late": _("Quá hạn"),
        "resolved_no_due": _("Không ghi hạn"),
        "pending": _("Tổng đang giải quyết"),
        "pending_in_time": _("Trong hạn"),
        "pending_late": _("Quá hạn"),
    }
    rows = [[_place(material, row["province_code"]), *(cells.count(row[name]) for name in columns)] for row in found]
    heads = [Head(_("Địa phương, bộ, ngành"), 16, False), *(Head(words, 7) for words in columns.values())]
    note = _("Kỳ báo cáo theo Điều 12 NĐ 09/2019/NĐ-CP, khác kỳ tháng dương lịch của các bảng khác: hai kỳ không cộng, không so với nhau.")
    title = _("Tình hình giải quyết hồ sơ theo kỳ báo cáo của NĐ 09/2019")
    table = numbering.table(title, heads, rows, note, bold=[0], small=True)
    return [replace(table, tail=[_("(kỳ %(period)s)", period=f"{first}–{last}"), *table.tail[1:]])]


def _cohorts(material: Material, numbering: Numbering) -> list[Block]:
    asked, matured = (
        {row["province_code"]: row for row in material.table("supplement_cohorts") if row["basis"] == basis} for basis in BASES
    )
    if not asked and not matured:
        return []
    few = cells.Word(_("dưới %(n)s hồ sơ", n=LEAST))  # such a place has no row; where no place has one, nothing is known
    no_request, no_cohort = (few if known_of else cells.status_word(None) for known_of in (asked, matured))
    rows = []
    for code in dict.fromkeys([NATION, *(place.code for place in material.places)]):
        now, then = asked.get(code), matured.get(code)
        if now is None and then is None:
            continue
        counts = [cells.count(now[name]) if now else no_request for name in ("asked", "asked_twice")]
        shares: list[str] = [no_cohort] * 4
        if then is not None and then["dossiers"]:
            low, high = wilson(then["asked"], then["dossiers"])
            shares = [
                cells.count(then["dossiers"]),
                cells.count(then["asked"]),
                cells.share(then["asked"] / then["dossiers"]),
                cells.span(float(low), float(high)),
            ]
        rows.append([_place(material, code), *counts, *shares])
    months = [numbers.month(next(iter(rows_of.values()))["month"], language()) if rows_of else "" for rows_of in (asked, matured)]
    heads = [
        Head(_("Địa phương, bộ, ngành"), 28, False),
        Head(_("Bị yêu cầu trong %(month)s (hồ sơ)", month=months[0]), 14),
        Head(_("Từ hai lần (hồ sơ)"), 11),
        Head(_("Tiếp nhận %(month)s (hồ sơ)", month=months[1]), 13),
        Head(_("Bị yêu cầu (hồ sơ)"), 11),
        Head(_("Tỷ lệ (%)"), 9),
        Head(_("Khoảng 95 % (%)"), 14),
    ]
    note = _(
        "Hai cột đầu tính theo tháng yêu cầu và còn tạm tính. Các cột sau theo hồ sơ tiếp nhận ba tháng trước: đã đủ thời gian để có hết "
        "yêu cầu, là số chính thức."
    )
    table = numbering.table(_("Yêu cầu bổ sung theo tháng yêu cầu và theo tháng tiếp nhận"), heads, rows, note, bold=[0], small=True)
    return [replace(table, tail=table.tail[1:])]


def _place(material: Material, code: str) -> str:
    return _("Cả nước") if code == NATION else material.name(code)


def _every(material: Material) -> list[tuple[str, str]]:
    return [(_("Cả nước"), NATION), *((place.short, place.code) for place in material.places)]


def _rate(material: Material, code: str, indicator: str) -> list[str]:
    figure = material.figure(code, indicator)
    return [cells.rate_cell(figure), cells.interval_cell(figure)]


def _base(material: Material, code: str, indicator: str) -> str:
    return cells.denominator_cell(material.figure(code, indicator))


def _counted(material: Material, code: str, indicator: str) -> str:
    return cells.numerator_cell(material.figure(code, indicator))
