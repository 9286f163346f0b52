"""The forms of `/aansluiten`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import colander

from stopintimidatie.municipalities.postbox_forms import as_number, phone_number
from stopintimidatie.municipalities.town_field import Town
from stopintimidatie.register.models import Municipality
from stopintimidatie.web import forms


class Telephone(forms.Text):
    """A number as it can be rung, +31…"""

    def read(self, node: Any, text: str) -> Any:
        phone_number(node, text)
        return as_number(text) or colander.null


def joining_schema(municipalities: Sequence[Municipality]) -> Any:
    """Who asks, for which municipality, and where a code goes."""
    schema = forms.Schema()
    for node in (
        forms.field(Town(municipalities), "Gemeente", name="gemeente"),
        forms.field(
            forms.Text(100),
            "Uw functie",
            name="functie",
            description="Bijvoorbeeld: adviseur openbare orde en veiligheid. Geen naam.",
            widget=forms.TextInput(autocomplete="organization-title"),
        ),
        forms.field(
            forms.Text(200),
            "E-mailadres van uw afdeling",
            name="adres",
            description="Een functieadres van de gemeente zelf. Wij sturen er een code heen.",
            widget=forms.EmailInput(autocomplete="off"),
            validator=forms.email_address,
        ),
        forms.field(
            Telephone(20),
            "Telefoonnummer",
            name="telefoon",
            missing=None,
            description="Wij bellen u via de centrale van de gemeente, of op dit nummer.",
            widget=forms.TelInput(),
        ),
    ):
        schema.add(node)
    return schema


class ConfirmSchema(forms.Schema):
    """The code of the mail."""

    code = forms.field(
        forms.Text(20),
        "Code uit de mail",
        widget=forms.TextInput(width="medium", autocomplete="one-time-code", inputmode="numeric"),
    )
