"""Routes: what a file is, and the digests of all that was published. Nothing that is sent here is kept."""

import re

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from core.access import PUBLIC, access
from core.database import reading
from core.web import csrf, limiter
from exports import queries, verifying

blueprint = Blueprint("verify", __name__)
DIGEST = re.compile(r"[0-9a-f]{64}")
LOOKS = "30 per minute"
AROUND = 4096  # bytes of a form around the file in it


@blueprint.get("/verify")
@access(PUBLIC)
@limiter.limit(LOOKS)
def page() -> ResponseReturnValue:
    """The form; with ``?sha256=`` what is known of that digest."""
    given = "".join(request.args.get("sha256", "").split()).lower()
    verdict, wrong = None, False
    if given:
        wrong = not DIGEST.fullmatch(given)
        verdict = None if wrong else verifying.by_digest(reading(), given)
    return _page(verdict=verdict, given=given, problem="digest" if wrong else "", status=400 if wrong else 200)


@blueprint.post("/verify")
@access(PUBLIC)
@limiter.limit(LOOKS)
@csrf.exempt  # type: ignore[untyped-decorator]  # nothing is changed by it, and a stranger has no log-in to abuse
def look() -> ResponseReturnValue:
    """Tell what the file in the form is."""
    request.max_content_length = verifying.LARGEST + AROUND
    try:
        file = request.files.get("file")
        content = file.stream.read(verifying.LARGEST + 1) if file is not None else b""
    except RequestEntityTooLarge:
        return _page(problem="large", status=413)
    if len(content) > verifying.LARGEST:
        return _page(problem="large", status=413)
    if not content:
        return _page(problem="empty", status=400)
    return _page(verdict=verifying.verify(reading(), content))


@blueprint.get("/verify/digests")
@access(PUBLIC)
def digests() -> ResponseReturnValue:
    """Digests of every file that was ever published."""
    found = queries.published_digests(reading())
    return render_template("public/digests.html", digests=found)


@blueprint.get("/verify/SHA256SUMS")
@access(PUBLIC)
def sums() -> ResponseReturnValue:
    """The same for ``sha256sum -c``."""
    lines = [f"{digest.sha256}  {digest.name}\n" for digest in queries.published_digests(reading())]
    return Response("".join(lines), mimetype="text/plain", headers={"Content-Disposition": "inline; filename=SHA256SUMS"})


def _page(verdict: verifying.Verdict | None = None, given: str = "", problem: str = "", status: int = 200) -> ResponseReturnValue:
    limit = verifying.LARGEST >> 20
    return render_template("public/verify.html", verdict=verdict, given=given, problem=problem, limit=limit), status
