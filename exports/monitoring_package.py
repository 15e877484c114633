"""What the Monitoring System gets of a published edition: one message (JSON), signed; or a package (ZIP) to upload by hand.

The message is made of what is published already: figures from the disclosure-safe query, files as they are stored.
"""

import base64
import hashlib
import io
import json
import zipfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import current_app
from sqlalchemy.orm import Session

from core.calendar import Month
from core.database import reading
from core.errors import InputError
from core.settings import Settings
from exports.data import as_rows
from exports.models import ExportFile
from exports.names import MEDIA
from exports.numbering import refuse_simulated
from exports.queries import Shelf, publication_of, shelf
from scorecard import queries as scorecard
from scorecard.indicators import INDICATORS
from scorecard.models import Edition
from scorecard.own_names import units_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SCHEMA = "monitoring-1.json"
MEASURED = ("nation", "province", "ministry")  # kinds of place of which the message tells the indicators
VALUES = ("numerator", "denominator", "value", "low", "high", "n", "n_eff", "status", "few_answers", "provisional", "rule_version")
READ_ME = """Gói này gồm một kỳ đã công bố của Phiếu đánh giá thủ tục hành chính, để tải lên Hệ thống theo dõi, giám sát Nghị quyết 57.

message.json          nội dung gửi: chỉ tiêu, dẫn chứng, mã kiểm tra (theo schema monitoring-1.json)
message.sig           chữ ký Ed25519 (base64) của message.json, nếu đã cài khóa; public-key.pem là khóa công khai
SHA256SUMS            mã kiểm tra của mọi tệp trong gói: sha256sum -c SHA256SUMS
các tệp còn lại       báo cáo và số liệu, đúng từng byte như đã công bố

This package holds one published edition, to be uploaded to the Resolution 57 Monitoring System. message.json: what would be sent;
message.sig: its Ed25519 signature (base64), where a key is set, with public-key.pem; SHA256SUMS: digests of all files.
"""


def ready(session: Session, edition: Edition) -> Shelf | None:
    """The edition's files, if all that is sent of it is there: published, built, and signed where it has a number."""
    publication = publication_of(session, edition.id)
    found = shelf(session, edition)
    unsigned = publication is not None and publication.signed_way is None
    complete = edition.state == "published" and found.report and found.xlsx and found.csv and found.json and found.dictionary
    return found if complete and not unsigned else None


def key_of(edition: Edition) -> str:
    """The idempotency key: the same for every attempt to send this version, and for no other."""
    return f"{edition.month}-v{edition.version}-{edition.checksum[:16]}"


def require(edition_id: int) -> tuple[Edition, Shelf]:
    """The edition with its files. Raises ``InputError`` for one that must not or cannot be sent."""
    session = reading()
    edition = session.get(Edition, edition_id)
    if edition is None:
        raise InputError("Không có kỳ này.", "There is no such edition.")
    refuse_simulated(edition, "gửi Hệ thống theo dõi, giám sát", "sent to the Monitoring System")
    if edition.state != "published":
        raise InputError(
            "Chỉ gửi kỳ đang được công bố: không gửi dự thảo hay bản đã bị thay thế.",
            "Only the published edition is sent, neither a draft nor a version that was superseded.",
        )
    found = ready(session, edition)
    if found is None:
        raise InputError(
            "Tệp của kỳ này chưa đủ: đợi dựng xong, và nếu đã lấy số thì đợi bản ký.",
            "The edition's files are not complete: wait until they are built and, where it has a number, until the report is signed.",
        )
    return edition, found


def message(edition_id: int) -> bytes:
    """The message of a published edition. Raises ``InputError`` as ``require`` does."""
    edition, found = require(edition_id)
    session = reading()
    month = Month.parse(edition.month)
    publication = publication_of(session, edition_id)
    base = _base()
    body = {
        "$schema": f"{base}/schemas/{SCHEMA}",
        "key": key_of(edition),
        "edition": {
            "month": edition.month,
            "version": edition.version,
            "first_day": month.first_day.isoformat(),
            "last_day": month.last_day.isoformat(),
            "cutoff_at": edition.cutoff_at.isoformat(),
            "published_at": _iso(edition.published_at),
            "number": publication.number if publication else None,
            "dated_on": publication.dated_on.isoformat() if publication else None,
            "rule_version": edition.rule_version,
            "checksum": edition.checksum,
            "simulated": edition.simulated,
        },
        "indicators": _indicators(session, edition),
        "evidence": {
            "files": [_file(file, base) for file in found.files],
            "verify": f"{base}/verify",
            "measurements": f"{base}/api/v1/editions/{edition.month}-v{edition.version}/measurements",
            "report": {"name": found.files[0].name, "content_base64": base64.b64encode(_bytes(found.files[0])).decode()},
        },
    }
    return (json.dumps(body, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def private_key(settings: Settings) -> "Ed25519PrivateKey | None":
    """The key that signs; None where none is set. Raises ``InputError`` for one that cannot be used."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if settings.monitoring_key is None:
        return None
    try:
        found = load_pem_private_key(settings.monitoring_key.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"Không đọc được khóa ký gửi Hệ thống theo dõi ({error}).", f"The key for the Monitoring System can not be read ({error})."
        ) from error
    if not isinstance(found, Ed25519PrivateKey):
        raise InputError("Khóa ký phải là Ed25519.", "The signing key must be an Ed25519 key.")
    return found


def public_pem(key: "Ed25519PrivateKey") -> bytes:
    """The public half, as the receiver gets it."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def package(edition_id: int) -> bytes:
    """The package (ZIP): the same bytes whenever it is made of the same edition. Raises ``InputError`` as ``require`` does."""
    _edition, found = require(edition_id)
    body = message(edition_id)
    parts = {"README.txt": READ_ME.encode(), "message.json": body}
    key = private_key(current_app.extensions["settings"])
    if key is not None:
        parts |= {"message.sig": base64.b64encode(key.sign(body)) + b"\n", "public-key.pem": public_pem(key)}
    parts |= {file.name: _bytes(file) for file in found.files}
    parts["SHA256SUMS"] = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(parts.items())).encode()
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(parts.items()):
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def package_name(edition: Edition) -> str:
    """As it is downloaded."""
    return f"goi-giam-sat-{edition.month}-v{edition.version}.zip"


def _indicators(session: Session, edition: Edition) -> list[dict[str, Any]]:
    """Totals of the month for the nation, provinces and ministries."""
    units = units_of(session, edition)
    codes = {code for code, unit in units.items() if unit.kind in MEASURED}
    figures = scorecard.figures(session, edition, "nation") + scorecard.figures(session, edition, "unit", codes)
    found = []
    for row in as_rows(session, edition, figures):
        indicator = INDICATORS[row["indicator"]]
        found.append(
            {
                "indicator": indicator.code,
                "name_vi": indicator.name_vi,
                "name_en": indicator.name_en,
                "variant": row["variant"],
                "subject_kind": row["subject_kind"],
                "subject_code": row["subject_code"],
                "subject_name": row["subject_name"],
                **{name: row[name] for name in VALUES},
                "simulated": row["simulated"],
            }
        )
    return found


def _file(file: ExportFile, base: str) -> dict[str, Any]:
    media = MEDIA[file.name.rsplit(".", 1)[1]]
    return {
        "name": file.name,
        "kind": file.kind,
        "media_type": media,
        "size": file.size,
        "sha256": file.sha256,
        "url": f"{base}/reports/files/{file.name}",
    }


def _bytes(file: ExportFile) -> bytes:
    content = (Path(current_app.extensions["settings"].data_dir) / file.path).read_bytes()
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise InputError(
            f"Tệp {file.name} trên đĩa không còn đúng như đã công bố. Khôi phục từ bản sao lưu trước khi gửi.",
            f"{file.name} is not on disk as it was published. Restore it from the back-up before anything is sent.",
        )
    return content


def _base() -> str:
    return str(current_app.extensions["settings"].public_url).rstrip("/")


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant is not None else None
