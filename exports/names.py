"""Names of the files made for an edition. A file of simulated figures says so in its name (DESIGN §8)."""

from dataclasses import dataclass

from scorecard.models import Edition

REPORT, SIGNED, DATA, DICTIONARY = "report", "signed", "data", "dictionary"
ENGLISH, CIRCULATION, PLACE = "english", "circulation", "place"  # made when somebody asks for them
STEMS = {
    REPORT: "bao-cao-hai-long",
    SIGNED: "bao-cao-hai-long",
    DATA: "so-lieu-hai-long",
    DICTIONARY: "tu-dien-so-lieu",
    ENGLISH: "satisfaction-report",
    CIRCULATION: "bao-cao-hai-long-lay-y-kien",
    PLACE: "bao-cao-dia-phuong",
}
FILES = ((REPORT, "pdf"), (DATA, "xlsx"), (DATA, "csv"), (DATA, "json"), (DICTIONARY, "csv"))
NUMBERED = (REPORT, SIGNED)  # carry the number, and are final from the moment it is taken
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCUMENT = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
MEDIA = {"pdf": "application/pdf", "csv": "text/csv", "json": "application/json", "xlsx": WORKBOOK, "docx": DOCUMENT}
PUBLIC_STATES = ("published", "superseded")
DRAFT_STATES = ("closed", "published")  # of which a report can be made


@dataclass(frozen=True)
class Made:
    """A file's bytes; of a PDF its number of pages and, if it is final, the page that it was drawn from."""

    content: bytes
    pages: int | None = None
    page: str = ""


def is_public(edition: Edition) -> bool:
    """It was published; that a later version took its place does not take it back. A version replaced before that never was public."""
    return edition.state == "published" or (edition.state == "superseded" and edition.published_at is not None)


def file_name(edition: Edition, kind: str, extension: str, numbered: bool = False, subject: str = "") -> str:
    """``bao-cao-hai-long-2026-10-v1-MO-PHONG.pdf``; what is not final yet carries ``DU-THAO`` (draft), what is signed ``DA-KY``.

    ``numbered``: the edition has its official number, so that its report is final before it is published. ``subject``: code of the
    unit that a paper is about.
    """
    parts = [STEMS[kind], *([subject] if subject else []), edition.month, f"v{edition.version}"]
    if kind == SIGNED:
        parts.append("DA-KY")
    if not is_public(edition) and not (numbered and kind in NUMBERED):
        parts.append("DU-THAO")
    if edition.simulated:
        parts.append("MO-PHONG")
    return "-".join(parts) + f".{extension}"
