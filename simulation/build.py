"""Builds the simulated country through the operations that a user would run, and writes its hidden truth beside it."""

import json
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from flask import current_app
from sqlalchemy import insert, select, update

from core.calendar import TIMEZONE, Month, local_date
from core.database import reading, writing
from core.errors import InputError
from exports import operations as exports
from procedures.operations import load_feed
from scorecard import operations as scorecard
from scorecard.models import OfficialScore
from simulation import (
    answers,
    catalogue,
    dossiers,
    feeds,
    logins,
    official,
    places,
    renewal,
    requests,
    service_lists,
    structure,
    truth,
    ways,
    world,
)
from surveys import followup, planning, privacy
from surveys import operations as surveys
from surveys.models import Invitation, PhoneCase

if TYPE_CHECKING:
    from procedures.queries import EndPoint
    from surveys.design import Drawn

CLOSED_MONTHS = 3
LEAD = 20  # days before the first closed month, so that it too has dossiers that came earlier
WITHOUT_COMMENTS = "Bản trình diễn dựng tự động: không có đơn vị nào để lấy ý kiến."
DESIGN = "all"  # of the survey: everyone who reached an end-point is asked
BATCH = timedelta(days=5)  # how often invitations go out
CALLING_DAY = 12  # of the following month: those who have not answered in time are called
CLOSING_DAY = 15  # of the following month: answers until then are counted
EPOCH = 719_163  # ordinal of 1970-01-01
Thing = TypeVar("Thing")


@dataclass
class BuildResult:
    """What was built. ``link``: source, dossier code and occasion of an invitation that nobody has used."""

    parameters: dict[str, Any]
    dossiers: int = 0
    quarantined: int = 0
    invited: int = 0
    answered: int = 0
    months: list[str] = field(default_factory=list)
    running: str = ""
    link: list[str] = field(default_factory=list)
    province: str = ""
    commune: str = ""
    procedure: str = ""
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass
class _Country:
    """Everything that was dealt, before anything of it is in the database."""

    provinces: list[places.Place]
    communes: list[places.Place]
    agencies: list[places.Place]
    items: list[catalogue.Item]
    levels: catalogue.Levels
    connections: dict[tuple[str, str], date]
    world: world.World
    causes: requests.Causes
    dossiers: dossiers.Dossiers


def folder() -> Path:
    """Where the simulation keeps its feeds, truth, log-ins and marker."""
    data_dir: Path = current_app.extensions["settings"].data_dir
    return data_dir / "simulation"


def build(dossiers: int, last_month: Month, seed: int, now: datetime, progress: bool, busy: int | None = None) -> BuildResult:
    """Build the country in the current application's migrated, empty database.

    ``dossiers`` received from some days before the third month up to ``last_month`` until ``now``; the three months are
    closed and published, the last one with its report. ``busy``: how many communes of a province receive dossiers; None: all.
    The same arguments give the same feeds, byte for byte. Raises
    ``InputError`` where ``last_month`` is not over or lies too early.
    """
    if last_month.end > now or last_month.plus(-CLOSED_MONTHS) < Month(2025, 7):
        raise InputError(
            f"Tháng {last_month} phải đã kết thúc và không sớm hơn tháng 10/2025.",
            f"The month {last_month} must be over and not before October 2025.",
            field="DEMO_MONTH",
        )
    result = BuildResult({"dossiers": dossiers, "month": str(last_month), "seed": seed})
    steps = _Steps(result, progress)
    months = [last_month.plus(-back) for back in range(CLOSED_MONTHS - 1, -1, -1)]
    folder().mkdir(parents=True, exist_ok=True)
    with steps("deal"):
        country = deal(dossiers, months[0], last_month, seed, now, busy)
    with steps("structure"):
        _put(country, last_month, seed)
        made = logins.make(folder() / "logins.json", places.read_yaml("agencies.yaml")["centre"][0], _names(country.agencies))
    with steps("feeds"):
        files = list(steps.bar(feeds.write(country.dossiers, country.items, country.world, country.causes, folder() / "feeds"), "feeds"))
    codes = feeds.dossier_codes(country.dossiers, country.world)
    truth.write(folder() / "truth", country.dossiers, codes, country.items, country.world)
    with steps("load"):
        for source, path in steps.bar(files, "load"):
            loaded = load_feed(path, source, "national-sync", now, sent_by=made[0].login)
            result.dossiers += loaded.accepted
            result.quarantined += loaded.quarantined
    with steps("survey"):
        _survey(country, codes.to_pylist(), [*months, *_later(last_month, now)], seed, now, result, steps)
    editions: list[int] = []
    with steps("close"):
        for month in steps.bar(months, "close"):
            editions.append(scorecard.close(month, _closing(month, now), made[0].login).id)
        result.months = [str(month) for month in months]
        scorecard.refresh_running(now)
    with steps("publish"):
        for edition_id in steps.bar(editions, "publish"):
            scorecard.review(edition_id, logins.REVIEWER, now, WITHOUT_COMMENTS)
            scorecard.publish(edition_id, logins.PUBLISHER, now)
            if edition_id == editions[-1]:  # the worker makes the earlier months' files by itself
                exports.want_report(edition_id, logins.REVIEWER, now)
                exports.build_edition(edition_id, now)
    _places_to_show(country, result)
    (folder() / renewal.READY).write_text(json.dumps(asdict(result), ensure_ascii=False, indent=1), encoding="utf-8")
    return result


def deal(count: int, first: Month, last: Month, seed: int, now: datetime, busy: int | None = None) -> _Country:
    """Deal the country from the seed; each part has its own stream, so that one does not shift another."""
    provinces, communes = places.territory()
    items = catalogue.items(_stream(seed, 1))
    today = local_date(now)
    levels = catalogue.online_levels(_stream(seed, 2), items, len(provinces), (first.first_day, today))
    systems = [place.code for place in provinces] + places.read_yaml("agencies.yaml")["ministry_sources"]
    connections = catalogue.connections(_stream(seed, 3), systems, today)
    dealt = world.make_world(_stream(seed, 4), provinces, communes, items, connections, busy)
    causes = requests.Causes(items, dealt)
    begin = first.first_day.toordinal() - LEAD - EPOCH
    at = now.astimezone(TIMEZONE)
    seconds = (today.toordinal() - EPOCH) * 86_400 + at.hour * 3600 + at.minute * 60 + at.second
    drawn = dossiers.draw(_stream(seed, 5), count, items, levels, dealt, causes, begin, seconds)
    return _Country(provinces, communes, list(places.agencies(provinces)), items, levels, connections, dealt, causes, drawn)


def _stream(seed: int, part: int) -> np.random.Generator:
    return np.random.default_rng([seed, part])


def _put(country: _Country, last_month: Month, seed: int) -> None:
    everything = [*country.agencies, *country.provinces, *country.communes]
    ids = structure.put_units(everything)
    by_code = {place.code: place for place in everything}
    names = {
        source: (unit, by_code[unit].on(last_month.last_day).name)
        for source, unit in zip(country.world.sources, country.world.systems, strict=True)
    }
    structure.put_sources(names, last_month.first_day)
    structure.put_registers(country.connections, ids)
    structure.put_offerings(country.items, country.levels, country.provinces, ids, structure.put_catalogue(country.items))
    service_lists.put(_stream(seed, 60), country.provinces, country.items, country.dossiers, country.world, ids)
    with writing() as session:
        rows = official.scores(_stream(seed, 6), [place.code for place in country.provinces], last_month)
        session.connection().execute(insert(OfficialScore), list(rows))


def _names(agencies: Iterable[places.Place]) -> dict[str, str]:
    return {place.code: place.versions[-1].name for place in agencies}


def _later(last_month: Month, now: datetime) -> list[Month]:
    """The months after the last closed one, up to the running one."""
    found, month = [], last_month.plus(1)
    while month.start <= now:
        found.append(month)
        month = month.plus(1)
    return found


def _closing(month: Month, now: datetime) -> datetime:
    """When a month was closed: on the 15th of the following one, or now."""
    return min(now, month.plus(1).start + timedelta(days=CLOSING_DAY - 1, hours=9))


def _survey(
    country: _Country, codes: list[str], months: list[Month], seed: int, now: datetime, result: BuildResult, steps: "_Steps"
) -> None:
    rows = {
        (country.world.sources[system], code): row for row, (system, code) in enumerate(zip(country.dossiers.system, codes, strict=True))
    }
    settings = current_app.extensions["settings"]
    for number, month in enumerate(steps.bar(months, "survey")):
        planning.holding(month, now, DESIGN, seed)
        drawn_ones = sorted(planning.drawn(reading(), month, now), key=_in_time)
        points = [one.end_point for one in drawn_ones]
        deliveries = answers.draw_deliveries(_stream(seed, 200 + number), len(points))
        asked: list[answers.Asked] = []
        notes: list[dict[str, Any]] = []
        for issued, batch in _batches(drawn_ones, now):
            result.invited += surveys.invite(batch, issued, simulated=True)["invited"]
            for one, (delivery, load) in zip(batch, deliveries, strict=False):
                asked.append(_asked(rows, one.end_point, local_date(issued), delivery))
                notes.append(_with_token(settings, one.end_point, {"delivery": delivery, "contact_load": load}, "hash"))
        surveys.bulk_delivery(sorted(notes, key=lambda note: str(note["hash"])))
        drawn = list(answers.draw_answers(_stream(seed, 100 + number), asked, country.dossiers, country.world, now))
        result.answered += surveys.bulk_answers(_with_token(settings, points[index], said) for index, said in drawn)["answered"]
        result.answered += surveys.bulk_field_answers(
            ways.field_answers(_stream(seed, 300 + number), country.dossiers, country.world, month, now)
        )
        _follow_up(country, dict(zip((str(note["hash"]) for note in notes), asked, strict=True)), month, seed, now)
        used = {index for index, _said in drawn}
        result.running = str(month)
        unused = (point for index, point in enumerate(points) if index not in used and point.occasion == "returned")
        result.link = next(([point.source, point.dossier_code, point.occasion] for point in reversed(list(unused))), result.link)


def _follow_up(country: _Country, asked: dict[str, answers.Asked], month: Month, seed: int, now: datetime) -> None:
    """Draw the month's follow-up in time for its closing, and call."""
    begin = month.plus(1).start + timedelta(days=CALLING_DAY - 1, hours=2)
    if begin + timedelta(days=2) > now or not followup.silent(month, begin):
        return
    drawn = followup.draw(month, seed, begin)
    cases = (
        reading()
        .execute(
            select(PhoneCase.id, Invitation.token_hash)
            .join(Invitation, Invitation.id == PhoneCase.invitation_id)
            .where(PhoneCase.month == str(month))
        )
        .all()
    )
    rows = [asked[token].row for _case, token in cases]
    said = list(ways.interviews(_stream(seed, 400 + month.year * 12 + month.month), rows, country.dossiers, country.world, begin))
    extra = {"mode": "followup", "second_probability": drawn.drawn / drawn.silent, "device_kind": "staff"}
    surveys.bulk_answers(
        answer | extra | {"token_hash": token} for (_case, token), (_outcome, answer) in zip(cases, said, strict=True) if answer is not None
    )
    with writing() as session:
        noted = [
            {"id": case, "outcome": outcome, "attempts": 1, "done": outcome != "no_answer", "last_tried_on": local_date(begin)}
            for (case, _token), (outcome, _answer) in zip(cases, said, strict=True)
        ]
        session.execute(update(PhoneCase), noted)


def _in_time(drawn: "Drawn") -> tuple[datetime, str, str, str]:
    point = drawn.end_point
    return point.reached_at, point.source, point.dossier_code, point.occasion


def _asked(rows: dict[tuple[str, str], int], point: "EndPoint", issued_on: date, delivery: str) -> answers.Asked:
    request = int(point.occasion.rpartition("-")[2]) if point.end_point == "supplement" else 0
    return answers.Asked(rows[point.source, point.dossier_code], point.end_point, request, issued_on, delivery)


def _with_token(settings: Any, point: "EndPoint", said: dict[str, Any], name: str = "token_hash") -> dict[str, Any]:
    secret = privacy.token_for(settings, point.source, point.dossier_code, point.occasion)
    return said | {name: privacy.hash_token(settings, secret)}


def _batches(drawn: list["Drawn"], now: datetime) -> Iterator[tuple[datetime, list["Drawn"]]]:
    """Drawn end-points in spans of five days, with the instant at which their invitations go out: the morning after the span, or now."""
    start = 0
    while start < len(drawn):
        until = drawn[start].end_point.reached_at + BATCH
        end = start
        while end < len(drawn) and drawn[end].end_point.reached_at < until:
            end += 1
        morning = datetime.combine(local_date(until) + timedelta(days=1), datetime.min.time(), TIMEZONE).astimezone(UTC)
        yield min(now, morning + timedelta(hours=8)), drawn[start:end]
        start = end


def _places_to_show(country: _Country, result: BuildResult) -> None:
    """The busiest province, commune and procedure: the addresses worth opening first."""
    drawn = country.dossiers
    communes = len(country.communes)
    result.province = country.world.systems[int(np.bincount(drawn.system[drawn.system < country.world.provinces]).argmax())]
    result.commune = country.world.codes[int(np.bincount(drawn.unit[drawn.unit < communes]).argmax())]
    result.procedure = country.items[int(np.bincount(drawn.item).argmax())].code


class _Steps:
    """Times the steps and shows bars for the longer ones."""

    def __init__(self, result: BuildResult, progress: bool) -> None:
        self.result = result
        self.progress = progress

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.result.seconds[name] = round(time.perf_counter() - started, 2)

    def bar(self, things: Iterable[Thing], name: str) -> Iterable[Thing]:
        """The things, with a bar if wanted."""
        from tqdm import tqdm

        return tqdm(things, desc=name, disable=not self.progress, mininterval=0.5) if self.progress else things
