"""The views of the house, read from its source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Protocol

from pyramid.interfaces import IExceptionResponse

from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.municipalities.people.roster import change_confirmed
from stopintimidatie.municipalities.sso.administration import confirmed_for_secret


class Configured(Protocol):
    """An installation, or a configurator: it knows what was registered."""

    @property
    def introspector(self) -> Any: ...


def views(configured: Configured) -> Iterator[Any]:
    """The views of the house; exception views and static files apart."""
    for entry in configured.introspector.get_category("views"):
        view = entry["introspectable"]
        context = view["context"]
        exception = isinstance(context, type) and issubclass(context, BaseException)
        if view["route_name"] or exception or context is IExceptionResponse:
            continue
        yield view


# The guards that ask for the second factor again.
ASKING: Final = {recently_confirmed, change_confirmed, confirmed_for_secret}


def asks_again(view: Any) -> bool:
    """Whether the second factor is asked again before this view does anything."""
    return bool(ASKING & set(view.get("guards") or ()))


def key_of(view: Any) -> tuple[str, str]:
    """The document of a view, and its name."""
    return view["context"].__name__, view["name"]
