"""Conditions under which a forwarding agreement counts. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from stopintimidatie.core.clock import working_days_after
from stopintimidatie.core.mail.models import MailAddress
from stopintimidatie.core.text import day_of
from stopintimidatie.municipalities.agreements.models import ForwardingAgreement

# Time before the end of an agreement at which the desk is reminded of it.
ENDS_SOON: Final = timedelta(days=30)
# Working days in which the code of the test mail is to be given back.
ANSWER_WITHIN: Final = 3
# The words for an agreement about whose mail somebody must ring, by how the sentence begins.
RING_ABOUT: Final = {
    "De testmail kwam terug": "testmail kwam terug: bel",
    "Berichten komen terug": "mail kwam terug: bel",
    "De testmail is niet beantwoord": "testmail niet beantwoord: bel",
}
# The words of an agreement under which reports go out.
VALID: Final = ("geldig", "loopt bijna af")
NONE: Final = "Er is geen afspraak. Bel de gemeente."


def missing(
    agreement: ForwardingAgreement | None,
    official: MailAddress | None,
    deputy: MailAddress | None,
    *,
    role_address: bool,
    today: date,
) -> list[str]:
    """Return what keeps reports from going out under an agreement, one sentence each."""
    if agreement is None or agreement.ended_at is not None:
        return [NONE]
    if agreement.declined:
        return ["De gemeente wil geen meldingen ontvangen."]
    problems = []
    if not agreement.wants:
        problems.append("De functionaris heeft nog niet gezegd de meldingen te willen ontvangen.")
    if agreement.authorised_on is None:
        problems.append("Nog niet vastgelegd is wie dit namens de gemeente goed vond.")
    if agreement.valid_until is None or agreement.valid_until < today:
        problems.append("De afspraak is verlopen. Bel de gemeente.")
    if agreement.channel == "smime" and not agreement.certificate:
        problems.append("Het certificaat voor versleutelde mail ontbreekt.")
    if not role_address and deputy is None:
        problems.append("Het adres is van één persoon: noem een vervanger.")
    return problems + _about_addresses(official, deputy, today)


def in_force(agreement: ForwardingAgreement | None, today: date) -> bool:
    """Tell whether an agreement counts on this day, whether or not its addresses work."""
    return (
        agreement is not None
        and agreement.ended_at is None
        and not agreement.declined
        and agreement.wants
        and agreement.valid_until is not None
        and agreement.valid_until >= today
    )


def _late(sent: datetime, today: date) -> bool:
    return working_days_after(day_of(sent), ANSWER_WITHIN) < today


def _about_addresses(
    official: MailAddress | None, deputy: MailAddress | None, today: date
) -> list[str]:
    """Return what is wrong with the addresses, one sentence each; a deputy may have none."""
    problems = []
    for function, row in (("functionaris", official), ("vervanger", deputy)):
        if row is None or row.address is None:
            if function == "functionaris":
                problems.append("Het e-mailadres van de functionaris ontbreekt.")
        elif row.bounced_at:
            back = "Berichten komen terug" if row.verified_at else "De testmail kwam terug"
            problems.append(f"{back} van de {function}. Bel, en vraag een ander adres.")
        elif row.verified_at is None and row.code_sent_at and _late(row.code_sent_at, today):
            problems.append(f"De testmail is niet beantwoord door de {function}. Bel.")
        elif row.verified_at is None:
            problems.append(f"De {function} heeft de code nog niet teruggegeven.")
    return problems


def standing_word(
    agreement: ForwardingAgreement | None, lacking: list[str], today: date
) -> tuple[str, str]:
    """Return one word for how an agreement stands, and its tone (`success`, `danger` …)."""
    if agreement is None or agreement.ended_at is not None:
        return "geen afspraak", "warning"
    if agreement.declined:
        return "geweigerd", "danger"
    if agreement.valid_until is not None and agreement.valid_until < today:
        return "verlopen", "danger"
    for begin, word in RING_ABOUT.items():
        if any(text.startswith(begin) for text in lacking):
            return word, "danger"
    if lacking:
        return "nog niet rond", "warning"
    if agreement.valid_until is not None and agreement.valid_until - ENDS_SOON <= today:
        return "loopt bijna af", "warning"
    return "geldig", "success"
