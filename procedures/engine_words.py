"""The engine's words for texts: names, literals, what is trimmed and what is blanked; the types of lists that a file lacks."""

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would calculate a cell that begins so: an apostrophe goes before it
REMOVED = "[removed]"
UNITS = ("handling_unit", "receiving_unit", "reception_point")  # fields that name a unit
PERSONAL = ("applicant_key",)  # fields that say who somebody is: hashed, never kept
PAPERS = "STRUCT(code VARCHAR, name VARCHAR)[]"
NO_STEPS = 'NULL::STRUCT("at" VARCHAR, status VARCHAR, activity VARCHAR, department VARCHAR)[]'
NO_REQUESTS = f"NULL::STRUCT(requested_at VARCHAR, answered_at VARCHAR, due_before VARCHAR, text VARCHAR, documents {PAPERS})[]"
NO_LOOKUPS = 'NULL::STRUCT(database VARCHAR, "at" VARCHAR, outcome VARCHAR)[]'
LISTS = ("documents", "lookups", "results")  # lists of an object whose entries are not kept one by one
NESTED = ("steps", "requests", "lookups", "any_digitised", "any_reused", "any_result", *(f"bad_{name}" for name in LISTS), "bad_words")
# Nine digits and more, apart by at most three blanks, points, strokes, hyphens or brackets: identity papers, telephones, accounts.
DIGIT = "[0-9\uff10-\uff19]"
BETWEEN = "[ \\t\u00a0\u00ad\u2000-\u2015\u202f\u2060\u2212\u3000\ufeff\uff0d./_()\\-]"
LONG_NUMBER = f"[+(]{{0,2}}{DIGIT}(?:{BETWEEN}{{0,3}}{DIGIT}){{8,}}"
# Numbers that lead to nobody and would be joined with their neighbours: days, codes of procedures.
_DAY = r"(?:0?[1-9]|[12]\d|3[01])[/.\-](?:0?[1-9]|1[0-2])[/.\-](?:19|20)\d\d|(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_INNOCENT = rf"\b({_DAY}|[1-3]\.\d{{6}})(\.\d{{3}}\.\d\d\.\d\d)?\b"
# A letter and seven figures of a passport, plates of cars and motorcycles; addresses of mail.
PAPER_NUMBER = r"(?i:\b[A-Z]\d{7}\b)|\b\d{2}[A-ZĐ]{1,2}\d?[ -]?\d{3}\.?\d{2}\b"
MAIL = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
# Houses: by a word before the number, or by the street's name after it.
_HOUSE = r"\d{1,4}[A-Za-z]?(?:[/\-]\d{1,4}[A-Za-z]?)*\b"
_CAPITAL = "[A-ZÀ-ÝĂĐĨŨƠƯẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸ]"
_SMALL = "[a-zà-ýăđĩũơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]"
_PLACE = r"số nhà|nhà số|địa chỉ|ngõ|ngách|hẻm|kiệt|căn hộ|tổ dân phố|tổ|khu phố|ấp|thôn|xóm"
ADDRESS = (
    rf"(?i:(?:{_PLACE})(?: số)?[ :]*{_HOUSE})"
    rf"|(?i:\b(?:số )?{_HOUSE},? (?:đường|phố|ngõ|ngách|hẻm|kiệt) )"
    rf"|\b(?:[Ss]ố )?{_HOUSE} {_CAPITAL}{_SMALL}+ {_CAPITAL}{_SMALL}+"
)
# Persons, as far as they can be told: after a word of address; a usual surname with two words more, if need be all in capitals.
_ADDRESSED = "[Ôô]ng|[Bb]à|[Aa]nh|[Cc]hị|[Cc]ô|[Cc]hú|[Bb]ác|[Cc]háu|[Ee]m"
_SURNAMES = (  # without those that begin papers and places in capitals: Hồ Sơ …, Lý Lịch …, Cao Đẳng …, Hà Nội …
    "Nguyễn|Trần|Lê|Phạm|Huỳnh|Hoàng|Phan|Vũ|Võ|Đặng|Bùi|Đỗ|Ngô|Dương|Đinh|Trịnh|Trương|Tạ|Đoàn|Vương|Tô|Lưu|Nông|Quách|Hứa|"
    "Triệu|Tống|Kiều|Giàng|Sùng|Lò|Thào|Lầu|Thạch"
)
_LOUD = "NGUYỄN|TRẦN|LÊ|PHẠM|HUỲNH|HOÀNG|PHAN|VŨ|VÕ|ĐẶNG|BÙI|ĐỖ|NGÔ|DƯƠNG|ĐINH|TRỊNH|LƯƠNG|TRƯƠNG|ĐOÀN"  # those that begin no paper's name
_WORD = f"{_CAPITAL}{_SMALL}*"
_NAMED = (
    f"(?:{_SURNAMES}|Lâm +{_CAPITAL.replace('Đ', '')}{_SMALL}*)(?: +{_WORD}){{2,4}}|(?:{_LOUD})(?: +{_CAPITAL}+){{2,4}}"  # not Lâm Đồng
)
PERSON = f"(^|[^A-Za-zÀ-ỹ])(?:((?:{_ADDRESSED}) +){_CAPITAL}+{_SMALL}*(?: +{_CAPITAL}+{_SMALL}*){{0,4}}|{_NAMED})"
_UNNAMED = rf"\1\2{REMOVED}"
# A cell that is a person and nothing else: of units, many are named after one, but then a word says of what kind they are.
ONLY_PERSON = f"(?:(?:{_ADDRESSED})(?: +{_CAPITAL}+{_SMALL}*){{2,5}}|{_NAMED})"
# Numbers of telephones and identity papers that would pass for a dossier's code.
PERSONAL_CODE = r"(?:0|\+?84)[. _/-]?[35789]\d(?:[. _/-]?\d){7}|0\d{2}(?:[. _/-]?\d){9}"
_SHIELD = "\ue000"  # of the private use area: breaks a number in two while it is looked for
_SHIELDED = rf"{_SHIELD}\1{_SHIELD}\2{_SHIELD}"


def quote(name: str) -> str:
    """An identifier for SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text for SQL."""
    return "'" + text.replace("'", "''") + "'"


def macros(con: "DuckDBPyConnection") -> None:
    """The engine's words of this module: ``filled``, ``unmarked``, ``masked``, ``unnamed`` (of free texts: persons, too)."""
    # Trimming costs ten times as much as looking whether there is anything to trim.
    con.execute(
        """CREATE TEMP MACRO filled(x) AS CASE WHEN x = '' THEN NULL
        WHEN x[1] <= ' ' OR x[-1] <= ' ' OR starts_with(x, chr(160)) OR ends_with(x, chr(160))
        THEN nullif(trim(x, chr(9) || chr(10) || chr(13) || chr(32) || chr(160)), '') ELSE x END"""
    )
    formula = ", ".join(f"chr({ord(sign)})" for sign in FORMULA)
    con.execute(f"CREATE TEMP MACRO unmarked(x) AS CASE WHEN x[1] = chr(39) AND x[2] IN ({formula}) THEN substr(x, 2) ELSE x END")
    # addresses of mail first: a number blanked before the @ would leave the rest of the address
    mail = f"CASE WHEN contains(x, '@') THEN regexp_replace(x, '{MAIL}', '{REMOVED}', 'g') ELSE x END"
    blanked = f"regexp_replace({mail}, {literal(_INNOCENT)}, {literal(_SHIELDED)}, 'g')"
    for pattern in (LONG_NUMBER, PAPER_NUMBER, ADDRESS):
        blanked = f"regexp_replace({blanked}, {literal(pattern)}, '{REMOVED}', 'g')"
    blanked = f"replace({blanked}, '{_SHIELD}', '')"
    # most texts have no figure at all; looking for each is four times as fast as one pattern for all
    figures = " OR ".join(f"contains(x, '{figure}')" for figure in "0123456789\uff10\uff18")
    con.execute(
        f"CREATE TEMP MACRO masked(x) AS CASE WHEN length(x) < 6 THEN x WHEN contains(x, '@') OR {figures} THEN {blanked} ELSE x END"
    )
    con.execute(f"CREATE TEMP MACRO numbered(x) AS x[1] IN ('0', '+', '8') AND regexp_full_match(x, {literal(PERSONAL_CODE)})")
    con.execute(f"CREATE TEMP MACRO unnamed(x) AS regexp_replace(x, {literal(PERSON)}, '{_UNNAMED}', 'g')")


def mask(text: str) -> str:
    """What ``masked`` makes of a text, outside the engine."""
    text = re.sub(_INNOCENT, _SHIELDED, re.sub(MAIL, REMOVED, text))
    for pattern in (LONG_NUMBER, PAPER_NUMBER, ADDRESS):
        text = re.sub(pattern, REMOVED, text)
    return text.replace(_SHIELD, "")


def shown_name(name: str) -> str:
    """A file's name as it may be stored and shown: what can be printed, somebody's numbers and name in it masked."""
    printable = "".join(letter if letter.isprintable() else "?" for letter in name)
    person = f"{PERSON.replace(' +', '[ _]+')}(?![^\\W_])"  # T10 is no word of a name
    return re.sub(person, _UNNAMED, mask(unicodedata.normalize("NFC", printable)))
