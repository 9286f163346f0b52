"""The form with which somebody is invited."""

from __future__ import annotations

from stopintimidatie.municipalities.inviting import INVITED
from stopintimidatie.web import forms
from stopintimidatie.web.forms import Schema, field


class InviteSchema(Schema):
    """Who gets a role, and a one-time link when there is no account yet."""

    naam = field(forms.Text(200), "Naam", widget=forms.TextInput(autocomplete="off"))
    adres = field(
        forms.Text(200),
        "E-mailadres",
        description="Hiermee meldt deze persoon zich aan. De uitnodiging gaat erheen.",
        widget=forms.EmailInput(autocomplete="off"),
        validator=forms.email_address,
    )
    rol = field(forms.OneOf([(role.value, role.label) for role in INVITED]), "Rol")
