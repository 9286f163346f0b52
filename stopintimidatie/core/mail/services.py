"""Mail: asking for a message, sending it, noting that it came back; the kinds rooms register."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.message import EmailMessage
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import Job, JobContext, enqueue, start_now
from stopintimidatie.core.mail.delivery import Courier, Texter, TextMessage
from stopintimidatie.core.mail.message import (
    Envelope,
    MailError,
    encrypted,
    plain_address,
    render,
    split_sender,
    write,
)
from stopintimidatie.core.mail.models import MailChoice, MailMessage, MailState
from stopintimidatie.core.registry import Directive, named, of_kind
from stopintimidatie.core.storage import NATIONAL, transaction
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.web.translation import DUTCH, gettext, speaking
from stopintimidatie.settings import Settings


@dataclass(frozen=True)
class Writing:
    """Tools of a room while its message is written, in a transaction of the holder."""

    session: Session
    settings: Settings
    registry: Any
    message: MailMessage

    @property
    def keys(self) -> KeyRing:
        """The keys of the installation."""
        keys: KeyRing = self.registry.key_ring
        return keys

    def link(self, path: str) -> str:
        """Return a whole address of the product."""
        return f"{self.settings.public_address}{path}"


@dataclass(frozen=True)
class Letter:
    """Values for the words of a template.

    Args:
        certificate: PEM; then all of it is encrypted for that certificate (S/MIME).
        template: other words than the template's own.
        language: in which its recipient reads it; Dutch where that has no catalogue.
    """

    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    certificate: bytes | None = field(default=None, repr=False)
    template: str | None = None
    language: str = DUTCH


@dataclass(frozen=True)
class MailTemplate:
    """A kind of message.

    Args:
        subject: fixed words, that tell nothing about anybody.
        body: the package whose `templates/mail` has the text, in a file of this name; or another
            asset, as `stopintimidatie.room:templates/mail/other.txt.jinja2`.
        write: the values of the text, looked up when it goes out; None: no longer needed.
        sent: in the transaction that notes that the mail server took it.
        returned: it was refused for good, or came back after the mail server had taken it.
        neutral: from the neutral sender, for who shares a mailbox or a screen.
        text_message: to a telephone; then the recipient's address is a number.
        logged: False where a line in the log would tell its readers what they may not know.
        work: its reader may choose not to be mailed of it; the start page or the menu tells it too.
            False for what may not wait: urgent reports, terms of the law, the account itself.
    """

    name: str
    subject: str
    body: str
    write: Callable[[Writing], Letter | None] = lambda writing: Letter(writing.message.values)
    sent: Callable[[Writing], None] = lambda writing: None
    returned: Callable[[Any, Session, MailMessage], None] = lambda *_: None
    neutral: bool = False
    text_message: bool = False
    logged: bool = True
    work: bool = False

    @property
    def asset(self) -> str:
        """The file with the text."""
        return (
            self.body if ":" in self.body else f"{self.body}:templates/mail/{self.name}.txt.jinja2"
        )


@dataclass(frozen=True)
class Recipient:
    """Recipient by a kind that some room registered, and an id. Never an address."""

    kind: str
    id: str


@dataclass(frozen=True)
class Reader:
    """A person who reads a message now, and what they chose (`MailChoice`)."""

    recipient: Recipient
    choice: str


@dataclass(frozen=True)
class MailRecipient:
    """A kind of recipient.

    Args:
        find: (session of the holder, keys, id) -> the present address, or None if there is none.
        bounced: (session of the holder, id): called when a message to it came back.
        personal: the message is for this person alone, such as a link that only they may use: no
            colleague can read it, in the demo either.
        reader: (session of the holder, id) -> who reads it now; None: nobody who can choose.
    """

    kind: str
    find: Callable[[Session, KeyRing, str], str | None]
    bounced: Callable[[Session, str], None] = lambda *_: None
    personal: bool = False
    reader: Callable[[Session, str], Reader | None] = lambda *_: None


MAIL_TEMPLATES: Final = Directive[str, MailTemplate]("add_mail_template", "mail_templates", named)
# For messages that an earlier release queued and this one doesn't know: they aren't sent.
RETIRED: Final = MailTemplate("", "", "", lambda writing: None)


def _template_of(registry: Any, message: MailMessage) -> MailTemplate:
    return MAIL_TEMPLATES.of(registry).get(message.template, RETIRED)


MAIL_RECIPIENTS: Final = Directive[str, MailRecipient](
    "add_mail_recipient", "mail_recipients", of_kind
)


JOB: Final = Job("mail.versturen")
AUDIT_KIND: Final = "bericht"
# Doubling to an hour and then each hour: some five days.
ATTEMPTS: Final = 170
# Codes, numbers, references and paths: nothing that anybody typed.
_CODE: Final = re.compile(r"[A-Za-z0-9_.:/-]{1,80}")
# The template of the rows that the letter of a morning counts; nothing is written with it.
GATHERED: Final = "gebundeld"
_COUNTED: Final = (MailMessage.template == GATHERED, MailMessage.state == MailState.WAITING)
_ENDED: Final = frozenset({MailState.SENT, MailState.NOT_NEEDED, MailState.BOUNCED})


def queue_mail(
    session: Session,
    holder: str,
    template: str,
    recipient: Recipient,
    *,
    about: UUID | None = None,
    values: Mapping[str, str | int] | None = None,
    key: str | None = None,
    delay: timedelta = timedelta(0),
) -> UUID:
    """Have a message sent, in the transaction at hand (of this holder); its number.

    `template`: the name of a `MailTemplate`.
    `about`: the document it is about.
    `values`: codes and numbers for its words; no personal data, no typed text.
    `key`: asked again with the same key there is still one message.
    """
    given = dict(values or {})
    if any(isinstance(value, str) and not _CODE.fullmatch(value) for value in given.values()):
        raise ValueError("a message takes codes and numbers, never text")
    if key is not None:
        known = session.scalar(select(MailMessage.id).where(MailMessage.key == key))
        if known is not None:
            return known
    message = MailMessage(
        holder=holder,
        created_at=utc_now(),
        template=template,
        recipient_kind=recipient.kind,
        recipient_id=recipient.id,
        about_id=about,
        values=given,
        key=key,
    )
    session.add(message)
    session.flush()
    enqueue(session, JOB, holder, {"mail": str(message.id)}, delay=delay)
    return message.id


def send_now(session: Session, holder: str, about: UUID) -> None:
    """Send what waits about a document at once: it can no longer be taken back."""
    waiting = select(MailMessage.id).where(
        MailMessage.holder == holder,
        MailMessage.about_id == about,
        MailMessage.state == MailState.WAITING,
    )
    numbers = [str(number) for number in session.scalars(waiting)]
    if numbers:
        start_now(session, JOB, holder, "mail", numbers)


def send(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Send the message (job).

    A crash after the server's yes means a repeat with the same number.
    """
    for payload in payloads:
        number = UUID(payload["mail"])
        try:
            _send(context, number)
        except MailError as error:
            _note_problem(context, number, error)
            raise


def _send(context: JobContext, number: UUID) -> None:
    courier: Courier = context.registry.courier
    texter: Texter = context.registry.texter
    with context.transaction() as session:
        message = session.get(MailMessage, number)
        if message is None or message.state in _ENDED:
            return
        envelope = _written(context, session, message)
        reader = _reader(context.registry, session, message)
        if envelope is None or reader.choice == MailChoice.NONE:
            message.state, message.problem = MailState.NOT_NEEDED, None
            return
        if reader.choice == MailChoice.DAILY:
            message.state = MailState.GATHERED
    if reader.choice == MailChoice.DAILY:
        _gather(context, number, reader.recipient)
        return
    # No transaction is open while somebody else's server is talked to.
    kept = courier.keeps
    if isinstance(envelope, TextMessage):
        kept = texter.keeps
        if not kept:
            texter.deliver(envelope)
    elif not kept:
        courier.deliver(envelope)
    with context.transaction() as session:
        message = session.get_one(MailMessage, number)
        message.state, message.problem, message.sent_at = MailState.SENT, None, utc_now()
        if kept:
            message.kept = _as_kept(envelope)
        template = _template_of(context.registry, message)
        template.sent(Writing(session, context.settings, context.registry, message))
        _log(context.registry, session, "post.verstuurd", message)


def _reader(registry: Any, session: Session, message: MailMessage) -> Reader:
    """Return who reads a message now and how; what may not wait comes at once."""
    to = Recipient(message.recipient_kind, message.recipient_id)
    work = _template_of(registry, message).work
    reader = MAIL_RECIPIENTS.of(registry)[to.kind].reader(session, to.id) if work else None
    reader = reader or Reader(to, MailChoice.AT_ONCE)
    # A crash came between: the letter of the morning may count it already, whatever they chose
    # since.
    gathered = message.state == MailState.GATHERED
    return replace(reader, choice=MailChoice.DAILY) if gathered else reader


def _gather(context: JobContext, number: UUID, recipient: Recipient) -> None:
    """Have the letter of the next working morning count a message; asked again still once.

    The desk keeps the count, for one letter tells of all municipalities: a row without a job, that
    waits, and that says nothing of the message but who reads it.
    """
    with transaction(context.engine, NATIONAL) as session:
        key = f"{GATHERED}:{number}"
        if session.scalar(select(MailMessage.id).where(MailMessage.key == key)) is None:
            to = {"recipient_kind": recipient.kind, "recipient_id": recipient.id}
            session.add(MailMessage(holder=NATIONAL, template=GATHERED, key=key, **to))


def waiting_readers(session: Session) -> set[Recipient]:
    """Return those for whose letter messages wait; in a transaction of the desk."""
    rows = select(MailMessage.recipient_kind, MailMessage.recipient_id).where(*_COUNTED).distinct()
    return {Recipient(kind, number) for kind, number in session.execute(rows)}


def take_gathered(session: Session, reader: Recipient, state: MailState) -> int:
    """End what waits for a reader's letter and return how many; the same transaction asks for it.

    So a message is in one letter, or waits for the next one.
    """
    mine = MailMessage.recipient_kind == reader.kind, MailMessage.recipient_id == reader.id
    ended = update(MailMessage).where(*_COUNTED, *mine).values(state=state, sent_at=utc_now())
    result: Any = session.execute(ended)
    return int(result.rowcount)


def _as_kept(sent: Envelope | TextMessage) -> str:
    """Return the message as a page of the demo can read it."""
    if isinstance(sent, Envelope):
        return sent.content.decode("ascii")
    shown = EmailMessage()
    shown["From"], shown["To"], shown["Subject"] = "sms", sent.number[:4], "Sms"
    shown.set_content(sent.text)
    return shown.as_string()


def _written(
    context: JobContext, session: Session, message: MailMessage
) -> Envelope | TextMessage | None:
    """Write the message as it goes out now; None when it is no longer needed."""
    registry, settings = context.registry, context.settings
    template = _template_of(registry, message)
    kind = MAIL_RECIPIENTS.of(registry)[message.recipient_kind]
    address = kind.find(session, registry.key_ring, message.recipient_id)
    letter = template.write(Writing(session, settings, registry, message)) if address else None
    if address is None or letter is None:
        return None
    shared = {"address": settings.public_address}
    with speaking(letter.language):
        text = render(letter.template or template.asset, {**shared, **letter.values})
        subject = gettext(template.subject)
    if template.text_message:
        return TextMessage(message.id, address, text.strip())
    sender = settings.mail_neutral_sender if template.neutral else ""
    sender = sender or settings.mail_sender
    made = write(message.id, message.created_at, sender, address, subject, text)
    content = encrypted(made, letter.certificate) if letter.certificate else made.as_bytes()
    return Envelope(message.id, split_sender(sender)[1], plain_address(address), content)


def _note_problem(context: JobContext, number: UUID, error: MailError) -> None:
    with context.transaction() as session:
        message = session.get_one(MailMessage, number)
        message.problem = error.problem
        if error.final:
            message.state = MailState.REFUSED
            _tell_room(context.registry, session, message)
            _log(context.registry, session, "post.geweigerd", message)


def note_bounce(registry: Any, session: Session, number: UUID) -> bool:
    """Note that a message came back; tell whether this holder sent it."""
    message = session.get(MailMessage, number)
    if message is None:
        return False
    if message.state != MailState.BOUNCED:
        message.state = MailState.BOUNCED
        _tell_room(registry, session, message)
        _log(registry, session, "post.teruggekomen", message)
    return True


def _tell_room(registry: Any, session: Session, message: MailMessage) -> None:
    kind = MAIL_RECIPIENTS.of(registry)[message.recipient_kind]
    kind.bounced(session, message.recipient_id)
    template = _template_of(registry, message)
    template.returned(registry, session, message)


def _log(registry: Any, session: Session, action: str, message: MailMessage) -> None:
    if not _template_of(registry, message).logged:
        return
    about = [] if message.about_id is None else [message.about_id]
    fields = [message.template]
    record(session, SYSTEM, action, message.holder, AUDIT_KIND, [message.id, *about], fields=fields)
