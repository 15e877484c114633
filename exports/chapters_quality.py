"""Chapters about what the report rests on: scope, the official index beside, goals, quality of data, words of people, method."""

from collections import Counter
from collections.abc import Mapping

from core import numbers
from core.text import _
from core.web import language, pick
from exports import cells, sentences
from exports.cells import NATION, capital, count, known
from exports.layout import Block, Head, Numbering, Points, Say, Section
from exports.report import Material
from exports.summary import SATISFACTION, asked_about, incomplete
from scorecard.definitions import VISITED_BEFORE
from scorecard.quality_marks import MARKS

MOST_NAMED = 12  # communes in a sentence


def scope(material: Material, numbering: Numbering) -> list[Block]:
    """Chapter I."""
    facts = material.facts
    rows = []
    if "sources" in facts:
        told = f"{count(facts['sources_reported'])}/{count(facts['sources'])}"
        rows.append([_("Hệ thống gửi số liệu, trên tổng số đã đăng ký"), told])
    if "rows_received" in facts:
        rows.append([_("Dòng số liệu nhận được trong các lần gửi của kỳ"), count(facts["rows_received"])])
        rows.append([_("Dòng bị giữ lại vì lỗi, không được tính"), count(facts["rows_quarantined"])])
    for label, indicator, what in (
        (_("Hồ sơ tiếp nhận trong kỳ"), "online_filing", "denominator"),
        (_("Hồ sơ kết thúc giải quyết hoặc có yêu cầu bổ sung trong kỳ"), "supplement", "denominator"),
        (_("Người được mời trả lời khảo sát"), "response_rate", "denominator"),
        (_("Người trả lời"), "response_rate", "numerator"),
    ):
        figure = material.figure(NATION, indicator)
        rows.append([label, count(getattr(figure, what)) if known(figure) else cells.status_word(figure)])
    return [
        Say(
            _(
                "Báo cáo này tổng hợp hai nguồn: số liệu hồ sơ do hệ thống thông tin giải quyết thủ tục hành chính của các bộ, địa phương "
                "gửi về, và câu trả lời của người dân, doanh nghiệp có hồ sơ đến điểm kết thúc trong kỳ (đã trả kết quả, bị từ chối, rút "
                "hồ sơ hoặc dừng giải quyết). Mỗi hồ sơ được mời trả lời một lần; phiếu trả lời không lưu tên, số điện thoại hay mã hồ sơ."
            )
        ),
        Say(
            _(
                "Kỳ số liệu là tháng dương lịch, cắt theo giờ Việt Nam. Số liệu đến sau ngày chốt %(day)s không có trong phiên bản này.",
                day=numbers.day(material.cutoff_at, language()),
            )
        ),
        numbering.table(
            _("Quy mô số liệu của kỳ báo cáo, cả nước"), [Head(_("Điều được đếm"), 74, False), Head(_("Số lượng"), 26)], rows, whole=True
        ),
        *_coverage(material),
        *_reached(material),
        *_answering(material, numbering),
    ]


def _coverage(material: Material) -> list[Block]:
    known_of = [place for place in material.places if place.coverage is not None]
    if not known_of:
        return []
    partial = [f"{place.short} ({cells.percent(place.coverage or 0)})" for place in known_of if 0 < (place.coverage or 0) < 1]
    silent = [place.short for place in material.places if not place.coverage]
    full = sum((place.coverage or 0) >= 1 for place in known_of)
    if len(partial) > 12:  # the annex names each with its share
        told = _("%(n)s địa phương có ngày làm việc không thấy số liệu; độ phủ của từng nơi ở Phụ lục III.", n=count(len(partial)))
        return [Say(" ".join(part for part in (sentences.coverage(full, [], silent) if full else "", told) if part))]
    return [Say(sentences.coverage(full, partial, silent))]


def _reached(material: Material) -> list[Block]:
    """Whose answers these are, and which communes they hardly come from. An older edition does not know of these."""
    declared: Mapping[str, bool] | None = material.facts.get("without_signal")
    if declared is None:
        return []
    names = [material.name(code) for code in sorted(declared)]
    if len(names) > MOST_NAMED:  # then by province
        owners = Counter(material.name(material.owner(code)) for code in declared)
        names = [f"{name} ({count(number)})" for name, number in sorted(owners.items())]
    return [Say(sentences.reached(sum(declared.values()), len(declared) - sum(declared.values()), names))]


def _answering(material: Material, numbering: Numbering) -> list[Block]:
    names = {
        "rr1": _("Tỷ lệ trả lời đủ các câu chính (AAPOR RR1)"),
        "rr2": _("Tỷ lệ trả lời, kể cả trả lời một phần (AAPOR RR2)"),
        "covered": _("Phần hồ sơ mà các phiếu trả lời đại diện được"),
        "trimmed": _("Phiếu bị cắt bớt trọng số"),
        "two_phase": _("Tỷ lệ hài lòng khi tính cả người được hỏi lại"),
        "silent": _("Tỷ lệ hài lòng của người chưa trả lời, theo hỏi lại"),
    }
    rows = [
        [
            names[row["item"]],
            count(row["n"]),
            cells.share(row["value"]),
            cells.span(row["low"], row["high"]) if row["low"] is not None else "",
        ]
        for row in material.table("answering")
        if row["item"] in names and row["value"] is not None
    ]
    if not rows:
        return []
    heads = [Head(_("Điều được đếm"), 54, False), Head(_("Tính trên"), 14), Head(_("Tỷ lệ (%)"), 12), Head(_("Khoảng 95 % (%)"), 20)]
    note = _(
        "Người không nhận được lời mời tính là chưa rõ. RR2 có cả phiếu chưa chấm mức hài lòng, nên khác tỷ lệ ở phần Tóm tắt. Khoảng khi "
        "hỏi lại: số người chưa trả lời là có hạn. Phiếu bấm tại quầy và mã mở không có mẫu số nên không có tỷ lệ trả lời."
    )
    return [numbering.table(_("Ai trả lời, ai không, cả nước"), heads, rows, note, small=True, whole=True)]


def official(material: Material, numbering: Numbering) -> list[Block]:
    """Chapter VIII: the official index, beside the survey."""
    intro = Say(
        _(
            "Chỉ số theo Quyết định số 766/QĐ-TTg là chỉ số hành chính: nhóm “mức độ hài lòng” (18 điểm) đo việc đúng hạn và xử lý phản "
            "ánh, không hỏi người dân. Hai cột đặt cạnh nhau để so, không gộp thành một con số."
        )
    )
    rows = []
    for place in material.places:
        groups = material.official.get(place.code, {})
        if SATISFACTION not in groups:
            continue
        rate, total = material.rate(place.code), groups.get("total")
        rows.append(
            [
                place.short,
                numbers.number(groups[SATISFACTION].score, language(), 2),
                numbers.number(total.score, language(), 2) if total is not None else cells.status_word(None),
                cells.n_cell(rate),
                cells.rate_cell(rate),
                cells.interval_cell(rate),
            ]
        )
    if not rows:
        return [intro, Say(_("Chưa có điểm của kỳ này được nhập vào hệ thống."))]
    source = next(groups[SATISFACTION] for groups in material.official.values() if SATISFACTION in groups)
    heads = [
        Head(_("Tỉnh, thành phố"), 26, False),
        Head(_("Nhóm hài lòng QĐ 766 (/18)"), 16),
        Head(_("Tổng điểm QĐ 766 (/100)"), 16),
        Head(_("Số phiếu khảo sát"), 12),
        Head(_("Hài lòng (%)"), 12),
        Head(_("Khoảng 95 % (%)"), 18),
    ]
    note = _("Nguồn điểm: %(source)s.", source=pick(source.source, source.source_en))
    return [intro, numbering.table(_("Chỉ số 766 đặt cạnh kết quả khảo sát"), heads, rows, note, small=True)]


def targets(material: Material, numbering: Numbering) -> list[Block]:
    """Chapter IX."""
    rows = [
        [capital(line.text), " ".join(part for part in (line.goal, line.deadline) if part), line.progress, line.pace or "", line.source]
        for line in material.targets
    ]
    if not rows:
        return [Say(_("Chưa có mục tiêu nào được ghi."))]
    heads = [
        Head(_("Mục tiêu"), 27, False),
        Head(_("Mức, thời hạn"), 15, False),
        Head(_("Kết quả đo được"), 24, False),
        Head(_("Đà hiện nay"), 15, False),
        Head(_("Nguồn của mục tiêu"), 19, False),
    ]
    return [numbering.table(_("Mục tiêu đã giao và kết quả đo được"), heads, rows, small=True)]


def quality(material: Material, numbering: Numbering) -> list[Block]:
    """Chapter X: marks of data quality, units under verification (a number), what cleaning moved, limits."""
    blocks: list[Block] = [Section(_("1. Sáu dấu chất lượng số liệu"))]
    names = {mark.code: mark for mark in MARKS}
    rows = [
        [
            pick(names[row["mark"]].vi, names[row["mark"]].en),
            capital(pick(names[row["mark"]].measure_vi, names[row["mark"]].measure_en)),
            *(
                [cells.status_word(None)] * 3
                if row["value"] is None
                else [count(row["numerator"]), count(row["denominator"]), cells.share(row["value"])]
            ),
        ]
        for row in material.table("quality_marks")
        if row["place_code"] == NATION
    ]
    if rows:
        heads = [
            Head(_("Dấu"), 13, False),
            Head(_("Đếm gì trên gì"), 47, False),
            Head(_("Tử số"), 14),
            Head(_("Mẫu số"), 14),
            Head(_("Tỷ lệ (%)"), 12),
        ]
        note = _("Theo Thông báo số 07-TB/CQTTBCĐ: đúng, đủ, sạch, sống, thống nhất, dùng chung. Từng bộ, địa phương ở Phụ lục III.")
        blocks.append(numbering.table(_("Sáu dấu chất lượng số liệu, cả nước"), heads, rows, note, small=True))
    blocks += [Section(_("2. Đơn vị cần xác minh")), Say(" ".join(part for part in (asked_about(material), incomplete(material)) if part))]
    blocks += _asked(material, numbering)
    blocks += _moved(material, numbering)
    blocks += _tickets(material, numbering)
    return [*blocks, Section(_("4. Giới hạn")), Points(_limits())]


def _asked(material: Material, numbering: Numbering) -> list[Block]:
    rows = [
        [
            capital(pick(row["name_vi"], row["name_en"])),
            count(row["asked"]) if row["tested"] else cells.Word(_("không so được")),
            count(row["tested"]),
        ]
        for row in material.table("integrity_counts")
        if row["detector"] != "all"
    ]
    if not rows:
        return []
    heads = [Head(_("Dấu hiệu"), 60, False), Head(_("Đơn vị cần xác minh"), 20), Head(_("Đơn vị được so"), 20)]
    note = _("Cần xác minh là một câu hỏi, chưa kết luận gì; không phiếu nào bị loại vì dấu hiệu của cả đơn vị.")
    return [numbering.table(_("Số đơn vị cần xác minh theo dấu hiệu"), heads, rows, note, small=True, whole=True)]


def _moved(material: Material, numbering: Numbering) -> list[Block]:
    rows = []
    for row in material.table("integrity_moves"):
        by = _("hai người quyết định") if row["by"] == "override" else _("phép lọc tự động")
        answers = count(row["answers"]) if row["answers"] is not None else cells.Word(_("dưới 10"))
        rows.append(
            [
                capital(pick(row["name_vi"], row["name_en"])),
                by,
                answers,
                cells.points(row["moved"]) if row["moved"] is not None else cells.Word(_("không nêu")),
            ]
        )
    if not rows:
        return []
    heads = [
        Head(_("Dấu hiệu của phiếu bị bỏ hoặc được giữ"), 46, False),
        Head(_("Do"), 20, False),
        Head(_("Số phiếu"), 14),
        Head(_("Thay đổi tỷ lệ (điểm)"), 20),
    ]
    return [numbering.table(_("Làm sạch làm tỷ lệ hài lòng thay đổi bao nhiêu"), heads, rows, small=True, whole=True)]


def _tickets(material: Material, numbering: Numbering) -> list[Block]:
    found = [row for row in material.table("queue_tickets") if row["tickets"] is not None]
    said = sentences.visited_before(material.figure(NATION, VISITED_BEFORE))
    blocks: list[Block] = [Section(_("3. Lượt đến chưa thành hồ sơ")), *([Say(said)] if said else [])]
    if not found:
        return [*blocks, Say(_("Kỳ này chưa có số liệu lấy số tại bộ phận một cửa."))]
    told = [row for row in found if row["dossiers"] is not None]
    rows = [
        [_("Lượt lấy số"), count(sum(row["tickets"] for row in told))],
        [_("Hồ sơ trực tiếp đăng ký cùng ngày"), count(sum(row["dossiers"] for row in told))],
        [_("Lượt đến chưa thành hồ sơ"), count(sum(row["not_yet"] or 0 for row in told))],
    ]
    places = len({row["unit_code"] for row in told})
    note = _("Tính ở %(n)s điểm tiếp nhận có máy lấy số và đủ hồ sơ để so. Một người có thể lấy số nhiều lần.", n=count(places))
    if not told:
        return [*blocks, Say(_("Chưa điểm tiếp nhận nào có đủ lượt lấy số để so với hồ sơ."))]
    heads = [Head(_("Điều được đếm"), 70, False), Head(_("Số lượng"), 30)]
    return [*blocks, numbering.table(_("Lượt lấy số và hồ sơ đăng ký cùng ngày"), heads, rows, note, whole=True)]


def _limits() -> list[str]:
    return [
        _("Người không nộp được hồ sơ, hoặc bỏ dở trước khi được tiếp nhận, không có trong các tỷ lệ của báo cáo này."),
        _(
            "Số liệu hành chính (tiếp nhận, bổ sung, đúng hạn) được tính từ hồ sơ các hệ thống đã gửi; việc nêu không khớp với câu trả lời "
            "của người dân chỉ cho biết cần đối chiếu, cần xác minh, không kết luận bên nào đúng."
        ),
        _(
            "Ô khảo sát dưới 10 người trả lời không được công bố, kể cả khi có thể suy ra từ các ô khác; “không phát sinh”, “chưa có số "
            "liệu”, “không đủ số liệu” và “được ẩn” là bốn điều khác nhau và không ô nào có nghĩa là số không."
        ),
        _(
            "Chỉ số hành chính theo Quyết định số 766/QĐ-TTg không được gộp với kết quả khảo sát: nhóm “mức độ hài lòng” của chỉ số đó đo "
            "việc đúng hạn và xử lý phản ánh, không phải ý kiến người dân."
        ),
    ]


def method(material: Material, numbering: Numbering) -> list[Block]:
    """Chapter XII: how it was computed, what the proof showed, what was corrected."""
    return [
        Say(
            _(
                "Tỷ lệ của khảo sát được gia quyền theo kết cục hồ sơ, kênh nộp, cấp giải quyết và loại đối tượng; kèm khoảng 95 phần trăm "
                "có tính đến trọng số và việc nhiều phiếu đến từ cùng một đơn vị. Tỷ lệ của hồ sơ kèm khoảng Wilson 95 phần trăm. Hai "
                "tháng chỉ được so sánh khi mỗi tháng có từ 30 người trả lời; đơn vị được nêu tên vì thay đổi được chọn dưới kiểm soát tỷ "
                "lệ phát hiện sai (Benjamini–Hochberg). Định nghĩa từng chỉ tiêu ở Phụ lục V."
            )
            + " "
            + _("Bộ quy tắc: %(rules)s.", rules=material.rule_version)
        ),
        *_proof(material, numbering),
        Section(_("Đính chính")),
        *_errata(material),
    ]


def _proof(material: Material, numbering: Numbering) -> list[Block]:
    if not material.proved:
        return []
    met = sum(goal.met for goal in material.proved)
    rows = [
        [
            capital(goal.what),
            goal.goal,
            f"{cells.share(goal.value)} ({cells.span(goal.low, goal.high)})",
            _("đạt") if goal.met else _("không đạt: %(meaning)s", meaning=goal.meaning),
        ]
        for goal in material.proved
    ]
    heads = [
        Head(_("Điều được thử"), 38, False),
        Head(_("Mục tiêu"), 10, False),
        Head(_("Đo được (%)"), 21),
        Head(_("Kết quả; không đạt nghĩa là gì"), 31, False),
    ]
    told = _(
        "Cách tính được thử trên các tháng mô phỏng mà giá trị thật đã biết: %(met)s trong %(all)s mục tiêu đạt. Mục tiêu không đạt nói rõ "
        "con số nào không nên dựa vào.",
        met=count(met),
        all=count(len(rows)),
    )
    return [Section(_("Phép thử")), Say(told), numbering.table(_("Kết quả phép thử cách tính"), heads, rows, small=True, quoted=True)]


def _errata(material: Material) -> list[Block]:
    said = material.words
    lines = []
    if said.corrects:  # a version that replaces an unpublished one corrects nothing that anybody read
        why = said.corrects.rstrip(".")
        lines.append(_("Phiên bản %(version)s này thay phiên bản trước của cùng tháng: %(why)s.", version=material.version, why=why))
    for item in said.corrected:
        month = numbers.month(item.month, language())
        told = _("Tháng %(month)s, phiên bản %(version)s thay phiên bản trước.", month=month, version=item.version)
        why = _("Lý do: %(why)s.", why=item.reason.rstrip(".")) if item.reason else ""
        lines.append(" ".join(part for part in (told, why, *item.changes) if part))
    return [Points(lines)] if lines else [Say(_("Từ báo cáo trước đến nay không có đính chính."))]
