"""The views of the house, read from its source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyramid.interfaces import IExceptionResponse

from tests.support.installation import Installation


def views(installation: Installation) -> Iterator[Any]:
    """The views of the house; exception views and static files apart."""
    for entry in installation.introspector.get_category("views"):
        view = entry["introspectable"]
        context = view["context"]
        exception = isinstance(context, type) and issubclass(context, BaseException)
        if view["route_name"] or exception or context is IExceptionResponse:
            continue
        yield view
