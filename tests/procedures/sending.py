"""Persons who send files on the pages, for these tests: each request in a context of its own, as every real one is."""

import io
import json
import re
from datetime import datetime
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from core import accounts
from core.calendar import utc_now
from core.database import reading, writing
from procedures.models import Source, Submission
from tests.conftest import PASSWORD, log_in
from tests.procedures.feed import message, small_country

CENTRE, NEIGHBOUR, OFFICE = "trungtam", "noikhac", "vanphong"


class Person:
    """Someone at a browser without a screen."""

    def __init__(self, app: Flask, login: str) -> None:
        self._app, self._client = app, app.test_client()
        with app.app_context():
            log_in(self._client, login)

    @property
    def client(self) -> FlaskClient:
        """The browser itself."""
        return self._client

    def get(self, path: str) -> TestResponse:
        """Open a page."""
        with self._app.app_context():
            return self._client.get(path)

    def post(self, path: str, **data: Any) -> TestResponse:
        """Send a form."""
        with self._app.app_context():
            return self._client.post(path, data=data)

    def send(self, content: bytes | None, name: str = "ho-so.jsonl", **data: Any) -> TestResponse:
        """Send a file by the form; ``content`` None: no file was chosen."""
        form = {"source": "h26", "profile": "national-sync"} | data
        return self.post("/submissions/new", **form, **({} if content is None else {"file": (io.BytesIO(content), name)}))


def people(app: Flask) -> tuple[Person, Person, Person]:
    """The small country with its centre's clerk, a clerk of the other province, and an officer."""
    small_country()
    accounts.add_user(CENTRE, "Trung tâm", "centre", PASSWORD, "H26.99")
    accounts.add_user(NEIGHBOUR, "Tỉnh bên", "centre", PASSWORD, "04")
    accounts.add_user(OFFICE, "Công chức", "office", PASSWORD)
    return Person(app, CENTRE), Person(app, NEIGHBOUR), Person(app, OFFICE)


def lines(*messages: dict[str, Any]) -> bytes:
    """JSON lines of dossiers."""
    return "\n".join(json.dumps(item, ensure_ascii=False) for item in (messages or (message(),))).encode()


def key_of(answer: TestResponse) -> str:
    """The submission to whose page an answer leads."""
    assert answer.status_code == 303, answer.text
    return str(answer.location.rsplit("/", 1)[1])


def stored(key: str) -> Submission:
    """A submission as it stands now."""
    reading().rollback()
    return reading().scalars(select(Submission).where(Submission.key == key)).one()


def record(key: str, source: str = "h26", received_at: datetime | None = None, **values: Any) -> str:
    """Put a submission of any state on record."""
    with writing() as session:
        source_id = session.scalars(select(Source.id).where(Source.code == source)).one()
        base = {"way": "upload", "profile": "flat-vi", "file_name": f"{key}.csv", "sha256": "0", "sent_by": CENTRE, "state": "accepted"}
        session.add(Submission(key=key, source_id=source_id, received_at=received_at or utc_now(), **(base | {"months": []} | values)))
    return key


def seen(answer: TestResponse) -> str:
    """What a reader sees of the page's content, on one line."""
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", "<main" + main).replace("&#39;", "'").replace("&amp;", "&").split())
