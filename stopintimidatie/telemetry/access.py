"""One line and one count per request: which view, how it went, how long; never which document."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Callable
from typing import Any, Final

from pyramid_retry import is_error_retryable

from stopintimidatie.telemetry import metrics
from stopintimidatie.telemetry.logs import in_request, request_id

log = logging.getLogger("stopintimidatie.toegang")

HEADER: Final = "X-Request-ID"
# What a proxy makes: a UUID, or so many hexadecimal digits. Nothing that could be a word.
WELL_FORMED: Final = re.compile(r"[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}")
METHODS: Final = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})
NO_VIEW: Final = "geen"
STATIC: Final = "static"
WATCHED: Final = "Health."
_STARTED: Final = "stopintimidatie.started"
_ID: Final = "stopintimidatie.request_id"


def view_names(introspector: Any) -> frozenset[tuple[type, str]]:
    """Every (context, name) that a view is registered for: the only names that are ever told."""
    found = introspector.get_category("views") or ()
    views = (entry["introspectable"] for entry in found)
    return frozenset((v["context"], v["name"]) for v in views if isinstance(v["context"], type))


def view_of(request: Any, known: frozenset[tuple[type, str]]) -> str:
    """`ReportResource.triage`, or that no view was found. A name that a visitor made up is none."""
    if getattr(request, "matched_route", None) is not None:
        return STATIC
    name = getattr(request, "view_name", "")
    for kind in type(getattr(request, "context", None)).__mro__:
        if (kind, name) in known:
            return f"{kind.__name__}.{name}" if name else kind.__name__
    return NO_VIEW


def id_of(environ: dict[str, Any]) -> str:
    """The id of a request: what the proxy gave it, if that is one, else a new one."""
    if _ID not in environ:
        given = environ.get("HTTP_X_REQUEST_ID", "").lower()
        environ[_ID] = given if WELL_FORMED.fullmatch(given) else secrets.token_hex(16)
    found: str = environ[_ID]
    return found


def access_tween(handler: Callable[[Any], Any], registry: Any) -> Callable[[Any], Any]:
    """Outermost. A request that is tried again has one line, for the attempt that counted."""
    known: frozenset[tuple[type, str]] | None = None

    def tween(request: Any) -> Any:
        nonlocal known
        if known is None:
            known = view_names(registry.introspector)
        started = request.environ.setdefault(_STARTED, time.perf_counter())
        with in_request(id_of(request.environ)):
            response = handler(request)
            response.headers[HEADER] = request_id()
            error = getattr(request, "exception", None)
            if error is None or not is_error_retryable(request, error):
                _tell(request, response, view_of(request, known), time.perf_counter() - started)
        return response

    return tween


def _tell(request: Any, response: Any, view: str, seconds: float) -> None:
    method = request.method if request.method in METHODS else "ANDERS"
    metrics.request_done(view, method, response.status_int, seconds)
    size, milliseconds = response.content_length or 0, round(seconds * 1000, 1)
    # Who watches over the service asks all the time, and has the answer: it would drown the rest.
    log.log(
        logging.DEBUG if view.startswith(WATCHED) else logging.INFO,
        "%s %s %d %.1f ms %d bytes",
        *(method, view, response.status_int, milliseconds, size),
        extra={
            "methode": method,
            "weergave": view,
            "status": response.status_int,
            "ms": milliseconds,
            "bytes": size,
        },
    )
