"""The sign-in form."""

from __future__ import annotations

from stopintimidatie.web.forms import (
    EmailInput,
    Hidden,
    Password,
    PasswordInput,
    Schema,
    Text,
    field,
)


class SignInSchema(Schema):
    """Name and password; `volgende` is the address the visitor came for."""

    gebruikersnaam = field(
        Text(200),
        "Gebruikersnaam",
        description="Het e-mailadres van uw account.",
        widget=EmailInput(autocomplete="username"),
    )
    wachtwoord = field(Password(200), "Wachtwoord")
    volgende = field(Text(2000), "Volgende pagina", missing="/", widget=Hidden())


class InvitationSchema(Schema):
    """The first password of somebody who was invited; `sleutel` is what stood in the link."""

    wachtwoord = field(
        Password(200),
        "Wachtwoord",
        description="Minstens 12 tekens. Hoe langer hoe beter; het hoeft niet ingewikkeld.",
        widget=PasswordInput(autocomplete="new-password"),
    )
    nog_eens = field(
        Password(200),
        "Wachtwoord nog een keer",
        widget=PasswordInput(autocomplete="new-password"),
    )
    sleutel = field(Text(200), "Link", missing="", widget=Hidden())


class AskUnlockSchema(Schema):
    """The user name that is locked."""

    gebruikersnaam = field(
        Text(200),
        "Gebruikersnaam",
        description="Het e-mailadres van uw account. Daarheen gaat de mail.",
        widget=EmailInput(autocomplete="username"),
    )


class UnlockSchema(Schema):
    """The code from the unlock link."""

    sleutel = field(Text(200), "Link", missing="", widget=Hidden())
