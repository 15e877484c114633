"""Writes dossiers as files of the national sync message (docs/feeds.md): JSON lines, one gzipped file a source."""

import gzip
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulation.catalogue import Item
from simulation.dossiers import DAY, IN_PERSON, NEVER, PROCESSING, RECEIVED, REGISTERED, UNSAID, Dossiers
from simulation.places import read_yaml
from simulation.requests import Causes
from simulation.world import World

COMPRESSION = 1  # the loader reads it once; size matters less than time


def dossier_codes(dossiers: Dossiers, world: World) -> pa.Array:
    """``H26.104-261008-0975``: agency, day of reception, running number of that day (methodology §8.3)."""
    prefix = pa.array(world.unit_dossier_prefix).take(pa.array(dossiers.unit))
    day = pc.utf8_slice_codeunits(_days(dossiers.received // DAY), 2, 8)
    number = pc.utf8_lpad(pa.array(dossiers.number).cast(pa.string()), 4, "0")
    return pc.binary_join_element_wise(prefix, day, number, "-")


def write(dossiers: Dossiers, catalogue: list[Item], world: World, causes: Causes, folder: Path) -> Iterator[tuple[str, Path]]:
    """Write one file for each source that has dossiers; yields its code and path. Same input, same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    table = _table(dossiers, catalogue, world, causes)
    starts = np.searchsorted(dossiers.system, np.arange(len(world.systems) + 1))
    engine = duckdb.connect(config={"threads": 1, "preserve_insertion_order": True})
    try:
        for system, source in enumerate(world.sources):
            rows = table.slice(int(starts[system]), int(starts[system + 1] - starts[system]))
            if rows.num_rows == 0:
                continue
            engine.register("rows_of_source", rows)
            lines = engine.sql("SELECT to_json(rows_of_source)::VARCHAR AS line FROM rows_of_source").to_arrow_table()["line"]
            engine.unregister("rows_of_source")
            path = folder / f"{source}.jsonl.gz"
            text = pc.binary_join(pa.array([lines.combine_chunks().to_pylist()]), "\n")[0].as_py() + "\n"
            # no file name and no time in the header: the same country is the same bytes
            path.write_bytes(gzip.compress(text.encode(), COMPRESSION, mtime=0))
            yield source, path
    finally:
        engine.close()


def digest(folder: Path) -> str:
    """One digest of all feed files, by name."""
    whole = hashlib.sha256()
    for path in sorted(folder.glob("*.jsonl.gz")):
        whole.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def _table(dossiers: Dossiers, catalogue: list[Item], world: World, causes: Causes) -> pa.Table:
    unit_codes = pa.array(world.codes)
    units = unit_codes.take(pa.array(dossiers.unit))
    points = _filing_points(dossiers, world)
    applicant = pa.array(dossiers.applicant).cast(pa.string())
    columns: dict[str, Any] = {
        "MaHoSo": dossier_codes(dossiers, world),
        "MaTTHC": pa.array([item.code for item in catalogue]).take(pa.array(dossiers.item)),
        "KenhThucHien": pa.array(dossiers.channel).cast(pa.string()),
        "LoaiDoiTuong": pc.if_else(pa.array(dossiers.applicant == UNSAID), pa.scalar(None, pa.string()), applicant),
        "NgayTiepNhan": _stamps(dossiers.received),
        "NgayHenTra": _stamps(dossiers.due),
        "TrangThaiHoSo": pa.array(dossiers.status).cast(pa.string()),
        "NgayTra": _stamps(dossiers.returned),
        "NgayKetThucXuLy": _stamps(dossiers.finished),
        "DonViXuLy": units,
        "NoiNopHoSo": points,
        "HoSoCoThanhPhanSoHoa": pc.if_else(pa.array(dossiers.digitised), "1", "0"),
        "TaiLieuNop": _documents(dossiers),
        "QuaTrinhXuLy": _history(dossiers),
        "HoSoBoSung": _supplements(dossiers, causes),
        "GiayToKetQua": _results(dossiers),
        "DSKetNoiCSDL": _lookups(dossiers, world),
        "NgayCapNhat": _stamps(dossiers.updated),
    }
    return pa.table(columns)


def _filing_points(dossiers: Dossiers, world: World) -> pa.Array:
    """A counter of the province's centre for its departments; the commune itself; nothing for vertical agencies and ministries."""
    agencies = read_yaml("agencies.yaml")
    centre = agencies["centre"][0]
    communes = len(world.commune_cumulative)
    at_department = (dossiers.unit >= communes) & (dossiers.system < world.provinces)
    names = [
        f"{source}.{centre}" + (f".{counter:02d}" if counter else "")
        for source in world.sources
        for counter in range(len(agencies["reception_points"]) + 1)
    ]
    counter = np.where(dossiers.channel == IN_PERSON, dossiers.counter, 0)
    at_centre = pa.array(names).take(pa.array(dossiers.system * (len(agencies["reception_points"]) + 1) + counter))
    at_commune = pa.array(world.codes).take(pa.array(dossiers.unit))
    nothing = pa.scalar(None, pa.string())
    return pc.if_else(pa.array(at_department), at_centre, pc.if_else(pa.array(dossiers.unit < communes), at_commune, nothing))


def _documents(dossiers: Dossiers) -> pa.Array:
    flag = pc.if_else(pa.array(dossiers.digitised), "1", "0")
    reused = pc.if_else(pa.array(dossiers.reused & dossiers.digitised), "1", "0")
    entry = pa.StructArray.from_arrays([flag, reused], ["DuocSoHoa", "DuocTaiSuDung"])
    return pa.ListArray.from_arrays(pa.array(np.arange(len(dossiers.item) + 1), pa.int32()), entry)


def _results(dossiers: Dossiers) -> pa.Array:
    """The electronic result, where there is one: a code as the national warehouse gives it."""
    offsets = np.concatenate([[0], np.cumsum(dossiers.electronic)])
    number = pa.array(np.flatnonzero(dossiers.electronic)).cast(pa.string())
    entry = pa.StructArray.from_arrays([pc.binary_join_element_wise("KQ", pc.utf8_lpad(number, 9, "0"), "-")], ["MaGiayToKetQua"])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), entry)


def _history(dossiers: Dossiers) -> pa.Array:
    happened = dossiers.event_at != NEVER
    offsets = np.concatenate([[0], np.cumsum(happened.sum(axis=1))])
    status = dossiers.event_status[happened]
    departments = pa.array(read_yaml("requests.yaml")["departments"])
    where = np.select([np.isin(status, (REGISTERED, RECEIVED)), status == PROCESSING], [0, 1], 2)
    entry = pa.StructArray.from_arrays(
        [_stamps(dossiers.event_at[happened]), pa.array(status).cast(pa.string()), departments.take(pa.array(where))],
        ["ThoiDiemXuLy", "TrangThai", "PhongBanXuLy"],
    )
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), entry)


def _supplements(dossiers: Dossiers, causes: Causes) -> pa.Array:
    asked = dossiers.asked_at != NEVER
    offsets = np.concatenate([[0], np.cumsum(asked.sum(axis=1))])
    requests = dossiers.requests
    named = requests.named[asked]
    name = pa.array(causes.names).take(pa.array(np.maximum(requests.paper[asked], 0)))
    paper = pa.StructArray.from_arrays([name.filter(pa.array(named))], ["TenGiayTo"])
    papers = pa.ListArray.from_arrays(pa.array(np.concatenate([[0], np.cumsum(named)]), pa.int32()), paper)
    before = np.repeat(dossiers.first_due[:, None], 2, axis=1)[asked]
    entry = pa.StructArray.from_arrays(
        [
            pa.array(requests.wordings).take(pa.array(requests.text[asked])),
            _stamps(dossiers.asked_at[asked]),
            _stamps(dossiers.answered_at[asked]),
            _stamps(before),
            papers,
        ],
        ["NoiDungBoSung", "NgayBoSung", "NgayTiepNhanBoSung", "NgayHenTraTruoc", "DanhSachGiayToBoSung"],
    )
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), entry)


def _lookups(dossiers: Dossiers, world: World) -> pa.Array:
    """The databases that were looked up for a dossier, as far as the system recorded it."""
    recorded = dossiers.requests.looked_up & (dossiers.asked_at != NEVER)
    names = pa.array(world.registers).take(pa.array(dossiers.requests.register[recorded]))
    offsets = np.concatenate([[0], np.cumsum(recorded.sum(axis=1))])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.StructArray.from_arrays([names], ["MaCSDL"]))


def _stamps(seconds: np.ndarray) -> pa.Array:
    """``yyyyMMddHHmmss`` of local seconds; null for ``NEVER``."""
    known = seconds != NEVER
    safe = np.where(known, seconds, 0)
    rest = safe % DAY
    clock = rest // 3600 * 10_000 + rest % 3600 // 60 * 100 + rest % 60
    number = _day_numbers(safe // DAY) * 1_000_000 + clock
    return pc.if_else(pa.array(known), pa.array(number).cast(pa.string()), pa.scalar(None, pa.string()))


def _day_numbers(day: np.ndarray) -> np.ndarray:
    date = day.astype("datetime64[D]")
    year = date.astype("datetime64[Y]").astype(np.int64) + 1970
    month = date.astype("datetime64[M]").astype(np.int64) % 12 + 1
    return np.asarray(year * 10_000 + month * 100 + (date - date.astype("datetime64[M]")).astype(np.int64) + 1)


def _days(day: np.ndarray) -> pa.Array:
    return pa.array(_day_numbers(day)).cast(pa.string())
