"""Triage: the inbox, the triage form, reports that an officer enters, and the short address."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    from stopintimidatie.reports.workflow import REPORT_WORKFLOW
    from stopintimidatie.security import Permission
    from stopintimidatie.triage import notices
    from stopintimidatie.triage.contact import contact_action
    from stopintimidatie.triage.resources import ShortAddresses
    from stopintimidatie.triage.similar_views import similar_panel
    from stopintimidatie.triage.views import triage_action
    from stopintimidatie.web.own_places import add_own_place

    config.add_tree_root("m", ShortAddresses)
    add_own_place(config, "postvak", "Postvak", Permission.VIEW_REPORT, order=20)
    config.add_report_action("triage", triage_action, order=10)
    config.add_report_action("contact", contact_action, order=20)
    config.add_panel("melding", "vergelijkbaar", similar_panel, order=10)
    for template in notices.TEMPLATES:
        config.add_mail_template(template)
    config.add_arrival("gemeente", notices.tell)
    config.add_job_kind(notices.REPEAT_JOB, notices.repeat)
    config.scan("stopintimidatie.triage")
    # Here, above the rooms whose effects its steps have.
    config.add_workflow(REPORT_WORKFLOW)
