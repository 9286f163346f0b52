"""Rooms add a workflow, and by name its effects and the lists it offers.

At start-up every name that a workflow uses must exist.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pyramid.exceptions import ConfigurationError

from stopintimidatie.workflow.model import Workflow

# effect(session, document, move values, actor): what follows in the same transaction.
Effect = Callable[..., None]
# options(session, document): what there is to choose from for it, as (value, label).
Options = Callable[[Any, Any], Sequence[tuple[str, str]]]
CHECK_ORDER = 100


def add_workflow(config: Any, workflow: Workflow) -> None:
    """Directive `config.add_workflow`."""

    def register() -> None:
        config.registry.workflows[workflow.name] = workflow

    def check() -> None:
        for move in workflow.transitions:
            if move.effect and move.effect not in config.registry.workflow_effects:
                raise ConfigurationError(f"{workflow.name}: no effect named {move.effect}")
            for name in {field.options for field in move.fields if field.options}:
                if name not in config.registry.workflow_options:
                    raise ConfigurationError(f"{workflow.name}: no options named {name}")

    config.action(("workflow", workflow.name), register)
    config.action(("workflow check", workflow.name), check, order=CHECK_ORDER)


def add_workflow_effect(config: Any, name: str, effect: Effect) -> None:
    """Directive `config.add_workflow_effect`."""

    def register() -> None:
        config.registry.workflow_effects[name] = effect

    config.action(("workflow effect", name), register)


def add_workflow_options(config: Any, name: str, options: Options) -> None:
    """Directive `config.add_workflow_options`: what a field with `options=name` offers."""

    def register() -> None:
        config.registry.workflow_options[name] = options

    config.action(("workflow options", name), register)
