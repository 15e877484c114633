"""Lists about the survey that belong to an edition: who stands where among its like, what goes along with satisfaction, who answered.

Made of figures that are shown already, or of all the nation's answers together; a group of fewer than 30 answers is in none of them.
"""

from typing import TYPE_CHECKING

from scorecard.edition_tables import Column, EditionTable, TableMaterial

if TYPE_CHECKING:
    import pandas as pd

FACTS = {  # code: (vi, en)
    "trips_1": ("phải đến hoặc gọi trước khi được nhận hồ sơ", "had to come or call before the dossier was accepted"),
    "trips_2": ("phải đến hoặc gọi từ 2 lần", "had to come or call twice or more"),
    "supplement_1": ("bị yêu cầu bổ sung giấy tờ", "was asked to add papers"),
    "supplement_2": ("bị yêu cầu bổ sung từ 2 lần", "was asked to add papers twice or more"),
    "asked_again": ("bị hỏi lại điều đã cung cấp", "was asked again for something given before"),
    "late": ("hồ sơ trả quá hẹn", "the dossier was late"),
    "assisted": ("được cán bộ giúp nộp trực tuyến", "was helped by staff to file online"),
    "paid_outside": ("trả tiền ngoài phí, lệ phí", "paid something outside the fees"),
}
OPINIONS = {
    "ease": ("thấy thủ tục dễ làm", "found it easy"),
    "time": ("hài lòng về thời gian", "is content with the time it took"),
    "clarity": ("thấy yêu cầu rõ ràng", "found the requirements clear"),
    "conduct": ("hài lòng về thái độ phục vụ", "is content with the conduct of staff"),
    "result": ("hài lòng về kết quả", "is content with the result"),
    "trust": ("tin tưởng cơ quan", "trusts the agency"),
}


def _comparison(material: TableMaterial) -> "pd.DataFrame":
    from scorecard.survey_comparison import comparison

    month = material.inputs.month
    if material.inputs.provisional:
        return comparison([], {}, 30, 0)
    least = material.inputs.rules.disclosure.grey_below
    return comparison(material.rows, material.inputs.places, least, seed=month.year * 100 + month.month)


def _drivers(material: TableMaterial) -> "pd.DataFrame":
    from scorecard.survey_drivers import driver_table

    return driver_table(material)


def _answering(material: TableMaterial) -> "pd.DataFrame":
    from scorecard.survey_drivers import answering_table

    return answering_table(material)


TABLES = (
    EditionTable(
        name="comparison",
        title_vi="Vị trí của tỉnh, xã giữa các đơn vị cùng loại",
        title_en="Where provinces and communes stand among their like",
        columns=(
            Column("unit_code", "Mã đơn vị", "Unit code"),
            Column("kind", "Loại đơn vị", "Kind of unit"),
            Column("peer_group", "Nhóm so sánh", "Peer group"),
            Column("window", "Số tháng", "Months", "count"),
            Column("reason", "Lý do không đủ điều kiện so sánh", "Reason for not being compared"),
            Column("n", "Số phiếu", "Answers", "count"),
            Column("value", "Tỷ lệ hài lòng đã co về nhóm", "Satisfaction rate, shrunken to the group", "share"),
            Column("low", "Cận dưới 95 %", "Lower end, 95%", "share"),
            Column("high", "Cận trên 95 %", "Upper end, 95%", "share"),
            Column("group", "Nhóm (1 cao nhất)", "Group (1 is highest)", "count"),
            Column("rank_low", "Hạng từ", "Rank from", "count"),
            Column("rank_high", "Hạng đến", "Rank to", "count"),
            Column("ranked", "Trong số đơn vị", "Units ranked", "count"),
            Column("top_quarter", "Khả năng thuộc một phần tư cao nhất", "Chance to be in the highest quarter", "share"),
            Column("outside", "Ra ngoài giới hạn phễu", "Outside the funnel"),
            Column("change", "Thay đổi so với tháng trước", "Change since the month before", "share"),
            Column("change_low", "Thay đổi, cận dưới", "Change, lower end", "share"),
            Column("change_high", "Thay đổi, cận trên", "Change, upper end", "share"),
            Column("change_named", "Thay đổi được nêu tên", "Change that is named"),
        ),
        rows=_comparison,
    ),
    EditionTable(
        name="drivers",
        title_vi="Điều đi cùng với mức hài lòng (không phải nguyên nhân)",
        title_en="What goes along with satisfaction (not its cause)",
        columns=(
            Column("item", "Mã", "Code"),
            Column("words_vi", "Người trả lời cho biết", "People who say (Vietnamese)"),
            Column("words_en", "Người trả lời cho biết (tiếng Anh)", "People who say"),
            Column("fact", "Là sự việc", "Is a fact", "flag"),
            Column("points", "Chênh lệch tỷ lệ hài lòng", "Difference in the satisfied share", "share"),
            Column("low", "Cận dưới 95 %", "Lower end, 95%", "share"),
            Column("high", "Cận trên 95 %", "Upper end, 95%", "share"),
            Column("n", "Số phiếu có điều đó", "Answers with it", "count"),
            Column("of", "Trong số phiếu", "Of answers", "count"),
        ),
        rows=_drivers,
    ),
    EditionTable(
        name="answering",
        title_vi="Ai trả lời, ai không: tỷ lệ trả lời và độ nhạy với người không trả lời",
        title_en="Who answered and who did not: response rates and sensitivity to non-response",
        columns=(
            Column("item", "Mục", "Item"),
            Column("value", "Giá trị", "Value", "share"),
            Column("low", "Cận dưới 95 %", "Lower end, 95%", "share"),
            Column("high", "Cận trên 95 %", "Upper end, 95%", "share"),
            Column("n", "Tính trên", "Rests on", "count"),
        ),
        rows=_answering,
    ),
)
