"""A template asks nothing: while one is drawn, a statement to the database fails the test.

Stricter than `raiseload`, which refuses only what a relationship loads. The frame of a page (its
menu, path, look and who reads it) is read when the layout is drawn; what a page says isn't.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from typing import Any

import jinja2
from sqlalchemy import Engine, event

from stopintimidatie.core import web
from stopintimidatie.core.security.policy import SecurityPolicy
from stopintimidatie.core.web import request

_drawn = threading.local()
_render = jinja2.Template.render


def refuse_queries_from_templates() -> None:
    """Have each statement ask whether a template is being drawn, from now on."""
    jinja2.Template.render = _rendering  # type: ignore[method-assign,assignment]
    event.listen(Engine, "before_cursor_execute", _refuse)
    web.branding = _as_frame(web.branding)
    request.navigation = _as_frame(request.navigation)
    request.breadcrumb = _as_frame(request.breadcrumb)
    SecurityPolicy.identity = _as_frame(SecurityPolicy.identity)  # type: ignore[method-assign]


def _while_drawing(name: str | None, act: Callable[..., Any], *args: Any, **values: Any) -> Any:
    before, _drawn.name = getattr(_drawn, "name", None), name
    try:
        return act(*args, **values)
    finally:
        _drawn.name = before


def _rendering(template: jinja2.Template, *args: Any, **values: Any) -> str:
    drawn: str = _while_drawing(str(template.name), _render, template, *args, **values)
    return drawn


def _as_frame(read: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(read)
    def reading(*asked: Any) -> Any:
        return _while_drawing(None, read, *asked)

    return reading


def _refuse(*asked: Any) -> None:
    name = getattr(_drawn, "name", None)
    assert name is None, f"{name} asks the database: {asked[2]}"
