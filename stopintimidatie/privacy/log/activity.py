"""Pages of what was done under one's own name lately: on `/account`, and all of it, in pages.

A person reads this without a role for the log: it holds kinds and moments, no document and no name.
What others did to the account stands there too, such as a new password by way of a mail.
In a session through a municipality's provider it is what was done at that municipality.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from heapq import merge
from itertools import islice
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, or_, select, union_all

from stopintimidatie.core.accounts.sessions import current_session
from stopintimidatie.core.audit import AuditEvent, AuditSubject
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Permission
from stopintimidatie.core.storage import NATIONAL, transaction
from stopintimidatie.core.tree import Root
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.register import count_at_most, read_register
from stopintimidatie.core.web.request import page_view
from stopintimidatie.municipalities.areas.resources import DESK
from stopintimidatie.privacy.log.queries import label_of

NAME: Final = "account-handelingen"
LATELY: Final = timedelta(days=30)
ON_ACCOUNT, ON_PAGE = 8, 50
# No list is longer, wherever somebody works.
MOST: Final = 1_000
# At the desk, for who has no role there: what is of the account itself.
_OF_ACCOUNT: Final = (
    "aanmelden.",
    "afmelden",
    "wachtwoord.",
    "account.",
    "factor.",
    "uitnodiging.",
)
# Actions that the person of the account reads, also when somebody else did them.
_TO_ACCOUNT: Final = ("wachtwoord.", "account.", "factor.")
_BY_STEWARD: Final = (
    "gebruiker.geblokkeerd",
    "gebruiker.gedeblokkeerd",
    "gebruiker.toegang_geblokkeerd",
    "gebruiker.toegang_hersteld",
    "gebruiker.afgemeld",
    "gebruiker.wachtwoord_weg",
)


def activity_panel(context: Any, request: Any) -> Panel:
    """Return the panel with the last few things that were done under this name."""
    rows = _rows(request, ON_ACCOUNT)
    values = {"rows": rows, "label": label_of, "all": f"/{NAME}", "days": LATELY.days}
    return Panel("Onder uw naam gedaan", f"{__package__}:templates/own_few.jinja2", values)


@page_view(Root, NAME, Permission.SIGNED_IN, "templates/own.jinja2")
def activity_view(request: Any) -> dict[str, Any]:
    """Show all that was done under this name lately."""
    total = sum(
        count_at_most(session, _own(request, holder).with_only_columns(AuditEvent.id), MOST)
        for session, holder in _transactions(request)
    )
    rows = read_register(
        request,
        total,
        lambda offset, size: _rows(request, offset + size)[offset:],
        most=MOST,
        size=ON_PAGE,
    )
    return {"rows": rows, "label": label_of, "days": LATELY.days}


def _transactions(request: Any) -> Iterator[tuple[Any, str]]:
    """Yield a transaction of each holder where this person may have done something.

    As far as this session may show it.
    """
    holders = set(request.identity.holders)
    if current_session(request).provider is None:
        holders.add(NATIONAL)
    for holder in sorted(holders):
        with transaction(request.registry.engine, holder, write=False) as session:
            yield session, holder


def _own(request: Any, holder: str) -> Select[AuditEvent]:
    """Select the events by or about this person in the log of a holder, the newest first."""
    me = request.identity.user_id
    here = AuditEvent.holder == holder, AuditEvent.at > utc_now() - LATELY
    mine = select(AuditEvent.id).where(*here, AuditEvent.actor_id == str(me))
    if holder not in request.identity.holders:
        mine = mine.where(_starts(_OF_ACCOUNT))
    subject = AuditSubject.holder == holder, AuditSubject.subject_id == me
    about = select(AuditEvent.id).where(
        *here,
        AuditEvent.id.in_(select(AuditSubject.event_id).where(*subject)),
        or_(_starts(_TO_ACCOUNT), AuditEvent.action.in_(_BY_STEWARD)),
    )
    # One look at an index for each; joined by `or` the whole log of the holder would be read.
    events = select(AuditEvent).where(*here, AuditEvent.id.in_(union_all(mine, about)))
    return events.order_by(AuditEvent.at.desc(), AuditEvent.id)


def _starts(starts: tuple[str, ...]) -> ColumnElement[bool]:
    return or_(*(AuditEvent.action.startswith(start, autoescape=True) for start in starts))


def _rows(request: Any, number: int) -> list[tuple[datetime, str, str]]:
    """Return the newest events of all holders: when, the action, where."""
    logs = []
    for session, holder in _transactions(request):
        where = DESK if holder == NATIONAL else str(request.municipality_name(holder))
        events = session.scalars(_own(request, holder).limit(number)).all()
        logs.append([(event.at, event.action, where) for event in events])
    return list(islice(merge(*logs, key=lambda line: line[0], reverse=True), number))
