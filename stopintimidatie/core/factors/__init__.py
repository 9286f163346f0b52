"""Second factors: passkeys, an authenticator app, recovery codes; asked at sign-in and again."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the pages of the second step, and the mail about a changed factor."""
    from stopintimidatie.core.factors.account import factors_panel
    from stopintimidatie.core.factors.services import TEMPLATE
    from stopintimidatie.core.factors.views import passkey_panel

    config.add_mail_template(TEMPLATE)
    config.add_panel("aanmelden", "passkey", passkey_panel, order=10)
    for prefix in ("aanmelden-factor", "aanmelden-instellen", "aanmelden-passkey"):
        config.add_public_prefix(prefix)
    config.add_panel("account", "tweede-stap", factors_panel, order=20)
    for module in ("views", "confirmation", "account"):
        config.scan(f"stopintimidatie.core.factors.{module}")
