"""Puts the material into the report's order: summary, seven parts, annexes. Gives the template's context."""

from typing import Any

from core import numbers
from exports import cells, pictures, sentences
from exports.cells import GROUP_WORDS, NATION, capital
from exports.layout import Head, Numbering, Table
from exports.profiles import profile
from exports.report import Cause, Material, Place
from scorecard.pages.words import difference

DOSSIERS, SPAN = "(hồ\u00a0sơ)", "Khoảng 95\u00a0% (%)"  # units in heads of columns, never broken over lines


def compose(material: Material) -> dict[str, Any]:
    """Everything the template ``report/report.html`` prints. Raises ``LookupError`` where no issuing profile is in force."""
    month = material.month
    period = f"{month.first_day:%d/%m}–{numbers.day(month.last_day, 'vi')}"
    numbering = Numbering(f"kỳ {period}", material.simulated)
    return {
        "material": material,
        "profile": profile(month.last_day, material.simulated),
        "period": period,
        "month": numbers.month(month, "vi"),
        "cutoff": numbers.day(material.cutoff_at, "vi"),
        "summary": _summary(material),
        "scope": _scope(material, numbering),
        "satisfaction": _satisfaction(material, numbering),
        "again": _again(material, numbering),
        "online": _online(material, numbering),
        "time": _time(material, numbering),
        "limits": _limits(material),
        "method": _method(material, numbering),
        "annexes": _annexes(material, numbering),
    }


def _nation(material: Material, indicator: str, variant: str = "raw") -> Any:
    return material.figure(NATION, indicator, variant)


def _summary(material: Material) -> dict[str, Any]:
    now, response = _nation(material, "satisfaction"), _nation(material, "response_rate")
    before = material.previous.get((NATION, "satisfaction", "raw"))
    changed, comparable = _changes(material)
    silent = [place for place in material.places if place.coverage is not None and place.coverage < 1]
    foremost = list({cause.procedure_code: cause for cause in reversed(material.causes)}.values())[::-1]  # once a procedure
    foremost = sorted(foremost, key=lambda cause: -cause.people)[:3]
    return {
        "figures": [
            sentences.satisfaction(now, response),
            sentences.asked_again(_nation(material, "asked_again_recorded", "lower"), _nation(material, "asked_again_recorded", "upper")),
            sentences.mismatch(_nation(material, "mismatch_supplement")),
        ],
        "change": [sentences.change(now, before, difference(now, before)), sentences.changed_places(changed, comparable)],
        "causes": sentences.causes(foremost),
        "requests": sentences.requests(foremost),
        "certainty": [sentences.sampling_only(now), sentences.incomplete(len(silent), len(material.places))],
    }


def _changes(material: Material) -> tuple[list[str], int]:
    names, comparable = [], 0
    for place in material.places:
        key = (place.code, "satisfaction", "raw")
        found = difference(material.figures.get(key), material.previous.get(key))
        comparable += found is not None
        if found is not None and found.clear:
            names.append(f"{place.short} ({'tăng' if found.value > 0 else 'giảm'})")
    return names, comparable


def _scope(material: Material, numbering: Numbering) -> dict[str, Any]:
    facts = material.facts
    rows = []
    if "sources" in facts:
        rows.append(
            ["Hệ thống gửi số liệu, trên tổng số đã đăng ký", f"{cells.count(facts['sources_reported'])}/{cells.count(facts['sources'])}"]
        )
    if "rows_received" in facts:
        rows.append(["Dòng số liệu nhận được trong các lần gửi của kỳ", cells.count(facts["rows_received"])])
        rows.append(["Dòng bị giữ lại vì lỗi, không được tính", cells.count(facts["rows_quarantined"])])
    for label, indicator, what in (
        ("Hồ sơ tiếp nhận trong kỳ", "online_filing", "denominator"),
        ("Hồ sơ kết thúc giải quyết hoặc có yêu cầu bổ sung trong kỳ", "supplement", "denominator"),
        ("Người được mời trả lời khảo sát", "response_rate", "denominator"),
        ("Người trả lời", "response_rate", "numerator"),
    ):
        figure = _nation(material, indicator)
        rows.append([label, cells.count(getattr(figure, what)) if cells.known(figure) else cells.status_word(figure)])
    known = [place for place in material.places if place.coverage is not None]
    partial = [f"{place.short} ({cells.percent(place.coverage or 0)})" for place in known if 0 < (place.coverage or 0) < 1]
    silent = [place.short for place in material.places if not place.coverage]
    full = len(known) - len([place for place in known if (place.coverage or 0) < 1])
    return {
        "table": numbering.table("Quy mô số liệu của kỳ báo cáo, cả nước", [Head("Nội dung", 74, False), Head("Số lượng", 26)], rows),
        "coverage": sentences.coverage(full, partial, silent) if known else "",
    }


def _satisfaction(material: Material, numbering: Numbering) -> dict[str, Any]:
    counts = {group: sum(place.group == group for place in material.places) for group in (*GROUP_WORDS, None)}
    heads = [
        Head("Tỉnh, thành phố", 25, False),
        Head("Người được mời", 12),
        Head("Người trả lời", 12),
        Head("Tỷ lệ trả lời (%)", 11),
        Head("Hài lòng (%)", 15),
        Head(SPAN, 14),
        Head("Nhóm", 11, False),
    ]
    rows = [_satisfaction_row(material, "Cả nước", NATION, "")]
    rows += [_satisfaction_row(material, place.short, place.code, _group(place)) for place in _by_name(material)]
    note = (
        "Tỷ lệ hài lòng: số người chấm mức 4 hoặc 5 trên thang 5 trong số người có chấm điểm. Nhóm theo vị trí của khoảng 95 % so với "
        "mức cả nước, không phải xếp hạng. Dưới 10 người trả lời: không công bố; 10–29 người: in màu xám, chỉ để tham khảo, không xếp nhóm."
    )
    return {
        "lead": sentences.satisfaction(_nation(material, "satisfaction"), _nation(material, "response_rate")),
        "groups": sentences.groups(counts["high"], counts["middle"], counts["low"], counts[None]),
        "picture": numbering.picture(
            "Tỷ lệ hài lòng theo địa phương", pictures.satisfaction(material),
            "Chấm: tỷ lệ ước lượng; dải: khoảng 95 %; vạch xám: mức cả nước. Trong mỗi nhóm xếp theo giá trị; thứ tự trong nhóm không có "
            "ý nghĩa xếp hạng. Số bên phải: tỷ lệ và khoảng, tính theo phần trăm.",
        ),
        "table": numbering.table("Tỷ lệ hài lòng của 34 tỉnh, thành phố", heads, rows, note, bold=[0], small=True),
    }  # fmt: skip


def _satisfaction_row(material: Material, name: str, code: str, group: str) -> list[str]:
    rate, response = material.figure(code, "satisfaction"), material.figure(code, "response_rate")
    counts = [cells.denominator_cell(response), cells.numerator_cell(response), cells.rate_cell(response)]
    return [name, *counts, cells.rate_cell(rate), cells.interval_cell(rate), group]


def _again(material: Material, numbering: Numbering) -> dict[str, Any]:
    heads = [
        Head("Thủ tục và điều có thể sửa", 52, False),
        Head("Hồ sơ bị ảnh hưởng", 13),
        Head("Nơi phát sinh", 12),
        Head("Ai sửa được", 23, False),
    ]
    rows = [
        [_cause_words(cause), cells.count(cause.people), f"{cells.count(cause.units)} đơn vị", capital(cause.agency)]
        for cause in material.causes
    ]
    return {
        "recorded": sentences.asked_again(
            _nation(material, "asked_again_recorded", "lower"), _nation(material, "asked_again_recorded", "upper")
        ),
        "experienced": sentences.experienced_again(_nation(material, "asked_again_experienced")),
        "supplements": sentences.supplements(_nation(material, "supplement"), _nation(material, "repeat_supplement")),
        "mismatch": sentences.mismatch(_nation(material, "mismatch_supplement")),
        "causes": numbering.table(
            "Những việc có nhiều người bị ảnh hưởng nhất", heads, rows,
            "Xếp theo số hồ sơ bị ảnh hưởng trong kỳ; một hồ sơ có thể nằm ở nhiều dòng.", small=True,
        ) if rows else None,
        "picture": numbering.picture(
            "Hồ sơ bị yêu cầu nộp lại giấy tờ Nhà nước đã có", pictures.asked_again(material),
            "Dải: từ phần chắc chắn (giấy tờ đối chiếu được với một cơ sở dữ liệu của Nhà nước) đến phần nhiều nhất (thêm những yêu cầu "
            "không nêu rõ giấy tờ). Số bên phải: phần trăm hồ sơ. Xếp theo giá trị để dễ đọc, không phải xếp hạng.",
        ),
    }  # fmt: skip


def _cause_words(cause: Cause) -> str:
    name = sentences.plain(cause.procedure)
    if cause.kind == "held_by_state":
        return f"{name}: đang yêu cầu giấy tờ đã có trong {cause.register or 'cơ sở dữ liệu của Nhà nước'}"
    if cause.kind == "repeat_supplement":
        return f"{name}: yêu cầu bổ sung từ hai lần trở lên"
    return f"{name}: có cung cấp trực tuyến nhưng hồ sơ vẫn nộp tại quầy"


def _online(material: Material, numbering: Numbering) -> dict[str, Any]:
    claim = next((claim for claim in material.claims if claim.key == "local_online"), None)
    heads = [Head("Ba dòng, không cộng gộp", 46, False), Head("Tử số", 18), Head("Mẫu số", 18), Head("Tỷ lệ (%)", 18)]
    rows = []
    for label, indicator in (
        ("Thủ tục do địa phương thực hiện được cung cấp trực tuyến, một phần hoặc toàn trình", "offered_online"),
        ("Thủ tục do địa phương thực hiện được cung cấp trực tuyến toàn trình", "offered_full_online"),
        ("Hồ sơ nộp trực tuyến", "online_filing"),
    ):
        figure = _nation(material, indicator)
        rows.append([label, cells.numerator_cell(figure), cells.denominator_cell(figure), cells.rate_cell(figure)])
    return {
        "filing": sentences.share_of(_nation(material, "online_filing"), "nộp trực tuyến", "hồ sơ"),
        "table": numbering.table(
            "Cung cấp và sử dụng dịch vụ công trực tuyến, cả nước", heads, rows,
            "Hai dòng đầu tính theo cặp tỉnh × thủ tục trong danh mục có hiệu lực ngày cuối kỳ; "
            "dòng thứ ba tính theo hồ sơ tiếp nhận trong kỳ.",
        ),
        "claim": claim,
        "claimed": numbers.claimed(claim.value, claim.numerator, claim.denominator, "vi") if claim is not None else "",
        "abbreviations": pictures.abbreviations(material),
        "claims": numbering.table(
            "Số liệu dẫn lại, không do báo cáo này tính",
            [Head("Nội dung và nguồn", 70, False), Head("Số liệu", 30)],
            [
                [f"{one.text}. Nguồn: {one.source}.", numbers.claimed(one.value, one.numerator, one.denominator, "vi")]
                for one in material.claims
            ],
            small=True,
            quoted=True,
        ) if material.claims else None,
        "picture": numbering.picture(
            "Sơ đồ tỷ lệ hồ sơ nộp trực tuyến", pictures.online(material),
            "Mỗi ô là một tỉnh, thành phố theo vị trí tương đối; số trong ô: phần trăm.", width=78,
        ),
    }  # fmt: skip


def _time(material: Material, numbering: Numbering) -> dict[str, Any]:
    return {
        "lead": sentences.share_of(_nation(material, "on_time"), "được giải quyết đúng hạn", "hồ sơ có ngày hẹn trả"),
        "picture": numbering.picture(
            "Tỷ lệ giải quyết đúng hạn theo địa phương", pictures.on_time(material),
            "Theo ngày hẹn trả ghi trong hệ thống. Dải: khoảng 95 %, rộng ở nơi ít hồ sơ. Vạch xám: mức cả nước. Số bên phải: hồ sơ đúng "
            "hạn trên hồ sơ có ngày hẹn trả; tỷ lệ và khoảng, tính theo phần trăm. Xếp theo giá trị để dễ đọc, không phải xếp hạng.",
        ),
    }  # fmt: skip


def _limits(material: Material) -> list[str]:
    now, response = _nation(material, "satisfaction"), _nation(material, "response_rate")
    return [
        text
        for text in (
            sentences.sampling_only(now),
            sentences.assumption_free(now, response),
            "Người không nộp được hồ sơ, hoặc bỏ dở trước khi được tiếp nhận, không có trong các con số của báo cáo này.",
            "Số liệu hành chính (tiếp nhận, bổ sung, đúng hạn) được tính từ hồ sơ các hệ thống đã gửi; việc nêu không khớp với câu trả lời "
            "của người dân chỉ cho biết cần đối chiếu, cần xác minh, không kết luận bên nào đúng.",
            "Ô khảo sát dưới 10 người trả lời không được công bố, kể cả khi có thể suy ra từ các ô khác; “không phát sinh”, "
            "“chưa có số liệu”, “không đủ số liệu” và “được ẩn” là bốn điều khác nhau và không ô nào có nghĩa là số không.",
            "Chỉ số hành chính theo Quyết định số 766/QĐ-TTg không được gộp với kết quả khảo sát: nhóm “mức độ hài lòng” của chỉ số đó đo "
            "việc đúng hạn và xử lý phản ánh, không phải ý kiến người dân.",
        )
        if text
    ]


def _method(material: Material, numbering: Numbering) -> Table:
    rows = [
        [
            one.name_vi,
            f"{capital(one.formula_vi)}. Phạm vi: {one.cohort_vi}. Khi mẫu số bằng 0: {one.empty_vi}.",
            one.source,
        ]
        for one in material.indicators.values()
    ]
    heads = [Head("Chỉ tiêu", 23, False), Head("Công thức và phạm vi", 55, False), Head("Nguồn", 22, False)]
    return numbering.table("Định nghĩa các chỉ tiêu", heads, rows, small=True)


def _annexes(material: Material, numbering: Numbering) -> list[dict[str, Any]]:
    places = [(place.short, place.code) for place in _by_name(material)]
    every = [("Cả nước", NATION), *places]

    def rate(code: str, indicator: str, variant: str = "raw") -> str:
        return cells.rate_cell(material.figure(code, indicator, variant))

    def base(code: str, indicator: str) -> str:
        return cells.denominator_cell(material.figure(code, indicator))

    def counted(code: str, indicator: str, variant: str = "raw") -> str:
        return cells.numerator_cell(material.figure(code, indicator, variant))

    def between(code: str, indicator: str) -> str:
        return cells.interval_cell(material.figure(code, indicator))

    handled = [
        [name, base(code, "online_filing"), rate(code, "online_filing"), between(code, "online_filing"),
         base(code, "on_time"), rate(code, "on_time"), between(code, "on_time")]
        for name, code in every
    ]  # fmt: skip
    supplemented = [
        [name, base(code, "supplement"), counted(code, "supplement"), rate(code, "supplement"), between(code, "supplement"),
         counted(code, "repeat_supplement"), rate(code, "repeat_supplement"), between(code, "repeat_supplement")]
        for name, code in every
    ]  # fmt: skip
    again = [
        [name, counted(code, "asked_again_recorded", "lower"), counted(code, "asked_again_recorded", "upper"),
         rate(code, "asked_again_recorded", "lower"), rate(code, "asked_again_recorded", "upper"),
         base(code, "asked_again_experienced"), rate(code, "asked_again_experienced"), between(code, "asked_again_experienced")]
        for name, code in every
    ]  # fmt: skip
    coverage = {place.code: place.coverage for place in material.places}
    offered = [
        [name, base(code, "offered_online"), rate(code, "offered_online"),
         rate(code, "offered_full_online"), cells.share(coverage[code] or 0.0) if coverage[code] is not None else "chưa có số liệu"]
        for name, code in places
    ]  # fmt: skip
    name = Head("Tỉnh, thành phố", 20, False)
    return [
        {"title": "Hồ sơ theo địa phương", "tables": [
            numbering.table(
                "Nộp trực tuyến và giải quyết đúng hạn theo địa phương",
                [name, Head(f"Tiếp nhận {DOSSIERS}", 12), Head("Nộp trực tuyến (%)", 12), Head(SPAN, 15),
                 Head(f"Có ngày hẹn trả {DOSSIERS}", 14), Head("Đúng hạn (%)", 12), Head(SPAN, 15)],
                handled, bold=[0], small=True),
            numbering.table(
                "Yêu cầu bổ sung theo địa phương",
                [name, Head(f"Kết thúc hoặc bổ sung {DOSSIERS}", 14), Head(f"Phải bổ sung {DOSSIERS}", 11), Head("Phải bổ sung (%)", 10),
                 Head(SPAN, 14), Head(f"Từ hai lần {DOSSIERS}", 9), Head("Từ hai lần (%)", 9), Head(SPAN, 13)],
                supplemented, "Cả hai tỷ lệ tính trên số hồ sơ kết thúc hoặc có yêu cầu bổ sung.", bold=[0], small=True)]},
        {"title": "Chỉ khai báo một lần theo địa phương", "tables": [numbering.table(
            "Hồ sơ bị yêu cầu nộp lại giấy tờ Nhà nước đã có, theo hồ sơ và theo người dân",
            [name, Head(f"Từ {DOSSIERS}", 10), Head(f"Đến {DOSSIERS}", 10), Head("Từ (%)", 9), Head("Đến (%)", 9),
             Head("Trả lời có hoặc không (người)", 15), Head("Người dân nêu có (%)", 13), Head(SPAN, 14)],
            again, "Người dân nêu có: phần trả lời “có” trong số trả lời “có” hoặc “không”; “không chắc” không tính vào tỷ lệ. In màu "
            "xám: 10–29 người trả lời câu hỏi, chỉ để tham khảo.", bold=[0], small=True)]},
        {"title": "Cung cấp trực tuyến và độ phủ số liệu theo địa phương", "tables": [numbering.table(
            "Thủ tục được cung cấp trực tuyến và độ phủ số liệu",
            [Head("Tỉnh, thành phố", 32, False), Head("Thủ tục trong danh mục", 18), Head("Trực tuyến (%)", 16),
             Head("Toàn trình (%)", 16), Head("Độ phủ số liệu (%)", 18)],
            offered, "Độ phủ: tỷ lệ ngày làm việc trong kỳ có số liệu tiếp nhận gửi về.", small=True)]},
    ]  # fmt: skip


def _group(place: Place) -> str:
    return GROUP_WORDS[place.group] if place.group else "chưa xếp"


def _by_name(material: Material) -> list[Place]:
    """In the order of the statistics office's codes, which readers of such tables know."""
    return sorted(material.places, key=lambda place: place.code)
