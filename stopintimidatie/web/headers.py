"""Security headers on every answer, errors included; and what may be kept by a cache."""

import sys
from collections.abc import Callable, Mapping
from typing import Any

from pyramid_retry import is_error_retryable

CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Permitted-Cross-Domain-Policies": "none",
}
# A picture that somebody uploaded, opened by itself: it runs nothing, fetches nothing, is nowhere.
PICTURE_CSP = "default-src 'none'; sandbox"
# The page on which somebody may press a button to send along where they are; nowhere else.
LOCATING = "camera=(), geolocation=(self), microphone=(), payment=(), usb=()"
# What is for everybody, such as a municipality's logo in an app, may say so itself.
PUBLIC_MAY_DIFFER = frozenset({"Cross-Origin-Resource-Policy"})
HSTS = "max-age=31536000; includeSubDomains"
FOR_EVER = "public, max-age=31536000, immutable"
FOR_AN_HOUR = "public, max-age=3600"


def cache_control(path: str, query: str, status: int) -> str:
    """Pages are never kept. Static files are: for ever when their address has their hash."""
    if status not in (200, 304):
        return "no-store"
    if path.startswith("/huisstijl/"):
        return FOR_EVER
    if path.startswith("/static/"):
        return FOR_EVER if query.startswith("v=") else FOR_AN_HOUR
    return "no-store"


def apply(environ: Mapping[str, Any], response: Any, https: bool) -> None:
    """Put the headers on one answer."""
    headers = response.headers
    for name, value in HEADERS.items():
        stricter = headers.get(name) in (PICTURE_CSP, LOCATING)
        if not stricter and (name not in PUBLIC_MAY_DIFFER or name not in headers):
            headers[name] = value
    if https:
        headers["Strict-Transport-Security"] = HSTS
    headers["Cache-Control"] = cache_control(
        environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", ""), response.status_int
    )


def headers_tween(handler: Callable[[Any], Any], registry: Any) -> Callable[[Any], Any]:
    """Outermost tween: nothing answers around it.

    The commit and the writing of the trail happen outside the exception views; what goes wrong
    there gets its page here, unless the request will be tried again.
    """

    https = bool(registry.app_settings.https)

    def tween(request: Any) -> Any:
        try:
            response = handler(request)
        except Exception as error:
            if is_error_retryable(request, error):
                raise
            response = request.invoke_exception_view(sys.exc_info())
        apply(request.environ, response, https)
        return response

    return tween
