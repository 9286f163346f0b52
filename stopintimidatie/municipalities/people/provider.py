"""The second person for the connection to a municipality's identity provider.

That provider says who somebody is, and so can let anybody in as any colleague.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.hands import hands_of
from stopintimidatie.core.accounts.models import IdentityProvider, User
from stopintimidatie.core.accounts.services import AccountError
from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import Job, JobContext, enqueue
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import datetime_long
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.people.mail import ask_about_provider
from stopintimidatie.municipalities.people.services import (
    Confirmer,
    actor_of,
    awaited_for,
    givers,
    has_hand,
    party_at,
    readers_of,
)

CHANGED: Final = "gemeente.aanmelden"
CONFIRMED: Final = "gemeente.aanmelden_bevestigd"
REFUSED: Final = "gemeente.aanmelden_geweigerd"
KIND: Final = "gemeente"
TELL_JOB: Final = Job("aanmelden.vertellen")
DONE: Final = "Bevestigd. Collega's kunnen zich nu via de gemeente aanmelden."
SWITCHED_OFF: Final = "Geweigerd. Het staat uit. Wie het instelde, leest waarom."
HAD_A_HAND: Final = (
    "U had hier zelf een hand in: u stelde deze inlogdienst in, of u gaf een account aan wie dat"
    " deed of kreeg het uwe van die persoon. Een ander moet beslissen."
)
_DECIDED: Final = "Hierover is al beslist, of het is intussen gewijzigd. Open de pagina opnieuw."


def key_of(row: IdentityProvider) -> str:
    """Return a text that is another one for each connection that is put forward."""
    values = (row.holder, row.issuer, row.client_id, row.groups_claim, row.proposed_at)
    return hashlib.sha256(repr(values).encode()).hexdigest()[:32]


def put_forward(session: Session, actor: Actor, row: IdentityProvider) -> None:
    """Let the connection wait for a second person.

    Whoever changed it before, since it was last confirmed, had a hand in it as well.
    """
    before = row.given_by if row.confirmed_at is None else []
    row.given_by = sorted({*(before or ()), *givers(session, actor)})
    row.proposed_at, row.proposed_by_id, row.proposed_by = utc_now(), actor.id, actor.name
    row.confirmed_at = row.confirmed_by_id = row.reason = None


def ask_second(
    session: Session, actor: Actor, row: IdentityProvider, changes: Sequence[str]
) -> None:
    """Mail whoever must confirm it that it waits; the log of the desk tells what it waits for."""
    if awaited_for(session, row) is Confirmer.COLLEAGUE:
        ask_about_provider(session, row.holder)
        return
    _tell(session, actor, CHANGED, NATIONAL, [row.holder, *changes])


def confirm(session: Session, shown: IdentityProvider, actor: Actor, at: str) -> None:
    """Confirm the connection as second person: people can sign in through it from now on.

    Raises:
        AccountError: this user may not confirm it, or it was decided or changed meanwhile.
    """
    row = _check_second(session, shown, actor, at)
    row.confirmed_at, row.confirmed_by_id = utc_now(), actor.id
    _log(session, row, actor, CONFIRMED, at)


def refuse(session: Session, shown: IdentityProvider, actor: Actor, at: str, reason: str) -> None:
    """Refuse the connection as second person, which switches it off.

    Raises:
        AccountError: no reason, or this user may not refuse it, or it was decided or changed.
    """
    if not reason.strip():
        raise AccountError("Schrijf op waarom u het weigert.")
    row = _check_second(session, shown, actor, at)
    row.enabled = row.required = False
    row.reason = reason
    _log(session, row, actor, REFUSED, at)


def _check_second(
    session: Session, shown: IdentityProvider, actor: Actor, at: str
) -> IdentityProvider:
    """Read the connection again and lock it; check that this user may decide about it.

    Raises:
        AccountError: they may not, or it isn't what they saw.
    """
    key, holder = key_of(shown), shown.holder
    row = session.get(IdentityProvider, holder, populate_existing=True, with_for_update=True)
    if row is None or not row.waits or key_of(row) != key:
        raise AccountError(_DECIDED)
    person = session.get(User, UUID(actor.id)) if actor.id else None
    if person is None or has_hand(row, person, hands_of(session, actor.id)):
        raise AccountError(HAD_A_HAND)
    if at not in (NATIONAL, holder) or awaited_for(session, row) is not party_at(at):
        raise AccountError(_DECIDED)
    if at != NATIONAL and person not in readers_of(session, [at])[at]:
        raise AccountError("Alleen wie hier meldingen leest, kan dit bevestigen.")
    return row


def _log(session: Session, row: IdentityProvider, actor: Actor, action: str, at: str) -> None:
    fields = [row.holder, row.issuer, row.client_id, row.groups_claim]
    record(session, actor, action, at, KIND, fields=fields, reason=_reason_of(row, action))
    session.flush()
    if at == NATIONAL:
        _tell(session, actor, action, row.holder, fields)


def _reason_of(row: IdentityProvider | None, action: str) -> str | None:
    return row.reason if row is not None and action == REFUSED else None


def _tell(session: Session, actor: Actor, action: str, holder: str, fields: Sequence[str]) -> None:
    payload = {"by": actor.id, "action": action, "fields": list(fields)}
    enqueue(session, TELL_JOB, holder, payload)


def tell_other(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Record in the other holder's log what was done to a provider (job).

    Also mails the desk that it waits for them.
    """
    holder = context.holder
    for number, payload in enumerate(payloads):
        with context.ending(number) as session:
            if session is None:
                continue
            action, fields, by = payload["action"], payload["fields"], payload["by"]
            row = session.get(IdentityProvider, holder)
            reason = _reason_of(row, action)
            record(
                session, actor_of(session, by), action, holder, KIND, fields=fields, reason=reason
            )
            if holder == NATIONAL:
                ask_about_provider(session, holder)


def card_of(session: Session, row: IdentityProvider, awaited: str) -> dict[str, Any]:
    """Return the card on which the second person sees what to decide about."""
    municipality = session.get_one(Municipality, row.holder).name
    return {
        "id": key_of(row),
        "title": f"Inlogdienst van {municipality}",
        "provider": True,
        "outside": False,
        "facts": [
            ("Gemeente", municipality),
            ("Adres van de inlogdienst", row.issuer),
            ("Client-ID", row.client_id),
            ("Claim met groepen", row.groups_claim),
            ("Ingesteld door", row.proposed_by or "onbekend"),
            ("Ingesteld op", datetime_long(row.proposed_at)),
            ("Nog te bevestigen door", awaited),
        ],
    }
