"""What is asked for a demand and for urgency; empty for any other export."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from stopintimidatie.web import forms

ROUTES: Final[Mapping[str, str]] = {
    "vordering_artikel": "demand_article",
    "vordering_nummer": "demand_number",
    "vordering_functionaris": "demand_officer",
    "vordering_datum": "demand_on",
    "spoed": "urgent",
    "spoed_reden": "urgent_reason",
}


def route_fields(*, demand: bool) -> tuple[Any, ...]:
    """:param demand: whether a demand is among the grounds."""
    return (*(_demand() if demand else ()), *_urgency())


def _demand() -> tuple[Any, ...]:
    only = "Alleen bij een vordering."
    return (
        forms.field(
            forms.Text(40),
            "Vordering: artikel",
            name="vordering_artikel",
            description=f"{only} Zoals: art. 126nd Sv.",
            missing=None,
        ),
        forms.field(
            forms.Text(30),
            "Vordering: nummer",
            name="vordering_nummer",
            description=only,
            missing=None,
        ),
        forms.field(
            forms.Text(200),
            "Vordering: functionaris",
            name="vordering_functionaris",
            description=f"{only} De functie, geen naam. Zoals: officier van justitie, Rotterdam.",
            missing=None,
        ),
        forms.field(
            forms.Date(),
            "Vordering: datum",
            name="vordering_datum",
            description=f"{only} Bij een vordering gaan ook meldingen mee die de melder liever niet"
            " deelt. Dat staat dan in het register.",
            missing=None,
        ),
    )


def _urgency() -> tuple[Any, ...]:
    return (
        forms.field(
            forms.Flag(),
            "Spoed: nu maken, achteraf beoordelen",
            name="spoed",
            description="Alleen als er gevaar is. Een collega moet het binnen één werkdag alsnog"
            " beoordelen.",
            missing=False,
        ),
        forms.field(
            forms.Text(1000, lines=True),
            "Waarom is dit spoed?",
            name="spoed_reden",
            missing=None,
        ),
    )
