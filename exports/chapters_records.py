"""Chapters written from the dossiers: declaring once and connections, online service, restructuring, time."""

from datetime import date

from core import numbers
from core.text import _
from core.web import language, pick
from exports import cells, pictures, sentences
from exports.cells import NATION, capital, count
from exports.layout import Beside, Block, Head, Note, Numbering, Say, Section, Table
from exports.report import Cause, Material
from procedures.once_only import CLASSES
from scorecard.declare_once_tables import CONNECT, PROVINCE_LEVEL
from scorecard.pages import declare_once
from scorecard.pages.services import days_words, level_words

MOST = 15  # rows of a list printed in the report; all of them are in the data that goes with it
CAUSES = 8
BOTH = {"F12": "F1/F2", "F23": "F2/F3"}  # classes that are not told apart, as readers meet them


def again(material: Material, numbering: Numbering) -> list[Block]:
    """Chapter IV: declaring once, and what each connection is worth."""
    lower, upper = (material.figure(NATION, "asked_again_recorded", variant) for variant in ("lower", "upper"))
    blocks: list[Block] = [
        Section(_("1. Nộp lại giấy tờ Nhà nước đã có")),
        Say(sentences.asked_again(lower, upper)),
        Say(sentences.experienced_again(material.figure(NATION, "asked_again_experienced"))),
        Say(sentences.supplements(material.figure(NATION, "supplement"), material.figure(NATION, "repeat_supplement"))),
        *classes(material, numbering),
        Section(_("2. Mỗi kết nối đáng giá bao nhiêu")),
        *connections(material, numbering),
    ]
    rows = [
        [cause_words(cause), count(cause.people), count(cause.dossiers), count(cause.units), capital(cause.agency)]
        for cause in sorted(material.causes, key=lambda cause: -cause.people)[:CAUSES]
    ]
    if rows:
        heads = [
            Head(_("Thủ tục và điều có thể sửa"), 44, False),
            Head(_("Hồ sơ bị ảnh hưởng"), 11),
            Head(_("Trong số hồ sơ"), 11),
            Head(_("Số nơi phát sinh"), 11),
            Head(_("Ai sửa được"), 23, False),
        ]
        note = _("Xếp theo số hồ sơ bị ảnh hưởng trong kỳ; một hồ sơ có thể nằm ở nhiều dòng.")
        blocks += [
            Section(_("3. Những việc nên làm trước")),
            numbering.table(_("Những việc có nhiều người bị ảnh hưởng nhất"), heads, rows, note, small=True),
        ]
    return [*blocks, Note(_("Từng tỉnh, thành phố: Phụ lục II."))]


def cause_words(cause: Cause) -> str:
    """A cause as one line."""
    name = sentences.plain(cause.procedure)
    if cause.kind == "held_by_state":
        register = cause.register or _("cơ sở dữ liệu của Nhà nước")
        if not cause.within_power:
            return _("%(name)s: yêu cầu giấy tờ thuộc %(register)s, hệ thống một cửa chưa khai thác được", name=name, register=register)
        return _("%(name)s: đang yêu cầu giấy tờ đã có trong %(register)s", name=name, register=register)
    if cause.kind == "repeat_supplement":
        return _("%(name)s: yêu cầu bổ sung từ hai lần trở lên", name=name)
    return _("%(name)s: có cung cấp trực tuyến nhưng hồ sơ vẫn nộp tại quầy", name=name)


def classes(material: Material, numbering: Numbering, place: str = NATION) -> list[Block]:
    """Papers asked for by class, in the nation or a province."""
    sums: dict[str, list[int]] = {}
    for row in material.table("request_classes"):
        if row["province_code"] == place:
            found = sums.setdefault(row["paper_class"], [0, 0])
            found[0] += row["documents"]
            found[1] += row["dossiers"]
    meanings = declare_once.meanings()
    doubted = {one.subject for one in material.words.objections if one.in_review and material.owner(one.unit_code) == place}
    rows = [
        [
            f"{BOTH.get(code, code)}: {meanings[code][0]}" + (" " + _("(đang xem lại theo ý kiến của đơn vị)") if code in doubted else ""),
            capital(meanings[code][1]),
            *map(count, sums[code]),
        ]
        for code in CLASSES
        if code in sums
    ]
    if not rows:
        return []
    heads = [
        Head(_("Lớp của giấy tờ bị yêu cầu"), 48, False),
        Head(_("Quy cho ai"), 28, False),
        Head(_("Giấy tờ"), 12),
        Head(_("Hồ sơ"), 12),
    ]
    note = _(
        "Xếp lớp theo quy định có hiệu lực ngày yêu cầu. Phần chắc chắn: F1 và F3. Phần nhiều nhất: thêm F0 và những giấy tờ không có ghi "
        "nhận tra cứu."
    )
    return [numbering.table(_("Giấy tờ bị yêu cầu bổ sung, theo lớp"), heads, rows, note, small=True)]


def connections(material: Material, numbering: Numbering, place: str = NATION) -> list[Block]:
    """What connecting each database would spare, in the nation or a province."""
    rows = []
    for row in material.table("connection_value"):
        if row["province_code"] != place:
            continue
        keeper = pick(row["keeper"], row["keeper_en"] or row["keeper"])
        if row["action"] == CONNECT:
            act = _("%(keeper)s và cơ quan chủ quản hệ thống một cửa: kết nối", keeper=keeper)
        else:
            act = _("%(keeper)s: công bố cơ sở dữ liệu, rồi kết nối", keeper=keeper)
        systems = f"{count(row['unconnected'])}/{count(row['systems'])}"
        rows.append([material.register(row["register_code"]), count(row["spared"]), count(row["unreached"]), systems, act])
    if not rows:
        return [Say(_("Kỳ này không có yêu cầu nào mà kết nối thêm cơ sở dữ liệu sẽ bớt được."))]
    heads = [
        Head(_("Cơ sở dữ liệu"), 26, False),
        Head(_("Hồ sơ lẽ ra không bị yêu cầu"), 14),
        Head(_("Hồ sơ bị yêu cầu giấy tờ chưa khai thác được"), 15),
        Head(_("Hệ thống chưa kết nối"), 13),
        Head(_("Ai làm được việc gì"), 32, False),
    ]
    note = _(
        "Cột thứ hai là số lượt đi lại bớt được nhiều nhất trong một tháng: hồ sơ mà mọi giấy tờ bị yêu cầu đều nằm trong cơ sở dữ liệu "
        "đó. Các dòng không cộng vào nhau."
    )
    return [numbering.table(_("Kết nối cơ sở dữ liệu thì bớt được bao nhiêu yêu cầu"), heads, rows, note, small=True)]


def online(material: Material, numbering: Numbering) -> list[Block]:
    """Chapter V: what is declared, used and in effect; services on paper only."""
    blocks: list[Block] = [
        Say(sentences.online(material.figure(NATION, "online_filing"))),
        _layers(material, numbering),
    ]
    claim = next((claim for claim in material.claims if claim.key == "local_online"), None)
    if claim is not None:
        told = numbers.claimed(claim.value, claim.numerator, claim.denominator, language())
        blocks.append(
            Say(
                _(
                    "Để đối chiếu: nguồn đã công bố nêu %(told)s thủ tục **cấp tỉnh, cấp xã** được cung cấp trực tuyến (%(source)s). Đây "
                    "là số liệu dẫn lại, khác cách đếm với các dòng trên và không phải tỷ lệ của cả nước.",
                    told=told,
                    source=claim.source,
                )
            )
        )
    blocks += _quoted(material, numbering)
    return [*blocks, *phantoms(material, numbering), *_divided(material, numbering)]


def _layers(material: Material, numbering: Numbering) -> Table:
    rows = []
    for label, indicator in (
        (_("Khai báo: thủ tục có dịch vụ trực tuyến ở ít nhất một nơi"), "procedures_online"),
        (_("Khai báo: cặp tỉnh × thủ tục trực tuyến, một phần hoặc toàn trình"), "offered_online"),
        (_("Khai báo: cặp tỉnh × thủ tục toàn trình"), "offered_full_online"),
        (_("Khai báo: dịch vụ một phần có nêu lý do"), "partial_with_reason"),
        (_("Sử dụng: hồ sơ nộp trực tuyến"), "online_filing"),
        (_("Sử dụng: tính chặt, có kết quả điện tử"), "online_strict"),
        (_("Sử dụng: người dân tự nộp (ước tính)"), "online_self_filed"),
        (_("Hiệu lực: dịch vụ khai báo thật sự có hồ sơ trực tuyến"), "online_effective"),
        (_("Chỉ có trên danh mục: dịch vụ khai báo mà nhiều tháng không có hồ sơ trực tuyến"), "phantom_services"),
    ):
        rows.append([label, *share(material, NATION, indicator)])
    heads = [
        Head(_("Ba lớp, không cộng gộp"), 46, False),
        Head(_("Tử số"), 16),
        Head(_("Mẫu số"), 14),
        Head(_("Tỷ lệ (%)"), 12),
        Head(_("Khoảng (%)"), 12),
    ]
    note = _(
        "Khoảng: 95 phần trăm cho tỷ lệ hồ sơ; từ–đến nơi nguồn không cho biết đủ. Tỷ lệ theo danh mục không phải mẫu nên không có khoảng."
    )
    return numbering.table(_("Khai báo, sử dụng và hiệu lực của dịch vụ công trực tuyến"), heads, rows, note, small=True)


def share(material: Material, code: str, indicator: str) -> list[str]:
    """Numerator, denominator, share and interval; for what is known between bounds: both ends."""
    if "lower" not in material.indicators[indicator].variants:
        figure = material.figure(code, indicator)
        return [cells.numerator_cell(figure), cells.denominator_cell(figure), cells.rate_cell(figure), cells.interval_cell(figure)]
    lower, upper = (material.figure(code, indicator, variant) for variant in ("lower", "upper"))
    if lower is None or upper is None or not (cells.known(lower) and cells.known(upper)):
        return [cells.status_word(upper)] * 4
    same = lower.numerator == upper.numerator
    counts = count(upper.numerator) if same else f"{count(lower.numerator)}–{count(upper.numerator)}"
    return [counts, count(upper.denominator), cells.bounds_cell(lower, upper), cells.ends_cell(lower, upper)]


def _quoted(material: Material, numbering: Numbering) -> list[Block]:
    """What others have stated about online service, each with its source."""
    wanted = ("procedures_total", "local_online", "publication_rate", "digitisation_rate", "boundary_free_published")
    claims = [claim for claim in material.claims if claim.key in wanted]
    if not claims:
        return []
    rows = [[one.text, numbers.claimed(one.value, one.numerator, one.denominator, language())] for one in claims]
    heads = [Head(_("Điều được nêu"), 76, False), Head(_("Số liệu"), 24)]
    sources = "; ".join(dict.fromkeys(one.source for one in claims))
    return [numbering.table(_("Số liệu dẫn lại, không do báo cáo này tính"), heads, rows, sources, small=True, quoted=True, whole=True)]


def diagram(material: Material, numbering: Numbering) -> Beside:
    """The tile diagram of online filing, with what its letters mean."""
    words = Note(_("**Chữ trong sơ đồ.** %(names)s", names=pictures.abbreviations(material)))
    return Beside([words], [numbering.picture(_("Sơ đồ tỷ lệ hồ sơ nộp trực tuyến"), pictures.online(material), "", width=70)])


def phantoms(material: Material, numbering: Numbering, place: str | None = None) -> list[Block]:
    """Services on paper only, of the nation or a province."""
    found = [row for row in material.table("phantom_services") if place is None or row["unit_code"] == place]
    title = Section(_("Dịch vụ chỉ có trên danh mục"))
    if not found:
        return [title, Say(_("Kỳ này không thấy dịch vụ nào khai báo trực tuyến mà nhiều tháng liền không có hồ sơ trực tuyến."))]
    rows = [
        [
            sentences.plain(material.procedure(row["procedure_code"])),
            material.name(row["unit_code"]),
            level_words(row["online_level"]),
            numbers.day(date.fromisoformat(row["declared_since"]), language()) if row["declared_since"] else "",
            count(row["months"]),
            count(row["dossiers"]),
        ]
        for row in found[:MOST]
    ]
    heads = [
        Head(_("Thủ tục"), 38, False),
        Head(_("Cơ quan cung cấp"), 18, False),
        Head(_("Mức khai báo"), 12, False),
        Head(_("Khai báo từ ngày"), 12),
        Head(_("Số tháng liền"), 9),
        Head(_("Hồ sơ kênh khác"), 11),
    ]
    total = _("%(n)s dịch vụ khai báo trực tuyến nhưng nhiều tháng liền chỉ có hồ sơ bằng kênh khác.", n=count(len(found)))
    return [title, Say(total), numbering.table(_("Dịch vụ trực tuyến chỉ có trên danh mục"), heads, rows, _first(len(found)), small=True)]


def _first(total: int) -> str:
    """What a shortened list says of itself."""
    return (
        _("%(shown)s dòng đầu trong %(all)s; cả danh sách ở dữ liệu kèm theo.", shown=count(MOST), all=count(total)) if total > MOST else ""
    )


def _divided(material: Material, numbering: Numbering) -> list[Block]:
    found = material.table("level_differences")
    if not found:
        return []
    rows = [
        [
            sentences.plain(material.procedure(row["procedure_code"])),
            count(row["provinces_full"]),
            count(row["provinces_partial"]),
            count(row["provinces_none"]),
        ]
        for row in found[:8]
    ]
    heads = [
        Head(_("Thủ tục"), 58, False),
        Head(_("Số tỉnh toàn trình"), 14),
        Head(_("Số tỉnh một phần"), 14),
        Head(_("Số tỉnh chưa trực tuyến"), 14),
    ]
    told = _(
        "%(n)s thủ tục được các tỉnh khai báo ở mức độ trực tuyến khác nhau; dưới đây là những thủ tục chia đều nhất.", n=count(len(found))
    )
    table = numbering.table(_("Thủ tục mà các tỉnh khai báo mức độ trực tuyến khác nhau"), heads, rows, small=True)
    return [Section(_("Cùng thủ tục, khác mức độ")), Say(told), table]


def restructuring(material: Material, numbering: Numbering, place: str | None = None) -> list[Block]:
    """Chapter VI: procedures of Appendix 3(b) — offered online, hardly filed so, often sent back."""
    wanted = PROVINCE_LEVEL if place is None else None
    found = [
        row
        for row in material.table("restructuring")
        if (row["level"] == wanted if place is None else row["province_code"] == place)
    ]  # fmt: skip
    intro = Say(
        _(
            "Danh sách theo Phụ lục 3 điểm b của Thông báo: thủ tục được cung cấp trực tuyến, ít được nộp trực tuyến và hay phải bổ sung. "
            "Chỉ nêu khi cả hai khoảng 95 % nằm hẳn về phía xấu của trung vị cả nước và có từ 30 hồ sơ."
        )
    )
    if not found:
        return [intro, Say(_("Kỳ này không thủ tục nào đủ điều kiện vào danh sách."))]
    rows = [
        [
            sentences.plain(material.procedure(row["procedure_code"])),
            material.name(row["place_code"]),
            f"{count(row['people'])}/{count(row['dossiers'])}",
            cells.share(row["supplement_low"]),
            f"{count(row['online'])}/{count(row['received'])}",
            cells.share(row["online_high"]),
        ]
        for row in found[:MOST]
    ]
    heads = [
        Head(_("Thủ tục"), 36, False),
        Head(_("Nơi"), 18, False),
        Head(_("Phải bổ sung (hồ sơ)"), 13),
        Head(_("Cận dưới (%)"), 9),
        Head(_("Nộp trực tuyến (hồ sơ)"), 15),
        Head(_("Cận trên (%)"), 9),
    ]
    medians = _(
        "Trung vị cả nước: bổ sung %(supplement)s, nộp trực tuyến %(online)s.",
        supplement=cells.percent(found[0]["supplement_median"]),
        online=cells.percent(found[0]["online_median"]),
    )
    note = " ".join(part for part in (medians, _first(len(found))) if part)
    return [intro, numbering.table(_("Thủ tục cần tái cấu trúc, nhiều người bị ảnh hưởng nhất trước"), heads, rows, note, small=True)]


def time(material: Material, numbering: Numbering) -> list[Block]:
    """Chapter VII: on time, under each clock."""
    blocks: list[Block] = [Say(sentences.on_time(material.figure(NATION, "on_time"))), *taken(material, NATION)]
    blocks.append(clocks(material, numbering, NATION))
    pause = sentences.by_pause(*(material.figure(NATION, "on_time_by_pause", variant) for variant in ("lower", "upper")))
    if pause:
        blocks.append(Say(pause))
    blocks.append(
        numbering.picture(
            _("Tỷ lệ giải quyết đúng hạn theo địa phương"),
            pictures.on_time(material),
            _(
                "Theo ngày hẹn trả ghi trong hệ thống. Dải: khoảng 95 %, rộng ở nơi ít hồ sơ. Vạch xám: mức cả nước. Số bên phải: hồ sơ "
                "đúng hạn trên hồ sơ có ngày hẹn trả; tỷ lệ và khoảng, tính theo phần trăm. Xếp theo giá trị để dễ đọc, không phải xếp "
                "hạng."
            ),
        )
    )
    return blocks


def taken(material: Material, code: str) -> list[Block]:
    """How long handling took, of a place; nothing in an edition that does not tell."""
    row = next((row for row in material.table("handling_times") if row["place_code"] == code), None)
    return [Say(days_words(row))] if row is not None else []


def clocks(material: Material, numbering: Numbering, code: str) -> Table:
    """On time by each clock, of a place."""
    rows = []
    for indicator in ("on_time", "on_time_first", "on_time_index", "on_time_restart"):
        about = material.indicators[indicator]
        rows.append([pick(about.name_vi, about.name_en), *share(material, code, indicator)])
    heads = [
        Head(_("Đồng hồ"), 46, False),
        Head(_("Đúng hạn (hồ sơ)"), 16),
        Head(_("Trong số hồ sơ"), 14),
        Head(_("Tỷ lệ (%)"), 11),
        Head(_("Khoảng (%)"), 13),
    ]
    note = _("Cùng những hồ sơ, tính theo bốn quy tắc đồng hồ: cách tính thời gian chờ bổ sung quyết định con số.")
    return numbering.table(_("Đúng hạn theo từng đồng hồ"), heads, rows, note, small=True, whole=True)
