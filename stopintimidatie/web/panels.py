"""Sections that a room adds to the page of a lower room, which needn't know of it.

`config.add_panel("dossier", "uitvoer", factory, order=…)`; the factory gets the page's document
and the request and answers a :class:`Panel`, or None when there is nothing for this person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup
from pyramid.renderers import render

from stopintimidatie.registry import Directive


@dataclass(frozen=True, slots=True)
class Panel:
    """A section: its heading, and the template (as of a view) with its values."""

    title: str
    renderer: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DrawnPanel:
    """A section as the page shows it; `name` is also its anchor."""

    name: str
    title: str
    html: Markup


PanelFactory = Callable[[Any, Any], Panel | None]


def _panel(page: str, name: str, factory: PanelFactory) -> tuple[tuple[str, str], PanelFactory]:
    return (page, name), factory


PANELS: Final = Directive[tuple[str, str], PanelFactory]("add_panel", "panels", _panel)


def panels(request: Any, page: str, document: Any) -> list[DrawnPanel]:
    """The sections that other rooms add to this page, in their order."""
    made = (
        (name, factory(document, request))
        for (where, name), factory in PANELS.of(request.registry).items()
        if where == page
    )
    return [_draw(request, name, panel) for name, panel in made if panel is not None]


def _draw(request: Any, name: str, panel: Panel) -> DrawnPanel:
    html = render(panel.renderer, dict(panel.values), request=request)
    return DrawnPanel(name, panel.title, Markup(html))  # noqa: S704 - a template escaped it
