"""A commune's sheet: one page with its figures, over several months where one month has too few answers, and what it can mend."""

from typing import Any

from core.text import _
from exports import cells, sentences
from exports.cells import known
from exports.composition import frame, numbering_of
from exports.layout import Block, Chapter, Head, Note, Say
from exports.profiles import profile
from exports.province import Local, beside, cause_table
from exports.report import Material

CAUSES = 4
BESIDE = ("supplement", "repeat_supplement", "on_time", "online_filing")


def compose(material: Material, local: Local) -> dict[str, Any]:
    """The context of ``report/place.html`` for a commune."""
    numbering = numbering_of(material)
    figures = beside(material, local, numbering, BESIDE)
    windows: list[Block] = []
    if local.windows:
        rows = [
            [_("%(n)s tháng gần nhất", n=figure.window), cells.n_cell(figure), cells.rate_cell(figure), cells.interval_cell(figure)]
            for figure in local.windows
        ]
        heads = [
            Head(_("Khoảng thời gian"), 40, False),
            Head(_("Số phiếu"), 18),
            Head(_("Hài lòng (%)"), 18),
            Head(_("Khoảng 95 % (%)"), 24),
        ]
        windows.append(numbering.table(_("Tỷ lệ hài lòng tính chung nhiều tháng"), heads, rows, small=True))
    shown = known(local.rate) or any(known(figure) for figure in local.windows)
    blocks: list[Block] = [
        figures,
        *windows,
        *cause_table(local, numbering, CAUSES),
        Say(sentences.on_time(local.figure("on_time"))),
        Note(
            _("Dưới 10 người trả lời thì không công bố; tính chung nhiều tháng để có đủ phiếu. Không xếp hạng xã, phường.")
            if shown
            else _("Chưa đủ 10 người trả lời, kể cả khi tính chung nhiều tháng: không công bố tỷ lệ hài lòng.")
        ),
    ]
    return frame(material, profile(material.month.last_day, material.simulated)) | {
        "place": local.name,
        "kind": _("PHIẾU KẾT QUẢ CẤP XÃ"),
        "lead": [sentences.satisfaction(local.rate, local.figure("response_rate"))],
        "chapters": [Chapter("sheet", "", "", blocks)],
        "sheet": True,
    }
