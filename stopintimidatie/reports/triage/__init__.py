"""Assess a report: the triage form, doubles, similar reports."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register actions, panel and views of triage."""
    from stopintimidatie.reports.page.decisions import ASSESS
    from stopintimidatie.reports.triage.panels import similar_panel
    from stopintimidatie.reports.triage.services import undo_assessment
    from stopintimidatie.reports.triage.views import triage_action

    config.add_undo(ASSESS, undo_assessment)
    config.add_report_action("triage", triage_action, order=10)
    config.add_panel("melding", "vergelijkbaar", similar_panel, order=10)
    config.scan("stopintimidatie.reports.triage.panels")
    config.scan("stopintimidatie.reports.triage.views")
