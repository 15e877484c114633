"""A small real edition with a real PDF, a certificate made here, and what signs with it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import pytest

from core.accounts import add_user
from core.database import writing
from core.settings import Settings
from exports import data, operations
from exports.models import Publication
from exports.render import Rendered
from scorecard.models import Edition
from tests.conftest import PASSWORD

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
CUTOFF = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)
NUMBER, DAY = "123/BC-VPCP", date(2026, 11, 25)


@lru_cache(maxsize=4)
def pdf(words: str = "Bảy mươi mốt phần trăm hài lòng") -> bytes:
    """A PDF of two pages."""
    import weasyprint

    page = f"<html lang=vi><title>Báo cáo</title><h1>Báo cáo</h1><p>{words}</p><h2 style='break-before:page'>Phụ lục</h2><p>92,5 %</p>"
    content: bytes = weasyprint.HTML(string=page).write_pdf(pdf_variant="pdf/ua-1")
    return content


def light(monkeypatch: pytest.MonkeyPatch, content: bytes | None = None) -> None:
    """The report is a small PDF and there are no figures: what happens to files does not depend on what is in them."""
    made = pdf() if content is None else content
    monkeypatch.setattr(operations, "report_html", lambda _session, _edition: "<html></html>")
    monkeypatch.setattr(operations, "render", lambda _html: Rendered(made, 2))
    monkeypatch.setattr(data, "rows", lambda _session, _edition: [])


def edition(state: str = "closed", month: str = "2026-10", version: int = 1, simulated: bool = False, reviewed: bool = True) -> int:
    """A row of an edition; real unless said otherwise."""
    with writing() as session:
        row = Edition(
            month=month,
            version=version,
            state=state,
            simulated=simulated,
            rule_version="2026-08",
            cutoff_at=CUTOFF,
            computed_at=CUTOFF,
            reviewed_by="office" if reviewed else None,
            reviewed_at=CUTOFF if reviewed else None,
            published_at=NOW if state in ("published", "superseded") else None,
            folder=f"{month}-v{version}",
            checksum="c" * 64,
        )
        session.add(row)
        session.flush()
        return row.id


def set_state(edition_id: int, state: str) -> None:
    """As publishing and superseding do."""
    with writing() as session:
        row = session.get_one(Edition, edition_id)
        row.state = state
        if state == "published":
            row.published_at = NOW


def published(now: datetime = NOW) -> int:
    """A published edition, signed nowhere and without a number, with its files."""
    found = edition("published")
    operations.build_wanted(now)
    return found


def officer(login: str = "office", role: str = "office") -> str:
    """Somebody who may decide."""
    add_user(login, login, role, PASSWORD, unit_code="01" if role == "centre" else None)
    return login


def forget(edition_id: int) -> None:
    """Take the number back, as no operation can."""
    with writing() as session:
        session.query(Publication).filter_by(edition_id=edition_id).delete()


@dataclass(frozen=True)
class Certificate:
    """A certificate with its key, and the file that both are in."""

    path: Path
    password: str
    pem: bytes


def certificate(folder: Path, name: str = "Văn phòng thử nghiệm", stamps: bool = False) -> Certificate:
    """A self-signed certificate, as PKCS #12; with ``stamps`` for a time-stamp service."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import pkcs12
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key = rsa.generate_private_key(65537, 2048) if stamps else ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    today = datetime.now(UTC)
    usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=9))
        .add_extension(usage, critical=True)
    )
    if stamps:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    made = builder.sign(key, hashes.SHA256())
    password = "mật khẩu"
    encryption = serialization.BestAvailableEncryption(password.encode())
    path = folder / f"{'tsa' if stamps else 'signer'}.p12"
    path.write_bytes(pkcs12.serialize_key_and_certificates(b"x", key, made, None, encryption))
    return Certificate(path, password, made.public_bytes(serialization.Encoding.PEM))


def sign_with(settings: Settings, made: Certificate) -> None:
    """Set a certificate to sign with."""
    from pydantic import SecretStr

    settings.signing_certificate = made.path
    settings.signing_password = SecretStr(made.password)
