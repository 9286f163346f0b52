"""Where people land: the start page, a municipality, a neighbourhood, and the health addresses."""

from __future__ import annotations

from functools import partial
from typing import Any


def includeme(config: Any) -> None:
    from stopintimidatie.home.branding import branding_of
    from stopintimidatie.home.health import Health, Version
    from stopintimidatie.home.menu import areas_item, start_item
    from stopintimidatie.home.readiness import (
        HEALTH_CHECKS,
        OUTLINED,
        Readiness,
        inspect_installation,
        outlines_check,
    )
    from stopintimidatie.jobs.registry import JOB_KINDS

    settings = config.registry.app_settings
    HEALTH_CHECKS.declare(config)
    added = HEALTH_CHECKS.of(config.registry)
    config.registry.readiness = Readiness(
        partial(inspect_installation, settings, JOB_KINDS.of(config.registry), added), added
    )
    config.add_health_check("grenzen", OUTLINED, outlines_check)
    config.set_branding(branding_of)
    for name, factory in {"health": Health, "version": Version}.items():
        config.add_public_prefix(name)
        config.add_tree_root(name, factory)
    config.add_nav_item("start", start_item, order=10)
    config.add_nav_item("gemeenten", areas_item, order=40)
    config.scan("stopintimidatie.home.health")
    config.scan("stopintimidatie.home.views")
    config.scan("stopintimidatie.search.views")
