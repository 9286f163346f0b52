"""Addresses: keeping the filters of a page, and never sending anybody to a strange host."""

from typing import Any
from urllib.parse import urlencode

Pairs = list[tuple[str, str]]


def query_pairs(request: Any) -> Pairs:
    """The GET parameters in order; nothing when they can't be read."""
    try:
        return list(request.GET.items())
    except UnicodeDecodeError:
        return []


def _address(request: Any, pairs: Pairs) -> str:
    return f"{request.path}?{urlencode(pairs)}" if pairs else str(request.path)


def with_params(request: Any, **changes: str | int | None) -> str:
    """This page with other GET parameters; None removes one. The rest stays as it is."""
    kept = [(name, value) for name, value in query_pairs(request) if name not in changes]
    new = [(name, str(value)) for name, value in changes.items() if value is not None]
    return _address(request, kept + new)


def toggled(request: Any, name: str, value: str) -> str:
    """This page with one value of a filter switched on or off; back to its first page."""
    pairs = [pair for pair in query_pairs(request) if pair[0] != "pagina"]
    if (name, value) in pairs:
        return _address(request, [pair for pair in pairs if pair != (name, value)])
    return _address(request, [*pairs, (name, value)])


def safe_path(text: str | None, default: str = "/") -> str:
    """A path on this host out of something that came from outside, or the default."""
    if not text or not text.startswith("/") or text.startswith(("//", "/\\")):
        return default
    if any(ord(sign) < 33 or sign == "\\" for sign in text):
        return default
    return text
