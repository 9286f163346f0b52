"""The forms about a pattern: accept, snooze, reject; and the settings of the search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Hidden, Schema, field, not_before_today
from stopintimidatie.dossiers.patterns.models import LIMITS

Choices = Sequence[tuple[str, str]]
NEW: Final = "nieuw"

# Control -> attribute of the settings.
SETTINGS: Final = {
    "aan": "enabled",
    "dagen": "window_days",
    "straal": "radius_m",
    "minstens": "least",
    "zekerheid": "certainty",
    "rust": "quiet_days",
}


def accept_schema(dossiers: Choices, areas: Choices, danger: Sequence[Any]) -> Any:
    """Return the form to accept a pattern.

    Title and neighbourhood may stay empty here; a new dossier needs both, so the view checks them.

    Args:
        dossiers: The dossiers that the reports can go to: id and title.
        areas: The neighbourhoods for a new dossier: code and name.
        danger: The part that asks about danger, or nothing.
    """
    return Schema(
        field(
            forms.OneOf([(NEW, "Een nieuw dossier maken"), *dossiers]),
            "Waarin komen deze meldingen?",
            name="dossier",
        ),
        field(
            forms.Text(200),
            "Titel van het nieuwe dossier",
            name="titel",
            description="Kort en neutraal. Noem geen namen van personen.",
            missing=None,
        ),
        field(forms.OneOf(areas), "Wijk van het nieuwe dossier", name="wijk", missing=None),
        *danger,
        _version(),
    )


def snooze_schema() -> Any:
    """Return the form to put off a pattern."""
    return Schema(
        field(
            forms.Date(),
            "Tot welke dag?",
            name="tot",
            description="Is het patroon er dan nog, dan ziet u het weer.",
            validator=not_before_today,
        ),
        _version(),
    )


def reject_schema() -> Any:
    """Return the form to reject a pattern."""
    until = "Niet opnieuw voorstellen tot"
    return Schema(
        field(
            forms.Text(1000, lines=True),
            "Waarom is dit geen patroon?",
            name="reden",
            description="Bijvoorbeeld: een evenement, of een bekende storing. Geen namen.",
            widget=forms.TextArea(rows=3),
        ),
        field(forms.Date(), until, name="tot", validator=not_before_today),
        _version(),
    )


def _version() -> Any:
    return field(forms.Integer(0), "Versie", widget=Hidden(), name="versie")


def _number(name: str, label: str, description: str) -> Any:
    low, high = LIMITS[SETTINGS[name]]
    return field(
        forms.Integer(low, high), label, name=name, description=f"{description} ({low} tot {high})"
    )


def settings_schema() -> Any:
    """Return the form with the settings of the nightly search for patterns.

    The control `aan` gives "ja" or "nee"; the caller makes that a bool.
    """
    question = "Elke nacht zoeken naar opvallende patronen?"
    return Schema(
        # A closed choice: what isn't one of both changes nothing.
        field(forms.OneOf((("ja", "ja"), ("nee", "nee")), radio=True), question, name="aan"),
        _number("dagen", "Periode in dagen", "Zo ver kijkt het systeem terug."),
        _number("straal", "Straal in meters", "Zo ver liggen meldingen van één plek uit elkaar."),
        _number("minstens", "Minstens zo veel meldingen", "Met minder is het geen patroon."),
        _number("zekerheid", "Zekerheid in procenten", "Hoe hoger, hoe minder loos alarm."),
        _number(
            "rust",
            "Rust na afwijzen, in dagen",
            "Zo lang komt een afgewezen patroon niet terug.",
        ),
        _version(),
    )
