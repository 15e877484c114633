"""What a page of a PDF file shows beside its text: whether two files draw the same, and what lies over a page's words. Pure.

Two files may have the same text and not look the same: a white box drawn over a figure takes no letter away.
"""

import hashlib
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pikepdf

# How a stream is packed, and what points elsewhere in the file: another program may write both differently.
APART = ("/Length", "/Filter", "/DecodeParms", "/Parent", "/P", "/StructParent", "/StructParents", "/Metadata", "/OC", "/Type")
FRAME = ("/MediaBox", "/CropBox", "/Rotate", "/UserUnit")
HIDDEN = 0b10  # an annotation's flag
WIDE, UP, DOWN = 0.5, 0.8, 0.2  # of the size of a letter: its usual width, its parts above and below the line

Box = tuple[float, float, float, float]  # left, bottom, right, top


def drawn_otherwise(first: bytes, second: bytes) -> list[int]:
    """Pages, from 1, that the second file draws in another way than the first, its signatures' own pictures aside. Both can be read and
    have as many pages."""
    before, after = _digests(first), _digests(second)
    return [page for page, pair in enumerate(zip(before, after, strict=True), start=1) if pair[0] != pair[1]]


def covered(content: bytes) -> list[int]:
    """Pages, from 1, on which the picture of a signature lies over words."""
    import pikepdf
    from pypdf import PdfReader

    with pikepdf.open(io.BytesIO(content)) as pdf:
        pictures = [[_box(one) for one in _annotations(page) if _signature(one) and _visible(one)] for page in pdf.pages]
    reader = PdfReader(io.BytesIO(content))
    return [
        number
        for number, boxes in enumerate(pictures, start=1)
        if boxes and any(_meet(box, line) for line in _lines(reader.pages[number - 1]) for box in boxes)
    ]


def _digests(content: bytes) -> list[str]:
    import pikepdf

    with pikepdf.open(io.BytesIO(content)) as pdf:
        known: dict[tuple[int, int], str] = {}
        return [_page(page, known) for page in pdf.pages]


def _page(page: "pikepdf.Page", known: dict[tuple[int, int], str]) -> str:
    """Digest of what is drawn: instructions, what they use, and pictures laid over it that are no signature's."""
    import pikepdf

    instructions = pikepdf.unparse_content_stream(pikepdf.parse_content_stream(page))
    parts = [hashlib.sha256(instructions).hexdigest(), _told(page.obj.get("/Resources"), known)]
    parts += [_told(page.obj.get(name), known) for name in FRAME]
    parts += [
        _told(one.get(name), known) for one in _annotations(page) if not _signature(one) for name in ("/Subtype", "/Rect", "/F", "/AP")
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _told(item: Any, known: dict[tuple[int, int], str]) -> str:
    """A value with everything that it refers to, in one form."""
    import pikepdf

    if not isinstance(item, pikepdf.Object):
        return str(item)
    if item.objgen in known and item.objgen != (0, 0):
        return known[item.objgen]
    if item.objgen != (0, 0):
        known[item.objgen] = "…"  # whatever leads back here
    if isinstance(item, pikepdf.Array):
        found = "[" + " ".join(_told(one, known) for one in item) + "]"
    elif isinstance(item, pikepdf.Dictionary | pikepdf.Stream):
        found = "<" + " ".join(f"{name} {_told(value, known)}" for name, value in sorted(item.items()) if name not in APART) + ">"
        found += hashlib.sha256(_bytes(item)).hexdigest() if isinstance(item, pikepdf.Stream) else ""
    else:
        found = item.unparse().decode("latin-1")
    if item.objgen != (0, 0):
        known[item.objgen] = hashlib.sha256(found.encode()).hexdigest()
    return found if item.objgen == (0, 0) else known[item.objgen]


def _bytes(stream: "pikepdf.Stream") -> bytes:
    import pikepdf

    try:
        return bytes(stream.read_bytes())
    except pikepdf.PdfError:  # a picture's own packing, which nobody unpacks
        return bytes(stream.read_raw_bytes())


def _annotations(page: "pikepdf.Page") -> Iterator["pikepdf.Object"]:
    found = page.obj.get("/Annots")
    yield from found if found is not None else ()


def _signature(annotation: "pikepdf.Object") -> bool:
    parent = annotation.get("/Parent")
    kinds = [one.get("/FT") for one in (annotation, parent) if one is not None]
    return annotation.get("/Subtype") == "/Widget" and "/Sig" in kinds


def _visible(annotation: "pikepdf.Object") -> bool:
    left, bottom, right, top = _box(annotation)
    return right > left and top > bottom and not int(annotation.get("/F", 0)) & HIDDEN


def _box(annotation: "pikepdf.Object") -> Box:
    a, b, c, d = (float(value) for value in annotation["/Rect"])
    return min(a, c), min(b, d), max(a, c), max(b, d)


def _lines(page: Any) -> list[Box]:
    """Where words stand, roughly: their widths are reckoned by their number of letters."""
    found: list[Box] = []

    def note(text: str, cm: list[float], tm: list[float], _font: Any, size: float) -> None:
        if text.strip():
            x = tm[4] * cm[0] + tm[5] * cm[2] + cm[4]
            y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
            tall = size * abs(tm[3] * cm[3]) or size
            found.append((x, y - DOWN * tall, x + WIDE * tall * len(text.strip()), y + UP * tall))

    page.extract_text(visitor_text=note)
    return found


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
