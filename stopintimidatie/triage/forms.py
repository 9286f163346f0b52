"""The triage form, in four parts: what it is, where it belongs, contact, and what to do with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any, Final

import colander

from stopintimidatie.clock import utc_now
from stopintimidatie.municipalities.questions import Question
from stopintimidatie.reports.forms import LONGEST_PATH, add_seen
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.summary import CONTACT_AGREED
from stopintimidatie.reports.vocabulary import ContactWish, Form
from stopintimidatie.triage.own_questions import (
    OWN,
    answers_filled_in,
    answers_given,
    own_questions,
)
from stopintimidatie.triage.services import WITH_DEADLINE, Assessment, stored
from stopintimidatie.web import forms
from stopintimidatie.web.filters import day_of
from stopintimidatie.web.forms import Schema, field

Choices = Sequence[tuple[str, str]]
YES_NO: Final = (("nee", "nee"), ("ja", "ja"))
# How the reporter's wish is taken over, until an officer decides otherwise.
_WISHES: Final = {
    ContactWish.CALL.value: "bellen",
    ContactWish.MAIL.value: "mailen",
    ContactWish.VIA_APP.value: "via_app",
}


def triage_schema(
    neighbourhoods: Choices,
    decision: Any = None,
    questions: Sequence[Question] = (),
    *,
    offence: bool,
    last_day: date | None = None,
) -> Any:
    """Build the form of triage.

    :param decision: the choice of a decision; None when the report can't be decided now.
    :param questions: the municipality's own questions.
    :param offence: this user may mark a suspected offence.
    :param last_day: the day for contact that is stored; it may be over, and stay.
    """
    schema = Schema()
    schema.add(_found(offence))
    schema.add(_place(neighbourhoods))
    schema.add(_contact(last_day))
    if questions:
        schema.add(own_questions(questions))
    if decision is not None:
        schema.add(decision)
    schema["versie"] = field(forms.Integer(1), "Versie", widget=forms.Hidden(), name="versie")
    add_seen(schema)
    hidden = forms.Hidden()
    schema.add(field(forms.Text(LONGEST_PATH), "Terug", widget=hidden, name="terug", missing=""))
    return schema


def _found(offence: bool) -> Any:
    part = Schema(title="Wat is er aan de hand?", name="beoordeling")
    part.add(
        field(
            forms.OneOf(YES_NO, radio=True),
            "Is er nu iemand in gevaar?",
            description="Zo ja: bel eerst 112. De rest kan daarna. De melding wordt dan ook spoed.",
            name="gevaar",
        )
    )
    part.add(
        field(
            forms.Flag(),
            "Dit is spoed",
            description="De melding komt dan bovenaan in het postvak.",
            name="spoed",
        )
    )
    part.add(
        field(
            forms.ManyOf(Form.choices()),
            "Wat gebeurde er, volgens u?",
            description="Aangekruist staat wat de melder koos. Verbeter het als het verhaal anders"
            " is.",
            name="vormen",
        )
    )
    if offence:
        part.validator = _offence_with_its_reason
        _add_offence(part)
    return part


def _add_offence(part: Any) -> None:
    part.add(
        field(
            forms.Flag(),
            "Ik vermoed een strafbaar feit",
            description="Een melding is een signaal, geen bewijs. Alleen u legt dit vast, nooit het"
            " systeem.",
            name="vermoeden",
        )
    )
    part.add(
        field(
            forms.Text(1000, lines=True),
            "Waarom vermoedt u dat?",
            description="Nodig als u het vermoeden aankruist. Geen namen en geen kentekens.",
            needed_sometimes=True,
            name="vermoeden_reden",
            missing=None,
            widget=forms.TextArea(rows=3),
        )
    )


def _offence_with_its_reason(node: Any, values: dict[str, Any]) -> None:
    if values["vermoeden"] == bool(values["vermoeden_reden"]):
        return
    error = colander.Invalid(node)
    error["vermoeden_reden"] = (
        "Schrijf op waarom u een strafbaar feit vermoedt."
        if values["vermoeden"]
        else "U schreef een reden op, maar kruiste ‘Ik vermoed een strafbaar feit’ niet aan. Kruis"
        " dat aan, of maak de reden leeg."
    )
    raise error


def _place(neighbourhoods: Choices) -> Any:
    part = Schema(title="Klopt de wijk?", name="plek")
    part.add(
        field(
            forms.OneOf(neighbourhoods),
            "Wijk",
            description="Kiest u een andere, dan verhuist de melding. Het oude adres blijft"
            " werken.",
            name="wijk",
        )
    )
    return part


def _contact(last_day: date | None) -> Any:
    part = Schema(title="Contact met de melder", name="contact")
    part.validator = partial(_contact_with_its_day, last_day)
    choices = forms.OneOf(CONTACT_AGREED, radio=True)
    part.add(field(choices, "Hoe nemen we contact op?", name="hoe"))
    part.add(
        field(
            forms.Date(),
            "Uiterlijk op",
            description="Nodig bij bellen, mailen en contact via de app. Vandaag of later.",
            needed_sometimes=True,
            name="uiterlijk",
            missing=None,
        )
    )
    return part


def _contact_with_its_day(last_day: date | None, node: Any, values: dict[str, Any]) -> None:
    """Check the day; the one that is stored may stay, whatever becomes of the contact."""
    how, day = values["hoe"], values["uiterlijk"]
    error = colander.Invalid(node)
    if how in WITH_DEADLINE and day is None:
        error["uiterlijk"] = "Kies de dag waarop er uiterlijk contact is."
    elif day is None or day == last_day:
        return
    elif how not in WITH_DEADLINE:
        error["uiterlijk"] = (
            f"U koos ‘{dict(CONTACT_AGREED)[how]}’, maar vulde ook een dag in. Maak de dag leeg,"
            " of kies hierboven hoe u contact opneemt."
        )
    elif day < day_of(utc_now()):
        error["uiterlijk"] = "Deze dag is voorbij. Kies vandaag of later."
    if error.children:
        raise error


def filled_in(report: Report, questions: Sequence[Question] = ()) -> dict[str, Any]:
    """The form as it opens: what is stored, and before that what the reporter said."""
    now = stored(report)
    danger = None if now.danger_now is None else ("ja" if now.danger_now else "nee")
    return {
        "beoordeling": {
            "gevaar": danger,
            "spoed": now.urgent,
            "vormen": now.forms,
            "vermoeden": bool(now.suspected_offence),
            "vermoeden_reden": now.suspected_offence_reason,
        },
        "plek": {"wijk": now.neighbourhood},
        "contact": {
            "hoe": now.contact or _WISHES.get(report.wants_contact, "geen"),
            "uiterlijk": now.contact_before,
        },
        OWN: answers_filled_in(questions, now.own_answers),
    }


def assessment_of(
    values: Mapping[str, Any], present: Assessment, questions: Sequence[Question] = ()
) -> Assessment:
    """What was filled in. Who may not mark a suspected offence leaves it as it is.

    Somebody in danger now is spoed, whether or not that was ticked too.
    """
    found, contact = values["beoordeling"], values["contact"]
    suspected, reason = present.suspected_offence, present.suspected_offence_reason
    if "vermoeden" in found:
        suspected = found["vermoeden"]
        reason = found["vermoeden_reden"] if suspected else None
    return Assessment(
        danger_now=found["gevaar"] == "ja",
        forms=tuple(found["vormen"]),
        urgent=found["spoed"] or found["gevaar"] == "ja",
        neighbourhood=values["plek"]["wijk"],
        suspected_offence=suspected,
        suspected_offence_reason=reason,
        contact=contact["hoe"],
        contact_before=contact["uiterlijk"] if contact["hoe"] in WITH_DEADLINE else None,
        own_answers=answers_given(questions, values.get(OWN, {}), present.own_answers),
    )
