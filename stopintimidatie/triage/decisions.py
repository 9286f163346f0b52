"""Decisions about a report at triage, and the fields that each decision needs.

The form has one button, which carries out the chosen decision. If a field of another decision was
filled in, nothing is stored, and the form says which of the two to change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import colander

from stopintimidatie.web import forms
from stopintimidatie.web.forms import Opened, Schema, field

Choices = Sequence[tuple[str, str]]
PART: Final = "besluit"
CHOICE: Final = "wat"


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision that triage offers.

    `then`: what the next page asks. `key`: the key that chooses it. `asks`: the fields that it
    needs, which must be empty for every other decision.
    """

    name: str
    title: str
    key: str | None = None
    then: str = ""
    asks: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return f"{self.title} ({self.then})" if self.then else self.title


TAKE: Final = Decision("in_behandeling", "In behandeling nemen", "1")
KEEP: Final = Decision("in_behandeling", "In behandeling houden", "1")
FILE: Final = Decision("in_dossier", "In een dossier plaatsen", "2", asks=("dossier", "reden"))
NEW_DOSSIER: Final = Decision(
    "nieuw_dossier", "In een nieuw dossier plaatsen", then="dat maakt u hierna"
)
DOUBLE: Final = Decision("dubbel", "Afsluiten als dubbel", "3", asks=("dubbel_van",))
NOT_HANDLED: Final = Decision(
    "niet_in_behandeling", "Niet in behandeling nemen", "4", then="de reden vult u hierna in"
)
FINISH: Final = Decision("afhandelen", "Afhandelen", "a", then="de opvolging vult u hierna in")
ALL: Final = (TAKE, KEEP, FILE, NEW_DOSSIER, DOUBLE, NOT_HANDLED, FINISH)
LABELS: Final = {
    "dossier": "In welk dossier?",
    "reden": "Waarom hoort de melding daar?",
    "dubbel_van": "Dubbel van welke melding?",
}


def possible(*, new: bool, may_file: bool, dossiers: Choices) -> tuple[Decision, ...]:
    """Return the decisions that this user can make about this report, in the order of the page.

    :param new: the report has no handler yet.
    :param may_file: this user works in dossiers.
    :param dossiers: the dossiers it can be put in.
    """
    filing = [*([FILE] if dossiers else []), *([NEW_DOSSIER] if may_file else [])]
    return (TAKE if new else KEEP, *filing, DOUBLE, NOT_HANDLED, FINISH)


def decision_schema(offered: Sequence[Decision], dossiers: Choices) -> Any:
    """Build the choice of a decision with the fields of each.

    :param dossiers: code and label of the dossiers it can be put in.
    """
    choices = [(one.name, one.label) for one in offered]
    keys = {one.name: one.key for one in offered if one.key}
    part = Schema(title="Besluit", name=PART)
    part.validator = _one_decision
    part.add(
        field(
            forms.OneOf(choices, radio=True),
            "Wat doet u met deze melding?",
            name=CHOICE,
            widget=forms.RadioChoice(values=choices, keys=keys),
        )
    )
    if FILE in offered:
        _add_dossier(part, dossiers)
    _add_double(part)
    return part


def _add_dossier(part: Any, dossiers: Choices) -> None:
    drawn = Opened("Het dossier", (FILE.name,))
    part.add(
        field(forms.OneOf(dossiers), LABELS["dossier"], name="dossier", missing=None, drawn=drawn)
    )
    part.add(
        field(
            forms.Text(1000, lines=True),
            LABELS["reden"],
            name="reden",
            missing=None,
            widget=forms.TextArea(rows=2),
            drawn=drawn,
        )
    )


def _add_double(part: Any) -> None:
    part.add(
        field(
            forms.Text(40),
            LABELS["dubbel_van"],
            description="Het kenmerk van de andere melding, zoals M-4F7K-2QX9.",
            name="dubbel_van",
            missing=None,
            widget=forms.TextInput(width="medium"),
            drawn=Opened("De andere melding", (DOUBLE.name,)),
        )
    )


def suggest(form: Any, references: Sequence[str]) -> None:
    """Offer these reports beside the field of which this one is the double."""
    form[PART]["dubbel_van"].widget.suggestions = references


def _one_decision(node: Any, values: dict[str, Any]) -> None:
    """Check that the fields of the decision are filled in, and those of other decisions are not."""
    titles = dict(node[CHOICE].typ.choices)
    chosen = next(one for one in ALL if one.name == values[CHOICE])
    error = colander.Invalid(node)
    for owner in (FILE, DOUBLE):
        for name in owner.asks:
            given = bool(values.get(name))
            if owner is chosen and not given:
                error[name] = f"Vul ‘{LABELS[name]}’ in, of kies een ander besluit."
            elif owner is not chosen and given:
                error[name] = (
                    f"U koos ‘{titles[chosen.name]}’, maar vulde ook ‘{LABELS[name]}’ in. Maak dit"
                    f" leeg, of kies ‘{owner.title}’."
                )
    if error.children:
        raise error


def decided(values: dict[str, Any]) -> str | None:
    """Return the name of the decision; None where there was nothing to choose."""
    found: str | None = values.get(PART, {}).get(CHOICE)
    return found


def step_of(values: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Return the workflow step that the decision makes at once, with its answers; else None."""
    given, chosen = values.get(PART, {}), decided(values)
    if chosen == FILE.name:
        return "in_dossier", {name: given[name] for name in FILE.asks}
    if chosen == DOUBLE.name:
        answers = {"reden_code": "dubbel", "dubbel_van": given["dubbel_van"]}
        return "niet_in_behandeling", answers
    return None


def in_words(posted: Any) -> str | None:
    """Describe the decision in a form that can't be carried out any more; None if there is none."""
    chosen = next((one for one in ALL if one.name == posted.get(f"{PART}.{CHOICE}")), None)
    if chosen is None or chosen.name == TAKE.name:
        return None
    typed = [f"{LABELS[name]} {posted.get(f'{PART}.{name}', '')}" for name in chosen.asks]
    return " · ".join([chosen.title, *typed])
