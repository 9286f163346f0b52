"""The forms about lines of a destruction list: put off, hold back, take back."""

from __future__ import annotations

from typing import Any, Final

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Hidden, Schema, field
from stopintimidatie.privacy.destruction.models import LineDecision

WHY: Final = {
    LineDecision.POSTPONED: (
        "Waarom later?",
        "Bijvoorbeeld: er loopt een evaluatie. Noem geen namen; de reden staat op de lijst.",
    ),
    LineDecision.HELD: (
        "Waarom moet dit blijven?",
        "Bijvoorbeeld: bezwaar loopt, zaaknummer. Noem geen namen; de reden staat op de lijst.",
    ),
}


def decision_schema(decision: LineDecision, **more: Any) -> Any:
    """Return the form of a decision: nothing to fill in for lines that go.

    `more`: fields that come first, by name.
    """
    fields = list(more.values())
    if decision is LineDecision.POSTPONED:
        fields.append(
            field(
                forms.Date(),
                "Tot welke dag?",
                name="tot",
                description="Vanaf morgen, en hooguit vijf jaar. Vanaf die dag staat de regel weer"
                " bij wat u moet beslissen.",
            )
        )
    if decision in WHY:
        label, description = WHY[decision]
        fields.append(_reason(label, description))
    return Schema(*fields, *_hidden())


def take_back_schema() -> Any:
    """Return the form to take back a line that is authorised."""
    return Schema(
        _reason(
            "Waarom moet dit blijven?",
            "De regel is daarna weer onbeslist. De anderen lezen uw reden op de lijst.",
        ),
        *_hidden(),
    )


def ask_schema() -> Any:
    """Return the form that asks to keep a document beyond the absolute maximum."""
    return Schema(
        field(
            forms.Date(),
            "Tot welke dag?",
            name="tot",
            description="Na de dag waarop het nu weg moet, en hooguit vijf jaar vanaf vandaag.",
        ),
        _reason(
            "Waarom moet dit langer blijven?",
            "De archivaris, de FG en de verwerkingsverantwoordelijke lezen dit. Noem geen namen.",
        ),
        *_hidden(),
    )


def advice_schema() -> Any:
    """Return the form of an advice on keeping a document longer."""
    return Schema(
        field(
            forms.OneOf((("eens", "Eens"), ("niet_eens", "Niet eens")), radio=True),
            "Bent u het eens met langer bewaren?",
            name="advies",
        ),
        _reason("Waarom?", "De verwerkingsverantwoordelijke leest dit. Noem geen namen."),
        *_hidden(),
    )


def ruling_schema(bodies: Any) -> Any:
    """Return the form in which the decision of the controller is entered."""
    return Schema(
        field(
            forms.OneOf((("ja", "Ja, het mag langer blijven"), ("nee", "Nee")), radio=True),
            "Wat is besloten?",
            name="besluit",
        ),
        field(
            forms.Date(),
            "Tot welke dag mag het blijven?",
            name="tot",
            missing=None,
            description="Op die dag moet het weg. Hooguit vijf jaar vanaf vandaag.",
            drawn=forms.Opened("Tot wanneer", ("ja",)),
        ),
        field(forms.OneOf(bodies, radio=True), "Wie besloot dit?", name="wie"),
        field(
            forms.Text(100),
            "Nummer van het besluit",
            name="nummer",
            widget=forms.TextInput(width="medium"),
        ),
        field(forms.Date(), "Datum van het besluit", name="datum"),
        *_hidden(),
    )


def _reason(label: str, description: str) -> Any:
    return field(
        forms.Text(1000, lines=True),
        label,
        name="reden",
        description=description,
        widget=forms.TextArea(rows=3),
    )


def _hidden() -> tuple[Any, ...]:
    return tuple(
        field(forms.Text(2000), label, widget=Hidden(), name=name, missing="")
        for name, label in (("gezien", "Gezien"), ("terug", "Terug"))
    )
