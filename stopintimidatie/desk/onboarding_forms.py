"""The forms of a municipality that is joining."""

from __future__ import annotations

from typing import Any, Final

from stopintimidatie.municipalities.models import ParticipationLevel
from stopintimidatie.reports.vocabulary import LegalBasis
from stopintimidatie.web import forms
from stopintimidatie.web.forms import Schema, field

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
