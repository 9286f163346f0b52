"""Forms of a municipality's identity provider, of its groups, and of trying somebody's claims."""

from __future__ import annotations

from typing import Any, Final

import colander

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Schema, field
from stopintimidatie.core.httpclient import OutgoingError, check_address

MOST_HOURS: Final = 8
_FAULTS: Final = {
    "no https": "Het adres moet met https:// beginnen.",
    "not public": "Dit adres is alleen binnen een netwerk te bereiken. Vul een openbaar adres in.",
}
_NO_ADDRESS: Final = (
    "Vul het hele adres in, zoals https://login.gemeente.nl, zonder # of wachtwoord erin."
)


def provider_schema(*, demo: bool, new: bool) -> Any:
    """Return the form of the provider; the secret must be filled in when it is new."""

    def callable_address(node: Any, value: str) -> None:
        try:
            check_address(value, demo=demo)
        except OutgoingError as fault:
            raise colander.Invalid(node, _FAULTS.get(fault.kind, _NO_ADDRESS)) from None
        if "?" in value:
            raise colander.Invalid(node, _NO_ADDRESS)

    kept = "" if new else " Laat leeg om het opgeslagen geheim te houden."
    return Schema(
        field(
            forms.Text(500),
            "Adres van de inlogdienst (issuer)",
            name="adres",
            description="Precies zoals de inlogdienst het zelf noemt, ook wat het laatste teken"
            " betreft. Bij Microsoft Entra ID: https://login.microsoftonline.com/…/v2.0.",
            widget=forms.TextInput(autocomplete="off", inputmode="url"),
            validator=callable_address,
        ),
        field(
            forms.Text(200),
            "Client-ID",
            name="client",
            widget=forms.TextInput(autocomplete="off"),
        ),
        field(
            forms.Password(500),
            "Geheim (client secret)",
            name="geheim",
            **({} if new else {"missing": "", "needed_sometimes": True}),
            description=f"Wij bewaren het versleuteld en tonen het nooit meer.{kept}",
            widget=forms.PasswordInput(autocomplete="new-password"),
        ),
        *_terms(),
    )


def _terms() -> tuple[Any, ...]:
    """Make the fields about groups and sessions, and whether it is on."""
    return (
        field(
            forms.Text(100),
            "Naam van de claim met groepen",
            name="groepen",
            description="Meestal ‘groups’. Zit de lijst dieper, gebruik dan punten:"
            " realm_access.roles.",
            widget=forms.TextInput(autocomplete="off"),
        ),
        field(
            forms.Integer(1, MOST_HOURS),
            "Zoveel uur blijft iemand hoogstens aangemeld",
            name="uren",
            description=f"1 tot en met {MOST_HOURS} uur.",
        ),
        field(forms.Flag(), "Aanmelden via de gemeente staat aan", name="aan", missing=False),
        field(
            forms.Flag(),
            "Alleen via de gemeente",
            name="alleen",
            missing=False,
            description="De rollen bij uw gemeente tellen dan alleen nog voor wie zich via de"
            " gemeente aanmeldt, niet met een wachtwoord.",
        ),
        field(forms.Text(40), "Versie", name="versie", missing="", widget=forms.Hidden()),
    )


class GroupSchema(Schema):
    """A group of the provider, and the role that it gives."""

    groep = field(
        forms.Text(200),
        "Naam of id van de groep",
        description="Precies zoals de groep in de claim staat, met dezelfde hoofdletters. Entra ID"
        " stuurt meestal de id van een groep.",
        widget=forms.TextInput(autocomplete="off"),
    )
    # Its choices: those that the municipality gives now.
    rol = field(forms.OneOf(()), "Rol")


class TrialSchema(Schema):
    """Claims of somebody, to see which roles they would become."""

    claims = field(
        forms.Text(20_000, lines=True),
        "Claims van één persoon (JSON)",
        description="Wat de inlogdienst over iemand zegt, tussen accolades:"
        ' {"groups": ["OOV-team"]}. Wij bewaren dit niet.',
        widget=forms.TextArea(rows=8),
    )
