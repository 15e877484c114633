"""The catalogue of procedures as the national portal gives it out: XLSX lists and pages with glued texts. Pure."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from core.errors import InputError
from procedures import files
from procedures.components import Paper, read_components

CODE = re.compile(r"[1-9]\.\d{6}(?:\.[\w.]+)?")
COLUMNS = {"mã số": "code", "tên": "name", "cơ quan ban hành": "issuing", "cơ quan thực hiện": "executing", "lĩnh vực": "sector"}
LEVEL_NAMES = {"cấp bộ": "ministry", "cấp tỉnh": "province", "cấp xã": "commune"}
NOTHING = "Không có thông tin"
_METHODS = "Hình thức nộpThời gianPhí, lệ phíMô tả"
_METHOD = re.compile(
    r"(?P<channel>Trực tiếp|Trực tuyến|Dịch vụ bưu chính)"
    r"(?P<time>\d+(?:,\d+)? (?:Ngày làm việc|Ngày|Giờ làm việc|Giờ|Tháng|Năm)|Không có thông tin)"
)
_AGENCY_WORDS = (
    "Bộ|Sở|Cục|[UỦ][yỷ] ban|UBND|Công an|Phòng|Chi cục|Cơ quan|Tổng cục|Ban|Trung tâm|Văn phòng|Cảng|Chi nhánh"
    "|Ngân hàng|Bảo hiểm|Thuế|Hải quan|Kho bạc|Thi hành án|Chủ tịch|Tổ chức|Đơn vị|Viện|Tòa án|Hội đồng|Trường|Thanh tra|Khu Quản lý"
)
_AGENCY_BREAK = re.compile(rf"\n|,(?=\s*(?:{_AGENCY_WORDS})\b)")
# Commas known to stand inside one name: "tỉnh, thành phố", "phòng cháy, chữa cháy", "Văn hóa, Thể thao và Du lịch".
_OPEN_COMMA = re.compile(r",(?!\s*(?:thành phố|thị trấn|phường|xã|chữa cháy|Thể thao)\b)")
_RESULT = re.compile(r"Mã: KQ\.[\w.]+|Từ khóa(?:Không có thông tin)?|Mô tả(?:Không có thông tin)?")


@dataclass(frozen=True)
class Unread:
    """A row, or a part of it, that could not be read, and why."""

    file: str
    row: int
    code: str
    vi: str
    en: str


@dataclass
class Entry:
    """What a file says of one procedure. ``values``: columns of the table; ``papers`` None: the file does not speak of them.

    ``agencies``: who carries it out as a page says, with commas; used only where no list has said it, with a line an agency.
    """

    code: str
    row: int
    values: dict[str, Any]
    papers: list[Paper] | None = None
    agencies: list[str] = field(default_factory=list)


@dataclass
class Catalogue:
    """The entries of one file and what could not be read. ``letters``: (read, all) of the glued texts of papers."""

    entries: list[Entry] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    letters: tuple[int, int] = (0, 0)


def read_catalogue(data: bytes, name: str) -> Catalogue:
    """A portal list (XLSX) or pages of procedures (JSON lines). Raises ``InputError`` where the file is neither."""
    return read_list(data, name) if files.is_workbook(data) else read_pages(data, name)


def read_list(data: bytes, name: str) -> Catalogue:
    """A portal list: a state header in merged cells, then the headings; several agencies in a cell stand on lines of their own."""
    table = files.read_table(data, name, list(COLUMNS), list(COLUMNS)).table
    missing = [heading for heading in COLUMNS if heading not in table.column_names]
    if missing:
        raise InputError(
            f"Danh sách {name} thiếu cột bắt buộc. Xuất lại từ Cổng.",
            f"The list {name} lacks a required column. Export it again from the portal.",
            row=2,
            field=missing[0],
        )
    found = Catalogue()
    rows: dict[str, int] = {}
    for row in table.select([files.ROW, *COLUMNS]).to_pylist():
        values = {COLUMNS[key]: value.strip() for key, value in row.items() if key in COLUMNS}
        number, code = row[files.ROW], values["code"]
        if not CODE.fullmatch(code):
            found.unread.append(_bad_code(name, number, code))
            continue
        if not values["name"]:
            found.unread.append(_no_name(name, number, code, "Tên"))
            continue
        if code in rows:
            found.unread.append(_twice(name, number, code, rows[code]))
            continue
        rows[code] = number
        entry: dict[str, Any] = {"name": _one_line(values["name"]), "sector": values["sector"][:200]}
        agencies = {"issuing_agencies": _lines(values["issuing"]), "executing_agencies": _lines(values["executing"])}
        entry |= {key: names for key, names in agencies.items() if names}  # an empty cell says nothing
        found.entries.append(Entry(code, number, entry))
    return found


def _bad_code(name: str, row: int, code: str) -> Unread:
    return Unread(
        name,
        row,
        code,
        f"Mã “{code}” không đúng dạng 1.004222 (cột Mã số): để ô ở dạng văn bản (1.115150 thành số sẽ mất số 0 cuối).",
        f"The code “{code}” is not like 1.004222 (column Mã số): keep the cell as text (as a number 1.115150 loses its zero).",
    )


def _no_name(name: str, row: int, code: str, column: str) -> Unread:
    return Unread(name, row, code, f"Cột {column} trống: điền tên thủ tục.", f"The column {column} is empty: give the procedure's name.")


def _twice(name: str, row: int, code: str, first: int) -> Unread:
    return Unread(
        name,
        row,
        code,
        f"Cột Mã số lặp lại mã {code} của dòng {first}; chỉ dòng {first} được nạp. Xóa hoặc sửa một dòng.",
        f"The column Mã số repeats the code {code} of row {first}; only row {first} was taken. Drop or mend one of them.",
    )


def _agencies(text: str) -> tuple[list[str], list[str]]:
    """Agencies of a text with line breaks and commas, and the parts that may hold several still: names have commas too."""
    parts = [_one_line(part) for part in _AGENCY_BREAK.split(text) if part.strip()]
    return list(dict.fromkeys(parts)), [part for part in parts if _OPEN_COMMA.search(part)]


def _lines(cell: str) -> list[str]:
    return list(dict.fromkeys(_one_line(line) for line in cell.splitlines() if line.strip()))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def read_pages(data: bytes, name: str) -> Catalogue:
    """Pages of procedures, one JSON object a line, with the portal's glued texts taken apart as far as can be."""
    found = Catalogue()
    read = total = 0
    for number, item in _objects(files.read_text(data, name), name, found.unread):
        code = item.get("ma_thu_tuc")
        if not isinstance(code, str) or not CODE.fullmatch(code):
            found.unread.append(_bad_code(name, number, str(code)))
            continue
        if not _one_line(str(item.get("ten_thu_tuc") or "")):
            found.unread.append(_no_name(name, number, code, "ten_thu_tuc"))
            continue
        text = _text(item, "thanh_phan_ho_so")
        papers = read_components(text)
        total += len(text)
        read += len(text) - sum(map(len, papers.unread))
        for rest in papers.unread:
            found.unread.append(
                Unread(
                    name,
                    number,
                    code,
                    f"Thành phần hồ sơ không tách được: “{_short(rest)}”",
                    f"Papers that could not be separated: “{_short(rest)}”",
                )
            )
        for paper in papers.papers:
            if re.search(r"\.(?:docx?|pdf|xlsx?)$", paper.name, re.IGNORECASE):
                found.unread.append(
                    Unread(
                        name,
                        number,
                        code,
                        f"Tên tệp mẫu còn dính vào tên giấy tờ: “…{paper.name[-60:]}”",
                        f"A form's file name still sticks to the paper's name: “…{paper.name[-60:]}”",
                    )
                )
        levels = [level for label, level in LEVEL_NAMES.items() if label in _text(item, "cap_thuc_hien").casefold()]
        values: dict[str, Any] = {"name": _one_line(str(item["ten_thu_tuc"])), "sector": _text(item, "linh_vuc")[:200], "levels": levels}
        values |= {"is_local": bool({"province", "commune"} & set(levels)), "details": _details(item)}
        agencies, together = _agencies(_text(item, "co_quan_thuc_hien"))
        for rest in together:
            found.unread.append(
                Unread(
                    name,
                    number,
                    code,
                    f"co_quan_thuc_hien: không rõ dấu phẩy có tách cơ quan không, giữ nguyên “{_short(rest)}”",
                    f"co_quan_thuc_hien: unclear whether a comma parts agencies, kept whole: “{_short(rest)}”",
                )
            )
        found.entries.append(Entry(code, number, values, papers.papers, agencies))
    found.letters = (read, total)
    return found


def _objects(data: bytes, name: str, unread: list[Unread]) -> Iterator[tuple[int, dict[str, Any]]]:
    some = False
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
        except json.JSONDecodeError:
            item = None
        if isinstance(item, dict):
            some = True
            yield number, item
        else:
            unread.append(Unread(name, number, "", "Dòng không phải đối tượng JSON.", "The line is no JSON object."))
    if not some:
        raise InputError(
            f"Tệp {name} không phải danh mục: cần XLSX của Cổng hoặc JSON mỗi dòng một thủ tục.",
            f"The file {name} is no catalogue: an XLSX of the portal or JSON lines are needed.",
            row=1,
        )


def _text(item: dict[str, Any], key: str) -> str:
    value = item.get(key)
    return value.strip() if isinstance(value, str) and value.strip() != NOTHING else ""


def _short(text: str) -> str:
    text = _one_line(text)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _details(item: dict[str, Any]) -> dict[str, str]:
    """Texts as published, by the keys of the procedure's page; the table of ways to file is taken apart."""
    methods = _text(item, "cach_thuc_thuc_hien").removeprefix(_METHODS)
    starts = list(_METHOD.finditer(methods))
    times, fees, channels = [], [], []
    ends = [start.start() for start in starts[1:]] + [len(methods)]
    for start, end in zip(starts, ends, strict=False):
        rest = methods[start.end() : end].strip()
        channels.append(start["channel"])
        times.append(f"{start['channel']}: {start['time']}")
        fees.append(f"{start['channel']}: {rest or NOTHING}")
    details = {
        "time": _merged(times),
        "fees": _merged(fees),
        "channels": ", ".join(dict.fromkeys(channels)),
        "result": _one_line(_RESULT.sub(" ", _text(item, "ket_qua_xu_ly"))),
        "steps": _text(item, "trinh_tu_thuc_hien"),
        "conditions": _text(item, "yeu_cau_dieu_kien"),
        "applicants": _text(item, "doi_tuong_thuc_hien"),
        "legal_basis": _text(item, "can_cu_phap_ly").removeprefix("Tên văn bản pháp lýMã văn bản"),
        "decision": _text(item, "so_quyet_dinh"),
    }
    if methods and not starts:
        details["channels"] = methods
    return {key: value for key, value in details.items() if value}


def _merged(lines: list[str]) -> str:
    """One statement where all channels say the same, else each with its channel."""
    values = {line.split(": ", 1)[1] for line in lines}
    return next(iter(values)) if len(values) == 1 else "; ".join(dict.fromkeys(lines))
