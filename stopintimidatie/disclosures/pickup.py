"""Pick-up of a document by a recipient, who opens it with a one-time code.

Higher rooms register the kinds of documents (`PickupKind`).

A visit lasts half an hour idle, a few hours in all. The cookie holds the reference, the kind of
code, the time the visit began and who the visitor said to be, sealed with our key. Each page reads
the document again, so a withdrawn document is gone here too. After the visitor leaves
(`Pickup.left_at`) an earlier cookie no longer counts, even a copied one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core import text
from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.mail.addresses import TRIES, code_of, is_code, new_nonce
from stopintimidatie.core.registry import Directive, of_kind, single
from stopintimidatie.core.security.policy import VisitCookie
from stopintimidatie.core.storage.encryption import KeyRing, Sealed
from stopintimidatie.core.storage.personal import holder_of_rows, treated
from stopintimidatie.core.storage.session import locked
from stopintimidatie.core.storage.tenancy import NATIONAL, enter
from stopintimidatie.core.text import _
from stopintimidatie.core.tree import locate_reference, register_reference
from stopintimidatie.core.web.request import Request
from stopintimidatie.disclosures.models import Pickup, PickupState

KIND: Final = "ophalen"
PREFIX: Final = "O"
PURPOSE: Final = "pickup"
CODE_LASTS: Final = timedelta(minutes=30)
OPEN: Final = frozenset({PickupState.OFFERED, PickupState.PICKED_UP})
# The same for every reason, so that nobody learns what exists.
WRONG: Final = _(
    "Deze code klopt niet, is al gebruikt of is verlopen. Bel wie het voor u klaarzette, de"
    " gemeente of het landelijk meldpunt, en vraag een nieuwe code."
)
# A code by mail: to answer or confirm in one's own time.
MAIL_CODE_LASTS: Final = timedelta(days=14)
MAIL_CODE_EVERY: Final = timedelta(minutes=10)


class Way(StrEnum):
    """Kind of code that a visitor came in with; a partner's document opens with a spoken one."""

    SPOKEN = "telefoon"
    MAILED = "post"


@dataclass(frozen=True)
class PickupKind:
    """Kind of document that a room lets recipients pick up."""

    kind: str
    # (session, pick-up): the locked row with the spoken code that opens it; None when none may.
    # A higher room may let one code stand for more than this pick-up.
    spoken: Callable[[Session, Pickup], Any] = lambda session, pickup: pickup
    # The name of the page of the document, below the pick-up.
    page: str = "document"
    # It is about the person who picks it up, who is asked no function.
    own: bool = False
    # (session, pick-up): mails the code that was made just now
    mail_code: Callable[[Session, Pickup], None] | None = None


PICKUP_KINDS: Final = Directive[str, PickupKind]("add_pickup_kind", "pickup_kinds", of_kind)


# (session, holder, reference of a document): True while it is lost, and nobody may pick it up.
LOST_DOCUMENTS: Final = Directive[None, Callable[[Session, str, str], bool]](
    "set_lost_documents", "lost_documents", single
)
# For who came in with a code; it tells nothing of what happened, or of what is in it.
LOST: Final = _(
    "Dit document is nu niet te openen: er is gemeld dat het zoek is, en dat wordt uitgezocht. Bel"
    " wie het voor u klaarzette."
)


def is_lost(session: Session, registry: Any, holder: str, reference: str) -> bool:
    """Tell whether a document was reported as lost, and that isn't resolved yet."""
    ask = LOST_DOCUMENTS.only(registry)
    return ask is not None and ask(session, holder, reference)


def kind_of(registry: Any, pickup: Pickup) -> PickupKind:
    """Return the kind of document that waits for a pick-up."""
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
    """Add a pick-up of a document for a recipient, whom the caller tells.

    The terms are columns of the pick-up: `address_id`, `expires_at`, `downloads_most`.
    """
    pickup = Pickup(
        holder=holder,
        reference=text.new_code(PREFIX),
        document_kind=kind,
        document_id=document_id,
        recipient=recipient,
        **terms,
    )
    session.add(pickup)
    register_reference(session, pickup.reference, holder, KIND)
    session.flush()
    record(session, actor, "ophalen.klaargezet", holder, KIND, [pickup.id, document_id])
    return pickup


def make_code(session: Session, keys: KeyRing, pickup: Pickup, actor: Actor) -> str:
    """Return a new code for a pick-up, to be read out; the one before no longer counts."""
    _note(session, pickup, actor, "ophalen.code")
    return renew_code(keys, pickup, actor)


def renew_code(keys: KeyRing, row: Any, actor: Actor) -> str:
    """Put a new spoken code on a row that has the columns for it, and return that code."""
    row.code_nonce, row.code_made_at = new_nonce(keys), utc_now()
    row.code_tries, row.code_by = 0, actor.name
    return spoken_code(keys, row)


def spoken_code(keys: KeyRing, row: Any) -> str:
    """Return the code that is to be read out, of a row that has one."""
    return code_of(keys, str(row.id), row.code_nonce or "")


def _note(
    session: Session, pickup: Pickup, actor: Actor, action: str, fields: Sequence[str] = ()
) -> None:
    about = [pickup.id, pickup.document_id]
    record(session, actor, action, pickup.holder, KIND, about, fields=fields)


def find_pickup(session: Session, typed: str) -> Pickup | None:
    """Return the pick-up with a typed reference, locked, or None.

    The transaction works for its holder from then on, or for the desk when there is none.
    """
    reference = text.normalise_code(PREFIX, typed) or ""
    holders = locate_reference(session, reference, KIND)
    enter(session, holders[0] if holders else NATIONAL)
    wanted = select(Pickup).where(Pickup.reference == reference)
    return session.scalars(locked(session, wanted)).one_or_none()


def enter_pickup(
    session: Session, registry: Any, pickup: Pickup, typed: str, who: dict[str, str]
) -> Visit | None:
    """Return the visit that a typed code begins, or None for a wrong code.

    Each try is counted, so the caller commits either way.
    """
    keys: KeyRing = registry.key_ring
    visit = None
    row = kind_of(registry, pickup).spoken(session, pickup)
    if (
        row is not None
        and _counts(row, "code", CODE_LASTS)
        and is_code(typed, spoken_code(keys, row))
    ):
        row.code_nonce = None
        visit = Visit(pickup.reference, Way.SPOKEN, who, code=str(row.id), made=row.code_made_at)
    elif _counts(pickup, "mail", MAIL_CODE_LASTS) and is_code(typed, mail_code_of(keys, pickup)):
        visit = Visit(pickup.reference, Way.MAILED, who)
    if visit is None:
        _note(session, pickup, outsider(pickup), "ophalen.verkeerde_code")
    else:
        _note(session, pickup, outsider(pickup), "ophalen.geopend", [visit.way.value])
    return visit


def _counts(row: Any, name: str, lasts: timedelta) -> bool:
    """Tell whether a code may still be tried, `code` or `mail`; asking this counts as a try."""
    nonce, made_at, tries = (getattr(row, f"{name}_{n}") for n in ("nonce", "made_at", "tries"))
    if nonce is None or made_at is None or tries >= TRIES or utc_now() > made_at + lasts:
        return False
    setattr(row, f"{name}_tries", tries + 1)
    return True


def renew_mail_code(keys: KeyRing, pickup: Pickup) -> None:
    """Make a new code for a message that goes out; the one before no longer counts."""
    pickup.mail_nonce, pickup.mail_made_at, pickup.mail_tries = new_nonce(keys), utc_now(), 0


def mail_code_of(keys: KeyRing, pickup: Pickup) -> str:
    """Return the code in a message, which is another than the one that opens the document."""
    return code_of(keys, f"{pickup.id}:post", pickup.mail_nonce or "")


def ask_mail_code(session: Session, registry: Any, pickup: Pickup) -> None:
    """Mail a code to the address of a pick-up, unless that was done just now."""
    send, latest = kind_of(registry, pickup).mail_code, pickup.mail_made_at
    if send is None or (latest is not None and utc_now() < latest + MAIL_CODE_EVERY):
        return
    renew_mail_code(registry.key_ring, pickup)
    send(session, pickup)


def outsider(pickup: Pickup) -> Actor:
    """Return the recipient as actor: the organisation, because the log holds no person's name."""
    return Actor("bezoeker", None, pickup.recipient)


def seal_who(keys: KeyRing, pickup: Pickup, visitor: dict[str, str]) -> None:
    """Store who picked a document up, encrypted."""
    pickup.picked_up_by = keys.encrypt(PURPOSE, json.dumps(visitor), str(pickup.id))


LATER: Final = "later"


def add_reader(keys: KeyRing, pickup: Pickup, words: str) -> None:
    """Store who opened a document after the first, who stays; encrypted too."""
    stored = _stored(keys, pickup)
    later = "; ".join(filter(None, [stored.get(LATER), words]))
    seal_who(keys, pickup, {**stored, LATER: later})


def _stored(keys: KeyRing, pickup: Pickup) -> dict[str, str]:
    if pickup.picked_up_by is None:
        return {}
    visitor: dict[str, str] = json.loads(keys.decrypt(PURPOSE, pickup.picked_up_by, str(pickup.id)))
    return visitor


def who_picked_up(keys: KeyRing, pickup: Pickup) -> dict[str, str]:
    """Return name and role as typed at the pick-up, in clear: the caller logs the read."""
    return {name: words for name, words in _stored(keys, pickup).items() if name != LATER}


def later_readers(keys: KeyRing, pickup: Pickup) -> str:
    """Return who opened a document after the first, in clear: the caller logs the read."""
    return _stored(keys, pickup).get(LATER, "")


# Personal data: who picked a document up

COLUMNS: Final = treated(codes="recipient", staff="code_by", sealed="picked_up_by")
SEALED: Final = Sealed(Pickup, PURPOSE, ("picked_up_by",), "id")
# That a document was picked up, and when, stays.
PERSONAL_DATA: Final = holder_of_rows(KIND, Pickup, COLUMNS)


# The visit at /ophalen, in a cookie

COOKIE: Final = VisitCookie("ophalen", "ophaalsessie")


@dataclass(frozen=True)
class Visit:
    """A visit of a recipient to the page of a pick-up."""

    reference: str
    way: Way
    who: dict[str, str] = field(repr=False)
    since: datetime = field(default_factory=utc_now)
    # The id of the row that had the spoken code, and the moment the code was made.
    code: str = ""
    made: datetime | None = None


def seal_visit(keys: KeyRing, visit: Visit) -> str:
    """Return a visit as the sealed value of the cookie."""
    made = visit.made.isoformat() if visit.made else ""
    begun = (visit.reference, visit.way, visit.who, visit.since.isoformat())
    return COOKIE.seal(keys, visit.since, *begun, visit.code, made)


def unseal_visit(keys: KeyRing, value: str) -> Visit | None:
    """Return the visit in a cookie; None when the cookie isn't ours, or the visit has ended."""
    parts = COOKIE.unseal(keys, value)
    if parts is None:
        return None
    reference, way, visitor, since, *more = parts
    # A visit that began in 1.0.0 has no more than that.
    code, made = more or ("", "")
    begun = datetime.fromisoformat(since)
    opened = datetime.fromisoformat(made) if made else None
    return Visit(reference, Way(way), visitor, begun, code, opened)


def visit_of(request: Request, reference: str | None = None) -> Visit | None:
    """Return the visit of this browser to the page of this pick-up, or of any; else None."""
    visit = unseal_visit(request.registry.key_ring, COOKIE.value_in(request))
    return visit if visit is not None and reference in (None, visit.reference) else None


def set_visit(request: Request, response: Any, visit: Visit | None) -> None:
    """Set the cookie for half an hour more, at most to the end of the visit; None deletes it."""
    value = seal_visit(request.registry.key_ring, visit) if visit else None
    COOKIE.set_in(request, response, value)
