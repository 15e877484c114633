"""Papers of a dossier, separated from the portal's glued table text. Pure.

The published table has the columns Tên giấy tờ · Mẫu đơn, tờ khai · Số lượng; its cells come without anything between them:
``Đơn đề nghị …Mẫu số 25.docx1 bản chính``. What holds it together is the amount at each row's end, which the portal writes
itself (``1 bản chính``, ``0 bản chính,1 bản sao``): the number unpadded and glued to what stands before it. Amounts that belong to
a paper's name are written by people: ``01 bản chính``, padded, or with blanks and punctuation around them.
"""

import re
from dataclasses import dataclass

HEADING = "Tên giấy tờMẫu đơn, tờ khaiSố lượng"
_AMOUNT = re.compile(r"(\d+) bản chính(?:,(\d{1,2}) bản sao)?")
_WRITTEN_ON = (" ", "\n", ".", ";", ":", ")", ",", "/")  # after an amount that stands inside a sentence
_FORM_END = re.compile(r"\.(?:docx?|xlsx?|pdf|rtf|odt|zip|rar|png|jpe?g)$", re.IGNORECASE)
_STARTERS = (
    "mẫu",
    "mau",
    "biểu mẫu",
    "bieu mau",
    "phụ lục",
    "phu luc",
    "phuluc",
    "pl ",
    "pl.",
    "tờ khai",
    "to khai",
    "tk ",
    "đơn ",
    "don ",
    "phiếu",
    "phieu",
)
_LONGEST_FORM = 160


@dataclass(frozen=True)
class Paper:
    """One paper: for which case it is needed (empty: always), how many originals and copies, the form's file name."""

    name: str
    case_label: str
    originals: int | None
    copies: int | None
    form_name: str


@dataclass(frozen=True)
class Reading:
    """What a text gave: its papers, and the stretches of it that could not be understood."""

    papers: list[Paper]
    unread: list[str]


def read_components(text: str) -> Reading:
    """Separate a glued text. Nothing is dropped but headings and amounts: the rest is in a name, form, case label or ``unread``."""
    head, *tables = text.split(HEADING)
    if not tables:
        return Reading([], [text.strip()] if text.strip() else [])
    papers: list[Paper] = []
    unread: list[str] = []
    label = _label(head)
    for position, table in enumerate(tables):
        end = 0
        for start, stop, originals, copies in _amounts(table):
            row = table[end:start].strip()
            end = stop
            if row:
                name, form = _split_form(row)
                papers.append(Paper(name, label, originals, copies, form))
        rest = table[end:].strip()
        if position < len(tables) - 1:
            label = _label(rest)  # what follows the last row names the case of the next table
        elif rest:
            unread.append(rest)
    return Reading(papers, unread)


def _label(text: str) -> str:
    return text.strip().removeprefix("--").strip().removesuffix(":").strip()


def _amounts(table: str) -> list[tuple[int, int, int, int]]:
    """(start, stop, originals, copies) of the portal's own amounts."""
    found = []
    for match in _AMOUNT.finditer(table):
        digits, start = match.group(1), match.start()
        before, after = table[start - 1 : start], table[match.end() : match.end() + 1]
        if after in _WRITTEN_ON and after != "" and (before in (" ", "(", ":", "") or after != " "):
            continue
        if len(digits) > 1:
            if len(digits) == 2 and (digits[0] == "0" or before not in (" ", "/")):
                if digits[0] == "0":
                    continue
            else:  # the number that a name ends with, glued to the amount: "Thông tư số 75/2025" + "1"
                start += len(digits) - 1
                digits = digits[-1]
        if not table[:start].strip():
            continue
        found.append((start, match.end(), int(digits), int(match.group(2) or 0)))
    return found


def _split_form(row: str) -> tuple[str, str]:
    """(name, file names of its forms) of a row without its amount; no form where none can be told apart."""
    forms: list[str] = []
    while _FORM_END.search(row):
        start = _form_start(row)
        if start is None:
            break
        forms.insert(0, row[start:].strip())
        row = row[:start].strip()
    return row, "; ".join(forms)


def _form_start(row: str) -> int | None:
    """Where a file's name begins that is glued to the text before it: at a word that such names begin with, else at a seam."""
    first = max(1, len(row) - _LONGEST_FORM)
    glued = [place for place in range(len(row) - 1, first - 1, -1) if not row[place - 1].isspace() and row[place - 1] not in "(/_-“\"'"]
    lower = row.casefold()
    for place in glued:
        if lower.startswith(_STARTERS, place) and _is_seam(row, place, word=True):
            return place
    return next((place for place in glued if _is_seam(row, place, word=False)), None)


def _is_seam(row: str, place: int, word: bool) -> bool:
    """Whether two cells may meet before ``place``: ``gốcPC21``, ``NĐ-CPMẫu``, ``lên.PC22``, but not ``2025.TT`` nor ``BNNMT``."""
    before, here, after = row[place - 1], row[place], row[place + 1 : place + 2]
    if before in ".,":
        return here.isupper() and not row[place - 2 : place - 1].isdigit()
    if word and not here.isupper():
        return True
    if before.isupper():
        return here.isupper() and after.islower()
    return here.isupper() and (before.islower() or before in ';)”"' or (word and before.isdigit()))
