"""Validators that several rooms need, with Dutch messages that say what to do."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import colander
from email_validator import ValidatedEmail, validate_email

from stopintimidatie.clock import utc_now
from stopintimidatie.web.filters import AMSTERDAM

CLOCK_SKEW = timedelta(minutes=5)
NO_ADDRESS = (
    "Vul een e-mailadres in zoals naam@gemeente.nl. Gebruik voor het apenstaartje alleen gewone"
    " letters en cijfers, zonder accenten."
)


def checked_address(text: str) -> ValidatedEmail:
    """Read an e-mail address that every mail server takes; nothing is looked up.

    Letters outside ASCII before the @ need a mail server that few have, so they are refused.
    `test_environment` lets the reserved domain .test through, as .example does.

    :raises ValueError: it isn't one.
    """
    return validate_email(
        text, check_deliverability=False, allow_smtputf8=False, test_environment=True
    )


def email_address(node: Any, value: str) -> None:
    """An address that mail can be sent to, by its form; nothing is looked up."""
    try:
        checked_address(value)
    except ValueError:
        raise colander.Invalid(node, NO_ADDRESS) from None


def at_least(minimum: int) -> Callable[[Any, str], None]:
    """Text of some length, so that a reason says something."""

    def validate(node: Any, value: str) -> None:
        if len(value) < minimum:
            raise colander.Invalid(node, f"Schrijf iets meer: ten minste {minimum} tekens.")

    return validate


def in_past(node: Any, value: date | datetime) -> None:
    """A moment or day that isn't in the future."""
    if isinstance(value, datetime):
        future = value > utc_now() + CLOCK_SKEW
    else:
        future = value > utc_now().astimezone(AMSTERDAM).date()
    if future:
        raise colander.Invalid(node, "Dit ligt in de toekomst. Kies een eerder moment.")


def not_before_today(node: Any, value: date) -> None:
    if value < utc_now().astimezone(AMSTERDAM).date():
        raise colander.Invalid(node, "Deze datum is voorbij. Kies vandaag of later.")
