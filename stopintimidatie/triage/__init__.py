"""Triage: the inbox, the triage form, reports that an officer enters, and the short address."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    from stopintimidatie.reports.workflow import REPORT_WORKFLOW
    from stopintimidatie.triage.contact import contact_action
    from stopintimidatie.triage.menu import inbox_item
    from stopintimidatie.triage.resources import ShortAddresses
    from stopintimidatie.triage.views import triage_action

    config.add_tree_root("m", ShortAddresses)
    config.add_nav_item("postvak", inbox_item, order=20)
    config.add_report_action("triage", triage_action, order=10)
    config.add_report_action("contact", contact_action, order=20)
    config.scan("stopintimidatie.triage")
    # Here, above the rooms whose effects its steps have.
    config.add_workflow(REPORT_WORKFLOW)
