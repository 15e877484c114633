"""What keeps an answer from being held against anyone: tokens that are derived and never stored, and masked free text.

Pure: no database, no clock. Rules: methodology §10.
"""

import re
import unicodedata
from collections.abc import Callable

from core.keys import TOKEN_LENGTH, keyed_hash, token
from core.settings import Settings

NUMBER = "[số đã che]"
MAIL = "[thư điện tử đã che]"
CODE = "[mã số đã che]"
ADDRESS = "[địa chỉ đã che]"
LINK = "[liên kết đã che]"

_TOKEN = re.compile(rf"[a-z2-7]{{{TOKEN_LENGTH}}}")


def token_for(settings: Settings, source: str, dossier_code: str, occasion: str) -> str:
    """The secret of one invitation: 26 letters that only the holder of the invitation key can make again."""
    return token(settings.invitation_key.get_secret_value(), source, dossier_code, occasion)


def hash_token(settings: Settings, secret: str) -> str:
    """What is stored in place of a token: 64 hexadecimal letters."""
    return keyed_hash(settings.answer_key.get_secret_value(), secret)


def read_token(text: str) -> str | None:
    """The token in its stored spelling (some telephones capitalise), or None if it cannot be one."""
    spelled = text.strip().lower()
    return spelled if _TOKEN.fullmatch(spelled) else None


# A dossier code has a date of six digits in the middle: H26.12-251101-0042, 000.00.12.H26-251101-0042.
_DOSSIER = re.compile(r"(?<!\w)[A-Za-z]?\d{2,3}(?:\.[A-Za-z]?\d{2,3})*\s?[-–]\s?\d{6}\s?[-–]\s?\d{3,8}(?!\w)")
_LINK = re.compile(r"\bhttps?://\S+|\bwww\.\S+", re.IGNORECASE)
_SECRET = re.compile(rf"(?<!\w)[A-Za-z2-7]{{{TOKEN_LENGTH}}}(?!\w)")
_MAIL = re.compile(r"[\w.+-]+\s?(?:@|\(a[tc]\)|\[a[tc]\])\s?[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
_PLATE = re.compile(r"(?<!\w)\d{2}\s?-?[A-ZĐ]{1,2}\d?\s?[-.]?\s?(?:\d{3}\.?\d{2}|\d{4})(?!\w)")
_DIGITS = re.compile(r"[A-Za-z]{0,3}[+(]{0,2}\d(?:[\s.,\-–()/_]{0,3}\d){7,}")  # also where letters touch it: sđt0912345678nhé
_PASSPORT = re.compile(r"(?<!\w)[A-Za-z]{1,2}\d{7}(?!\d)")
_MONEY = re.compile(r"[1-9]\d{0,2}(?:[.,\s]\d{3})+")
_CURRENCY = re.compile(r"\s?(?:đồng|đ|vnđ|vnd|nghìn|ngàn|triệu|k)(?!\w)", re.IGNORECASE)
_DATE = re.compile(r"(?:0?[1-9]|[12]\d|3[01])[./-](?:0?[1-9]|1[0-2])[./-](?:19|20)\d\d")
_YEARS = re.compile(r"(?:19|20)\d\d\s?[-–/]\s?(?:19|20)\d\d")
_SPOKEN = re.compile(
    r"(?<!\w)(?:không|một|mốt|hai|ba|bốn|tư|năm|lăm|sáu|bảy|bẩy|tám|chín)"
    r"(?:[\s,.-]+(?:không|một|mốt|hai|ba|bốn|tư|năm|lăm|sáu|bảy|bẩy|tám|chín)(?!\w)){7,}",
    re.IGNORECASE,
)
_HOUSE = r"\d{1,4}[A-Za-z]?(?:[/-]\d{1,4}[A-Za-z]?)*"
_PLACED = re.compile(
    rf"(?<!\w)(?:số nhà|nhà số|địa chỉ|ngõ|ngách|hẻm|kiệt|căn hộ|căn số|tổ dân phố|tổ|khu phố|ấp|thôn|xóm|đội)"
    rf"(?:\s+số)?[\s:]*{_HOUSE}(?!\w)",
    re.IGNORECASE,
)
_STREETED = re.compile(rf"(?<!\w)(?:số\s+)?{_HOUSE}(?=,?\s+(?:đường|phố|ngõ|ngách|hẻm|kiệt|quốc lộ|tỉnh lộ)(?!\w))", re.IGNORECASE)
_NAMED = re.compile(rf"(?<!\w)(?:[Ss]ố\s+)?({_HOUSE})(?=\s+([^\W\d_]+)\s+([^\W\d_]+))")


def mask(text: str) -> str:
    """Free text without telephone, identity, account and dossier numbers, plates, mail and house addresses.

    Sums of money with their currency, dates and spans of years stay: they say what went wrong and name nobody. Names of
    persons cannot be found surely, which is why texts are never published raw. Masking twice changes nothing.
    """
    text = unicodedata.normalize("NFC", text)
    text = "".join(letter for letter in text if letter == "\n" or not unicodedata.category(letter).startswith("C"))
    steps: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
        (_LINK, LINK),
        (_MAIL, MAIL),
        (_SECRET, CODE),
        (_DOSSIER, CODE),
        (_DIGITS, _number),
        (_PASSPORT, NUMBER),
        (_PLATE, NUMBER),
        (_SPOKEN, NUMBER),
        (_PLACED, ADDRESS),
        (_STREETED, ADDRESS),
        (_NAMED, _before_a_name),
    )
    for pattern, replacement in steps:
        text = pattern.sub(replacement, text)
    return text.strip()


def _number(found: re.Match[str]) -> str:
    digits = found.group()
    if _DATE.fullmatch(digits) or _YEARS.fullmatch(digits):
        return digits
    if _MONEY.fullmatch(digits) and _CURRENCY.match(found.string, found.end()):
        return digits
    return NUMBER


def _before_a_name(found: re.Match[str]) -> str:
    """A number before two capitalised words is a house in a street: 25 Trần Phú."""
    return ADDRESS if found.group(2).istitle() and found.group(3).istitle() else found.group()
