"""What the proof found (``make prove``), in words for page and report: every goal, and what a missed one means."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent / "bench" / "honesty.json"

# name: (what is measured, vi and en; the goal, vi and en; what a miss means, vi and en)
WORDS: dict[str, tuple[str, str, str, str, str, str]] = {
    "w1_coverage_nation": (
        "khoảng tin cậy 95 % của cả nước chứa giá trị thật, khi việc trả lời chỉ phụ thuộc các ô gia quyền",
        "95% intervals of the nation hold the truth, where answering depends only on the weighting cells",
        "93–97 %",
        "93–97%",
        "khoảng tin cậy của cả nước hẹp hơn hoặc rộng hơn mức ghi",
        "the nation's interval is narrower or wider than it says",
    ),
    "w1_coverage_provinces": (
        "như trên, gộp các tỉnh",
        "the same, pooled over provinces",
        "93–97 %",
        "93–97%",
        "khoảng tin cậy của tỉnh hẹp hơn hoặc rộng hơn mức ghi",
        "provinces' intervals are narrower or wider than they say",
    ),
    "w1_coverage_commune_windows": (
        "như trên, gộp các xã theo cửa sổ 3 và 12 tháng",
        "the same, pooled over communes in windows of 3 and 12 months",
        "93–97 %",
        "93–97%",
        "khoảng tin cậy của xã hẹp hơn hoặc rộng hơn mức ghi",
        "communes' intervals are narrower or wider than they say",
    ),
    "w1_bias_left_nation": (
        "sai lệch còn lại sau gia quyền so với trước, cả nước",
        "bias left by weighting, as a share of the unweighted figure's, nation",
        "≤ 25 %",
        "≤ 25%",
        "gia quyền chưa khử hết sai lệch do cơ cấu người trả lời",
        "weighting does not remove the bias of who answers",
    ),
    "w1_bias_left_provinces": (
        "như trên, trung bình các tỉnh, mỗi tỉnh tính qua các tháng của một năm",
        "the same, mean over provinces, each over the months of a year",
        "≤ 25 %",
        "≤ 25%",
        "ở tỉnh, gia quyền chưa khử hết sai lệch do cơ cấu người trả lời",
        "in provinces weighting does not remove the bias of who answers",
    ),
    "w2_band_holds_truth_nation": (
        "dải nhạy cảm λ ½–2 của cả nước chứa giá trị thật, khi người hài lòng trả lời thường xuyên gấp ½ đến 2 lần",
        "the nation's sensitivity band (λ ½–2) holds the truth, where the satisfied answer ½ to 2 times as often",
        "≥ 95 %",
        "≥ 95%",
        "dải nhạy cảm hẹp hơn mức cần",
        "the sensitivity band is narrower than it has to be",
    ),
    "w2_band_holds_truth_provinces": (
        "như trên, gộp các tỉnh",
        "the same, pooled over provinces",
        "≥ 95 %",
        "≥ 95%",
        "dải nhạy cảm của tỉnh hẹp hơn mức cần",
        "provinces' sensitivity bands are narrower than they have to be",
    ),
    "found_one_telephone": (
        "tìm ra phiếu điền trên vài điện thoại (20 % phiếu, từ 100 phiếu)",
        "answers from a few telephones are found (20% of answers, 100 answers or more)",
        "≥ 95 %",
        "≥ 95%",
        "một số đơn vị như thế không bị phát hiện",
        "some such units are not found",
    ),
    "found_in_seconds": (
        "tìm ra phiếu điền trong vài giây",
        "answers given within seconds are found",
        "≥ 95 %",
        "≥ 95%",
        "một số đơn vị như thế không bị phát hiện",
        "some such units are not found",
    ),
    "found_staff_numbers": (
        "tìm ra lời mời gửi về số của cán bộ",
        "invitations sent to staff's numbers are found",
        "≥ 95 %",
        "≥ 95%",
        "nơi vốn có nhiều hồ sơ do người làm dịch vụ nộp thay, lời mời về số cán bộ có thể lẫn vào đó",
        "where intermediaries file much anyway, invitations to staff's numbers may hide among theirs",
    ),
    "found_last_evening": (
        "tìm ra phiếu dồn vào ngày cuối",
        "answers heaped on the last days are found",
        "≥ 95 %",
        "≥ 95%",
        "một số đơn vị như thế không bị phát hiện",
        "some such units are not found",
    ),
    "found_at_the_counter": (
        "tìm ra phiếu bấm tại quầy",
        "answers tapped at the counter are found",
        "≥ 95 %",
        "≥ 95%",
        "nơi có sẵn nhiều phiếu tại quầy, phiếu thêm vào khó thấy; phiếu tại quầy không vào số liệu chính",
        "where the counter has many answers anyway, added ones are hard to see; the counter's answers are no part of the main figure",
    ),
    "found_smear": (
        "tìm ra phiếu thấp nhất được thêm vào để hạ điểm",
        "lowest answers planted to pull a unit down are found",
        "≥ 95 %",
        "≥ 95%",
        "một số đơn vị như thế không bị phát hiện",
        "some such units are not found",
    ),
    "found_kept_away": (
        "tìm ra lời mời của hồ sơ có kết quả xấu không được chuyển",
        "invitations for bad outcomes that are not passed on are found",
        "≥ 95 %",
        "≥ 95%",
        "một số đơn vị như thế không bị phát hiện",
        "some such units are not found",
    ),
    "found_pressure": (
        "tìm ra nơi người dân thật được nhắc chọn mức cao nhất",
        "units where real people are told to choose the highest mark are found",
        "≥ 95 %",
        "≥ 95%",
        "người thật, thiết bị thật, chỉ chấm cao hơn: với vài trăm phiếu không phân biệt được với nơi phục vụ tốt; "
        "chỉ câu hỏi “cán bộ có đứng cạnh không” và phỏng vấn lại cho biết",
        "real people on their own telephones who only mark higher cannot be told from a good unit by a few hundred answers; "
        "only the question whether staff stood beside, and re-interviews, can tell",
    ),
    "found_disguised": (
        "tìm ra phiếu giả trông như phiếu thường",
        "planted answers that look like any other are found",
        "≥ 95 %",
        "≥ 95%",
        "phiếu giả được làm giống phiếu thật không để lại dấu vết thống kê; phòng bằng lời mời một lần và phỏng vấn lại",
        "planted answers made like real ones leave no statistical trace; one-time invitations and re-interviews guard against them",
    ),
    "reviewed_truly_manipulated": (
        "trong các đơn vị được đưa ra người soát, phần thật sự bị tác động (20 trong 3.355)",
        "of the units put before a reviewer, those truly manipulated (20 of 3,355 are)",
        "≥ 90 %",
        "≥ 90%",
        "người soát gặp nhiều đơn vị không có gì bất thường hơn mức hứa",
        "the reviewer meets more units with nothing amiss than promised",
    ),
    "honest_named_in_a_year": (
        "đơn vị không bị tác động mà bị đưa ra người soát ít nhất một lần trong năm, nếu người soát không tin lời giải trình nào",
        "honest units put before a reviewer at least once in a year, were no explanation ever believed",
        "< 1 %",
        "< 1%",
        "nhiều đơn vị không có gì bất thường bị nêu tên hơn mức hứa",
        "more honest units would be named than promised",
    ),
    "hidden_supplements_refused": (
        "tìm ra đơn vị giấu từ 30 % yêu cầu bổ sung bằng cách từ chối rồi nhận lại (từ 100 hồ sơ, trong một tháng)",
        "units that hide 30% of their supplement requests or more by refusing and taking in anew are found (100 dossiers, one month)",
        "≥ 90 %",
        "≥ 90%",
        "một số đơn vị như thế không bị phát hiện trong một tháng",
        "some such units are not found within a month",
    ),
    "hidden_supplements_erased": (
        "tìm ra đơn vị giấu từ 30 % yêu cầu bổ sung bằng cách không ghi (từ 100 hồ sơ, trong một tháng)",
        "units that hide 30% of their supplement requests or more by not recording them are found (100 dossiers, one month)",
        "≥ 90 %",
        "≥ 90%",
        "điều không được ghi chỉ người dân biết; với vài chục phiếu một tháng, phần lớn nơi giấu một phần không bị phát hiện: "
        "tỷ lệ yêu cầu bổ sung ghi nhận là mức thấp nhất có thể, không phải mức thật",
        "only people know what was not recorded; by a few dozen answers a month most units that hide a part are not found: the recorded "
        "rate of supplement requests is the least that it can be, not what it is",
    ),
}


@dataclass(frozen=True)
class Proved:
    """One goal with its measured value, its 95 % Monte-Carlo interval, and words; ``meaning`` is empty where it is met."""

    name: str
    what: str
    goal: str
    value: float
    low: float
    high: float
    met: bool
    meaning: str


@cache
def _measured(path: Path) -> tuple[dict[str, object], ...]:
    return tuple(json.loads(path.read_text(encoding="utf-8"))["goals"]) if path.is_file() else ()


def proved(language: str, path: Path = FILE) -> list[Proved]:
    """All goals of the last proof, in its order; empty where none was made. ``language``: vi or en."""
    place = 1 if language == "en" else 0
    found = []
    for goal in _measured(path):
        words = WORDS[str(goal["name"])]
        met = bool(goal["met"])
        value, low, high = (float(str(goal[key])) for key in ("value", "low", "high"))
        found.append(Proved(str(goal["name"]), words[place], words[2 + place], value, low, high, met, "" if met else words[4 + place]))
    return found
