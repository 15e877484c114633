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
    table = files.read_sheet(data, name, list(COLUMNS), list(COLUMNS)).table
    missing = [heading for heading in COLUMNS if heading not in table.column_names]
    if missing:
        raise InputError(
            f"Danh sách {name} thiếu cột bắt buộc. Xuất lại từ Cổng.",
            f"The list {name} lacks a required column. Export it again from the portal.",
            row=2,
            field=missing[0],
        )
    found = Catalogue()
    for row in table.select([files.ROW, *COLUMNS]).to_pylist():
        values = {COLUMNS[key]: value.strip() for key, value in row.items() if key in COLUMNS}
        number, code = row[files.ROW], values["code"]
        if not CODE.fullmatch(code) or not values["name"]:
            found.unread.append(_bad_code(name, number, code))
            continue
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
        f"Mã “{code}” không đúng dạng 1.004222 hoặc thiếu tên: để ô ở dạng văn bản (1.115150 thành số sẽ mất số 0 cuối).",
        f"The code “{code}” is not like 1.004222, or the name is missing: keep the cell as text (as a number 1.115150 loses its zero).",
    )


def _lines(cell: str) -> list[str]:
    return list(dict.fromkeys(_one_line(line) for line in cell.splitlines() if line.strip()))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def read_pages(data: bytes, name: str) -> Catalogue:
    """Pages of procedures, one JSON object a line, with the portal's glued texts taken apart as far as can be."""
    found = Catalogue()
    read = total = 0
    for number, item in _objects(files.as_utf8(data, name), name, found.unread):
        code = item.get("ma_thu_tuc")
        if not isinstance(code, str) or not CODE.fullmatch(code) or not item.get("ten_thu_tuc"):
            found.unread.append(_bad_code(name, number, str(code)))
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
        agencies = re.split(r"[\n,](?! *thành phố)", _text(item, "co_quan_thuc_hien"))
        agencies = list(dict.fromkeys(part.strip() for part in agencies if part.strip()))
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
