"""The rules of the house: floors, words, lengths, languages, secrets."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po
from pydantic import ValidationError

from core.settings import ROOT, Settings

FILES = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
PACKAGES = ("core", "procedures", "surveys", "scorecard", "exports", "simulation")


def test_the_floors_hold() -> None:
    run = subprocess.run([Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


def test_files_can_be_read_in_one_go() -> None:
    long = [
        name
        for name in FILES
        if name.endswith((".py", ".html", ".css"))
        and len((ROOT / name).read_text().splitlines()) > (600 if name.startswith("tests/") else 400)
    ]
    assert long == []


def test_words_that_can_do_harm_are_nowhere_in_what_is_shown() -> None:
    harmful = re.compile(r"gian lận|vi phạm|bản đồ|paracel|spratly|south china sea", re.IGNORECASE)
    # The real catalogue in simulation/ has the sector "Đo đạc, bản đồ", and officers ask for a "trích lục bản đồ địa chính": lawful names,
    # by which papers are told and which no page shows.
    shown = [name for name in FILES if name.startswith(("templates/", "translations/", *PACKAGES[:-1]))]
    shown.remove("procedures/standard_components.yaml")
    found = [(name, match.group()) for name in shown if (match := harmful.search((ROOT / name).read_text()))]
    assert found == []


@pytest.mark.parametrize("room", sorted(path.name for path in (ROOT / "translations").iterdir() if path.is_dir()))
def test_english_is_complete(room: str) -> None:
    path = ROOT / "translations" / room / "en" / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as stream:
        catalogue = read_po(stream, locale="en")
    assert [message.id for message in catalogue if message.id and (not message.string or message.fuzzy)] == []


def test_every_vietnamese_text_has_its_english() -> None:
    known = set()
    for path in (ROOT / "translations").glob("*/en/LC_MESSAGES/messages.po"):
        with path.open("rb") as stream:
            known |= {message.id[0] if isinstance(message.id, tuple) else message.id for message in read_po(stream, locale="en")}
    methods = [("**.py", "python"), ("**.html", "jinja2"), ("**.svg", "jinja2")]
    keywords = DEFAULT_KEYWORDS | {"_l": None}
    wanted = {
        message[0] if isinstance(message, tuple) else message
        for room in (*PACKAGES, "templates")
        for _file, _line, message, _comments, _context in extract_from_dir(
            ROOT / room, methods, {"**.html": {"encoding": "utf-8"}}, keywords
        )
    }
    assert len(wanted) > 50
    assert wanted - known == set()


def test_secrets_have_no_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("TTHC_SECRET_KEY", "TTHC_INVITATION_KEY", "TTHC_ANSWER_KEY", "TTHC_SPOOL_KEY", "TTHC_APPLICANT_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TTHC_ENV_FILE", str(tmp_path / "none"))
    with pytest.raises(ValidationError) as failure:
        Settings.load()
    assert {error["loc"][0] for error in failure.value.errors()} == {
        "secret_key",
        "invitation_key",
        "answer_key",
        "spool_key",
        "applicant_key",
    }


def test_columns_that_need_words_have_them() -> None:
    from procedures import models
    from scorecard.models import Measurement

    assert Measurement.__table__.c.value.doc
    assert models.Unit.__table__.c.code.doc
