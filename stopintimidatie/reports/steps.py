"""The steps a person may make with a report, and what other rooms let them do with it.

Buttons follow from the workflow and from the person's rights; nothing here names a step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from stopintimidatie.reports.models import Report
from stopintimidatie.reports.workflow import REPORT_WORKFLOW
from stopintimidatie.security import GRANTS
from stopintimidatie.workflow import Transition

ACTIONS_KEY: Final = "stopintimidatie.reports.actions"
# The name of the action of the dossiers that begins one with the report in hand.
NEW_DOSSIER: Final = "nieuw-dossier"


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do with the report in hand; `kind` as of `ui.link_button`."""

    label: str
    href: str
    kind: str = "secondary"


ActionFactory = Callable[[Any, Any], Action | None]


def add_report_action(config: Any, name: str, factory: ActionFactory, order: int = 50) -> None:
    """Directive `config.add_report_action`: an action of a higher room on the report's page.

    :param factory: (request, report resource) -> Action, or None for who may not or needn't.
    """

    def register() -> None:
        config.registry.setdefault(ACTIONS_KEY, {})[name] = (order, name, factory)

    config.action(("report action", name), register)


def actions(request: Any, context: Any) -> list[Action]:
    """What the higher rooms offer for this report, in order."""
    factories = sorted(request.registry.get(ACTIONS_KEY, {}).values(), key=lambda row: row[:2])
    made = (factory(request, context) for _, _, factory in factories)
    return [action for action in made if action is not None]


def report_action(request: Any, context: Any, name: str) -> Action | None:
    """Return the action that a higher room added under this name, where this person may do it.

    :raises KeyError: no room added such an action.
    """
    factory: ActionFactory = request.registry[ACTIONS_KEY][name][2]
    return factory(request, context)


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
