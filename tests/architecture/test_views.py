"""Every view says for which document, with which method and which permission it answers."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pyramid.httpexceptions import HTTPForbidden
from pyramid.registry import Registry
from pyramid.security import NO_PERMISSION_REQUIRED

import stopintimidatie
from stopintimidatie.core.security import Permission
from stopintimidatie.core.web.request import Request
from tests.support.declared_views import views
from tests.support.installation import Installation


def describe(view: Any) -> str:
    return f"{view['callable']} on {view['context']} as {view['name']!r}"


def test_every_view_declares_context_and_method(installation: Installation) -> None:
    loose = [
        describe(v) for v in views(installation) if not v["context"] or not v["request_methods"]
    ]
    assert not loose


def test_a_view_is_declared_once_for_all_its_methods(installation: Installation) -> None:
    seen = Counter(describe(view) for view in views(installation))
    assert [view for view, times in seen.items() if times > 1] == []


def test_who_acts_is_read_from_the_request() -> None:
    sources = Path(stopintimidatie.__file__).parent.rglob("*.py")
    apart = [path.name for path in sources if "request.identity.actor" in path.read_text("utf-8")]
    assert not apart
    request = Request.blank("/")
    request.registry = Registry()
    with pytest.raises(HTTPForbidden):
        _ = request.actor


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
