"""Definitions of the shares on time under the index's clock and the decree's, and of what the pause is worth."""

from typing import TYPE_CHECKING, Any

from scorecard.definitions import LAKE, NO_DOSSIERS_EN, NO_DOSSIERS_VI, NOTHING, Expression, Indicator
from scorecard.figures import LOWER, RAW, UPPER

if TYPE_CHECKING:
    import ibis

COHORT_VI = "hồ sơ có ngày hẹn trả, kết thúc trong tháng; và hồ sơ đến hạn trong tháng mà cuối tháng chưa xong (như chỉ tiêu đúng hạn)"
COHORT_EN = "dossiers with a due date that ended in the month, and those due in it that were still open at its end (as for on time)"


def _due(d: "ibis.Table") -> Any:
    return (d.ended_in & d.due_at.notnull()) | d.overdue_at_end


def _on_record(d: "ibis.Table") -> Any:
    return d.ended_in & (d.ended_at <= d.due_at)


def _clock(name: str) -> Expression:
    return lambda d: _due(d) & d[name]


def _share(code: str, higher_is_better: bool, numerators: dict[str, Expression], basis: str | None = None, **words: Any) -> Indicator:
    return Indicator(
        code=code,
        unit_of_analysis_vi="hồ sơ",
        unit_of_analysis_en="dossier",
        cohort_vi=COHORT_VI,
        cohort_en=COHORT_EN,
        kind=LAKE,
        higher_is_better=higher_is_better,
        empty_vi=NO_DOSSIERS_VI,
        empty_en=NO_DOSSIERS_EN,
        numerators=numerators,
        denominator=_due,
        basis=basis,
        **words,
    )


TIMELINESS = (
    _share(
        "on_time_first",
        True,
        {RAW: lambda d: d.due_at.notnull() & d.met_first},
        name_vi="Tỷ lệ xong trước lần hẹn đầu",
        name_en="Share done by the first appointment",
        formula_vi="kết thúc trong tháng, không sau ngày hẹn trả đầu tiên, không trừ ngày nào / (như mẫu số của đúng hạn)",
        formula_en="ended in the month, not after the first due date, nothing deducted / (as the denominator of on time)",
        source="NĐ 118/2025/NĐ-CP (thay NĐ 61/2018/NĐ-CP từ 1/7/2025); ngày hẹn đầu của bản tin đồng bộ (NgayHenTraTruoc)",
        source_en="Decree 118/2025/NĐ-CP (61/2018/NĐ-CP until 1 July 2025); first appointment of the sync record (NgayHenTraTruoc)",
    ),
    _share(
        "on_time_index",
        True,
        {LOWER: _clock("met_index_lower"), UPPER: _clock("met_index_upper")},
        "on_time_first_raw",
        name_vi="Tỷ lệ đúng hạn theo đồng hồ của Bộ chỉ số 766",
        name_en="Share on time by the clock of Index 766",
        formula_vi=(
            "như đúng hạn, nhưng tính từ lần hẹn đầu: trừ số ngày làm việc chờ bổ sung; đang chờ thì lấy ngày yêu cầu làm ngày kết thúc; "
            "yêu cầu từ hai lần thì tính là quá hạn. Từ–đến: nơi hồ sơ không ghi đủ thời điểm hoặc không ghi lần hẹn đầu"
        ),
        formula_en=(
            "as on time, but from the first appointment: working days awaiting a supplement are deducted; while one is awaited, the "
            "request is the end; two or more requests count as overdue. From–to: where times or the first appointment are not recorded"
        ),
        source="QĐ 766/QĐ-TTg, chỉ số 2.1, như Cổng Dịch vụ công quốc gia đang tính",
        source_en="Decision 766/QĐ-TTg, indicator 2.1, as the National Public Service Portal computes it",
    ),
    _share(
        "on_time_restart",
        True,
        {LOWER: _clock("met_restart_lower"), UPPER: _clock("met_restart_upper")},
        "on_time_first_raw",
        name_vi="Tỷ lệ đúng hạn theo đồng hồ của nghị định",
        name_en="Share on time by the decree's clock",
        formula_vi=(
            "như đúng hạn, nhưng sau mỗi lần bổ sung đủ thì thời hạn ban đầu được tính lại từ đầu; đang chờ bổ sung thì không tính. "
            "Từ–đến: nơi hồ sơ không ghi đủ thời điểm hoặc không ghi lần hẹn đầu"
        ),
        formula_en=(
            "as on time, but after each completed supplement the time allowed at first is counted afresh; while one is awaited, none "
            "is counted. From–to: where times or the first appointment are not recorded"
        ),
        source="NĐ 61/2018/NĐ-CP (hết hiệu lực 1/7/2025), Điều 19 khoản 4; chưa rõ NĐ 118/2025/NĐ-CP có giữ quy tắc này không",
        source_en="Decree 61/2018/NĐ-CP (ended 1 July 2025), Article 19(4); whether Decree 118/2025/NĐ-CP keeps the rule is not certain",
    ),
    _share(
        "on_time_by_pause",
        False,
        {
            LOWER: lambda d: (d.requests >= 1) & d.due_at.notnull() & _on_record(d) & ~d.met_first,
            UPPER: lambda d: (d.requests >= 1) & _due(d) & (_on_record(d).fill_null(False) | d.met_index_upper) & ~d.met_first,
        },
        NOTHING,
        name_vi="Tỷ lệ đúng hạn chỉ nhờ thời gian chờ bổ sung",
        name_en="Share on time only because the clock stood still",
        formula_vi=(
            "từ: hồ sơ có yêu cầu bổ sung, xong sau lần hẹn đầu nhưng không sau hạn đã lùi / (như mẫu số của đúng hạn); "
            "đến: thêm hồ sơ chỉ đúng hạn khi trừ thời gian chờ theo Bộ chỉ số 766"
        ),
        formula_en=(
            "from: dossiers with a request, done after the first appointment but not after the moved one / (as the denominator of on "
            "time); to: also those that are on time only if the wait is deducted as Index 766 does"
        ),
        source="QĐ 766/QĐ-TTg (quy tắc đồng hồ); so với lần hẹn đầu trong hồ sơ",
        source_en="Decision 766/QĐ-TTg (rule of the clock); against the first appointment in the dossier",
    ),
)
