"""How every page looks: layout, theme, form base, error pages, static files.

Rooms above write a template that extends ``layout.jinja2`` and use the components of
``macros/ui.jinja2``; see docs/development.md.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from stopintimidatie.web.theme import Branding

BRANDING_KEY = "stopintimidatie.web.branding"
TEMPLATES = Path(__file__).parent / "templates"


def set_branding(config: Any, find: Callable[[Any], Branding | None]) -> None:
    """Directive: how the look of a page is found; None means the national one."""
    config.action("branding", lambda: config.registry.__setitem__(BRANDING_KEY, find))


def branding(request: Any) -> Branding:
    """The look of this page: of the municipality it belongs to, or the national one."""
    find = request.registry.get(BRANDING_KEY)
    return (find(request) if find else None) or Branding()


def includeme(config: Any) -> None:
    from stopintimidatie.sandbox.places import Places
    from stopintimidatie.web import body, navigation, panels, waiting_room
    from stopintimidatie.web.guarded_views import guarded
    from stopintimidatie.web.request import Request
    from stopintimidatie.web.resources import ThemeFolder
    from stopintimidatie.web.static_files import ROOT

    config.set_request_factory(Request)
    config.registry.cleaning_places = Places(config.registry.app_settings.data_dir, "schoonmaken")
    config.add_view_deriver(guarded, name="guards")
    config.add_directive("add_nav_item", navigation.add_nav_item)
    config.add_directive("add_panel", panels.add_panel)
    config.add_directive("add_form_limit", body.add_form_limit)
    config.add_directive("add_stream", body.add_stream)
    config.add_directive("add_waiting_room", waiting_room.add_waiting_room)
    config.add_directive("set_branding", set_branding)
    config.add_request_method(branding, reify=True)
    config.add_request_method(navigation.navigation, "navigation", reify=True)
    config.add_request_method(navigation.breadcrumb, "breadcrumb", reify=True)
    _include_templates(config)
    _include_tweens(config)
    config.include("stopintimidatie.web.errors")
    config.include("stopintimidatie.web.forms")
    config.add_static_view("static", str(ROOT), cache_max_age=None)
    config.add_tree_root("huisstijl", ThemeFolder)
    config.scan("stopintimidatie.web.views")


def _include_templates(config: Any) -> None:
    from stopintimidatie.web.templating import install

    config.add_settings({"jinja2.undefined": "strict"})
    config.include("pyramid_jinja2")
    config.add_jinja2_search_path(str(TEMPLATES))
    config.action(None, lambda: install(config.get_jinja2_environment()), order=2)


def _include_tweens(config: Any) -> None:
    """From the outside in: headers, packing, (transaction, exception views), guard."""
    from pyramid.tweens import EXCVIEW, INGRESS, MAIN

    config.add_tween("stopintimidatie.web.static_files.static_tween", under=INGRESS)
    config.add_tween("stopintimidatie.web.headers.headers_tween", under=INGRESS)
    config.add_tween("stopintimidatie.web.guard.guard_tween", under=EXCVIEW, over=MAIN)
