"""“Cán bộ giải quyết hồ sơ không xem được”: what the survey's first page promises, held against every page, file and interface.

Everything that a clerk of the rated unit, its centre, an observer or a passer-by can open is opened, before and after one person answers.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from core.access import ADMIN, CENTRE, CLERK, INTERVIEWER, OBSERVER
from core.accounts import add_user
from core.database import reading, writing
from core.models import User
from scorecard import operations
from surveys import operations as operations_of_surveys
from surveys import paper, telephone
from surveys.design import Drawn
from surveys.models import Answer, Invitation, Slip
from tests.conftest import PASSWORD, log_in
from tests.scorecard.small import BIRTH, MONTH, NOW, Dossier, answers, build, invite
from tests.surveys.helpers import END_POINT, invited
from tests.surveys.reach import OCTOBER, client_of, put_units

DURING = datetime(2026, 10, 20, 5, tzinfo=UTC)
SAID = "Tôi phải chờ ở quầy số bảy cả buổi sáng"
READERS = {CLERK: "00004", CENTRE: "01", "passer-by": None, INTERVIEWER: None, OBSERVER: None, ADMIN: None}
LONG = [pytest.param(False, id="usual"), pytest.param(True, id="everything", marks=pytest.mark.long)]
MOST = {False: 30, True: 90}  # pages that one reader opens, usually and in the long run
LEFT_OUT = re.compile(r"^/(logout|s/|q/|static/|language)|[?&]lang=en")
PASSING = re.compile(r'name="csrf_token"[^>]*>|value="[A-Za-z0-9_.-]{60,}"|name="t" value="\d+"')  # what is new in every page


@pytest.fixture(params=LONG)
def readers(sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> dict[str, FlaskClient]:
    """Browsers of those who must not learn what somebody answered; a running month with many answers in one province."""
    sqlite_app.config["PAGES_OPENED"] = MOST[request.param]
    build([Dossier(f"d{number}", unit="00004", requests=[(2, ["Giấy khai sinh"])]) for number in range(5)])
    rated = [(unit, 3 + index % 3, BIRTH, index % 2, DURING - timedelta(hours=1), {}) for unit in ("00004", "00008") for index in range(15)]
    answers(rated)
    invite("00004", 20)
    monkeypatch.setattr("surveys.views.utc_now", lambda: DURING - timedelta(minutes=30))
    found = {}
    for role, unit in list(READERS.items())[: None if request.param else 2]:
        found[role] = sqlite_app.test_client()
        if role != "passer-by":
            add_user(role, role, role, PASSWORD, unit_code=unit)
            log_in(found[role], role)
    return found


def starts(app: Flask) -> Iterator[str]:
    """The pages of the rated units, and every address without a part to be filled in; those about answers first."""
    yield from (f"/units/{code}" for code in ("00004", "01"))
    rules = sorted(app.url_map.iter_rules(), key=lambda rule: not re.search("centre|answers|satisfaction|survey", rule.rule))
    for rule in rules:
        if "GET" in (rule.methods or ()) and not rule.arguments:
            yield rule.rule


def opened(client: FlaskClient, path: str) -> TestResponse:
    """A page as this browser's own person sees it: in the test's one application context the person would else stay the one who was last
    asked for."""
    g.pop("_login_user", None)
    return client.get(path)


def everything(app: Flask, client: FlaskClient) -> dict[str, tuple[int, str]]:
    """Status and text of everything that the reader can reach by addresses and links."""
    waiting, found = [path for path in starts(app) if not LEFT_OUT.search(path)], dict[str, tuple[int, str]]()
    while waiting and len(found) < app.config["PAGES_OPENED"]:
        path = waiting.pop(0)
        if path in found:
            continue
        page = opened(client, path)
        text = page.get_data().decode("utf-8", errors="replace")
        found[path] = page.status_code, PASSING.sub("", text)
        if page.mimetype == "text/html":
            linked = (urljoin(path, link) for link in re.findall(r'(?:href|src)="([^"#]+)', text))
            waiting += [link for link in linked if not urlsplit(link).netloc and link.startswith("/") and not LEFT_OUT.search(link)]
    return found


def seen_by_all(app: Flask, readers: dict[str, FlaskClient]) -> dict[tuple[str, str], tuple[int, str]]:
    reading().rollback()
    return {(role, path): page for role, client in readers.items() for path, page in everything(app, client).items()}


def fill_in(client: FlaskClient, token: str, first: dict[str, str]) -> None:
    """Answer as a dissatisfied person does."""
    assert client.post(f"/s/{token}", data=first).status_code == 303
    client.post(f"/s/{token}/more", data={"supplement_count": "2+", "asked_again": "yes"})
    last = client.post(f"/s/{token}/more/6", data={"comment": SAID, "staff_present": "beside"})
    if last.status_code == 404:
        client.post(f"/s/{token}/more/2", data={"comment": SAID, "staff_present": "beside"})


def test_nothing_that_an_official_can_open_changes_by_one_answer(sqlite_app: Flask, readers: dict[str, FlaskClient]) -> None:
    tokens = {
        "rating": invited(1, unit_code="00004", procedure_code=BIRTH, simulated=False),
        "clarity": invited(2, unit_code="00004", procedure_code=BIRTH, end_point="supplement", occasion="supplement-1", simulated=False),
    }
    operations.refresh_running(DURING)
    before = seen_by_all(sqlite_app, readers)
    assert sum(status == 200 for status, _text in before.values()) > 30
    citizen = sqlite_app.test_client()
    for code, token in tokens.items():
        fill_in(citizen, token, {code: "1"})
    stored = reading().scalars(select(Answer).where(Answer.comment == SAID)).all()
    assert len(stored) == 2
    operations.refresh_running(DURING)
    after = seen_by_all(sqlite_app, readers)
    assert before.keys() == after.keys()
    assert [key for key in before if before[key] != after[key]] == []
    if len(readers) < len(READERS):
        return
    for token in tokens.values():  # in the long run: nor by taking the answer back
        assert citizen.post(f"/s/{token}/delete").status_code == 200
    operations.refresh_running(DURING)
    again = seen_by_all(sqlite_app, readers)
    assert [key for key in before if before[key] != again[key]] == []


def test_a_closed_month_shows_no_words_and_leads_back_to_nobody(sqlite_app: Flask, readers: dict[str, FlaskClient]) -> None:
    """Also in its files: neither the free text, nor a token, its hash, or the number of an invitation."""
    from surveys.operations import delete_answer

    token = invited(1, unit_code="00004", procedure_code=BIRTH, simulated=False)
    fill_in(sqlite_app.test_client(), token, {"rating": "1"})
    edition = operations.close(MONTH, NOW, "test")
    invitation = reading().scalars(select(Invitation).order_by(Invitation.id.desc())).first()
    assert invitation is not None
    telling = [SAID, token, token.upper(), invitation.token_hash]
    for (role, path), (_status, text) in seen_by_all(sqlite_app, readers).items():
        assert [word for word in telling if word in text] == [], (role, path)
    folder = sqlite_app.extensions["settings"].data_dir / "editions" / edition.folder
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.name == "answers.parquet" for path in files)
    import pyarrow.parquet as pq

    for path in files:
        content = path.read_bytes()
        assert [word for word in telling if word.encode() in content] == [], path.name
        if path.suffix == ".parquet":
            names = set(pq.read_schema(path).names)
            assert names.isdisjoint({"token", "token_hash", "invitation_id", "entry_hash", "comment", "first_answered_at", "answered_on"})
            values = pq.read_table(path).to_pandas().astype(str).to_numpy().ravel().tolist()
            assert [word for word in telling if word in values] == [], path.name
    before = {path: path.read_bytes() for path in files}
    assert delete_answer(token)  # it is gone from the store; what was published holds no way to find it
    assert all(path.read_bytes() == content for path, content in before.items())


def test_those_who_enter_slips_or_call_see_none_of_the_own_unit_come_in(sqlite_app: Flask) -> None:
    """Neither how many were entered or called, nor how far two entries agree; people of other units do see it."""
    put_units()
    number = paper.print_batch("00004", "Một cửa", 3, NOW)
    slips = list(paper._codes(number, 3))
    with writing() as session:
        for slip in session.scalars(select(Slip)):
            slip.twice = True
    operations_of_surveys.invite([Drawn(replace(END_POINT, dossier_code=f"d{each}"), mode="phone") for each in range(2)], NOW)
    telephone.open_cases(OCTOBER)
    pages = {CLERK: "/survey/slips", INTERVIEWER: "/survey/calls"}
    readers = [
        (client_of(sqlite_app, f"{role}{unit}", role, unit), path, unit != "31000")
        for unit in ("00004", "01", "31000")
        for role, path in pages.items()
    ]

    def seen() -> list[str]:
        reading().rollback()
        return [PASSING.sub("", opened(client, path).text) for client, path, _own in readers]

    before = seen()
    assert all('<form class="desk"' in page for page in before)
    clerks = list(reading().scalars(select(User).where(User.unit_code == "31000")))
    for clerk, rating in zip(clerks, "12", strict=True):
        paper.enter(slips[0], {"rating": rating}, clerk, NOW)
    case = telephone.find(telephone.call_code(1))
    assert case is not None
    telephone.record(case, "complete", {"rating": "1"}, NOW, "vi", clerks[0])
    changed = [after != page for after, page in zip(seen(), before, strict=True)]
    assert changed == [not own for _client, _path, own in readers]
