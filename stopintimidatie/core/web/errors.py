"""Pages for when something can't be done: plain Dutch, and always a next step.

An anonymous visitor of the portal gets the same redirect to the sign-in page for every address,
whether it exists or not. What one may not see doesn't exist (404). These views run inside the
request's transaction, which is then rolled back; the page for 500 asks nothing of the database.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from pyramid.exceptions import BadCSRFOrigin, BadCSRFToken
from pyramid.httpexceptions import (
    HTTPBadRequest,
    HTTPConflict,
    HTTPException,
    HTTPForbidden,
    HTTPMovedPermanently,
    HTTPNotFound,
    HTTPRequestEntityTooLarge,
    HTTPSeeOther,
    HTTPTemporaryRedirect,
)
from pyramid.renderers import render_to_response
from pyramid.response import Response
from pyramid.security import view_execution_permitted
from pyramid_retry import is_error_retryable, is_last_attempt
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm.exc import StaleDataError
from transaction.interfaces import NoTransaction
from webob.request import DisconnectionError

from stopintimidatie.core.audit import NotRecordedError, is_unrecorded
from stopintimidatie.core.security.policy import note_refusal
from stopintimidatie.core.storage.session import RETRY_AFTER_SECONDS, is_outage, kind_of
from stopintimidatie.core.telemetry import log_error
from stopintimidatie.core.tree.services import moved_to, remains_here
from stopintimidatie.core.web.body import PUBLIC_PREFIXES, is_stream
from stopintimidatie.core.web.components import may_search
from stopintimidatie.core.web.request import CrowdedError, StrangeHost, query_pairs
from stopintimidatie.core.web.theme import Branding
from stopintimidatie.core.web.translation import DUTCH

log = logging.getLogger(__name__)

SIGN_IN = "/aanmelden"


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """Words of an error page."""

    title: str
    lines: tuple[str, ...]


def _page(title: str, *lines: str) -> ErrorPage:
    return ErrorPage(title, lines)


PAGES: Mapping[int, ErrorPage] = {
    400: _page(
        "Dit verzoek klopt niet",
        "Wij konden niet lezen wat er werd verstuurd. Er is niets opgeslagen.",
        "Ga terug naar de vorige pagina, laad die opnieuw en probeer het nog een keer.",
    ),
    403: _page(
        "U mag dit niet doen",
        "Uw rol geeft geen recht op deze handeling. Er is niets gewijzigd.",
        "Hebt u dit nodig voor uw werk? Vraag de functioneel beheerder van uw gemeente om"
        " de juiste rol.",
    ),
    404: _page(
        "Deze pagina is er niet",
        "Het adres klopt niet, of de pagina is niet voor u te zien.",
        "Kijk het adres na, of ga verder met wat hieronder staat.",
    ),
    405: _page(
        "Dit kan hier niet",
        "Deze pagina kan niet op deze manier worden geopend.",
        "Ga terug en gebruik de knop op de pagina.",
    ),
    408: _page(
        "Dit kwam te langzaam binnen",
        "De verbinding stond te lang stil of was te traag. Er is niets opgeslagen.",
        "Ga terug naar de vorige pagina en verstuur het nog een keer, met een betere"
        " verbinding of een kleiner bestand.",
    ),
    409: _page(
        "Iemand anders was u voor",
        "Intussen heeft iemand anders dit gewijzigd. Uw wijziging is niet opgeslagen en er is"
        " niets overschreven.",
        "Open de pagina opnieuw, bekijk wat er is veranderd en doe uw wijziging daarna nog een"
        " keer.",
    ),
    413: _page(
        "Dit is te groot",
        "Wat u verstuurde is te groot. Er is niets opgeslagen.",
        "Ga terug en maak de tekst korter, of kies een kleiner bestand.",
    ),
    500: _page(
        "Er ging iets mis bij ons",
        "Dit is onze fout. Er is niets opgeslagen van wat u net deed.",
        "Wacht een minuut en probeer het opnieuw. Lukt het dan nog niet? Geef de beheerder het"
        " nummer hieronder.",
    ),
    503: _page(
        "Even niet bereikbaar",
        "De gegevens zijn nu niet te bereiken. Misschien is uw laatste wijziging niet bewaard.",
        "Wacht een halve minuut, laad de pagina opnieuw en kijk of uw wijziging er staat.",
    ),
}
CROWDED_PAGE = _page(
    "Het is nu te druk",
    "Er wordt te veel tegelijk verstuurd. Wat u verstuurde, is niet opgeslagen.",
    "Ga terug naar de vorige pagina, wacht een halve minuut en verstuur het nog een keer. Zat er"
    " een bestand bij? Laat dat dan weg: het kan later nog.",
)
SHUT_PAGE = _page(
    "Wij kunnen nu niets laten zien",
    "Wie iets bekijkt of wijzigt, komt in het logboek. Het logboek neemt nu niets aan, dus"
    " laten wij niets zien.",
    "Stuurde u iets op? Kijk dan straks na of het er staat, voordat u het nog eens doet.",
    "Wacht een minuut en laad de pagina opnieuw. Blijft dit zo? Bel de beheerder.",
)
HOST_PAGE = _page(
    "Dit adres is niet van Stopintimidatie",
    "U kwam hier langs een andere naam dan die van deze dienst. Er is niets opgeslagen.",
    "Typ het adres dat u van uw gemeente kreeg in de adresbalk en probeer het opnieuw.",
)
ORIGIN_PAGE = _page(
    "Dit kwam niet van onze pagina",
    "Volgens uw browser stond dit formulier op een andere website, of uw browser zegt niet waar het"
    " stond. Er is niets opgeslagen.",
    "Typ het adres dat u van uw gemeente kreeg in de adresbalk, en vul het formulier daar in.",
)
TOKEN_PAGE = _page(
    "Dit formulier geldt niet meer",
    "Het stond lang open, of u hebt intussen opnieuw aangemeld. Er is niets opgeslagen.",
    "Ga terug, laad de pagina opnieuw en verstuur het formulier nog een keer.",
)
AGAIN_PAGE = _page(
    "Verstuurt u dit nog een keer?",
    "U hebt intussen opnieuw aangemeld, of het formulier stond lang open. Er is nog niets"
    " opgeslagen. Wat u typte, is er nog.",
)

SIGNED_OUT_PAGE = _page(
    "U bent intussen afgemeld",
    "Er is nog niets opgeslagen. Wat u typte, is er nog. Laat deze pagina daarom open staan.",
)


def is_public(request: Any) -> bool:
    """Tell whether a visitor who isn't signed in may ask for this address."""
    return _first_word(request) in PUBLIC_PREFIXES.of(request.registry)


def _first_word(request: Any) -> str:
    return _path(request).lstrip("/").partition("/")[0]


def _path(request: Any) -> str:
    raw = str(request.environ.get("PATH_INFO", "/"))
    return raw.encode("latin-1", "replace").decode("utf-8", "replace")


def safe_identity(request: Any) -> Any:
    """Return who this is, or None; an error page must not fail on finding out."""
    try:
        return request.identity
    except Exception:  # whatever broke the request may break this too
        return None


def sign_in_address(request: Any) -> str:
    """Return where an anonymous visitor is sent, with the way back for what was only read."""
    try:
        looked_at = request.method in ("GET", "HEAD")
        back = request.path_qs if looked_at else _form_page(request)
    except UnicodeDecodeError:
        return SIGN_IN
    return f"{SIGN_IN}?{urlencode({'volgende': back})}" if back else SIGN_IN


def _form_page(request: Any) -> str | None:
    """Return the page of ours that was sent from."""
    own, came_from = f"{request.host_url}/", request.referer or ""
    return came_from.removeprefix(own[:-1]) if came_from.startswith(own) else None


def error_response(
    request: Any,
    status: int,
    page: ErrorPage | None = None,
    reference: str | None = None,
    again: Mapping[str, Any] | None = None,
) -> Response:
    """Return the page for this status; also for a view that wants to answer so itself.

    Args:
        request: The request.
        status: Status of the answer.
        page: Words of the page, when they aren't those of the status.
        reference: Number under which the log knows what went wrong.
        again: What was sent, to send it once more: `action`, `fields`, whether there were
            `files`, which don't go along, and where to `sign_in` first, if that is needed.
    """
    page = page or PAGES.get(status, PAGES[500 if status >= 500 else 400])
    identity = None if status >= 500 else safe_identity(request)
    # In Dutch, as all that is refused, on a page of another language too.
    request.locale_name = DUTCH
    response = render_to_response(
        "stopintimidatie.core.web:templates/errors/page.jinja2",
        {
            "title": page.title,
            "lines": page.lines,
            "steps": _steps(identity, request),
            "again": again,
            "reference": reference,
            "identity": identity,
            "navigation": [] if identity is None else request.navigation,
            "branding": _branding(request, status),
            "error_page": True,
        },
        request=request,
    )
    response.status_int = status
    return response


def _branding(request: Any, status: int) -> Branding:
    try:
        branding: Branding = Branding() if status >= 500 else request.branding
    except Exception:  # the look of an error page isn't worth a second error
        return Branding()
    return branding


def _steps(identity: Any, request: Any) -> list[tuple[str, str]]:
    word = _first_word(request)
    way_back, _ = PUBLIC_PREFIXES.of(request.registry).get(word, (None, None))
    steps = [] if way_back is None else [(way_back, f"/{word}")]
    if identity is not None:
        steps.append(("Naar de startpagina", "/"))
        if may_search(identity):
            steps.append(("Zoeken", "/zoeken"))
    return steps or [("Aanmelden", SIGN_IN)]


# Methods of requests for a document that went elsewhere, or is gone.
_ANSWERED: Final = ("GET", "HEAD", "POST")


def not_found(exc: Any, request: Any) -> Response:
    """Answer that there is nothing, or nothing for this person."""
    if safe_identity(request) is None and not is_public(request):
        return _to_sign_in(request)
    present = _present_address(request)
    if present is not None:
        # A filled-in form goes along to the new address: it was written for this document.
        moved = HTTPTemporaryRedirect if request.method == "POST" else HTTPMovedPermanently
        return moved(location=present)
    remains = _remains(request)
    return HTTPSeeOther(remains) if remains is not None else error_response(request, 404)


def _remains(request: Any) -> str | None:
    """Return where is told about a document that had this address, for whoever may know of it."""
    signed_in = safe_identity(request) is not None
    return remains_here(request) if signed_in and request.method in _ANSWERED else None


def _present_address(request: Any) -> str | None:
    """Return where what once had this address is now, for whoever may see it."""
    if request.method not in _ANSWERED or safe_identity(request) is None:
        return None
    present = moved_to(request)
    parameters = query_pairs(request)
    return f"{present}?{urlencode(parameters)}" if present and parameters else present


def forbidden(exc: Any, request: Any) -> Response:
    """Answer that the act isn't theirs to who may see the document; else that it isn't there."""
    if safe_identity(request) is None and not is_public(request):
        return _to_sign_in(request)
    if safe_identity(request) is not None:
        note_refusal(request, request.context, _permission_of(exc))
    return error_response(request, 403 if is_visible(request) else 404)


def _permission_of(refusal: Any) -> str:
    return str(getattr(getattr(refusal, "result", None), "permission", "") or "onbekend")


def is_visible(request: Any) -> bool:
    """Tell whether this person may open the page of the document itself."""
    method, request.method = request.method, "GET"
    try:
        return bool(view_execution_permitted(request.context, request))
    except (TypeError, HTTPNotFound):  # it has no page, or none for this request
        return False
    finally:
        request.method = method


def answers_with(status: int, page: ErrorPage | None = None) -> Callable[[Any, Any], Response]:
    """Make the view of an error that always shows the same page."""

    def view(exc: Any, request: Any) -> Response:
        return error_response(request, status, page)

    return view


def bad_token(exc: Any, request: Any) -> Response:
    """Offer to send again what was typed, if it was certainly typed on a page of ours.

    What another site made a browser send mustn't get a button with a token that counts.
    """
    if not _is_from_own_page(request) or safe_identity(request) is None:
        return error_response(request, 400, TOKEN_PAGE)
    return error_response(request, 400, AGAIN_PAGE, again=_sent(request))


def _is_from_own_page(request: Any) -> bool:
    return bool(request.headers.get("Origin") == request.host_url)


def _sent(request: Any) -> dict[str, Any]:
    """Give the fields that were sent, to send them once more."""
    return {
        "action": request.path_qs,
        "fields": [pair for pair in request.POST.items() if pair[0] != "csrf_token"],
        "files": bool(request.files),
        "sign_in": None,
    }


def _to_sign_in(request: Any) -> Response:
    """Answer who isn't signed in, the same for every address; what was typed is kept."""
    if request.method == "POST" and _is_from_own_page(request) and not is_stream(request):
        sent = _sent(request)
        if sent["fields"] or sent["files"]:
            again = {**sent, "sign_in": SIGN_IN}
            return error_response(request, 403, SIGNED_OUT_PAGE, again=again)
    return HTTPSeeOther(location=sign_in_address(request))


def http_error(exc: Any, request: Any) -> Response:
    """Return a redirect as it is, and our page for other errors that a view raised."""
    if exc.status_int < 400:
        return exc
    return error_response(request, exc.status_int)


def server_error(exc: Any, request: Any) -> Response:
    """Log it with a number that the visitor sees too, and without its text."""
    reference = secrets.token_hex(4)
    log_error(log, "unhandled error %s", exc, reference)
    return error_response(request, 500, reference=reference)


def _is_tried_again(request: Any, error: BaseException) -> bool:
    """Tell whether the engine marked it so, or the transaction will after this answer."""
    if is_last_attempt(request):
        return False
    return is_error_retryable(request, error) or _means_again(request, error)


def _means_again(request: Any, error: BaseException) -> bool:
    manager = getattr(request, "tm", None)
    try:
        return manager is not None and bool(manager.get().isRetryableError(error))
    except NoTransaction:  # the request's transaction has ended: this error came after it
        return False


def database_error(exc: SQLAlchemyError, request: Any) -> Response:
    """Answer that the database is away, or full: no fault of the page, over in a moment."""
    if is_outage(exc) and _is_tried_again(request, exc):
        log.warning("two at once, tried again: %s", kind_of(exc))
    elif is_unrecorded(exc):
        return not_recorded(exc, request)
    elif not is_outage(exc):
        return server_error(exc, request)
    else:
        log.error("the database can't be used: %s", kind_of(exc))
    return _later(request, None)


def not_recorded(exc: Exception, request: Any) -> Response:
    """Answer an error about the log that can't be written: nothing of the page is sent."""
    log.error("the log can't be written: %s", kind_of(exc.__cause__ or exc))
    return _later(request, SHUT_PAGE)


def crowded(exc: Exception, request: Any) -> Response:
    """Answer that it is too busy now, and when to try again."""
    return _later(request, CROWDED_PAGE)


def _later(request: Any, page: ErrorPage | None) -> Response:
    response = error_response(request, 503, page)
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


VIEWS: tuple[tuple[Any, type[BaseException]], ...] = (
    (not_found, HTTPNotFound),
    (forbidden, HTTPForbidden),
    (answers_with(400), HTTPBadRequest),
    (answers_with(400, HOST_PAGE), StrangeHost),
    (crowded, CrowdedError),
    (answers_with(400), UnicodeDecodeError),
    (answers_with(400), DisconnectionError),
    (bad_token, BadCSRFToken),
    (answers_with(400, ORIGIN_PAGE), BadCSRFOrigin),
    (answers_with(413), HTTPRequestEntityTooLarge),
    (answers_with(409), HTTPConflict),
    (answers_with(409), StaleDataError),
    (database_error, SQLAlchemyError),
    (not_recorded, NotRecordedError),
    (http_error, HTTPException),
    (server_error, Exception),
)


def includeme(config: Any) -> None:
    """Register an answer to every error."""
    for prefix in ("aanmelden", "static", "huisstijl", "favicon.ico", "robots.txt"):
        config.add_public_prefix(prefix)
    for view, kind in VIEWS:
        config.add_exception_view(view, context=kind)
