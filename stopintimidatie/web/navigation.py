"""The main menu and the breadcrumb.

A room adds its menu item at start-up with ``config.add_nav_item(name, factory, order=…)``; the
factory gets the request and answers a :class:`NavItem`, or None for who has no business there.
The menu is on every page, error pages included: it asks the database nothing there, and elsewhere
no more than one small count of what waits for an answer.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pyramid.location import lineage

from stopintimidatie.registry import Directive

NavFactory = Callable[[Any], "NavItem | Iterable[NavItem] | None"]
NAV_ITEMS: Final = Directive[str, NavFactory]("add_nav_item", "nav_items")


@dataclass(frozen=True, slots=True)
class NavItem:
    """One item of the menu. ``count`` is shown behind the label when it isn't None."""

    label: str
    href: str
    current: bool = False
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the breadcrumb; the last is where you are."""

    label: str
    href: str


def mark_current(items: Sequence[NavItem], path: str) -> list[NavItem]:
    """The item whose address is the longest beginning of this path is the current one."""
    fitting = [item.href for item in items if _leads_to(item.href, path)]
    longest = max(fitting, key=len, default=None)
    return [replace(item, current=item.href == longest) for item in items]


def _leads_to(href: str, path: str) -> bool:
    href = href.partition("?")[0]
    return path == href or (href != "/" and path.startswith(href.rstrip("/") + "/"))


def navigation(request: Any) -> list[NavItem]:
    """The menu for this person; empty for a visitor who isn't signed in."""
    if request.identity is None:
        return []
    found: list[NavItem] = []
    for factory in NAV_ITEMS.of(request.registry).values():
        made = factory(request)
        if isinstance(made, NavItem):
            found.append(made)
        elif made is not None:
            found.extend(made)
    return mark_current(found, request.path)


def breadcrumb(request: Any) -> list[Crumb]:
    """From the first titled resource down to the context; a resource without title is skipped."""
    context = getattr(request, "context", None)
    if context is None:
        return []
    steps = [step for step in reversed(list(lineage(context))) if getattr(step, "title", "")]
    return [Crumb(str(step.title), request.resource_path(step)) for step in steps]
