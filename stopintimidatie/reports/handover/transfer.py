"""The hand-over of a report: the giver keeps a tombstone, the receiver makes its own copy.

A transaction works for one holder. So the giver's transaction writes the tombstone, the content
(encrypted) and a job; the job, a transaction of the receiver, makes the copy and wipes the
content. Reference and follow code stay the same: the reporter notices nothing but the status.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import Job, JobContext, enqueue
from stopintimidatie.core.storage.encryption import KeyRing, Sealed
from stopintimidatie.core.storage.models import UtcDateTime
from stopintimidatie.core.storage.personal import Treatment, empty_rows
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import datetime_short
from stopintimidatie.core.tree.services import RESTRICTIONS
from stopintimidatie.core.workflow import WorkflowError
from stopintimidatie.disclosures.models import Pickup, PickupState
from stopintimidatie.disclosures.pickup import who_picked_up
from stopintimidatie.municipalities.areas.locator import Method, Place
from stopintimidatie.municipalities.areas.models import Municipality, Neighbourhood
from stopintimidatie.municipalities.areas.services import successors
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.municipalities.levels.services import level_of
from stopintimidatie.reports.arrival import Arrival, receive
from stopintimidatie.reports.arrival.services import TAKEN_OVER, Content, HandedOver
from stopintimidatie.reports.arrival.submission import Routing
from stopintimidatie.reports.attachments.jobs import give
from stopintimidatie.reports.attachments.jobs import receive as receive_attachments
from stopintimidatie.reports.conversation.decisions import TAKEN_BACK
from stopintimidatie.reports.conversation.services import tell_by_mail
from stopintimidatie.reports.fields import BY_COLUMN
from stopintimidatie.reports.models import (
    Report,
    ReportContact,
    ReportDecision,
    ReporterMessage,
    ReportMove,
    ReportNote,
    ReportProposal,
    ReportTransfer,
)
from stopintimidatie.reports.personal import NO_CONTACT, ContactData, read_contact
from stopintimidatie.reports.services import append_move
from stopintimidatie.reports.vocabulary import Source
from stopintimidatie.reports.workflow import Delivery, ReportState

# The lines of the history that tell who had the report before, from when and why. They go along,
# so that the holder of the copy sees the whole way, and not only the last step.
CORRECTED: Final = "gecorrigeerd"
FORWARDED: Final = ("aangeboden", "opgehaald", "verlopen", "antwoord_gemeente")
KEPT: Final = ("ontvangen", TAKEN_OVER, *FORWARDED, "intrekken", TAKEN_BACK, CORRECTED)


def stays(registry: Any) -> ColumnElement[bool]:
    """Return the condition that a report may not leave its holder now."""
    known, number = RESTRICTIONS.only(registry), Report.__table__.c.id
    bound = () if known is None else (known.binds(number), known.asked(number))
    return or_(Report.frozen, *bound)


def refusal(registry: Any, session: Session, report: Report) -> str | None:
    """Return why a report may not leave its holder now; None: it may."""
    session.flush()
    stuck = session.scalar(select(Report.id).where(Report.id == report.id, stays(registry)))
    return None if stuck is None else FROZEN if report.frozen else BOUND


def custody_of(registry: Any, session: Session, report: Report) -> list[dict[str, Any]]:
    """Return the lines of the history that tell whose the report was, oldest first.

    With who picked it up, as they said, and with the corrections beside the account.
    """
    moves = session.scalars(
        select(ReportMove)
        .where(ReportMove.report_id == report.id, ReportMove.name.in_(KEPT))
        .order_by(ReportMove.at, ReportMove.id)
    )
    known = RESTRICTIONS.only(registry)
    bound = known.bound(session, document=report.id) if known else ()
    mine = select(Pickup).where(Pickup.document_id == report.id)
    by_whom = {
        ("opgehaald", reference): {"door": ", ".join(visitor.values())}
        for pickup in session.scalars(mine.order_by(Pickup.picked_up_at))
        if (visitor := who_picked_up(registry.key_ring, pickup))
        # Once destroyed, its line doesn't say which pick-up it was.
        for reference in (pickup.reference, None)
    }
    return [
        {
            "at": move.at.isoformat(),
            "name": move.name,
            "kind": move.actor_kind,
            "actor": move.actor_name,
            "values": {
                **move.values,
                "reden": move.reason,
                **by_whom.get((move.name, move.values.get("kenmerk_ophalen")), {}),
            },
        }
        for move in moves
    ] + [
        {
            "at": item.since.isoformat(),
            "name": CORRECTED,
            "kind": "gebruiker",
            "actor": item.by,
            "values": {"correctie": item.words},
        }
        for item in bound
        if not item.restricts
    ]


def _picked_up(session: Session, report: Report) -> Pickup | None:
    """Return the pick-up by a municipality that wasn't connected then; None: there was none."""
    mine = Pickup.document_id == report.id, Pickup.state == PickupState.PICKED_UP
    latest = select(Pickup).where(*mine).order_by(Pickup.picked_up_at.desc(), Pickup.id)
    return session.scalars(latest.limit(1)).one_or_none()


def keep_custody(session: Session, report: Report, earlier: Sequence[Mapping[str, Any]]) -> None:
    """Write the way so far in the history of the copy."""
    for line in earlier:
        actor = Actor(line["kind"], None, line["actor"])
        at = datetime.fromisoformat(line["at"])
        append_move(session, report, actor, line["name"], None, line["values"], at=at)


def step_here(session: Session, transfer: ReportTransfer) -> dict[str, Any]:
    """Return the values of the line in the copy's history about the step that brought it here."""
    values = {"reden": transfer.reason, "van": holder_name(session, transfer.giver)}
    if transfer.answered_at is not None:
        values |= {
            "aangeboden_op": datetime_short(transfer.given_at),
            "aangenomen_door": transfer.answered_by or "",
            "aangenomen_op": datetime_short(transfer.answered_at),
        }
    return values


def holder_name(session: Session, code: str) -> str:
    """Return the name of a holder, as people say it."""
    if code == NATIONAL:
        return "landelijk meldpunt"
    municipality = session.get(Municipality, code)
    return code if municipality is None else f"gemeente {municipality.name}"


LONGEST_NAME = 200


def give_messages(session: Session, report: Report) -> list[dict[str, Any]]:
    """Delete the conversation here; return it for the receiver's copy.

    Names of employees go along with that of their municipality: the receiver doesn't know them.
    """
    rows = session.scalars(
        select(ReporterMessage)
        .where(ReporterMessage.report_id == report.id)
        .order_by(ReporterMessage.at, ReporterMessage.id)
    ).all()
    here = holder_name(session, report.holder)
    given = [_with_employer(row, here) for row in rows]
    session.execute(delete(ReporterMessage).where(ReporterMessage.report_id == report.id))
    return given


def _with_employer(row: ReporterMessage, here: str) -> dict[str, Any]:
    name = row.actor_name
    # One that came with an earlier hand-over says already where it was written.
    if name is not None and not name.endswith(")"):
        name = f"{name} ({here})"[-LONGEST_NAME:]
    return {
        "at": row.at.isoformat(),
        "kind": row.kind,
        "text": row.text,
        "actor_name": name,
        "sender": row.sender,
        "held_until": row.held_until.isoformat() if row.held_until else None,
    }


def receive_messages(session: Session, report: Report, given: Sequence[Mapping[str, Any]]) -> None:
    """Add the conversation so far to the copy; nobody is mailed again about what was read."""
    for message in given:
        # A message sent by an earlier release doesn't say how long it is held.
        moments = {name: message.get(name) for name in ("at", "held_until")}
        times = {name: datetime.fromisoformat(at) if at else None for name, at in moments.items()}
        values = {**message, **times}
        row = ReporterMessage(holder=report.holder, report_id=report.id, **values)
        session.add(row)
        if row.held_until is not None and row.held_until > utc_now():
            # The giver's mail about it goes out no more: its report is gone.
            session.flush()
            tell_by_mail(session, report, row)


JOB: Final = Job("melding.overnemen")
PURPOSE: Final = "transfer"
SEALED: Final = Sealed(ReportTransfer, PURPOSE, ("content", "offer"), "id")
FROZEN: Final = (
    "Deze melding is bevroren: de inhoud moet hier blijven, en gaat bij overdragen weg. Vraag de"
    " privacyfunctionaris of de proceseigenaar of de bevriezing eraf kan."
)
BOUND: Final = (
    "Over deze melding loopt een verzoek van een betrokkene, of het gebruik is beperkt. Zij blijft"
    " hier tot dat klaar is: vraag het de privacyfunctionaris."
)
_WORDS: Final = {"reason": Treatment.TEXT, "values": Treatment.TEXT}
# The columns that go along: all that the reporter said, and some of its life. Its place in
# somebody's work stays behind.
COPIED: Final = (
    *BY_COLUMN, "urgent", "reporter_spoke_at", "follow_code_hash", "follow_code_version"
)  # fmt: skip
# The columns by which the receiver files its copy.
FILED: Final = (
    "source", "neighbourhood_code", "subneighbourhood_code", "near_municipality_code", "located_by",
)  # fmt: skip
_COLUMNS: Final = Report.__table__.columns
# The columns that a tombstone no longer has. Dates, reference and receiver remain.
WIPED: Final = (
    *(name for name, field in BY_COLUMN.items() if field.facts.leaves and _COLUMNS[name].nullable),
    "suspected_offence_reason", "near_place", "near_load",
)  # fmt: skip
TIMES: Final = tuple(column.name for column in _COLUMNS if isinstance(column.type, UtcDateTime))


def hand_over(
    registry: Any, session: Session, report: Report, values: Mapping[str, Any], actor: Actor
) -> None:
    """Send the content to the receiver and leave a tombstone; effect of `doorgeven`."""
    send(registry, session, report, new_transfer(registry, session, report, values, actor))


def new_transfer(
    registry: Any, session: Session, report: Report, values: Mapping[str, Any], actor: Actor
) -> ReportTransfer:
    """Add a hand-over to the municipality that was chosen, for the reason that was given.

    Raises:
        WorkflowError: The municipality can't receive this report, or it must stay here.
    """
    if why := refusal(registry, session, report):
        raise WorkflowError(why)
    transfer = ReportTransfer(
        giver=report.holder,
        receiver=connected_receiver(session, report, values),
        reference=report.reference,
        actor_name=actor.name,
        reason=str(values["reden"]),
    )
    session.add(transfer)
    session.flush()
    return transfer


def connected_receiver(session: Session, report: Report, values: Mapping[str, Any]) -> str:
    """Return the municipality that was chosen.

    Raises:
        WorkflowError: It has no portal to put the report in, or holds it already.
    """
    receiver = str(values["gemeente"])
    if level_of(session, receiver) is not ParticipationLevel.PROGRAMME:
        raise WorkflowError(
            "Deze gemeente is niet aangesloten. Kies een gemeente die meldingen in het portaal"
            " ontvangt.",
            "gemeente",
        )
    if receiver == report.holder:
        raise WorkflowError("De melding is al van deze gemeente.", "gemeente")
    return receiver


def send(registry: Any, session: Session, report: Report, transfer: ReportTransfer) -> None:
    """Send the content to the receiver, and leave a tombstone."""
    content = json.dumps(_content(registry, session, report, transfer.receiver))
    transfer.content = registry.key_ring.encrypt(PURPOSE, content, str(transfer.id))
    _leave_tombstone(session, report, transfer.receiver)
    enqueue(session, JOB, transfer.receiver, {"transfer": str(transfer.id)})


def _content(registry: Any, session: Session, report: Report, receiver: str) -> dict[str, Any]:
    keys: KeyRing = registry.key_ring
    contact, picked_up = read_contact(session, keys, report), _picked_up(session, report)
    return {
        **{name: _text(getattr(report, name)) for name in ("received_at", *COPIED, *FILED)},
        "forms": report.reported_forms,
        "confirmed_forms": report.confirmed_forms,
        "contact": None if contact is None else asdict(contact),
        "contact_agreed": report.contact_agreed if report.contact_due else None,
        "contact_deadline": _text(report.contact_deadline),
        "destroyed_at": _text(picked_up.destroyed_at if picked_up is not None else None),
        "custody": custody_of(registry, session, report),
        "attachments": give(session, keys, report, receiver),
        "messages": give_messages(session, report),
    }


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _leave_tombstone(session: Session, report: Report, receiver: str) -> None:
    for name in WIPED:
        setattr(report, name, None)
    report.behaviour_changes = []
    report.form_rows = []
    report.delivery = None
    report.contact_deadline = report.next_attempt_at = report.contact_owed = None
    report.snoozed_until = None
    report.reporter_spoke_at = None
    report.handed_to = receiver
    # Notes are of colleagues here for each other: they don't go along, and don't stay either.
    for entity in (ReportContact, ReportDecision, ReportNote, ReportProposal):
        session.execute(delete(entity).where(entity.report_id == report.id))
    # Nor do the words in its history: who, when and which step stays.
    empty_rows(session, ReportMove, ReportMove.report_id == report.id, _WORDS)


def take_over(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Make the receiver's own copy, then wipe the content that was sent; a job of the receiver."""
    keys: KeyRing = context.registry.key_ring
    for payload in payloads:
        with context.transaction() as session:
            transfer = session.get(ReportTransfer, UUID(payload["transfer"]), with_for_update=True)
            if transfer is None or transfer.content is None:
                continue
            content = json.loads(keys.decrypt(PURPOSE, transfer.content, str(transfer.id)))
            _make_copy(session, keys, transfer, content)
            transfer.content = None
            transfer.received_at = utc_now()


def _make_copy(
    session: Session, keys: KeyRing, transfer: ReportTransfer, content: dict[str, Any]
) -> None:
    """Receive the copy as any report; then its attachments, its conversation and its history."""
    tombstone = session.scalar(select(Report).where(Report.reference == transfer.reference))
    arrival = Arrival(
        source=Source.of(content["source"]),
        actor=Actor("gebruiker", None, transfer.actor_name),
        follow_code=None,
        received_at=datetime.fromisoformat(content["received_at"]),
        reference=transfer.reference,
        handed_over=HandedOver(step_here(session, transfer), utc_now(), tombstone),
    )
    routing = Routing(transfer.receiver, _place_in(session, transfer.receiver, content), None)
    arrived = receive(session, keys, _given(transfer, content), routing, arrival)
    report = session.get_one(Report, arrived.id)
    own, given = report.contact_deadline, content.get("contact_deadline")
    # A promise stays a promise; nobody is late with what lay elsewhere.
    if own is not None and given and utc_now() < datetime.fromisoformat(given) < own:
        report.contact_deadline = datetime.fromisoformat(given)
    # A report sent by an earlier release may have no attachments.
    receive_attachments(session, keys, report, content.get("attachments", []))
    receive_messages(session, report, content.get("messages", []))
    keep_custody(session, report, content.get("custody") or [])


def _given(transfer: ReportTransfer, content: Mapping[str, Any]) -> Content:
    """Return the columns, forms and contact data of the copy."""
    # A report sent by an earlier release lacks the newest columns.
    columns: dict[str, Any] = {name: content.get(name) for name in (*COPIED, "contact_agreed")}
    times = {name: columns[name] for name in TIMES if columns.get(name)}
    columns |= {name: datetime.fromisoformat(at) for name, at in times.items()}
    columns |= {"received_from": transfer.giver, "ended_at": None, "handed_to": None}
    if gone := content.get("destroyed_at"):
        # Only the record of it comes: nobody has anything to read or to promise here.
        columns |= {"state": ReportState.DESTROYED, "delivery": Delivery.PICKED_UP}
        columns |= {"ended_at": datetime.fromisoformat(gone)}
        columns |= {"contact_deadline": None, "read_before": None}
    return Content(
        columns,
        [(code, False) for code in content["forms"]]
        + [(code, True) for code in content["confirmed_forms"]],
        ContactData(**(content["contact"] or NO_CONTACT)),
    )


def _place_in(session: Session, receiver: str, content: Mapping[str, Any]) -> Place:
    """Return the wijk where the copy is filed: where it happened, or *onbekend* if elsewhere.

    Instead of a wijk that ended in a reorganisation, the wijk of today is taken.
    """
    filed = content["neighbourhood_code"]
    now = successors(session, [filed]).get(filed or "", filed)
    area = session.get(Neighbourhood, now or "")
    wijk = area.code if area is not None and area.municipality_code == receiver else None
    return Place(
        receiver,
        wijk,
        content["subneighbourhood_code"] if wijk is not None and wijk == filed else None,
        Method(content["located_by"]),
        content["near_municipality_code"],
    )
