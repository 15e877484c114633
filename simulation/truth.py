"""The country's hidden truth, kept apart for later proofs. No other room may read it."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from simulation.catalogue import Item
from simulation.dossiers import Dossiers
from simulation.requests import CAUSES
from simulation.world import World


def write(folder: Path, dossiers: Dossiers, codes: pa.Array, catalogue: list[Item], world: World) -> None:
    """``dossiers``: true satisfaction, true requests and their causes; ``units`` and ``procedures``: their traits."""
    folder.mkdir(parents=True, exist_ok=True)
    names = pa.array(CAUSES)
    recorded = (dossiers.asked_at >= 0).sum(axis=1)
    pq.write_table(
        pa.table(
            {
                "source": pa.array(world.sources).take(pa.array(dossiers.system)),
                "dossier_code": codes,
                "satisfaction": pa.array(dossiers.satisfaction),
                "requests_true": pa.array(dossiers.asked_truly),
                "requests_recorded": pa.array(recorded),
                "cause_1": names.take(pa.array(dossiers.requests.cause[:, 0])),
                "cause_2": names.take(pa.array(dossiers.requests.cause[:, 1])),
            }
        ),
        folder / "dossiers.parquet",
    )
    pq.write_table(
        pa.table(
            {
                "unit_code": world.codes,
                "system": [world.systems[number] for number in world.unit_system],
                "slow": world.unit_slow,
                "ask": world.unit_ask,
                "neglect": world.unit_neglect,
                "mood": world.unit_mood,
                "hide": world.system_hide[world.unit_system],
            }
        ),
        folder / "units.parquet",
    )
    pq.write_table(
        pa.table({"procedure_code": [item.code for item in catalogue], "ask": world.item_ask, "slow": world.item_slow}),
        folder / "procedures.parquet",
    )
