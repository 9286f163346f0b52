"""A form for a step of a workflow, derived from what the step asks. Knows no workflow itself.

In a view::

    form = derive_form(transition, {"handlers": people}, request, version=report.version)
    return handle_form(request, form, on_valid)

`on_valid` gets the answers under the names of the transition's fields, and `versie`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import colander

from stopintimidatie.core.forms import (
    Button,
    Date,
    Form,
    Hidden,
    Integer,
    ManyOf,
    OneOf,
    Opened,
    Schema,
    Text,
    TextInput,
    field,
)
from stopintimidatie.core.forms.types import Choice, Type
from stopintimidatie.core.workflow import FieldKind, InputField, Transition

Options = Mapping[str, Sequence[Choice]]
LINES_LIMIT: Final = 4000
LINE_LIMIT: Final = 200
REFERENCE_LIMIT: Final = 40
# Beyond this many choices a drop-down is easier than everything in sight.
RADIO_LIMIT: Final = 6


def _type(question: InputField, options: Options) -> Type:
    listed = question.options or question.name
    match question.kind:
        case FieldKind.TEXT:
            return Text(LINES_LIMIT, lines=True)
        case FieldKind.DATE:
            return Date()
        case FieldKind.CHOICE:
            return OneOf(options[listed], radio=len(options[listed]) <= RADIO_LIMIT)
        case FieldKind.CHOICES:
            return ManyOf(options[listed])
        case FieldKind.DOCUMENT if question.options is None:
            # No list of the room: a reference that somebody types.
            return Text(REFERENCE_LIMIT)
        case FieldKind.PERSON | FieldKind.DOCUMENT:
            return OneOf(options[listed])
    return Text(LINE_LIMIT)


def transition_schema(
    transition: Transition,
    options: Options,
    *,
    leave_out: frozenset[str] = frozenset(),
    given: Mapping[str, Any] | None = None,
) -> Any:
    """Return the schema of a step; a page extends it where it asks more than the step does.

    Args:
        transition: The step.
        options: The lists that the step's fields name, as (code, label).
        leave_out: Fields that this document isn't asked.
        given: Answers that are known already and that other fields depend on.
    """
    schema, opener = Schema(), None
    for question in transition.fields:
        if question.name in leave_out or _idle_list(question, options):
            continue
        node = _node(question, options)
        if question.when is None:
            opener = question
        elif opener is not None and opener.name == question.when[0]:
            # It stands right behind the choice that it hangs on, so that choice opens it.
            node.drawn = _opened(opener, question.when[1], options)
        schema.add(node)
    schema.add(field(Integer(), "Versie", name="versie", widget=Hidden(), missing=0))
    schema.validator = _conditions(transition, leave_out, given or {})
    return schema


def _idle_list(question: InputField, options: Options) -> bool:
    """Tell whether this needn't be answered, and has nothing to choose from."""
    listed = question.kind is FieldKind.CHOICE and not question.required and question.when is None
    return listed and not options[question.options or question.name]


def _opened(opener: InputField, codes: frozenset[str], options: Options) -> Opened:
    """Return how a field is drawn that is asked with these answers to a choice only."""
    answers = [label for code, label in options[opener.options or opener.name] if code in codes]
    return Opened(f"Bij ‘{'’ of ‘'.join(answers)}’", tuple(sorted(codes)))


def _node(question: InputField, options: Options) -> Any:
    more: dict[str, Any] = {} if question.required and question.when is None else {"missing": None}
    # A choice that needn't be answered is offered only where something waits for it.
    if question.when is not None or (question.kind is FieldKind.CHOICE and not question.required):
        more["needed_sometimes"] = True
    if question.kind is FieldKind.LINE and question.options is not None:
        # The list is proposed while somebody types; anything else is as good.
        more["widget"] = TextInput(suggestions=[label for _, label in options[question.options]])
    typ = _type(question, options)
    return field(typ, question.label, name=question.name, description=question.help, **more)


def _conditions(
    transition: Transition, leave_out: frozenset[str], given: Mapping[str, Any]
) -> Callable[[Any, dict[str, Any]], None]:
    """Return a check of fields that another field's answer makes required, or forbids."""

    def validate(node: Any, values: dict[str, Any]) -> None:
        known = {**given, **values}
        error = colander.Invalid(node)
        for question in transition.fields:
            if question.name in leave_out or values.get(question.name):
                continue
            if question.required_with(known):
                error[question.name] = "Required"
        for name, message in transition.idle(known).items():
            error[name] = message
        if error.children:
            raise error

    return validate


def derive_form(
    transition: Transition,
    options: Options,
    request: Any,
    *,
    version: int,
    appstruct: Mapping[str, Any] | None = None,
    leave_out: frozenset[str] = frozenset(),
    given: Mapping[str, Any] | None = None,
    cancel_url: str | None = None,
) -> Form:
    """Return the form of one step; its one button is named after the step.

    Args:
        transition: The step.
        options: The lists that the step's fields name, as (code, label).
        request: The request.
        version: Version of the document that this person saw; comes back as `versie`.
        appstruct: First values.
        leave_out: Fields that this document isn't asked.
        given: Answers that are known already and that other fields depend on.
        cancel_url: Where to go without doing it.
    """
    schema = transition_schema(transition, options, leave_out=leave_out, given=given)
    return Form(
        schema,
        request,
        buttons=[Button(transition.name, transition.label)],
        appstruct={**(appstruct or {}), "versie": version},
        cancel_url=cancel_url,
    )
