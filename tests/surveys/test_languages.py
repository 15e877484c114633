"""A further language of the form is a file: shown with one that is made up, and with one written on the spot."""

import gzip
import random
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import yaml
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app import create_app
from core.database import reading
from core.errors import InputError
from core.settings import Settings
from surveys import languages, pages, posters, weight, words
from surveys.models import Answer
from tests.surveys.helpers import NOW, invited
from tests.surveys.reach import put_units

MADE_UP = "art"


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    yield
    languages.load.cache_clear()


def offer(app: Flask, *codes: str) -> None:
    """Configure these further languages."""
    app.extensions["settings"] = app.extensions["settings"].model_copy(update={"survey_languages": codes})


def bare(page: str) -> str:
    """What a page says, without style, script, the names of languages, and what is data of the catalogue, marked as Vietnamese."""
    page = re.sub(
        r"<(style|script)>.*?</\1>|<a [^>]*hreflang.*?</a>|<span lang=\"vi\">.*?</span>|<ol[^>]*lang=\"vi\">.*?</ol>", "", page, flags=re.S
    )
    return re.sub(r"<[^>]+>", "\n", re.sub(r"</?(a|strong)\b[^>]*>", "", page))


@pytest.mark.parametrize("code", languages.files())
def test_every_language_has_every_text(code: str) -> None:
    assert words.missing(code) == []
    needed = set(words.needed())
    assert [text.vi for text in languages.load(code).texts if text.vi not in needed] == []


@pytest.mark.parametrize("code", languages.files())
def test_what_is_filled_in_stays_in_every_language(code: str) -> None:
    for text in languages.load(code).texts:
        assert sorted(re.findall(r"%\(\w+\)\w", text.to)) == sorted(re.findall(r"%\(\w+\)\w", text.vi))


def test_a_test_language_is_marked_and_offered_nowhere_by_itself(app: Flask, client: FlaskClient) -> None:
    assert languages.load(MADE_UP).test
    page = client.get(f"/s/{invited()}?lang={MADE_UP}").text
    assert '<html lang="vi">' in page
    assert languages.load(MADE_UP).name not in page


def test_every_page_can_be_had_in_a_language_that_is_a_file(app: Flask, client: FlaskClient) -> None:
    put_units()
    offer(app, MADE_UP)
    token = invited()
    start = f"/s/{token}?lang={MADE_UP}"
    pages = {"start": client.get(start), "nothing chosen": client.post(start, data={})}
    client.post(start, data={"rating": "2"})
    for number in range(1, 7):
        pages[f"screen {number}"] = client.get(f"/s/{token}/more/{number}?lang={MADE_UP}", follow_redirects=True)
    pages["too long"] = client.post(f"/s/{token}/more/6?lang={MADE_UP}", data={"comment": "a" * 700})
    for path in ("thanks", "delete"):
        pages[path] = client.get(f"/s/{token}/{path}?lang={MADE_UP}")
    pages["expired"] = client.get(f"/s/{invited(2, expires_on=date(2026, 1, 1))}?lang={MADE_UP}")
    pages["unknown"] = client.get(f"/s/{'a' * 26}?lang={MADE_UP}")
    place = posters.open_place("00004", "Một cửa", "open", NOW)
    pages["poster"] = client.get(f"/q/{place.code}?lang={MADE_UP}")
    for state, page in pages.items():
        assert f'<html lang="{MADE_UP}">' in page.text, state
        assert page.headers["Content-Language"] == MADE_UP
        assert "lang=vi" in page.text, state
        left = [line for line in bare(page.text).splitlines() if re.search(r"[à-ỹ]", line.lower()) and "⟦" not in line]
        assert [line for line in left if line.strip() not in ("Một cửa",)] == [], state
    assert reading().scalars(select(Answer.language)).one() == MADE_UP


def test_a_language_written_on_the_spot_needs_no_code(
    app: Flask, client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(languages, "FOLDER", tmp_path)
    khmer = {"Gửi và tiếp tục": "ផ្ញើ ហើយ​បន្ត", "Rất hài lòng": "ពេញចិត្ត​ខ្លាំង​ណាស់"}
    texts = [{"vi": vi, "to": to} for vi, to in khmer.items()]
    (tmp_path / "km.yaml").write_text(yaml.safe_dump({"name": "ភាសាខ្មែរ", "texts": texts}, allow_unicode=True), encoding="utf-8")
    offer(app, "km")
    token = invited()
    page = client.get(f"/s/{token}?lang=vi").text
    assert "ភាសាខ្មែរ" in page
    page = client.get(f"/s/{token}?lang=km").text
    assert '<html lang="km">' in page
    assert all(text in page for text in khmer.values())
    assert "Hài lòng" in page  # not translated yet: Vietnamese stands in
    drafted = yaml.safe_load(words.draft("km", "ភាសាខ្មែរ"))
    assert {text["vi"]: text["to"] for text in drafted["texts"] if text["to"]} == khmer
    assert len(words.missing("km")) == len(drafted["texts"]) - 2


def write(folder: Path, code: str, texts: dict[str, str]) -> None:
    listed = [{"vi": vi, "to": to} for vi, to in texts.items()]
    (folder / f"{code}.yaml").write_text(yaml.safe_dump({"name": code, "texts": listed}, allow_unicode=True), encoding="utf-8")


def like_khmer(text: str) -> str:
    """As many letters of three bytes each, unlike one another as words are; what is filled in stays."""
    rng = random.Random(text)
    parts = re.split(r"(%\(\w+\)\w)", text)
    return "".join(part if part.startswith("%(") else "".join(chr(rng.randint(0x1780, 0x17B3)) for _ in part) for part in parts)


def test_a_language_of_three_bytes_a_letter_fits_as_it_is_sent(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "FOLDER", tmp_path)
    write(tmp_path, "km", {text: like_khmer(text) for text in words.needed()})
    app = create_app({"survey"}, settings.model_copy(update={"survey_languages": ("km",)}))
    assert 6_000 < weight.heaviest(app, "km")[0] <= pages.HEAVIEST
    app.extensions["engine"].dispose()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file"),
        ("name: ''", "name"),
        ({"Gửi và tiếp tục": like_khmer("ờ" * 9_000)}, r"“km”: the page “(more|start).*” is \d+ bytes above the limit of 15000"),
    ],
)
def test_a_language_that_cannot_be_used_stops_the_start_and_is_named(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: dict[str, str] | str | None, said: str
) -> None:
    monkeypatch.setattr(languages, "FOLDER", tmp_path)
    if isinstance(content, str):
        (tmp_path / "km.yaml").write_text(content, encoding="utf-8")
    elif content is not None:
        write(tmp_path, "km", content)
    with pytest.raises(InputError, match=said):
        create_app({"survey"}, settings.model_copy(update={"survey_languages": ("km",)}))


@pytest.mark.parametrize("code", [*languages.OWN, MADE_UP])
def test_the_pages_without_papers_are_light(app: Flask, code: str) -> None:
    offer(app, MADE_UP)
    size, name = weight.heaviest(app, code)
    assert size <= pages.HEAVIEST, name


def test_a_page_is_sent_packed_to_browsers_that_unpack_it(app: Flask, client: FlaskClient) -> None:
    token = invited()
    plain, packed = client.get(f"/s/{token}"), client.get(f"/s/{token}", headers={"Accept-Encoding": "gzip, br"})
    assert gzip.decompress(packed.data).decode().count("<label") == plain.text.count("<label") == 5
    assert len(packed.data) < len(plain.data) / 2
    assert (packed.headers["Content-Encoding"], plain.headers.get("Content-Encoding")) == ("gzip", None)
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert int(packed.headers["Content-Length"]) == len(packed.data)
