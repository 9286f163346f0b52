"""The workflow is the table of the domain page, and buttons and fields are that data."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import deform
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyramid.testing import DummyRequest
from webob.multidict import MultiDict

from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.security import GRANTS, Permission
from stopintimidatie.core.workflow import FieldKind, Transition, WorkflowError
from stopintimidatie.reports.page.steps import step_form, step_name
from stopintimidatie.reports.workflow import DESK_STEPS, REPORT_WORKFLOW, ReportState

# The table of 1-domain.md, line by line: from, to, who, and what must be filled in.
TABLE: list[tuple[str, str, str, set[str]]] = [
    ("quarantaine", "nieuw", "release", {"reden"}),
    ("quarantaine", "niet_in_behandeling", "release", {"reden_code"}),
    ("nieuw", "in_behandeling", "triage", {"behandelaar"}),
    ("in_behandeling", "wacht_op_melder", "triage", {"vraag", "uiterlijk"}),
    ("wacht_op_melder", "in_behandeling", "triage", {"reden"}),
    ("in_behandeling", "wacht_op_partner", "triage", {"partner", "vraag", "uiterlijk"}),
    ("wacht_op_partner", "in_behandeling", "triage", {"reden"}),
    ("in_behandeling", "in_dossier", "dossier", {"dossier", "reden"}),
    ("in_dossier", "in_behandeling", "dossier", {"reden"}),
    ("in_behandeling", "afgehandeld", "triage", {"opvolging", "terugkoppeling"}),
    ("in_dossier", "afgehandeld", "triage", {"opvolging", "terugkoppeling"}),
    ("in_behandeling", "niet_in_behandeling", "triage", {"reden_code"}),
    ("in_behandeling", "overdracht_aangeboden", "triage", {"gemeente", "reden"}),
    ("overdracht_aangeboden", "in_behandeling", "triage", {"reden"}),
    ("afgehandeld", "in_behandeling", "triage", {"reden"}),
    ("niet_in_behandeling", "in_behandeling", "triage", {"reden"}),
    ("nieuw", "overgedragen", "desk", {"gemeente", "reden"}),
    ("nieuw", "wacht_op_melder", "desk", {"vraag", "uiterlijk"}),
    ("wacht_op_melder", "nieuw", "desk", {"reden"}),
    ("nieuw", "niet_in_behandeling", "desk", {"reden_code"}),
    ("nieuw", "niet_in_behandeling", "desk", {"reden", "bericht"}),
    ("niet_in_behandeling", "nieuw", "desk", {"reden"}),
]
WHO = {
    "triage": Permission.TRIAGE,
    "dossier": Permission.EDIT_DOSSIER,
    "release": Permission.RELEASE,
    "desk": Permission.ROUTE_REPORT,
}
# The steps that have a page: the others are the desk's, the reporter's and retention's.
STEPS = [
    step
    for step in REPORT_WORKFLOW.transitions
    if GRANTS[step.permission] and step.name not in DESK_STEPS
]


@pytest.mark.parametrize(("source", "target", "who", "asked"), TABLE)
def test_every_line_of_the_table_is_a_step(
    source: str, target: str, who: str, asked: set[str]
) -> None:
    found = [
        step
        for step in REPORT_WORKFLOW.moves_from(source)
        if step.target == target and step.permission is WHO[who] and asked <= always_asked(step)
    ]
    assert len(found) == 1


def always_asked(step: Transition) -> set[str]:
    return {field.name for field in step.fields if field.required and field.when is None}


def test_every_state_of_the_table_is_reached_and_only_destruction_is_final() -> None:
    reached = {"quarantaine", "nieuw"} | {step.target for step in REPORT_WORKFLOW.transitions}
    assert reached == set(ReportState)
    for state in ReportState:
        assert bool(REPORT_WORKFLOW.moves_from(state)) is (state != ReportState.DESTROYED)


def test_no_role_withdraws_or_destroys() -> None:
    names = {step.name for step in STEPS}
    assert not names & {"intrekken", "vernietigen"}
    assert all(GRANTS[step.permission] for step in STEPS)


def test_the_steps_of_the_desk_have_no_page_beside_its_queue() -> None:
    assert not DESK_STEPS & {step.name for step in STEPS}


def test_names_in_addresses_are_apart() -> None:
    names = [step_name(step) for step in STEPS]
    assert len(set(names)) == len(names)
    assert all(name.isascii() and name.replace("-", "").isalpha() for name in names)


def offered(step: Transition) -> dict[str, list[tuple[str, str]]]:
    return {
        field.options: [("een", "een"), ("twee", "twee")] for field in step.fields if field.options
    }


def form_of(step: Transition) -> Any:
    request = DummyRequest(post=MultiDict())
    known = {"versie": 3, "gezien": 1}
    return step_form(step, offered(step), request, known, "/gemeenten")


@pytest.mark.parametrize("step", STEPS, ids=lambda step: str(step.name))
def test_a_form_asks_what_the_step_asks(step: Transition) -> None:
    form = form_of(step)
    hidden = {"versie", "gezien", "terug"}
    assert [child.name for child in form.children if child.name not in hidden] == [
        field.name for field in step.fields
    ]
    assert [button.title for button in form.buttons] == [step.label]
    for field in step.fields:
        assert form[field.name].required is (field.required and field.when is None)


ANSWERS = {
    FieldKind.TEXT: "een antwoord",
    FieldKind.LINE: "een antwoord",
    FieldKind.DATE: (local_date(utc_now()) + timedelta(days=10)).isoformat(),
    FieldKind.CHOICE: "een",
    FieldKind.CHOICES: "een",
    FieldKind.PERSON: "een",
    FieldKind.DOCUMENT: "een",
}


@given(st.sampled_from(STEPS), st.data())
def test_what_the_form_takes_the_workflow_takes_too(step: Transition, data: Any) -> None:
    """Whatever is left out: form and workflow agree on whether that may be."""
    kept = data.draw(st.sets(st.sampled_from(step.fields)) if step.fields else st.just(set()))
    posted = [(field.name, ANSWERS[field.kind]) for field in kept]
    values = dict(posted)
    try:
        REPORT_WORKFLOW.check(next(iter(step.sources)), step.name, values)
        complete = True
    except WorkflowError:
        complete = False
    form = form_of(step)
    try:
        form.validate([*posted, ("versie", "3")])
        taken = True
    except deform.ValidationFailure:
        taken = False
    assert taken is complete


@given(st.sampled_from(ReportState), st.sampled_from(STEPS))
def test_a_step_is_made_from_its_own_states_only(state: str, step: Transition) -> None:
    # Without what is asked with another answer only.
    values = {field.name: ANSWERS[field.kind] for field in step.fields if field.when is None}
    if state in step.sources:
        assert REPORT_WORKFLOW.check(state, step.name, values) is step
    else:
        with pytest.raises(WorkflowError, match="kan niet meer"):
            REPORT_WORKFLOW.check(state, step.name, values)
