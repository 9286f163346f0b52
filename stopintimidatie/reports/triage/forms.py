"""The triage form, in four parts: assessment, location, contact, and decision.

The form has one button, which carries out the chosen decision. If a field of another decision was
filled in, nothing is stored, and the form says which of the two to change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Final

import colander

from stopintimidatie.core import forms
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Opened, Schema, field
from stopintimidatie.core.text import day_of
from stopintimidatie.municipalities.settings.forms import answer_given, question_field
from stopintimidatie.municipalities.settings.vocabulary import Kind, Question
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.page.replies import text_field
from stopintimidatie.reports.page.steps import (
    YES_NO,
    Choices,
    add_version,
    add_way_back,
    contact_fields,
)
from stopintimidatie.reports.triage.services import WITH_DEADLINE, Assessment, current_assessment
from stopintimidatie.reports.vocabulary import FEEDBACK, ContactWish, FollowUp, Form
from stopintimidatie.reports.words import CONTACT_AGREED
from stopintimidatie.reports.workflow import NOT_HANDLED_REASONS, REJECT

OWN: Final = "eigen"
# The way of contact that follows from the reporter's wish, until an officer decides otherwise.
_WISHES: Final = {
    ContactWish.CALL.value: "bellen",
    ContactWish.MAIL.value: "mailen",
    ContactWish.VIA_APP.value: "via_app",
}


def answers_filled_in(questions: Sequence[Question], answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the stored answers to the own questions, as the fields show them."""
    shown = {question.id: answers[question.id] for question in questions if question.id in answers}
    for question in questions:
        if question.kind is Kind.YES_NO and shown.get(question.id) is not None:
            shown[question.id] = "ja" if shown[question.id] else "nee"
    return shown


def answers_given(
    questions: Sequence[Question], values: Mapping[str, Any], present: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the answers to the present questions; answers to earlier questions stay."""
    given = {question.id: answer_given(question, values.get(question.id)) for question in questions}
    earlier = {name: answer for name, answer in present.items() if name not in given}
    return earlier | {name: answer for name, answer in given.items() if answer is not None}


def triage_schema(
    neighbourhoods: Choices,
    decision: Any = None,
    questions: Sequence[Question] = (),
    *,
    offence: bool,
    last_day: date | None = None,
) -> Any:
    """Build the form of triage.

    `decision`: the choice of a decision; None when the report can't be decided now.
    `questions`: the municipality's own questions.
    `offence`: this user may mark a suspected offence.
    `last_day`: the day for contact that is stored; it may be over, and stay.
    """
    schema = Schema(_assessment(offence), _location(neighbourhoods), _contact(last_day))
    if questions:
        # None is obligatory.
        fields = map(question_field, questions)
        schema.add(Schema(*fields, title="Vragen van uw gemeente", name=OWN))
    if decision is not None:
        schema.add(decision)
    add_version(schema)
    add_way_back(schema)
    return schema


def _assessment(offence: bool) -> Any:
    part = Schema(
        field(
            forms.OneOf(YES_NO, radio=True),
            "Is er nu iemand in gevaar?",
            description="Zo ja: bel eerst 112. De rest kan daarna. De melding wordt dan ook spoed.",
            name="gevaar",
        ),
        field(
            forms.Flag(),
            "Dit is spoed",
            description="De melding komt dan bovenaan in het postvak.",
            name="spoed",
        ),
        field(
            forms.ManyOf(Form.choices()),
            "Wat gebeurde er, volgens u?",
            description="Aangekruist staat wat de melder koos. Verbeter het als het verhaal anders"
            " is.",
            name="vormen",
        ),
        title="Wat is er aan de hand?",
        name="beoordeling",
    )
    if offence:
        part.validator = _offence_with_its_reason
        part["vermoeden"] = field(
            forms.Flag(),
            "Ik vermoed een strafbaar feit",
            description="Een melding is een signaal, geen bewijs. Alleen u legt dit vast, nooit het"
            " systeem.",
            name="vermoeden",
        )
        part["vermoeden_reden"] = text_field(
            "vermoeden_reden",
            "Waarom vermoedt u dat?",
            "Nodig als u het vermoeden aankruist. Geen namen en geen kentekens.",
            needed_sometimes=True,
            missing=None,
        )
    return part


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


def _location(neighbourhoods: Choices) -> Any:
    area = field(
        forms.OneOf(neighbourhoods),
        "Wijk",
        description="Kiest u een andere, dan verhuist de melding. Het oude adres blijft werken.",
        name="wijk",
    )
    return Schema(area, title="Klopt de wijk?", name="plek")


def _contact(last_day: date | None) -> Any:
    return Schema(
        field(forms.OneOf(CONTACT_AGREED, radio=True), "Hoe nemen we contact op?", name="hoe"),
        field(
            forms.Date(),
            "Uiterlijk op",
            description="Nodig bij bellen, mailen en contact via de app. Vandaag of later.",
            needed_sometimes=True,
            name="uiterlijk",
            missing=None,
        ),
        title="Contact met de melder",
        name="contact",
        validator=partial(_contact_with_its_day, last_day),
    )


def _contact_with_its_day(last_day: date | None, node: Any, values: dict[str, Any]) -> None:
    """Check the last day for contact; the stored day may always stay."""
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
    """Return the values that the form opens with: as stored, or else as the reporter said."""
    now = current_assessment(report)
    return {
        "beoordeling": {
            "gevaar": {True: "ja", False: "nee", None: None}[now.danger_now],
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
    """Return the assessment that was filled in.

    A suspected offence stays as it is without the permission to mark one. Danger makes a report
    urgent, whether or not that was ticked too.
    """
    answers, contact = values["beoordeling"], values["contact"]
    suspected, reason = present.suspected_offence, present.suspected_offence_reason
    if "vermoeden" in answers:
        suspected = answers["vermoeden"]
        reason = answers["vermoeden_reden"] if suspected else None
    return Assessment(
        danger_now=answers["gevaar"] == "ja",
        forms=tuple(answers["vormen"]),
        urgent=answers["spoed"] or answers["gevaar"] == "ja",
        neighbourhood=values["plek"]["wijk"],
        suspected_offence=suspected,
        suspected_offence_reason=reason,
        contact=contact["hoe"],
        contact_before=contact["uiterlijk"] if contact["hoe"] in WITH_DEADLINE else None,
        own_answers=answers_given(questions, values.get(OWN, {}), present.own_answers),
    )


PART: Final = "besluit"
CHOICE: Final = "wat"


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision that triage offers.

    `then`: what the next page asks. `key`: the key that chooses it. `asks`: the fields that it
    needs. `more`: those that it needs sometimes. Both must be empty for every other decision.
    """

    name: str
    title: str
    key: str | None = None
    then: str = ""
    asks: tuple[str, ...] = ()
    more: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The decision in words, with what the next page asks."""
        return f"{self.title} ({self.then})" if self.then else self.title


TAKE: Final = Decision("in_behandeling", "In behandeling nemen", "1")
KEEP: Final = Decision("in_behandeling", "In behandeling houden", "1")
FILE: Final = Decision("in_dossier", "In een dossier plaatsen", "2", asks=("dossier", "reden"))
NEW_DOSSIER: Final = Decision(
    "nieuw_dossier", "In een nieuw dossier plaatsen", then="dat maakt u hierna"
)
DOUBLE: Final = Decision("dubbel", "Afsluiten als dubbel", "3", asks=("dubbel_van",))
# One choice and one button: each reason for not handling a report is one of the choices.
REJECTIONS: Final = {f"niet_{code}": code for code, _ in NOT_HANDLED_REASONS if code != DOUBLE.name}
NOT_HANDLED: Final = tuple(
    Decision(f"niet_{code}", f"Niet in behandeling nemen: {label}", "4" if number == 0 else None)
    for number, (code, label) in enumerate(
        reason for reason in NOT_HANDLED_REASONS if reason[0] != DOUBLE.name
    )
)
FINISH: Final = Decision(
    "afhandelen",
    "Afhandelen",
    "a",
    asks=("opvolging", "terugkoppeling"),
    more=("bericht", "waarom"),
)
ALL: Final = (TAKE, KEEP, FILE, NEW_DOSSIER, DOUBLE, *NOT_HANDLED, FINISH)
LABELS: Final = {
    "dossier": "In welk dossier?",
    "reden": "Waarom hoort de melding daar?",
    "dubbel_van": "Dubbel van welke melding?",
    "opvolging": "Opvolging",
    "terugkoppeling": "Terugkoppeling aan de melder",
    "bericht": "Bericht aan de melder",
    "waarom": "Waarom geen terugkoppeling",
}


def possible(*, new: bool, may_file: bool, dossiers: Choices) -> tuple[Decision, ...]:
    """Return the decisions that this user can make about this report, in the order of the page.

    Args:
        new: the report has no handler yet.
        may_file: this user works in dossiers.
        dossiers: the dossiers it can be put in.
    """
    filing = [*([FILE] if dossiers else []), *([NEW_DOSSIER] if may_file else [])]
    return (TAKE if new else KEEP, *filing, DOUBLE, *NOT_HANDLED, FINISH)


def decision_schema(report: Report, offered: Sequence[Decision], dossiers: Choices) -> Any:
    """Build the choice of a decision about a report with the fields of each.

    `dossiers`: code and label of the dossiers it can be put in.
    """
    choices = [(decision.name, decision.label) for decision in offered]
    keys = {decision.name: decision.key for decision in offered if decision.key}
    return Schema(
        field(
            forms.OneOf(choices, radio=True),
            "Wat doet u met deze melding?",
            name=CHOICE,
            widget=forms.RadioChoice(values=choices, keys=keys),
        ),
        *(_dossier_fields(dossiers) if FILE in offered else ()),
        field(
            forms.Text(40),
            LABELS["dubbel_van"],
            description="Het kenmerk van de andere melding, zoals M-4F7K-2QX9.",
            name="dubbel_van",
            missing=None,
            widget=forms.TextInput(width="medium"),
            drawn=Opened("De andere melding", (DOUBLE.name,)),
        ),
        *_finish_fields(),
        *contact_fields(report),
        title="Besluit",
        name=PART,
        validator=_one_decision,
    )


def _dossier_fields(dossiers: Choices) -> tuple[Any, Any]:
    drawn = Opened("Het dossier", (FILE.name,))
    return (
        field(forms.OneOf(dossiers), LABELS["dossier"], name="dossier", missing=None, drawn=drawn),
        text_field("reden", LABELS["reden"], rows=2, missing=None, drawn=drawn),
    )


def _finish_fields() -> tuple[Any, ...]:
    drawn = Opened("Wat is er gedaan?", (FINISH.name,))
    sometimes: dict[str, Any] = {"missing": None, "needed_sometimes": True, "drawn": drawn}
    return (
        field(
            forms.ManyOf(FollowUp.choices()),
            LABELS["opvolging"],
            name="opvolging",
            **{**sometimes, "missing": ()},
        ),
        field(
            forms.OneOf(FEEDBACK, radio=True),
            LABELS["terugkoppeling"],
            name="terugkoppeling",
            **sometimes,
        ),
        text_field(
            "bericht",
            LABELS["bericht"],
            "Nodig als u ‘ja’ koos. Wat is er gedaan? De melder leest dit met de volgcode.",
            most=4000,
            **sometimes,
        ),
        text_field("waarom", LABELS["waarom"], "Nodig als u ‘nee’ koos.", rows=2, **sometimes),
    )


def _one_decision(node: Any, values: dict[str, Any]) -> None:
    """Check that the fields of the decision are filled in, and those of other decisions are not."""
    titles = dict(node[CHOICE].typ.choices)
    chosen = next(decision for decision in ALL if decision.name == values[CHOICE])
    error = colander.Invalid(node)
    for owner in (FILE, DOUBLE, FINISH):
        for name in (*owner.asks, *owner.more):
            given = bool(values.get(name))
            if owner is chosen and not given and name in owner.asks:
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
    name: str | None = values.get(PART, {}).get(CHOICE)
    return name


def step_of(values: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Return the workflow step that the decision makes at once, with its answers; else None."""
    given, chosen = values.get(PART, {}), decided(values)
    if chosen == FILE.name:
        return "in_dossier", {name: given[name] for name in FILE.asks}
    contact = {"contact": given.get("contact")}
    if chosen in REJECTIONS:
        return REJECT, {"reden_code": REJECTIONS[chosen], **contact}
    if chosen == FINISH.name:
        answers = {name: given[name] for name in (*FINISH.asks, "bericht")}
        return "afhandelen", {**answers, "reden": given["waarom"], **contact}
    if chosen == DOUBLE.name:
        return REJECT, {"reden_code": chosen, "dubbel_van": given["dubbel_van"], **contact}
    return None


def in_words(posted: Any) -> str | None:
    """Describe a posted decision that can't be carried out any more; None if there is none."""
    name = posted.get(f"{PART}.{CHOICE}")
    chosen = next((decision for decision in ALL if decision.name == name), None)
    if chosen is None or chosen.name == TAKE.name:
        return None
    typed = [f"{LABELS[name]} {posted.get(f'{PART}.{name}', '')}" for name in chosen.asks]
    return " · ".join([chosen.title, *typed])
