"""The stylesheet of one colour; static files have their own view."""

from __future__ import annotations

from typing import Any

from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.view import view_config

from stopintimidatie.web.resources import ThemeSheet
from stopintimidatie.web.theme import theme_css


@view_config(context=ThemeSheet, permission=NO_PERMISSION_REQUIRED, request_method="GET")
def theme_sheet(context: ThemeSheet, request: Any) -> Response:
    """``/huisstijl/0b5394.css``: public, and the same for ever."""
    return Response(theme_css(context.colour), content_type="text/css", charset="utf-8")
