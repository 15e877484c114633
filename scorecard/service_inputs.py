"""What an edition freezes beside the dossiers: declared services, lists of procedures, tickets, petitions, who supplies which system."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.calendar import Month, local_date
from procedures.models import NATIONAL, Provider, Source, SourceProvider, Submission
from procedures.offerings import Boundary, Declared, boundaries, declared
from procedures.petitions import Petitions, petitions_of
from procedures.queries import valid
from procedures.tickets import Tickets, tickets_of

if TYPE_CHECKING:
    import pandas as pd

OFFERINGS, LISTS, SYSTEMS, CATALOGUE = "offerings.parquet", "service_lists.json", "systems.json", "procedures.parquet"


@dataclass(frozen=True)
class System:
    """A source of national figures as its supplier is charged with it. ``provider``: on the month's last day; None: nobody named.

    ``rows``, ``refused``: of the files that touched the month.
    """

    source: str
    provider: str | None
    rows: int
    refused: int


@dataclass(frozen=True)
class ServiceInputs:
    """As read back from an edition's folder. ``catalogue``: procedure → (sector, carried out locally); ``providers``: code → name;
    ``until``: the last day of the month that the edition can know of.
    """

    declared: Sequence[Declared] = ()
    catalogue: Mapping[str, tuple[str, bool]] = field(default_factory=dict)
    boundaries: Sequence[Boundary] = ()
    tickets: Sequence[Tickets] = ()
    petitions: Sequence[Petitions] = ()
    systems: Sequence[System] = ()
    providers: Mapping[str, str] = field(default_factory=dict)
    until: date = date.max


def freeze_services(folder: Path, session: Session, month: Month) -> "pd.DataFrame":
    """Write the lists; gives the frame of declared services, which goes into ``OFFERINGS``."""
    import pandas as pd

    day = month.last_day
    lists = {
        "boundaries": [asdict(item) | {"valid_from": item.valid_from.isoformat()} for item in boundaries(session, day)],
        "tickets": [asdict(item) | {"day": item.day.isoformat()} for item in tickets_of(month)],
        "petitions": [asdict(item) for item in petitions_of(month)],
        "providers": dict(session.execute(select(Provider.code, Provider.name).order_by(Provider.code)).all()),
    }
    systems = [asdict(item) for item in _systems(session, month)]
    for name, content in ((LISTS, lists), (SYSTEMS, systems)):
        (folder / name).write_text(json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1), encoding="utf-8")
    types = dict.fromkeys(("unit_code", "procedure_code", "online_level", "reason", "since"), "str") | {"is_local": "bool"}
    return pd.DataFrame([vars(item) for item in declared(session, day)], columns=list(types)).astype(types)


def _systems(session: Session, month: Month) -> list[System]:
    supplied = session.execute(
        select(Source.code, Provider.code)
        .outerjoin(SourceProvider, (SourceProvider.source_id == Source.id) & valid(SourceProvider, month.last_day))
        .outerjoin(Provider, Provider.id == SourceProvider.provider_id)
        .where(Source.list_code == NATIONAL)
        .order_by(Source.code)
    ).all()
    sums: dict[str, list[int]] = {}
    columns = (Source.code, Submission.months, Submission.received_at, Submission.rows_received, Submission.rows_quarantined)
    for code, months, received_at, rows, refused in session.execute(select(*columns).join(Source, Source.id == Submission.source_id)):
        if str(month) in (months or [str(Month.of(received_at))]):  # where no row was good, the month in which it came
            found = sums.setdefault(code, [0, 0])
            found[0], found[1] = found[0] + rows, found[1] + refused
    return [System(code, provider, *sums.get(code, (0, 0))) for code, provider in supplied]


def load_services(folder: Path) -> ServiceInputs:
    """Read the lists back. An edition from before there were any has empty ones."""
    import pandas as pd

    offered = pd.read_parquet(folder / OFFERINGS)
    catalogue = pd.read_parquet(folder / CATALOGUE, columns=["code", "sector", "is_local"])
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    lists: dict[str, Any] = json.loads((folder / LISTS).read_text(encoding="utf-8")) if (folder / LISTS).is_file() else {}
    systems: list[dict[str, Any]] = json.loads((folder / SYSTEMS).read_text(encoding="utf-8")) if (folder / SYSTEMS).is_file() else []
    for name, value in (("reason", ""), ("since", ""), ("is_local", True)):
        if name not in offered:
            offered[name] = value
    columns = ["unit_code", "procedure_code", "online_level", "reason", "since", "is_local"]
    return ServiceInputs(
        declared=[Declared(*row) for row in offered[columns].itertuples(index=False, name=None)],
        catalogue={str(code): (str(sector), bool(local)) for code, sector, local in catalogue.itertuples(index=False, name=None)},
        boundaries=[
            Boundary(item["unit_code"], item["document"], date.fromisoformat(item["valid_from"]), tuple(item["procedures"]))
            for item in lists.get("boundaries", ())
        ],
        tickets=[Tickets(**item | {"day": date.fromisoformat(item["day"])}) for item in lists.get("tickets", ())],
        petitions=[Petitions(**item) for item in lists.get("petitions", ())],
        systems=[System(**item) for item in systems],
        providers=lists.get("providers", {}),
        until=min(Month.parse(manifest["month"]).last_day, local_date(datetime.fromisoformat(manifest["cutoff_at"]))),
    )
