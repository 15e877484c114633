"""Every route has a rule, and the rule is kept."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from core import access
from core.accounts import add_user
from tests.conftest import PASSWORD, log_in

PUBLIC_PAGES = {
    "static",
    "api.openapi",
    "core.login",
    "health.healthz",
    "scorecard.home",
    "mismatch.mismatch",
    "scorecard.locality",
    "scorecard.localities",
    "scorecard.procedure",
    "scorecard.procedures",
    "scorecard.method",
    "services.availability",
    "services.provider",
    "services.providers",
    "services.sector",
    "services.table_csv",
    "services.unit",
    "rules.catalogue",
    "rules.detail",
    "rules.index",
    "targets.goals",
    "satisfaction.satisfaction",
    "declare_once.declare_once",
    "integrity.other_surveys",
    "exports.reports",
    "exports.report_pdf",
    "exports.latest_pdf",
    "exports.data_file",
    "papers.english_pdf",
    "papers.place_pdf",
    "exports.named_file",
    "verify.page",
    "verify.look",
    "verify.digests",
    "verify.sums",
    "publication.data_dictionary",
    "publication.dictionary_csv",
    "open_data.editions",
    "open_data.edition",
    "open_data.indicators",
    "open_data.measurements",
    "open_data.tables",
    "open_data.table_csv",
    "open_data.table",
    "open_data.files",
    "open_data.schema",
    "survey_open.choose",
}


def test_every_route_declares_its_rule(app: Flask) -> None:
    undeclared = [rule.endpoint for rule in app.url_map.iter_rules() if not access.rules_of(app, rule.endpoint)]
    assert undeclared == []


def test_only_the_known_pages_are_public(app: Flask) -> None:
    public = {rule.endpoint for rule in app.url_map.iter_rules() if access.PUBLIC in access.rules_of(app, rule.endpoint)}
    assert public <= PUBLIC_PAGES
    tokens = {rule.rule for rule in app.url_map.iter_rules() if access.TOKEN in access.rules_of(app, rule.endpoint)}
    assert all(rule.startswith(("/s/<token>", "/q/<code>/<visit>")) for rule in tokens)


def _addresses(app: Flask) -> list[tuple[str, str, str]]:
    found = []
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<[^>]*month>", "2026-10", rule.rule)
        path = re.sub(r"<[^>]+>", "x", re.sub(r"<int:[^>]+>", "1", path))
        found.extend((method, path, rule.endpoint) for method in sorted((rule.methods or set()) & {"GET", "POST"}))
    return found


def test_a_stranger_reaches_no_guarded_page(app: Flask, client: FlaskClient) -> None:
    guarded = 0
    for method, path, endpoint in _addresses(app):
        if access.rules_of(app, endpoint) & {access.PUBLIC, access.TOKEN, access.BEARER}:
            continue
        answer = client.open(path, method=method)
        assert answer.status_code == 302, (method, path)
        assert answer.location.startswith("/login"), (method, path)
        guarded += 1
    assert guarded > 5


@pytest.mark.parametrize("role", access.ROLES)
def test_a_role_is_kept_out_of_what_is_not_its_own(app: Flask, role: str) -> None:
    add_user("someone", "Someone", role, PASSWORD, unit_code="01" if role in (access.CENTRE, access.CLERK) else None)
    client = app.test_client()
    log_in(client, "someone")
    for method, path, endpoint in _addresses(app):
        rules = access.rules_of(app, endpoint)
        if not rules & {access.PUBLIC, access.TOKEN, access.BEARER} and role not in rules:
            assert client.open(path, method=method).status_code == 403, (method, path)


@pytest.mark.parametrize("logged_in", [False, True])
def test_a_door_for_systems_opens_for_a_valid_bearer_token_alone(app: Flask, logged_in: bool) -> None:
    add_user("someone", "Someone", access.ADMIN, PASSWORD)
    client = app.test_client()
    if logged_in:
        log_in(client, "someone")
    doors = [(method, path) for method, path, endpoint in _addresses(app) if access.BEARER in access.rules_of(app, endpoint)]
    assert len(doors) > 2
    for method, path in doors:
        assert path.startswith(access.MACHINES)
        for given in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic c29tZW9uZTp4"}):
            answer = client.open(path, method=method, headers=given)
            assert (answer.status_code, answer.mimetype) == (401, "application/problem+json"), (method, path)
            challenge = answer.headers["WWW-Authenticate"]
            assert challenge.startswith("Bearer ")
            assert ("invalid_token" in challenge) == bool(given)


def test_the_token_alone_says_who_is_there(app: Flask) -> None:
    app.extensions["bearer"] = {"right": "someone"}.get
    for given, found in ((None, None), ("Bearer right", "someone"), ("bearer right", "someone"), ("Bearer wrong", None), ("right", None)):
        with app.test_request_context(headers={"Authorization": given} if given else {}):
            assert access.bearer() == found


def test_a_route_without_a_rule_is_refused(app: Flask) -> None:
    bare = Flask("bare")
    bare.extensions = app.extensions
    bare.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    assert access.rules_of(bare, "forgotten") == frozenset()


def test_login_does_not_lead_off_the_site(app: Flask) -> None:
    add_user("someone", "Someone", access.OFFICE, PASSWORD)
    for target in ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "/centre\r\nX: 1"):
        client = app.test_client()
        answer = client.post("/login", query_string={"next": target}, data={"login": "someone", "password": PASSWORD})
        assert answer.location == "/office", target


def test_five_wrong_passwords_lock_the_account(app: Flask) -> None:
    add_user("someone", "Someone", access.OFFICE, PASSWORD)
    client = app.test_client()
    for _ in range(5):
        assert client.post("/login", data={"login": "someone", "password": "wrong"}).status_code == 401
    assert client.post("/login", data={"login": "someone", "password": PASSWORD}).status_code == 401


def test_a_form_without_its_token_is_refused(app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    add_user("someone", "Someone", access.OFFICE, PASSWORD)
    assert app.test_client().post("/login", data={"login": "someone", "password": PASSWORD}).status_code != 302


def _status(app: Flask, client: FlaskClient, method: str, path: str) -> int:
    """A request in a context of its own, as every real one is: the test's own context would keep the person in mind."""
    with app.app_context():
        return client.open(path, method=method).status_code


def test_logging_out_ends_every_session_of_the_account(app: Flask) -> None:
    add_user("someone", "Someone", access.OFFICE, PASSWORD)
    here, elsewhere = app.test_client(), app.test_client()
    for client in (here, elsewhere):
        with app.app_context():
            log_in(client, "someone")
        assert _status(app, client, "GET", "/office") == 200
    assert _status(app, here, "POST", "/logout") == 302
    assert _status(app, elsewhere, "GET", "/office") == 302


def test_a_log_in_ends_after_a_working_day(app: Flask) -> None:
    add_user("someone", "Someone", access.OFFICE, PASSWORD)
    client = app.test_client()
    with app.app_context():
        log_in(client, "someone")
    assert _status(app, client, "GET", "/office") == 200
    with client.session_transaction() as session:
        session[access.SINCE] -= access.ABSOLUTE.total_seconds()
    assert _status(app, client, "GET", "/office") == 302


def test_a_process_for_the_survey_alone_has_no_log_in(app: Flask) -> None:
    alone = create_app({"survey"}, app.extensions["settings"])
    client = alone.test_client()
    assert client.get("/login").status_code == 404
    assert client.get("/healthz").status_code in (200, 503)
    alone.extensions["engine"].dispose()
