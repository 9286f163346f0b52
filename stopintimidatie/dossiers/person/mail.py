"""Mails about advice: that it is asked with urgency, and that it is given. No content."""

from __future__ import annotations

from typing import Final

from stopintimidatie.core.mail import Letter, MailTemplate, Writing
from stopintimidatie.dossiers.person.models import PrivacyAdvice

LIST: Final = "persoonsgericht"


def _asked_letter(writing: Writing) -> Letter | None:
    row = writing.session.get(PrivacyAdvice, writing.message.about_id)
    if row is None or not row.waits:
        return None
    return Letter({"link": writing.link(f"/{LIST}")})


def _given_letter(writing: Writing) -> Letter | None:
    row = writing.session.get(PrivacyAdvice, writing.message.about_id)
    if row is None or row.outcome is None or row.followed is not None:
        return None
    return Letter({"link": writing.link(f"/{LIST}")})


ASKED: Final = MailTemplate(
    "advies_gevraagd",
    "Een dossier wacht op uw advies",
    "stopintimidatie.dossiers.person:templates/mail/gevraagd.txt.jinja2",
    _asked_letter,
)
GIVEN: Final = MailTemplate(
    "advies_gegeven",
    "Een advies over een dossier is gegeven",
    "stopintimidatie.dossiers.person:templates/mail/gegeven.txt.jinja2",
    _given_letter,
)
