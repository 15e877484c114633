"""Puts the material into the report's order: summary, twelve chapters, annexes. Gives the template's context."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import current_app

from core import numbers
from core.text import _
from core.web import language
from exports import annexes, chapters_quality, chapters_records, chapters_survey, chapters_words, summary
from exports.layout import Block, Chapter, Numbering, roman
from exports.profiles import Profile, profile
from exports.report import Material

Maker = Callable[[Material, Numbering], list[Block]]


def chapters() -> list[tuple[str, str, Maker]]:
    """The report's parts in their order: id, title, what makes it."""
    return [
        ("scope", _("Phạm vi, nguồn và độ phủ số liệu"), chapters_quality.scope),
        ("satisfaction", _("Mức độ hài lòng"), chapters_survey.satisfaction),
        ("mismatch", _("Những điểm không khớp"), chapters_survey.mismatch),
        ("again", _("Chỉ khai báo một lần và giá trị của mỗi kết nối"), chapters_records.again),
        ("online", _("Cung cấp và nộp hồ sơ trực tuyến"), chapters_records.online),
        ("restructuring", _("Thủ tục cần tái cấu trúc"), chapters_records.restructuring),
        ("time", _("Giải quyết đúng hạn"), chapters_records.time),
        ("official", _("Chỉ số 766 đặt cạnh kết quả khảo sát"), chapters_quality.official),
        ("targets", _("Các mục tiêu"), chapters_quality.targets),
        ("quality", _("Chất lượng số liệu, đơn vị cần xác minh và giới hạn"), chapters_quality.quality),
        ("words", _("Nhận xét, đề nghị và ý kiến"), chapters_words.words),
        ("method", _("Phương pháp, phép thử và đính chính"), chapters_quality.method),
    ]


def appended() -> list[tuple[str, str, Maker]]:
    """The annexes in their order."""
    return [
        ("annex-1", _("Hồ sơ theo địa phương"), annexes.handled),
        ("annex-2", _("Chỉ khai báo một lần theo địa phương"), annexes.again),
        ("annex-3", _("Cung cấp trực tuyến, độ phủ và chất lượng số liệu"), annexes.offered),
        ("annex-4", _("Kỳ báo cáo của NĐ 09/2019"), annexes.report_period),
        ("annex-5", _("Định nghĩa các chỉ tiêu"), annexes.definitions),
    ]


def compose(material: Material) -> dict[str, Any]:
    """Everything the template ``report/report.html`` prints. Raises ``LookupError`` where no issuing profile is in force."""
    issuer = profile(material.month.last_day, material.simulated)
    numbering = numbering_of(material)
    return frame(material, issuer) | {
        "summary": summary.compose(material, issuer.said("basis"), issuer.said("agency_in_text")),
        "chapters": [
            Chapter(id, f"{roman(number)}.", title, make(material, numbering))
            for number, (id, title, make) in enumerate(chapters(), start=1)
        ],
        "annexes": [
            Chapter(id, _("Phụ lục %(number)s", number=roman(number)), title, make(material, numbering))
            for number, (id, title, make) in enumerate(appended(), start=1)
        ],
    }


def numbering_of(material: Material) -> Numbering:
    """Captions that carry the period and the mark of simulated figures."""
    return Numbering(_("kỳ %(period)s", period=material.period), material.simulated)


def frame(material: Material, issuer: Profile) -> dict[str, Any]:
    """What every paper of an edition needs around its chapters: form, title, running head, marks."""
    return {
        "language": language(),
        "material": material,
        "profile": issuer,
        "period": material.period,
        "month": numbers.month(material.month, language()),
        "cutoff": numbers.day(material.cutoff_at, language()),
        "running": running(material),
        "attached": attached(material),
        "dated": dated(material),
        "verify": f"{current_app.extensions['settings'].public_url.rstrip('/')}/verify",
    }


def running(material: Material) -> str:
    """The running head from the second page on."""
    parts: Sequence[str] = [
        _("Kỳ %(period)s", period=material.period),
        _("phiên bản %(version)s", version=material.version),
        _("dự thảo") if material.draft else "",
    ]
    return " · ".join(part for part in parts if part)


def attached(material: Material) -> str:
    """What stands under an annex's title: number and date once there are any, else blanks to be filled in."""
    if material.number and material.dated_on is not None:
        return _("(Kèm theo Báo cáo số %(number)s %(day)s)", number=material.number, day=dated(material))
    return _("(Kèm theo Báo cáo số ……… ngày …… tháng …… năm ………)")


def dated(material: Material) -> str:
    """``ngày 05 tháng 01 năm 2026``: days below 10 and the months January and February get a 0 (NĐ 30/2020/NĐ-CP, Phụ lục I)."""
    day = material.dated_on
    if day is None:
        return ""
    if language() == "en":
        return numbers.day(day, "en")
    return (
        f"ngày {day.day:02d} tháng {day.month:02d} năm {day.year}"
        if day.month < 3
        else f"ngày {day.day:02d} tháng {day.month} năm {day.year}"
    )
