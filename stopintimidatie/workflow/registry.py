"""Rooms add a workflow, and effects by name; at start-up every named effect must exist."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyramid.exceptions import ConfigurationError

from stopintimidatie.workflow.model import Workflow

# effect(session, document, move values, actor): what follows in the same transaction.
Effect = Callable[..., None]
CHECK_ORDER = 100


def add_workflow(config: Any, workflow: Workflow) -> None:
    """Directive `config.add_workflow`."""

    def register() -> None:
        config.registry.workflows[workflow.name] = workflow

    def check() -> None:
        for move in workflow.transitions:
            if move.effect and move.effect not in config.registry.workflow_effects:
                raise ConfigurationError(f"{workflow.name}: no effect named {move.effect}")

    config.action(("workflow", workflow.name), register)
    config.action(("workflow check", workflow.name), check, order=CHECK_ORDER)


def add_workflow_effect(config: Any, name: str, effect: Effect) -> None:
    """Directive `config.add_workflow_effect`."""

    def register() -> None:
        config.registry.workflow_effects[name] = effect

    config.action(("workflow effect", name), register)
