"""Validators that several rooms need, with Dutch messages that say what to do."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import colander
from email_validator import EmailNotValidError, validate_email

from stopintimidatie.clock import utc_now
from stopintimidatie.web.filters import AMSTERDAM

CLOCK_SKEW = timedelta(minutes=5)


def email_address(node: Any, value: str) -> None:
    """An address that mail can be sent to, by its form; nothing is looked up."""
    try:
        validate_email(value, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise colander.Invalid(node, "Vul een e-mailadres in zoals naam@gemeente.nl.") from None


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
