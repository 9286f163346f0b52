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
from stopintimidatie.workflow.registry import WORKFLOW_EFFECTS, WORKFLOW_OPTIONS, WORKFLOWS

__all__ = ["FieldKind", "InputField", "State", "Transition", "Workflow", "WorkflowError"]


def includeme(config: Any) -> None:
    WORKFLOWS.declare(config)
    WORKFLOW_EFFECTS.declare(config)
    WORKFLOW_OPTIONS.declare(config)
