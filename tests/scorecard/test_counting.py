"""The counts of random small lakes, against counting by hand; and that a close gives them the same way each time."""

import random
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.calendar import local_date
from procedures.dossiers import END_STATUSES, dossier_table
from procedures.once_only import FAULT, OPEN, LegalTest, OnceOnly
from procedures.papers import PaperBook, Vocabulary
from scorecard.counting import Counts, count
from scorecard.declare_once import OF_REGISTERS
from tests.lake import put
from tests.scorecard.small import MONTH, at

UNITS = {"00004": "01", "00008": "01", "19750": "46", "H26.02": "01"}
SOURCES = ("01", "46", "abroad")
NATIONAL = SOURCES[:2]
PROCEDURES = ("1.001193", "1.009994")
PAPERS = ("Giấy khai sinh", "Bản vẽ thiết kế", "Đơn đề nghị", "Giấy gì đó", None)
LAW = OnceOnly(
    tests=(LegalTest("t", date(2026, 9, 1), None, published=True, connected=True, excused_unconnected=False),),
    published={"civil": date(2026, 9, 20)},
    connected={("civil", "01"): date(2026, 10, 5)},
    lookups={"civil": "civil"},
    failed=frozenset(["none"]),
)
BOOK = PaperBook([("1.009994", "", "Bản vẽ thiết kế", None)], Vocabulary.of_phrases({"civil": ["giấy khai sinh"]}), LAW)


def rows_of(seed: int, number: int = 120) -> list[dict[str, Any]]:
    """Dossiers around the month's edges, with everything missing now and then."""
    draw = random.Random(seed)

    def instant(first: int, last: int) -> datetime:
        day = draw.choice([draw.uniform(first, last), 0, 31, draw.choice([0, 31]) - 1e-6 / 86_400])
        return at(0) + timedelta(microseconds=round(day * 86_400_000_000))

    def maybe(chance: float, value: Any) -> Any:
        return value if draw.random() < chance else None

    rows = []
    for index in range(number):
        received = instant(-40, 40)
        requests = [
            {
                "requested_at": maybe(0.9, instant(-40, 40)),
                "answered_at": maybe(0.7, instant(-40, 40)),
                "text": draw.choice(PAPERS),
                "documents": maybe(0.8, [{"code": None, "name": draw.choice(PAPERS)} for _ in range(draw.randrange(3))]),
            }
            for _ in range(draw.choice([0, 0, 0, 1, 1, 2, 3]))
        ]
        due = maybe(0.8, instant(-40, 60))
        rows.append(
            {
                "source": draw.choice(SOURCES),
                "reception_month": str(MONTH.of(received)),
                "dossier_code": f"{index % 100}",  # two sources may use the same code
                "procedure_code": draw.choice(PROCEDURES),
                "handling_unit": draw.choice([*UNITS, "X"]),
                "channel": maybe(0.95, draw.choice([1, 2, 3, 4])),
                "received_at": received,
                "due_at": due,
                "first_due_at": draw.choice([due, due and due - timedelta(days=draw.randrange(12)), instant(-40, 60)]),
                "finished_at": maybe(0.7, instant(-40, 40)),
                "returned_at": maybe(0.5, instant(-40, 40)),
                "status": maybe(0.95, draw.randrange(1, 11)),
                "supplement_count": len(requests) + draw.choice([0, 0, 0, 1, 2]) if requests else draw.choice([None, 0, 0, 0, 1, 2]),
                "supplements": requests or maybe(0.9, []),
                "result_electronic": draw.choice([True, False, None]),
                "assisted": draw.choice([True, False, None]),
                "data_lookups": draw.choice([None, [], lookups(draw, received), lookups(draw, received)]),
                "history": [{"at": received, "status": code} for code in draw.choice([[2, 5, 9], [2, 5, 4, 9], [5, 9, 10], []])],
                "submission": "s",
            }
        )
    unique = {(row["source"], row["dossier_code"]): row for row in rows}
    return list(unique.values())


def working_days(start: datetime, end: datetime) -> int:
    """Mondays to Fridays from one day (counted) to another (not counted); negative where it lies before."""
    first, last = local_date(start), local_date(end)
    days = (date.fromordinal(number) for number in range(min(first, last).toordinal(), max(first, last).toordinal()))
    return sum(day.weekday() < 5 for day in days) * (1 if last >= first else -1)


def moved(instant: datetime, start: datetime, days: int) -> datetime:
    """The time of day of an instant on the day so many working days after ``start``."""
    day = local_date(start)
    if days > 0:
        while day.weekday() >= 5:
            day += timedelta(days=1)
        for _ in range(days):
            day += timedelta(days=3 if day.weekday() == 4 else 1)
    return instant + (day - local_date(instant))


def clocks(row: dict[str, Any], end: datetime | None, ended: bool, requests: int) -> dict[str, bool]:
    """On time by the first appointment, by the index's clock and by the decree's, with bounds, for one dossier."""
    due, received = row["first_due_at"], row["received_at"]
    first = ended and due is not None and end is not None and end <= due
    names = ("index_lower", "index_upper", "restart_lower", "restart_upper")
    if not row["supplement_count"]:
        return dict.fromkeys(("first", *names), first)
    timed = [item for item in row["supplements"] or [] if item["requested_at"] is not None and item["requested_at"] < MONTH.end]
    known = requests > 0 and len(timed) == requests
    told = known and row["due_at"] is not None and due is not None and row["due_at"] > due
    index = restart = False
    if known:
        last = max(timed, key=lambda item: item["requested_at"])
        asked, answered = last["requested_at"], last["answered_at"]
        until = end if ended and end is not None else MONTH.end
        if answered is None or answered >= MONTH.end:
            restart = True
            index = due is not None and asked <= due
        elif due is not None:
            index = until <= moved(due, due, working_days(asked, answered))
            restart = until <= moved(due, answered, working_days(received, due))
    once = requests <= 1
    return {
        "first": first,
        "index_lower": index and requests == 1 if told else first and once,
        "index_upper": (index and requests == 1) or (first and once) if known else once,
        "restart_lower": restart if told else first,
        "restart_upper": restart or first if known else True,
    }


def lookups(draw: random.Random, received: datetime) -> list[dict[str, Any]]:
    at = draw.choice([None, received + timedelta(days=draw.uniform(-1, 20))])
    return [{"database": draw.choice(["civil", "other"]), "at": at, "outcome": draw.choice(["found", "none", None])}]


def names_in(request: dict[str, Any]) -> list[str | None]:
    return [paper["name"] for paper in request["documents"] or []] or [request["text"]]


def paper_by_hand(row: dict[str, Any], request: dict[str, Any], name: str | None) -> str:
    """The class of a paper asked for: by the dates of ``LAW`` and the dossier's look-ups."""
    if name is None or name == "Giấy gì đó":
        return "F0"
    if name != "Giấy khai sinh":  # the drawings of one procedure; a form that the vocabulary does not know
        return "F4" if name == "Bản vẽ thiết kế" and row["procedure_code"] == "1.009994" else "F0"
    instant = request["requested_at"] or row["received_at"]
    day = (instant + timedelta(hours=7)).date()
    if day < date(2026, 9, 20):
        return "F4"
    if row["source"] != "01" or day < date(2026, 10, 5):
        return "F5"
    until = request["requested_at"] or MONTH.end
    outcomes = [entry["outcome"] for entry in row["data_lookups"] or [] if (entry["at"] or row["received_at"]) <= until]
    return "F2" if "none" in outcomes else "F1" if outcomes else "F12"


Cells = dict[tuple[str, ...], Counter[str]]  # by unit and procedure, or by unit, procedure and register


def by_hand(
    rows: list[dict[str, Any]],
) -> tuple[Cells, Counter[str], Cells]:
    """The same counts by plain loops: by unit and procedure, by source, and by unit, procedure and register."""
    cells: Cells = defaultdict(Counter)
    sources: Counter[str] = Counter()
    registers: Cells = defaultdict(Counter)

    def inside(instant: datetime | None) -> bool:
        return instant is not None and MONTH.start <= instant < MONTH.end

    for row in rows:
        if row["source"] not in NATIONAL or row["received_at"] >= MONTH.end:
            continue
        listed = row["supplements"] or []
        before = [item for item in listed if item["requested_at"] is None or item["requested_at"] < MONTH.end]
        requests = len(before) if listed else row["supplement_count"] or 0
        end = (row["finished_at"] or row["returned_at"]) if row["status"] in END_STATUSES else None
        received, ended = inside(row["received_at"]), inside(end)
        cohort = ended or any(inside(item["requested_at"]) for item in listed)
        overdue = inside(row["due_at"]) and (end is None or end >= MONTH.end)
        if not (received or cohort or overdue):
            continue
        asked = [[paper_by_hand(row, item, name) for name in names_in(item)] for item in before] if cohort else []
        held = any(paper in FAULT for request in asked for paper in request)
        unclear = any(paper in OPEN for request in asked for paper in request) or (requests > 0 and not listed)
        straight = [step["status"] for step in row["history"] if step["status"] != 10][-2:] == [5, 9]
        due = row["due_at"] is not None
        counted_due = (ended and due) or overdue
        on_time = ended and due and end is not None and end <= row["due_at"]
        met = clocks(row, end, ended, requests)
        online = received and row["channel"] == 2
        result = row["status"] in (9, 10)
        paused = bool(row["supplement_count"]) and requests >= 1 and counted_due and not met["first"]
        cell = (row["handling_unit"], row["procedure_code"])
        said = {
            "online_filing_raw": online,
            "online_filing_den": received,
            "on_time_raw": on_time,
            "on_time_den": counted_due,
            "on_time_first_raw": due and met["first"],
            "on_time_first_den": counted_due,
            **{f"on_time_{name}": counted_due and true for name, true in met.items() if name != "first"},
            "on_time_index_den": counted_due,
            "on_time_restart_den": counted_due,
            "on_time_by_pause_lower": paused and on_time,
            "on_time_by_pause_upper": paused and (on_time or met["index_upper"]),
            "on_time_by_pause_den": counted_due,
            "online_strict_lower": online and (not result or row["result_electronic"] is True),
            "online_strict_upper": online and (not result or row["result_electronic"] is not False),
            "online_strict_den": received,
            "online_self_filed_lower": online and row["assisted"] is False,
            "online_self_filed_upper": online and row["assisted"] is not True,
            "online_self_filed_den": received,
            "supplement_raw": cohort and requests >= 1,
            "supplement_den": cohort,
            "repeat_supplement_raw": cohort and requests >= 2,
            "repeat_supplement_den": cohort,
            "asked_again_recorded_lower": cohort and held,
            "asked_again_recorded_upper": cohort and (held or unclear),
            "asked_again_recorded_den": cohort,
            "ended_from_request_raw": cohort and bool(row["supplement_count"]) and straight,
            "ended_from_request_den": cohort,
            "ended": ended,
        } | {f"channel_{code}": received and row["channel"] == code for code in (1, 2, 3, 4)}
        cells[cell].update({name: int(true) for name, true in said.items()})
        sources[row["source"]] += 1
        births = [
            (request, [place for place, name in enumerate(names_in(item)) if name == "Giấy khai sinh"])
            for request, item in zip(asked, before, strict=False)  # nothing is asked for outside of D
        ]
        if any(places for _, places in births):
            out = [(request, places) for request, places in births if any(request[place] in ("F4", "F5") for place in places)]
            spared = any(len(places) == len(request) and all(paper in ("F4", "F5") for paper in request) for request, places in out)
            registers[(*cell, "civil")].update(dossiers=1, unreached=int(bool(out)), spared=int(spared))
    return cells, sources, registers


def counted(folder: Path, rows: list[dict[str, Any]]) -> tuple[Counts, list[dict[str, Any]]]:
    """The counts, and the file of them."""
    import pyarrow.parquet as pq

    table = dossier_table(folder)
    put(table, rows)
    target = folder / "counts.parquet"
    counts = count(table.paths(), NATIONAL, MONTH, BOOK, UNITS, target)
    return counts, pq.read_table(target).to_pylist()


@pytest.mark.parametrize("seed", range(12))
def test_counts_are_those_of_counting_by_hand(tmp_path: Path, seed: int) -> None:
    rows = rows_of(seed)
    counts, stored = counted(tmp_path, rows)
    cells, sources, registers = by_hand(rows)

    summed: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in stored:
        assert row.pop("province_code") == UNITS.get(row["handling_unit"], "")
        assert row.pop("source") in NATIONAL
        assert row.pop("dossiers") > 0
        summed[row.pop("handling_unit"), row.pop("procedure_code")].update(row)
    for cell, numbers in summed.items():
        assert numbers == Counter({name: cells[cell][name] for name in numbers})
    assert summed.keys() == cells.keys()
    assert counts.sources == sources
    assert {tuple(row[:3]): Counter(dict(zip(OF_REGISTERS, row[3:], strict=True))) for row in counts.registers.itertuples(index=False)} == {
        key: Counter({name: found[name] for name in OF_REGISTERS}) for key, found in registers.items()
    }
    for frame, place in ((counts.by_unit, 0), (counts.by_procedure, 1)):
        sums: dict[str, Counter[str]] = defaultdict(Counter)
        for key, numbers in cells.items():
            sums[key[place]].update(numbers)
        assert {str(row.pop(frame.columns[0])): Counter(row) for row in frame.to_dict("records")} == sums


def test_the_file_of_counts_is_in_order_and_always_the_same(tmp_path: Path) -> None:
    rows = rows_of(99, 600)
    _, stored = counted(tmp_path / "a", rows)
    order = [(row["province_code"], row["handling_unit"], row["procedure_code"], row["source"]) for row in stored]
    assert order == sorted(order)
    random.Random(1).shuffle(rows)
    counted(tmp_path / "b", rows)
    assert (tmp_path / "a" / "counts.parquet").read_bytes() == (tmp_path / "b" / "counts.parquet").read_bytes()
    assert [path.name for path in tmp_path.glob("*/.scratch*")] == []


def test_a_lake_without_dossiers_counts_nothing(tmp_path: Path) -> None:
    target = tmp_path / "counts.parquet"
    counts = count([], NATIONAL, MONTH, BOOK, UNITS, target)
    assert len(counts.by_unit) == len(counts.by_procedure) == len(counts.registers) == 0
    assert counts.sources == {}
    assert target.is_file()
