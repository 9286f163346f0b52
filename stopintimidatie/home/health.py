"""/health/live, /health/ready and /version: for the machine that watches; no sign-in, no people."""

from __future__ import annotations

from typing import Any

from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.view import view_config

from stopintimidatie.home.readiness import Readiness, is_ready
from stopintimidatie.home.version import version_of


class Health:
    """/health"""

    def __init__(self, name: str, parent: Any) -> None:
        self.__name__ = name
        self.__parent__ = parent

    def __acl__(self) -> list[Any]:
        return []


class Version(Health):
    """/version"""


@view_config(
    context=Health,
    name="live",
    request_method="GET",
    permission=NO_PERMISSION_REQUIRED,
    renderer="json",
)
def live(request: Any) -> dict[str, str]:
    """The process answers; the database isn't asked anything."""
    return {"status": "ok"}


@view_config(
    context=Health,
    name="ready",
    request_method="GET",
    permission=NO_PERMISSION_REQUIRED,
    renderer="json",
)
def ready(request: Any) -> dict[str, Any]:
    """The installation can do its work; per part how it is, and what to do."""
    readiness: Readiness = request.registry.readiness
    checks = readiness.checks()
    good = is_ready(checks)
    if not good:
        request.response.status_int = 503
    return {
        "status": "ok" if good else "niet gereed",
        "controles": [check.as_json() for check in checks],
    }


@view_config(
    context=Version,
    name="",
    request_method="GET",
    permission=NO_PERMISSION_REQUIRED,
    renderer="json",
)
def version(request: Any) -> dict[str, str | None]:
    """Which release this is; nothing about what it is made of."""
    return version_of(request.app_settings.migrations)
