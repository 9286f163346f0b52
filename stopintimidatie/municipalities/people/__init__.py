"""Colleagues of a municipality, and the addresses at which it gets messages."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the mails and jobs of proposed roles, and the pages about people."""
    from stopintimidatie.municipalities.people import mail
    from stopintimidatie.municipalities.people.views import postbox_panel, users_panel

    for template in (mail.LINK, mail.OFFERED, mail.CONFIRM):
        config.add_mail_template(template)
    config.add_mail_recipient(mail.LINK_RECIPIENT)
    config.add_mail_recipient(mail.OFFER_RECIPIENT)
    config.add_job_kind(mail.INVITE_JOB, mail.send_invitations)
    config.add_job_kind(mail.TELL_JOB, mail.tell_other_side)
    config.add_panel("beheer", "gebruikers", users_panel, order=90)
    config.add_panel("beheer", "berichten", postbox_panel, order=91)
    config.scan("stopintimidatie.municipalities.people.views")
