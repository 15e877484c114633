"""What every page shares: language, number filters, security headers, errors, rate limits."""

import logging
from pathlib import Path

from flask import Flask, Response, abort, g, has_request_context, render_template, request
from flask_babel import Babel, force_locale, get_locale
from flask_limiter import Limiter
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import HTTPException

from core import counters, numbers
from core.errors import InputError
from core.proxies import TrustedProxies, client_network, networks
from core.settings import ROOT, Settings

LANGUAGES = ("vi", "en")
LANGUAGE_COOKIE = "lang"
FORM = "application/x-www-form-urlencoded"
POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

babel = Babel()
csrf = CSRFProtect()
limiter = Limiter(client_network, default_limits=["600 per minute"], in_memory_fallback_enabled=True)
logging.getLogger("flask-limiter").setLevel(logging.WARNING)  # below that it writes addresses down


def language() -> str:
    """``vi`` or ``en``, for this page or this forced locale."""
    return "en" if str(get_locale()) == "en" else "vi"


def pick(vi: str, en: str) -> str:
    """The text in the reader's language, for data that carries both."""
    return en if language() == "en" else vi


def _choose_language() -> str:
    if not has_request_context():
        return "vi"
    for wanted in (request.args.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if wanted in LANGUAGES:
            return wanted
    return "vi"  # Vietnamese first, whatever the browser was installed with


def init_app(app: Flask, settings: Settings) -> None:
    """Set up language, filters, headers, errors and limits."""
    rooms = sorted(path for path in (ROOT / "translations").iterdir() if path.is_dir())
    app.config.update(
        SECRET_KEY=settings.secret_key.get_secret_value(),
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_SSL_STRICT=settings.secure_cookies,
        MAX_CONTENT_LENGTH=settings.max_upload_mb * 1024 * 1024,
        BABEL_DEFAULT_LOCALE="vi",
        BABEL_DEFAULT_TIMEZONE="Asia/Ho_Chi_Minh",
        BABEL_TRANSLATION_DIRECTORIES=";".join(str(Path(room)) for room in rooms),
        RATELIMIT_STORAGE_URI=f"{counters.SCHEME}://" if settings.rate_limit_storage == "memory://" else settings.rate_limit_storage,
    )
    if settings.trusted_proxies:
        proxies = networks(settings.proxy_networks)
        app.wsgi_app = TrustedProxies(app.wsgi_app, settings.trusted_proxies, proxies)  # type: ignore[method-assign]  # Flask's documented way
    babel.init_app(app, locale_selector=_choose_language)
    csrf.init_app(app)
    limiter.init_app(app)
    filters = app.jinja_env.filters
    filters["number"] = lambda value, decimals=0: numbers.number(value, language(), decimals)
    filters["percent"] = lambda value, decimals=1: numbers.percent(value, language(), decimals)
    filters["day"] = lambda value: numbers.day(value, language())
    filters["month"] = lambda value: numbers.month(value, language())
    app.jinja_env.globals.update(
        pick=pick,
        language=language,
        other_language=lambda: "vi" if language() == "en" else "en",
        interval=lambda low, high, decimals=1: numbers.interval(low, high, language(), decimals),
    )
    app.before_request(_refuse_nul)
    app.after_request(_finish)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(CSRFError, _http_error)
    app.register_error_handler(InputError, _input_error)
    app.register_error_handler(500, _crash)


def _refuse_nul() -> None:
    """The sign NUL, which no browser sends by itself and PostgreSQL cannot hold, is answered before anything is looked up or stored.

    Bodies of uploads, and of the survey, which are cleaned of such signs, are not read here: they have limits of their own.
    """
    if request.path.startswith("/api/"):  # tells what is wrong in its own form
        return
    if "\x00" in request.path:
        abort(404)
    given = [request.args]
    if request.mimetype == FORM and not request.path.startswith(("/s/", "/q/")):
        given.append(request.form)
    for key, values in (entry for each in given for entry in each.lists()):
        if any("\x00" in text for text in (key, *values)):
            raise InputError(
                f"Ô “{key}” có ký tự rỗng (NUL), không lưu được. Gõ lại ô này rồi gửi lại.".replace("\x00", ""),
                f"The field “{key}” holds the character NUL, which cannot be stored. Type it again and send it.".replace("\x00", ""),
                field=key,
            )


def _finish(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "no-referrer")
    headers.setdefault("Cache-Control", "no-store" if request.cookies.get("session") else "no-cache")
    headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    if request.is_secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    known = request.endpoint is not None and not g.get("without_cookies")  # survey pages set none at all
    if known and request.args.get("lang") in LANGUAGES:
        response.set_cookie(LANGUAGE_COOKIE, request.args["lang"], max_age=31536000, samesite="Lax", secure=request.is_secure)
    if response.mimetype == "text/html":
        headers["Content-Language"] = g.get("page_language", language())
        response.vary.add("Cookie")
    return response


def _http_error(error: HTTPException) -> tuple[str, int]:
    code = error.code or 500
    return render_template("public/error.html", code=code, message=None), code


def _input_error(error: InputError) -> tuple[str, int]:
    message = error.message(language()) if error.row is None else error.text(language())  # of a file: where in it
    return render_template("public/error.html", code=400, message=message), 400


def _crash(_error: Exception) -> tuple[str, int]:
    with force_locale(language()):
        return render_template("public/error.html", code=500, message=None), 500
