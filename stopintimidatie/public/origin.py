"""Did a form come from our own page? Also for who lets no cookie in, and after a long wait.

The house's token stands in a cookie and in the form. Who refuses cookies, or lost them overnight,
would lose what they wrote; for them it is enough that the browser says the form was sent from this
very site, and that it carries a key that we signed for it.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from pyramid.csrf import check_csrf_origin, check_csrf_token


def comes_from_here(request: Any, *, signed: bool) -> bool:
    """Whether this form may be acted on.

    :param signed: it carries a key of ours, for this form.
    """
    if not check_csrf_origin(request, raises=False):
        return False
    if check_csrf_token(request, raises=False):
        return True
    return signed and _sent_from_this_site(request)


def _sent_from_this_site(request: Any) -> bool:
    fetched = request.headers.get("Sec-Fetch-Site")
    if fetched is not None:
        return str(fetched) == "same-origin"
    origin = str(request.headers.get("Origin", ""))
    try:
        return urlsplit(origin).netloc == str(request.host)
    except ValueError:
        return False
