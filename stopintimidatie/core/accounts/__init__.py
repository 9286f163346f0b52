"""Accounts: users, their roles, sign-in with server-side sessions, lock-out, sign-out."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register users and their sessions."""
    from stopintimidatie.core.accounts import account, mail, recovery, services
    from stopintimidatie.core.accounts.models import (
        PROVIDER_PURPOSE,
        TOTP_PURPOSE,
        IdentityProvider,
        OneTimeCode,
    )
    from stopintimidatie.core.accounts.personal import OFFERS, PERSONAL_DATA, RETENTION
    from stopintimidatie.core.accounts.sessions import (
        flash,
        identity_of,
        note_use,
        take_flashes,
    )
    from stopintimidatie.core.clock import next_hour
    from stopintimidatie.core.jobs import Lane
    from stopintimidatie.core.storage.encryption import Sealed
    from stopintimidatie.core.tree.resources import AtWork

    config.set_identity_loader(identity_of)
    # A role is used when a request reaches an address below a holder.
    config.add_subscriber(lambda event: note_use(event.request, event.holder), AtWork)
    config.add_personal_data_holder(PERSONAL_DATA)
    config.add_personal_data_holder(OFFERS)
    for kind in RETENTION:
        config.add_retention_class(kind)
    config.add_impersonal_table("sign_in_attempt", "keyed hashes of names, for half a day")
    config.add_impersonal_table("spent_value", "hashes of random values, for minutes")
    config.add_impersonal_table("identity_provider", "an organisation's; in office who set it")
    hourly = {"lane": Lane.SLOW, "next_at": next_hour}
    config.add_job_kind(services.JOB, services.throw_away, **hourly)
    config.add_job_kind(recovery.JOB, mail.send_link)
    for template in mail.TEMPLATES:
        config.add_mail_template(template)
    for recipient in mail.RECIPIENTS:
        config.add_mail_recipient(recipient)
    config.add_request_method(flash, "flash")
    config.add_request_method(take_flashes, "take_flashes")
    for prefix in ("uitnodiging", "aanmelden-link", "aanmelden-openen", *account.PUBLIC):
        config.add_public_prefix(prefix)
    for address in ("/aanmelden", "/uitnodiging", *account.HASHING):
        config.add_waiting_room(address)
    config.add_panel("account", "sessies", account.sessions_panel, order=50)
    config.add_sealed(Sealed(OneTimeCode, TOTP_PURPOSE, ("secret",), "user_id"))
    config.add_sealed(Sealed(IdentityProvider, PROVIDER_PURPOSE, ("client_secret",), "holder"))
    config.scan("stopintimidatie.core.accounts.views")
    config.scan("stopintimidatie.core.accounts.account")
