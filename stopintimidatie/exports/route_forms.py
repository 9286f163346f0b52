"""What is asked for a demand and for urgency; empty for any other export."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from stopintimidatie.exports.routes import DEMAND
from stopintimidatie.web import forms
from stopintimidatie.web.forms import Opened

ROUTES: Final[Mapping[str, str]] = {
    "vordering_artikel": "demand_article",
    "vordering_nummer": "demand_number",
    "vordering_functionaris": "demand_officer",
    "vordering_datum": "demand_on",
    "spoed": "urgent",
    "spoed_reden": "urgent_reason",
}


_DEMANDED: Final = Opened("De vordering", (DEMAND,))
_URGENT: Final = Opened("Spoed")


def demand_fields() -> tuple[Any, ...]:
    """They stand just after the ground, and are asked with that ground alone."""
    return (
        _demanded("vordering_artikel", forms.Text(40), "Artikel", "Zoals: art. 126nd Sv."),
        _demanded("vordering_nummer", forms.Text(30), "Nummer", ""),
        _demanded(
            "vordering_functionaris",
            forms.Text(200),
            "Functionaris",
            "De functie, geen naam. Zoals: officier van justitie, Rotterdam.",
        ),
        _demanded(
            "vordering_datum",
            forms.Date(),
            "Datum",
            "Bij een vordering gaan ook meldingen mee die de melder liever niet deelt. Dat staat"
            " dan in het register.",
        ),
    )


def _demanded(name: str, typ: Any, title: str, description: str) -> Any:
    return forms.field(
        typ, title, name=name, description=description, missing=None, drawn=_DEMANDED
    )


def urgency_fields() -> tuple[Any, ...]:
    """The choice, and what is asked with it."""
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
            widget=forms.TextArea(rows=3),
            drawn=_URGENT,
        ),
    )
