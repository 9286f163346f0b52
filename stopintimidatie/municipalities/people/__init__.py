"""Colleagues of a municipality, and the addresses at which it gets messages."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the mails and jobs of roles, and the pages about people."""
    from stopintimidatie.core.clock import next_hour
    from stopintimidatie.core.jobs import Lane
    from stopintimidatie.municipalities.people import access, jobs, mail, provider
    from stopintimidatie.municipalities.people.proposals import ROLE_CONDITIONS
    from stopintimidatie.municipalities.people.views import postbox_panel, users_panel

    ROLE_CONDITIONS.declare(config)
    for template in (mail.LINK, mail.NEW_PASSWORD, mail.OFFERED, mail.CONFIRM, mail.PROVIDER):
        config.add_mail_template(template)
    config.add_mail_recipient(mail.LINK_RECIPIENT)
    config.add_mail_recipient(mail.OFFER_RECIPIENT)
    config.add_job_kind(mail.INVITE_JOB, mail.send_invitations)
    config.add_job_kind(mail.TELL_JOB, mail.tell_other_side)
    config.add_job_kind(access.TELL_JOB, access.tell_other)
    config.add_job_kind(provider.TELL_JOB, provider.tell_other)
    config.add_job_kind(jobs.JOB, jobs.end_roles, lane=Lane.SLOW, next_at=next_hour)
    config.add_impersonal_table("absence", "in office: who of the staff is away, and who steps in")
    config.add_panel("beheer", "gebruikers", users_panel, order=90)
    config.add_panel("beheer", "berichten", postbox_panel, order=91)
    config.scan("stopintimidatie.municipalities.people.absence")
    config.scan("stopintimidatie.municipalities.people.views")
