"""Mail that unlocks a locked user name; the link is made when it is sent and isn't stored.

The desk sends it, because signing in belongs to no municipality.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from stopintimidatie.accounts.unlocks import link_of, unlock_to_mail
from stopintimidatie.jobs import JobContext
from stopintimidatie.mail import Letter, MailRecipient, MailTemplate, Recipient, Writing, queue_mail
from stopintimidatie.storage.encryption import KeyRing

MAIL: Final = "aanmeldlink"
RECIPIENT: Final = "buitengeslotene"


def send_link(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Job: mail the link, if the name has an account that can sign in."""
    for payload in payloads:
        with context.transaction() as session:
            made = unlock_to_mail(session, UUID(payload["link"]))
            if made is not None:
                recipient = Recipient(RECIPIENT, str(made.id))
                about, key = made.user_id, f"{MAIL}:{made.id}"
                queue_mail(session, context.holder, MAIL, recipient, about=about, key=key)


def _address(session: Session, keys: KeyRing, number: str) -> str | None:
    """Return the address of the mail: the user name, which is an e-mail address."""
    found = unlock_to_mail(session, UUID(number))
    return found.user.username if found is not None and found.user is not None else None


def _write(writing: Writing) -> Letter | None:
    found = unlock_to_mail(writing.session, UUID(writing.message.recipient_id))
    if found is None:
        return None
    key = link_of(writing.keys, found)
    return Letter({"link": writing.link(f"/aanmelden-openen?sleutel={key}")})


TEMPLATE: Final = MailTemplate(
    MAIL,
    "Aanmelden bij Stopintimidatie",
    "stopintimidatie.desk:templates/mail/aanmeldlink.txt.jinja2",
    _write,
)
RECIPIENT_OF_LINK: Final = MailRecipient(RECIPIENT, _address, personal=True)
