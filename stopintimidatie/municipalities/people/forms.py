"""The forms about where a holder is told of new reports, and about proposed roles."""

from __future__ import annotations

from typing import Any, Final

import colander
import phonenumbers

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Schema, field
from stopintimidatie.municipalities.people.proposals import OFFERED_ROLES
from stopintimidatie.municipalities.people.services import is_role_address


def role_address(node: Any, value: str) -> None:
    """Check that it is an address of a role, not of one person."""
    forms.email_address(node, value)
    if not is_role_address(value):
        raise colander.Invalid(
            node,
            "Kies een adres van een functie, zoals oov@gemeente.nl of meldpunt@gemeente.nl."
            " Dan komt een bericht ook aan als iemand vrij is.",
        )


def phone_number(node: Any, value: str) -> None:
    """Check that it is a number that can be rung, Dutch unless it says otherwise."""
    if as_number(value) is None:
        raise colander.Invalid(node, "Vul een telefoonnummer in, zoals 078 123 45 67.")


def as_number(text: str) -> str | None:
    """Return the number as networks write it, +31…; None when it is none."""
    try:
        found = phonenumbers.parse(text, "NL")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(found):
        return None
    written: str = phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)
    return written


def postbox_schema(*, texting: bool) -> Any:
    """Return the form of the address, and the number where text messages can be sent."""
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


CONFIRM: Final = "bevestigen"
REFUSE: Final = "weigeren"
DECISIONS: Final = (
    (CONFIRM, "Bevestigen: deze persoon mag deze rol krijgen"),
    (REFUSE, "Weigeren"),
)


class InviteSchema(Schema):
    """The person for whom a role is proposed, and the role."""

    naam = field(forms.Text(200), "Naam", widget=forms.TextInput(autocomplete="off"))
    adres = field(
        forms.Text(200),
        "E-mailadres",
        description="Hiermee meldt deze persoon zich aan. De uitnodiging gaat erheen.",
        widget=forms.EmailInput(autocomplete="off"),
        validator=forms.email_address,
    )
    rol = field(forms.OneOf([(role.value, role.label) for role in OFFERED_ROLES]), "Rol")


class DecisionSchema(Schema):
    """The answer of the second person: confirm, or refuse with a reason."""

    voorstel = field(forms.Text(36), "Voorstel", widget=forms.Hidden())
    besluit = field(forms.OneOf(DECISIONS, radio=True), "Wat besluit u?")
    reden = field(
        forms.Text(500, lines=True),
        "Waarom u weigert",
        missing="",
        needed_sometimes=True,
        description="Alleen nodig als u weigert. Wie het voorstel deed, leest dit.",
        widget=forms.TextArea(rows=2),
    )
