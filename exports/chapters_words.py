"""The chapter in which persons speak: remarks, requests, what places said of the draft, what observers said."""

from collections.abc import Sequence

from core import numbers
from core.text import _
from core.web import language
from exports import sentences
from exports.cells import count
from exports.layout import Block, Head, Human, Note, Numbering, Say, Section
from exports.report import Material
from exports.report_words import Item


def words(material: Material, numbering: Numbering) -> list[Block]:
    """Chapter XI: what persons wrote. The program's sentences are nowhere changed by it."""
    said = material.words
    blocks: list[Block] = [Section(_("1. Nhận xét"))]
    blocks.append(Human(said.remark.text, said.remark.author) if said.remark else Say(_("Cơ quan ban hành chưa ghi nhận xét.")))
    blocks.append(Section(_("2. Đề nghị")))
    if said.request:
        blocks.append(Human(said.request.text, said.request.author))
    if said.requests:
        blocks.append(_items(said.requests, numbering, _("Việc đề nghị của kỳ này"), outcome=False))
    elif not said.request:
        blocks.append(Say(_("Cơ quan ban hành chưa ghi việc đề nghị.")))
    if said.settled:
        blocks.append(_items(said.settled, numbering, _("Việc đề nghị của kỳ trước"), outcome=True))
    blocks += [Section(_("3. Ý kiến của bộ, địa phương về dự thảo")), *_explained(material)]
    if said.observers:
        blocks.append(Section(_("4. Nhận xét của bên giám sát")))
        blocks += [Human(one.text, one.author) for one in said.observers]
    return blocks


def _items(items: Sequence[Item], numbering: Numbering, title: str, outcome: bool) -> Block:
    states = {"done": _("đã xong"), "doing": _("đang làm"), "late": _("quá hạn")}
    rows = []
    for item in items:
        due = numbers.day(item.due_on, language()) if item.due_on else _("chưa ấn định")
        last = item.author
        if outcome:
            last = states[item.state]
            if item.settled_on is not None and item.state == "done":
                last = f"{last}, {numbers.day(item.settled_on, language())}. {item.settled_note}"
        rows.append([item.addressee, item.deed, due, last])
    heads = [
        Head(_("Bộ, cơ quan, địa phương"), 25, False),
        Head(_("Việc"), 40, False),
        Head(_("Trước ngày"), 13, False),
        Head(_("Kết quả") if outcome else _("Người ghi"), 22, False),
    ]
    return numbering.table(title, heads, rows, small=True)


def _explained(material: Material) -> list[Block]:
    said = material.words
    if not said.asked:
        return [Say(_("Dự thảo chưa được gửi lấy ý kiến."))]
    written = {one.unit_code for one in said.explanations} | {one.unit_code for one in said.objections}
    silent = [place.short for place in material.answering if place.code not in written]
    blocks: list[Block] = []
    for one in said.explanations:
        blocks.append(Human(one.text, material.name(one.unit_code)))
        if one.answer:
            blocks.append(Note(_("**Trả lời của cơ quan tổng hợp.** %(answer)s", answer=one.answer)))
    if said.objections:
        accepted = sum(one.verdict == "accepted" for one in said.objections)
        blocks.append(Say(sentences.objections(len(said.objections), accepted, sum(one.in_review for one in said.objections))))
    if silent:
        many = _("%(n)s bộ, địa phương khác: không có ý kiến.", n=count(len(silent)))
        few = _("%(names)s: không có ý kiến.", names=sentences.listed(silent))
        blocks.append(Say(few if len(silent) <= 8 else many))
    return blocks
