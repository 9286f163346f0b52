"""Forms to propose a role, and to confirm or refuse one."""

from __future__ import annotations

from typing import Final

from stopintimidatie.municipalities.proposals import OFFERED_ROLES
from stopintimidatie.web import forms
from stopintimidatie.web.forms import Schema, field

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
