"""A province's own report, four to six pages: its figures beside the nation's, what it can mend, its units, what it said itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from core import numbers
from core.text import _
from core.web import language, pick
from exports import cells, chapters_records, pictures, sentences
from exports.cells import NATION, capital, count, known
from exports.composition import frame, numbering_of
from exports.layout import Block, Chapter, Head, Human, Note, Numbering, Say, Section, roman
from exports.profiles import profile
from exports.report import Cause, Material, causes_of
from exports.report_words import Objection
from exports.summary import SATISFACTION
from scorecard import queries as scorecard
from scorecard.figures import WEIGHTED, leading_rate
from scorecard.mismatch_indicators import MISMATCH
from scorecard.models import Edition
from scorecard.quality_marks import MARKS

UNITS = 30  # below it, most people affected first
CAUSES = 8
WINDOWS = (3, 12)
TREND = 11  # months before its own
BESIDE = ("mismatch_any", "asked_again_experienced", "supplement", "repeat_supplement", "on_time", "online_filing")


@dataclass(frozen=True)
class Local:
    """What a place's own paper needs besides the nation's material.

    ``figures``: of the place and the nation. ``windows``: its weighted rate over several months. ``units``: those below it.
    ``trend``: its leading rate month by month.
    """

    code: str
    name: str
    causes: Sequence[Cause]
    figures: cells.Figures
    windows: Sequence[scorecard.Figure] = ()
    units: Sequence[scorecard.UnitToPress] = ()
    trend: Sequence[tuple[str, scorecard.Figure | None]] = ()

    def figure(self, indicator: str, variant: str = "raw") -> scorecard.Figure | None:
        """A figure of the place."""
        return self.figures.get((self.code, indicator, variant))

    @property
    def rate(self) -> scorecard.Figure | None:
        """Its leading rate of satisfaction."""
        return leading_rate(self.figures, self.code)


def gather_local(session: Session, edition: Edition, code: str, name: str, with_units: bool) -> Local:
    """Read what belongs to one place."""
    windows = [
        figure
        for months in WINDOWS
        for figure in scorecard.figures(session, edition, "unit", [code], ["satisfaction"], window=months)
        if figure.variant == WEIGHTED
    ]
    earlier = list(scorecard.public_beside(session, edition).values())[-TREND:]
    course = ((one.month, scorecard.figure_map(session, one, "unit", [code], ["satisfaction"])) for one in earlier)
    trend = [(month, leading_rate(found, code)) for month, found in course]
    figures = scorecard.figure_map(session, edition, None, [code, NATION])
    return Local(
        code,
        name,
        causes_of(session, edition, code),
        figures,
        windows,
        scorecard.units_to_press(session, edition, code) if with_units else (),
        [*trend, (edition.month, leading_rate(figures, code))],
    )


def compose(material: Material, local: Local) -> dict[str, Any]:
    """The context of ``report/place.html`` for a province or ministry."""
    numbering = numbering_of(material)
    parts: list[tuple[str, list[Block]]] = [
        (_("Kết quả của kỳ"), _figures(material, local, numbering)),
        (_("Mức độ hài lòng"), _satisfaction(material, local, numbering)),
        (_("Những điểm không khớp"), mismatch(local, numbering)),
        (_("Chỉ khai báo một lần"), _again(material, local, numbering)),
        (_("Dịch vụ trực tuyến"), _online(material, local, numbering)),
        (_("Giải quyết đúng hạn"), _time(material, local, numbering)),
        (_("Các đơn vị"), _units(material, local, numbering)),
        (_("Chất lượng số liệu và Chỉ số 766"), _quality(material, local, numbering)),
        (_("Ý kiến của địa phương"), _explained(material, local)),
    ]
    return frame(material, profile(material.month.last_day, material.simulated)) | {
        "place": local.name,
        "kind": _("BÁO CÁO ĐỊA PHƯƠNG"),
        "lead": [
            sentences.satisfaction(local.rate, local.figure("response_rate")),
            sentences.asked_again(local.figure("asked_again_recorded", "lower"), local.figure("asked_again_recorded", "upper")),
            sentences.mismatch(local.figure("mismatch_any")),
        ],
        "chapters": [
            Chapter(f"part-{number}", f"{roman(number)}.", title, blocks) for number, (title, blocks) in enumerate(parts, start=1)
        ],
        "sheet": False,
    }


def beside(material: Material, local: Local, numbering: Numbering, indicators: Sequence[str] = BESIDE) -> Block:
    """The place's figures beside the nation's: n, share, interval; then the nation."""
    rate, nation = local.rate, leading_rate(local.figures, NATION)
    rows = [[_("Tỷ lệ hài lòng"), cells.n_cell(rate), cells.rate_cell(rate), cells.interval_cell(rate), cells.rate_cell(nation)]]
    for indicator in indicators:
        about, own = material.indicators[indicator], local.figure(indicator)
        whole = local.figures.get((NATION, indicator, "raw"))
        values = [cells.denominator_cell(own), cells.rate_cell(own), cells.interval_cell(own)]
        rows.append([pick(about.name_vi, about.name_en), *values, cells.rate_cell(whole)])
    lower, upper = (local.figure("asked_again_recorded", variant) for variant in ("lower", "upper"))
    both = [local.figures.get((NATION, "asked_again_recorded", variant)) for variant in ("lower", "upper")]
    about = material.indicators["asked_again_recorded"]
    ends = [cells.denominator_cell(upper), cells.bounds_cell(lower, upper), cells.ends_cell(lower, upper), cells.bounds_cell(*both)]
    rows.insert(1, [pick(about.name_vi, about.name_en), *ends])
    heads = [
        Head(_("Chỉ tiêu"), 44, False),
        Head(_("Tính trên"), 12),
        Head(_("Tỷ lệ (%)"), 14),
        Head(_("Khoảng 95 % (%)"), 17),
        Head(_("Cả nước (%)"), 13),
    ]
    return numbering.table(_("%(place)s và cả nước", place=local.name), heads, rows, small=True, whole=True)


def _figures(material: Material, local: Local, numbering: Numbering) -> list[Block]:
    group = next((place.group for place in material.places if place.code == local.code), None)
    told = {
        "high": _("Khoảng ước lượng nằm trọn phía trên mức cả nước (nhóm cao)."),
        "middle": _("Chưa phân biệt được với mức cả nước (nhóm giữa)."),
        "low": _("Khoảng ước lượng nằm trọn phía dưới mức cả nước (nhóm thấp)."),
    }.get(group or "", _("Chưa đủ số liệu để xếp nhóm."))
    return [Say(told), beside(material, local, numbering)]


def _satisfaction(material: Material, local: Local, numbering: Numbering) -> list[Block]:
    lower, upper = (local.figure("satisfaction", variant) for variant in ("lower", "upper"))
    blocks: list[Block] = []
    if known(local.rate):
        low, high = (figure.value if figure is not None and known(figure) else None for figure in (lower, upper))
        blocks.append(Say(sentences.sampling_only(local.rate, low, high)))
    rows = [
        [_("Tháng này"), cells.n_cell(local.rate), cells.rate_cell(local.rate), cells.interval_cell(local.rate)],
        *(
            [_("%(n)s tháng gần nhất", n=figure.window), cells.n_cell(figure), cells.rate_cell(figure), cells.interval_cell(figure)]
            for figure in local.windows
        ),
    ]
    heads = [Head(_("Khoảng thời gian"), 40, False), Head(_("Số phiếu"), 18), Head(_("Hài lòng (%)"), 18), Head(_("Khoảng 95 % (%)"), 24)]
    blocks.append(numbering.table(_("Tỷ lệ hài lòng theo khoảng thời gian"), heads, rows, whole=True))
    if sum(figure is not None and known(figure) for _month, figure in local.trend) > 1:
        title = _("Tỷ lệ hài lòng của %(place)s qua các tháng", place=local.name)
        drawn = pictures.course(local.trend, material.simulated, title)
        blocks.append(numbering.picture(title, drawn, _("Chấm: tỷ lệ của tháng; dải: khoảng 95 %.")))
    return blocks


def mismatch(local: Local, numbering: Numbering) -> list[Block]:
    """What does not match, direction by direction."""
    rows = []
    for indicator in MISMATCH:
        figure = local.figure(indicator.code)
        if figure is not None and known(figure):
            counts = [cells.numerator_cell(figure), cells.denominator_cell(figure)]
            rows.append([pick(indicator.name_vi, indicator.name_en), *counts, cells.rate_cell(figure), cells.interval_cell(figure)])
    first: list[Block] = [Say(sentences.mismatch(local.figure("mismatch_any")))]
    if not rows:
        return first
    heads = [
        Head(_("Điều không khớp"), 46, False),
        Head(_("Số phiếu"), 11),
        Head(_("Trong số"), 11),
        Head(_("Tỷ lệ (%)"), 12),
        Head(_("Khoảng 95 % (%)"), 20),
    ]
    return [*first, numbering.table(_("Hệ thống ghi và người dân nêu, từng chiều"), heads, rows, small=True)]


def _again(material: Material, local: Local, numbering: Numbering) -> list[Block]:
    return [
        Say(sentences.supplements(local.figure("supplement"), local.figure("repeat_supplement"))),
        *chapters_records.classes(material, numbering, local.code),
        *chapters_records.connections(material, numbering, local.code),
        *cause_table(local, numbering),
    ]


def cause_table(local: Local, numbering: Numbering, most: int = CAUSES) -> list[Block]:
    """What could be mended, most people affected first; who can mend it."""
    rows = [
        [chapters_records.cause_words(cause), count(cause.people), count(cause.dossiers), capital(cause.agency)]
        for cause in sorted(local.causes, key=lambda cause: -cause.people)[:most]
    ]
    if not rows:
        return [Say(_("Kỳ này chưa thấy việc nào cần sửa từ số liệu."))]
    heads = [
        Head(_("Thủ tục và điều có thể sửa"), 50, False),
        Head(_("Hồ sơ bị ảnh hưởng"), 12),
        Head(_("Trong số hồ sơ"), 12),
        Head(_("Ai sửa được"), 26, False),
    ]
    return [numbering.table(_("Những việc nên làm trước"), heads, rows, small=True)]


def _online(material: Material, local: Local, numbering: Numbering) -> list[Block]:
    rows = []
    for indicator in ("offered_online", "offered_full_online", "online_filing", "online_strict", "online_self_filed", "online_effective"):
        about = material.indicators[indicator]
        rows.append([pick(about.name_vi, about.name_en), *chapters_records.share(material, local.code, indicator)])
    heads = [
        Head(_("Ba lớp, không cộng gộp"), 46, False),
        Head(_("Tử số"), 15),
        Head(_("Mẫu số"), 13),
        Head(_("Tỷ lệ (%)"), 13),
        Head(_("Khoảng (%)"), 13),
    ]
    table = numbering.table(_("Khai báo, sử dụng và hiệu lực"), heads, rows, small=True, whole=True)
    listed = chapters_records.phantoms(material, numbering, local.code)
    rebuilt = chapters_records.restructuring(material, numbering, local.code)
    return [table, *listed, Section(_("Thủ tục cần tái cấu trúc")), *rebuilt]


def _time(material: Material, local: Local, numbering: Numbering) -> list[Block]:
    return [
        Say(sentences.on_time(local.figure("on_time"))),
        *chapters_records.taken(material, local.code),
        chapters_records.clocks(material, numbering, local.code),
    ]


def _units(material: Material, local: Local, numbering: Numbering) -> list[Block]:
    if not local.units:
        return [Say(_("Kỳ này chưa đơn vị nào có hồ sơ."))]
    rows = [
        [
            material.name(unit.unit_code),
            count(unit.received),
            cells.rate_cell(unit.supplement),
            cells.rate_cell(unit.on_time),
            cells.n_cell(unit.satisfaction),
            cells.rate_cell(unit.satisfaction),
            cells.interval_cell(unit.satisfaction),
        ]
        for unit in local.units[:UNITS]
    ]
    heads = [
        Head(_("Đơn vị"), 30, False),
        Head(_("Tiếp nhận (hồ sơ)"), 12),
        Head(_("Phải bổ sung (%)"), 11),
        Head(_("Đúng hạn (%)"), 11),
        Head(_("Số phiếu"), 10),
        Head(_("Hài lòng (%)"), 11),
        Head(_("Khoảng 95 % (%)"), 15),
    ]
    note = _(
        "Xếp theo số hồ sơ phải bổ sung. Đơn vị dưới 10 phiếu không có tỷ lệ hài lòng của tháng; phiếu một trang của từng xã có số 3 và "
        "12 tháng."
    )
    if len(local.units) > UNITS:
        note = _("%(shown)s đơn vị đầu trong %(all)s.", shown=UNITS, all=count(len(local.units))) + " " + note
    return [numbering.table(_("Các đơn vị có nhiều hồ sơ phải bổ sung nhất"), heads, rows, note, small=True)]


def _quality(material: Material, local: Local, numbering: Numbering) -> list[Block]:
    found: Mapping[str, Mapping[str, Any]] = {
        row["mark"]: row for row in material.table("quality_marks") if row["place_code"] == local.code
    }  # fmt: skip
    blocks: list[Block] = []
    rows = [
        [
            pick(mark.vi, mark.en),
            capital(pick(mark.measure_vi, mark.measure_en)),
            *(
                [cells.status_word(None)] * 2
                if found[mark.code]["value"] is None
                else [
                    f"{count(found[mark.code]['numerator'])}/{count(found[mark.code]['denominator'])}",
                    cells.share(found[mark.code]["value"]),
                ]
            ),
        ]
        for mark in MARKS
        if mark.code in found
    ]
    if rows:
        heads = [Head(_("Dấu"), 13, False), Head(_("Đếm gì trên gì"), 52, False), Head(_("Số đếm"), 22), Head(_("Tỷ lệ (%)"), 13)]
        blocks.append(numbering.table(_("Sáu dấu chất lượng số liệu"), heads, rows, small=True, whole=True))
    groups = material.official.get(local.code, {})
    if SATISFACTION in groups and "total" in groups:
        score, total = groups[SATISFACTION], groups["total"]
        blocks.append(
            Say(
                _(
                    "Chỉ số QĐ 766 của kỳ: %(total)s/%(most)s điểm, trong đó nhóm hài lòng %(score)s/%(part)s (chỉ số hành chính, không "
                    "phải khảo sát; nguồn: %(source)s).",
                    total=numbers.number(total.score, language(), 2),
                    most=numbers.number(total.maximum, language()),
                    score=numbers.number(score.score, language(), 2),
                    part=numbers.number(score.maximum, language()),
                    source=pick(score.source, score.source_en),
                )
            )
        )
    return blocks or [Say(_("Chưa có số liệu về chất lượng và Chỉ số 766 của kỳ này."))]


def _explained(material: Material, local: Local) -> list[Block]:
    said = material.words
    if not said.asked:
        return [Say(_("Dự thảo chưa được gửi lấy ý kiến."))]
    own = [one for one in said.explanations if material.owner(one.unit_code) == local.code]
    against = [one for one in said.objections if material.owner(one.unit_code) == local.code]
    if not own and not against:
        return [Say(_("Không có ý kiến."))]
    blocks: list[Block] = []
    for one in own:
        blocks.append(Human(one.text, material.name(one.unit_code)))
        if one.answer:
            blocks.append(Note(_("**Trả lời của cơ quan tổng hợp.** %(answer)s", answer=one.answer)))
    for objection in against:
        who = _("%(place)s, không đồng ý về: %(about)s", place=material.name(objection.unit_code), about=objection.about)
        blocks.append(Human(objection.text, who))
        blocks.append(Note(_answered(objection)))
    return blocks


def _answered(objection: Objection) -> str:
    """What was answered to an objection, and what that does to the figures."""
    verdicts = {
        "accepted": _("**Chấp nhận.** %(answer)s", answer=objection.answer),
        "refused": _("**Không chấp nhận.** %(answer)s", answer=objection.answer),
        "noted": _("**Ghi nhận.** %(answer)s", answer=objection.answer),
    }
    said = verdicts.get(objection.verdict, _("**Chưa có trả lời.**"))
    if objection.in_review:
        said += " " + _("Đang xem lại theo ý kiến của đơn vị: con số của phiên bản này giữ nguyên, điều được sửa sẽ ở phiên bản sau.")
    elif objection.verdict == "accepted":
        said += " " + _("Được chấp nhận trước lần chốt này: điều đã sửa có trong con số.")
    return said
