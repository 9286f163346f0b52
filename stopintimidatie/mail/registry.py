"""What can be said by mail, and to whom: rooms register both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy.orm import Session

from stopintimidatie.mail.models import MailMessage
from stopintimidatie.registry import Directive, named, of_kind
from stopintimidatie.settings import Settings
from stopintimidatie.storage.encryption import KeyRing


@dataclass(frozen=True)
class Writing:
    """What a room may use while its message is written, in a transaction of the holder."""

    session: Session
    settings: Settings
    registry: Any
    message: MailMessage

    @property
    def keys(self) -> KeyRing:
        keys: KeyRing = self.registry.key_ring
        return keys

    def link(self, path: str) -> str:
        """A whole address of the product."""
        return f"{self.settings.public_address}{path}"


@dataclass(frozen=True)
class Letter:
    """What goes in the template's words.

    :param certificate: PEM; then all of it is encrypted for that certificate (S/MIME).
    :param template: other words than the template's own.
    """

    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    certificate: bytes | None = field(default=None, repr=False)
    template: str | None = None


def _message_values(writing: Writing) -> Letter | None:
    return Letter(writing.message.values)


def _ignore_sent(writing: Writing) -> None:
    """Nothing happens."""


def _ignore_return(registry: Any, session: Session, message: MailMessage) -> None:
    """Only the address itself is marked."""


@dataclass(frozen=True)
class MailTemplate:
    """A kind of message.

    :param subject: fixed words, that tell nothing about anybody.
    :param body: the text, as `stopintimidatie.room:templates/mail/name.txt.jinja2`.
    :param write: the values of the text, looked up when it goes out; None: no longer needed.
    :param sent: in the transaction that notes that the mail server took it.
    :param returned: it was refused for good, or came back after the mail server had taken it.
    :param neutral: from the neutral sender, for who shares a mailbox or a screen.
    :param text_message: to a telephone; then the recipient's address is a number.
    """

    name: str
    subject: str
    body: str
    write: Callable[[Writing], Letter | None] = _message_values
    sent: Callable[[Writing], None] = _ignore_sent
    returned: Callable[[Any, Session, MailMessage], None] = _ignore_return
    neutral: bool = False
    text_message: bool = False


def _ignore_bounce(session: Session, recipient_id: str) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True)
class MailRecipient:
    """A kind of recipient.

    :param find: (session of the holder, keys, id) -> the present address, or None if there is none.
    :param bounced: (session of the holder, id): called when a message to it came back.
    :param personal: the message is for this person alone, such as a link that only they may use: no
        colleague can read it, in the demo either.
    """

    kind: str
    find: Callable[[Session, KeyRing, str], str | None]
    bounced: Callable[[Session, str], None] = _ignore_bounce
    personal: bool = False


MAIL_TEMPLATES: Final = Directive[str, MailTemplate]("add_mail_template", "mail_templates", named)
MAIL_RECIPIENTS: Final = Directive[str, MailRecipient](
    "add_mail_recipient", "mail_recipients", of_kind
)
