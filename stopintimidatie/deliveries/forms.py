"""The forms: putting ready, and what a partner answers."""

from __future__ import annotations

from typing import Any

from stopintimidatie.deliveries.pickups import DAYS_MOST, TIMES_MOST
from stopintimidatie.deliveries.vocabulary import Done, Part
from stopintimidatie.exports.withdrawing import REASONS
from stopintimidatie.web import forms


def offer_schema(people: list[tuple[str, str]]) -> Any:
    """Who is told, until when it waits, and how often it may be fetched."""
    schema = forms.Schema()
    schema.add(
        forms.field(
            forms.OneOf(people, radio=True),
            "Wie krijgt het bericht?",
            name="contact",
            description="Alleen contactpersonen met een bevestigd e-mailadres staan hier.",
        )
    )
    schema.add(
        forms.field(
            forms.Integer(1, DAYS_MOST),
            "Hoeveel dagen staat het klaar?",
            name="dagen",
            description=f"Hoogstens {DAYS_MOST}, en nooit langer dan tot het vernietigd moet zijn.",
        )
    )
    schema.add(
        forms.field(
            forms.Integer(1, TIMES_MOST), "Hoe vaak mag het worden opgehaald?", name="keren"
        )
    )
    return schema


class WithdrawSchema(forms.Schema):
    waarom = forms.field(forms.OneOf(REASONS, radio=True), "Waarom trekt u dit in?")
    reden = forms.field(
        forms.Text(1000, lines=True),
        "Toelichting voor uw collega's",
        description="De ontvanger leest dit niet. Noem geen namen.",
        missing=None,
    )


class RectifySchema(forms.Schema):
    wat = forms.field(
        forms.ManyOf(Part.choices()), "Wat klopte er niet?", validator=forms.at_least(1)
    )
    toelichting = forms.field(
        forms.Text(1000, lines=True),
        "Wat moet de ontvanger weten?",
        description="De ontvanger leest dit na een code per e-mail. Noem geen namen en herhaal niet"
        " wat er fout stond.",
        missing=None,
    )
    intrekken = forms.field(
        forms.Flag(),
        "Trek de documenten ook in",
        description="De bestanden worden vernietigd. Vraag daarna zo nodig een nieuwe uitvoer aan.",
        missing=False,
    )


class AnswerSchema(forms.Schema):
    gedaan = forms.field(
        forms.ManyOf(Done.choices()), "Wat hebt u gedaan?", validator=forms.at_least(1)
    )
    op = forms.field(forms.Date(), "Wanneer?", missing=None)
    toelichting = forms.field(
        forms.Text(2000, lines=True),
        "Toelichting",
        description="Noem geen namen. Schrijf niets uit een onderzoek of uit politiesystemen op:"
        " dat er iets is gedaan, is genoeg.",
        missing=None,
    )
    melder = forms.field(forms.Flag(), "Wij willen met een melder praten", missing=False)
    over = forms.field(
        forms.Text(500, lines=True),
        "Over welke melding, en waarom?",
        description="Noem het nummer uit het document, zoals M-03. De gemeente vraagt het eerst aan"
        " de melder.",
        missing=None,
    )
