"""Signing in through a municipality's own identity provider (OpenID Connect)."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the doors to the providers, the tables of groups, and the pages of the admin."""
    from stopintimidatie.core.accounts.sessions import SIGNED_OUT
    from stopintimidatie.core.security import Permission
    from stopintimidatie.municipalities.areas.resources import settings_link
    from stopintimidatie.municipalities.sso.administration import PAGE
    from stopintimidatie.municipalities.sso.door import ProviderDoors, sign_in_panel
    from stopintimidatie.municipalities.sso.openid import DOORS, Providers

    config.registry.providers = Providers(config.registry.app_settings)
    config.add_tree_root(DOORS, ProviderDoors)
    for prefix in (DOORS, SIGNED_OUT):
        config.add_public_prefix(prefix)
    config.add_panel("aanmelden", "gemeente", sign_in_panel, order=5)
    config.add_impersonal_table(
        "group_role", "groups of an organisation, and in office who proposed them"
    )
    title = "Aanmelden via de gemeente"
    template = "stopintimidatie.municipalities.sso:templates/link.jinja2"
    link = settings_link(PAGE, title, Permission.MANAGE_MUNICIPALITY, template)
    config.add_panel("beheer", "aanmelden", link, order=92)
    config.scan("stopintimidatie.municipalities.sso.administration")
    config.scan("stopintimidatie.municipalities.sso.door")
