"""The forms about where a holder is told of new reports."""

from __future__ import annotations

from typing import Any

import colander
import phonenumbers

from stopintimidatie.municipalities.postbox import is_role_address
from stopintimidatie.web import forms


def role_address(node: Any, value: str) -> None:
    """An address of a role, not of one person."""
    forms.email_address(node, value)
    if not is_role_address(value):
        raise colander.Invalid(
            node,
            "Kies een adres van een functie, zoals oov@gemeente.nl of meldpunt@gemeente.nl."
            " Dan komt een bericht ook aan als iemand vrij is.",
        )


def phone_number(node: Any, value: str) -> None:
    """A number that can be rung, Dutch unless it says otherwise."""
    if as_number(value) is None:
        raise colander.Invalid(node, "Vul een telefoonnummer in, zoals 078 123 45 67.")


def as_number(text: str) -> str | None:
    """The number as networks write it, +31…; None when it is none."""
    try:
        found = phonenumbers.parse(text, "NL")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(found):
        return None
    written: str = phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)
    return written


def postbox_schema(*, texting: bool) -> Any:
    """The address, and the number where text messages can be sent."""
    schema = forms.Schema()
    schema.add(
        forms.field(
            forms.Text(200),
            "E-mailadres",
            name="adres",
            description="Een adres van een functie, dat meer mensen lezen.",
            widget=forms.EmailInput(autocomplete="off"),
            validator=role_address,
        )
    )
    if texting:
        schema.add(
            forms.field(
                forms.Text(20),
                "Nummer voor spoed",
                name="spoednummer",
                description="Krijgt een sms bij spoed buiten kantooruren. Leeg: geen sms.",
                widget=forms.TelInput(autocomplete="off"),
                validator=phone_number,
                missing=None,
            )
        )
    return schema
