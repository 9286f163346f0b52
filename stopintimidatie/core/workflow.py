"""Workflows as data: states, transitions, who may, what is required, what follows. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from pyramid.exceptions import ConfigurationError
from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.core.audit import Actor
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.registry import Directive, named
from stopintimidatie.core.security import Permission
from stopintimidatie.core.text import Term


class WorkflowError(Exception):
    """The workflow doesn't allow this; `field` names what is missing, when that is the cause.

    A form shows it as it shows a `FormError`.
    """

    status, also = 422, ()

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message, self.field = message, field


class FieldKind(StrEnum):
    """Kind of answer that a transition asks; the form derives its widget from it."""

    TEXT = "tekst"
    LINE = "regel"
    DATE = "datum"
    CHOICE = "keuze"
    CHOICES = "keuzes"
    DOCUMENT = "document"
    PERSON = "persoon"


@dataclass(frozen=True)
class InputField:
    """Something a transition asks. `options`: name of the list the room offers for it."""

    name: str
    label: str
    kind: FieldKind = FieldKind.TEXT
    required: bool = True
    options: str | None = None
    help: str = ""
    # Required only when another field has one of these values (`reden = dubbel` asks: of which).
    when: tuple[str, frozenset[str]] | None = None

    def required_with(self, values: Mapping[str, Any]) -> bool:
        """Tell whether this answer is required beside these other answers."""
        if self.when is None:
            return self.required
        other, wanted = self.when
        return values.get(other) in wanted

    def is_idle(self, values: Mapping[str, Any]) -> bool:
        """Tell whether this was filled in although another answer leaves no use for it."""
        if self.when is None or not values.get(self.name):
            return False
        other, wanted = self.when
        return bool(values.get(other)) and values[other] not in wanted


@dataclass(frozen=True)
class Transition:
    """A move from any of its sources to its target."""

    name: str
    label: str
    sources: frozenset[Term]
    target: Term
    permission: Permission
    fields: tuple[InputField, ...] = ()
    effect: str | None = None

    def missing(self, values: Mapping[str, Any]) -> InputField | None:
        """Return the first required field without an answer."""
        for field in self.fields:
            if field.required_with(values) and not values.get(field.name):
                return field
        return None

    def idle(self, values: Mapping[str, Any]) -> dict[str, str]:
        """Give what was filled in and would be left aside: name of the field, and what to do."""
        labels = {field.name: field.label for field in self.fields}
        return {
            field.name: f"U vulde ‘{field.label}’ in, maar dat hoort niet bij wat u koos onder"
            f" ‘{labels.get(field.when[0], field.when[0])}’. Maak dit leeg, of kies daar iets"
            " anders."
            for field in self.fields
            if field.when is not None and field.is_idle(values)
        }


def step(
    name: str,
    label: str,
    sources: Term | frozenset[Term],
    target: Term,
    permission: Permission,
    *fields: InputField,
    effect: str | None = None,
) -> Transition:
    """Return a transition from one state, or from each of several."""
    states = frozenset({sources}) if isinstance(sources, Term) else sources
    return Transition(name, label, states, target, permission, fields, effect)


@dataclass(frozen=True)
class Workflow:
    """A workflow, checked when it is made. `ended`: nothing is expected of anybody there."""

    name: str
    initial: frozenset[Term]
    states: type[Term]
    ended: frozenset[Term]
    transitions: tuple[Transition, ...]

    def __post_init__(self) -> None:
        mistakes = [*self._unknown_states(), *self._doubles(), *self._unreachable()]
        if mistakes:
            raise ValueError(f"workflow {self.name}: " + "; ".join(mistakes))

    def _unknown_states(self) -> Iterable[str]:
        for move in self.transitions:
            for state in (*move.sources, move.target):
                if state not in self.states:
                    yield f"{move.name} names the unknown state {state}"

    def _doubles(self) -> Iterable[str]:
        names = [move.name for move in self.transitions]
        yield from (f"{name} stands twice" for name in set(names) if names.count(name) > 1)

    def _unreachable(self) -> Iterable[str]:
        reached = set(self.initial)
        while True:
            more = {m.target for m in self.transitions if m.sources & reached} - reached
            if not more:
                break
            reached |= more
        yield from (f"{state} can't be reached" for state in self.states if state not in reached)

    def transition(self, name: str) -> Transition:
        """Return the transition of this name.

        Raises:
            WorkflowError: there is none.
        """
        for move in self.transitions:
            if move.name == name:
                return move
        raise WorkflowError(f"De stap ‘{name}’ bestaat niet.")

    def moves_from(self, state: str) -> tuple[Transition, ...]:
        """Return the transitions that may be made from a state."""
        return tuple(move for move in self.transitions if state in move.sources)

    def check(self, state: str, name: str, values: Mapping[str, Any]) -> Transition:
        """Return the move, when it may be made from this state with these answers.

        Raises:
            WorkflowError: not from this state, a required answer is missing, or an answer would be
                left aside.
        """
        move = self.transition(name)
        if state not in move.sources:
            label = self.states.word(state)
            raise WorkflowError(
                f"‘{move.label}’ kan niet meer: de toestand is nu ‘{label}’."
                " Laad de pagina opnieuw."
            )
        missing = move.missing(values)
        if missing is not None:
            raise WorkflowError(f"Vul in: {missing.label}.", missing.name)
        for field, message in move.idle(values).items():
            raise WorkflowError(message, field)
        return move


# Registry: every name that a workflow uses must exist at start-up.

# effect(session, document, move values, actor): what follows in the same transaction.
Effect = Callable[..., None]
# options(session, document): what there is to choose from for it, as (value, label).
Options = Callable[[Any, Any], Sequence[tuple[str, str]]]
WORKFLOW_EFFECTS: Final = Directive[str, Effect]("add_workflow_effect", "workflow_effects")
# The choices of a field with `options=name`.
WORKFLOW_OPTIONS: Final = Directive[str, Options]("add_workflow_options", "workflow_options")


def options_of(
    registry: Any, session: Any, transition: Transition, document: Any
) -> dict[str, Sequence[tuple[str, str]]]:
    """Return what there is to choose from in each list that a transition asks from."""
    offered = WORKFLOW_OPTIONS.of(registry)
    names = (field.options for field in transition.fields if field.options)
    return {name: offered[name](session, document) for name in names}


def _check(registry: Any) -> None:
    for workflow in WORKFLOWS.of(registry).values():
        for move in workflow.transitions:
            if move.effect and move.effect not in WORKFLOW_EFFECTS.of(registry):
                raise ConfigurationError(f"{workflow.name}: no effect named {move.effect}")
            for name in {field.options for field in move.fields if field.options}:
                if name not in WORKFLOW_OPTIONS.of(registry):
                    raise ConfigurationError(f"{workflow.name}: no options named {name}")


WORKFLOWS: Final = Directive[str, Workflow]("add_workflow", "workflows", named, _check)


def includeme(config: Any) -> None:
    """Declare the directives for workflows, their effects and their options."""
    WORKFLOWS.declare(config)
    WORKFLOW_EFFECTS.declare(config)
    WORKFLOW_OPTIONS.declare(config)


class HistoryLine:
    """Columns of a history table; the table adds its document. `values` holds codes and answers."""

    at: Mapped[datetime] = mapped_column(default=utc_now)
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[str | None] = mapped_column(String(64))
    actor_name: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(40))
    from_state: Mapped[str | None] = mapped_column(String(30))
    to_state: Mapped[str] = mapped_column(String(30))
    reason: Mapped[str | None] = mapped_column(Text)
    values: Mapped[dict[str, Any]] = mapped_column(default=dict)


def line(
    actor: Actor,
    name: str,
    before: str | None,
    after: str,
    values: Mapping[str, Any],
    at: datetime | None = None,
) -> dict[str, Any]:
    """Return the values of the columns; the answer `reden` is the reason, others are kept plain."""
    return {
        "at": at or utc_now(),
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "actor_name": actor.name,
        "name": name,
        "from_state": before,
        "to_state": after,
        "reason": values.get("reden") or None,
        "values": {key: plain(value) for key, value in values.items() if key != "reden" and value},
    }


def plain(value: Any) -> Any:
    """Return a value as it is kept in JSON."""
    if isinstance(value, list | tuple | set | frozenset):
        return [str(item) for item in value]
    return str(value)
