"""Names of the files made for an edition. A file of simulated figures says so in its name (DESIGN §8)."""

from scorecard.models import Edition

REPORT, DATA = "report", "data"
STEMS = {REPORT: "bao-cao-hai-long", DATA: "so-lieu-hai-long"}
FILES = ((REPORT, "pdf"), (DATA, "csv"), (DATA, "json"))
MEDIA = {"pdf": "application/pdf", "csv": "text/csv", "json": "application/json"}
PUBLIC_STATES = ("published", "superseded")
DRAFT_STATES = ("closed", "published")  # of which a report can be made


def file_name(edition: Edition, kind: str, extension: str) -> str:
    """``bao-cao-hai-long-2026-10-v1-MO-PHONG.pdf``; what is not published yet carries ``DU-THAO`` (draft)."""
    parts = [STEMS[kind], edition.month, f"v{edition.version}"]
    if edition.state not in PUBLIC_STATES:
        parts.append("DU-THAO")
    if edition.simulated:
        parts.append("MO-PHONG")
    return "-".join(parts) + f".{extension}"
