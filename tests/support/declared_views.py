"""The views of the house, read from its source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from pyramid.interfaces import IExceptionResponse


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
