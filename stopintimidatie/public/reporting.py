"""A report from the public page comes in: through the same service as the app's, once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pyramid_retry import mark_error_retryable
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor
from stopintimidatie.clock import utc_now
from stopintimidatie.municipalities.published import HelpLine, Published
from stopintimidatie.municipalities.reading import published_for
from stopintimidatie.municipalities.words import let_op, reaction
from stopintimidatie.public.form_key import FormKey
from stopintimidatie.public.resources import ReportingPlace
from stopintimidatie.register.locating import LocatorCache, Method, Place
from stopintimidatie.register.models import Municipality
from stopintimidatie.register.queries import municipality_by_code
from stopintimidatie.reports.arriving import Arrival, receive
from stopintimidatie.reports.fields import Submission
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.routing import Routing, route, routing_for
from stopintimidatie.reports.senders import Watched, watched_reason
from stopintimidatie.reports.vocabulary import LocationSource, Source, gravest_first
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.storage.tenancy import enter

REPORTER: Final = Actor("melder", None, "melder")


@dataclass(frozen=True)
class Counter:
    """The page where a report was given in: its place, the wijk that was chosen, what counts."""

    place: ReportingPlace
    published: Published
    wijk: str | None


@dataclass(frozen=True)
class Receipt:
    """What the reporter reads on the spot."""

    reference: str
    follow_code: str
    title: str
    text: str
    let_op: str | None
    help_lines: tuple[HelpLine, ...]
    # This form was sent before; what came later wasn't kept.
    again: bool
    # The municipality that has it: of the page, unless the point lies elsewhere.
    place: str


def take_in(
    session: Session,
    keys: KeyRing,
    locators: LocatorCache,
    at: Counter,
    given: Submission,
    key: FormKey,
    watched: Sequence[Watched] = (),
) -> Receipt:
    """Store the report of this form, or find the one it became when it was sent before."""
    routing = _routing(session, locators, at, given)
    # Sent again with a point elsewhere it is another report: its holder can't see the first.
    name = f"{at.place.__name__}.{routing.holder}"
    code = key.follow_code(keys, name)
    enter(session, routing.holder)
    earlier = session.get(Report, key.report_id(name))
    if earlier is not None:
        return _receipt(session, at, earlier, code, given, again=True)
    crowded = watched_reason(session, watched)
    arrival = Arrival(
        Source.WEB_FORM,
        REPORTER,
        code,
        utc_now(),
        quarantine=crowded is not None,
        report_id=key.report_id(name),
        quarantine_reason=crowded,
    )
    try:
        arrived = receive(session, keys, given, routing, arrival)
    except IntegrityError as error:
        # The same form, sent twice at once: tried again, it finds what the other one stored.
        mark_error_retryable(error)
        raise
    report = session.get_one(Report, arrived.id)
    return _receipt(session, at, report, code, given, again=False)


def _routing(session: Session, locators: LocatorCache, at: Counter, given: Submission) -> Routing:
    """The municipality of the page holds it, as far as it takes part."""
    code = at.place.code
    if code is None or _point_decides(session, locators, code, given):
        return route(session, locators, given.location)
    where = Place(code, at.wijk, None, Method.CHOSEN if at.wijk else Method.NONE)
    profile = at.published.profile
    return routing_for(where, profile.level if profile else None)


def _point_decides(session: Session, locators: LocatorCache, code: str, given: Submission) -> bool:
    """Whether the point says better than the page where it was.

    A device knows its municipality best. A tap on the map of the page lies in that of the page,
    also where the picture is less exact than the border.
    """
    where = given.location
    if where.lat is None or where.lon is None:
        return False
    found = locators.current(session).locate(where.lat, where.lon).municipality_code
    return found == code or (found is not None and where.source is LocationSource.GPS)


def _answering(
    session: Session, at: Counter, report: Report
) -> tuple[Municipality | None, Published]:
    """Whose words the reporter reads: of the page, or of where the point was."""
    code = report.municipality_code
    if code is None or code == at.place.code:
        return at.place.municipality, at.published
    return municipality_by_code(session, code), published_for(session, code)


def _receipt(
    session: Session, at: Counter, report: Report, code: str, given: Submission, *, again: bool
) -> Receipt:
    municipality, published = _answering(session, at, report)
    language, name = given.language.value, municipality.name if municipality else None
    forms = gravest_first(given.forms)
    title, text = reaction(published, name, language, forms)
    warning = None
    if name is not None:
        warning = let_op(
            published,
            name,
            language,
            reference=report.reference,
            received_at=report.received_at,
        )
    return Receipt(
        reference=report.reference,
        follow_code=code,
        title=title,
        text=text,
        let_op=warning,
        help_lines=published.help_for(language, given.reporter_age_group, forms),
        again=again,
        place=name or at.place.title,
    )
