"""Every view says for which document, with which method and which permission it answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyramid.interfaces import IExceptionResponse
from pyramid.security import NO_PERMISSION_REQUIRED

from stopintimidatie.security import Permission
from tests.installation import Installation


def views(installation: Installation) -> Iterator[Any]:
    """The views of the house; exception views and static files apart."""
    for entry in installation.introspector.get_category("views"):
        view = entry["introspectable"]
        context = view["context"]
        exception = isinstance(context, type) and issubclass(context, BaseException)
        if view["route_name"] or exception or context is IExceptionResponse:
            continue
        yield view


def describe(view: Any) -> str:
    return f"{view['callable']} on {view['context']} as {view['name']!r}"


def test_every_view_declares_context_and_method(installation: Installation) -> None:
    loose = [
        describe(v) for v in views(installation) if not v["context"] or not v["request_methods"]
    ]
    assert not loose


def test_every_view_declares_a_permission_of_the_table(installation: Installation) -> None:
    permissions = {
        entry["introspectable"]["value"]
        for entry in installation.introspector.get_category("permissions")
    }
    assert permissions <= set(Permission) | {NO_PERMISSION_REQUIRED}
    for view in views(installation):
        related = installation.introspector.related(view)
        declared = [item["value"] for item in related if item.category_name == "permissions"]
        assert declared, describe(view)
