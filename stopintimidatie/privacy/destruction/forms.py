"""The forms about lines of a destruction list: decided otherwise, or kept beyond the maximum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Hidden, Schema, field
from stopintimidatie.privacy.destruction.models import UNDECIDED, LineDecision

CHOICES: Final = {
    LineDecision.POSTPONED.value: "Uitstellen tot een dag",
    LineDecision.HELD.value: "Vasthouden, tot iemand iets anders beslist",
    UNDECIDED: "Terug naar onbeslist",
}


def otherwise_schema(choices: Sequence[str]) -> Any:
    """Return the form to decide otherwise on lines, with the choices of this person."""
    day = field(
        forms.Date(),
        "Tot welke dag?",
        name="tot",
        missing=None,
        needed_sometimes=True,
        description="Vanaf morgen, en hooguit vijf jaar. Vanaf die dag staat de regel weer open.",
        drawn=forms.Opened("De dag", (LineDecision.POSTPONED.value,)),
    )
    return Schema(
        field(
            forms.OneOf([(code, CHOICES[code]) for code in choices], radio=True),
            "Wat wilt u?",
            name="besluit",
        ),
        *((day,) if LineDecision.POSTPONED.value in choices else ()),
        _reason("De reden staat op de lijst. Noem geen namen."),
        *_hidden(),
    )


def ruling_schema(bodies: Any) -> Any:
    """Return the form of the controller's decision to keep a document beyond its maximum."""
    return Schema(
        field(forms.OneOf(bodies, radio=True), "Wie besloot dit?", name="wie"),
        field(
            forms.Text(100),
            "Nummer van het besluit",
            name="nummer",
            widget=forms.TextInput(width="medium"),
        ),
        field(forms.Date(), "Datum van het besluit", name="datum"),
        field(
            forms.Date(),
            "Tot welke dag mag het blijven?",
            name="tot",
            description="Op die dag moet het weg. Hooguit vijf jaar vanaf vandaag.",
        ),
        _reason("De archivaris en de FG lezen dit. Noem geen namen."),
        *_hidden(),
    )


def _reason(description: str) -> Any:
    return field(
        forms.Text(1000, lines=True),
        "Waarom?",
        name="reden",
        description=description,
        widget=forms.TextArea(rows=3),
    )


def _hidden() -> tuple[Any, ...]:
    return (field(forms.Text(100), "Gezien", widget=Hidden(), name="gezien", missing=""),)
