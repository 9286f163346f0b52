"""When an agreement counts. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from stopintimidatie.core.mail.models import MailAddress
from stopintimidatie.municipalities.agreements.models import ForwardingAgreement

# So long before its end the desk is told.
ENDS_SOON: Final = timedelta(days=30)
NONE: Final = "Er is nog geen afspraak. Bel de gemeente."


def missing(
    agreement: ForwardingAgreement | None,
    official: MailAddress | None,
    deputy: MailAddress | None,
    *,
    role_address: bool,
    today: date,
) -> list[str]:
    """Return what keeps a report from going out, one sentence each; nothing: it may go."""
    if agreement is None or agreement.ended_at is not None:
        return [NONE]
    if agreement.declined:
        return ["De gemeente wil geen meldingen ontvangen."]
    found = []
    if not agreement.wants:
        found.append("De functionaris heeft nog niet gezegd de meldingen te willen ontvangen.")
    if agreement.authorised_on is None:
        found.append("Nog niet vastgelegd is wie dit namens de gemeente goed vond.")
    if agreement.valid_until is None or agreement.valid_until < today:
        found.append("De afspraak is verlopen. Bel de gemeente.")
    if agreement.channel == "smime" and not agreement.certificate:
        found.append("Het certificaat voor versleutelde mail ontbreekt.")
    if not role_address and deputy is None:
        found.append("Het adres is van één persoon: noem een vervanger.")
    return found + _about_addresses(official, deputy)


def in_force(agreement: ForwardingAgreement | None, today: date) -> bool:
    """Tell whether it runs, apart from addresses: those tell for themselves whether they work."""
    return (
        agreement is not None
        and agreement.ended_at is None
        and not agreement.declined
        and agreement.wants
        and agreement.valid_until is not None
        and agreement.valid_until >= today
    )


def _about_addresses(official: MailAddress | None, deputy: MailAddress | None) -> list[str]:
    found = []
    for who, row in (("functionaris", official), ("vervanger", deputy)):
        if row is None or row.address is None:
            if who == "functionaris":
                found.append("Het e-mailadres van de functionaris ontbreekt.")
        elif row.bounced_at:
            found.append(f"Berichten aan de {who} komen terug. Vraag een ander adres.")
        elif row.verified_at is None:
            found.append(f"De {who} heeft de code nog niet teruggegeven.")
    return found


def standing_word(
    agreement: ForwardingAgreement | None, lacking: list[str], today: date
) -> tuple[str, str]:
    """Return a word for a list, with its tone."""
    if agreement is None or agreement.ended_at is not None:
        return "geen afspraak", "warning"
    if agreement.declined:
        return "geweigerd", "danger"
    if agreement.valid_until is not None and agreement.valid_until < today:
        return "verlopen", "danger"
    if lacking:
        return "nog niet rond", "warning"
    if agreement.valid_until is not None and agreement.valid_until - ENDS_SOON <= today:
        return "loopt bijna af", "warning"
    return "geldig", "success"
