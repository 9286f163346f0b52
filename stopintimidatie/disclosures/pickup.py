"""Offering a document for pick-up, the one-time code, and opening it. Rooms say what is shown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor, record
from stopintimidatie.clock import utc_now
from stopintimidatie.disclosures.pickup_models import Pickup, PickupState
from stopintimidatie.mail.codes import TRIES, code_of, is_code, new_nonce
from stopintimidatie.registry import Directive, of_kind
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.storage.session import locked
from stopintimidatie.storage.tenancy import NATIONAL, enter
from stopintimidatie.tree import codes, locate_reference, register_reference

KIND: Final = "ophalen"
PREFIX: Final = "O"
PURPOSE: Final = "pickup"
CODE_LASTS: Final = timedelta(minutes=30)
OPEN: Final = frozenset({PickupState.OFFERED, PickupState.PICKED_UP})
# The same for every reason, so that nobody learns what exists.
WRONG: Final = (
    "Deze code klopt niet, is al gebruikt of is verlopen. Vraag een nieuwe code aan wie het"
    " document voor u klaarzette."
)
# A code by mail: to answer or confirm in one's own time.
MAIL_CODE_LASTS: Final = timedelta(days=14)
MAIL_CODE_EVERY: Final = timedelta(minutes=10)


class Way(StrEnum):
    """By which code somebody came in. Only what was read out opens the document."""

    SPOKEN = "telefoon"
    MAILED = "post"


@dataclass(frozen=True)
class Section:
    """A part of what is shown: rows of term and value, or a text of somebody."""

    title: str
    rows: Sequence[tuple[str, Any]] = ()
    text: str | None = None


@dataclass(frozen=True)
class Content:
    """What who picks it up gets to see."""

    title: str
    sections: Sequence[Section]

    @property
    def sha256(self) -> str:
        """Of exactly this content."""
        parts = [(s.title, [(t, str(v)) for t, v in s.rows], s.text) for s in self.sections]
        whole = json.dumps([self.title, parts], ensure_ascii=False)
        return hashlib.sha256(whole.encode()).hexdigest()


@dataclass(frozen=True)
class PickupKind:
    """What a room lets be picked up.

    :param show: (session, registry, pickup) -> the content, or None when it is gone.
    :param opened: (session, registry, pickup, content, first time?): record what follows.
    :param visited: what is picked up has a page of its own, open for half an hour after a code.
    :param mail_code: (session, pickup): have the code that was made just now mailed.
    """

    kind: str
    show: Callable[[Session, Any, Pickup], Content | None] = lambda *_: None
    opened: Callable[[Session, Any, Pickup, Content, bool], None] = lambda *_: None
    visited: bool = False
    mail_code: Callable[[Session, Pickup], None] | None = None


PICKUP_KINDS: Final = Directive[str, PickupKind]("add_pickup_kind", "pickup_kinds", of_kind)


def kind_of(registry: Any, pickup: Pickup) -> PickupKind:
    return PICKUP_KINDS.of(registry)[pickup.document_kind]


def offer(
    session: Session,
    holder: str,
    kind: str,
    document_id: UUID,
    recipient: str,
    actor: Actor,
    **terms: Any,
) -> Pickup:
    """Put a document ready; the caller has the recipient told.

    :param terms: `address_id`, `expires_at`, `downloads_most`.
    """
    pickup = Pickup(
        holder=holder,
        reference=codes.new_code(PREFIX),
        document_kind=kind,
        document_id=document_id,
        recipient=recipient,
        made_at=utc_now(),
        **terms,
    )
    session.add(pickup)
    register_reference(session, pickup.reference, holder, KIND)
    session.flush()
    record(session, actor, "ophalen.klaargezet", holder, KIND, [pickup.id, document_id])
    return pickup


def make_code(session: Session, keys: KeyRing, pickup: Pickup, actor: Actor) -> str:
    """A fresh code, to be read out; the one before no longer counts."""
    pickup.code_nonce, pickup.code_made_at = new_nonce(keys), utc_now()
    pickup.code_tries, pickup.code_by = 0, actor.name
    about = [pickup.id, pickup.document_id]
    record(session, actor, "ophalen.code", pickup.holder, KIND, about)
    return code_of(keys, str(pickup.id), pickup.code_nonce)


def find_pickup(session: Session, typed: str) -> Pickup | None:
    """What waits under a reference; enters its holder, or the desk where there is none."""
    reference = codes.normalise_code(PREFIX, typed) or ""
    holders = locate_reference(session, reference, KIND)
    enter(session, holders[0] if holders else NATIONAL)
    found = select(Pickup).where(Pickup.reference == reference)
    return session.scalars(locked(session, found)).one_or_none()


def open_pickup(
    session: Session, registry: Any, pickup: Pickup, typed: str, who: dict[str, str]
) -> Content | None:
    """The content, for the right code in time. None: no; the try is counted, so commit."""
    keys: KeyRing = registry.key_ring
    if pickup.state not in OPEN or not _code_counts(pickup):
        return None
    kind = kind_of(registry, pickup)
    content = None if kind.visited else kind.show(session, registry, pickup)
    if content is None or not is_code(typed, _code(keys, pickup)):
        _wrong(session, pickup)
        return None
    pickup.code_nonce = None
    first = pickup.state != PickupState.PICKED_UP
    pickup.state = PickupState.PICKED_UP
    if first:
        pickup.picked_up_at = utc_now()
    seal_who(keys, pickup, who)
    about = [pickup.id, pickup.document_id]
    record(session, outsider(pickup), "ophalen.geopend", pickup.holder, KIND, about)
    kind.opened(session, registry, pickup, content, first)
    return content


def enter_pickup(session: Session, registry: Any, pickup: Pickup, typed: str) -> Way | None:
    """Which of the two codes this is, for a document with a page of its own. None: neither; the
    try is counted, so commit."""
    keys: KeyRing = registry.key_ring
    if not kind_of(registry, pickup).visited:
        return None
    way = _way(keys, pickup, typed)
    if way is None:
        _wrong(session, pickup)
        return None
    about = [pickup.id, pickup.document_id]
    record(
        session, outsider(pickup), "ophalen.geopend", pickup.holder, KIND, about, fields=[way.value]
    )
    return way


def _way(keys: KeyRing, pickup: Pickup, typed: str) -> Way | None:
    if _code_counts(pickup) and is_code(typed, _code(keys, pickup)):
        pickup.code_nonce = None
        return Way.SPOKEN
    if _mail_code_counts(pickup) and is_code(typed, mail_code_of(keys, pickup)):
        return Way.MAILED
    return None


def _code_counts(pickup: Pickup) -> bool:
    """Whether the code that was read out still may be tried; each look is a try."""
    if pickup.code_nonce is None or pickup.code_made_at is None or pickup.code_tries >= TRIES:
        return False
    if utc_now() > pickup.code_made_at + CODE_LASTS:
        return False
    pickup.code_tries += 1
    return True


def _mail_code_counts(pickup: Pickup) -> bool:
    if pickup.mail_nonce is None or pickup.mail_made_at is None or pickup.mail_tries >= TRIES:
        return False
    if utc_now() > pickup.mail_made_at + MAIL_CODE_LASTS:
        return False
    pickup.mail_tries += 1
    return True


def _code(keys: KeyRing, pickup: Pickup) -> str:
    return code_of(keys, str(pickup.id), pickup.code_nonce or "")


def _wrong(session: Session, pickup: Pickup) -> None:
    about = [pickup.id, pickup.document_id]
    record(session, outsider(pickup), "ophalen.verkeerde_code", pickup.holder, KIND, about)


def renew_mail_code(keys: KeyRing, pickup: Pickup) -> None:
    """A fresh code for a message that goes out; the one before no longer counts."""
    pickup.mail_nonce, pickup.mail_made_at, pickup.mail_tries = new_nonce(keys), utc_now(), 0


def mail_code_of(keys: KeyRing, pickup: Pickup) -> str:
    """The code that a message carries; another than the one that opens the document."""
    return code_of(keys, f"{pickup.id}:post", pickup.mail_nonce or "")


def ask_mail_code(session: Session, registry: Any, pickup: Pickup) -> None:
    """Somebody with the number asks for a code at the address that we know; not too often."""
    send = kind_of(registry, pickup).mail_code
    lately: datetime | None = pickup.mail_made_at
    if send is None or (lately is not None and utc_now() < lately + MAIL_CODE_EVERY):
        return
    renew_mail_code(registry.key_ring, pickup)
    send(session, pickup)


def outsider(pickup: Pickup) -> Actor:
    """Whoever comes for it: the organisation, for a person's name isn't logged."""
    return Actor("bezoeker", None, pickup.recipient)


def seal_who(keys: KeyRing, pickup: Pickup, who: dict[str, str]) -> None:
    """Keep who came for it."""
    pickup.picked_up_by = keys.encrypt(PURPOSE, json.dumps(who), str(pickup.id))


def who_picked_up(keys: KeyRing, pickup: Pickup) -> dict[str, str]:
    """Name and role as typed at the last pick-up, in clear: the caller notes the read."""
    if pickup.picked_up_by is None:
        return {}
    found: dict[str, str] = json.loads(keys.decrypt(PURPOSE, pickup.picked_up_by, str(pickup.id)))
    return found
