"""The sign-in form."""

from __future__ import annotations

from stopintimidatie.web.forms import EmailInput, Hidden, Password, Schema, Text, field


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
