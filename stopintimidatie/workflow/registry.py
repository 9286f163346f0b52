"""Rooms add a workflow, and by name its effects and the lists it offers.

At start-up every name that a workflow uses must exist.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from pyramid.exceptions import ConfigurationError

from stopintimidatie.registry import Directive, named
from stopintimidatie.workflow.model import Workflow

# effect(session, document, move values, actor): what follows in the same transaction.
Effect = Callable[..., None]
# options(session, document): what there is to choose from for it, as (value, label).
Options = Callable[[Any, Any], Sequence[tuple[str, str]]]
WORKFLOW_EFFECTS: Final = Directive[str, Effect]("add_workflow_effect", "workflow_effects")
# What a field with `options=name` offers.
WORKFLOW_OPTIONS: Final = Directive[str, Options]("add_workflow_options", "workflow_options")


def _check(registry: Any) -> None:
    for workflow in WORKFLOWS.of(registry).values():
        for move in workflow.transitions:
            if move.effect and move.effect not in WORKFLOW_EFFECTS.of(registry):
                raise ConfigurationError(f"{workflow.name}: no effect named {move.effect}")
            for name in {field.options for field in move.fields if field.options}:
                if name not in WORKFLOW_OPTIONS.of(registry):
                    raise ConfigurationError(f"{workflow.name}: no options named {name}")


WORKFLOWS: Final = Directive[str, Workflow]("add_workflow", "workflows", named, _check)
