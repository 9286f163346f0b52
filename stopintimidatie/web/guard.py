"""What can't be read is refused at the door with 400 or 413, before any view sees it.

WebOb decodes lazily, so that broken bytes would otherwise surface as an error wherever some view
first looks at them. JSON is left alone: the intake reads and judges that itself.
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from pyramid.httpexceptions import (
    HTTPBadRequest,
    HTTPException,
    HTTPRequestEntityTooLarge,
    HTTPRequestTimeout,
    HTTPServiceUnavailable,
)

from stopintimidatie.settings import LOOPBACK_HOSTS, Settings
from stopintimidatie.web.body import (
    FORM_TYPES,
    NO_ROOM,
    TOO_LARGE,
    TOO_SLOW,
    fault_of,
    is_stream,
)

MAX_FIELDS = 2_000
# Asked by balancers and watchers under whatever name they know this machine by; no redirects here.
ANY_HOST = ("/health/", "/version")
DEFAULT_PORTS = {"https": ":443", "http": ":80"}


class StrangeHost(HTTPBadRequest):
    """Asked under another name than the public address."""


class CrowdedError(HTTPServiceUnavailable):
    """The server had no room to take the body in."""


# The exception for each fault of a body; other faults are errors in the message itself.
FAULTS: Mapping[str, type[HTTPException]] = {
    TOO_LARGE: HTTPRequestEntityTooLarge,
    TOO_SLOW: HTTPRequestTimeout,
    NO_ROOM: CrowdedError,
}


def is_own_host(host: str, settings: Settings) -> bool:
    """Whether this installation answers under this name.

    Redirects and links repeat the name that was asked for. In production that is the public
    address alone; on this machine itself, and in the demo, each name and port will do.
    """
    public = urlsplit(settings.public_address)
    if settings.demo or public.hostname in LOOPBACK_HOSTS:
        return True
    own = public.netloc.lower()
    return host.lower() in (own, own + DEFAULT_PORTS[public.scheme])


def check(request: Any, settings: Settings) -> None:
    """Raise when path, query, length or form of this request can't be read."""
    try:
        _ = (request.path_info, request.script_name, request.host)
        request.GET.items()
        cookies = dict(request.cookies)
    except (UnicodeDecodeError, ValueError) as error:
        _make_readable(request)
        raise HTTPBadRequest() from error
    if not (is_own_host(request.host, settings) or _for_any_host(request)):
        raise StrangeHost()
    fault = fault_of(request.environ)
    if fault is not None and fault in FAULTS:
        raise FAULTS[fault]()
    if fault or any("\x00" in value for value in cookies.values()):
        raise HTTPBadRequest()
    form = request.method == "POST" and request.content_type in FORM_TYPES
    if form and not is_stream(request):
        _check_form(request)


def _for_any_host(request: Any) -> bool:
    return str(request.environ.get("PATH_INFO", "")).startswith(ANY_HOST)


def _make_readable(request: Any) -> None:
    """Replace what can't be decoded, for the error page reads path and cookies too."""
    environ = request.environ
    for name in ("PATH_INFO", "SCRIPT_NAME"):
        raw = environ.get(name, "").encode("latin-1", "replace")
        environ[name] = raw.decode("utf-8", "replace").encode().decode("latin-1")
    environ["QUERY_STRING"] = ""
    try:
        dict(request.cookies)
    except ValueError:
        environ["HTTP_COOKIE"] = ""


def _check_form(request: Any) -> None:
    try:
        fields = [*request.POST.items(), *request.files]
    except Exception as error:  # the multipart reader fails in many ways; none is ours
        raise HTTPBadRequest() from error
    if len(fields) > MAX_FIELDS:
        raise HTTPRequestEntityTooLarge()
    # No text that a person can type; PostgreSQL refuses it.
    if any("\x00" in text for field in fields for text in field if isinstance(text, str)):
        raise HTTPBadRequest()


def guard_tween(handler: Callable[[Any], Any], registry: Any) -> Callable[[Any], Any]:
    settings: Settings = registry.app_settings

    def tween(request: Any) -> Any:
        check(request, settings)
        return handler(request)

    return tween
