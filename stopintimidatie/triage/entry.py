"""An officer enters a report for somebody; it comes in through the same door as the app's."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor
from stopintimidatie.clock import utc_now
from stopintimidatie.municipalities.models import ParticipationLevel
from stopintimidatie.municipalities.services import level_of
from stopintimidatie.register.locating import LocatorCache, Method, Place, locate
from stopintimidatie.reports.arriving import FOLLOW_PURPOSE, Arrival, receive
from stopintimidatie.reports.fields import Location, Submission
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.references import derive_follow_code, follow_code_matches
from stopintimidatie.reports.routing import routing_for
from stopintimidatie.reports.vocabulary import Source
from stopintimidatie.storage.encryption import KeyRing

CODE_PURPOSE: Final = "volgcode-invoer"
# So long the officer can read the follow code out; after that nobody can see it any more.
READ_OUT_WITHIN: Final = timedelta(minutes=30)


class EntryError(Exception):
    """The report can't be entered so; `field` is where on the form."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


def report_id(officer: UUID, entry: UUID) -> UUID:
    """The id of the report of one opened form: sending the form twice stores one report."""
    return uuid5(officer, str(entry))


def follow_code(keys: KeyRing, officer: UUID, entry: UUID, version: int | None = None) -> str:
    """The follow code of that report; derived, so that it needn't be kept."""
    return derive_follow_code(keys.derive(CODE_PURPOSE, version), officer, entry)


def code_to_read_out(keys: KeyRing, report: Report, officer: UUID, entry: UUID) -> str | None:
    """The follow code, for the officer who just entered this report; else None."""
    if utc_now() - report.received_at > READ_OUT_WITHIN or report.id != report_id(officer, entry):
        return None
    code = follow_code(keys, officer, entry, report.follow_code_version)
    secret = keys.derive(FOLLOW_PURPOSE, report.follow_code_version)
    return (
        code
        if follow_code_matches(secret, report.reference, code, report.follow_code_hash)
        else None
    )


def enter_report(
    session: Session,
    keys: KeyRing,
    given: Submission,
    place: Place,
    source: Source,
    actor: Actor,
    entry: UUID,
) -> None:
    """Store the report with one's own municipality.

    :raises EntryError: the municipality isn't connected (any more).
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


def place_for(
    session: Session, cache: LocatorCache, holder: str, location: Location, chosen: str | None
) -> Place:
    """Where the report is filed: the wijk that was chosen, else the one the point lies in.

    :raises EntryError: the point lies elsewhere, or can't be looked up.
    """
    if location.lat is None or location.lon is None:
        return Place(holder, chosen, None, Method.CHOSEN if chosen else Method.NONE)
    found = locate(session, cache, location.lat, location.lon)
    if found.municipality_code != holder:
        raise EntryError(
            "Dit punt ligt niet in uw gemeente, of de grenzen zijn niet bekend. Kijk breedtegraad"
            " en lengtegraad na, of laat ze leeg en kies een wijk.",
            "plek.lat",
        )
    if chosen is None or chosen == found.neighbourhood_code:
        return found
    return Place(holder, chosen, None, Method.CHOSEN)
