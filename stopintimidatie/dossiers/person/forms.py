"""The forms of a person-directed dossier: its ground, a review, and advice in three steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Opened, Schema, TextArea, field
from stopintimidatie.dossiers.forms import version_field
from stopintimidatie.dossiers.person.models import PersonGround
from stopintimidatie.dossiers.person.vocabulary import Advice, CrimeGround

LIMIT: Final = 4000
INFORMED, POSTPONED = "geinformeerd", "uitgesteld"
FOLLOW, NOT_FOLLOW = "volgen", "niet_volgen"
# Column by control, but for the choice whether the person was informed.
ATTRIBUTES: Final = {
    "strafgrond": "ground",
    "evenredigheid": "proportionality",
    "herzien_op": "review_on",
    "geinformeerd_op": "informed_on",
    "uitgesteld_tot": "postponed_until",
    "uitstel_reden": "postponed_reason",
}


def _lines(name: str, label: str, description: str = "", **more: Any) -> Any:
    text = forms.Text(LIMIT, lines=True)
    return field(text, label, name=name, description=description, **more)


def _review_day() -> Any:
    return field(
        forms.Date(),
        "Wanneer kijkt u opnieuw of dit dossier nodig is?",
        name="herzien_op",
        description="Binnen zes maanden.",
    )


def ground_schema(*, reviewed_apart: bool) -> Any:
    """Return the schema of the ground; the review day of a started dossier isn't in it."""
    informed = Opened("Wanneer de persoon is geïnformeerd", (INFORMED,))
    postponed = Opened("Het uitstel", (POSTPONED,))
    return Schema(
        field(
            forms.OneOf(CrimeGround.choices(), radio=True),
            "Waarom mag u gegevens over strafbare feiten van deze persoon verwerken?",
            name="strafgrond",
            description="Artikel 10 AVG, artikel 31 tot en met 33 UAVG. Twijfelt u? Vraag het in"
            " uw vraag om advies.",
        ),
        _lines(
            "evenredigheid",
            "Waarom is dit nodig, en kan het niet met minder?",
            "Weeg af: wat wilt u bereiken, wat betekent het voor de persoon, en waarom is een"
            " dossier over een plek of groep niet genoeg? Geen namen.",
        ),
        *(() if reviewed_apart else (_review_day(),)),
        field(
            forms.OneOf(
                [(INFORMED, "Ja, geïnformeerd"), (POSTPONED, "Nee, dat stel ik uit")], radio=True
            ),
            "Weet de persoon van dit dossier?",
            name="informeren",
            description="Wie in een dossier staat, hoort dat (artikel 14 AVG). Uitstel kan als"
            " informeren het doel in gevaar brengt (artikel 14, lid 5, AVG; artikel 41 UAVG).",
        ),
        field(
            forms.Date(),
            "Geïnformeerd op",
            name="geinformeerd_op",
            missing=None,
            drawn=informed,
            validator=forms.in_past,
        ),
        field(
            forms.Date(),
            "Uitgesteld tot",
            name="uitgesteld_tot",
            missing=None,
            drawn=postponed,
            description="Uiterlijk de dag waarop u het dossier herziet.",
        ),
        _lines("uitstel_reden", "Omdat", missing=None, drawn=postponed, widget=TextArea(rows=3)),
        version_field(),
    )


def stored_ground(row: PersonGround | None) -> dict[str, Any]:
    """Return what a ground holds under the names of the controls."""
    if row is None:
        return {"versie": 0}
    values = {name: getattr(row, column) for name, column in ATTRIBUTES.items()}
    informed = INFORMED if row.informed_on is not None else POSTPONED
    return {**values, "informeren": informed, "versie": row.version}


def read_ground(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was filled in under the names of the columns.

    Raises:
        FormError: The other choice was filled in as well, or the day that was chosen is missing.
    """
    late = bool(values["uitgesteld_tot"] or values["uitstel_reden"])
    if values["informeren"] == INFORMED:
        if late:
            raise forms.FormError(BOTH, "informeren")
        if values["geinformeerd_op"] is None:
            raise forms.FormError("Vul in wanneer u de persoon informeerde.", "geinformeerd_op")
    elif values["geinformeerd_op"] is not None:
        raise forms.FormError(BOTH, "informeren")
    return {column: values[name] for name, column in ATTRIBUTES.items() if name in values}


BOTH: Final = (
    "U vulde geïnformeerd én uitgesteld in. Maak leeg wat niet hoort bij wat u hier koos, of kies"
    " anders."
)


def review_schema() -> Any:
    """Return the schema of a review."""
    return Schema(
        _review_day(),
        _lines("reden", "Waarom is het dossier nog nodig?", "Weeg opnieuw af. Geen namen."),
        version_field(),
    )


def question_schema(*, purpose: bool) -> Any:
    """Return the schema of a question for advice; `purpose`: the dossier already has one."""
    also = "het doel, " if purpose else ""
    return Schema(
        _lines(
            "vraag",
            "Wat vraagt u aan de privacyfunctionaris?",
            f"De privacyfunctionaris leest ook {also}de grond en uw afweging. Geen namen.",
        )
    )


def advice_schema() -> Any:
    """Return the schema of the advice."""
    return Schema(
        field(forms.OneOf(Advice.choices(), radio=True), "Uw advies", name="advies"),
        _lines(
            "toelichting",
            "Toelichting",
            "Waarom adviseert u dit, en welke voorwaarden stelt u? Geen namen.",
        ),
        version_field(),
    )


def decision_schema() -> Any:
    """Return the schema of the decision to follow advice or not."""
    return Schema(
        field(
            forms.OneOf(
                [(FOLLOW, "Ja, ik volg het advies"), (NOT_FOLLOW, "Nee, ik volg het niet")],
                radio=True,
            ),
            "Volgt u het advies?",
            name="besluit",
        ),
        _lines(
            "reden",
            "Waarom niet?",
            "De functionaris gegevensbescherming leest dit.",
            missing=None,
            drawn=Opened("Waarom u het advies niet volgt", (NOT_FOLLOW,)),
        ),
    )
