"""The forms and the small lists in the panels of the rail, with what they open with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import colander
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Button, Form, Schema, field
from stopintimidatie.core.forms.transitions import transition_schema
from stopintimidatie.core.workflow import WORKFLOW_OPTIONS, FieldKind, options_of
from stopintimidatie.municipalities.areas.facts import CODE as PRACTICE
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.page.replies import (
    FIELDS,
    answer_in_time,
    answer_until,
    replies_for,
    text_field,
)
from stopintimidatie.reports.page.steps import (
    LONGEST_PATH,
    Choices,
    add_version,
    add_way_back,
    answers,
    contact_fields,
    municipalities,
    version_values,
)
from stopintimidatie.reports.triage.similar import Similar
from stopintimidatie.reports.vocabulary import Form as HarassmentForm
from stopintimidatie.reports.workbench.vocabulary import (
    ASK,
    CHOICES,
    DOUBLE,
    FILE,
    FINISH,
    HAND_OVER,
    REJECT,
    TAKE,
)
from stopintimidatie.reports.workflow import (
    ENDED,
    NOT_HANDLED_REASONS,
    REPORT_WORKFLOW,
    TURN_DOWN,
    ReportState,
)

# The reason that is filled in; beside a dossier that looks alike stands a better one.
CHOSEN: Final = "Gekozen door de behandelaar."


def add_here(schema: Any) -> None:
    """Add the hidden field with the address of the page that a panel stands on."""
    path, hidden = forms.Text(LONGEST_PATH), forms.Hidden()
    schema["hier"] = field(path, "Hier", widget=hidden, name="hier", missing="")


def choice_form(
    choice: str, schema: Any, button: str, request: Any, report: Report, back: Any, **first: Any
) -> Form:
    """Return the form of a choice, with what it opens with (`first`).

    `back`: the values of the hidden fields `terug` and `hier`.
    """
    add_version(schema)
    add_way_back(schema)
    add_here(schema)
    schema["keuze"] = field(forms.Text(20), "Keuze", widget=forms.Hidden(), name="keuze")
    values = {**first, **version_values(report), **back, "keuze": choice}
    buttons = [Button("vastleggen", button)]
    return Form(schema, request, buttons=buttons, appstruct=values, formid="besluit")


def town_form(choice: str, request: Any, report: Report, dossiers: Choices, back: Any) -> Form:
    """Return the form of a choice of a municipality.

    `dossiers`: number and label of those that the report can join. `back`: as of `choice_form`.
    """
    known: Mapping[str, dict[str, Any]] = {
        FILE: {"reden": CHOSEN},
        ASK: {"uiterlijk": answer_until()},
        FINISH: {"terugkoppeling": "gegeven"},
    }
    schema, button = _schema(choice, request, report, dossiers), CHOICES[choice].button
    form = choice_form(choice, schema, button, request, report, back, **known.get(choice, {}))
    if CHOICES[choice].step in FIELDS:
        name, kind = FIELDS[CHOICES[choice].step]
        form[name].widget.ready = replies_for(request.db, report, kind)
    return form


def _schema(choice: str, request: Any, report: Report, dossiers: Choices) -> Any:
    if choice == TAKE:
        return Schema()
    if choice == FILE:
        why = "Waarom hoort de melding daar?"
        return Schema(
            dossier_field(dossiers),
            field(forms.Text(1000), "Reden", name="reden", description=why),
        )
    if choice == DOUBLE:
        return double_schema("Het kenmerk van de andere melding, zoals M-4F7K-2QX9.")
    if choice == REJECT:
        reason = forms.OneOf(NOT_HANDLED_REASONS, radio=True)
        return Schema(field(reason, "Reden", name="reden_code"), *contact_fields(report))
    if choice == HAND_OVER:
        return _hand_over_schema(request.db, report)
    transition = REPORT_WORKFLOW.transition(CHOICES[choice].step)
    schema = transition_schema(
        transition, options_of(request.registry, request.db, transition, report)
    )
    for question in transition.fields:
        if question.kind is FieldKind.DATE:
            schema[question.name].validator = answer_in_time
        if question.kind is FieldKind.TEXT:
            schema[question.name].widget = forms.TextArea(rows=4)
    if choice == ASK:
        # The heading of the panel says to whom.
        schema["vraag"].title = "Uw vraag"
    return schema


def dossier_field(dossiers: Choices) -> Any:
    """Make the question of which dossier, to be typed; `dossiers`: number and label of each."""
    about = "Typ het nummer of een deel van de titel, en kies."
    return field(forms.OneOf(dossiers, typed=True), "Dossier", name="dossier", description=about)


def double_schema(about: str) -> Any:
    """Make the question of which report one is the double; `about`: what to fill in."""
    return Schema(field(forms.Text(40), "Dubbel van", name="dubbel_van", description=about))


def _hand_over_schema(session: Session, report: Report) -> Any:
    names = session.execute(
        select(Municipality.code, Municipality.name)
        .where(Municipality.code != PRACTICE)
        .order_by(Municipality.name)
    ).all()
    connected = dict(municipalities(session, report))
    return Schema(
        field(
            forms.Text(80),
            "Gemeente",
            name="gemeente",
            description="Typ de eerste letters.",
            widget=forms.TextInput(
                suggestions=[name for code, name in names if code != report.holder]
            ),
            validator=_Town(
                {name.casefold(): code for code, name in names}, connected, report.holder
            ),
        ),
        text_field(
            "reden",
            "Reden",
            "De andere gemeente leest dit. Noem geen namen van melders of verdachten.",
        ),
    )


class _Town:
    """Refuses a name that isn't a municipality's, or of one that takes no reports over."""

    def __init__(self, codes: Mapping[str, str], connected: Mapping[str, str], own: str) -> None:
        self.codes = codes
        self.connected = connected
        self.own = own

    def __call__(self, node: Any, typed: str) -> None:
        code = self.codes.get(typed.strip().casefold())
        if code is None:
            raise colander.Invalid(node, f"‘{typed}’ is geen gemeente. Kies er een uit de lijst.")
        if code == self.own:
            raise colander.Invalid(node, "Dit is uw eigen gemeente. Kies een andere.")
        if code not in self.connected:
            raise colander.Invalid(
                node,
                f"{typed.strip()} is niet aangesloten en kan hier geen melding aannemen. Stel de"
                " melder een vraag, of bel het landelijk meldpunt: dat geeft de melding door.",
            )


def steps_for(
    choice: str, session: Session, report: Report, values: Mapping[str, Any]
) -> Sequence[tuple[str, dict[str, Any]]]:
    """Return the steps of a choice with the answers that were filled in."""
    if choice == TAKE:
        return ()
    name = CHOICES[choice].step
    if choice == DOUBLE:
        return [(name, {"reden_code": "dubbel", "dubbel_van": values["dubbel_van"]})]
    if choice == REJECT:
        name = TURN_DOWN if report.state == ReportState.QUARANTINE else name
        contact = values.get("contact")
        return [(name, {"reden_code": values["reden_code"], "contact": contact})]
    if choice == HAND_OVER:
        codes = {label.casefold(): code for code, label in municipalities(session, report)}
        town = codes[values["gemeente"].strip().casefold()]
        return [(name, {"gemeente": town, "reden": values["reden"]})]
    return [(name, answers(REPORT_WORKFLOW.transition(name), values))]


MOST: Final = 6
# From here on a report is likely to be of the same event.
LIKELY: Final = 0.5


@dataclass(frozen=True, slots=True)
class Option:
    """A line of the small list that a key opens: the fields it posts, and why it fits.

    `best`: good enough to be chosen by Enter alone. `like`: the similar report that it is about.
    """

    label: str
    posted: Mapping[str, str]
    why: str = ""
    best: bool = True
    like: Similar | None = None


def dossier_choices(request: Any, report: Report) -> Choices:
    """Return (number, label) of the dossiers that this report can join, those nearby first."""
    return WORKFLOW_OPTIONS.of(request.registry)["dossiers"](request.db, report)


def dossiers(similar: Sequence[Similar], offered: Choices, area: str | None) -> list[Option]:
    """Return the dossiers that fit, each with the reason in words, best first.

    First those with similar reports, then those of the same neighbourhood.

    Args:
        similar: the reports like this one, best first.
        offered: number and label of the dossiers that it can join, those nearby first.
        area: the name of its neighbourhood.
    """
    labels = dict(offered)
    options: dict[str, Option] = {}
    for other in similar:
        why = _reason(other)
        reason = f"Lijkt op {other.reference}: {why}."
        for number in other.dossiers:
            if number not in labels or number in options:
                continue
            posted = {"dossier": number, "reden": reason}
            options[number] = Option(labels[number], posted, why, _alike(other), other)
    for number, label in offered:
        if area and label.endswith(f"({area})") and number not in options:
            posted = {"dossier": number, "reden": f"Zelfde wijk: {area}."}
            options[number] = Option(label, posted, "zelfde wijk", best=False)
    return sorted(options.values(), key=lambda option: not option.best)[:MOST]


def _alike(other: Similar) -> bool:
    """Tell whether it has place or form in common, not the moment alone."""
    return bool(other.likeness.parts["plek"] or other.likeness.parts["vormen"])


def can_be_double(report: Report, other: Similar) -> bool:
    """Tell whether a report can be closed as double of another one.

    Nobody would look at one that is done for a reporter who waits for contact.
    """
    done = other.state in ENDED and report.contact_due is not None
    return not done and other.state != ReportState.NOT_HANDLED


def doubles(report: Report, similar: Sequence[Similar]) -> list[Option]:
    """Return the reports that this one can be the double of, the most likely first.

    A double is of the same event: what happened long before is far down.
    """
    likely = sorted(
        (other for other in similar if can_be_double(report, other)),
        key=lambda other: (not other.likeness.double, -_one_event(other), other.reference),
    )
    return [
        Option(
            f"{other.reference}: {_forms(other)}, {other.when}",
            {"dubbel_van": other.reference},
            _reason(other),
            other.likeness.double
            or bool(other.likeness.parts["vormen"] and _one_event(other) >= LIKELY),
            other,
        )
        for other in likely[:MOST]
    ]


def _one_event(other: Similar) -> float:
    """Return how likely both are of one event, from 0 to 1: alike, nearby and soon after."""
    parts = other.likeness.parts
    return other.likeness.score * (parts["periode"] or 0.0) * (0.5 + (parts["plek"] or 0.0) / 2)


def rejections() -> list[Option]:
    """Return the reasons for not handling a report, but for a double: that one asks of which."""
    return [
        Option(label[:1].upper() + label[1:], {"reden_code": code})
        for code, label in NOT_HANDLED_REASONS
        if code != "dubbel"
    ]


def _reason(other: Similar) -> str:
    return ", ".join(other.reasons[:3])


def _forms(other: Similar) -> str:
    return ", ".join(HarassmentForm.word(code) for code in other.forms[:2]) or "melding"
