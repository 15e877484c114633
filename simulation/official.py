"""Simulated scores of the official index (QĐ 766), shown beside the survey and never merged with it."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from core.calendar import Month

# Group: maximum, mean and spread of provinces as of September–October 2026 (methodology §3.1, §3.5).
GROUPS = {
    "CKMB": (18.0, 9.3, 1.9),
    "TDGQ": (20.0, 17.3, 0.9),
    "CLGQ": (12.0, 8.4, 0.9),
    "TTTT": (10.0, 6.2, 0.5),
    "MDSH": (22.0, 9.3, 0.9),
    "MDHL": (18.0, 10.6, 1.9),
}
SOURCE, SOURCE_EN = "Bộ chỉ số 766 (số liệu mô phỏng)", "Index 766 (simulated data)"
MONTHS = 12


def scores(rng: np.random.Generator, provinces: list[str], last_month: Month) -> Iterator[dict[str, Any]]:
    """Rows of OfficialScore: six groups and their total, each province, twelve months up to ``last_month``."""
    for province in provinces:
        level = {code: rng.normal(0.0, spread) for code, (_top, _mean, spread) in GROUPS.items()}
        for back in range(MONTHS - 1, -1, -1):
            total = 0.0
            for code, (top, mean, spread) in GROUPS.items():
                score = round(float(np.clip(mean + level[code] - 0.03 * spread * back + rng.normal(0.0, 0.18 * spread), 0.0, top)), 2)
                total += score
                yield _row(province, last_month.plus(-back), code, score, top)
            yield _row(province, last_month.plus(-back), "total", round(total, 2), 100.0)


def _row(province: str, month: Month, group: str, score: float, maximum: float) -> dict[str, Any]:
    return {
        "unit_code": province,
        "period": str(month),
        "group_code": group,
        "score": score,
        "maximum": maximum,
        "source": SOURCE,
        "source_en": SOURCE_EN,
        "simulated": True,
    }
