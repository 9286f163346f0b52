"""The request, as views see it: its types, menu, addresses, pages of lists, refusals.

The menu: A room adds its menu item at start-up with ``config.add_nav_item(name, factory,
order=…)``; the factory gets the request and answers a :class:`NavItem`, or None for who has no
business there. On error pages it asks the database nothing, else one small count of what waits.

What can't be read is refused before any view sees it. WebOb decodes lazily, so that broken bytes
would otherwise surface as an error wherever some view first looks at them. JSON is left alone: the
intake reads and judges that itself.

Guards (`@view_config(…, guards=(only_live,))`) are asked before a view does anything. A guard is
called with (context, request), in the order given, once the permission is there; it answers a
response to send instead of the view's, or None to let the visitor through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

import pyramid.request
from pyramid.decorator import reify
from pyramid.httpexceptions import (
    HTTPBadRequest,
    HTTPException,
    HTTPForbidden,
    HTTPRequestEntityTooLarge,
    HTTPRequestTimeout,
    HTTPServiceUnavailable,
)
from pyramid.location import lineage
from pyramid.view import view_config
from sqlalchemy.orm import Session
from webob.multidict import MultiDict, NoVars

from stopintimidatie.core.audit import Actor
from stopintimidatie.core.registry import Directive
from stopintimidatie.core.security import Identity
from stopintimidatie.core.web.body import (
    FAULT,
    FORM_TYPES,
    MULTIPART,
    NO_ROOM,
    TOO_LARGE,
    TOO_SLOW,
    is_stream,
    read_multipart,
)
from stopintimidatie.core.web.theme import Branding
from stopintimidatie.settings import LOOPBACK_HOSTS, Settings

# The main menu and the breadcrumb

NavFactory = Callable[[Any], "NavItem | Iterable[NavItem] | None"]
NAV_ITEMS: Final = Directive[str, NavFactory]("add_nav_item", "nav_items")


@dataclass(frozen=True, slots=True)
class NavItem:
    """An item of the menu. ``count`` is shown behind the label when it isn't None.

    ``shared``: another item counts the same as well, so the bell leaves it out.
    """

    label: str
    href: str
    current: bool = False
    count: int | None = None
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the breadcrumb; the last is where you are."""

    label: str
    href: str


def mark_current(items: Sequence[NavItem], path: str) -> list[NavItem]:
    """Mark the item whose address is the longest beginning of this path."""
    fitting = [item.href for item in items if _leads_to(item.href, path)]
    longest = max(fitting, key=len, default=None)
    return [replace(item, current=item.href == longest) for item in items]


def _leads_to(href: str, path: str) -> bool:
    href = href.partition("?")[0]
    return path == href or (href != "/" and path.startswith(href.rstrip("/") + "/"))


def navigation(request: Any) -> list[NavItem]:
    """Return the menu for this person; empty for a visitor who isn't signed in."""
    if request.identity is None:
        return []
    items: list[NavItem] = []
    for factory in NAV_ITEMS.of(request.registry).values():
        item = factory(request)
        if isinstance(item, NavItem):
            items.append(item)
        elif item is not None:
            items.extend(item)
    return mark_current(items, request.path)


def breadcrumb(request: Any) -> list[Crumb]:
    """Return the titled resources from the first down to the context."""
    context = getattr(request, "context", None)
    if context is None:
        return []
    steps = [step for step in reversed(list(lineage(context))) if getattr(step, "title", "")]
    return [Crumb(str(step.title), request.resource_path(step)) for step in steps]


class Request(pyramid.request.Request):
    """``db`` and ``identity`` are put on it by the floors below, ``flash`` by accounts."""

    if TYPE_CHECKING:
        db: Session
        identity: Identity | None
        branding: Branding
        navigation: list[NavItem]
        breadcrumb: list[Crumb]
        context: Any
        flash: Callable[..., None]
        municipality_name: Callable[[str], str]

    @reify
    def sent(self) -> Any:
        """Return the form as it was sent, texts and files; read once."""
        if self.method != "POST" or self.content_type != MULTIPART:
            return super().POST
        self.make_body_seekable()  # and at its beginning
        return read_multipart(self.body_file_raw.read, self.headers["Content-Type"])

    @property
    def POST(self) -> MultiDict[str, str] | NoVars:  # noqa: N802 - WebOb's own name
        """Return the text fields of a form, without NUL, which a paste may have; no files."""
        if isinstance(self.sent, NoVars):
            return self.sent
        texts = ((name, value) for name, value in self.sent.items() if isinstance(value, str))
        return MultiDict((name, value.replace("\x00", "")) for name, value in texts)

    @property
    def files(self) -> list[tuple[str, Any]]:
        """Return the files that a form sent, each as a pair of field name and file."""
        return [pair for pair in self.sent.items() if not isinstance(pair[1], str)]

    @property
    def actor(self) -> Actor:
        """Return who acts, for the audit log.

        Raises:
            HTTPForbidden: Nobody is signed in; the permission of a view prevents that.
        """
        if self.identity is None:
            raise HTTPForbidden
        return self.identity.actor

    @property
    def app_settings(self) -> Settings:
        """The settings of this installation."""
        settings: Settings = self.registry.app_settings
        return settings

    def resource_url(self, resource: Any, *elements: Any, **kw: Any) -> str:
        """Return the address of a document as the traverser knows it: no slash behind."""
        made = str(super().resource_url(resource, *elements, **kw))
        if elements or resource.__parent__ is None:
            return made
        path, mark, rest = made.partition("?")
        return path.rstrip("/") + mark + rest

    works_at: tuple[str, str] | None = None
    """Holder and address of where one works, on a page that isn't below it; for the menu."""

    @reify
    def waiting(self) -> dict[str, dict[str, int]]:
        """Return the numbers in the menu counted for this page, by holder and list."""
        return {}

    form_failed: bool = False
    """True once a posted form was refused; the title of the page then starts with 'Fout'."""


# Refusals at the door: 400 or 413, before any view

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


def own_hosts(settings: Settings) -> frozenset[str] | None:
    """Return the names under which this installation answers; None when each will do.

    Redirects and links repeat the name that was asked for. In production that is the public
    address alone; on this machine itself, and in the demo, each name and port will do.
    """
    public = urlsplit(settings.public_address)
    if settings.demo or public.hostname in LOOPBACK_HOSTS:
        return None
    own = public.netloc.lower()
    return frozenset({own, own + DEFAULT_PORTS[public.scheme]})


def check(request: Any, own: frozenset[str] | None) -> None:
    """Raise when path, query, length or form of this request can't be read.

    Args:
        request: The request.
        own: The names under which this installation answers (`own_hosts`).
    """
    try:
        _ = (request.path_info, request.script_name, request.host)
        asked = [text for pair in request.GET.items() for text in pair]
        cookies = dict(request.cookies)
    except (UnicodeDecodeError, ValueError) as error:
        _make_readable(request)
        raise HTTPBadRequest() from error
    for_any_host = str(request.environ.get("PATH_INFO", "")).startswith(ANY_HOST)
    if own is not None and request.host.lower() not in own and not for_any_host:
        raise StrangeHost()
    fault = request.environ.get(FAULT)
    if fault is not None and fault in FAULTS:
        raise FAULTS[fault]()
    # PostgreSQL takes no NUL in a text, and nobody types it in an address.
    if fault or any("\x00" in text for text in (*asked, *cookies.values())):
        _make_readable(request)
        raise HTTPBadRequest()
    form = request.method == "POST" and request.content_type in FORM_TYPES
    if form and not is_stream(request):
        _check_form(request)


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
    # In a name of a field or a file: no page of ours sends that.
    if any("\x00" in text for field in fields for text in field if isinstance(text, str)):
        raise HTTPBadRequest()


def guard_tween(handler: Callable[[Any], Any], registry: Any) -> Callable[[Any], Any]:
    """Make the tween that checks host, method and form of every request."""
    own = own_hosts(registry.app_settings)

    def tween(request: Any) -> Any:
        check(request, own)
        return handler(request)

    return tween


# Guards


def guarded(view: Any, info: Any) -> Any:
    """Derive a view with the option `guards` (a view deriver of Pyramid)."""
    guards = info.options.get("guards") or ()
    if not guards:
        return view

    def asked(context: Any, request: Any) -> Any:
        for guard in guards:
            instead = guard(context, request)
            if instead is not None:
                return instead
        return view(context, request)

    return asked


guarded.options = ("guards",)  # type: ignore[attr-defined]  # how Pyramid is told of it


# Views, as every room declares them

_FORM: Final = "stopintimidatie.core.web:templates/form.jinja2"


def page_view(context: Any, name: str, permission: Any, renderer: str, **options: Any) -> Any:
    """Register a view that shows a page; its options are those of `view_config`."""
    usual = {"context": context, "name": name, "request_method": "GET", "permission": permission}
    return view_config(**usual | options, renderer=renderer)


def form_view(context: Any, name: str, permission: Any, renderer: str = _FORM, **more: Any) -> Any:
    """Register a view that shows a form and takes what is posted; `form.jinja2` draws it."""
    return page_view(context, name, permission, renderer, request_method=("GET", "POST"), **more)


def post_view(context: Any, name: str, permission: Any, **options: Any) -> Any:
    """Register a view that takes the press of a button."""
    return view_config(
        context=context, name=name, request_method="POST", permission=permission, **options
    )


# Addresses that keep the filters of a page, and never lead to a strange host

Pairs = list[tuple[str, str]]


def query_pairs(request: Any) -> Pairs:
    """Return the GET parameters in order; nothing when they can't be read."""
    try:
        return list(request.GET.items())
    except UnicodeDecodeError:
        return []


def _address(request: Any, pairs: Pairs) -> str:
    return f"{request.path}?{urlencode(pairs)}" if pairs else str(request.path)


def with_params(request: Any, **changes: str | int | None) -> str:
    """Return this page with other GET parameters; None removes one. The rest stays as it is."""
    kept = [(name, value) for name, value in query_pairs(request) if name not in changes]
    new = [(name, str(value)) for name, value in changes.items() if value is not None]
    return _address(request, kept + new)


def toggled(request: Any, name: str, value: str) -> str:
    """Return this page with one value of a filter switched on or off; back to its first page."""
    pairs = [pair for pair in query_pairs(request) if pair[0] != "pagina"]
    if (name, value) in pairs:
        return _address(request, [pair for pair in pairs if pair != (name, value)])
    return _address(request, [*pairs, (name, value)])


def safe_path(text: str | None, default: str = "/") -> str:
    """Return a path on this host out of something that came from outside, or the default."""
    if not text or not text.startswith("/") or text.startswith(("//", "/\\")):
        return default
    if any(ord(sign) < 33 or sign == "\\" for sign in text):
        return default
    return text


# Pages of a list

PAGE_SIZE = 25


@dataclass(frozen=True, slots=True)
class Paging:
    """One page of a list with ``total`` rows; a number beyond the end means the last page.

    ``more``: there are more rows than were counted.
    """

    wanted: int
    total: int
    size: int = PAGE_SIZE
    more: bool = False

    @classmethod
    def counted(cls, wanted: int, count: int, most: int, size: int = PAGE_SIZE) -> Paging:
        """Return the page of a list that was counted up to ``most``."""
        return cls(wanted, min(count, most), size, count > most)

    @property
    def pages(self) -> int:
        """Return how many pages there are, at least one."""
        return max(1, -(-self.total // self.size))

    @property
    def page(self) -> int:
        """Return the page that is shown: the wanted one, or the nearest that exists."""
        return min(max(1, self.wanted), self.pages)

    @property
    def offset(self) -> int:
        """Return how many rows come before this page."""
        return (self.page - 1) * self.size

    @property
    def span(self) -> tuple[int, int]:
        """The rows of this page, as `slice` of a query takes them."""
        return self.offset, self.offset + self.size

    @property
    def first(self) -> int:
        """Return the number of the first row on this page, counted from 1; 0 when there is none."""
        return min(self.offset + 1, self.total)

    @property
    def last(self) -> int:
        """Return the number of the last row on this page."""
        return min(self.offset + self.size, self.total)

    @property
    def numbers(self) -> Sequence[int | None]:
        """Page numbers to show; None is a gap."""
        near = {1, self.pages, self.page - 1, self.page, self.page + 1}
        shown = sorted(number for number in near if 1 <= number <= self.pages)
        result: list[int | None] = []
        for number in shown:
            if result and number - (result[-1] or 0) > 1:
                result.append(None)
            result.append(number)
        return result


def worth_counting(wanted: int, least: int, size: int = PAGE_SIZE) -> int:
    """Return how far to count for this page: some pages beyond it, never simply all."""
    return least + max(0, wanted - 1) * size


def wanted_page(request: Any) -> int:
    """GET parameter ``pagina``; what isn't a number of at most six digits is page one."""
    text = dict(query_pairs(request)).get("pagina", "1")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else 1
