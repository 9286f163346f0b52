"""Forms of the mailbox and urgent number of a holder, and of proposed roles."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

import colander
import phonenumbers

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Schema, field
from stopintimidatie.municipalities.people.proposals import OFFERED_ROLES
from stopintimidatie.municipalities.people.services import is_role_address


def role_address(node: Any, value: str) -> None:
    """Check that a value is an e-mail address of a role, not of one person."""
    forms.email_address(node, value)
    if not is_role_address(value):
        raise colander.Invalid(
            node,
            "Kies een adres van een functie, zoals oov@gemeente.nl of meldpunt@gemeente.nl."
            " Dan komt een bericht ook aan als iemand vrij is.",
        )


class Telephone(forms.Text):
    """A number that can be rung, Dutch without a country code; kept in the form +31…."""

    def __init__(self) -> None:
        super().__init__(20)

    def fit(self, value: str) -> str:
        """Return the number in its international form."""
        with suppress(phonenumbers.NumberParseException):
            number = phonenumbers.parse(value, "NL")
            if phonenumbers.is_possible_number(number):
                return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
        raise ValueError("Vul een telefoonnummer in, zoals 078 123 45 67.")


def postbox_schema(*, texting: bool) -> Any:
    """Return the form of the mailbox; with the urgent number where text messages can be sent."""
    urgent_number = field(
        Telephone(),
        "Nummer voor spoed",
        name="spoednummer",
        description="Krijgt een sms bij spoed buiten kantooruren. Leeg: geen sms.",
        widget=forms.TelInput(autocomplete="off"),
        missing=None,
    )
    return Schema(
        field(
            forms.Text(200),
            "E-mailadres",
            name="adres",
            description="Een adres van een functie, dat meer mensen lezen.",
            widget=forms.EmailInput(autocomplete="off"),
            validator=role_address,
        ),
        *((urgent_number,) if texting else ()),
    )


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
    tot_en_met = field(
        forms.Date(),
        "Einddatum",
        missing=None,
        validator=forms.not_before_today,
        description="De laatste dag van deze rol. Laat leeg als er geen einde is afgesproken.",
    )


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
