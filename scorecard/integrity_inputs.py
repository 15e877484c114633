"""What an edition keeps for its integrity checks: thresholds, human overrides, deliveries; and the answers with their verdicts."""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.calendar import Month
from scorecard import integrity_rules
from scorecard.integrity import Override, marked
from scorecard.integrity_models import IntegrityOverride
from scorecard.integrity_rules import IntegrityRules
from surveys.queries import delivery_counts

if TYPE_CHECKING:
    import pandas as pd

RULES, OVERRIDES, DELIVERIES = "integrity.yaml", "overrides.json", "deliveries.parquet"


@dataclass(frozen=True)
class IntegrityInputs:
    """Of one edition. ``deliveries``: as ``surveys.queries.delivery_counts``."""

    rules: IntegrityRules
    overrides: list[Override]
    deliveries: "pd.DataFrame"


def freeze(folder: Path, session: Session, month: Month, published: Path | None = None) -> None:
    """Write them. A correction keeps the deliveries of the first published version, but takes overrides that came since."""
    from scorecard.inputs import write_frame

    _, path = integrity_rules.for_month(month)
    shutil.copyfile(path, folder / RULES)
    accepted = select(IntegrityOverride).where(IntegrityOverride.month == str(month), IntegrityOverride.state == "accepted")
    rows = session.scalars(accepted.order_by(IntegrityOverride.decided_at, IntegrityOverride.id))
    overrides = [asdict(_override(row)) for row in rows]
    (folder / OVERRIDES).write_text(json.dumps(overrides, ensure_ascii=False, sort_keys=True, indent=1), encoding="utf-8")
    kept = published / DELIVERIES if published is not None else None
    if kept is not None and kept.is_file():
        shutil.copyfile(kept, folder / DELIVERIES)
    else:
        write_frame(folder / DELIVERIES, delivery_counts(session, month))


def load(folder: Path) -> IntegrityInputs | None:
    """Read them back; None for an edition that is older than the checks."""
    import pandas as pd

    if not (folder / RULES).is_file():
        return None
    overrides = [Override(**item) for item in json.loads((folder / OVERRIDES).read_text(encoding="utf-8"))]
    return IntegrityInputs(integrity_rules.read(folder / RULES), overrides, pd.read_parquet(folder / DELIVERIES))


def with_verdicts(answers: "pd.DataFrame", folder: Path) -> "pd.DataFrame":
    """An edition's answers with the column ``removed_by``: empty for those that the cleaned figure counts."""
    found = load(folder)
    return marked(answers) if found is None else marked(answers, found.overrides, found.rules.heavy_contact, found.rules.least_removed)


def _override(row: IntegrityOverride) -> Override:
    action = "keep" if row.action == "keep" else "remove"
    return Override(row.unit_code, row.mark, action, row.proposed_by, row.decided_by or "", row.reason)  # type: ignore[arg-type]
