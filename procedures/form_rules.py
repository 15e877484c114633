"""What a reporting form must satisfy: a table of named rules, each one comparison for the engine over all rows of the form.

Form II.06a is that of Circular 01/2020/TT-VPCP (methodology §6.3), its columns known by their numbers.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from core.errors import InputError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TOTAL = "total"
MOST = 999_999_999


@dataclass(frozen=True)
class FormRule:
    """One rule. It is broken where ``value`` and ``expected`` (SQL over a row's ``c3`` …, ``before``, ``after``) are both known and differ.

    ``column``: where the sender finds the number; ``vi``, ``en``: what ``expected`` is. A warning is told, an error refuses the form.
    """

    code: str
    severity: Literal["error", "warning"]
    column: str
    value: str
    expected: str
    vi: str
    en: str


@dataclass(frozen=True)
class Form:
    """A form: its columns of counts with the headings under which they are sent, and its rules.

    A heading that stands for several columns means them in turn. ``numbered``: columns may be headed by their numbers.
    """

    name: str
    columns: tuple[str, ...]
    headings: dict[str, tuple[str, ...]]
    rules: tuple[FormRule, ...] = ()
    numbered: bool = False


def _error(code: str, column: str, expected: str, told: str) -> FormRule:
    return FormRule(code, "error", column, f"c{column}", expected, f"cột {told}", f"column {told}")


II_06A = Form(
    "II.06a",
    tuple(str(number) for number in range(3, 14)),
    {
        "tổng": ("3", "7", "11"),
        "tổng tiếp nhận": ("3",),
        "trực tuyến": ("4",),
        "trong kỳ trực tuyến": ("4",),
        "tiếp nhận trực tuyến": ("4",),
        "tiếp nhận trong kỳ trực tuyến": ("4",),
        "trực tiếp bưu chính": ("5",),
        "trong kỳ trực tiếp bưu chính": ("5",),
        "tiếp nhận trực tiếp bưu chính": ("5",),
        "tiếp nhận trong kỳ trực tiếp bưu chính": ("5",),
        "từ kỳ trước": ("6",),
        "từ kỳ trước chuyển sang": ("6",),
        "tổng đã giải quyết": ("7",),
        "đã giải quyết": ("7",),
        "trước hạn": ("8",),
        "đã giải quyết trước hạn": ("8",),
        "đúng hạn": ("9",),
        "đã giải quyết đúng hạn": ("9",),
        "quá hạn": ("10", "13"),
        "đã giải quyết quá hạn": ("10",),
        "tổng đang giải quyết": ("11",),
        "đang giải quyết": ("11",),
        "trong hạn": ("12",),
        "đang giải quyết trong hạn": ("12",),
        "đang giải quyết quá hạn": ("13",),
    },
    (
        _error("received_total", "3", "c4 + c5 + c6", "4 + 5 + 6"),
        _error("handled_total", "7", "c8 + c9 + c10", "8 + 9 + 10"),
        _error("open_total", "11", "c12 + c13", "12 + 13"),
        _error("received_handled_open", "3", "c7 + c11", "7 + 11"),
        FormRule(
            "carried_over",
            "error",
            "6",
            "c6",
            "before",
            "cột 11 trong báo cáo kỳ trước của cùng đơn vị",
            "column 11 of the same unit's report of the period before",
        ),
        FormRule(
            "carried_on",
            "warning",
            "11",
            "c11",
            "after",
            "cột 6 trong báo cáo kỳ sau đã nhận (cần gửi lại báo cáo đó)",
            "column 6 of the report of the next period, which is recorded already and needs to be sent again",
        ),
    ),
    numbered=True,
)
PORTAL = Form(
    "portal",
    ("received",),
    dict.fromkeys(("received", "tiếp nhận", "đã tiếp nhận", "tổng", "tổng tiếp nhận"), ("received",)),
)
FORMS = {form.name: form for form in (II_06A, PORTAL)}


def check(con: "DuckDBPyConnection", form: Form) -> tuple[dict[int, dict[str, int]], list[InputError], list[InputError]]:
    """The counts by row, what refuses the form, and what is only told; by row and column.

    Needs the table ``cells``: ``row_no``, ``key``, ``label``, ``c3`` … as texts, ``before``, ``after`` (numbers).
    """
    # 1.234 and 1,234 are thousands, as written by hand or by a spreadsheet; 12.0 is a whole number that went through one.
    con.execute(
        r"""CREATE TEMP MACRO counted(x) AS CASE
        WHEN regexp_full_match(x, '\d{1,3}([., ]\d{3}){1,2}') THEN CAST(regexp_replace(x, '[^0-9]', '', 'g') AS BIGINT)
        WHEN regexp_full_match(x, '\d{1,9}(\.0+)?') THEN CAST(CAST(x AS DOUBLE) AS BIGINT) END"""
    )
    names = [f"c{column}" for column in form.columns]
    con.execute(f"CREATE TEMP TABLE counts AS SELECT * REPLACE ({', '.join(f'counted({name}) AS {name}' for name in names)}) FROM cells")
    checks = [
        "SELECT row_no, -1 AS position, 'repeated' AS code, label AS text, NULL::BIGINT AS expected FROM "
        "(SELECT *, row_number() OVER (PARTITION BY key ORDER BY row_no) AS place FROM cells WHERE label <> '') WHERE place > 1",
        "SELECT row_no, -1, 'no_label', '', NULL FROM cells WHERE label = ''",
    ]
    for position, name in enumerate(names):
        checks.append(
            f"SELECT row_no, {position}, 'no_count', coalesce(c.{name}, ''), NULL "
            f"FROM cells c JOIN counts n USING (row_no) WHERE n.{name} IS NULL"
        )
    for rule in form.rules:
        checks.append(
            f"SELECT row_no, {form.columns.index(rule.column)}, '{rule.code}', CAST({rule.value} AS VARCHAR), {rule.expected} "
            f"FROM counts WHERE {rule.value} <> {rule.expected}"
        )
    errors: list[InputError] = []
    warnings: list[InputError] = []
    labels = dict(con.execute("SELECT row_no, label FROM cells").fetchall())
    rules = {rule.code: rule for rule in form.rules}
    for row, position, code, text, expected in con.execute(f"{' UNION ALL '.join(checks)} ORDER BY 1, 2, 3").fetchall():
        column = form.columns[position] if position >= 0 else None
        told = _told(labels[row], column, text, expected, rules.get(code))
        told.row = row
        (warnings if code in rules and rules[code].severity == "warning" else errors).append(told)
    found = con.execute(f"SELECT row_no, {', '.join(names)} FROM counts ORDER BY row_no").fetchall()
    return {row: dict(zip(form.columns, values, strict=True)) for row, *values in found}, errors, warnings


def _told(label: str, column: str | None, text: str, expected: int | None, rule: FormRule | None) -> InputError:
    if rule is not None:
        return InputError(
            f"“{label}”: cột {column} là {text}, nhưng {rule.vi} là {expected}. Kiểm tra và sửa cho khớp.",
            f"“{label}”: column {column} is {text}, but {rule.en} is {expected}. Check them and make them agree.",
            field=column,
        )
    if not label:
        return InputError("Dòng không có tên lĩnh vực hoặc đơn vị.", "The row does not say what it is about.", field="2")
    if column is None:
        return InputError(f"“{label}” lặp lại: mỗi dòng một tên.", f"“{label}” occurs twice: one row each.")
    if not text:
        return InputError(
            f"“{label}”: ô trống. Ghi số, hoặc 0 nếu không có hồ sơ nào.",
            f"“{label}”: the cell is empty. Write the number, or 0 if there was no dossier.",
            field=column,
        )
    return InputError(
        f"“{label}”: “{text[:40]}” không phải số đếm. Ghi số nguyên từ 0 đến {MOST}.",
        f"“{label}”: “{text[:40]}” is no count. Write a whole number from 0 to {MOST}.",
        field=column,
    )
