"""The page of a report: its steps, choices, effects and history."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the steps of a report, with a page for each, and the views."""
    from stopintimidatie.reports.page import decisions, proposals
    from stopintimidatie.reports.page.steps import EFFECTS, OPTIONS, REPORT_ACTIONS
    from stopintimidatie.reports.page.views import add_step_views

    for name, effect in EFFECTS.items():
        config.add_workflow_effect(name, effect)
    for name, offered in OPTIONS.items():
        config.add_workflow_options(name, offered)
    REPORT_ACTIONS.declare(config)
    decisions.UNDO_EFFECTS.declare(config)
    decisions.HELD_STEPS.declare(config)
    for name, undo in decisions.UNDO.items():
        config.add_undo(name, undo)
    config.add_second(proposals.SECOND)
    config.add_job_kind(decisions.JOB, decisions.carry_out)
    config.scan("stopintimidatie.reports.page.map")
    config.scan("stopintimidatie.reports.page.views")
    add_step_views(config)
