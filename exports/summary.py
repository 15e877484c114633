"""The summary on one page: the first thing that a minister's assistant reads. Every blank of its sentences is filled in every state."""

from collections.abc import Sequence
from dataclasses import dataclass

from core import numbers
from core.text import _
from core.web import language
from exports import sentences
from exports.cells import NATION, capital, count, known, percent, points
from exports.report import Material
from exports.sentences import cut, listed, short
from scorecard.figures import leading_rate

NAMED = 3  # places, procedures, requests named in a sentence: the rest stand in the report's tables
LONGEST = 62  # characters of a procedure's name in the summary
LONGEST_DEED = 84  # characters of what is asked
HALF = 0.5  # of all repeated submissions: that many procedures are named as the main cause, if few enough make it up
SATISFACTION = "MDHL"  # group 5 of the official index


@dataclass(frozen=True)
class Summary:
    """Its lines, in the order of the page."""

    period: str
    basis: str
    figures: Sequence[str]
    change: str
    causes: str
    requests: str
    certainty: str

    @property
    def items(self) -> list[tuple[str, str]]:
        """The numbered parts after the first: head and text."""
        return [
            (_("2. So với tháng trước."), self.change),
            (_("3. Nguyên nhân chính."), self.causes),
            (_("4. Đề nghị."), self.requests),
            (_("5. Mức độ chắc chắn."), self.certainty),
        ]


def compose(material: Material, basis: str, agency: str) -> Summary:
    """The summary of an edition. ``basis``, ``agency``: from the issuing profile."""
    rate = leading_rate(material.figures, NATION)
    return Summary(
        period=_(
            "Kỳ số liệu: %(period)s; khảo sát nhận trả lời đến %(answers)s; chốt %(cutoff)s.",
            period=material.period,
            answers=numbers.day(material.answers_until, language()),
            cutoff=numbers.day(material.cutoff_at, language()),
        ),
        basis=_("%(basis)s, %(agency)s báo cáo kết quả đánh giá mức độ hài lòng như sau:", basis=basis, agency=agency),
        figures=[
            sentences.satisfaction(rate, material.figure(NATION, "response_rate")),
            sentences.asked_again(
                material.figure(NATION, "asked_again_recorded", "lower"), material.figure(NATION, "asked_again_recorded", "upper")
            ),
            sentences.mismatch(material.figure(NATION, "mismatch_any")),
        ],
        change=" ".join(part for part in (change(material), changed_places(material), official(material)) if part),
        causes=" ".join(part for part in (causes(material), connection(material)) if part),
        requests=" ".join(part for part in (requests(material), earlier(material)) if part),
        certainty=" ".join(part for part in (doubt(material), incomplete(material), asked_about(material), unseen(material)) if part),
    )


def change(material: Material) -> str:
    """Against the month before, by the change that the edition estimated."""
    rate, moved = leading_rate(material.figures, NATION), material.figure(NATION, "satisfaction_change", "weighted")
    if rate is None or not known(rate):
        return _("Chưa so sánh được vì kỳ này chưa có tỷ lệ công bố được.")
    if moved is None or not known(moved) or moved.value is None or moved.low is None or moved.high is None:
        before = leading_rate(material.previous, NATION)
        if before is None:
            return _("Chưa so sánh được vì tháng trước chưa có số liệu công bố.")
        if not known(before):
            return _("Chưa so sánh được vì tỷ lệ của tháng trước không công bố được.")
        if rate.grey or before.grey:
            return _("Chưa so sánh được vì một trong hai tháng có dưới 30 người trả lời.")
        return _("Chưa so sánh được vì một trong hai tháng chưa được ước lượng xong.")
    span = _("%(low)s đến %(high)s", low=points(moved.low), high=points(moved.high))
    if moved.low <= 0 <= moved.high:
        return _("Tỷ lệ hài lòng chưa thấy thay đổi rõ (%(span)s điểm phần trăm).", span=span)
    size = points(abs(moved.value)).lstrip("+") if round(abs(moved.value) * 100, 1) else _("chưa đến 0,1")
    if moved.value > 0:
        return _("Tỷ lệ hài lòng tăng %(size)s điểm phần trăm (khoảng %(span)s).", size=size, span=span)
    return _("Tỷ lệ hài lòng giảm %(size)s điểm phần trăm (khoảng %(span)s).", size=size, span=span)


def changed_places(material: Material) -> str:
    """Provinces whose change is named, under false-discovery control over all of them (table ``comparison``)."""
    rows = [row for row in material.table("comparison") if row["kind"] == "province"]
    compared = [row for row in rows if row["change"] is not None]
    if not compared:
        return _("Chưa địa phương nào đủ số liệu hai tháng để so sánh.")
    named = sorted((row for row in compared if row["change_named"]), key=lambda row: (-abs(row["change"]), row["unit_code"]))
    if not named:
        if len(compared) == 1:
            return _("Địa phương duy nhất so sánh được chưa thay đổi rõ.")
        return _("Trong %(n)s địa phương so sánh được, chưa địa phương nào thay đổi rõ.", n=count(len(compared)))
    words = {"up": _("tăng"), "down": _("giảm")}
    names = [f"{material.name(row['unit_code'])} ({words[row['change_named']]})" for row in named[:NAMED]]
    more = len(named) - len(names)
    told = _("%(names)s và %(n)s địa phương khác", names=", ".join(names), n=count(more)) if more else listed(names)
    return _("%(n)s địa phương thay đổi rõ: %(names)s.", n=count(len(named)), names=told)


def official(material: Material) -> str:
    """The official index's group of satisfaction, beside and never merged."""
    found = [groups[SATISFACTION] for code, groups in material.official.items() if SATISFACTION in groups and code in material.codes]
    if not found:
        return _("Chỉ số QĐ 766 nhóm hài lòng: chưa có số liệu của kỳ này.")
    mean = sum(one.score for one in found) / len(found)
    if len(found) == 1:
        return _(
            "Chỉ số QĐ 766 nhóm hài lòng của địa phương duy nhất có số liệu: %(score)s/%(most)s (chỉ số hành chính, không phải khảo sát).",
            score=numbers.number(mean, language(), 1),
            most=numbers.number(found[0].maximum, language()),
        )
    return _(
        "Chỉ số QĐ 766 nhóm hài lòng: %(score)s/%(most)s, trung bình %(n)s địa phương (chỉ số hành chính, không phải khảo sát).",
        score=numbers.number(mean, language(), 1),
        most=numbers.number(found[0].maximum, language()),
        n=count(len(found)),
    )


def causes(material: Material) -> str:
    """The few procedures that make up half of what was asked again."""
    by_procedure: dict[str, int] = {}
    for cause in material.causes:
        if cause.kind == "held_by_state":
            by_procedure[cause.procedure] = by_procedure.get(cause.procedure, 0) + cause.people
    total = sum(by_procedure.values())
    if not total:
        return _("Kỳ này không ghi nhận thủ tục nào có hồ sơ phải nộp lại giấy tờ Nhà nước đã có.")
    ranked = sorted(by_procedure.items(), key=lambda item: (-item[1], item[0]))
    chosen, sum_of = [], 0
    for name, people in ranked[:NAMED]:
        chosen.append(name)
        sum_of += people
        if sum_of >= HALF * total:
            break
    names = "; ".join(short(name, LONGEST) for name in chosen)
    if len(ranked) == 1:
        if total == 1:
            return _("Lần nộp lại duy nhất thuộc một thủ tục: %(names)s.", names=names)
        return _("Tất cả %(n)s lần nộp lại thuộc một thủ tục: %(names)s.", n=count(total), names=names)
    if len(chosen) == 1:
        return _("Một thủ tục chiếm %(share)s số lần nộp lại: %(names)s.", share=percent(sum_of / total), names=names)
    return _(
        "%(k)s thủ tục chiếm %(share)s số lần nộp lại: %(names)s.",
        k=count(len(chosen)),
        share=percent(sum_of / total),
        names=names,
    )


def connection(material: Material) -> str:
    """The one database whose connection would spare the most visits."""
    rows = [row for row in material.table("connection_value") if row["province_code"] == NATION and row["spared"]]
    if not rows:
        return _("Chưa thấy cơ sở dữ liệu nào mà kết nối thêm sẽ bớt được lượt đi lại.")
    best = max(rows, key=lambda row: row["spared"])
    name = material.register(best["register_code"])
    if best["action"] == "publish":
        return _("Công bố và kết nối %(name)s sẽ giảm tối đa %(n)s lượt đi lại mỗi tháng.", name=name, n=count(best["spared"]))
    return _("Kết nối %(name)s sẽ giảm tối đa %(n)s lượt đi lại mỗi tháng.", name=name, n=count(best["spared"]))


def requests(material: Material) -> str:
    """What is asked of whom: as the office wrote it; where it wrote nothing, what the figures point to."""
    items = material.words.requests
    if items:
        told = []
        for item in items[:NAMED]:
            deed = cut(item.deed.rstrip("."), LONGEST_DEED)
            if item.due_on is None:
                told.append(_("%(who)s: %(deed)s.", who=item.addressee, deed=deed))
            else:
                told.append(_("%(who)s: %(deed)s, trước %(day)s.", who=item.addressee, deed=deed, day=numbers.day(item.due_on, language())))
        more = len(items) - NAMED
        if more > 0:
            told.append(_("Còn %(n)s việc nữa ở phần Đề nghị.", n=count(more)))
        return " ".join(told)
    return suggested(material)


def suggested(material: Material) -> str:
    """Who can mend the foremost causes; without a date, which only a person sets."""
    if not material.causes:
        return _("Không có đề nghị mới từ số liệu của kỳ này.")
    by_agency: dict[str, list[str]] = {}
    for cause in sorted(material.causes, key=lambda cause: -cause.people)[:NAMED]:
        deeds = by_agency.setdefault(cause.agency, [])
        if (deed := cause_deed(cause.kind, cause.register, cause.within_power)) not in deeds:
            deeds.append(deed)
    told = "; ".join(f"{agency}: {', '.join(deeds)}" for agency, deeds in by_agency.items())
    return _("%(told)s (gợi ý từ số liệu, thời hạn do cơ quan ban hành ấn định).", told=capital(told))


def cause_deed(kind: str, register: str, within_power: bool) -> str:
    """What would mend a cause."""
    name = register or _("cơ sở dữ liệu của Nhà nước")
    if kind == "held_by_state":
        if within_power:
            return _("tra cứu %(name)s thay cho yêu cầu nộp giấy tờ", name=name)
        return _("kết nối %(name)s với hệ thống một cửa", name=name)
    if kind == "repeat_supplement":
        return _("gộp các yêu cầu bổ sung vào một phiếu")
    return _("rà soát dịch vụ trực tuyến chưa có người dùng")


def earlier(material: Material) -> str:
    """What became of the requests of the month before."""
    done, doing, late = material.words.earlier
    if not done + doing + late:
        return _("Kỳ trước không có việc đề nghị.")
    return _(
        "Việc đề nghị kỳ trước: %(done)s xong, %(doing)s đang làm, %(late)s quá hạn.",
        done=count(done),
        doing=count(doing),
        late=count(late),
    )


def doubt(material: Material) -> str:
    """What the interval leaves out, with the edition's own sensitivity band."""
    low, high = (material.figure(NATION, "satisfaction", variant) for variant in ("lower", "upper"))
    return sentences.sampling_only(
        leading_rate(material.figures, NATION),
        low.value if low is not None and known(low) else None,
        high.value if high is not None and known(high) else None,
        material.asked_later,
    )


def incomplete(material: Material) -> str:
    """How many places did not send everything."""
    known_of = [place for place in material.answering if place.coverage is not None]
    if not known_of:
        return ""
    silent = sum((place.coverage or 0.0) < 1 for place in known_of)
    if len(known_of) == 1 and not silent:
        return _("Số liệu của nơi duy nhất gửi về đủ các ngày làm việc.")
    if not silent:
        return _("Số liệu của cả %(n)s bộ, địa phương đủ các ngày làm việc.", n=count(len(known_of)))
    return _("%(n)s bộ, địa phương chưa gửi đủ số liệu.", n=count(silent))


def asked_about(material: Material) -> str:
    """How many units are under verification: a number, no names."""
    if not material.compared:
        return _("Kỳ này chưa đủ số liệu để so các đơn vị với nhau.")
    if not material.verified:
        return _("Không đơn vị nào cần xác minh; số đơn vị đủ số liệu để so: %(n)s.", n=count(material.compared or 0))
    return _("%(n)s đơn vị đang được xác minh, không loại khỏi kết quả.", n=count(material.verified))


def unseen(material: Material) -> str:
    """Who is in none of the figures, but for the line of visits that did not become a dossier."""
    if material.table("queue_tickets"):
        return _("Người chưa nộp được hồ sơ không có trong các con số này, trừ dòng “lượt đến chưa thành hồ sơ” ở phần X.")
    return _("Người chưa nộp được hồ sơ không có trong các con số này.")
