"""The forms of a municipality that is joining."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import colander

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Schema, field
from stopintimidatie.desk.queue.views import Town
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.municipalities.partners.vocabulary import LegalBasis
from stopintimidatie.municipalities.people.forms import as_number, phone_number

# Name on the form -> column of the checklist.
COLUMNS: Final = {
    "afspraak_op": "agreement_on",
    "afspraak_met": "agreement_with",
    "grondslag": "legal_basis",
    "dpia_op": "dpia_on",
    "fg": "data_protection_officer",
    "teksten_op": "texts_on",
    "logo_op": "logo_on",
    "opleiding_op": "training_on",
}


def _day(title: str, name: str) -> Any:
    return field(forms.Date(), title, name=name, missing=None, validator=forms.in_past)


def checklist_schema() -> Any:
    """Everything the desk notes by hand; what is left empty is still to be done."""
    schema = Schema()
    for node in (
        _day("Afspraak gemaakt op", "afspraak_op"),
        field(
            forms.Text(200),
            "Afgesproken met",
            name="afspraak_met",
            missing=None,
            description="De functie bij de gemeente, en wie daar toestemming gaf.",
        ),
        field(forms.OneOf(LegalBasis.choices()), "Grondslag", name="grondslag", missing=None),
        _day("Datum van de DPIA", "dpia_op"),
        field(
            forms.Text(200),
            "Functionaris gegevensbescherming (FG)",
            name="fg",
            missing=None,
        ),
        _day("Antwoordteksten nagekeken op", "teksten_op"),
        _day("Logo en kleur nagekeken op", "logo_op"),
        _day("Opleiding gegeven op", "opleiding_op"),
        field(forms.Integer(0), "Versie", name="versie", missing=0, widget=forms.Hidden()),
    ):
        schema.add(node)
    return schema


class TrainedSchema(Schema):
    """On which day somebody was trained; empty: not yet."""

    wie = field(forms.Text(36), "Wie", widget=forms.Hidden())
    opgeleid_op = field(
        forms.Date(),
        "Opgeleid op",
        missing=None,
        validator=forms.in_past,
    )


def level_schema(present: ParticipationLevel) -> Any:
    """Another level than the present one, and from which moment on."""
    schema = Schema()
    others = [(level.value, level.label) for level in ParticipationLevel if level != present]
    schema.add(
        field(
            forms.OneOf(others, radio=True),
            "Nieuw niveau",
            name="niveau",
            description="Programma kan pas als de lijst klaar is. Doorgifte en zonder afspraak"
            " volgen anders vanzelf uit de doorgifteafspraak.",
        )
    )
    schema.add(
        field(
            forms.Moment(),
            "Geldt vanaf",
            name="vanaf",
            missing=None,
            description="Laat leeg als het meteen mag gelden.",
        )
    )
    schema.add(
        field(
            forms.Text(200),
            "Reden",
            name="reden",
            missing=None,
            description="Voor het logboek, zonder namen van mensen.",
        )
    )
    return schema


# The forms of `/aansluiten`.


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
