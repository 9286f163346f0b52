"""Assess a report: the triage form, doubles, similar reports."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the views of triage, and what undoing an assessment does."""
    from stopintimidatie.reports.page.decisions import ASSESS
    from stopintimidatie.reports.triage.services import undo_assessment

    config.add_undo(ASSESS, undo_assessment)
    config.scan("stopintimidatie.reports.triage.views")
