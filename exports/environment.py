"""By what a file was built: lock file, system, libraries of the system, fonts. The same ones give the same bytes."""

import hashlib
import subprocess
import sys
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from core.settings import ROOT

LOCK = "requirements.lock"
MADE_OF = (
    *((room, "*.py") for room in ("core", "procedures", "surveys", "scorecard", "exports")),
    *((room, "*.yaml") for room in ("procedures", "surveys", "scorecard", "exports")),
    ("templates/report", "*.html"),
    ("static/report", "*"),
    ("translations", "*.po"),
)
FAMILY = "Liberation"  # of the report's fonts
LIBRARIES = ("weasyprint", "pydyf", "fonttools", "vl-convert-python", "xlsxwriter")
PACKAGES = ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz0b", "libharfbuzz-subset0", "libfontconfig1", "libfreetype6")


@lru_cache(maxsize=1)
def here() -> dict[str, Any]:
    """What this installation builds with: digests (SHA-256) of the lock file and of each font file, versions of everything else."""
    return {
        "lock": _digest(ROOT / LOCK),
        "program": _program(),
        "system": _system(),
        "python": ".".join(map(str, sys.version_info[:3])),
        "libraries": {name: version(name) for name in LIBRARIES},
        "packages": dict(
            sorted(line.split("\t", 1) for line in _told("dpkg-query", "-W", "-f", "${Package}\t${Version}\n", *PACKAGES) if "\t" in line)
        ),
        "fonts": {Path(line).name: _digest(Path(line)) for line in sorted(_told("fc-list", "-f", "%{file}\n")) if FAMILY in line},
    }


def differing(before: dict[str, Any], now: dict[str, Any], prefix: str = "") -> list[str]:
    """What is not the same in two of them, as lines ``fonts.LiberationSerif-Bold.ttf: 3fe0… → ce91…``."""
    lines = []
    for name in sorted({*before, *now}):
        old, new = before.get(name), now.get(name)
        if isinstance(old, dict) or isinstance(new, dict):
            lines += differing(old or {}, new or {}, f"{prefix}{name}.")
        elif old != new:
            lines.append(f"{prefix}{name}: {_short(old)} → {_short(new)}")
    return lines


def _program() -> str:
    """One digest of everything of this program that can be in a file: its modules, its report's templates, styles and words."""
    found = hashlib.sha256()
    for folder, pattern in MADE_OF:
        for path in sorted(path for path in (ROOT / folder).rglob(pattern) if path.is_file()):
            found.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return found.hexdigest()


def _short(value: Any) -> str:
    text = "—" if value is None else str(value)
    return f"{text[:12]}…" if len(text) == 64 else text


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "missing"


def _system() -> str:
    known = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    release = Path("/etc/debian_version")
    exact = release.read_text().strip() if release.is_file() else known.get("VERSION_ID", "").strip('"')
    return f"{known.get('ID', 'unknown')} {exact}"


def _told(*command: str) -> list[str]:
    """Lines of a program's answer; none where there is no such program."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)  # noqa: S603  # fixed names
    except (OSError, subprocess.TimeoutExpired):
        return []
    return done.stdout.splitlines()
