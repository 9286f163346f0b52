"""What every template can use: filters and helpers; those of forms are in `web.forms`."""

import json
from collections.abc import Callable
from typing import Any

from stopintimidatie.security.permissions import Permission, may
from stopintimidatie.web.badges import badge_for
from stopintimidatie.web.filters import FILTERS, plural
from stopintimidatie.web.static_files import static_url
from stopintimidatie.web.theme import DEFAULT_COLOUR, theme_path
from stopintimidatie.web.urls import query_pairs, toggled, with_params

HTMX_CONFIG = json.dumps({"includeIndicatorCSS": False, "history": False})
"""No style of htmx's own: the policy of the pages forbids it, and the house has its own."""


def install(environment: Any) -> None:
    """Add the house's filters and helpers to a Jinja2 environment."""
    environment.filters.update(FILTERS)
    environment.globals.update(FILTERS)
    environment.globals.update(
        badge_for=badge_for,
        default_colour=DEFAULT_COLOUR,
        plural=plural,
        printable=printable,
        # A page in another language brings its own.
        t=str,
        waiting_messages=waiting_messages,
        htmx_config=HTMX_CONFIG,
        is_demo=is_demo,
        offers_search=may_search,
        search_text=search_text,
        static_url=static_url,
        theme_path=theme_path,
        toggled=toggled,
        with_params=with_params,
        page_url=page_url,
    )
    environment.trim_blocks = True
    environment.lstrip_blocks = True


def printable(value: object) -> str:
    """Typed text as it can be sent back: what UTF-8 or HTML can't carry is replaced."""
    text = str(value).encode("utf-8", "replace").decode("utf-8")
    return text.replace("\x00", "\ufffd")


def is_demo(request: Any) -> bool:
    """Does this installation show made-up reports?"""
    return bool(request.registry.app_settings.demo)


def waiting_messages(request: Any) -> list[dict[str, str]]:
    """What ``request.flash(text, kind)`` left for this page; taken once."""
    taken: list[dict[str, str]] = request.take_flashes()
    return taken


def may_search(identity: Any) -> bool:
    """Whether this person may search anywhere: without it the box would lead to a closed door."""
    roles = (identity.roles_for(holder) for holder in identity.holders)
    return any(may(own, Permission.SEARCH) for own in roles)


def search_text(request: Any) -> str:
    """What was searched for, to stand in the search box of the page with the results."""
    return dict(query_pairs(request)).get("q", "") if request.path == "/zoeken" else ""


def page_url(request: Any) -> Callable[[int], str]:
    """Address of another page of this list, filters kept: for ``ui.pagination``."""
    return lambda number: with_params(request, pagina=number if number > 1 else None)
