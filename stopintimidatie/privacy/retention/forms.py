"""Forms of terms: a proposal, and the archivist's answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Schema, field
from stopintimidatie.core.storage.retention import RetentionClass, Unit
from stopintimidatie.privacy.retention.rules import (
    MAY_BE_NOTHING,
    TRANSFERABLE,
    Outcome,
    Schedule,
    schedule_of,
)

UNITS: Final = [(unit.value, unit.value) for unit in Unit]
OUTCOMES: Final = [
    (Outcome.DESTROY.value, "Vernietigen"),
    (Outcome.TRANSFER.value, "Overbrengen naar het archief, en dan hier vernietigen"),
]
MAXIMUM: Final = "maximum"
SHORT: Final = re.compile(r"[:;] |, (?=met )")


def _length(*, least: int = 1, description: str = "") -> tuple[Any, Any]:
    return (
        field(forms.Integer(least, 36_500), "Termijn", name="aantal", description=description),
        field(forms.OneOf(UNITS), "Dagen, maanden of jaar", name="eenheid"),
    )


def _words(name: str, title: str, description: str) -> Any:
    return field(forms.Text(200), title, name=name, missing="", description=description)


def _chapter(row: RetentionClass) -> Any:
    """Return the fields of a class; the outcome only where there is a choice of it."""
    least = 0 if row.code in MAY_BE_NOTHING else 1
    # A mistake names the group: without what is only in it.
    title, _, rest = SHORT.sub("\n", row.label, count=1).partition("\n")
    outcome = field(forms.OneOf(OUTCOMES, radio=True), "Daarna", name="gevolg")
    return Schema(
        *_length(least=least, description=f"Begint op: {row.starts}."),
        *((outcome,) if row.code in TRANSFERABLE else ()),
        field(
            forms.Text(100),
            "Categorie en nummer",
            name="categorie",
            missing="",
            needed_sometimes=True,
            description="Uit de selectielijst, of de naam van uw eigen besluit.",
        ),
        field(forms.Text(300), "Bron", name="bron", missing=""),
        name=row.code,
        title=title,
        description=f"{rest[:1].upper()}{rest[1:]}." if rest else "",
        names_mistakes=True,
    )


def terms_schema(classes: Mapping[str, RetentionClass]) -> Any:
    """Return the form of a proposal: a group of fields for each class, and the maximum."""
    return Schema(
        *(_chapter(row) for row in classes.values()),
        Schema(
            *_length(
                description="Dan komt alles op een lijst, ook uit een dossier dat nog loopt. Telt"
                " vanaf de ontvangst. Langer bewaren is een besluit per document."
            ),
            name=MAXIMUM,
            title="Het uiterste",
            names_mistakes=True,
        ),
        field(
            forms.Moment(),
            "Geldt vanaf",
            name="vanaf",
            missing=None,
            description="Laat leeg als de termijnen mogen gelden zodra de archivaris ze goedkeurt.",
        ),
        _words(
            "orgaan",
            "Wie het doorlopend besluit neemt",
            "Het orgaan, met nummer en dag. Daardoor gaan korte soorten zonder lijst.",
        ),
        field(
            forms.Date(),
            "Dat besluit steunt op iets dat geldt tot en met",
            name="tot",
            missing=None,
            validator=forms.not_before_today,
            description="De laatste dag van de selectielijst of van uw eigen termijn. Daarna gaan"
            " korte soorten niet meer weg. Laat leeg als er geen einde is.",
        ),
        *_about_lists(),
        field(
            forms.Text(2_000, lines=True),
            "Toelichting voor de archivaris",
            name="toelichting",
            missing=None,
            widget=forms.TextArea(rows=3),
        ),
        field(forms.Integer(0), "Versie", name="versie", missing=0, widget=forms.Hidden()),
    )


def _about_lists() -> tuple[Any, ...]:
    """Return the fields about destroying by list: by which selection list, who, and who looks."""
    return (
        _words(
            "selectielijst",
            "Selectielijst, met versie",
            "Waar de categorieën uit komen, zoals Selectielijst gemeenten 2020. Staat"
            " in elke verklaring van vernietiging.",
        ),
        _words(
            "machtigt",
            "Wie vernietiging machtigt",
            "Functie of orgaan, zoals de gemeentearchivaris namens het college. Wie de"
            " rol archivaris heeft, doet dat hier.",
        ),
        _words(
            "machtigt_bron",
            "Waar dat staat",
            "Archiefverordening of besluit informatiebeheer, met artikel.",
        ),
        field(
            forms.Flag(),
            "De privacyfunctionaris kijkt elke lijst na voordat de archivaris machtigt",
            name="nakijken",
            missing=False,
        ),
    )


def typed(schedule: Schedule) -> dict[str, Any]:
    """Return terms as first values of the form, whose controls have the names they are stored by.

    A group of fields for each class, with those of its term.
    """
    stored = schedule.as_json()
    chapters = {code: row.pop("termijn") | row for code, row in stored.pop("klassen").items()}
    return {**chapters, **stored, "tot": schedule.until}


def schedule_in(values: Mapping[str, Any], classes: Mapping[str, RetentionClass]) -> Schedule:
    """Return the terms that were filled in."""
    chapters = {
        code: {"gevolg": Outcome.DESTROY, **values[code], "termijn": values[code]}
        for code in classes
    }
    until = values["tot"].isoformat() if values["tot"] else None
    return schedule_of({**values, "klassen": chapters, "tot": until})


APPROVE: Final = "goedkeuren"
REFUSE: Final = "weigeren"
ANSWERS: Final = (
    (APPROVE, "Goedkeuren: dit besluit ik als archivaris"),
    (REFUSE, "Weigeren"),
)


class AnswerSchema(Schema):
    """The answer of the archivist: approve, or refuse with a reason."""

    besluit = field(forms.OneOf(ANSWERS, radio=True), "Wat besluit u?")
    reden = field(
        forms.Text(1_000, lines=True),
        "Waarom u weigert",
        missing="",
        needed_sometimes=True,
        drawn=forms.Opened("De reden", (REFUSE,)),
        description="Wie het voorstel deed, leest dit.",
        widget=forms.TextArea(rows=3),
    )
