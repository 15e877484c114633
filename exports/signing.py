"""Digital signatures in PDF files (PAdES), added behind the file's own bytes, and what the signatures in a file say.

The certificate is the office's (a PKCS #12 file); where it lies on a token that cannot be reached from here, the report is signed outside
and brought back (``exports.attaching``). Loads pyHanko only when something is signed or read.
"""

import io
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import InputError
from core.settings import Settings

if TYPE_CHECKING:
    from asn1crypto.x509 import Certificate

FIELD = "ChuKySo"  # name of the signature's field in the file
STAMP_SECONDS = 20
logging.getLogger("pyhanko").setLevel(logging.CRITICAL)  # what it finds is told; that a root is unknown is no event


@dataclass(frozen=True)
class Signature:
    """One signature in a file. ``intact``: the bytes it covers are as they were signed; ``whole``: nothing was changed behind it but by
    the next signatures, each filling its own field, and behind the last one nothing but proofs of its validity; ``trusted``: by one of
    the installation's authorities, None where none are set."""

    signer: str
    issuer: str
    at: str  # ISO instant as the signer stated it; empty: not stated
    stamped_at: str  # ISO instant of the time-stamp; empty: none
    intact: bool
    whole: bool
    trusted: bool | None

    def as_json(self) -> dict[str, Any]:
        """Plain values for the database and pages."""
        return asdict(self)


def configured(settings: Settings) -> bool:
    """A certificate is there to sign with."""
    return settings.signing_certificate is not None


def sign(content: bytes, settings: Settings, reason: str, location: str) -> bytes:
    """The file with one signature behind its unchanged bytes; with a time-stamp where its service is set. Raises ``InputError``."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers, timestamps

    if settings.signing_certificate is None:
        raise InputError(
            "Chưa cài chứng thư số để ký tại đây. Ký bên ngoài rồi đưa tệp đã ký vào bằng “editions attach-signed”.",
            "No certificate is set to sign with. Sign outside and bring the file back with “editions attach-signed”.",
        )
    secret = settings.signing_password.get_secret_value().encode() or None
    try:
        signer = signers.SimpleSigner.load_pkcs12(str(settings.signing_certificate), passphrase=secret)  # type: ignore[no-untyped-call]  # pyHanko's own
    except (OSError, ValueError) as error:
        raise _unusable(str(error)) from error
    if signer is None:
        raise _unusable("")
    stamper = timestamps.HTTPTimeStamper(settings.signing_timestamps, timeout=STAMP_SECONDS) if settings.signing_timestamps else None
    meta = signers.PdfSignatureMetadata(
        field_name=FIELD, md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES, reason=reason, location=location or None
    )
    # Nothing is drawn: the field is hidden and named, so that the signed file stays as accessible as it was (PDF/UA-1, 7.18).
    hidden = fields.InvisSigSettings(set_print_flag=False, set_hidden_flag=True)
    field = fields.SigFieldSpec(FIELD, readable_field_name="Chữ ký số", invis_sig_settings=hidden)
    try:
        writer = IncrementalPdfFileWriter(io.BytesIO(content))
        signed = _apart(lambda: signers.sign_pdf(writer, meta, signer=signer, timestamper=stamper, new_field_spec=field))
    except timestamps.TimestampRequestError as error:
        raise InputError(
            f"Dịch vụ cấp dấu thời gian không trả lời đúng ({error}). Chưa ký gì; thử lại sau.",
            f"The time-stamp service gave no proper answer ({error}). Nothing was signed; try again later.",
        ) from error
    result: bytes = signed.getvalue()
    if not result.startswith(content):
        raise RuntimeError("signing changed the bytes before the signature")
    return result


def signatures(content: bytes, roots: Path | None = None) -> list[Signature]:
    """Every signature in a PDF file, in the order of signing. ``roots``: PEM file of trusted authorities. Raises ``InputError``."""
    from pyhanko.pdf_utils.misc import PdfReadError
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.general import SigningError
    from pyhanko.sign.validation.errors import SignatureValidationError
    from pyhanko_certvalidator import ValidationContext

    try:
        embedded = PdfFileReader(io.BytesIO(content), strict=False).embedded_regular_signatures
        trusted = _roots(roots)
        context = ValidationContext(trust_roots=trusted, allow_fetching=False)
        return [_told(one, context, bool(trusted), last=one is embedded[-1]) for one in embedded]
    except (PdfReadError, SignatureValidationError, SigningError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"Không đọc được chữ ký số trong tệp PDF ({type(error).__name__}: {error}). Hãy xuất lại tệp đã ký.",
            f"The signatures in the PDF file can not be read ({type(error).__name__}: {error}). Export the signed file again.",
        ) from error


def _told(embedded: Any, context: Any, with_roots: bool, *, last: bool) -> Signature:
    from pyhanko.sign.diff_analysis import ModificationLevel
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.status import SignatureCoverageLevel

    status = _apart(lambda: validate_pdf_signature(embedded, signer_validation_context=context))
    behind = ModificationLevel.LTA_UPDATES if last else ModificationLevel.FORM_FILLING  # the next signature fills its own field
    whole = status.coverage == SignatureCoverageLevel.ENTIRE_FILE or (
        status.coverage == SignatureCoverageLevel.ENTIRE_REVISION
        and status.modification_level is not None
        and status.modification_level <= behind
    )
    stamp = status.timestamp_validity
    return Signature(
        signer=_name(status.signing_cert),
        issuer=status.signing_cert.issuer.human_friendly,
        at=_iso(embedded.self_reported_timestamp),
        stamped_at=_iso(stamp.timestamp) if stamp is not None and stamp.intact and stamp.valid else "",
        intact=bool(status.intact and status.valid),
        whole=whole,
        trusted=bool(status.trusted) if with_roots else None,
    )


def _roots(path: Path | None) -> "list[Certificate]":
    from pyhanko.keys import load_certs_from_pemder

    return list(load_certs_from_pemder([str(path)])) if path is not None else []  # type: ignore[no-untyped-call]  # pyHanko's own


def _name(certificate: "Certificate") -> str:
    common = certificate.subject.native.get("common_name", "")
    return common if isinstance(common, str) and common else str(certificate.subject.human_friendly)


def _iso(instant: datetime | None) -> str:
    return instant.isoformat() if instant is not None else ""


def _unusable(reason: str) -> InputError:
    said = f" ({reason})" if reason else ""
    return InputError(
        f"Không mở được tệp chứng thư số{said}. Kiểm tra đường dẫn và mật khẩu trong cài đặt.",
        f"The certificate's file can not be opened{said}. Check its path and password in the settings.",
    )


def _apart(step: Callable[[], Any]) -> Any:
    """Run in a thread of its own: the library starts an event loop, which cannot be where one is running already."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(step).result()
