"""Who may open what. Every route declares its rule with ``access``; a route without one is refused."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from flask import Flask, Request, abort, current_app, redirect, request, session, url_for
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, current_user
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from core.calendar import utc_now
from core.database import reading
from core.models import User

PUBLIC = "public"  # anyone
TOKEN = "token"  # whoever holds the secret in the address  # noqa: S105  # a rule's name, not a password
BEARER = "bearer"  # a system that sends the token of its source with each request
CENTRE, OFFICE, ADMIN = "centre", "office", "admin"  # roles
CLERK, INTERVIEWER = "clerk", "interviewer"  # enter paper slips; call people up: they see nothing else
OBSERVER = "observer"  # reads all editions, imports a survey of its own
ROLES = (CENTRE, OFFICE, ADMIN, CLERK, INTERVIEWER, OBSERVER)
IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=10)  # a working day
SINCE = "since"  # session key: when the person logged in, seconds since 1970
KEPT = "scorecard.bearer"  # where a request keeps what its bearer token stands for
MACHINES = "/api/"  # addresses for systems: no cookie is read or set there

View = TypeVar("View", bound=Callable[..., Any])
login_manager = LoginManager()


def access(*rules: str) -> Callable[[View], View]:
    """Declare beside a route who may open it: ``PUBLIC``, ``TOKEN``, ``BEARER``, or one or more roles. ``ADMIN`` implies nothing."""
    unknown = set(rules) - {PUBLIC, TOKEN, BEARER, *ROLES}
    if unknown or not rules:
        raise ValueError(f"unknown access rules {unknown}")

    def declare(view: View) -> View:
        view.access_rules = frozenset(rules)  # type: ignore[attr-defined]  # an attribute of our own on a function
        return view

    return declare


def rules_of(app: Flask, endpoint: str) -> frozenset[str]:
    """The declared rules of an endpoint; empty if it declared none. Flask's own ``static`` is public."""
    if endpoint == "static":
        return frozenset({PUBLIC})
    return getattr(app.view_functions[endpoint], "access_rules", frozenset())


def init_app(app: Flask) -> None:
    """Guard every route and limit the time of a log-in."""
    app.permanent_session_lifetime = IDLE  # the cookie is renewed with each answer
    app.session_interface = _Sessions()
    login_manager.init_app(app)
    app.before_request(_guard)


class _Sessions(SecureCookieSessionInterface):
    """Log-in cookies, but for systems: their requests have no session at all."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        return None if request.path.startswith(MACHINES) else super().open_session(app, request)


def bearer() -> Any | None:
    """What the bearer token of this request stands for, as the room that keeps such tokens says; None: no valid token.

    ``app.extensions["bearer"]`` is that room's function from a token's text.
    """
    if KEPT not in request.environ:  # not ``g``: it may outlive the request
        given = request.authorization
        token = given.token if given is not None and given.type == "bearer" else None
        request.environ[KEPT] = current_app.extensions["bearer"](token) if token else None
    return request.environ[KEPT]


@login_manager.user_loader  # type: ignore[untyped-decorator]  # flask-login ships no types
def _load_user(session_id: str) -> User | None:
    """The person, unless the account is off, its sessions were ended, or the log-in is too old."""
    number, _, stamp = session_id.partition(":")
    user = reading().get(User, int(number)) if number.isdigit() else None
    fresh = utc_now().timestamp() - session.get(SINCE, 0) < ABSOLUTE.total_seconds()
    return user if user is not None and user.active and stamp == user.session_stamp and fresh else None


def _guard() -> ResponseReturnValue | None:
    if request.endpoint is None:
        return None  # becomes 404
    rules = rules_of(current_app, request.endpoint)
    if rules & {PUBLIC, TOKEN}:
        return None
    if BEARER in rules:
        if bearer() is None:
            told: dict[str, str | None] = {"error": "invalid_token"} if "Authorization" in request.headers else {}
            raise Unauthorized(www_authenticate=WWWAuthenticate("bearer", {"realm": "dossiers", **told}))
        return None
    if not current_user.is_authenticated:
        return redirect(url_for("core.login", next=request.full_path.rstrip("?")))
    if current_user.role not in rules:
        abort(403)
    return None
