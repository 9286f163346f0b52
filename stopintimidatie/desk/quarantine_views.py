"""The desk's own quarantine: the same page as a municipality's."""

from __future__ import annotations

from typing import Any

from pyramid.view import view_config

from stopintimidatie.desk.resources import Desk
from stopintimidatie.security import Permission
from stopintimidatie.triage.quarantine_views import TEMPLATE, quarantine_view
from stopintimidatie.web.request import Request


@view_config(
    context=Desk,
    name="quarantaine",
    request_method=("GET", "POST"),
    permission=Permission.RELEASE,
    renderer=TEMPLATE,
)
def desk_quarantine_view(context: Desk, request: Request) -> Any:
    """What was put aside of what no municipality holds."""
    return quarantine_view(context, request)
