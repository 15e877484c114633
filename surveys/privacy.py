"""What keeps an answer from being held against anyone: tokens that are derived and never stored, and masked free text.

Pure: no database, no clock. Rules: methodology §10.
"""

import re
import unicodedata
from functools import partial
from itertools import groupby

from core.keys import TOKEN_LENGTH, keyed_hash, token
from core.settings import Settings

NUMBER = "[số đã che]"
MAIL = "[thư điện tử đã che]"
CODE = "[mã số đã che]"
ADDRESS = "[địa chỉ đã che]"
LINK = "[liên kết đã che]"
WORDS = (NUMBER, MAIL, CODE, ADDRESS, LINK)
# While a text is searched, each letter to be masked is a sign of the private use area, one for each of WORDS, so that later patterns
# see that something stood there and positions do not move; INNOCENT covers numbers that lead to nobody.
SIGNS = {word: chr(0xE000 + place) for place, word in enumerate(WORDS)}
INNOCENT = chr(0xE100)
_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Me"))  # categories of signs that cannot be seen or stored, and of frames
_AS_PICTURE = "\ufe0f"  # after a letter that is to be drawn as a picture
_TAKEN = frozenset(SIGNS.values())

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


_FREE = r"(?<!\d)(?<!\d[\s.,/\-–])"  # no digit goes before
_END = r"(?!\d)(?![.,/\-–]\d(?!\d?[:h]\d))"  # nor after, but for a time of day
_GROUPED = r"[1-9]\d{0,2}(?:[.,\s]\d{3}){1,4}"
_CURRENCY = (  # "đ/c" is "đồng chí", "ngan hang" a bank
    r"(?:đồng|dong|đ|d|vnđ|vnd|nghìn|ngàn|nghin|ngan|triệu|trieu|tỷ|tỉ|ty)(?!\w)(?!\s?/\s?c(?!\w))"
    r"(?!\s(?:ý|chí|hồ|thời|bào|bộ|nghiệp|lệ|y|chi|ho|thoi|bao|hang)(?!\w))"
)
_SHORT_SUM = r"[1-9]\d{0,2}[.,\s]\d{3}\s?(?:k|tr)(?!\s?\w)"  # before a word "k" is "không"; longer is no sum in thousands
_COUNTED = (
    r"(?:hồ sơ|ho so|lượt|luot|(?:người|nguoi)(?!\s(?:ta|nhà|nha|khác|khac)(?!\w))|trường hợp|truong hop|dân|dan"
    r"|hộ(?!\s(?:khẩu|chiếu|tịch)(?!\w))|(?:đơn|don)(?!\s(?:vị|vi)(?!\w))|thủ tục|thu tuc|m2|m²)(?!\w)"
)
# Money without its word is below ten thousand million: what is longer is an account.
_BARE_SUM = r"[1-9]\d{0,2}(?:\.000)?\.000|[1-9]\d?\.\d{3}\.000|[1-9](?:\.\d{3}){2}\.000"
# A count has at most eight digits: nobody counts more than the people of the country, and with nine begin identity numbers.
_COUNT = r"(?:[1-9]\d?(?:[.,\s]\d{3}){1,2}|[1-9]\d{2}[.,\s]\d{3})"
# Between a word such as "tài khoản" and its number there may be other words, but where one of them tells of paying, a sum may follow.
_PAYING = (
    r"(?<!\w)(?:tiền|tien|phí|phi|nộp|nop|đóng|dong|thu|trừ|tru|mất|mat|trả|tra|hết|het|thêm|them|chuyển|chuyen|giá|gia|góp|gop"
    r"|đòi|doi|lấy|lay|vay|nợ|thuế|thue|phạt|phat|tốn|ton)(?!\w)"
)
_UNPAID = rf"(?:(?!{_PAYING})[^\d,;!?\n]){{0,30}}?"
_IDENTITY = r"(?<!\w)(?:cmnd|cmt|cmtnd|cccd|chứng minh|chung minh|căn cước|can cuoc|định danh|dinh danh)"
_REACHED = (
    r"(?<!\w)(?:stk|tk|tài khoản|tai khoan"
    r"|vietcombank|vcb|bidv|agribank|vietinbank|techcombank|mb\s?bank|acb|sacombank|vpbank|tpbank|momo"
    r"|sđt|sdt|đt|điện thoại|dien thoai|zalo|gọi|goi|máy bàn|may ban|liên hệ|lien he|lh|tel|phone|cmnd|cmt|cccd)"
)
_LISTED = r"(?:ngày|ngay|mẫu|mau|biểu|bieu|điều|dieu|khoản|khoan|phiếu|phieu|bước|buoc|câu|cau|mục|muc)"
_CLOCK = r"(?:[01]?\d|2[0-3]):[0-5]\d(?!\d)"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])(?:\s?/\s?(?:0?[1-9]|1[0-2])(?:\s?/\s?(?:(?:19|20)\d\d|\d\d))?|([.-])(?:0?[1-9]|1[0-2])\1(?:19|20)\d\d)"
_DAY_AGAIN = _DAY.replace(r"\1", r"\2")
# One figure of a number that is spelled out: a digit, or its word, which may touch digits; "năm 2024" is a year.
_FIGURE = (
    r"(?:\d|(?<![^\W\d_])(?:không|khong|một|mốt|mot|hai|ba|bốn|bon|tư|tu|(?:năm|nam)(?!\s(?:19|20)\d\d(?!\d))|lăm|lam|sáu|sau|bảy|bẩy|bay"
    r"|tám|tam|chín|chin)(?![^\W\d_]))"
)
# What people put between the figures of one number; signs of reckoning only where no space is around them: 50 + 20 = 70.
_BETWEEN = r"(?:[\s.,\-–—−()\[\]{}<>/\\_*|•·~'\"’‘“”`]{0,3}|[=+#&^])"
_HOUSE = r"\d{1,4}[A-Za-z]?(?:[/-]\d{1,4}[A-Za-z]?)*"
_AT = (
    r"(?:@|[(\[](?:@|at|ac|a còng|a cong)[)\]]|(?<=\w)[(\[]a[)\]](?=\w)"
    r"|\s(?:a còng|a cong|a móc|a moc)(?=\s)|\sat(?=\s\w+\s(?:dot|chấm|cham)\s))"
)
_DOT = r"(?:\.|[(\[](?:dot|chấm|cham)[)\]]|\s(?:dot|chấm|cham)\s|,(?=\s?(?:com|net|vn)(?!\w)))"


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


# What is looked for, in this order: pattern, word that takes its place. Where a pattern has a group "hidden", only that is masked.
_STEPS: tuple[tuple[re.Pattern[str], str | None], ...] = (
    (_compiled(r"\bhttps?://\S+|\bwww\.\S+|(?<![\w@.])(?:[a-z0-9-]+\.)+(?:com|vn|net|org|me)/\S+"), LINK),  # also a person's page
    (
        _compiled(
            rf"(?:(?:[a-z0-9._+-]+\s){{0,2}}[\w.+-]+\s(?=@))?[\w.+-]*\s?{_AT}\s?[\w-]+(?:\s?{_DOT}\s?[\w-]+)*(?:\s(?:com|net|vn)(?!\w))?"
        ),
        MAIL,
    ),
    (
        _compiled(
            r"(?<!\w)[a-z0-9._+-]*(?:[a-z]\d|[a-z]{7})[a-z0-9._+-]*[\s.]\s?(?:gmail|yahoo|hotmail|outlook|icloud)\s?[.,]\s?com(?:\.vn)?(?!\w)"
        ),
        MAIL,
    ),
    (_compiled(r"(?<!\w)@[\w.]{3,}"), MAIL),  # how social networks name people
    (re.compile(rf"(?<!\w)[A-Za-z2-7]{{{TOKEN_LENGTH}}}(?!\w)"), CODE),
    # A dossier code has a date of six digits in the middle: H26.12-251101-0042, 000.00.12.H26-251101-0042.
    (_compiled(r"(?<!\w)[a-z]?\d{2,3}(?:\.[a-z]?\d{2,3})*\s?[-–]\s?\d{6}\s?[-–]\s?\d{3,8}(?!\w)"), CODE),
    # numbers that lead to nobody
    (_compiled(rf"{_FREE}{_DAY}(?:\s?[-–,]\s?{_DAY_AGAIN})*{_END}"), None),
    (_compiled(rf"{_FREE}(?:19|20)\d\d([-/.])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01]){_END}"), None),  # 2026-11-18
    (_compiled(rf"{_FREE}\d{{1,2}}\s?t\d{{1,2}}\s?[-/.]?\s?(?:19|20)\d\d{_END}"), None),  # 30 T4 2026
    (_compiled(rf"{_FREE}(?:19|20)\d\d(?:\s?[-–/,;]\s?(?:19|20)\d\d)+{_END}"), None),
    (_compiled(rf"{_FREE}\d{{1,5}}/(?:19|20)\d\d{_END}"), None),  # 61/2018/NĐ-CP
    (_compiled(rf"(?<!:){_FREE}{_CLOCK}(?:\s?[-–,;]\s?{_CLOCK})*(?!:?\d)"), None),  # 08:30-11:30
    (_compiled(r"(?<!\w)0x[0-9a-f]{4,8}(?!\w)"), None),  # an error code
    (_compiled(rf"{_FREE}[1-3]\.\d{{6}}(?:\.000\.00\.00\.[hg]\d\d)?{_END}"), None),  # a procedure's code
    (_compiled(rf"{_FREE}1[89]00[\s.-]?\d{{4}}{_END}(?!\s\d{{3}})"), None),  # a public call centre
    # forms 01, 02, 03: more than four only after their word, else five pairs are a telephone number
    (_compiled(rf"(?<!\w){_LISTED}\s(?:(?:số|so)\s)?\d{{1,2}}(?:\s?[,;]\s?\d{{1,2}})+(?!\d)(?!\s?[.,;/-]\s?\d)"), None),
    (_compiled(rf"(?<!\d[,;]\s)(?<!\d;){_FREE}\d{{1,2}}(?:\s?[,;]\s?\d{{1,2}}){{1,3}}(?!\d)(?!\s?[.,;/-]\s?\d)"), None),
    # numbers whose own word stands before them: sought before sums and counts, which may look the same
    (_compiled(rf"{_IDENTITY}{_UNPAID}(?P<hidden>\d(?:[\s.,-]?\d){{8,}}+(?:[oil](?!\w))?)"), NUMBER),
    (_compiled(rf"{_REACHED}{_UNPAID}(?P<hidden>o?\d(?:[\s.,-]?\d){{5,}}+(?:[oil](?!\w))?)(?!\s?(?:{_CURRENCY}|{_COUNTED}))"), NUMBER),
    (
        _compiled(r"(?:hộ chiếu|ho chieu|passport)\D{0,20}?(?P<hidden>(?<!\w)[a-z][\s.-]?\d(?:[\s.-]?\d){6,8})(?!\d)"),
        NUMBER,
    ),
    # sums and counts
    (_compiled(rf"{_FREE}(?:{_GROUPED}\s?{_CURRENCY}|{_SHORT_SUM}|{_COUNT}\s?{_COUNTED})"), None),
    (_compiled(rf"{_FREE}[1-9]\d{{0,6}}000\s?{_CURRENCY}"), None),
    (_compiled(rf"{_FREE}(?:{_BARE_SUM}){_END}"), None),
    (re.compile(r"(?<!\w)[A-Z]\s\d{7,8}(?!\d)"), NUMBER),  # passport; without the space: below
    # numbers that do; those that are spelled out first, since digits among the words are part of them
    (_compiled(rf"(?<!\w){_FIGURE}(?:{_BETWEEN}{_FIGURE}){{7,}}(?!\w)"), NUMBER),
    (_compiled(r"(?<!\w)(?=(?:\w*\d){6})[\doil]{8,}(?!\w)"), NUMBER),  # o9l2345678
    (
        _compiled(
            r"(?:biển|bien|bks|bsx|xe)\D{0,20}?(?P<hidden>\d{2}\s?[-.]?\s?(?!cc)[a-zđ]{1,2}\s?\d?\s?[-.–/]?\s?\d{3}\s?[.-]?\s?\d{1,2}"
            r"|(?<!\w)(?-i:[A-Z]{2})\s?[-.]?\s?\d{2}\s?[-.]\s?\d{2})(?!\d)"  # of the army: TM-12-34
        ),
        NUMBER,
    ),
    (re.compile(r"(?<!\w)\d{2}\s?-?\s?[A-ZĐ]{1,2}\d?\s?[-.–]?\s?(?:\d{3}[.\s-]?\d{2}|\d{2}[.\s]\d{3}|\d{4})(?!\w)"), NUMBER),
    (_compiled(r"(?<!\w)\d{2}[a-zđ]{1,2}\d?[-.\s]?\d{3}[.\s]?\d{2}(?!\w)"), NUMBER),
    (_compiled(rf"{_REACHED}\D{{0,30}}?(?P<hidden>\d{{2,}}[a-z]\d{{4,}}|o?\d(?:[\s.\-]?\d){{5,}})"), NUMBER),
    # also where letters touch it: sđt0912345678nhé
    (_compiled(rf"[a-z]{{0,3}}[+(]{{0,2}}\d(?:(?:{_BETWEEN}|[;:])\d){{7,}}"), NUMBER),
    (_compiled(r"(?<!\w)[a-z]{1,2}\d{7}(?!\d)"), NUMBER),
    (_compiled(r"(?<!\d)0(?:\s?[;:]?\s?\d){7,}"), NUMBER),  # 0912; 345; 678
    (_compiled(r"(?<!\w)(?=(?:[oil\s.-]{0,3}\d){6})[o0][\doil](?:[\s.-]?[\doil]){7,}(?!\w)"), NUMBER),  # o9l2 345 678
    (
        _compiled(
            rf"(?<!\w)(?:số nhà|nhà số|địa chỉ|ngõ|ngách|hẻm|kiệt|căn hộ|căn số|tổ dân phố|tổ|khu phố|ấp|thôn|xóm|đội)"
            rf"(?:\s+số)?[\s:]*{_HOUSE}(?!\w)"
        ),
        ADDRESS,
    ),
    (_compiled(rf"(?<!\w)(?:số\s+)?{_HOUSE}(?=,?\s+(?:đường|phố|ngõ|ngách|hẻm|kiệt|quốc lộ|tỉnh lộ)(?!\w))"), ADDRESS),
)
_NAMED = re.compile(rf"(?<!\w)(?:[Ss]ố\s+)?{_HOUSE}(?=\s+([^\W\d_]+)\s+([^\W\d_]+))")


class _Plain(dict[int, str]):
    """Letters as they are searched: what stands for a digit or a Latin letter (０, ⓪, ＠) is one, each a single sign as before; every dash
    is a hyphen, and the dots that telephones write as one sign (…) are a dot."""

    def __missing__(self, letter: int) -> str:
        digit, plain = unicodedata.digit(chr(letter), -1), unicodedata.normalize("NFKC", chr(letter))
        if unicodedata.category(chr(letter)) == "Pd":
            plain = "-"
        self[letter] = str(digit) if digit >= 0 else plain if len(plain) == 1 else "." if set(plain) == {"."} else chr(letter)
        return self[letter]


_PLAIN = _Plain()


def clean(text: str) -> str:
    """The text in composed letters, without signs that cannot be seen or stored and without frames around digits (0️⃣)."""
    text = unicodedata.normalize("NFC", text)
    return "".join(letter for letter in text if letter == "\n" or (unicodedata.category(letter) not in _UNSEEN and letter != _AS_PICTURE))


def covered(text: str) -> str:
    """A cleaned text with each letter that is to be masked replaced by its sign: as long as the text itself."""
    searched = text.translate(_PLAIN)
    for pattern, word in _STEPS:
        searched = pattern.sub(partial(_over, SIGNS[word] if word else INNOCENT), searched)
    searched = _NAMED.sub(_before_a_name, searched)
    return "".join(after if after in _TAKEN else before for before, after in zip(text, searched, strict=True))


def mask(text: str) -> str:
    """Free text without telephone, identity, account and dossier numbers, plates, mail and house addresses.

    Sums of money with their currency, dates, counts and numbers of laws stay: they say what went wrong and name nobody. Names of
    persons cannot be found surely, which is why texts are never published raw. Masking twice changes nothing. How well it does on
    labelled texts: ``bench/masking.py``.
    """
    words = {sign: word for word, sign in SIGNS.items()}
    runs = groupby(covered(clean(text)), key=lambda letter: words.get(letter, ""))
    return "".join(word or "".join(letters) for word, letters in runs).strip()


def _over(sign: str, found: re.Match[str]) -> str:
    """The match under the sign, or its group "hidden" alone."""
    whole = found.group()
    if "hidden" not in found.re.groupindex:
        return sign * len(whole)
    start, end = (place - found.start() for place in found.span("hidden"))
    return whole[:start] + sign * (end - start) + whole[end:]


def _before_a_name(found: re.Match[str]) -> str:
    """A number before two capitalised words is a house in a street: 25 Trần Phú."""
    named = found.group(1).istitle() and found.group(2).istitle()
    return SIGNS[ADDRESS] * len(found.group()) if named else found.group()
