"""The annexes: every province and ministry, row by row, and every definition."""

from core.text import _
from core.web import pick
from exports import cells
from exports.cells import NATION, capital
from exports.layout import Block, Head, Numbering
from exports.report import Material
from scorecard.quality_marks import MARKS


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
    ]


def again(material: Material, numbering: Numbering) -> list[Block]:
    """Annex II: declaring once by place."""
    rows = []
    for label, code in _every(material):
        lower, upper = (material.figure(code, "asked_again_recorded", variant) for variant in ("lower", "upper"))
        ends = [cells.numerator_cell(lower), cells.numerator_cell(upper), cells.rate_cell(lower), cells.rate_cell(upper)]
        rows.append([label, *ends, _base(material, code, "asked_again_experienced"), *_rate(material, code, "asked_again_experienced")])
    dossiers = _("(hồ\u00a0sơ)")
    return [
        numbering.table(
            _("Hồ sơ bị yêu cầu nộp lại giấy tờ Nhà nước đã có, theo hồ sơ và theo người dân"),
            [
                Head(_("Tỉnh, thành phố"), 20, False),
                Head(_("Từ %(unit)s", unit=dossiers), 10),
                Head(_("Đến %(unit)s", unit=dossiers), 10),
                Head(_("Từ (%)"), 9),
                Head(_("Đến (%)"), 9),
                Head(_("Trả lời có hoặc không (người)"), 15),
                Head(_("Người dân nêu có (%)"), 13),
                Head(_("Khoảng 95\u00a0% (%)"), 14),
            ],
            rows,
            _(
                "Người dân nêu có: phần trả lời “có” trong số trả lời “có” hoặc “không”; “không chắc” không tính vào tỷ lệ. In màu xám: "
                "10–29 người trả lời câu hỏi, chỉ để tham khảo."
            ),
            bold=[0],
            small=True,
            whole=True,
        )
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
    heads = [
        Head(_("Địa phương, bộ, ngành"), 22, False),
        Head(_("Thủ tục trong danh mục"), 12),
        Head(_("Trực tuyến (%)"), 9),
        Head(_("Toàn trình (%)"), 9),
        *(Head(_("%(mark)s (%%)", mark=pick(mark.vi, mark.en)), 8) for mark in MARKS),
    ]
    note = _("Đủ là độ phủ: tỷ lệ ngày làm việc trong kỳ có số liệu tiếp nhận gửi về. Phần X nêu mỗi dấu đếm gì trên gì.")
    title = _("Thủ tục được cung cấp trực tuyến và sáu dấu chất lượng số liệu theo địa phương, bộ, ngành")
    return [numbering.table(title, heads, rows, note, small=True)]


def definitions(material: Material, numbering: Numbering) -> list[Block]:
    """Annex IV: every indicator, its formula, scope and source."""
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
    heads = [Head(_("Chỉ tiêu"), 23, False), Head(_("Công thức và phạm vi"), 53, False), Head(_("Nguồn"), 24, False)]
    return [numbering.table(_("Định nghĩa các chỉ tiêu"), heads, rows, small=True)]


def _every(material: Material) -> list[tuple[str, str]]:
    return [(_("Cả nước"), NATION), *((place.short, place.code) for place in material.places)]


def _rate(material: Material, code: str, indicator: str) -> list[str]:
    figure = material.figure(code, indicator)
    return [cells.rate_cell(figure), cells.interval_cell(figure)]


def _base(material: Material, code: str, indicator: str) -> str:
    return cells.denominator_cell(material.figure(code, indicator))


def _counted(material: Material, code: str, indicator: str) -> str:
    return cells.numerator_cell(material.figure(code, indicator))
