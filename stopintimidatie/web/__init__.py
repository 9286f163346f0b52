"""How every page looks: layout, theme, form base, error pages, static files.

Rooms above write a template that extends ``layout.jinja2`` and use the components of
``macros/ui.jinja2``; see docs/development.md.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from stopintimidatie.registry import Directive, single
from stopintimidatie.web.theme import Branding

TEMPLATES = Path(__file__).parent / "templates"


# How the look of a page is found: (request) -> its look; None means the national one.
FindBranding = Callable[[Any], Branding | None]
BRANDING: Final = Directive[None, FindBranding]("set_branding", "branding", single)


def branding(request: Any) -> Branding:
    """The look of this page: of the municipality it belongs to, or the national one."""
    find = BRANDING.only(request.registry)
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
    navigation.NAV_ITEMS.declare(config)
    panels.PANELS.declare(config)
    body.FORM_LIMITS.declare(config)
    body.STREAMS.declare(config)
    body.PUBLIC_PREFIXES.declare(config)
    waiting_room.WAITING_ROOMS.declare(config)
    BRANDING.declare(config)
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
