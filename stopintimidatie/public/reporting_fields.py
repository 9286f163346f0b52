"""A telephone number and an address as a reporter types them."""

from __future__ import annotations

from typing import Any, Final

import colander
import phonenumbers

from stopintimidatie.web import forms

NO_EMAIL: Final = (
    "Vul een e-mailadres in zoals naam@voorbeeld.nl, met alleen gewone letters en cijfers voor het"
    " apenstaartje."
)
NO_PHONE: Final = "Dit telefoonnummer klopt niet. Vul het in zoals 06 12345678."


class Phone(forms.Text):
    """A telephone number that can exist; kept as E.164, as the app's, so that it can be found."""

    def read(self, node: Any, text: str) -> Any:
        try:
            number = phonenumbers.parse(text, "NL")
        except phonenumbers.NumberParseException:
            raise colander.Invalid(node, NO_PHONE) from None
        if not phonenumbers.is_valid_number(number):
            raise colander.Invalid(node, NO_PHONE)
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class Email(forms.Text):
    """A well-formed address, written as the app's is."""

    def read(self, node: Any, text: str) -> Any:
        try:
            return forms.checked_address(text.strip()).normalized
        except ValueError:
            raise colander.Invalid(node, NO_EMAIL) from None
