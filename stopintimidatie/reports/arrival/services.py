"""One way in for a report: the app, /melden, the telephone and the counter, a hand-over, the demo.

Whoever brings it says what it tells (`Submission`, or `Content` of another holder), where it goes
and how it came. All that an arrival leaves behind is then made here, so no door forgets a part:
its row, its reference, forms, contact data, history, log, jobs and the index. Rows and no ORM
documents, for reports come in all day (`core.storage.session`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final
from uuid import UUID, uuid4, uuid5

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, event_rows
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import Job, JobContext, OutboxJob, enqueue
from stopintimidatie.core.jobs.services import job_row, wake, wake_after_commit
from stopintimidatie.core.registry import Directive
from stopintimidatie.core.search import enqueue_index
from stopintimidatie.core.search.backend import SearchDocument
from stopintimidatie.core.search.registry import rows_of_new
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.session import Row, insert_rows, write_rows
from stopintimidatie.core.storage.tenancy import NATIONAL, enter
from stopintimidatie.core.tree import Reference, is_taken
from stopintimidatie.core.workflow import line
from stopintimidatie.municipalities.areas.geocoder import WantedAddress
from stopintimidatie.municipalities.areas.landmarks import find_named
from stopintimidatie.municipalities.areas.locator import LocatorCache, Method, Place, locate
from stopintimidatie.municipalities.areas.names import slugify
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.municipalities.levels.services import level_of
from stopintimidatie.municipalities.settings.queries import REPORTER, published_for, stored_answers
from stopintimidatie.municipalities.settings.rules import Published
from stopintimidatie.reports.arrival.schema import columns_kept
from stopintimidatie.reports.arrival.submission import Routing, routing_for
from stopintimidatie.reports.fields import Contact, Location, Submission
from stopintimidatie.reports.models import Report, ReportForm, ReportMove
from stopintimidatie.reports.personal import ContactData, contact_rows
from stopintimidatie.reports.rules import (
    FOLLOW_PURPOSE,
    deadline,
    derive_follow_code,
    follow_code_matches,
    hash_follow_code,
    new_reference,
    reading_term,
)
from stopintimidatie.reports.services import search_document
from stopintimidatie.reports.vocabulary import KIND, LocationSource, Source
from stopintimidatie.reports.workflow import ReportState

ARRIVED: Final = Job("melding.binnengekomen")
FIND_ADDRESS: Final = Job("melding.adres")
TAKEN_OVER: Final = "overgenomen"


@dataclass(frozen=True)
class HandedOver:
    """Step by which a report comes from another holder, and what its history tells of it."""

    values: Mapping[str, Any]
    # The moment from which this holder has it: what it promises counts from then.
    at: datetime
    # The tombstone that this holder already has of the report: its row is filled again.
    tombstone: Report | None = None


@dataclass(frozen=True)
class Arrival:
    """Arrival of a report: through which door, by whom, with which follow code, when.

    A reference is given by who looked for a free one already, by another holder, and by the demo,
    which is the same every time.
    """

    source: Source
    actor: Actor
    # None when the content has its hash, because another holder gave it out.
    follow_code: str | None
    received_at: datetime
    quarantine: bool = False
    # Reason for the quarantine, for the colleague who must decide about it.
    quarantine_reason: str | None = None
    # The id it must get, for who can be asked twice to store the same report.
    report_id: UUID | None = None
    reference: str | None = None
    handed_over: HandedOver | None = None

    @property
    def state(self) -> str:
        """Return the state in which the report comes in."""
        return ReportState.QUARANTINE if self.quarantine else ReportState.NEW


@dataclass(frozen=True)
class Content:
    """Content of a report as it is stored: columns of its row, forms and contact data.

    A form is its code, and whether an officer confirmed it.
    """

    columns: Mapping[str, Any]
    forms: Sequence[tuple[str, bool]]
    contact: ContactData


@dataclass(frozen=True)
class Arrived:
    """Report that came in: its own row, and all rows that make it so once they are written."""

    id: UUID
    reference: str
    state: str
    report: Mapping[str, Any]
    forms: Sequence[str]
    rows: Sequence[Row]


@dataclass(frozen=True)
class Apart:
    """Transaction for one report alone, in as few statements as there can be.

    For the app: it has looked up what a session would be asked for. The rows of `first` are
    written before all others, or nothing is.
    """

    engine: Engine
    promises: Published
    # Slugs of its municipality and its neighbourhood, for the index.
    slugs: tuple[str | None, str | None]
    wait_milliseconds: int
    first: Sequence[Row]


def receive(
    into: Session | Apart,
    keys: KeyRing,
    given: Submission | Content,
    routing: Routing,
    arrival: Arrival,
) -> Arrived:
    """Take a report in: the only way that there is, whoever brings it.

    Args:
        into: Transaction at hand, which enters the holder of the routing; or one apart,
            committed when this returns.
        keys: Keys of the installation.
        given: What it tells.
        routing: Who gets it, and which place it is about.
        arrival: How it came in.
    """
    content = content_of(given) if isinstance(given, Submission) else given
    if isinstance(into, Apart):
        reference = str(arrival.reference)
        arrived = make_rows(keys, content, routing, arrival, reference, into.promises)
        document = document_of_new(arrived, *into.slugs)
        rows = [*into.first, *arrived.rows, *rows_of_new(into.engine, document)]
        write_rows(into.engine, routing.holder, rows, into.wait_milliseconds)
        if any(model is OutboxJob for model, _ in rows):
            wake(into.engine)
        return arrived
    enter(into, routing.holder)
    reference = arrival.reference or free_reference(into)
    promises = promises_of(into, routing.holder)
    arrived = make_rows(keys, content, routing, arrival, reference, promises)
    if arrival.handed_over and arrival.handed_over.tombstone:
        for name, value in arrived.report.items():
            setattr(arrival.handed_over.tombstone, name, value)
    insert_rows(into, arrived.rows)
    wake_after_commit(into)
    # Before it commits, so with all that is added to the report until then.
    enqueue_index(into, routing.holder, KIND, arrived.id)
    return arrived


def free_reference(session: Session) -> str:
    """Draw a reference that no document has yet."""
    while True:
        reference = new_reference()
        if session.scalar(select(is_taken(reference))) is False:
            return reference


def promises_of(session: Session, holder: str) -> Published:
    """Return the settings that say when a holder promises to read, and to call or write."""
    return published_for(session, None if holder == NATIONAL else holder)


def make_rows(
    keys: KeyRing,
    content: Content,
    routing: Routing,
    arrival: Arrival,
    reference: str,
    promises: Published,
) -> Arrived:
    """Make all rows that a report leaves behind, but for those of the index. Pure."""
    handed, holder = arrival.handed_over, routing.holder
    back = handed.tombstone if handed else None
    report_id = back.id if back else arrival.report_id or uuid4()
    # An officer elsewhere may have agreed on contact that the reporter didn't ask for.
    wish = content.columns.get("contact_agreed") or content.columns["wants_contact"]
    # Only the record comes of a report that was destroyed elsewhere.
    state = content.columns.get("state", arrival.state)
    action = "melding.overgenomen" if handed else "melding.ontvangen"
    # A report that is handed over came in elsewhere, at another moment.
    came_in = None if handed else arrival.received_at
    here_since = handed.at if handed else arrival.received_at
    here = {"holder": holder, "report_id": report_id}
    finds = {"reference": reference, "holder": holder, "kind": KIND}
    arrived = job_row(ARRIVED, holder, {"report": str(report_id)})
    report = {
        "id": report_id,
        "reference": reference,
        "received_at": arrival.received_at,
        "source": arrival.source.value,
        "state": state,
        "contact_deadline": deadline(holder, wish, here_since, promises.contact_within_days),
        "read_before": reading_term(holder, here_since, promises.read_within_days),
        **_follow_code(keys, reference, arrival.follow_code),
        **_filed(routing),
        **content.columns,
    }
    rows: list[Row] = [
        *(() if back else ((Report, report), (Reference, finds))),
        *(
            (ReportForm, {**here, "code": code, "confirmed": confirmed})
            for code, confirmed in content.forms
        ),
        *contact_rows(keys, holder, report_id, content.contact),
        (ReportMove, {**here, **_step(arrival, state)}),
        *([] if arrival.quarantine else [arrived]),
        *event_rows(arrival.actor, action, holder, KIND, [report_id], at=came_in),
        *_address_to_find(content, routing, report_id),
    ]
    codes = [code for code, _ in content.forms]
    return Arrived(report_id, reference, state, report, codes, rows)


def _follow_code(keys: KeyRing, reference: str, code: str | None) -> dict[str, Any]:
    if code is None:
        return {}
    hashed = hash_follow_code(keys.derive(FOLLOW_PURPOSE), reference, code)
    return {"follow_code_hash": hashed, "follow_code_version": keys.current}


def _step(arrival: Arrival, state: str) -> dict[str, Any]:
    """Make the first line of the history of a report here."""
    if arrival.handed_over:
        return line(arrival.actor, TAKEN_OVER, None, state, arrival.handed_over.values)
    why = {"reden": arrival.quarantine_reason}
    return line(arrival.actor, "ontvangen", None, state, why, arrival.received_at)


def document_of_new(
    arrived: Arrived, municipality_slug: str | None, neighbourhood_slug: str | None
) -> SearchDocument:
    """Return a new report as search knows it, with the slugs of its holder and neighbourhood."""
    row: Any = SimpleNamespace(
        **arrived.report, forms=arrived.forms, version=1, dossier_number=None
    )
    return search_document(row, municipality_slug, neighbourhood_slug)


def _address_to_find(content: Content, routing: Routing, report_id: UUID) -> list[Row]:
    """Ask to look up an address without a point, where addresses may be looked up at all."""
    if not routing.geocoding or not wanted_address(content.columns["address"]).findable:
        return []
    return [job_row(FIND_ADDRESS, routing.holder, {"id": str(report_id)})]


def wanted_address(address: Mapping[str, Any] | None) -> WantedAddress:
    """Return the address of a report, as a geocoder is asked for it."""
    return WantedAddress(**address) if address else WantedAddress()


def content_of(given: Submission) -> Content:
    """Return a submission as it is stored."""
    contact = given.contact or Contact()
    return Content(
        {**columns_kept(given), "own_answers": stored_answers(given.own_answers, REPORTER)},
        [(form.value, False) for form in given.forms],
        ContactData(contact.name, contact.phone, contact.email, given.contact_when),
    )


def _filed(routing: Routing) -> dict[str, Any]:
    return {
        "holder": routing.holder,
        "delivery": routing.delivery,
        "municipality_code": routing.place.municipality_code,
        "neighbourhood_code": routing.neighbourhood_code,
        "subneighbourhood_code": routing.place.subneighbourhood_code,
        "near_municipality_code": routing.place.near_municipality_code,
        "located_by": routing.place.method.value,
    }


TOGETHER: Final = 50
# An action when a holder has a new report. May be called twice for one report: be harmless.
OnArrival = Callable[[JobContext, Session, Report], None]
ARRIVALS: Final = Directive[str, OnArrival]("add_arrival", "arrivals")


def announce(session: Session, report: Report) -> None:
    """Tell that a holder has a report it didn't have: by hand-over, or out of quarantine."""
    enqueue(session, ARRIVED, report.holder, {"report": str(report.id)})


def arrived(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Tell the higher rooms of new reports (a job); they do what then must be done.

    After the commit, so that what can't be done now never keeps a report out.
    """
    for number, payload in enumerate(payloads):
        with context.ending(number) as session:
            report = session.get(Report, UUID(payload["report"])) if session else None
            if session is not None and report is not None:
                for function in ARRIVALS.of(context.registry).values():
                    function(context, session, report)


CODE_PURPOSE: Final = "volgcode-invoer"
# Time after receipt in which the officer who entered the report can read the follow code out.
READ_OUT_WITHIN: Final = timedelta(minutes=30)


class EntryError(Exception):
    """Refusal of a report that an officer enters; `field` says where on the form."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


def report_id(officer: UUID, entry: UUID) -> UUID:
    """Return the id of the report of one opened form: sending it twice stores one report."""
    return uuid5(officer, str(entry))


def follow_code(keys: KeyRing, officer: UUID, entry: UUID, version: int | None = None) -> str:
    """Derive the follow code of the report of one opened form, so that it needn't be kept."""
    return derive_follow_code(keys.derive(CODE_PURPOSE, version), officer, entry)


def code_to_read_out(keys: KeyRing, report: Report, officer: UUID, entry: UUID) -> str | None:
    """Return the follow code to the officer who just entered this report; to others None."""
    if utc_now() - report.received_at > READ_OUT_WITHIN or report.id != report_id(officer, entry):
        return None
    code = follow_code(keys, officer, entry, report.follow_code_version)
    secret = keys.derive(FOLLOW_PURPOSE, report.follow_code_version)
    right = follow_code_matches(secret, report.reference, code, report.follow_code_hash)
    return code if right else None


def enter_report(
    session: Session,
    keys: KeyRing,
    given: Submission,
    place: Place,
    source: Source,
    actor: Actor,
    entry: UUID,
) -> None:
    """Store a report that an officer of its municipality enters.

    Raises:
        EntryError: The municipality isn't connected (any more).
    """
    holder = str(place.municipality_code)
    if level_of(session, holder) is not ParticipationLevel.PROGRAMME:
        raise EntryError(
            "Uw gemeente is niet aangesloten en kan zelf geen meldingen bewaren. Geef de melding"
            " door aan het landelijk meldpunt."
        )
    officer = UUID(str(actor.id))
    arrival = Arrival(
        source,
        actor,
        follow_code(keys, officer, entry),
        utc_now(),
        report_id=report_id(officer, entry),
    )
    receive(session, keys, given, routing_for(place, ParticipationLevel.PROGRAMME), arrival)


# A name with places farther apart tells no wijk: a long dike, or a street in each of two villages.
WIDEST_M: Final = 1_000


def find_point(session: Session, cache: LocatorCache, holder: str, location: Location) -> Location:
    """Return the place with the point of its words, when these are exactly one name there."""
    words = slugify(location.description or "")
    if location.lat is not None or not words:
        return location
    named = [p for p in find_named(session, holder, words) if slugify(p.name) == words]
    if len(named) != 1 or named[0].accuracy_m > WIDEST_M:
        return location
    _, _, lat, lon, accuracy = named[0]
    if locate(session, cache, lat, lon).municipality_code != holder:
        return location
    by_name = LocationSource.ADDRESS
    return replace(location, lat=lat, lon=lon, accuracy_m=accuracy, source=by_name)


def place_for(
    session: Session, cache: LocatorCache, holder: str, location: Location, chosen: str | None
) -> Place:
    """Return where a report is filed: the wijk that was chosen, else the one the point lies in.

    Raises:
        EntryError: The point lies elsewhere, or can't be looked up.
    """
    if location.lat is None or location.lon is None:
        return Place(holder, chosen, None, Method.CHOSEN if chosen else Method.NONE)
    place = locate(session, cache, location.lat, location.lon)
    if place.municipality_code != holder:
        raise EntryError(
            "Dit punt ligt niet in uw gemeente, of de grenzen zijn niet bekend. Kijk breedtegraad"
            " en lengtegraad na, of laat ze leeg en kies een wijk.",
            "wat.lat",
        )
    if chosen is None or chosen == place.neighbourhood_code:
        return place
    return Place(holder, chosen, None, Method.CHOSEN)
