"""Forms of the mailbox and urgent number of a holder, and of proposed roles."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

import colander
import phonenumbers

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Schema, field
from stopintimidatie.core.security import Role
from stopintimidatie.municipalities.people.proposals import OFFERED_ROLES, roles_given
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
    (CONFIRM, "Bevestigen: dit klopt en mag zo"),
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
    # Its choices: `invite_schema`.
    rol = field(forms.OneOf(()), "Rol")
    mandaat = field(
        forms.Text(500),
        "Besluit over de waarneming",
        missing="",
        needed_sometimes=True,
        drawn=forms.Opened("De waarneming", (Role.DEPUTY.value,)),
        description="Wie besloot dat deze collega van een andere gemeente waarneemt, en wanneer."
        " Dit komt in het logboek.",
    )
    tot_en_met = field(
        forms.Date(),
        "Einddatum",
        missing=None,
        needed_sometimes=True,
        validator=forms.not_before_today,
        description="De laatste dag van deze rol. Laat leeg als er geen einde is afgesproken. Een"
        " waarnemer heeft altijd een einddatum, hoogstens een jaar vooruit.",
    )


def invite_schema(request: Any, holder: str) -> Any:
    """Return the form to propose one of the roles that a municipality gives now."""
    schema = InviteSchema()
    choices = roles_given(request, holder, OFFERED_ROLES)
    schema["rol"].typ = forms.OneOf(choices)
    return schema


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


# Choices of an admin or the desk about the access of a person.

TAKE: Final = "weg"
END: Final = "einde"
BLOCK: Final = "blokkeren"
UNBLOCK: Final = "deblokkeren"
SIGN_OUT: Final = "afmelden"
RESET: Final = "factor"
BLOCK_ACCOUNT: Final = "account-blokkeren"
UNBLOCK_ACCOUNT: Final = "account-deblokkeren"
REASONED: Final = (BLOCK, BLOCK_ACCOUNT)


def access_schema(choices: Sequence[tuple[str, str]]) -> Any:
    """Return the form with one choice of what to change about the access of a person.

    Choices about a role are `weg-oov` and `einde-oov`, with the code of the role.
    """
    ends = tuple(code for code, _ in choices if code.startswith(END))
    reasoned = tuple(code for code, _ in choices if code in REASONED)
    fields = [field(forms.OneOf(choices, radio=True), "Wat wilt u doen?", name="keuze")]
    if ends:
        last_day = field(
            forms.Date(),
            "Laatste dag",
            name="laatste_dag",
            missing=None,
            drawn=forms.Opened("De einddatum", ends),
            description="Tot en met deze dag werkt de rol. Langer dan eerder is afgesproken kan"
            " hier niet: doe daarvoor een nieuw voorstel.",
        )
        fields.append(last_day)
    if reasoned:
        reason = field(
            forms.Text(500, lines=True),
            "Waarom",
            name="reden",
            missing=None,
            drawn=forms.Opened("De reden", reasoned),
            description="Staat in het logboek. Schrijf er niets in over iemands gezondheid.",
            widget=forms.TextArea(rows=2),
        )
        fields.append(reason)
    return Schema(*fields)


# The quarterly review

YES: Final = "ja"
NO: Final = "nee"
ANSWERS: Final = ((YES, "Ja, dit klopt"), (NO, "Nee, hier moet iets weg"))


def review_schema(people: Sequence[Any]) -> Any:
    """Return the form that asks of each person whether the roles are still right.

    Args:
        people: For each person the name of the control, the title and a description.
    """
    return Schema(
        *(
            field(
                forms.OneOf(ANSWERS, radio=True),
                title,
                name=name,
                missing=None,
                needed_sometimes=True,
                description=description,
            )
            for name, title, description in people
        ),
        field(forms.Text(40), "Stand", name="stand", missing="", widget=forms.Hidden()),
    )
