"""The form of /melden becomes a report, by the one way in, once: the form carries a signed key.

The key says that this form came from our own page, for this municipality, at most a day ago.
Nothing in it is about whoever fills the form in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from typing import Any, Final
from uuid import UUID, uuid4, uuid5

from pyramid_retry import mark_error_retryable
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.limits import Watched, count_and_judge
from stopintimidatie.core.storage.encryption import DecryptionError, KeyRing
from stopintimidatie.core.storage.tenancy import enter
from stopintimidatie.core.text import _
from stopintimidatie.core.web.translation import DUTCH, language
from stopintimidatie.municipalities.areas.locator import LocatorCache, Method, Place
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.queries import municipality_by_code
from stopintimidatie.municipalities.settings.forms import answer_given
from stopintimidatie.municipalities.settings.queries import published_for
from stopintimidatie.municipalities.settings.rules import (
    HelpLine,
    Published,
    let_op,
    reaction,
    read_from,
)
from stopintimidatie.municipalities.settings.standard import INFORMAL, says_u
from stopintimidatie.municipalities.settings.vocabulary import Question
from stopintimidatie.reports import vocabulary as reports_vocabulary
from stopintimidatie.reports.arrival import Arrival, receive
from stopintimidatie.reports.arrival.schema import answers_by_field, fields_of
from stopintimidatie.reports.arrival.submission import (
    Routing,
    UnclearError,
    moment_of,
    route,
    routing_for,
)
from stopintimidatie.reports.conversation.queries import Copy
from stopintimidatie.reports.fields import (
    BY_NAME,
    Client,
    Location,
    Submission,
    Transit,
    submission_with,
)
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.public import forms as public_forms
from stopintimidatie.reports.public.forms import STEPS, ChosenPoint, Where, reporting_schema
from stopintimidatie.reports.public.pages import ReportingPlace
from stopintimidatie.reports.rules import derive_follow_code
from stopintimidatie.reports.vocabulary import AgeGroup, LocationSource, Source, gravest_first

PURPOSE: Final = "meldformulier"
CODE_PURPOSE: Final = "volgcode-meldformulier"
LONGEST_OPEN: Final = timedelta(hours=24)
LONGEST: Final = 160


@dataclass(frozen=True)
class FormKey:
    """The key of a form: which form it is, and which key of the ring signed it."""

    id: UUID
    version: int

    def report_id(self, place: str) -> UUID:
        """Return the id of the report that this form becomes."""
        return uuid5(self.id, place)

    def follow_code(self, keys: KeyRing, place: str) -> str:
        """Return the follow code of that report: derived, so that it needn't be kept."""
        secret = keys.derive(CODE_PURPOSE, self.version)
        return derive_follow_code(secret, self.id, self.report_id(place))


def sign(keys: KeyRing, place: str, now: datetime) -> str:
    """Return the key for a form that is opened now; `place` is the name in its address."""
    text = f"{uuid4()}.{int(now.timestamp())}.{keys.current}"
    return f"{text}.{_mac(keys, text, place, keys.current)}"


def read(keys: KeyRing, typed: str, place: str, now: datetime) -> FormKey | None:
    """Return the key that was sent along, or None when we didn't give it, or too long ago."""
    text, _, mac = typed.rpartition(".")
    try:
        id_text, time_text, version_text = text.split(".")
        key = FormKey(UUID(id_text), int(version_text))
        opened = datetime.fromtimestamp(int(time_text), UTC)
        expected = _mac(keys, text, place, key.version)
    except (ValueError, OverflowError, OSError, DecryptionError):
        return None
    fresh = timedelta(0) <= now - opened <= LONGEST_OPEN
    return key if fresh and compare_digest(expected.encode(), mac.encode()) else None


def _mac(keys: KeyRing, text: str, place: str, version: int) -> str:
    return keys.keyed_hash(PURPOSE, f"{text}.{place}".encode(), version)


REPORTER: Final = Actor("melder", None, "melder")


@dataclass(frozen=True)
class Counter:
    """The page where a report was given in: its place, the wijk that was chosen, what counts."""

    place: ReportingPlace
    published: Published
    wijk: str | None


@dataclass(frozen=True)
class Receipt:
    """The answer that the reporter reads on the spot."""

    copy: Copy
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

    @property
    def texts(self) -> tuple[str, ...]:
        """Return what a municipality may have written itself."""
        lines = (f"{line.name} {line.about}" for line in self.help_lines)
        return self.title, self.text, self.let_op or "", *lines


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
    crowded = count_and_judge(session, watched)
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
    """Return who holds the report: the municipality of the page, as far as it takes part."""
    code = at.place.code
    if code is None or _point_decides(session, locators, code, given):
        return route(session, locators, given.location)
    where = Place(code, at.wijk, None, Method.CHOSEN if at.wijk else Method.NONE)
    profile = at.published.profile
    return routing_for(where, profile.level if profile else None)


def _point_decides(session: Session, locators: LocatorCache, code: str, given: Submission) -> bool:
    """Tell whether the point says better than the page where it was.

    A device knows its municipality best. A tap on the map of the page lies in that of the page,
    also where the picture is less exact than the border.
    """
    location = given.location
    if location.lat is None or location.lon is None:
        return False
    municipality = locators.current(session).locate(location.lat, location.lon).municipality_code
    return municipality == code or (
        municipality is not None and location.source is LocationSource.GPS
    )


def _answering(
    session: Session, at: Counter, report: Report
) -> tuple[Municipality | None, Published]:
    """Return whose words the reporter reads: of the page, or of where the point was."""
    code = report.municipality_code
    if code is None or code == at.place.code:
        return at.place.municipality, at.published
    return municipality_by_code(session, code), published_for(session, code)


def _receipt(
    session: Session, at: Counter, report: Report, code: str, given: Submission, *, again: bool
) -> Receipt:
    municipality, published = _answering(session, at, report)
    name, forms = municipality.name if municipality else None, gravest_first(given.forms)

    def receipt(language: str) -> Receipt:
        title, text = reaction(published, name, language, forms)
        reading = read_from(published, report.received_at, utc_now(), language)
        known: Any = {"reference": report.reference, "received_at": report.received_at}
        return Receipt(
            copy=Copy(report.holder, report.id, report.state),
            reference=report.reference,
            follow_code=code,
            title=title,
            text="\n\n".join(filter(None, (text, reading))),
            let_op=None if name is None else let_op(published, name, language, **known),
            help_lines=published.help_for(language, given.reporter_age_group, forms),
            again=again,
            place=name or at.place.title,
        )

    age = given.reporter_age_group
    if given.language == DUTCH and age is not None and AgeGroup.of(age).minor:
        young = receipt(INFORMAL)
        if not any(map(says_u, young.texts)):
            return young
    return receipt(given.language.value)


Values = Mapping[str, Any]


def location_of(said: Values, where: Where) -> Location:
    """Return the point, and the place in words; with the wijk chosen when there is nothing else.

    Raises:
        UnclearError: Nothing was said about the place.
    """
    line, stop, towards = (said.get(name) for name in ("lijn", "halte", "richting"))
    transit = Transit(line=line, stop=stop, direction=towards) if line or stop or towards else None
    wijk = dict(where.neighbourhoods).get(said.get("wijk") or "")
    text = said["omschrijving"] or (f"In de wijk {wijk}" if wijk else None)
    point: ChosenPoint | None = said.get(public_forms.NAME)
    if text is None and transit is None and point is None:
        first = "lijn" if where.in_transit else "wijk" if where.neighbourhoods else "omschrijving"
        raise UnclearError(
            _("Vertel ons waar het was. Een straat, een wijk of een halte is genoeg."),
            first,
        )
    if point is None:
        return Location(
            source=reports_vocabulary.LocationSource.DESCRIBED, transit=transit, description=text
        )
    return Location(
        lat=point.lat,
        lon=point.lon,
        accuracy_m=point.accuracy_m,
        source=point.source,
        transit=transit,
        description=text,
    )


def submission_of(values: Values, where: Where, now: datetime) -> Submission:
    """Return the report that this form tells.

    Raises:
        UnclearError: The moment or the place can't be.
    """
    _age, events, place, reporter = (values[name] for name in STEPS)
    answers = answers_by_field(fields_of(reporting_schema(where)), values)
    fields = {
        BY_NAME[name].attribute: BY_NAME[name].terms(value)
        for name, value in answers.items()
        # The place is put together below; and a box that stays empty says nothing.
        if not name.startswith("locatie.") and (name != "hulpGewenst" or value)
    }
    begun, precision = moment_of(place["datum"], place["tijd"], fields.get("part_of_day"), now)
    fields = {"share_with_police": False, "share_with_partners": False, **fields}
    fields |= {
        "language": reports_vocabulary.Language.of(language()),
        "anonymous": not any(reporter[name] for name in ("naam", "telefoon", "email")),
        "incident_start": begun,
        "time_precision": precision,
        "location": location_of(place, where),
        "own_answers": _own_answers(where.questions, events),
        "client": Client(platform="webformulier", campaign=campaign_of(values["campagne"])),
    }
    return submission_with(fields)


def _own_answers(questions: Sequence[Question], said: Values) -> tuple[tuple[str, Any], ...]:
    given = ((question.id, answer_given(question, said.get(question.id))) for question in questions)
    return tuple((name, answer) for name, answer in given if answer is not None)


def campaign_of(typed: str | None) -> str | None:
    """Return the code of a campaign in the address (small letters, digits, hyphens), or None."""
    code = (typed or "").strip().lower()
    plain = code.isascii() and code.replace("-", "").isalnum() and len(code) <= 40
    return code if plain else None
