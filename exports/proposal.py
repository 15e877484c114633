"""The draft of a locality's proposal about what only others can mend: a DOCX to be edited, signed and sent by its author.

Vietnamese, in the order of parts of NĐ 30/2020/NĐ-CP, Phụ lục I; number, day and signature stay empty. A simulated edition's
draft names no agency (DESIGN §8).
"""

from collections.abc import Mapping
from datetime import date
from io import BytesIO
from typing import TYPE_CHECKING

from core import numbers
from core.calendar import Month
from scorecard.figures import HELD_BY_STATE
from scorecard.queries import Gap

if TYPE_CHECKING:
    from procedures.models import StateRegister
    from procedures.queries import ProcedureView, UnitView
    from scorecard.models import Edition

MEDIA = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
FONT = "Times New Roman"  # Điều 8, NĐ 30/2020/NĐ-CP
MOST_UNITS = 10


def sentences(
    gap: Gap, edition: "Edition", unit: "UnitView", procedures: "Mapping[str, ProcedureView]", registers: "Mapping[str, StateRegister]"
) -> list[str]:
    """The draft's paragraphs. Only recorded counts enter; nothing is concluded about anyone."""
    month = numbers.month(edition.month, "vi")
    name = procedures[gap.procedure_code].name if gap.procedure_code in procedures else gap.procedure_code
    people = numbers.number(gap.people, "vi")
    register = registers[gap.register_code].name if gap.register_code and gap.register_code in registers else ""
    facts = (
        f"Theo phiếu kết quả tháng {month} (bản {edition.version}, quy tắc {edition.rule_version}), tại {unit.name}, trong "
        f"{numbers.number(gap.dossiers, 'vi')} hồ sơ của thủ tục “{name}” (mã {gap.procedure_code})"
    )
    if gap.kind == HELD_BY_STATE:
        return [
            f"{facts}, có {people} hồ sơ bị yêu cầu nộp lại giấy tờ đã có trong {register or 'cơ sở dữ liệu của Nhà nước'}.",
            "Hệ thống thông tin giải quyết thủ tục hành chính của địa phương chưa khai thác được dữ liệu này, nên bộ phận một cửa không "
            "tự khắc phục được.",
            f"Kính đề nghị {gap.agency_vi} xem xét: kết nối, chia sẻ {register or 'cơ sở dữ liệu nêu trên'} với hệ thống của địa phương; "
            "hoặc bỏ giấy tờ này khỏi thành phần hồ sơ của thủ tục.",
            "Căn cứ: NĐ 118/2025/NĐ-CP (sửa đổi bởi NĐ 309/2026/NĐ-CP); Điều 5 khoản 2 NĐ 47/2020/NĐ-CP.",
        ]
    return [
        f"{facts}, có {people} hồ sơ bị ảnh hưởng bởi điểm nghẽn mà đơn vị không tự khắc phục được.",
        f"Kính đề nghị {gap.agency_vi} xem xét, hướng dẫn.",
    ]


def draft(paragraphs: list[str], gap: Gap, edition: "Edition", unit: "UnitView", units: "Mapping[str, UnitView]", today: date) -> bytes:
    """The DOCX's bytes: head, subject, addressee, paragraphs, where it arose, signature block left empty."""
    from docx import Document
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Cm, Pt

    document = Document()
    style = document.styles["Normal"]
    style.font.name, style.font.size = FONT, Pt(13)
    page = document.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.top_margin = page.bottom_margin = Cm(2)
    page.left_margin, page.right_margin = Cm(3), Cm(1.5)
    title = "Dự thảo văn bản kiến nghị"
    document.core_properties.title, document.core_properties.author = title, ""
    document.core_properties.language = "vi-VN"

    def line(text: str, bold: bool = False, centre: bool = False) -> None:
        paragraph = document.add_paragraph()
        paragraph.add_run(text).bold = bold
        paragraph.paragraph_format.space_after = Pt(6)
        if centre:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER

    line("DỰ THẢO" + (" — BẢN MÔ PHỎNG, SỐ LIỆU MÔ PHỎNG" if edition.simulated else ""), bold=True, centre=True)
    line("[CƠ QUAN BAN HÀNH]" if edition.simulated else unit.name.upper(), bold=True, centre=True)
    line("Số: ……/……                                        ……, ngày …… tháng …… năm ……", centre=True)
    line("V/v kiến nghị tháo gỡ điểm nghẽn trong giải quyết thủ tục hành chính", centre=True)
    line(f"Kính gửi: {'[nơi nhận]' if edition.simulated else gap.agency_vi}", bold=True, centre=True)
    for text in paragraphs:
        line(text)
    if gap.unit_codes:
        caption = "Nơi phát sinh, nhiều hồ sơ nhất trước" + (" (SỐ LIỆU MÔ PHỎNG)" if edition.simulated else "") + ":"
        line(caption)
        for code in gap.unit_codes[:MOST_UNITS]:
            document.add_paragraph(units[code].name if code in units else code, style="List Bullet")
        if len(gap.unit_codes) > MOST_UNITS:
            line(f"và {len(gap.unit_codes) - MOST_UNITS} nơi khác.")
    line(f"Số liệu tháng {numbers.month(str(Month.parse(edition.month)), 'vi')}, soạn ngày {numbers.day(today, 'vi')}.")
    line("[QUYỀN HẠN, CHỨC VỤ CỦA NGƯỜI KÝ]", bold=True)
    stream = BytesIO()
    document.save(stream)
    return stream.getvalue()
