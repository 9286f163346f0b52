"""Colleagues of a municipality, and the addresses at which it gets messages."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the mails and jobs of roles, and the pages about people."""
    from stopintimidatie.core.clock import next_hour
    from stopintimidatie.core.jobs import Lane
    from stopintimidatie.core.second import Second
    from stopintimidatie.core.security import Permission
    from stopintimidatie.municipalities.areas.resources import settings_link
    from stopintimidatie.municipalities.people import jobs, mail
    from stopintimidatie.municipalities.people.parties import KINDS, own_page, turn_of
    from stopintimidatie.municipalities.people.proposals import ROLE_CONDITIONS
    from stopintimidatie.municipalities.people.views import PROPOSALS_PAGE, users_panel

    ROLE_CONDITIONS.declare(config)
    for kind, label, table in KINDS:
        config.add_second(
            Second(
                kind,
                label,
                table,
                Permission.CONFIRM_ROLE,
                lambda _: f"/{PROPOSALS_PAGE}",
                own_path=lambda row: f"/{row.key}",
                key=own_page(table),
                desk_permission=Permission.CONNECT,
                due=getattr(table, "expires_at", None),
                turn=turn_of(table),
            )
        )
    for template in (mail.LINK, mail.NEW_PASSWORD, mail.OFFERED):
        config.add_mail_template(template)
    config.add_mail_recipient(mail.LINK_RECIPIENT)
    config.add_mail_recipient(mail.OFFER_RECIPIENT)
    config.add_job_kind(mail.INVITE_JOB, mail.send_invitations)
    for job in (mail.TELL_JOB, mail.TELL_OF_ROLE, mail.TELL_OF_PROVIDER):
        config.add_job_kind(job, mail.tell_other)
    config.add_job_kind(jobs.JOB, jobs.end_roles, lane=Lane.SLOW, next_at=next_hour)
    config.add_impersonal_table("absence", "in office: who of the staff is away, and who steps in")
    config.add_panel("beheer", "gebruikers", users_panel, order=90)
    page = "stopintimidatie.municipalities.people:templates/link_postbox.jinja2"
    link = settings_link("berichten", "Berichten", Permission.MANAGE_MUNICIPALITY, page)
    config.add_panel("beheer", "berichten", link, order=91)
    config.scan("stopintimidatie.municipalities.people.absence")
    config.scan("stopintimidatie.municipalities.people.views")
