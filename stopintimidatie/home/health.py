"""/health/live and /health/ready: for the machine that watches; no personal data, no sign-in."""

from __future__ import annotations

import logging
from typing import Any, Final

from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.view import view_config
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from stopintimidatie.storage.migrations import at_head

log = logging.getLogger(__name__)
OUTLINES_MISSING: Final = (
    "Er zijn geen grenzen van gemeenten geladen: elke melding gaat naar het landelijk meldpunt."
    " Draai: stopintimidatie gebieden laden --bestand …"
)


class Health:
    """/health"""

    def __init__(self, name: str, parent: Any) -> None:
        self.__name__ = name
        self.__parent__ = parent

    def __acl__(self) -> list[Any]:
        return []


@view_config(
    context=Health,
    name="live",
    request_method="GET",
    permission=NO_PERMISSION_REQUIRED,
    renderer="json",
)
def live(request: Any) -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@view_config(
    context=Health,
    name="ready",
    request_method="GET",
    permission=NO_PERMISSION_REQUIRED,
    renderer="json",
)
def ready(request: Any) -> dict[str, Any]:
    """The installation can do its work: database, migrations, outlines."""
    problems = _problems(request)
    if problems:
        request.response.status_int = 503
    return {"status": "niet gereed" if problems else "ok", "problemen": problems}


def _problems(request: Any) -> list[str]:
    registry = request.registry
    try:
        with registry.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
        if not at_head(registry.app_settings, registry.engine):
            return ["De database is niet bij. Draai: stopintimidatie database migreren"]
        if not registry.app_settings.demo and not _outlines_loaded(request):
            return [OUTLINES_MISSING]
    except SQLAlchemyError as error:
        log.error("not ready: %s", type(error).__name__)
        return ["De database is niet bereikbaar."]
    return []


def _outlines_loaded(request: Any) -> bool:
    return bool(request.registry.locator_cache.current(request.db).outlines_loaded())
