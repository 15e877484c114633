"""What the survey's pages share: style and script inside the page, its headers, its languages, and lists of papers that fit.

One request brings a whole page of at most 15 kB: on a slow network a second request is what people wait for. The script (at most 3 kB)
only keeps what was filled in while there is no connection, and sends it again; every page works without it.
"""

import base64
import gzip
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import Response, abort, current_app, g, request, url_for
from markupsafe import Markup

from core.settings import ROOT
from core.web import POLICY
from procedures.queries import AskedPaper
from surveys import languages
from surveys.questionnaire import MAX_COMMENT

HEAVIEST = 15_000  # bytes of a page with its headers, style and script
HEADERS = 1_150  # of them, for the headers: granian's and ours
# Papers of a procedure that a page names (a few procedures have more than a hundred) and letters of each name: the first that fits.
PAPERS = ((24, 130), (24, 96), (24, 72), (24, 56), (24, 42), (24, 32), (16, 32), (8, 32), (0, 32))
LONGEST_AWAY = 86_400  # seconds: a page left open longer says nothing about how long somebody took
CARRIED = ("papers", "step", "find")  # what the addresses of pages say besides the language
LONGEST_CARRIED = 80  # letters of each: a longer one is nobody's search
OWN_REQUEST = "X-Form"  # the script's requests carry it, since it cannot read where a redirect leads
NEXT = "X-Next"


def _inlined(*names: str) -> str:
    lines = (line.strip() for name in names for line in (ROOT / "static" / name).read_text(encoding="utf-8").splitlines())
    return "".join(line for line in lines if line and not line.startswith("//"))


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@dataclass(frozen=True)
class Dress:
    """The style and script of a family of pages, and the headers that let them in and keep everything else out."""

    style: str
    script: str

    @classmethod
    def of(cls, *styles: str, script: str = "survey.js") -> "Dress":
        """With these style sheets of ``static/``, and this script."""
        return cls(_inlined(*styles), _inlined(script))

    @property
    def headers(self) -> dict[str, str]:
        """What each page of the survey is sent with."""
        policy = POLICY.replace(
            "style-src 'self'", f"style-src {_digest(self.style)}; script-src {_digest(self.script)}; connect-src 'self'"
        )
        return {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow", "Content-Security-Policy": policy}

    def common(self) -> dict[str, Any]:
        """What every template needs."""
        return {
            "style": Markup(self.style),  # noqa: S704  # our own style sheet
            "script": Markup(self.script),  # noqa: S704  # our own script
            "settings": current_app.extensions["settings"],
            "_": languages.gettext_in_page,
            "pick": languages.words,
            "most_letters": MAX_COMMENT,
            "language": languages.current,
            "other_languages": [(code, name, _switched(code)) for code, name in languages.others()],
        }


def take_whole(most: int) -> None:
    """Refuse what is larger than ``most`` bytes, and what a lost connection cut short: half an answer may be another one."""
    request.max_content_length = most
    if request.method == "POST" and len(request.get_data()) < (request.content_length or 0):
        abort(400)


def _switched(code: str) -> str:
    """This page in another language; where the page cannot be opened by its address, the first one."""
    endpoint = {"survey_open.begin": "survey_open.choose"}.get(request.endpoint or "", request.endpoint or "survey.start")
    # others, such as _scheme, would steer url_for
    kept = {name: value[:LONGEST_CARRIED] for name, value in request.args.items() if name in CARRIED}
    named: dict[str, Any] = {**kept, **(request.view_args or {}), "lang": code}
    if endpoint == "survey_open.choose":
        named.pop("visit", None)
    return url_for(endpoint, **named)


def finish(response: Response) -> Response:
    """No cookie; the language of the page; and for the script's own requests the next address in place of a redirect."""
    g.without_cookies = True
    g.page_language = languages.current()
    if response.status_code == 303 and request.headers.get(OWN_REQUEST):
        following = response.headers["Location"]
        response = Response(status=204, headers={NEXT: following})
    if response.mimetype == "text/html":
        response.vary.add("Accept-Encoding")
        if request.accept_encodings.quality("gzip") > 0 and request.method != "HEAD":
            response.set_data(packed(response.get_data()))
            response.content_encoding = "gzip"
    return response


def packed(page: bytes) -> bytes:
    """A page as it is sent to browsers that unpack it, as all do: about a third. There is no secret of ours in it beside what its reader
    sent, from whose length another site could guess it."""
    return gzip.compress(page, 5, mtime=0)


def weight(page: str) -> int:
    """Bytes of a page without its headers: as it is, so that it is light also where nothing is packed; of languages whose letters take
    three bytes (Khmer) as it is sent."""
    whole = page.encode()
    return len(whole) if languages.current() in languages.OWN else len(packed(whole))


def seconds_since(sent: str, now: datetime) -> int | None:
    """How long a page was filled in, from the hidden field that says when it was sent; None where it does not say so credibly."""
    if not sent.isdecimal() or len(sent) > len("1790000000"):
        return None
    away = int(now.timestamp()) - int(sent)
    return away if 0 <= away <= LONGEST_AWAY else None


def fitting(papers: Sequence[AskedPaper], draw: Callable[[list[AskedPaper], int], str]) -> str:
    """The page with as many papers, and as much of their names, as it has room for in its language. ``draw``: makes the page of some papers
    and of the number of those that are left out."""
    page = ""
    for most, length in PAPERS:
        shown = [replace(paper, name=_cut(paper.name, length)) for paper in papers[:most]]
        page = draw(shown, len(papers) - len(shown))
        if not papers or weight(page) <= HEAVIEST - HEADERS:
            break
    return page


def _cut(name: str, length: int) -> str:
    name = " ".join(name.split())
    return name if len(name) <= length else name[: length - 1].rsplit(" ", 1)[0].rstrip(" ,;:(") + "…"
