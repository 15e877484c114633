"""All measurements of services and of the parties behind them, from an edition's inputs and its lake files."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scorecard import arrivals
from scorecard.availability import Phantom, find_phantoms, sector_rows, service_rows
from scorecard.data_use import data_use, data_use_rows
from scorecard.parties import petition_rows, provider_rows, receiver_rows
from scorecard.rows import Row

if TYPE_CHECKING:
    from scorecard.counting import Counts
    from scorecard.file_counts import FileCounts
    from scorecard.inputs import Inputs


def measure_services(
    inputs: "Inputs",
    paths: Sequence[Path],
    provinces: Mapping[str, str],
    counted: "Counts",
    reported: Collection[str],
    files: "FileCounts | None" = None,
) -> tuple[list[Row], list[Phantom]]:
    """The rows, still without values, and the services on paper only. ``provinces``: unit → province or ministry."""
    services, month, sources = inputs.services, inputs.month, [source.code for source in inputs.sources]
    use = {
        (str(unit), str(procedure)): (int(received), int(online))
        for unit, procedure, received, online in counted.by_service.itertuples(index=False, name=None)
    }
    past = arrivals.Arrivals(paths, sources, provinces, files)
    phantoms = find_phantoms(services, use, month, inputs.rules.phantom, past)
    received = arrivals.reception(paths, sources, month, files)
    looked_up, days = (question(paths, sources, month, files) for question in (arrivals.lookups, arrivals.days))
    used = data_use(paths, sources, month, inputs.papers.law, files)
    rows = [
        *service_rows(services, inputs.places, use, phantoms),
        *sector_rows(counted.by_procedure, services, bool(reported)),
        *receiver_rows(received, inputs.places, reported),
        *provider_rows(services, received, looked_up, days, inputs.papers.law.failed, month.first_day),
        *petition_rows(services, inputs.places),
        *data_use_rows(used, inputs.places, provinces, reported),
    ]
    return rows, phantoms
