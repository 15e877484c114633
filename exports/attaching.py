"""The signed report: signed here, or outside and brought back. The signed file's digest is then the published one."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit, lease
from core.calendar import Month
from core.database import reading, writing
from core.errors import InputError
from exports import signing
from exports.comparing import PageDifference, compare, page_count, readable
from exports.drawings import covered, drawn_otherwise
from exports.models import APPENDED, COMPARED, SIGNED_HERE, ExportFile, Publication
from exports.names import REPORT, SIGNED, file_name
from exports.numbering import refuse_simulated
from exports.operations import remember, store
from exports.profiles import profile
from exports.queries import publication_of
from scorecard.models import Edition
from scorecard.workflow import may_decide

LARGEST = 64 * 1024 * 1024  # bytes of a signed file
LEASE = "exports.sign"
ASKS = "to_confirm"  # at a signed file that was handed over: it is taken once a person confirms it
MAY_BE_SIGNED = ("closed", "published")


@dataclass(frozen=True)
class Inspection:
    """A signed file held against the final report. ``way``: appended (our bytes are its unchanged beginning and its pages show nothing
    else) or compared (a person has to confirm); ``added``: what its pages say besides; ``drawn``: pages that look otherwise, or on which
    a signature's picture lies over words; ``anew``: our bytes are not its beginning."""

    way: str
    added: list[PageDifference]
    signatures: list[signing.Signature]
    drawn: list[int]
    anew: bool

    @property
    def besides(self) -> dict[str, list[str]]:
        """Page → what it says besides; nothing where it only looks otherwise."""
        pages = {page: list[str]() for page in self.drawn} | {page.page: list(page.added) for page in self.added}
        return {str(page): pages[page] for page in sorted(pages)}


def awaiting(month: Month | None = None, version: int | None = None) -> Edition:
    """The one edition whose final report waits for its signature. Raises ``InputError`` where there is none, or more than one."""
    query = select(Edition).join(Publication).where(Publication.signed_way.is_(None), Edition.state.in_(MAY_BE_SIGNED))
    if month is not None:
        query = query.where(Edition.month == str(month))
    if version is not None:
        query = query.where(Edition.version == version)
    found = reading().scalars(query.order_by(Edition.month, Edition.version)).all()
    if len(found) == 1:
        return found[0]
    if not found:
        raise InputError(
            "Không có báo cáo nào đã lấy số và đang chờ ký. Hãy lấy số trước.",
            "No report has its number and waits for its signature. Take a number first.",
        )
    names = ", ".join(f"{edition.month} v{edition.version}" for edition in found)
    raise InputError(f"Có nhiều báo cáo chờ ký: {names}. Nêu rõ tháng.", f"Several reports wait for a signature: {names}. Name the month.")


def sign_here(edition_id: int, login: str, now: datetime) -> Publication:
    """Sign the final report with the installation's certificate. Raises ``InputError`` where that can not be."""
    edition, publication, final = _final(edition_id)
    settings = current_app.extensions["settings"]
    place = profile(Month.parse(edition.month).last_day, simulated=False).place
    signed = signing.sign(final, settings, f"Báo cáo số {publication.number}", place)
    found = signing.signatures(signed, settings.signing_roots)
    return _store(edition_id, signed, SIGNED_HERE, found, {}, login, None, now)


def inspect(edition_id: int, content: bytes) -> Inspection:
    """Hold a file that was signed outside against the final report. Raises ``InputError`` for what can not be its signed form."""
    _edition, _publication, final = _final(edition_id)
    if len(content) > LARGEST:
        raise _too_large()
    if content == final:
        raise InputError(
            "Đây chính là bản cuối chưa ký. Hãy đưa vào tệp đã ký.", "This is the final report itself, unsigned. Bring the signed file."
        )
    roots = current_app.extensions["settings"].signing_roots
    found = signing.signatures(content, roots)
    if not found:
        raise InputError("Tệp không có chữ ký số nào.", "The file holds no digital signature.")
    for one in found:
        if not one.intact or not one.whole:
            raise InputError(
                f"Chữ ký của {one.signer} không còn khớp với tệp: tệp đã bị sửa sau khi ký, hoặc chữ ký không bao trùm cả tệp.",
                f"The signature of {one.signer} does not fit the file: it was changed after signing, or is not wholly signed.",
            )
        if one.trusted is False:
            raise InputError(
                f"Chứng thư của {one.signer} không do tổ chức được cài đặt tin cậy cấp ({one.issuer}).",
                f"The certificate of {one.signer} is not by a trusted authority of this installation ({one.issuer}).",
            )
    differences = compare(final, content)
    if missing := [page for page in differences if page.missing]:
        first = missing[0]
        raise InputError(
            f"Nội dung khác bản cuối ở {len(missing)} trang. Trang {first.page} thiếu: {first.missing[0]}",
            f"The text differs from the final report on {len(missing)} pages. Page {first.page} lacks: {first.missing[0]}",
        )
    with readable():
        drawn = sorted({*drawn_otherwise(final, content), *covered(content)})
    anew = not content.startswith(final)
    return Inspection(COMPARED if anew or differences or drawn else APPENDED, differences, found, drawn, anew)


def hand_over(edition_id: int, content: bytes, login: str, now: datetime) -> None:
    """Leave a report that was signed outside to the worker, which holds it page by page against the final one (``operations``).

    What comes of it stands at the edition's signed file: stored, or failed with its reason. Raises ``InputError`` where nothing waits for a
    signature or the file is too large.
    """
    edition, _publication, _content = _final(edition_id)
    if len(content) > LARGEST:
        raise _too_large()
    digest = hashlib.sha256(content).hexdigest()
    path = Path("reports") / f"{edition.month}-v{edition.version}" / "handed-over" / f"{digest}.pdf"
    store(Path(current_app.extensions["settings"].data_dir) / path, content)
    with writing() as session:
        file = _row(session, edition, login, now)
        file.path, file.sha256, file.built_with = str(path), digest, {}
        audit.record(session, "edition.signed_file", f"{edition.month} v{edition.version}", actor=login, sha256=digest)


def confirm(edition_id: int, sha256: str, login: str, now: datetime) -> None:
    """A person who has looked at every page of the file that was handed over says that it is the same report; the worker then takes it.

    Raises ``InputError`` where that file does not wait for it (any more), and for a person who may not decide.
    """
    edition, _publication, _content = _final(edition_id)
    with writing() as session:
        may_decide(session, login)
        file = unconfirmed(session, edition_id)
        if file is None or file.sha256 != sha256:
            raise InputError(
                "Tệp này không còn chờ xác nhận. Hãy tải lại trang.",
                "This file waits no more to be confirmed. Load the page again.",
            )
        file.state, file.wanted_at, file.error, file.built_with = "wanted", now, "", {"confirmed_by": login}
        audit.record(session, "edition.confirm_signed", f"{edition.month} v{edition.version}", actor=login, sha256=sha256)


def unconfirmed(session: Session, edition_id: int) -> ExportFile | None:
    """The signed file that was handed over and waits for a person to confirm it, if there is one."""
    query = select(ExportFile).where(ExportFile.edition_id == edition_id, ExportFile.kind == SIGNED, ExportFile.state == "failed")
    file = session.scalar(query)
    return file if file is not None and file.built_with.get(ASKS) else None


def take(edition_id: int, now: datetime) -> None:
    """The worker's part: attach the file that was handed over. Raises ``InputError`` where it can not be the signed report."""
    session = reading()
    session.rollback()
    query = select(ExportFile).where(ExportFile.edition_id == edition_id, ExportFile.kind == SIGNED, ExportFile.state == "building")
    file = session.scalars(query).one()
    path, login, confirmed_by = (
        Path(current_app.extensions["settings"].data_dir) / file.path,
        file.wanted_by,
        file.built_with.get("confirmed_by"),
    )
    session.rollback()
    attach(edition_id, path.read_bytes(), login, now, confirmed_by)


def _row(session: Session, edition: Edition, login: str, now: datetime) -> ExportFile:
    """The edition's signed file, not stored yet."""
    name = file_name(edition, SIGNED, "pdf", numbered=True)
    file = session.scalar(select(ExportFile).where(ExportFile.edition_id == edition.id, ExportFile.kind == SIGNED))
    if file is None:
        file = ExportFile(edition_id=edition.id, kind=SIGNED, name=name)
        session.add(file)
    file.state, file.wanted_by, file.wanted_at, file.error = "wanted", login, now, ""
    return file


def _too_large() -> InputError:
    return InputError(f"Tệp lớn hơn {LARGEST >> 20} MiB.", f"The file is larger than {LARGEST >> 20} MiB.")


def attach(edition_id: int, content: bytes, login: str, now: datetime, confirmed_by: str | None = None) -> Publication:
    """Take a report that was signed outside.

    Where our bytes are not its unchanged beginning, or its pages show more than ours, ``confirmed_by`` names the officer who has looked
    at the differences and confirms that it is the same report. Raises ``InputError`` otherwise.
    """
    inspected = inspect(edition_id, content)
    if inspected.way == COMPARED:
        if not confirmed_by:
            raise InputError(_ask(inspected, "vi"), _ask(inspected, "en"), field="confirmed_by")
        confirmed_by = may_decide(reading(), confirmed_by).login
    else:
        confirmed_by = None
    return _store(edition_id, content, inspected.way, inspected.signatures, inspected.besides, login, confirmed_by, now)


def _ask(inspected: Inspection, language: str) -> str:
    """What was found, and what a person is asked to do."""
    vi = language == "vi"
    added = "; ".join(f"{'trang' if vi else 'page'} {page.page}: {' '.join(page.added)}" for page in inspected.added)
    drawn = ", ".join(map(str, inspected.drawn))
    if vi:
        parts = [
            "Tệp đã được phần mềm khác ghi lại." if inspected.anew else "Ngoài chữ ký, tệp còn có thay đổi khác.",
            f"Chữ thêm vào: {added}." if added else "Chữ trên mọi trang giống hệt.",
            f"Trang {drawn} được vẽ khác bản cuối hoặc có hình chữ ký đè lên chữ: xem kỹ." if drawn else "Nét vẽ trên mọi trang giống hệt.",
            "Cần một người có tên xem từng trang và xác nhận đây là cùng một báo cáo (nút ở trang phát hành, hoặc --confirmed-by).",
        ]
    else:
        parts = [
            "The file was written anew by other software." if inspected.anew else "Beside its signature the file has other changes.",
            f"Added: {added}." if added else "The text of all pages is the same.",
            f"Pages drawn otherwise, or with a signature's picture over words: {drawn}." if drawn else "All pages are drawn alike.",
            "A named person must look at every page and confirm that it is the same report (the button beside it, or --confirmed-by).",
        ]
    return " ".join(parts)


def _final(edition_id: int) -> tuple[Edition, Publication, bytes]:
    """The edition, its number and the bytes of its final report. Raises ``InputError`` where it can not be signed (any more)."""
    session = reading()
    session.rollback()
    edition = session.get(Edition, edition_id)
    if edition is None:
        raise InputError("Không có kỳ này.", "There is no such edition.")
    refuse_simulated(edition, "ký", "signed")
    publication = publication_of(session, edition_id)
    if publication is None or edition.state not in MAY_BE_SIGNED:
        raise InputError("Lấy số cho báo cáo trước khi ký.", "Take a number for the report before it is signed.")
    if publication.signed_way is not None:
        raise InputError(
            "Báo cáo đã có bản ký; bản ký không thay được. Đính chính bằng một phiên bản mới.",
            "The report is signed already, and a signed report is never replaced. Correct it by a new version.",
        )
    name = file_name(edition, REPORT, "pdf", numbered=True)
    file = session.scalar(select(ExportFile).where(ExportFile.edition_id == edition_id, ExportFile.name == name))
    path = Path(current_app.extensions["settings"].data_dir) / file.path if file is not None and file.state == "stored" else None
    if path is None or not path.is_file():
        raise InputError(
            "Bản cuối chưa dựng xong. Đợi một phút rồi thử lại, hoặc chạy “exports build”.",
            "The final report is not built yet. Wait a minute and retry, or run “exports build”.",
        )
    return edition, publication, path.read_bytes()


def _store(
    edition_id: int,
    content: bytes,
    way: str,
    found: list[signing.Signature],
    besides: dict[str, list[str]],
    login: str,
    confirmed_by: str | None,
    now: datetime,
) -> Publication:
    """The file first, then, in one short transaction, everything that makes it known; one signed file at a time."""
    with lease.held(LEASE, 60):
        edition, _publication, _content = _final(edition_id)  # raises where somebody else was quicker
        name = file_name(edition, SIGNED, "pdf", numbered=True)
        path = Path("reports") / f"{edition.month}-v{edition.version}" / name
        subject = f"{edition.month} v{edition.version}"
        pages = page_count(content)
        digest = store(Path(current_app.extensions["settings"].data_dir) / path, content)
        with writing() as session:
            publication = session.scalars(select(Publication).where(Publication.edition_id == edition_id)).one()
            file = _row(session, edition, login, now)
            file.state, file.stored_at, file.path, file.built_with = "stored", now, str(path), {}
            file.size, file.pages, file.sha256 = len(content), pages, digest
            session.flush()
            remember(session, file)
            publication.signed_way, publication.signed_by, publication.signed_at = way, login, now
            publication.signers = [one.as_json() for one in found]
            publication.confirmed_by = confirmed_by
            publication.comparison = besides
            details = {"way": way, "signers": [one.signer for one in found], "sha256": digest, "confirmed_by": confirmed_by or ""}
            audit.record(session, "edition.sign", subject, actor=login, **details)
            session.flush()
            session.expunge(publication)
    return publication
