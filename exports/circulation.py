"""The draft for circulation: the same report as DOCX, so that an office can mark it up. It is not the report; the PDF is.

Made of the same blocks, in the form of NĐ 30/2020/NĐ-CP, Phụ lục I; every page says that it is a draft.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from core.text import _
from exports.layout import Beside, Block, Chapter, Human, Note, Picture, Points, Section, Table

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph

MEDIA = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
FONT = "Times New Roman"  # Điều 8, NĐ 30/2020/NĐ-CP
SCALE = 3  # pixels of a picture for each of the drawing's
EARLIEST = (1980, 1, 1, 0, 0, 0)  # that a package can say
BOLD = re.compile(r"\*\*(.+?)\*\*")


def draft(context: Mapping[str, Any]) -> bytes:
    """The DOCX of a report's context (``composition.compose``). The same context gives the same bytes."""
    import docx
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    document = docx.Document()
    _page(document, context)
    form = context["profile"]
    _line(document, " ".join(form.said("agency")), bold=True, centre=True)
    _line(document, _("DỰ THẢO để lấy ý kiến, không có giá trị thay báo cáo"), bold=True, centre=True)
    if context["material"].simulated:
        _line(document, _("SỐ LIỆU MÔ PHỎNG — không phải kết quả của bất kỳ địa phương nào"), bold=True, centre=True)
    document.add_heading(_("BÁO CÁO"), level=1).alignment = WD_ALIGN_PARAGRAPH.CENTER
    subject = _("Kết quả đánh giá mức độ hài lòng của người dân, doanh nghiệp") + " "
    subject += _("trong thực hiện thủ tục hành chính, dịch vụ công trực tuyến tháng %(month)s", month=context["month"])
    _line(document, subject, bold=True, centre=True)
    for one in form.said("addressees"):
        _line(document, f"{_('Kính gửi:')} {one}", centre=True)
    summary = context["summary"]
    document.add_heading(_("TÓM TẮT"), level=2)
    _line(document, summary.period)
    _line(document, summary.basis)
    marks = ("(i)", "(ii)", "(iii)")
    first = " ".join(f"{mark} {text}" for mark, text in zip(marks, summary.figures, strict=True))
    _line(document, f"**{_('1. Ba con số.')}** {first}")
    for head, text in summary.items:
        _line(document, f"**{head}** {text}")
    for chapter in context["chapters"]:
        _chapter(document, chapter, f"{chapter.label} {chapter.title}")
    for chapter in context["annexes"]:
        _chapter(document, chapter, f"{chapter.label}. {chapter.title}", new_page=True)
    stream = BytesIO()
    document.save(stream)
    return _without_clock(stream)


def _without_clock(stream: BytesIO) -> bytes:
    """The same package with a fixed time at each of its parts."""
    fixed = BytesIO()
    with ZipFile(stream) as parts, ZipFile(fixed, "w", ZIP_DEFLATED) as package:
        for name in parts.namelist():
            package.writestr(ZipInfo(name, EARLIEST), parts.read(name), ZIP_DEFLATED)
    return fixed.getvalue()


def _page(document: "Document", context: Mapping[str, Any]) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt, RGBColor

    for name in ("Normal", "Heading 1", "Heading 2", "Heading 3"):
        style = document.styles[name]
        style.font.name, style.font.size = FONT, Pt(13)
        style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), FONT)
        style.font.color.rgb = RGBColor(0, 0, 0)
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.top_margin = section.bottom_margin = Cm(2)
    section.left_margin, section.right_margin = Cm(3), Cm(1.5)
    head = section.header.paragraphs[0]
    head.text = f"{context['running']} · {_('DỰ THẢO')}"
    if context["material"].simulated:
        head.text += f" · {_('SỐ LIỆU MÔ PHỎNG')}"
    number = section.footer.paragraphs[0]
    number.alignment = 1
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        part = OxmlElement("w:instrText" if text else "w:fldChar")
        if text:
            part.text = text
        else:
            part.set(qn("w:fldCharType"), kind)
        number.add_run()._r.append(part)
    facts = document.core_properties
    facts.title = _("Dự thảo báo cáo kết quả đánh giá mức độ hài lòng tháng %(month)s", month=context["month"])
    facts.author, facts.comments = "", ""
    facts.language = "vi-VN" if context["language"] == "vi" else "en-GB"
    facts.created = facts.modified = datetime(2026, 1, 1, tzinfo=UTC)  # a fixed instant: the same draft, the same bytes


def _chapter(document: "Document", chapter: Chapter, title: str, new_page: bool = False) -> None:
    document.add_heading(title, level=2).paragraph_format.page_break_before = new_page
    _blocks(document, chapter.blocks)


def _blocks(document: "Document", blocks: Sequence[Block]) -> None:
    for block in blocks:
        if isinstance(block, Table):
            _table(document, block)
        elif isinstance(block, Picture):
            _line(document, " ".join([block.caption, *block.tail]), small=True, together=True)
            _picture(document, block.drawing, block.alt, block.width)
            if block.note:
                _line(document, block.note, small=True)
        elif isinstance(block, Section):
            document.add_heading(block.text, level=3)
        elif isinstance(block, Points):
            for item in block.items:
                _words(document.add_paragraph(style="List Bullet"), item)
        elif isinstance(block, Beside):
            _blocks(document, [*block.left, *block.right])
        elif isinstance(block, Human):
            for line in block.text.splitlines():
                _line(document, line)
            _line(document, f"— {block.author}")
        else:
            _line(document, block.text, small=isinstance(block, Note))


def _table(document: "Document", table: Table) -> None:
    """A table whose head is repeated on every page, and whose rows are not torn apart."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Pt

    _line(document, " ".join([table.caption, *table.tail]), small=True, together=True)
    made = document.add_table(rows=1, cols=len(table.heads), style="Table Grid")
    for cell, head in zip(made.rows[0].cells, table.heads, strict=True):
        cell.paragraphs[0].add_run(head.text).bold = True
    repeated = OxmlElement("w:tblHeader")
    repeated.set(qn("w:val"), "true")
    made.rows[0]._tr.get_or_add_trPr().append(repeated)
    for number, row in enumerate(table.rows):
        line = made.add_row()
        line._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        for cell, text, head in zip(line.cells, row, table.heads, strict=True):
            run = cell.paragraphs[0].add_run(str(text))
            run.bold = number in table.strong
            if head.numeric:
                cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
    for line in made.rows:
        for cell in line.cells:
            cell.paragraphs[0].paragraph_format.space_after = Pt(0)
            for run in cell.paragraphs[0].runs:
                run.font.size = Pt(10)
    if table.note:
        _line(document, table.note, small=True)


def _picture(document: "Document", drawing: str, alt: str, width: int) -> None:
    import vl_convert
    from docx.oxml.ns import qn
    from docx.shared import Mm

    image = vl_convert.svg_to_png(drawing, scale=SCALE)
    made = document.add_picture(BytesIO(image), width=Mm(min(width, 160)))
    made._inline.find(qn("wp:docPr")).set("descr", alt)


def _line(document: "Document", text: str, bold: bool = False, centre: bool = False, small: bool = False, together: bool = False) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    paragraph = document.add_paragraph()
    _words(paragraph, f"**{text}**" if bold else text)
    paragraph.paragraph_format.space_after = Pt(6)
    paragraph.paragraph_format.keep_with_next = together
    if small:
        for run in paragraph.runs:
            run.font.size = Pt(10.5)
    if centre:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER


def _words(paragraph: "Paragraph", text: str) -> None:
    """Text with ``**…**`` set bold."""
    for number, part in enumerate(BOLD.split(text)):
        if part:
            paragraph.add_run(part).bold = number % 2 == 1
