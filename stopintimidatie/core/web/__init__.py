"""The look of every page: layout, theme, error pages, static files; and what a request carries.

Rooms above write a template that extends ``layout.jinja2`` and use the components of
``macros/ui.jinja2``; see docs/dev/pages-and-forms.md.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from stopintimidatie.core.registry import Directive, single
from stopintimidatie.core.web.theme import Branding

TEMPLATES = Path(__file__).parent / "templates"


# A function that finds the look of a page: (request) -> its look; None means the national one.
FindBranding = Callable[[Any], Branding | None]
BRANDING: Final = Directive[None, FindBranding]("set_branding", "branding", single)


def branding(request: Any) -> Branding:
    """Return the look of this page: of the municipality it belongs to, or the national one."""
    find = BRANDING.only(request.registry)
    return (find(request) if find else None) or Branding()


def includeme(config: Any) -> None:
    """Register what every page and request needs."""
    from pyramid.tweens import EXCVIEW, INGRESS, MAIN

    from stopintimidatie.core.web import body, components, limits, request
    from stopintimidatie.core.web.handbook import Handbook, help_href
    from stopintimidatie.core.web.limits import Places
    from stopintimidatie.core.web.request import Request, guarded
    from stopintimidatie.core.web.responses import ROOT, ThemeFolder

    config.set_request_factory(Request)
    config.registry.cleaning_places = Places(config.registry.app_settings.data_dir, "schoonmaken")
    # Not those of cleaning: whoever has papers drawn never keeps a photo of a reporter waiting.
    config.registry.drawing_places = Places(config.registry.app_settings.data_dir, "tekenen")
    config.registry.storing_places = Places(config.registry.app_settings.data_dir, "bewaren", 1)
    config.add_view_deriver(guarded, name="guards")
    request.NAV_ITEMS.declare(config)
    components.PANELS.declare(config)
    body.FORM_LIMITS.declare(config)
    body.STREAMS.declare(config)
    body.PUBLIC_PREFIXES.declare(config)
    limits.WAITING_ROOMS.declare(config)
    BRANDING.declare(config)
    config.add_request_method(branding, reify=True)
    config.add_request_method(request.navigation, "navigation", reify=True)
    config.add_request_method(request.breadcrumb, "breadcrumb", reify=True)
    config.add_request_method(help_href)
    config.include("stopintimidatie.core.web.translation")
    config.add_settings({"jinja2.undefined": "strict"})
    config.include("pyramid_jinja2")
    config.add_jinja2_search_path(str(TEMPLATES))
    config.action(None, lambda: components.install(config.get_jinja2_environment()), order=2)
    # From outside: headers and packing, (transaction, exceptions), guard.
    config.add_tween("stopintimidatie.core.web.responses.headers_tween", under=INGRESS)
    config.add_tween("stopintimidatie.core.web.request.guard_tween", under=EXCVIEW, over=MAIN)
    config.include("stopintimidatie.core.web.errors")
    config.add_static_view("static", str(ROOT), cache_max_age=None)
    config.add_tree_root("huisstijl", ThemeFolder)
    config.add_tree_root("hulp", Handbook)
    config.scan("stopintimidatie.core.web.handbook")
    config.scan("stopintimidatie.core.web.responses")
