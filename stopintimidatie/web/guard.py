"""What can't be read is refused at the door with 400 or 413, before any view sees it.

WebOb decodes lazily, so that broken bytes would otherwise surface as an error wherever some view
first looks at them. JSON is left alone: the intake reads and judges that itself.
"""

from collections.abc import Callable
from typing import Any

from pyramid.httpexceptions import HTTPBadRequest, HTTPRequestEntityTooLarge

from stopintimidatie.web.body import FORM_TYPES, TOO_LARGE, fault_of

MAX_FIELDS = 2_000


def check(request: Any) -> None:
    """Raise when path, query, length or form of this request can't be read."""
    try:
        _ = (request.path_info, request.script_name, request.host)
        request.GET.items()
        cookies = dict(request.cookies)
    except (UnicodeDecodeError, ValueError) as error:
        raise HTTPBadRequest() from error
    fault = fault_of(request.environ)
    if fault == TOO_LARGE:
        raise HTTPRequestEntityTooLarge()
    if fault or any("\x00" in value for value in cookies.values()):
        raise HTTPBadRequest()
    if request.method == "POST" and request.content_type in FORM_TYPES:
        _check_form(request)


def _check_form(request: Any) -> None:
    try:
        fields = len(request.POST)
    except Exception as error:  # the multipart reader fails in many ways; none is ours
        raise HTTPBadRequest() from error
    if fields > MAX_FIELDS:
        raise HTTPRequestEntityTooLarge()


def guard_tween(handler: Callable[[Any], Any], registry: Any) -> Callable[[Any], Any]:
    def tween(request: Any) -> Any:
        check(request)
        return handler(request)

    return tween
