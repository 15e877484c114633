"""How much the survey takes from whom: strict for each token, loose for each address, and never an honest answer lost.

A carrier puts thousands of people behind one address, so the limit of an address is wide, and whoever holds a token that is valid and
not yet used is not counted at all, nor are the first requests with a used one. Requests with tokens or codes that there are not are
counted apart, and narrowly. The counters hold keyed hashes, neither tokens nor addresses, for at most five minutes.

Embedded (``memory://``) each web process holds its share of a limit in its own memory: together the processes keep to the limit as far
as the load is spread evenly over them. In production a shared store (Redis, Memcached) holds the whole limit. If that store is away,
each process goes on with its own share in memory.
"""

import hmac
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, current_app, request
from werkzeug.datastructures import MultiDict

from core.calendar import utc_now
from core.database import reading
from core.keys import keyed_hash
from core.proxies import client_network
from core.settings import Settings
from core.web import limiter
from surveys import posters, privacy, queries
from surveys.models import Invitation, Place

PER_TOKEN = 60  # requests a minute; walking through the form once makes about fifteen
OWN_WALK = "40 per 5 minutes"  # requests of one used token that are not counted to its address: walking through, amending, deleting
LEAST_PER_TOKEN = 40  # that one of many processes lets through: all requests of one person may meet the same process
# New answers at one open link from one network: all of them, and the same said by browsers that look alike. Wide, for a network and a
# model of telephone are many people's; who comes above it is told to press again, never that it was stored. A hall whose visitors all
# answer through one address has some five a minute. 5 minutes: GOV.UK support-api's window.
NEW_ANSWERS, DUPLICATES = 60, 30
WINDOW = "5 minutes"
BLANK = "website"  # a labelled field that people leave empty and machines fill
NOBODY = "-" * 26  # hashed in place of what cannot be a token, so that both cost the same
_KEPT, _WALK, _PLACE = "scorecard.survey.token", "scorecard.survey.walk", "scorecard.survey.place"


def guard(blueprint: Blueprint) -> None:
    """Limit the pages behind a token (``<token>`` in the address) and refuse forms that another site sent."""
    limit = limiter.shared_limit
    limit(_per_token, scope="survey-token", key_func=_token_key, exempt_when=is_unknown)(blueprint)
    limit(_per_address, scope="survey-address", key_func=_address_key, exempt_when=is_not_counted_to_address)(blueprint)
    limit(_per_unknown, scope="survey-unknown", key_func=_address_key, exempt_when=is_known, deduct_when=_missed)(blueprint)
    blueprint.before_request(refuse_other_sites)


def guard_open(blueprint: Blueprint) -> None:
    """Limit the pages behind a poster, which everybody may open, and refuse forms that another site sent.

    Each poster is counted for itself, and codes that there are not apart: a flood turns no visitor of another poster away.
    """
    limit = limiter.shared_limit
    limit(_per_address, scope="survey-open", key_func=_place_key, exempt_when=is_no_new_visit)(blueprint)
    limit(_per_unknown, scope="survey-open-unknown", key_func=_address_key, exempt_when=is_known_place, deduct_when=_missed)(blueprint)
    blueprint.before_request(refuse_other_sites)


def opened(token: str) -> tuple[Invitation | None, bool]:
    """The invitation that a token opens and whether it is answered; looked up once in a request.

    What cannot be a token is looked up all the same, so that its answer takes as long as that of a token that is not there; and the
    hash that was found is compared in constant time.
    """
    if (found := request.environ.get(_KEPT)) is None:
        wanted = _key_of(token)
        invitation, answered = queries.opened(reading(), wanted)
        if invitation is not None and not hmac.compare_digest(invitation.token_hash, wanted):
            invitation = None
        found = request.environ[_KEPT] = (invitation, answered)
    return found


def is_known() -> bool:
    """Whether this request's token is one that was given out."""
    return opened(_token())[0] is not None


def is_unknown() -> bool:
    """Whether this request's token is none that was given out: counting each such by itself would only fill the memory."""
    return not is_known()


def is_fresh_or_unknown() -> bool:
    """Whether nobody has answered with this request's token: a valid one is never turned away for its address, and those that are not
    there have a limit of their own, so that a flood of them does not shut out anybody else at the same address."""
    return not opened(_token())[1]


def is_not_counted_to_address() -> bool:
    """Whether this request's token is fresh or unknown, or used so little lately that its own limit is strict enough: who has just
    answered goes on, amends and deletes whatever others do at the same address. Each request counts once."""
    return is_fresh_or_unknown() or _is_within_walk("survey-walk", _token_key())


def place() -> Place | None:
    """The poster or kiosk that this request's code names; looked up once in a request."""
    if _PLACE not in request.environ:
        request.environ[_PLACE] = posters.place_of(reading(), str((request.view_args or {}).get("code", "")))
    found: Place | None = request.environ[_PLACE]
    return found


def place_seen() -> Place | None:
    """What ``place`` has found in this request so far, without asking the database: for pages that tell that something failed."""
    found: Place | None = request.environ.get(_PLACE)
    return found


def is_known_place() -> bool:
    """Whether this request's code is a poster's or a kiosk's."""
    return place() is not None


def is_unknown_place() -> bool:
    """Whether this request's code is none that was given out."""
    return place() is None


def is_no_new_visit() -> bool:
    """Whether this request's code is none that was given out, or its visit has said something already and goes on: who pressed once adds to
    it whatever others do at the same address. A visit's own walk is limited like a token's."""
    visit = str((request.view_args or {}).get("visit", ""))
    found = place()
    if found is None:
        return True
    if not visit or posters.visit_of(reading(), found, visit, utc_now()) is None:
        return False
    return _is_within_walk("survey-visit", _key_of(visit))


def _is_within_walk(scope: str, key: str) -> bool:
    """Whether whoever answers goes on at the pace of a person. Each request counts once."""
    if (within := request.environ.get(_WALK)) is None:
        from limits import parse

        within = request.environ[_WALK] = limiter.limiter.hit(parse(OWN_WALK), scope, key)
    return bool(within)


def is_machine(form: "MultiDict[str, str]") -> bool:
    """Whether the field that people leave empty is filled."""
    return bool(form.get(BLANK))


def is_repeated(where: Place, said: str) -> bool:
    """Whether more was said at an open link from this network within a few minutes than people would say, or, at a poster, the same very
    often by browsers that look like this one (a kiosk is one device for all); each call counts. They may be different people: nothing may
    be dropped for it without saying so."""
    if not limiter.enabled:
        return False
    agent = request.headers.get("User-Agent", "")
    alike = where.mode == "open" and _is_above(DUPLICATES, "survey-duplicate", client_network(), agent, where.code, said)
    return alike or _is_above(NEW_ANSWERS, "survey-new", client_network(), where.code)


def _is_above(most: int, scope: str, *whose: str) -> bool:
    from limits import parse

    return not limiter.limiter.hit(parse(f"{share(most, _settings())} per {WINDOW}"), scope, _hashed("\x1f".join(whose)))


def refuse_other_sites() -> None:
    """403 for a form that a browser sent from another site's page.

    ``Sec-Fetch-Site`` says so where a browser sends it; ``Origin`` is ``null`` on our own pages, which tell nobody where one comes from.
    """
    if request.method != "POST":
        return
    origin = request.headers.get("Origin", "null")
    if request.headers.get("Sec-Fetch-Site") == "cross-site" or (origin != "null" and urlsplit(origin).netloc != request.host):
        abort(403)


def share(limit: int, settings: Settings, least: int = 1) -> int:
    """How much of a limit this process lets through: all of it where the counters are shared, else its part."""
    if not settings.rate_limit_storage.startswith("memory"):
        return limit
    return max(least, -(-limit // settings.web_processes))


def _per_token() -> str:
    return f"{share(PER_TOKEN, _settings(), LEAST_PER_TOKEN)} per minute"


def _per_address() -> str:
    return f"{share(_settings().survey_per_address, _settings())} per minute"


def _per_unknown() -> str:
    return f"{share(_settings().survey_unknown_per_address, _settings())} per minute"


def _missed(response: Response) -> bool:
    return response.status_code == 404


def _token() -> str:
    return str((request.view_args or {}).get("token", ""))


def _token_key() -> str:
    return _key_of(_token())


def _key_of(spelled: str) -> str:
    """The key under which a token or a visit is counted: one for all spellings that are read alike."""
    return privacy.hash_token(_settings(), privacy.read_token(spelled) or NOBODY)


def _address_key() -> str:
    return _hashed(client_network())


def _place_key() -> str:
    found = place()
    return _hashed("\x1f".join((client_network(), found.code if found is not None else "")))


def _hashed(text: str) -> str:
    return keyed_hash(_settings().answer_key.get_secret_value(), "\x1flimit\x1f" + text)


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
