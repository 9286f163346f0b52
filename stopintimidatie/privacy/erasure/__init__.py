"""Erasing personal data at request: what would go, a second look, and gone."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the action, mail, job and page of erasing."""
    from stopintimidatie.privacy.erasure import services, views

    config.add_report_action("wissen", views.erase_action, order=95)
    config.add_mail_recipient(services.RECIPIENT)
    config.add_mail_template(services.TEMPLATE)
    config.add_job_kind(services.JOB, services.forget)
    config.scan("stopintimidatie.privacy.erasure.views")
