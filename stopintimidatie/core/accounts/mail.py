"""Mails to a person about the own account. They name nobody, and no address that was used.

The desk sends them, because an account belongs to no municipality. A link is made when its mail is
sent and isn't stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import LinkPurpose, User
from stopintimidatie.core.accounts.recovery import find_owner, link_for, usable_link
from stopintimidatie.core.jobs import JobContext
from stopintimidatie.core.mail import (
    Letter,
    MailRecipient,
    MailTemplate,
    Reader,
    Recipient,
    Writing,
    queue_mail,
)
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import datetime_long

# Links, for who may have no account at all


def send_link(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Mail the link, if the name has an account that can sign in (job)."""
    for place, payload in enumerate(payloads):
        with context.ending(place) as session:
            if session is None:
                continue
            find_owner(session, context.registry.key_ring, UUID(payload["link"]))
            link = usable_link(session, UUID(payload["link"]))
            if link is not None:
                template = TEMPLATE_OF[LinkPurpose(link.purpose)].name
                recipient = Recipient(RECIPIENT_OF_LINK.kind, str(link.id))
                about, key = link.user_id, f"{template}:{link.id}"
                queue_mail(session, context.holder, template, recipient, about=about, key=key)


def _address_of_link(session: Session, keys: KeyRing, number: str) -> str | None:
    """Return the address of the mail: the user name, which is an e-mail address."""
    link = usable_link(session, UUID(number))
    return link.user.username if link is not None and link.user is not None else None


def _write_link(writing: Writing) -> Letter | None:
    link = usable_link(writing.session, UUID(writing.message.recipient_id))
    if link is None:
        return None
    page = PAGES[LinkPurpose(link.purpose)]
    key = link_for(writing.keys, link.purpose, link.id, link.secret_version)
    at = datetime_long(link.made_at)
    return Letter({"link": writing.link(f"/{page}?sleutel={key}"), "at": at})


# The page that each kind of link opens.
PAGES: Final = {
    LinkPurpose.UNLOCK: "aanmelden-openen",
    LinkPurpose.NEW_PASSWORD: "wachtwoord-nieuw",
}
UNLOCK: Final = MailTemplate(
    "aanmeldlink", "Aanmelden bij Stopintimidatie", __package__, _write_link
)
NEW_PASSWORD: Final = MailTemplate(
    "wachtwoord_vergeten", "Een nieuw wachtwoord voor Stopintimidatie", __package__, _write_link
)
TEMPLATE_OF: Final = {LinkPurpose.UNLOCK: UNLOCK, LinkPurpose.NEW_PASSWORD: NEW_PASSWORD}
RECIPIENT_OF_LINK: Final = MailRecipient("buitengeslotene", _address_of_link, personal=True)


# Events of an account


def mail_new_device(session: Session, user: User, device: str, provider: str | None) -> None:
    """Mail a person that somebody signed in with a browser in which they never did before.

    Args:
        session: Transaction of the desk.
        user: Who signed in.
        device: Browser and system in words (`sessions.device_of`).
        provider: The holder whose identity provider let them in; None: a password or passkey.
    """
    values = {"device": device.replace(" ", "_"), "provider": provider or ""}
    mail_event(session, user, NEW_DEVICE, {code: value for code, value in values.items() if value})


def mail_event(
    session: Session, user: User, template: MailTemplate, values: dict[str, str] | None = None
) -> None:
    """Mail a person what happened with the account."""
    queue_mail(session, NATIONAL, template.name, person(user.id), about=user.id, values=values)


def person(user_id: UUID) -> Recipient:
    """Return somebody with an account as recipient of what only they may read."""
    return Recipient(PERSON.kind, str(user_id))


def _address_of_person(session: Session, keys: KeyRing, number: str) -> str | None:
    user = session.get(User, UUID(number))
    # An erased account has no address any more.
    return user.username if user is not None and "@" in user.username else None


def reader_of(session: Session, user_id: UUID) -> Reader | None:
    """Return somebody with an account as reader of mail about work; None: there is none."""
    choice = session.scalar(select(User.mail).where(User.id == user_id))
    return None if choice is None else Reader(person(user_id), choice)


def _write_event(writing: Writing) -> Letter:
    given = writing.message.values
    return Letter(
        {
            "at": datetime_long(writing.message.created_at),
            "device": str(given.get("device", "")).replace("_", " "),
            "provider": given.get("provider"),
            "forgotten": writing.link("/wachtwoord-vergeten"),
            "account": writing.link("/account"),
        }
    )


NEW_DEVICE: Final = MailTemplate(
    "nieuw_apparaat", "Aangemeld op een nieuw apparaat", __package__, _write_event
)
PASSWORD_CHANGED: Final = MailTemplate(
    "wachtwoord_gewijzigd", "Uw wachtwoord is gewijzigd", __package__, _write_event
)
WRONG_FACTOR: Final = MailTemplate(
    "tweede_stap_mislukt", "Iemand probeert uw tweede stap", __package__, _write_event
)
# A person with an account; also for other rooms that tell somebody about the own account.
PERSON: Final = MailRecipient(
    "gebruiker",
    _address_of_person,
    personal=True,
    reader=lambda session, number: reader_of(session, UUID(number)),
)
TEMPLATES: Final = (UNLOCK, NEW_PASSWORD, NEW_DEVICE, PASSWORD_CHANGED, WRONG_FACTOR)
RECIPIENTS: Final = (RECIPIENT_OF_LINK, PERSON)
