"""Is this installation fit, and which release is it: `/health`, `/version`, the figures."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the checks of health, with their pages."""
    from functools import partial

    from stopintimidatie.core.health import services, views
    from stopintimidatie.core.jobs.services import JOB_KINDS
    from stopintimidatie.core.tree.resources import WELL_KNOWN

    registry = config.registry
    services.HEALTH_CHECKS.declare(config)
    added = services.HEALTH_CHECKS.of(registry)
    inspect = partial(
        services.inspect_installation, registry.app_settings, JOB_KINDS.of(registry), added
    )
    config.add_health_check("schijf", (), views.disk_check)
    config.add_health_check("security.txt", (), views.security_check)
    registry.readiness = services.Readiness(inspect, added)
    roots = {"health": views.Health, "version": views.Version, WELL_KNOWN: views.WellKnown}
    for name, factory in roots.items():
        config.add_public_prefix(name)
        config.add_tree_root(name, factory)
    config.scan("stopintimidatie.core.health.views")
