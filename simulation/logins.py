"""The demonstration's log-ins: made at build time with random passwords, kept readable by their owner alone."""

import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from core.access import ADMIN, CENTRE, OFFICE
from core.accounts import add_user

REVIEWER, PUBLISHER, ADMINISTRATOR = "vanphong", "congbo", "admin"
CENTRES = ("H26", "H29", "H44", "H17")  # Hà Nội, TP. Hồ Chí Minh, Phú Thọ, Đà Nẵng
WORDS = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class Login:
    """A demonstration account with its password in clear: it guards simulated data on one's own machine only."""

    login: str
    name: str
    role: str
    password: str
    unit_code: str | None = None


def make(path: Path, centre_number: str, centre_names: dict[str, str]) -> list[Login]:
    """Create the accounts and write them down with mode 600. ``centre_names``: centre's unit code → its name."""
    made = [
        Login(ADMINISTRATOR, "Quản trị (mô phỏng)", ADMIN, _password()),
        Login(REVIEWER, "Cán bộ rà soát (mô phỏng)", OFFICE, _password()),
        Login(PUBLISHER, "Cán bộ công bố (mô phỏng)", OFFICE, _password()),
    ]
    for exchange in CENTRES:
        code = f"{exchange}.{centre_number}"
        made.append(Login(f"trungtam.{exchange.lower()}", f"{centre_names[code]} (mô phỏng)", CENTRE, _password(), code))
    for login in made:
        add_user(login.login, login.name, login.role, login.password, login.unit_code, simulated=True)
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(json.dumps([asdict(login) for login in made], ensure_ascii=False, indent=1), encoding="utf-8")
    return made


def read(path: Path) -> list[Login]:
    """The accounts written down by ``make``."""
    return [Login(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]


def _password() -> str:
    return "-".join("".join(secrets.choice(WORDS) for _ in range(4)) for _ in range(4))
