"""Erasing personal data at request: proposed, looked at by a second person, and gone."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the table of proposals, and the action, list, mails, job and pages of erasing."""
    from stopintimidatie.core.security import Permission
    from stopintimidatie.municipalities.areas.resources import add_own_place
    from stopintimidatie.privacy.erasure import approval, models, services, views

    config.add_personal_data_holder(models.PERSONAL_DATA)
    config.add_retention_class(models.RETENTION)
    config.add_report_action("wissen", views.erase_action, order=95)
    config.add_mail_recipient(services.RECIPIENT)
    config.add_mail_template(services.TEMPLATE)
    config.add_mail_template(approval.MAIL)
    config.add_job_kind(services.JOB, services.forget)
    config.add_second(approval.KIND)
    waiting, check = approval.KIND.waiting, Permission.CHECK_ERASURE
    add_own_place(config, approval.LIST, "Wissen", check, order=79, waiting=waiting, desk=True)
    config.scan("stopintimidatie.privacy.erasure.views")
