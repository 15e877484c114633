"""Chapters written from the survey: satisfaction with its doubts and parts, and what does not match the record."""

from collections.abc import Sequence

from core import numbers
from core.text import _
from core.web import language, pick
from exports import cells, pictures, sentences
from exports.cells import NATION, count, known
from exports.layout import Block, Head, Note, Numbering, Points, Say, Section
from exports.report import Material, Place
from exports.summary import change, changed_places, doubt
from scorecard.mismatch import FACTS
from scorecard.mismatch_indicators import MISMATCH
from scorecard.pages.declare_once import reach
from scorecard.pages.satisfaction import category_name

PARTS = ("channel", "end_point", "applicant", "mode", "provider")


def satisfaction(material: Material, numbering: Numbering) -> list[Block]:
    """Chapter II."""
    return [
        *_nation(material, numbering),
        *_places(material, numbering),
        *_parts(material, numbering),
        *_ministries(material, numbering),
        *_drivers(material, numbering),
        *_changes(material, numbering),
    ]


def _nation(material: Material, numbering: Numbering) -> list[Block]:
    rate, response = material.rate(NATION), material.figure(NATION, "response_rate")
    lower, upper = (material.figure(NATION, "satisfaction_bounds", variant) for variant in ("lower", "upper"))
    blocks: list[Block] = [Section(_("1. Cả nước")), Say(sentences.satisfaction(rate, response)), Say(doubt(material))]
    free = sentences.assumption_free(lower, upper, response)
    if free:
        blocks.append(Say(free))
    rows = [row for row in (_kind(material, variant, words) for variant, words in _variants()) if row]
    heads = [Head(_("Cách tính"), 46, False), Head(_("Số phiếu"), 16), Head(_("Hài lòng (%)"), 16), Head(_("Khoảng 95 % (%)"), 22)]
    note = _(
        "Đã làm sạch: bỏ các phiếu có dấu hiệu không do người làm thủ tục điền (phần X nêu từng dấu hiệu). Gia quyền: mỗi phiếu đại diện "
        "cho số hồ sơ cùng kết cục, kênh nộp, cấp và loại đối tượng. Số sau hiệu chỉnh là số dùng trong toàn báo cáo."
    )
    blocks.append(numbering.table(_("Tỷ lệ hài lòng cả nước theo ba cách tính"), heads, rows, note, whole=True))
    blocks += _ratings(material, numbering)
    return blocks


def _variants() -> list[tuple[str, str]]:
    return [
        ("raw", _("Mọi phiếu, chưa hiệu chỉnh")),
        ("cleaned", _("Đã làm sạch, chưa gia quyền")),
        ("weighted", _("Đã làm sạch và gia quyền (sau hiệu chỉnh)")),
    ]


def _kind(material: Material, variant: str, words: str) -> list[str]:
    figure = material.figure(NATION, "satisfaction", variant)
    if figure is None:
        return []
    return [words, cells.n_cell(figure), cells.rate_cell(figure), cells.interval_cell(figure)]


def _ratings(material: Material, numbering: Numbering) -> list[Block]:
    found = {(one.category, one.variant): one for one in material.parts.get("rating", ())}
    steps = {
        "5": _("5 – Rất hài lòng"),
        "4": _("4 – Hài lòng"),
        "3": _("3 – Bình thường"),
        "2": _("2 – Không hài lòng"),
        "1": _("1 – Rất không hài lòng"),
    }
    rows = []
    for step, words in steps.items():
        raw, weighted = found.get((step, "raw")), found.get((step, "weighted"))
        if raw is not None:
            rows.append([words, cells.numerator_cell(raw), cells.rate_cell(raw), cells.interval_cell(raw), cells.rate_cell(weighted)])
    if not rows:
        return []
    heads = [
        Head(_("Mức"), 32, False),
        Head(_("Số phiếu"), 14),
        Head(_("Chưa hiệu chỉnh (%)"), 17),
        Head(_("Khoảng 95 % (%)"), 20),
        Head(_("Sau hiệu chỉnh (%)"), 17),
    ]
    return [numbering.table(_("Phân bố câu trả lời theo năm mức, cả nước"), heads, rows, whole=True)]


def _places(material: Material, numbering: Numbering) -> list[Block]:
    counts = {group: sum(place.group == group for place in material.places) for group in ("high", "middle", "low", None)}
    rows = [_place_row(material, _("Cả nước"), NATION, "")]
    rows += [_place_row(material, place.short, place.code, cells.group_word(place.group)) for place in material.places]
    note = _(
        "Hài lòng: sau hiệu chỉnh. Dải nhạy cảm: tỷ lệ nếu người hài lòng trả lời nhiều gấp đôi hoặc bằng một nửa người khác. Nhóm theo vị "
        "trí của khoảng 95 phần trăm so với mức cả nước, không phải xếp hạng. Dưới 10 người trả lời: không công bố; 10–29 người: in màu "
        "xám, chỉ để tham khảo, không xếp nhóm."
    )
    if material.asked_later is not None:
        note += " " + _("Dải của cả nước: theo kết quả hỏi lại người chưa trả lời.")
    return [
        Section(_("2. Theo địa phương")),
        Say(sentences.groups(counts["high"], counts["middle"], counts["low"], counts[None])),
        numbering.table(
            _("Tỷ lệ hài lòng của 34 tỉnh, thành phố"),
            [
                Head(_("Tỉnh, thành phố"), 19, False),
                Head(_("Được mời"), 10),
                Head(_("Trả lời"), 10),
                Head(_("Tỷ lệ trả lời (%)"), 11),
                Head(_("Hài lòng (%)"), 11),
                Head(_("Khoảng 95 % (%)"), 14),
                Head(_("Dải nhạy cảm (%)"), 14),
                Head(_("Nhóm"), 11, False),
            ],
            rows,
            note,
            bold=[0],
            small=True,
        ),
        numbering.picture(
            _("Tỷ lệ hài lòng theo địa phương"),
            pictures.satisfaction(material),
            _(
                "Chấm: tỷ lệ ước lượng; dải: khoảng 95 %; vạch xám: mức cả nước. Trong mỗi nhóm xếp theo giá trị; thứ tự trong nhóm không "
                "có ý nghĩa xếp hạng. Số bên phải: tỷ lệ và khoảng, tính theo phần trăm."
            ),
        ),
    ]


def _place_row(material: Material, name: str, code: str, group: str) -> list[str]:
    rate, response = material.rate(code), material.figure(code, "response_rate")
    lower, upper = (material.figure(code, "satisfaction", variant) for variant in ("lower", "upper"))
    invited = [cells.denominator_cell(response), cells.numerator_cell(response), cells.rate_cell(response)]
    band = cells.status_word(rate) if lower is None or not known(rate) else cells.bounds_cell(lower, upper)
    return [name, *invited, cells.rate_cell(rate), cells.interval_cell(rate), band, group]


def _parts(material: Material, numbering: Numbering) -> list[Block]:
    titles = {
        "channel": _("Theo kênh nộp hồ sơ"),
        "end_point": _("Theo cách hồ sơ kết thúc"),
        "applicant": _("Theo đối tượng: người dân, doanh nghiệp"),
        "mode": _("Theo cách trả lời"),
        "provider": _("Theo doanh nghiệp cung cấp hệ thống"),
    }
    blocks: list[Block] = [
        Section(_("3. Theo kênh, cách kết thúc, đối tượng và doanh nghiệp cung cấp hệ thống")),
        Say(
            _(
                "Khác nhau giữa các dòng không tự nó có nghĩa là kênh, đối tượng hay doanh nghiệp này phục vụ tốt hơn: thủ tục và người "
                "nộp ở mỗi dòng không giống nhau. Khoảng 95 phần trăm chồng lên nhau thì chưa phân biệt được."
            )
        ),
    ]
    for name in PARTS:
        by_category: dict[str, dict[str, list[str]]] = {}
        for figure in material.parts.get(name, ()):
            if figure.indicator != "satisfaction":
                continue
            label = material.name(figure.category) if name == "provider" else category_name(figure.category)
            values = [cells.n_cell(figure), cells.rate_cell(figure), cells.interval_cell(figure)]
            by_category.setdefault(figure.category, {})[figure.variant] = [label, *values]
        rows = [variants.get("weighted", variants.get("raw", [])) for _category, variants in sorted(by_category.items())]
        if rows:
            heads = [Head(_("Nhóm"), 40, False), Head(_("Số phiếu"), 18), Head(_("Hài lòng (%)"), 18), Head(_("Khoảng 95 % (%)"), 24)]
            note = (
                _("Mỗi cách trả lời là một chuỗi riêng, không cộng vào nhau; chỉ liên kết gửi riêng vào số liệu chính.")
                if name == "mode"
                else ""
            )
            blocks.append(numbering.table(titles[name], heads, rows, note, whole=True))
    return blocks if len(blocks) > 2 else []


def _ministries(material: Material, numbering: Numbering) -> list[Block]:
    if not material.ministries:
        return []
    rows = []
    for place in material.ministries:
        rate, response = material.rate(place.code), material.figure(place.code, "response_rate")
        invited = [cells.denominator_cell(response), cells.numerator_cell(response)]
        rows.append([place.short, *invited, cells.rate_cell(rate), cells.interval_cell(rate)])
    if all(isinstance(row[3], cells.Word) for row in rows):
        rows = [row for row in rows if not isinstance(row[1], cells.Word) and row[1] != "0"]
    heads = [
        Head(_("Bộ, ngành"), 40, False),
        Head(_("Được mời"), 14),
        Head(_("Trả lời"), 14),
        Head(_("Hài lòng (%)"), 14),
        Head(_("Khoảng 95 % (%)"), 18),
    ]
    title = Section(_("4. Bộ, ngành"))
    if not rows:
        return [title, Say(_("Kỳ này chưa bộ, ngành nào có số liệu khảo sát."))]
    return [title, numbering.table(_("Tỷ lệ hài lòng đối với thủ tục do bộ, ngành giải quyết"), heads, rows, small=True)]


def _drivers(material: Material, numbering: Numbering) -> list[Block]:
    rows = [
        [
            cells.capital(pick(row["words_vi"], row["words_en"])),
            count(row["n"]),
            count(row["of"]),
            cells.points(row["points"]),
            _("%(low)s đến %(high)s", low=cells.points(row["low"]), high=cells.points(row["high"])),
        ]
        for row in material.table("drivers")
    ]
    title = Section(_("5. Điều đi cùng với mức hài lòng"))
    if not rows:
        return [title, Say(_("Kỳ này chưa đủ phiếu để tách riêng điều gì đi cùng với mức hài lòng."))]
    heads = [
        Head(_("Người trả lời cho biết"), 40, False),
        Head(_("Số phiếu nêu"), 13),
        Head(_("Trong số phiếu"), 13),
        Head(_("Chênh lệch (điểm)"), 14),
        Head(_("Khoảng 95 % (điểm)"), 20),
    ]
    note = _(
        "Chênh lệch tỷ lệ hài lòng, tính theo điểm phần trăm, giữa người nêu và người không nêu điều đó, khi các điều khác như nhau. Đi "
        "cùng không có nghĩa là nguyên nhân."
    )
    return [
        title,
        numbering.picture(_("Điều đi cùng với mức hài lòng"), pictures.drivers(material), ""),
        numbering.table(_("Điều đi cùng với mức hài lòng, cả nước"), heads, rows, note, whole=True),
    ]


def _changes(material: Material, numbering: Numbering) -> list[Block]:
    named = [row for row in material.table("comparison") if row["change_named"] and row["unit_code"] in material.names]
    blocks: list[Block] = [Section(_("6. Thay đổi so với tháng trước")), Say(change(material)), Say(changed_places(material))]
    if named:
        words = {"up": _("tăng"), "down": _("giảm")}
        rows = [
            [
                material.name(row["unit_code"]),
                count(row["n"]),
                words[row["change_named"]],
                cells.points(row["change"]),
                _("%(low)s đến %(high)s", low=cells.points(row["change_low"]), high=cells.points(row["change_high"])),
            ]
            for row in sorted(named, key=lambda row: (row["kind"] != "province", row["unit_code"]))[:40]
        ]
        heads = [
            Head(_("Đơn vị"), 38, False),
            Head(_("Số phiếu"), 14),
            Head(_("Chiều"), 12, False),
            Head(_("Thay đổi (điểm)"), 14),
            Head(_("Khoảng 95 % (điểm)"), 22),
        ]
        note = _("Trong các đơn vị được nêu, dự kiến nhiều nhất 5 phần trăm là do ngẫu nhiên (Benjamini–Hochberg).")
        blocks.append(numbering.table(_("Đơn vị có thay đổi rõ so với tháng trước"), heads, rows, note, small=True))
    if sum(figure is not None and known(figure) for _month, figure in material.trend) > 1:
        blocks.append(
            numbering.picture(
                _("Tỷ lệ hài lòng cả nước qua các tháng"),
                pictures.trend(material),
                _("Chấm: tỷ lệ của tháng; dải: khoảng 95 %. Chỉ các tháng đã công bố và tháng này."),
            )
        )
    return blocks


def mismatch(material: Material, numbering: Numbering) -> list[Block]:
    """Chapter III."""
    blocks: list[Block] = [
        Say(sentences.mismatch(material.figure(NATION, "mismatch_any"))),
        Say(
            _(
                "Không khớp chỉ cho biết cần đối chiếu, cần xác minh; không kết luận bên nào đúng. Người dân có thể nhớ nhầm, hệ thống có "
                "thể không ghi."
            )
        ),
    ]
    rows = []
    for indicator in MISMATCH:
        figure = material.figure(NATION, indicator.code)
        if figure is not None:
            counts = [cells.numerator_cell(figure), cells.denominator_cell(figure)]
            rows.append([pick(indicator.name_vi, indicator.name_en), *counts, cells.rate_cell(figure), cells.interval_cell(figure)])
    heads = [
        Head(_("Điều không khớp"), 46, False),
        Head(_("Số phiếu"), 11),
        Head(_("Trong số"), 11),
        Head(_("Tỷ lệ (%)"), 12),
        Head(_("Khoảng 95 % (%)"), 20),
    ]
    if rows:
        blocks.append(numbering.table(_("Hệ thống ghi và người dân nêu, từng chiều, cả nước"), heads, rows, small=True, whole=True))
    facts = {fact.code: pick(fact.vi, fact.en) for fact in FACTS}
    tests = [
        [facts[row["fact"]], count(row["answers"]), _either(row["unrecorded"]), _either(row["unconfirmed"]), _p(row["p_value"])]
        for row in material.table("mismatch")
        if row["place_code"] == NATION and row["window"] == 1 and row["fact"] in facts
    ]
    if tests:
        heads = [
            Head(_("Điều được so"), 32, False),
            Head(_("Số phiếu"), 14),
            Head(_("Người dân nêu, hệ thống không ghi"), 20),
            Head(_("Hệ thống ghi, người dân không nêu"), 20),
            Head(_("p (McNemar)"), 14),
        ]
        note = _("p nhỏ: một chiều không khớp nhiều hơn hẳn chiều kia, khó do ngẫu nhiên.")
        blocks.append(numbering.table(_("Hai chiều không khớp có ngang nhau không"), heads, tests, note, small=True, whole=True))
    return [*blocks, *_signs(material), *_by_place(material, numbering)]


def _either(value: int | None) -> str:
    return cells.Word(_("không so được")) if value is None else count(value)


def _p(value: float | None) -> str:
    if value is None:
        return cells.Word(_("không so được"))
    return _("dưới 0,001") if value < 0.001 else numbers.number(value, language(), 3)


def _signs(material: Material) -> list[Block]:
    """How many units the three tests for unrecorded requests point to; none is named here on one sign alone."""
    row, seen = (
        next((row for row in material.table(name) if row["province_code"] == NATION), None)
        for name in ("hidden_supplement_signs", "zero_reach")
    )
    limits = [Note(text)] if (text := reach(seen)) else []
    if row is None or not row["units"]:
        return [Say(_("Chưa đơn vị nào có đủ hồ sơ để xét dấu hiệu yêu cầu bổ sung không được ghi nhận.")), *limits]
    return [
        Say(_("Dấu hiệu có yêu cầu bổ sung không được ghi nhận, trong %(n)s đơn vị đủ hồ sơ để xét:", n=count(row["units"]))),
        Points(
            [
                _("không ghi yêu cầu nào, ít hơn hẳn đơn vị tương đương: %(n)s đơn vị;", n=count(row["zero"])),
                _("hồ sơ kết thúc không có kết quả rồi nộp lại nhiều hơn hẳn: %(n)s đơn vị;", n=count(row["refiled"])),
                _("người dân nêu có bổ sung nhiều hơn hẳn: %(n)s đơn vị;", n=count(row["people"])),
                _("có từ hai dấu hiệu trở lên, cần xác minh: %(n)s đơn vị.", n=count(row["two"])),
            ]
        ),
        *limits,
    ]


def _by_place(material: Material, numbering: Numbering) -> list[Block]:
    shown: Sequence[Place] = [place for place in material.places if known(material.figure(place.code, "mismatch_any"))]
    hidden = len(material.places) - len(shown)
    if not shown:
        return [Note(_("Chưa địa phương nào có đủ phiếu để công bố mức không khớp."))]
    rows = []
    for place in shown:
        figure = material.figure(place.code, "mismatch_any")
        counts = [cells.numerator_cell(figure), cells.denominator_cell(figure)]
        rows.append([place.short, *counts, cells.rate_cell(figure), cells.interval_cell(figure)])
    heads = [
        Head(_("Tỉnh, thành phố"), 36, False),
        Head(_("Số phiếu không khớp"), 16),
        Head(_("Trong số phiếu"), 14),
        Head(_("Tỷ lệ (%)"), 14),
        Head(_("Khoảng 95 % (%)"), 20),
    ]
    note = _("%(n)s địa phương khác không đủ số liệu hoặc được ẩn.", n=count(hidden)) if hidden else ""
    return [numbering.table(_("Không khớp ở ít nhất một điểm, theo địa phương"), heads, rows, note, small=True)]
