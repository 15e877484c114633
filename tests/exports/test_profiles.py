"""Issuing profiles: one in force on a day; a simulated edition never carries an agency's name."""

from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from exports.profiles import FOLDER, profile

DAY = date(2026, 10, 31)


def test_the_real_one_and_the_simulated_one() -> None:
    real, simulated = profile(DAY, simulated=False), profile(DAY, simulated=True)
    assert real.agency == ["VĂN PHÒNG CHÍNH PHỦ"]
    assert real.symbol == "BC-VPCP"
    assert " ".join(simulated.agency) == "[CƠ QUAN BAN HÀNH] — BẢN MÔ PHỎNG"
    assert not simulated.symbol
    assert not simulated.place
    assert all(line.startswith("[") for line in (*simulated.addressees, *simulated.signature))


def test_none_or_two_in_force_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="0 issuing profiles"):
        profile(date(2024, 1, 1), simulated=False)
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text((FOLDER / "vpcp.yaml").read_text())
    with pytest.raises(LookupError, match="2 issuing profiles"):
        profile(DAY, simulated=False, folder=tmp_path)


def test_an_unknown_key_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text((FOLDER / "vpcp.yaml").read_text() + "emblem: yes\n")
    with pytest.raises(ValidationError, match="emblem"):
        profile(DAY, simulated=False, folder=tmp_path)
