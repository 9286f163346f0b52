"""Workflows as data: states, transitions, who may, what is required, what follows. Pure."""

from __future__ import annotations

from typing import Any

from stopintimidatie.workflow.model import (
    FieldKind,
    InputField,
    State,
    Transition,
    Workflow,
    WorkflowError,
)
from stopintimidatie.workflow.registry import (
    add_workflow,
    add_workflow_effect,
    add_workflow_options,
)

__all__ = ["FieldKind", "InputField", "State", "Transition", "Workflow", "WorkflowError"]


def includeme(config: Any) -> None:
    config.registry.workflows = {}
    config.registry.workflow_effects = {}
    config.registry.workflow_options = {}
    config.add_directive("add_workflow", add_workflow)
    config.add_directive("add_workflow_effect", add_workflow_effect)
    config.add_directive("add_workflow_options", add_workflow_options)
