"""The forms of consultations and participants."""

from __future__ import annotations

from typing import Any, Final

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Schema, field
from stopintimidatie.dossiers.consultations.services import Seat
from stopintimidatie.dossiers.forms import Choices, version_field
from stopintimidatie.dossiers.services import DossierError

LINES: Final = 8000


class PlanSchema(Schema):
    """The form of a plan: moment, location and agenda."""

    moment = field(forms.Moment(), "Wanneer")
    plek = field(forms.Text(200), "Waar", missing=None)
    agenda = field(
        forms.Text(LINES, lines=True),
        "Agenda",
        description="Een punt per regel.",
        missing=None,
    )
    versie = version_field()


class ParticipantSchema(Schema):
    """The form of a participant."""

    functie = field(
        forms.Text(200), "Functie", description="Geen naam. Zoals wijkagent of jongerenwerker."
    )
    organisatie = field(forms.Text(200), "Organisatie")
    taak = field(forms.Text(1000, lines=True), "Taak in dit dossier", missing=None)


def minutes_schema(people: Choices) -> Any:
    """Return the form for the minutes of a consultation: who was there and what was decided.

    Args:
        people: Who can be ticked; each value is "function, organisation", for `seats_from`.
    """
    question = "Wie zaten er aan tafel?"
    present = field(forms.ManyOf(people), question, name="aanwezig", missing=())
    return Schema(
        *((present,) if people else ()),
        field(
            forms.Text(2000, lines=True),
            "Anderen aan tafel" if people else question,
            name="anderen",
            description="Eén per regel: functie, komma, organisatie. Geen namen. Zoals: wijkagent,"
            " Politie Drechtsteden.",
            missing="",
        ),
        field(
            forms.Text(LINES, lines=True),
            "Besluiten",
            name="besluiten",
            description="Wat is er besloten? Afspraken maakt u hierna.",
        ),
        field(
            forms.Date(),
            "Volgend overleg",
            name="volgende",
            description="Leeg als er geen nieuwe datum is.",
            missing=None,
        ),
        version_field(),
    )


def table_schema(reports: Choices) -> Any:
    """Return the form to choose which reports and notes are shown at a consultation."""
    chosen = field(
        forms.ManyOf(reports),
        "Welke meldingen komen op tafel?",
        name="meldingen",
        description="Zonder contactgegevens en zonder signalement.",
        missing=(),
    )
    return Schema(
        *((chosen,) if reports else ()),
        field(forms.Flag(), "Ook de duiding", name="duiding", missing=False),
        field(forms.Flag(), "Ook de open afspraken", name="afspraken", missing=False),
        field(
            forms.Text(2000, lines=True),
            "Reden",
            name="reden",
            description="Alleen nodig als een melder de melding niet met iedereen wil delen.",
            missing=None,
        ),
    )


def seats_from(values: dict[str, Any]) -> list[Seat]:
    """Return who was there, as (function, organisation), from the form of the minutes.

    The list may be empty. What is longer than 200 characters is cut off.

    Raises:
        DossierError: A line has no function or no organisation around its first comma.
    """
    typed = filter(str.strip, values["anderen"].splitlines())
    return [_seat(line) for line in (*values.get("aanwezig", ()), *typed)]


def _seat(line: str) -> Seat:
    function, _, organisation = line.partition(",")
    if not function.strip() or not organisation.strip():
        raise DossierError(
            f"Schrijf functie en organisatie op, met een komma ertussen: ‘{line.strip()[:60]}’.",
            "anderen",
        )
    return function.strip()[:200], organisation.strip()[:200]
