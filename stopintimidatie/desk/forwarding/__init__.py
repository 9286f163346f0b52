"""Forwarding reports to a municipality that isn't connected: offered, picked up, destroyed."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register what is done with new reports, the mails, jobs, panels and pages of forwarding."""
    from stopintimidatie.core.ledger import ATTEMPTS
    from stopintimidatie.desk.forwarding import access, jobs, pickup, recipient, services, views
    from stopintimidatie.municipalities.agreements.services import VALID_JOB
    from stopintimidatie.reports.conversation.services import SPOKE_JOB

    config.add_arrival("doorgifte", services.on_arrival)
    config.add_pickup_kind(access.PICKUP)
    for template in (*services.TEMPLATES, access.CODE_TEXT):
        config.add_mail_template(template)
    config.add_mail_recipient(access.OFFICIALS_PHONE)
    config.add_job_kind(VALID_JOB, services.offer_waiting)
    config.add_job_kind(SPOKE_JOB, jobs.hear)
    config.add_job_kind(jobs.WATCH_ADDITION_JOB, jobs.watch_additions)
    config.add_job_kind(services.WATCH_JOB, services.watch)
    config.add_job_kind(services.DIGEST_JOB, services.follow_digest)
    config.add_job_kind(pickup.CLEAR_JOB, pickup.clear, attempts=ATTEMPTS)
    config.add_panel("melding", "doorgifte", views.report_panel, order=9)
    config.add_panel("melding_ingetrokken", "doorgifte", views.report_panel, order=9)
    config.add_panel("gemeente_bij_meldpunt", "doorgegeven", views.municipality_panel)
    config.add_panel("ophalen_melding", "ingetrokken", recipient.stopped_panel)
    config.scan("stopintimidatie.desk.forwarding.views")
    config.scan("stopintimidatie.desk.forwarding.recipient")
