"""Access: roles, permissions, the one table between them, and Pyramid's policy."""

from __future__ import annotations

from typing import Any

from stopintimidatie.core.security.permissions import (
    GRANTS,
    Identity,
    Permission,
    Role,
    holder_acl,
)


def includeme(config: Any) -> None:
    """Set the policy by which permissions are asked, and how forms prove where they come from."""
    from pyramid.tweens import MAIN

    from stopintimidatie.core.security import policy

    policy.IDENTITY_LOADER.declare(config)
    policy.ORIGIN_JUDGES.declare(config)
    # Above the transaction: what was shown or refused is written even when it is rolled back.
    config.add_tween(
        "stopintimidatie.core.security.policy.trail_tween_factory",
        over="pyramid_tm.tm_tween_factory",
    )
    config.add_tween(
        "stopintimidatie.core.security.policy.origin_tween_factory",
        under="stopintimidatie.core.web.request.guard_tween",
        over=MAIN,
    )
    config.set_security_policy(policy.SecurityPolicy())
    config.set_csrf_storage_policy(policy.csrf_storage(config.registry.app_settings))
    config.set_default_csrf_options(require_csrf=True, check_origin=True)
