"""Log in, log out, health."""

from collections.abc import Callable
from urllib.parse import urlsplit

from flask import Blueprint, current_app, jsonify, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user, login_user, logout_user
from sqlalchemy import text

from core.access import ADMIN, CENTRE, CLERK, INTERVIEWER, OBSERVER, OFFICE, PUBLIC, ROLES, SINCE, access
from core.accounts import check_password, end_sessions
from core.calendar import utc_now
from core.database import get_engine, reading
from core.forms import LoginForm
from core.models import Lease
from core.web import limiter
from core.worker import LEASE

blueprint = Blueprint("core", __name__)
health = Blueprint("health", __name__)
HealthCheck = Callable[[], str]
HOMES = {
    CENTRE: "scorecard.centre",
    OFFICE: "scorecard.office",
    ADMIN: "scorecard.office",
    CLERK: "survey_desk.slips",
    INTERVIEWER: "survey_desk.calls",
    OBSERVER: "exports.reports",
}


@blueprint.route("/login", methods=["GET", "POST"])
@access(PUBLIC)
@limiter.limit("20 per minute", methods=["POST"])
def login() -> ResponseReturnValue:
    """Log in and go on to where the person wanted to be."""
    form = LoginForm()
    refused = None
    if form.validate_on_submit():
        user = check_password(form.login.data, form.password.data, utc_now())
        if user is not None:
            session.clear()  # a fresh session: whatever was planted in the old one is worth nothing
            login_user(user)
            session.permanent = True  # idle limit
            session[SINCE] = utc_now().timestamp()  # absolute limit
            return redirect(_inside(request.args.get("next")) or url_for(HOMES[user.role]))
        refused = _("Tên đăng nhập hoặc mật khẩu không đúng, hoặc tài khoản đang tạm khóa. Thử lại sau 15 phút nếu đã nhập sai nhiều lần.")
    return render_template("public/login.html", form=form, refused=refused), 401 if refused else 200


@blueprint.post("/logout")
@access(*ROLES)
def logout() -> ResponseReturnValue:
    """Log out."""
    end_sessions(current_user.login)
    logout_user()
    session.clear()
    return redirect(url_for("core.login"))


@health.get("/healthz")
@access(PUBLIC)
@limiter.exempt
def healthz() -> ResponseReturnValue:
    """``{"database": "ok", "lake": "ok", "worker": "ok"}`` with 200, or what is wrong with 503."""
    checks: dict[str, HealthCheck] = {"database": _database, "worker": _worker, **current_app.extensions.get("health", {})}
    results = {}
    for name, check in checks.items():
        try:
            results[name] = check()
        except Exception as error:  # whatever it is, it is not well; the class says enough, the text might say too much
            results[name] = type(error).__name__
    return jsonify(results), 200 if set(results.values()) == {"ok"} else 503


def _database() -> str:
    with get_engine().connect() as connection:
        connection.execute(text("SELECT 1"))
    return "ok"


def _worker() -> str:
    lease = reading().get(Lease, LEASE)
    return "ok" if lease is not None and lease.expires_at > utc_now() else "not running"


def _inside(target: str | None) -> str | None:
    """The address, if it stays on this site."""
    if not target or not target.isprintable():  # a line break would end the header
        return None
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc and target.startswith("/") and not target.startswith(("//", "/\\")) else None
