"""Security headers on every answer, errors included; and what may be kept by a cache."""

from collections.abc import Callable, Mapping
from typing import Any

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
        headers[name] = value
    if https:
        headers["Strict-Transport-Security"] = HSTS
    headers["Cache-Control"] = cache_control(
        environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", ""), response.status_int
    )


def headers_tween(handler: Callable[[Any], Any], registry: Any) -> Callable[[Any], Any]:
    """Outermost tween: nothing answers around it."""

    def tween(request: Any) -> Any:
        response = handler(request)
        apply(request.environ, response, public_https(registry))
        return response

    return tween


def public_https(registry: Any) -> bool:
    """Is the public address of this installation https?"""
    return bool(registry.app_settings.https)
