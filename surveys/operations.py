"""Writes of the survey: invite, take an answer, delete it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from flask import current_app
from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from core import audit
from core.calendar import Month, local_date
from core.database import get_engine, reading, writing
from core.errors import InputError
from core.settings import Settings
from procedures.queries import procedure, units
from surveys import privacy, queries
from surveys.models import TEST, Answer, Invitation, NoSignal
from surveys.questionnaire import CURRENT, RATING, Problem, Reading, Sheet, read, sheet_for

if TYPE_CHECKING:
    from procedures.queries import EndPoint
    from surveys.design import Drawn

OPEN_FOR = timedelta(days=14)  # methodology §11.1
CHUNK = 2_000  # rows a transaction, so that a citizen's answer never waits long for the writer's lock
CHANNELS = {"in_person": 1, "online": 2, "post": 3, "kiosk": 4}
SORTED = 50_000  # rows put in the order of their hashes before they are written: neighbours in the index, few pages touched
MOST_SECONDS = 900
HOUR, STEPS = timedelta(hours=1), {"kiosk": timedelta(minutes=15)}  # how exactly it is kept when an answer came
MOST_CHANGES = 9  # of one answer that are counted apart
EVIDENCE = ("device", "device_kind")  # goes with the answer to the first question, which is the one that counts
WRITTEN = (
    "rating",
    "comment",
    "responses",
    "language",
    "seconds",
    "revision",
    "raised",
    "lowered",
    *EVIDENCE,
)  # by each further submission
NOT_RECORDED = 0  # a channel that the source did not send

State = Literal["stored", "changed", "unchanged", "empty", "invalid", "unknown", "expired"]
Row = TypeVar("Row")


@dataclass(frozen=True)
class Outcome:
    """What became of a submission. ``problems``: field to what is wrong with it, when the state is ``invalid``."""

    state: State
    problems: dict[str, Problem] = field(default_factory=dict)


def invite(drawn: Iterable["Drawn"], now: datetime, *, expires_on: date | None = None, simulated: bool = False) -> dict[str, int]:
    """Give everyone who was drawn leave to answer once.

    Returns ``invited``, ``known`` (already invited) and ``resting`` (another end-point of the same applicant was invited within the
    time of rest). Safe to run again, and by two processes at once: a token that is known is left as it is. ``expires_on`` is by
    default 14 days after today in Viet Nam.
    """
    settings = _settings()
    issued_on = local_date(now)
    fixed = {
        "questionnaire": CURRENT,
        "issued_on": issued_on,
        "expires_on": expires_on or issued_on + OPEN_FOR,
        "simulated": simulated,
    }
    invited = seen = resting = 0
    with Session(get_engine()) as session:
        for batch in _chunks(drawn, SORTED):
            rows = {row["token_hash"]: (row, one.rivals) for one in batch for row in [_invitation_row(settings, one) | fixed]}
            for keys in _chunks(sorted(rows), CHUNK):
                known = _known(session, keys)
                new = [rows[key] for key in keys if key not in known]
                rivals = {
                    key: [_hash_of(settings, rival) for rival in others] for row, others in new if (key := row["token_hash"]) and others
                }
                taken = _known(session, [rival for others in rivals.values() for rival in others])
                session.rollback()
                free = [row for row, _ in new if taken.isdisjoint(rivals.get(row["token_hash"], ()))]
                resting += len(new) - len(free)
                invited += _insert_new(Invitation, free)
            seen += len(batch)
    return {"invited": invited, "known": seen - invited - resting, "resting": resting}


def _known(session: Session, hashes: list[str]) -> set[str]:
    found: set[str] = set()
    for some in _chunks(hashes, CHUNK):
        found.update(session.scalars(select(Invitation.token_hash).where(Invitation.token_hash.in_(some))))
    return found


def _hash_of(settings: Settings, end_point: "EndPoint") -> str:
    return privacy.hash_token(settings, privacy.token_for(settings, end_point.source, end_point.dossier_code, end_point.occasion))


def _invitation_row(settings: Settings, drawn: "Drawn") -> dict[str, Any]:
    """The coarse facts that an invitation copies: what the survey store is not told it cannot leak."""
    end_point = drawn.end_point
    channel = _channel(end_point.channel)
    return {
        "token_hash": _hash_of(settings, end_point),
        "month": str(Month.of(end_point.reached_at)),
        "procedure_code": end_point.procedure_code,
        "unit_code": end_point.unit_code,
        "province_code": end_point.province_code,
        "channel": channel,
        "end_point": end_point.end_point,
        "applicant_type": end_point.applicant_type,
        "recorded_supplements": min(end_point.supplements, 2),
        "recorded_on_time": end_point.on_time,
        "recorded_online": channel == CHANNELS["online"],
        "receiving_unit_code": end_point.receiving_unit,
        "provider_code": end_point.provider,
        "mode": drawn.mode,
        "probability": drawn.probability,
        "stratum": drawn.stratum,
        "frequent": drawn.frequent,
    }


def _channel(value: str | int | None) -> int:
    return value if isinstance(value, int) else CHANNELS.get(value or "", NOT_RECORDED)


def submit(
    token: str,
    data: Mapping[str, str],
    now: datetime,
    language: str,
    *,
    device: str | None = None,
    device_kind: str = "private",
    seconds: int | None = None,
    invitation: Invitation | None = None,
) -> Outcome:
    """Take what the holder of a token filled in: at most one answer for each token.

    ``data``: question code to choice code, and ``comment``; what is missing or empty leaves an earlier answer to that
    question as it is. The same submission again changes nothing; a differing choice replaces the earlier one and counts
    one ``revision``; a question answered for the first time is added. Two submissions at the same moment make one answer.
    ``device``: keyed hash; ``device_kind``: of ``DEVICE_KINDS``; ``seconds``: time to fill in. ``invitation``: the token's, where it
    has been looked up.
    """
    if invitation is None and (spelled := privacy.read_token(token)):
        invitation = queries.invitation(reading(), privacy.hash_token(_settings(), spelled))
    if invitation is None:
        return Outcome("unknown")
    if is_expired(invitation, now):
        return Outcome("expired")
    evidence = {"device": device, "device_kind": device_kind, "seconds": coarse(seconds)}
    return answer_for(invitation, data, now, language, **evidence)


def answer_for(invitation: Invitation, data: Mapping[str, str], now: datetime, language: str, **values: Any) -> Outcome:
    """Take an answer to an invitation, whoever wrote it down. ``values``: columns that differ from the invitation's, such as ``mode``."""
    sheet = sheet_of(invitation)
    asks_paper = any(question.kind == "paper" and data.get(question.code) for question in sheet.all)
    filled = read(sheet.all, data, paper_keys(invitation.procedure_code) if asks_paper else ())
    return store(_context_of(invitation) | values, filled, now, language, sheet)


def sheet_of(invitation: Invitation) -> Sheet:
    """What an invitation asks."""
    return sheet_for(invitation.questionnaire, invitation.end_point, invitation.channel, invitation.applicant_type)


def paper_keys(procedure_code: str) -> set[str]:
    """What the papers of a procedure can be called in an answer: component code, or place in the list where it has none."""
    found = procedure(reading(), procedure_code)
    return {part.code or str(part.position) for part in found.components} if found is not None else set()


def coarse(seconds: int | None) -> int | None:
    """A time to fill in, in steps of five seconds and at most a quarter of an hour: enough to tell a machine from a person."""
    return None if seconds is None else min(MOST_SECONDS, (max(0, seconds) + 2) // 5 * 5)


def coarse_time(now: datetime, mode: str) -> datetime:
    """The beginning of the hour in which somebody answered, since who stood at a counter at which minute can be known; of the quarter of an
    hour at a kiosk, where a visit soon ends."""
    step = STEPS.get(mode, HOUR)
    return now - (now - datetime.min.replace(tzinfo=now.tzinfo)) % step


def store(context: Mapping[str, Any], filled: Reading, now: datetime, language: str, sheet: Sheet | None = None) -> Outcome:
    """Insert an answer, or lay it over the one that the same invitation or entry has. ``context``: the answer's other columns.

    ``sheet``: what was asked; answers to questions that a later answer makes void are dropped.
    """
    if filled.problems:
        return Outcome("invalid", filled.problems)
    filled.comment = privacy.mask(filled.comment)
    if not filled.values and not filled.comment and not context.get("entry_hash"):  # at an open link being there already says something
        return Outcome("empty")
    first = {**context, **_answer_row(filled, now, language), "first_answered_at": coarse_time(now, context["mode"])}
    same = Answer.entry_hash == first["entry_hash"] if first.get("entry_hash") else Answer.invitation_id == first["invitation_id"]
    with writing() as session:
        if _insert(session, Answer, [first]):
            return Outcome("stored")
        answer = session.scalar(select(Answer).where(same).with_for_update())
        if answer is None:  # deleted by its owner between the two statements: what she sent now is a new answer
            return Outcome("stored" if _insert(session, Answer, [first]) else "unchanged")
        return Outcome(_merge(answer, first, sheet))


def is_expired(invitation: Invitation, now: datetime) -> bool:
    """Whether the last day for answering is over in Viet Nam."""
    return local_date(now) > invitation.expires_on


def _context_of(invitation: Invitation) -> dict[str, Any]:
    copied = {name: getattr(invitation, name) for name in (*queries.CONTEXT, *queries.DRAWN, "questionnaire", "simulated")}
    return copied | {"invitation_id": invitation.id, "is_test": invitation.stratum == TEST}


def _answer_row(filled: Reading, now: datetime, language: str) -> dict[str, Any]:
    rating = filled.values.pop(RATING, None)
    return {
        "rating": int(rating) if rating is not None else None,
        "responses": filled.values,
        "comment": filled.comment,
        "answered_on": local_date(now),
        "revision": 1,
        "language": language,
    }


def _merge(answer: Answer, new: dict[str, Any], sheet: Sheet | None) -> Literal["stored", "changed", "unchanged"]:
    """Lay a later submission over an answer. ``stored``: something was added; ``changed``: something was replaced."""
    before = {"rating": answer.rating, "comment": answer.comment or None, **answer.responses}
    given = {"rating": new["rating"], "comment": new["comment"] or None, **new["responses"]}
    differing = {code: value for code, value in given.items() if value is not None and value != before.get(code)}
    for column in WRITTEN:  # also where nothing changes: how long it takes must not tell whoever holds a link what was chosen
        flag_modified(answer, column)
    if not differing:
        return "unchanged"
    replaced = any(before.get(code) is not None for code in differing)
    if "rating" in differing and answer.rating is not None:
        answer.raised += differing["rating"] > answer.rating
        answer.lowered += differing["rating"] < answer.rating
    leading = sheet.first.code if sheet is not None else RATING
    if leading in differing and answer.mode == new["mode"]:  # an interviewer's log-in is no evidence against what came by a link
        for column in EVIDENCE:
            if column in new:  # a visit to an open link gives it once
                setattr(answer, column, new[column])
    answer.rating = differing.pop("rating", answer.rating)
    answer.comment = differing.pop("comment", answer.comment)
    answer.responses = _still_asked(answer.responses | differing, sheet)
    answer.language = new["language"]
    if new.get("seconds") is not None:
        answer.seconds = min(MOST_SECONDS, (answer.seconds or 0) + new["seconds"])
    answer.revision += replaced
    return "changed" if replaced else "stored"


def _still_asked(said: dict[str, str], sheet: Sheet | None) -> dict[str, str]:
    """Without the answers on screens that the other answers now leave out: who was asked for nothing was asked for no paper."""
    for step in sheet.steps if sheet is not None else ():
        if step.when.keys() & said.keys() and not step.wanted(said):
            void = {question.code for question in step.questions}
            said = {code: answer for code, answer in said.items() if code not in void}
    return said


def delete_answer(token: str) -> bool:
    """Remove what was answered with a token, also after it expired. True if there was anything.

    Leaves no trace in the audit trail, which knows the hour. What stays until retention is a number of deletions, without what or when: an
    answer that is deleted and given again is a change like any other (``scorecard.integrity_patterns``).
    """
    spelled = privacy.read_token(token)
    invitation = queries.invitation(reading(), privacy.hash_token(_settings(), spelled)) if spelled else None
    if invitation is None:
        return False
    wanted = invitation.id
    with writing() as session:
        removed = bool(session.execute(delete(Answer).where(Answer.invitation_id == wanted)).rowcount)  # type: ignore[attr-defined]
        if removed:
            more = func.least if session.connection().dialect.name == "postgresql" else func.min
            again = more(Invitation.withdrawn + 1, MOST_CHANGES)
            session.execute(update(Invitation).where(Invitation.id == wanted).values(withdrawn=again))
    return removed


def bulk_answers(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Insert many first answers, for the simulation. Returns ``answered`` and ``skipped`` (no such token, or answered).

    Each row: ``token_hash``, ``rating`` (1–5 or None), ``responses``, ``comment``, ``answered_on``,
    ``first_answered_at``, ``language``, ``simulated``; the context comes from the invitation.
    """
    names = (*queries.CONTEXT, *queries.DRAWN, "questionnaire")
    columns = [getattr(Invitation, name) for name in names]
    answered = seen = 0
    with Session(get_engine()) as session:
        for chunk in _chunks(rows, CHUNK):
            hashes = [row["token_hash"] for row in chunk]
            found = session.execute(select(Invitation.token_hash, Invitation.id, *columns).where(Invitation.token_hash.in_(hashes)))
            contexts = {key: {"invitation_id": number, **dict(zip(names, values, strict=True))} for key, number, *values in found}
            session.rollback()
            answered += _insert_new(
                Answer,
                [
                    contexts[row["token_hash"]]
                    | {name: row[name] for name in row if name != "token_hash"}
                    | {"comment": privacy.mask(row["comment"]), "revision": 1}
                    for row in chunk
                    if row["token_hash"] in contexts
                ],
            )
            seen += len(chunk)
    return {"answered": answered, "skipped": seen - answered}


def declare_no_signal(unit_code: str, since: date, until: date | None, document: str, whole: bool, now: datetime) -> None:
    """Declare a commune to be without mobile signal during a span of days; the same first day again changes the declaration.

    Raises ``InputError`` for an unknown unit, a span that ends before it begins, or a missing document.
    """
    document = " ".join(document.split())[:200]
    if unit_code not in units(reading(), since):
        raise InputError(f"Không có đơn vị {unit_code} vào ngày đó.", f"There is no unit {unit_code} on that day.", field="unit_code")
    if until is not None and until <= since:
        raise InputError("Ngày hết phải sau ngày bắt đầu.", "The last day must be after the first.", field="until")
    if not document:
        raise InputError("Cần ghi ai khai báo, bằng văn bản nào.", "Say who declared it, by what document.", field="document")
    with writing() as session:
        found = session.scalar(select(NoSignal).where(NoSignal.unit_code == unit_code, NoSignal.valid_from == since))
        row = found or NoSignal(unit_code=unit_code, valid_from=since)
        row.valid_to, row.document, row.whole, row.declared_on = until, document, whole, local_date(now)
        session.add(row)
        audit.record(session, "survey.no_signal", unit_code, since=since.isoformat(), until=until.isoformat() if until else None)


def bulk_field_answers(rows: Iterable[Mapping[str, Any]]) -> int:
    """Insert many answers of people who were not invited, for the simulation. Rows are whole answers. Their number."""
    return sum(_insert_new(Answer, [dict(row) for row in chunk]) for chunk in _chunks(rows, CHUNK))


def bulk_delivery(rows: Iterable[Mapping[str, Any]]) -> int:
    """Note how many invitations were delivered, for the simulation: ``hash`` (token hash), ``delivery``, ``contact_load``. Their number."""
    noted = update(Invitation).where(Invitation.token_hash == bindparam("hash"))
    noted = noted.values(delivery=bindparam("delivery"), contact_load=bindparam("contact_load"))
    count = 0
    for chunk in _chunks(rows, CHUNK):
        with writing() as session:
            session.connection().execute(noted, [dict(row) for row in chunk])
        count += len(chunk)
    return count


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings


def _chunks(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, size)):
        yield chunk


def _insert_new(model: type[Invitation] | type[Answer], rows: list[dict[str, Any]]) -> int:
    if not rows:
        return 0
    with writing() as session:
        return _insert(session, model, rows)


def _insert(session: Session, model: type[Invitation] | type[Answer], rows: list[dict[str, Any]]) -> int:
    """Insert the rows that break no unique constraint; returns how many they were."""
    connection = session.connection()
    statement = _inserting(model, connection.dialect.name)
    given = rows if len(rows) > 1 else rows[0]
    if connection.dialect.name == "sqlite":
        return connection.execute(statement, given).rowcount
    return len(connection.execute(statement, given).all())


@lru_cache
def _inserting(model: type[Invitation] | type[Answer], dialect: str) -> Any:
    """Built once: building it anew for each answer takes as long as the answer's own lookup.

    psycopg counts no rows of a bulk insert, SQLite's RETURNING doubles its time: hence two ways.
    """
    if dialect == "sqlite":
        return sqlite.insert(model).on_conflict_do_nothing()
    return postgresql.insert(model).on_conflict_do_nothing().returning(model.id)
