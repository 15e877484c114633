"""The report's sentences, written from figures. Pure; right at zero, at one, at all, with too few, hidden or missing figures.

Every function takes figures that have already passed disclosure control and returns text in the document's language. Nothing is
judged: a sentence says what was counted, of how many, and how sure it is.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.text import _
from exports.cells import capital, count, interval, known, percent

if TYPE_CHECKING:
    from scorecard.queries import Figure


def no_survey(status: str) -> str:
    """Why there is no rate of satisfaction."""
    return {
        "too_few": _("Chưa công bố tỷ lệ hài lòng: dưới 10 người trả lời."),
        "suppressed": _("Tỷ lệ hài lòng được ẩn vì từ đó có thể suy ra ý kiến của một nhóm dưới 10 người."),
        "not_applicable": _("Trong kỳ không có hồ sơ nào đến bước được mời trả lời khảo sát."),
    }.get(status, _("Kỳ này chưa có số liệu khảo sát."))


def satisfaction(rate: "Figure | None", response: "Figure | None") -> str:
    """The share of satisfied people among those who answered, with interval, n and response.

    ``rate``: the leading figure; a weighted one carries no counts of people, since its parts are not whole people.
    """
    if rate is None or not known(rate) or rate.value is None or rate.low is None or rate.high is None:
        return no_survey(rate.status if rate is not None else "not_reported")
    answered = _("%(n)s người trả lời", n=count(rate.n))
    if response is not None and known(response) and response.denominator and response.value is not None:
        answered = _(
            "%(n)s người trả lời trong %(invited)s người được mời, %(rate)s",
            n=count(rate.n),
            invited=count(response.denominator),
            rate=percent(response.value),
        )
    sure = _("khoảng %(span)s; %(answered)s", span=interval(rate.low, rate.high), answered=answered)
    if rate.value == 0:
        text = _("Không ai trong những người trả lời hài lòng hoặc rất hài lòng (%(sure)s).", sure=sure)
    elif rate.value == 1:
        text = _("Tất cả những người trả lời đều hài lòng hoặc rất hài lòng (%(sure)s).", sure=sure)
    elif rate.variant == "weighted":
        text = _(
            "Trong những người trả lời, sau hiệu chỉnh: **%(rate)s** hài lòng hoặc rất hài lòng (%(sure)s).",
            rate=percent(rate.value),
            sure=sure,
        )
    else:
        text = _(
            "Trong những người trả lời, chưa hiệu chỉnh: **%(rate)s** hài lòng hoặc rất hài lòng (%(sure)s).",
            rate=percent(rate.value),
            sure=sure,
        )
    if rate.provisional:
        text += " " + _("Số liệu tạm tính, còn có thể thay đổi.")
    return text + (" " + _("Ít người trả lời, con số chỉ để tham khảo.") if rate.grey else "")


def asked_again(lower: "Figure | None", upper: "Figure | None") -> str:
    """Dossiers asked again for what the state already has, as bounds and as numbers of dossiers."""
    if lower is None or upper is None or not known(lower) or not known(upper) or lower.value is None or upper.value is None:
        if lower is not None and lower.status == "not_applicable":
            return _("Trong kỳ không có hồ sơ nào thuộc diện tính yêu cầu nộp lại giấy tờ.")
        return _("Chưa tính được số hồ sơ bị yêu cầu nộp lại giấy tờ Nhà nước đã có: nguồn số liệu chưa báo cáo nội dung yêu cầu bổ sung.")
    total = _("trong %(n)s hồ sơ", n=count(upper.denominator))
    if not upper.numerator:
        text = _("Không ghi nhận hồ sơ nào bị yêu cầu nộp lại giấy tờ Nhà nước đã có (%(total)s).", total=total)
    elif not lower.numerator:
        text = _(
            "Nhiều nhất **%(high)s** hồ sơ bị yêu cầu nộp lại giấy tờ Nhà nước đã có, không quá %(n)s hồ sơ (%(total)s); chưa xác "
            "định chắc chắn được hồ sơ nào.",
            high=percent(upper.value),
            n=count(upper.numerator),
            total=total,
        )
    elif lower.numerator == upper.numerator:
        text = _(
            "**%(rate)s** hồ sơ bị yêu cầu nộp lại giấy tờ Nhà nước đã có, tương đương %(n)s hồ sơ (%(total)s).",
            rate=percent(upper.value),
            n=count(upper.numerator),
            total=total,
        )
    else:
        text = _(
            "**%(span)s** hồ sơ bị yêu cầu nộp lại giấy tờ Nhà nước đã có, tương đương %(low)s–%(high)s hồ sơ (%(total)s).",
            span=interval(lower.value, upper.value),
            low=count(lower.numerator),
            high=count(upper.numerator),
            total=total,
        )
    return text + (" " + _("Số liệu tạm tính, còn có thể thay đổi.") if upper.provisional else "")


def mismatch(figure: "Figure | None") -> str:
    """Answers that differ from the register on one point at least."""
    if figure is None or not known(figure) or figure.value is None or figure.low is None or figure.high is None:
        if figure is not None and figure.status == "not_applicable":
            return _("Trong kỳ không có câu trả lời nào để đối chiếu với hệ thống.")
        if figure is not None and figure.status == "too_few":
            return _("Chưa công bố được mức không khớp giữa hệ thống và người dân: quá ít hồ sơ đối chiếu được.")
        if figure is not None and figure.status == "suppressed":
            return _("Mức không khớp giữa hệ thống và người dân được ẩn vì từ đó có thể suy ra câu trả lời của một nhóm dưới 10 người.")
        return _("Chưa đối chiếu được câu trả lời của người dân với hệ thống.")
    sure = _("khoảng %(span)s", span=interval(figure.low, figure.high))
    later = " " + _("Số liệu tạm tính, còn có thể thay đổi.") if figure.provisional else ""
    if not figure.numerator:
        told = _(
            "Trong %(n)s hồ sơ có trả lời đối chiếu được, không hồ sơ nào có điểm người dân nêu không khớp với hệ thống (%(sure)s).",
            n=count(figure.denominator),
            sure=sure,
        )
        return told + later
    told = _(
        "Trong %(n)s hồ sơ có trả lời đối chiếu được, **%(rate)s** có ít nhất một điểm người dân nêu không khớp với hệ thống "
        "(%(sure)s; %(k)s hồ sơ).",
        n=count(figure.denominator),
        rate=percent(figure.value),
        sure=sure,
        k=count(figure.numerator),
    )
    return told + later


def supplements(once: "Figure | None", repeated: "Figure | None") -> str:
    """Dossiers that had to be supplemented, and those asked more than once."""
    if once is None or not known(once) or once.value is None:
        if once is not None and once.status == "not_applicable":
            return _("Trong kỳ không có hồ sơ nào kết thúc hoặc có yêu cầu bổ sung.")
        return _("Chưa có số liệu về yêu cầu bổ sung hồ sơ.")
    total = count(once.denominator)
    if not once.numerator:
        return _("Hệ thống không ghi hồ sơ nào phải bổ sung trong %(n)s hồ sơ.", n=total)
    text = _(
        "**%(rate)s** hồ sơ phải bổ sung ít nhất một lần (%(k)s trong %(n)s hồ sơ).",
        rate=percent(once.value),
        k=count(once.numerator),
        n=total,
    )
    if repeated is None or not known(repeated) or repeated.value is None:
        return text
    if not repeated.numerator:
        return text + " " + _("Không hồ sơ nào bị yêu cầu bổ sung từ hai lần trở lên.")
    again = _("%(k)s hồ sơ (%(rate)s) bị yêu cầu bổ sung từ hai lần trở lên.", k=count(repeated.numerator), rate=percent(repeated.value))
    return f"{text} {again}"


def experienced_again(figure: "Figure | None") -> str:
    """What people themselves say about being asked again."""
    if figure is None or not known(figure) or figure.value is None or figure.low is None or figure.high is None:
        return _("Số người trả lời câu hỏi về việc phải nộp lại giấy tờ chưa đủ để công bố.")
    sure = _("khoảng %(span)s; %(n)s người trả lời có hoặc không", span=interval(figure.low, figure.high), n=count(figure.denominator))
    if not figure.numerator:
        return _("Không ai trong những người trả lời nói đã phải nộp lại giấy tờ Nhà nước đã có (%(sure)s).", sure=sure)
    return _(
        "Theo người dân, doanh nghiệp: **%(rate)s** nói đã phải nộp lại giấy tờ Nhà nước đã có (%(sure)s).",
        rate=percent(figure.value),
        sure=sure,
    )


def visited_before(figure: "Figure | None") -> str:
    """What people say about coming or calling before their dossier was accepted; empty in an edition that does not tell."""
    if figure is None:
        return ""
    if not known(figure) or figure.value is None or figure.low is None or figure.high is None:
        return _("Số người trả lời câu hỏi về việc phải đến hoặc gọi trước khi hồ sơ được nhận chưa đủ để công bố.")
    return _(
        "Theo người dân, doanh nghiệp đã có hồ sơ: **%(rate)s** nói phải đến hoặc gọi ít nhất một lần trước khi hồ sơ được nhận "
        "(khoảng %(span)s; %(n)s người trả lời). Người chưa nộp được hồ sơ không có trong con số này.",
        rate=percent(figure.value),
        span=interval(figure.low, figure.high),
        n=count(figure.denominator),
    )


def online(figure: "Figure | None") -> str:
    """The share of dossiers filed online, as it stands on record."""
    if figure is None or not known(figure) or figure.value is None:
        if figure is not None and figure.status == "not_applicable":
            return _("Trong kỳ không phát sinh hồ sơ nào.")
        return _("Chưa có số liệu về hồ sơ nộp trực tuyến.")
    if not figure.numerator:
        return _("Hệ thống không ghi hồ sơ nào nộp trực tuyến trong %(n)s hồ sơ tiếp nhận.", n=count(figure.denominator))
    return _(
        "Theo hệ thống, **%(rate)s** hồ sơ nộp trực tuyến (%(k)s trong %(n)s hồ sơ tiếp nhận).",
        rate=percent(figure.value),
        k=count(figure.numerator),
        n=count(figure.denominator),
    )


def on_time(figure: "Figure | None") -> str:
    """The share handled on time, as it stands on record."""
    if figure is None or not known(figure) or figure.value is None:
        if figure is not None and figure.status == "not_applicable":
            return _("Trong kỳ không có hồ sơ nào đến hạn hoặc kết thúc.")
        return _("Chưa có số liệu về việc giải quyết đúng hạn.")
    if figure.numerator == figure.denominator == 1:
        return _("Theo hệ thống, hồ sơ duy nhất có ngày hẹn trả đã được giải quyết đúng hạn.")
    if figure.numerator == figure.denominator:
        return _("Theo hệ thống, toàn bộ %(n)s hồ sơ có ngày hẹn trả đều được giải quyết đúng hạn.", n=count(figure.denominator))
    if not figure.numerator:
        return _("Theo hệ thống, không hồ sơ nào trong %(n)s hồ sơ có ngày hẹn trả được giải quyết đúng hạn.", n=count(figure.denominator))
    return _(
        "Theo hệ thống, **%(rate)s** hồ sơ được giải quyết đúng hạn (%(k)s trong %(n)s hồ sơ có ngày hẹn trả).",
        rate=percent(figure.value),
        k=count(figure.numerator),
        n=count(figure.denominator),
    )


def by_pause(lower: "Figure | None", upper: "Figure | None") -> str:
    """How much of on time is owed to the clock that stood still; empty without a figure."""
    if lower is None or upper is None or not known(lower) or not known(upper):
        return ""
    if not upper.numerator:
        return _("Không hồ sơ nào được tính đúng hạn chỉ nhờ thời gian chờ bổ sung.")
    same = lower.numerator == upper.numerator
    return _(
        "%(k)s hồ sơ được tính đúng hạn chỉ vì đồng hồ dừng khi chờ người nộp bổ sung.",
        k=count(upper.numerator) if same else f"{count(lower.numerator)}–{count(upper.numerator)}",
    )


def groups(high: int, middle: int, low: int, none: int) -> str:
    """How the provinces stand against the nation, by interval and not by rank."""
    if high + middle + low == 0:
        return _("Chưa địa phương nào đủ số liệu để xếp nhóm.")
    parts = [
        _("%(n)s địa phương có khoảng ước lượng nằm trọn phía trên mức cả nước (nhóm cao)", n=count(high)) if high else "",
        _("%(n)s địa phương chưa phân biệt được với mức cả nước (nhóm giữa)", n=count(middle)) if middle else "",
        _("%(n)s địa phương nằm trọn phía dưới (nhóm thấp)", n=count(low)) if low else "",
        _("%(n)s địa phương không đủ số liệu để xếp nhóm", n=count(none)) if none else "",
    ]
    return capital("; ".join(part for part in parts if part)) + "."


def coverage(full: int, partial: Sequence[str], silent: Sequence[str]) -> str:
    """Which places sent data for every working day of the month."""
    if not full and not partial:
        return _("Chưa địa phương nào gửi số liệu cho kỳ này.")
    text = _("%(n)s địa phương có số liệu tiếp nhận ở mọi ngày làm việc trong kỳ.", n=count(full))
    if partial:
        text += " " + _(
            "%(n)s địa phương có ngày làm việc không thấy số liệu (trong ngoặc: độ phủ): %(names)s.",
            n=count(len(partial)),
            names=listed(partial),
        )
    if silent:
        text += " " + _("%(n)s địa phương chưa gửi: %(names)s.", n=count(len(silent)), names=listed(silent))
    return text


def reached(whole: int, partly: int, names: Sequence[str]) -> str:
    """Whose answers these are: of people whom a link reached. ``whole``, ``partly``: communes declared to be without mobile signal, in all
    of their area or in a part; ``names``: theirs, or their provinces' with numbers."""
    limit = _("Câu trả lời qua mạng là của những người nhận được lời mời và dùng được mạng, không phải ý kiến của toàn dân.")
    if not whole + partly:
        return limit + " " + _("Chưa xã nào được khai báo là không có sóng di động.")
    told = _(
        "%(n)s xã được khai báo là không có sóng di động (cả xã: %(whole)s; một phần: %(partly)s): %(names)s. "
        "Lời mời khó đến những nơi này.",
        n=count(whole + partly),
        whole=count(whole),
        partly=count(partly),
        names=listed(names),
    )
    return f"{limit} {told}"


def sampling_only(rate: "Figure | None", low: float | None, high: float | None, asked_later: int | None = None) -> str:
    """What the interval does not cover: who answers at all.

    ``low``, ``high``: the sensitivity band. ``asked_later``: how many who had been silent were asked again, where the band rests on
    them and stands beside the one of the assumption "twice or half as willing"; None: it is that one. Where the rate lies outside what
    those who were asked again say, that is said too.
    """
    if rate is None or not known(rate) or rate.value is None:
        return _("Kỳ này chưa có khoảng ước lượng để đánh giá mức độ chắc chắn.")
    assumed = sorted((willing(rate.value, 2.0), willing(rate.value, 0.5)))
    if asked_later is None and low is not None and high is not None:
        assumed = [low, high]
    said = _("Khoảng nêu trên chỉ phản ánh sai số lấy mẫu.") + " "
    said += _(
        "Nếu người hài lòng trả lời nhiều gấp đôi hoặc bằng một nửa người không hài lòng, tỷ lệ là %(span)s.", span=interval(*assumed)
    )
    if asked_later is not None and low is not None and high is not None:
        said += " " + _(
            "Theo kết quả hỏi lại ngẫu nhiên %(n)s người chưa trả lời, nếu tính cả người không trả lời thì tỷ lệ là %(span)s.",
            n=count(asked_later),
            span=interval(low, high),
        )
        if rate.value < low:
            said += " " + _("Người được hỏi lại hài lòng nhiều hơn người tự trả lời: tỷ lệ sau hiệu chỉnh chỉ nói về những người trả lời.")
        elif rate.value > high:
            said += " " + _("Người được hỏi lại hài lòng ít hơn người tự trả lời: tỷ lệ sau hiệu chỉnh chỉ nói về những người trả lời.")
    return said


def willing(share: float, ratio: float) -> float:
    """The true share of satisfied people if they answer ``ratio`` times as readily as the others."""
    satisfied = share / ratio
    return satisfied / (satisfied + 1 - share)


def assumption_free(low: "Figure | None", high: "Figure | None", response: "Figure | None") -> str:
    """The bounds that need no assumption about those who did not answer (methodology §11.2)."""
    if low is None or high is None or not known(low) or not known(high) or low.value is None or high.value is None:
        return ""
    if response is None or response.value is None:
        return ""
    return _(
        "Nếu không giả định gì về %(silent)s số người được mời mà không trả lời, tỷ lệ hài lòng của tất cả người được mời chỉ biết là "
        "nằm giữa %(low)s và %(high)s.",
        silent=percent(1 - response.value),
        low=percent(low.value),
        high=percent(high.value),
    )


def listed(items: Sequence[str]) -> str:
    """``a, b và c``."""
    if len(items) < 2:
        return ", ".join(items)
    return _("%(first)s và %(last)s", first=", ".join(items[:-1]), last=items[-1])


def plain(name: str) -> str:
    """A procedure's name as it stands in a sentence about procedures: without the word for it, without a full stop."""
    return capital(name.strip().rstrip(".").removeprefix("Thủ tục ").removeprefix("thủ tục "))


def short(name: str, most: int) -> str:
    """A procedure's name, cut where it is long: the whole name stands in the table."""
    return cut(plain(name), most)


def cut(text: str, most: int) -> str:
    """A long text cut at a word, with three dots."""
    return text if len(text) <= most else text[: text.rfind(" ", 0, most)].rstrip(",; ") + " (…)"


def objections(number: int, accepted: int, in_review: int) -> str:
    """How many objections there were, were accepted, and are not in the figures yet."""
    return _(
        "Ý kiến không đồng ý với cách xếp lớp hoặc cách tính: %(n)s; được chấp nhận: %(accepted)s, trong đó còn đang xem lại, "
        "chưa đổi con số của phiên bản này: %(review)s. Từng ý kiến in trong báo cáo của tỉnh, bộ đó.",
        n=count(number),
        accepted=count(accepted),
        review=count(in_review),
    )
