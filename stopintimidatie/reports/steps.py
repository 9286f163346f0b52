"""The steps a person may make with a report, and what other rooms let them do with it.

Buttons follow from the workflow and from the person's rights; nothing here names a step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from stopintimidatie.registry import Directive
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.workflow import REPORT_WORKFLOW
from stopintimidatie.security import GRANTS
from stopintimidatie.workflow import Transition

# The name of the action of the dossiers that begins one with the report in hand.
NEW_DOSSIER: Final = "nieuw-dossier"


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do with the report in hand; `kind` as of `ui.link_button`."""

    label: str
    href: str
    kind: str = "secondary"


# (request, report resource) -> Action, or None for who may not or needn't.
ActionFactory = Callable[[Any, Any], Action | None]


REPORT_ACTIONS: Final = Directive[str, ActionFactory]("add_report_action", "report_actions")


def actions(request: Any, context: Any) -> list[Action]:
    """What the higher rooms offer for this report, in order."""
    made = (factory(request, context) for factory in REPORT_ACTIONS.of(request.registry).values())
    return [action for action in made if action is not None]


def report_action(request: Any, context: Any, name: str) -> Action | None:
    """Return the action that a higher room added under this name, where this person may do it.

    :raises KeyError: no room added such an action.
    """
    return REPORT_ACTIONS.of(request.registry)[name](request, context)


def step_name(transition: Transition) -> str:
    """The name of the step in an address."""
    return transition.name.replace("_", "-")


def steps_by_people() -> Iterable[Transition]:
    """The steps that a role can make; the others belong to the reporter and to retention."""
    return (step for step in REPORT_WORKFLOW.transitions if GRANTS[step.permission])


def possible_steps(request: Any, context: Any) -> list[Transition]:
    """The steps this person can make with the report now."""
    return [
        step
        for step in REPORT_WORKFLOW.moves_from(context.report.state)
        if request.has_permission(step.permission, context)
    ]


def way_back(request: Any, context: Any, made: Transition, before: str) -> Transition | None:
    """The step that takes this one back, when there is one and this person may make it."""
    ended = REPORT_WORKFLOW.state(made.target).ended
    wanted = {before, "in_behandeling"} if ended else {before}
    for step in REPORT_WORKFLOW.moves_from(made.target):
        if step.target in wanted and request.has_permission(step.permission, context):
            return step
    return None


def state_label(report: Report) -> str:
    return REPORT_WORKFLOW.state(report.state).label
