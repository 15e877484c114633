"""The signs of what may have been left out: what each is called, means, counts and from which share on it asks for a look."""

from dataclasses import dataclass, replace
from typing import Self

OWN_VI, OWN_EN = "ngưỡng do phần mềm này chọn", "threshold chosen by this product"


@dataclass(frozen=True)
class Sign:
    """One sign. ``threshold``: the share above which it asks; ``meaning``: what it may mean and what else may explain it."""

    code: str
    threshold: float
    title_vi: str
    title_en: str
    meaning_vi: str
    meaning_en: str
    counted_vi: str
    counted_en: str
    basis_vi: str = OWN_VI
    basis_en: str = OWN_EN

    def times(self, factor: float) -> Self:
        """The same sign with its threshold multiplied."""
        return replace(self, threshold=self.threshold * factor)


def _refiled(code: str, what_vi: str, what_en: str) -> Sign:
    return Sign(
        code,
        0.2,
        f"{what_vi} rồi nộp lại trong 30 ngày",
        f"{what_en}, then filed again within 30 days",
        "Có thể là yêu cầu bổ sung được ghi thành một hồ sơ khác; cũng có thể người dân tự làm lại cho đúng.",
        "A supplement request may have been recorded as another dossier; or people may have put it right by themselves.",
        f"hồ sơ kết thúc trong tháng ({what_vi.lower()}) có hồ sơ mới cùng thủ tục, cùng người nộp trong 30 ngày / "
        "mọi hồ sơ như vậy có mã người nộp",
        f"dossiers that ended in the month ({what_en.lower()}) with a new one of the same procedure and applicant within 30 days / "
        "all such dossiers with an applicant's hash",
        "cửa sổ 30 ngày: ghi chú phương pháp §7.4; ngưỡng do phần mềm này chọn",
        "window of 30 days: methodology §7.4; threshold chosen by this product",
    )


SIGNS = {
    sign.code: sign
    for sign in (
        Sign(
            "number_gaps",
            0.05,
            "Số hồ sơ bị ngắt quãng",
            "Gaps in the dossier numbers",
            "Có thể có hồ sơ chưa được gửi; cũng có thể số đã cấp cho hồ sơ chưa được tiếp nhận, bị hủy, hoặc đang bị giữ lại.",
            "Dossiers may not have been sent; or the numbers went to dossiers not yet received, cancelled, or held back here.",
            "số thứ tự vắng mặt giữa số nhỏ nhất và lớn nhất của từng đơn vị, từng ngày ghi trong mã / mọi số trong khoảng đó",
            "running numbers absent between the least and the greatest of each unit and day written in the code / all numbers in between",
        ),
        Sign(
            "portal",
            0.02,
            "Ít hơn số của Cổng Dịch vụ công quốc gia",
            "Fewer than the national portal counts",
            "Có thể có hồ sơ chưa được gửi; cũng có thể hai nơi chốt số vào lúc khác nhau.",
            "Dossiers may not have been sent; or the two were counted at different moments.",
            "số Cổng đếm được trừ số các hệ thống của cùng đơn vị đã gửi / số Cổng đếm được (0 nếu ở đây nhiều hơn)",
            "the portal's count less what the systems of the same unit sent / the portal's count (0 where there are more here)",
        ),
        Sign(
            "minutes",
            0.1,
            "Nhận và giải quyết xong trong vài phút",
            "Received and finished within minutes",
            "Có thể hồ sơ được nhập vào hệ thống sau khi đã giải quyết; cũng có thể việc giải quyết đã tự động.",
            "Dossiers may have been entered after they were handled; or handling is automatic.",
            "hồ sơ xong trong dưới 10 phút / hồ sơ đã xong, có giờ, có hạn trả sau ngày nhận (thủ tục trả ngay không tính)",
            "dossiers finished in less than 10 minutes / finished dossiers with times, due after the day of reception "
            "(procedures done at once are left out)",
        ),
        Sign(
            "month_end",
            2.0,
            "Tiếp nhận dồn vào cuối tháng",
            "Receptions in a burst at the month's end",
            "Có thể hồ sơ được nhập dồn chứ không theo ngày nhận; cũng có thể người dân nộp theo hạn cuối tháng.",
            "Dossiers may have been entered in bulk and not on the day; or people file towards a deadline at the month's end.",
            "hồ sơ nhận từ ngày làm việc thứ ba trước cuối tháng / hồ sơ nhận cả tháng",
            "dossiers received from the third last working day on / dossiers received in the month",
            "gấp đôi phần của ba ngày đó trong số ngày làm việc của tháng; do phần mềm này chọn",
            "twice those three days' part of the month's working days; chosen by this product",
        ),
        Sign(
            "due_moved",
            0.05,
            "Hạn trả bị dời sau khi đã hẹn",
            "Due dates moved after the fact",
            "Có thể hạn được sửa để hồ sơ còn đúng hạn; cũng có thể có văn bản xin lỗi và gia hạn hợp lệ. "
            "Hệ thống không gửi hạn đầu tiên thì không thấy được.",
            "The date may have been changed to keep the dossier on time; or there was a lawful letter of apology and extension. "
            "Where a system does not send the first date, nothing shows.",
            "hồ sơ có hạn trả muộn hơn hạn hẹn đầu tiên mà không có yêu cầu bổ sung / hồ sơ có cả hai hạn",
            "dossiers due later than first promised without a supplement request / dossiers with both dates",
        ),
        Sign(
            "no_document",
            0.1,
            "Kết quả không có văn bản điện tử",
            "Results without a document",
            "Có thể kết quả chưa được số hóa hoặc chưa có thật; cũng có thể thủ tục không trả văn bản.",
            "The result may not have been digitised or may not exist yet; or the procedure hands out no document.",
            "hồ sơ đã xong, hệ thống nói không có kết quả điện tử / hồ sơ đã xong mà hệ thống có nói",
            "finished dossiers that the system says have no electronic result / finished dossiers of which it says anything",
        ),
        Sign(
            "request_to_end",
            0.01,
            "Từ “yêu cầu bổ sung” sang thẳng “đã xử lý xong”",
            "From “supplement requested” straight to “handled”",
            "Có thể trạng thái được ghi đè trước khi gửi; cũng có thể bước xử lý ngắn không được ghi lại.",
            "Statuses may be overwritten before they are sent; or a short step of handling is not recorded.",
            "hồ sơ đã xong có bước cuối chuyển từ trạng thái 5 sang 9, không qua 4 / hồ sơ đã xong có ít nhất hai bước",
            "finished dossiers whose last step goes from status 5 to 9 without 4 / finished dossiers with at least two steps",
            "dấu hiệu: ghi chú phương pháp §7.4; ngưỡng do phần mềm này chọn",
            "sign: methodology §7.4; threshold chosen by this product",
        ),
        Sign(
            "no_supplements",
            0.0,
            "Đơn vị đông hồ sơ mà không có yêu cầu bổ sung nào",
            "Busy units without a single supplement request",
            "Có thể yêu cầu bổ sung không được gửi; cũng có thể đơn vị hướng dẫn đủ ngay từ đầu.",
            "Requests may not be sent; or the unit gives complete guidance from the start.",
            "đơn vị có từ 200 hồ sơ trong tháng, không yêu cầu bổ sung nào, trong khi trung vị của các đơn vị cùng loại trên 3 % / "
            "đơn vị có từ 200 hồ sơ",
            "units with 200 dossiers or more in the month and no request, while the median of units of their kind is above 3 % / "
            "units with 200 dossiers or more",
            "ghi chú phương pháp §7.4",
            "methodology §7.4",
        ),
        _refiled("refused", "Từ chối tiếp nhận", "Refused"),
        _refiled("withdrawn", "Người dân rút hồ sơ", "Withdrawn"),
        _refiled("stopped", "Dừng xử lý", "Stopped"),
    )
}
