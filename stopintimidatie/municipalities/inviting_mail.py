"""The mail with the one-time link: written when it goes out, the link is kept nowhere."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from stopintimidatie.accounts.invitations import link_of
from stopintimidatie.accounts.models import Invitation
from stopintimidatie.clock import utc_now
from stopintimidatie.mail import Letter, MailRecipient, MailTemplate, Writing
from stopintimidatie.municipalities.inviting import MAIL, RECIPIENT
from stopintimidatie.storage.encryption import KeyRing


def _usable(session: Session, number: str) -> Invitation | None:
    found = session.get(Invitation, UUID(number))
    if found is None or found.used_at is not None or found.expires_at <= utc_now():
        return None
    return found


def _address(session: Session, keys: KeyRing, number: str) -> str | None:
    """The name somebody signs in with is an e-mail address."""
    found = _usable(session, number)
    return found.user.username if found else None


def _write(writing: Writing) -> Letter | None:
    found = _usable(writing.session, writing.message.recipient_id)
    if found is None:
        return None
    key = link_of(writing.keys, found)
    return Letter({"link": writing.link(f"/uitnodiging?sleutel={key}")})


TEMPLATE: Final = MailTemplate(
    MAIL,
    "Uw account voor Stopintimidatie",
    "stopintimidatie.municipalities:templates/mail/uitnodiging.txt.jinja2",
    _write,
)
RECIPIENT_OF_INVITATION: Final = MailRecipient(RECIPIENT, _address)
