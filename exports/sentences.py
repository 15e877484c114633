"""The report's sentences, written from figures. Pure; right at zero, at one, at all, with too few, hidden or missing figures.

Every function takes figures that have already passed disclosure control and returns Vietnamese text. Nothing is judged:
a sentence says what was counted, of how many, and how sure it is.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core import numbers
from exports.cells import capital, count, known, percent

if TYPE_CHECKING:
    from exports.report import Cause
    from scorecard.pages.words import Difference
    from scorecard.queries import Figure

COMPARABLE = 30  # answers from which on a rate is compared (methodology §11.6)
NO_SURVEY = {
    "too_few": "Chưa công bố tỷ lệ hài lòng: dưới 10 người trả lời.",
    "suppressed": "Tỷ lệ hài lòng được ẩn vì từ đó có thể suy ra ý kiến của một nhóm dưới 10 người.",
    "not_applicable": "Trong kỳ không có hồ sơ nào đến bước được mời trả lời khảo sát.",
    "not_reported": "Kỳ này chưa có số liệu khảo sát.",
}


def satisfaction(rate: "Figure | None", response: "Figure | None") -> str:
    """The first of the three figures: share of satisfied people among those who answered, with interval, n and response."""
    if rate is None or not known(rate) or rate.value is None or rate.low is None or rate.high is None:
        return NO_SURVEY[rate.status if rate is not None and rate.status in NO_SURVEY else "not_reported"]
    answered = f"{count(rate.n)} người trả lời"
    if response is not None and known(response) and response.denominator and response.value is not None:
        answered += f" trong {count(response.denominator)} người được mời, {percent(response.value)}"
    sure = f"khoảng {numbers.interval(rate.low, rate.high, 'vi')}; {answered}"
    if rate.numerator == 0:
        text = f"Không ai trong những người trả lời hài lòng hoặc rất hài lòng ({sure})."
    elif rate.numerator == rate.denominator:
        text = f"Tất cả những người trả lời đều hài lòng hoặc rất hài lòng ({sure})."
    else:
        text = f"Trong những người trả lời, **{percent(rate.value)}** hài lòng hoặc rất hài lòng ({sure})."
    return f"{text} Ít người trả lời, con số chỉ để tham khảo." if rate.grey else text


def asked_again(lower: "Figure | None", upper: "Figure | None") -> str:
    """The second figure: dossiers asked again for what the state already has, as bounds and as numbers of dossiers."""
    if lower is None or upper is None or not known(lower) or not known(upper) or lower.value is None or upper.value is None:
        if lower is not None and lower.status == "not_applicable":
            return "Trong kỳ không có hồ sơ nào thuộc diện tính yêu cầu nộp lại giấy tờ."
        return "Chưa tính được số hồ sơ bị yêu cầu nộp lại giấy tờ Nhà nước đã có: nguồn số liệu chưa báo cáo nội dung yêu cầu bổ sung."
    total = f"trong {count(upper.denominator)} hồ sơ"
    if not upper.numerator:
        return f"Không ghi nhận hồ sơ nào bị yêu cầu nộp lại giấy tờ Nhà nước đã có ({total})."
    if not lower.numerator:
        return (
            f"Nhiều nhất **{percent(upper.value)}** hồ sơ bị yêu cầu nộp lại giấy tờ Nhà nước đã có, "
            f"không quá {count(upper.numerator)} hồ sơ ({total}); chưa xác định chắc chắn được hồ sơ nào."
        )
    if lower.numerator == upper.numerator:
        return f"**{percent(upper.value)}** hồ sơ bị yêu cầu nộp lại giấy tờ Nhà nước đã có: {count(upper.numerator)} hồ sơ ({total})."
    return (
        f"**{numbers.interval(lower.value, upper.value, 'vi')}** hồ sơ bị yêu cầu nộp lại giấy tờ Nhà nước đã có, "
        f"tương đương {count(lower.numerator)}–{count(upper.numerator)} hồ sơ ({total})."
    )


def mismatch(figure: "Figure | None") -> str:
    """The third figure: answers that differ from the register on whether papers had to be added."""
    if figure is None or not known(figure) or figure.value is None or figure.low is None or figure.high is None:
        if figure is not None and figure.status in ("too_few", "suppressed"):
            return "Chưa công bố được mức không khớp giữa hệ thống và người dân: quá ít hồ sơ đối chiếu được."
        return "Chưa đối chiếu được câu trả lời của người dân với hệ thống."
    sure = f"khoảng {numbers.interval(figure.low, figure.high, 'vi')}"
    about = "về việc có hay không bị yêu cầu bổ sung"
    if not figure.numerator:
        return f"Trong {count(figure.denominator)} hồ sơ có trả lời, không hồ sơ nào người dân nêu khác với hệ thống {about} ({sure})."
    return (
        f"Trong {count(figure.denominator)} hồ sơ có trả lời, **{percent(figure.value)}** có điểm người dân nêu "
        f"không khớp với hệ thống {about} ({sure}; {count(figure.numerator)} hồ sơ)."
    )


def change(now: "Figure | None", before: "Figure | None", difference: "Difference | None") -> str:
    """Against the month before. ``difference``: now minus before with its interval; None where they must not be compared."""
    if now is None or not known(now):
        return "Chưa so sánh được với tháng trước vì kỳ này chưa có tỷ lệ công bố được."
    if before is None or not known(before):
        return "Chưa so sánh được với tháng trước vì tháng trước chưa có số liệu công bố."
    if difference is None:
        return f"Chưa so sánh được với tháng trước vì một trong hai tháng có dưới {COMPARABLE} người trả lời."
    points = f"khoảng {_points(difference.low)} đến {_points(difference.high)} điểm phần trăm"
    if not difference.clear:
        return f"Tỷ lệ hài lòng chưa thấy thay đổi rõ so với tháng trước (chênh lệch {_points(difference.value)}; {points})."
    verb = "tăng" if difference.value > 0 else "giảm"
    return f"Tỷ lệ hài lòng {verb} {numbers.number(abs(difference.value) * 100, 'vi', 1)} điểm phần trăm so với tháng trước ({points})."


def _points(delta: float) -> str:
    text = numbers.number(abs(delta) * 100, "vi", 1)
    if text == "0,0":
        return text
    return f"+{text}" if delta > 0 else f"−{text}"


def changed_places(names: Sequence[str], comparable: int) -> str:
    """Which provinces changed clearly. ``comparable``: how many could be compared at all."""
    if comparable == 0:
        return "Chưa địa phương nào đủ số liệu hai tháng để so sánh."
    if not names:
        return f"Trong {count(comparable)} địa phương so sánh được, chưa địa phương nào thay đổi rõ."
    shown = listed(names[:4]) + (f" và {len(names) - 4} địa phương khác" if len(names) > 4 else "")
    return f"{count(len(names))} trong {count(comparable)} địa phương so sánh được thay đổi rõ: {shown}."


def supplements(once: "Figure | None", repeated: "Figure | None") -> str:
    """Dossiers that had to be supplemented, and those asked more than once."""
    if once is None or not known(once) or once.value is None:
        if once is not None and once.status == "not_applicable":
            return "Trong kỳ không có hồ sơ nào kết thúc hoặc có yêu cầu bổ sung."
        return "Chưa có số liệu về yêu cầu bổ sung hồ sơ."
    total = count(once.denominator)
    if not once.numerator:
        return f"Hệ thống không ghi hồ sơ nào phải bổ sung trong {total} hồ sơ."
    text = f"**{percent(once.value)}** hồ sơ phải bổ sung ít nhất một lần ({count(once.numerator)} trong {total} hồ sơ)."
    if repeated is None or not known(repeated) or repeated.value is None:
        return text
    if not repeated.numerator:
        return f"{text} Không hồ sơ nào bị yêu cầu bổ sung từ hai lần trở lên."
    return f"{text} {count(repeated.numerator)} hồ sơ ({percent(repeated.value)}) bị yêu cầu bổ sung từ hai lần trở lên."


def experienced_again(figure: "Figure | None") -> str:
    """What people themselves say about being asked again."""
    if figure is None or not known(figure) or figure.value is None or figure.low is None or figure.high is None:
        return "Số người trả lời câu hỏi về việc phải nộp lại giấy tờ chưa đủ để công bố."
    sure = f"khoảng {numbers.interval(figure.low, figure.high, 'vi')}; {count(figure.denominator)} người trả lời có hoặc không"
    if not figure.numerator:
        return f"Không ai trong những người trả lời nói đã phải nộp lại giấy tờ Nhà nước đã có ({sure})."
    return f"Theo người dân, doanh nghiệp: **{percent(figure.value)}** nói đã phải nộp lại giấy tờ Nhà nước đã có ({sure})."


def share_of(figure: "Figure | None", doing: str, things: str) -> str:
    """A plain administrative share: ``doing`` is what they are ("nộp trực tuyến"), ``things`` what is counted ("hồ sơ")."""
    if figure is None or not known(figure) or figure.value is None:
        if figure is not None and figure.status == "not_applicable":
            return f"Trong kỳ không phát sinh {things} để tính tỷ lệ {doing}."
        return f"Chưa có số liệu về tỷ lệ {things} {doing}."
    if not figure.numerator:
        return f"Không có {things} nào {doing} (trong {count(figure.denominator)} {things})."
    if figure.numerator == figure.denominator:
        return f"Toàn bộ {count(figure.denominator)} {things} đều {doing}."
    return f"**{percent(figure.value)}** {things} {doing} ({count(figure.numerator)} trong {count(figure.denominator)} {things})."


def groups(high: int, middle: int, low: int, none: int) -> str:
    """How the provinces stand against the nation, by interval and not by rank."""
    if high + middle + low == 0:
        return "Chưa địa phương nào đủ số liệu để xếp nhóm."
    parts = [
        _places(high, "có khoảng ước lượng nằm trọn phía trên mức cả nước (nhóm cao)"),
        _places(middle, "chưa phân biệt được với mức cả nước (nhóm giữa)"),
        _places(low, "nằm trọn phía dưới (nhóm thấp)"),
    ]
    text = listed([part for part in parts if part], "; ")
    text = capital(text) + "."
    return f"{text} {count(none)} địa phương không đủ số liệu để xếp nhóm." if none else text


def _places(number: int, what: str) -> str:
    return f"{count(number)} địa phương {what}" if number else ""


def coverage(full: int, partial: Sequence[str], silent: Sequence[str]) -> str:
    """Which provinces sent data for every day of the month."""
    if not full and not partial:
        return "Chưa địa phương nào gửi số liệu cho kỳ này."
    text = f"{count(full)} địa phương có số liệu tiếp nhận ở mọi ngày làm việc trong kỳ."
    if partial:
        text += f" {count(len(partial))} địa phương có ngày làm việc không thấy số liệu (trong ngoặc: độ phủ): {listed(partial)}."
    if silent:
        text += f" {count(len(silent))} địa phương chưa gửi: {listed(silent)}."
    return text


def sampling_only(rate: "Figure | None") -> str:
    """What the interval does not cover: who answers at all (twice as willing, half as willing)."""
    if rate is None or not known(rate) or rate.value is None:
        return "Kỳ này chưa có khoảng ước lượng để đánh giá mức độ chắc chắn."
    low, high = willing(rate.value, 2.0), willing(rate.value, 0.5)
    return (
        "Khoảng nêu trên chỉ phản ánh sai số lấy mẫu. Nếu người hài lòng trả lời nhiều gấp đôi hoặc bằng một nửa người không hài lòng, "
        f"tỷ lệ là {numbers.interval(low, high, 'vi')}."
    )


def willing(share: float, ratio: float) -> float:
    """The true share of satisfied people if they answer ``ratio`` times as readily as the others."""
    satisfied = share / ratio
    return satisfied / (satisfied + 1 - share)


def assumption_free(rate: "Figure | None", response: "Figure | None") -> str:
    """The bounds that need no assumption about those who did not answer (methodology §11.2)."""
    if rate is None or response is None or not known(rate) or not known(response) or rate.value is None or response.value is None:
        return ""
    low = response.value * rate.value
    return (
        f"Nếu không giả định gì về {percent(1 - response.value)} số người được mời mà không trả lời, "
        f"tỷ lệ hài lòng của tất cả người được mời chỉ biết là nằm giữa {percent(low)} và {percent(low + 1 - response.value)}."
    )


def listed(items: Sequence[str], separator: str = ", ") -> str:
    """``a, b và c``; with another separator the last one is not special."""
    if separator != ", " or len(items) < 2:
        return separator.join(items)
    return f"{separator.join(items[:-1])} và {items[-1]}"


def causes(found: "Sequence[Cause]") -> str:
    """The procedures with the most dossiers that had to come back."""
    if not found:
        return "Kỳ này không ghi nhận thủ tục nào có hồ sơ phải nộp lại hoặc bổ sung nhiều lần."
    parts = [f"{plain(cause.procedure)} ({count(cause.people)} hồ sơ, {_reason(cause)})" for cause in found]
    return f"Nhiều người bị ảnh hưởng nhất: {'; '.join(parts)}."


def plain(name: str) -> str:
    """A procedure's name as it stands in a sentence about procedures: without the word for it, without a full stop."""
    return capital(name.strip().rstrip(".").removeprefix("Thủ tục ").removeprefix("thủ tục "))


def _reason(cause: "Cause") -> str:
    return {
        "held_by_state": f"bị yêu cầu giấy tờ đã có trong {cause.register}" if cause.register else "bị yêu cầu giấy tờ Nhà nước đã có",
        "repeat_supplement": "phải bổ sung từ hai lần trở lên",
    }.get(cause.kind, "nộp tại quầy dù có dịch vụ trực tuyến")


def requests(found: "Sequence[Cause]") -> str:
    """Who can mend what was named as a cause."""
    if not found:
        return "Không có đề nghị mới từ số liệu của kỳ này."
    by_agency: dict[str, list[str]] = {}
    for cause in found:
        deed = {
            "held_by_state": f"tra cứu {cause.register or 'cơ sở dữ liệu của Nhà nước'} thay cho yêu cầu nộp giấy tờ",
            "repeat_supplement": "gộp các yêu cầu bổ sung vào một phiếu",
        }.get(cause.kind, "rà soát dịch vụ trực tuyến chưa có người dùng")
        deeds = by_agency.setdefault(cause.agency, [])
        if deed not in deeds:
            deeds.append(deed)
    return capital("; ".join(f"{agency}: {', '.join(deeds)}" for agency, deeds in by_agency.items())) + "."


def incomplete(units: int, total: int) -> str:
    """How many provinces' data is incomplete."""
    if not units:
        return f"Số liệu của cả {count(total)} địa phương đủ các ngày làm việc."
    return f"{count(units)} trong {count(total)} địa phương chưa gửi đủ số liệu. Người chưa nộp được hồ sơ không có trong các con số này."
