"""Similar reports: candidates near a report or with the same words, compared, with the reasons.

Two quick queries give some hundred candidates, whatever the size of the municipality; those alone
are compared, by the rules of triage. Everything here is of one holder.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Float, case, cast, func, select, union_all
from sqlalchemy.orm import Session

from stopintimidatie.core.search.analysis import stem, stems
from stopintimidatie.core.search.backend import (
    OPEN_ACCESS,
    Kind,
    Page,
    Scope,
    SearchError,
    Sort,
    Visibility,
)
from stopintimidatie.core.search.query import AnyOf, Field, Filter, SearchQuery
from stopintimidatie.core.text import DAYS, local, number, plural
from stopintimidatie.municipalities.areas.models import Municipality, Neighbourhood
from stopintimidatie.reports.models import Report, ReportForm
from stopintimidatie.reports.resources import GONE
from stopintimidatie.reports.rules import PARTS_OF_DAY
from stopintimidatie.reports.services import REPORT_DOSSIERS, report_path
from stopintimidatie.reports.triage.rules import SIMILAR, Likeness, Traits, clock_apart, compare
from stopintimidatie.reports.vocabulary import Form, OffenderAge, OffenderCount, Transport, in_order
from stopintimidatie.reports.words import when_short
from stopintimidatie.reports.workflow import ReportState

# The words of an account that may be compared stand in `circumstances.txt`: what was done, where,
# and by what vehicle.
#
# A closed list, on purpose (P2). How somebody looks (skin, hair, clothes, build, age, origin) can
# never make two reports alike, because no such word stands there and a word that doesn't stand
# there isn't looked at. A list of forbidden words would miss the next one.


@cache
def known_stems() -> dict[str, str]:
    """Return the words that may be compared, by their stem."""
    path = files("stopintimidatie.reports.triage") / "circumstances.txt"
    stems: dict[str, str] = {}
    for word in path.read_text(encoding="utf-8").split():
        stems.setdefault(stem(word), word)
    return stems


def circumstances(*texts: str | None) -> frozenset[str]:
    """Return the stems in these texts that may be compared; other words are ignored."""
    in_texts = set[str]().union(*(stems(text) for text in texts if text))
    return frozenset(in_texts & known_stems().keys())


def words_for(shared: Iterable[str]) -> list[str]:
    """Return stems as words, in alphabetical order."""
    known = known_stems()
    return sorted(known[stem_] for stem_ in shared if stem_ in known)


_MOST_WORDS: Final = 4


def reasons(here: Traits, there: Traits, likeness: Likeness) -> list[str]:
    """Return in words what the report `there` has in common with the one `here`."""
    candidates = [
        _place(here, there, likeness),
        _moment(here, there),
        _clock(here, there, likeness),
        _weekday(here, there, likeness),
        _forms(here, there),
        _offenders(here, there),
        _words(here, there),
    ]
    return [reason for reason in candidates if reason]


def _place(here: Traits, there: Traits, likeness: Likeness) -> str | None:
    if likeness.distance_m is not None:
        if likeness.distance_m < 10:
            return "dezelfde plek"
        if likeness.distance_m < 1_000:
            step = 1 if likeness.distance_m < 100 else 10
            return f"{round(likeness.distance_m / step) * step} m"
        return f"{number(likeness.distance_m / 1000, 1)} km"
    if here.subneighbourhood and here.subneighbourhood == there.subneighbourhood:
        return "dezelfde buurt"
    return "dezelfde wijk" if likeness.parts["plek"] else None


def _moment(here: Traits, there: Traits) -> str:
    days = (there.moment.date() - here.moment.date()).days
    if days == 0:
        return "dezelfde dag"
    when = "later" if days > 0 else "eerder"
    return f"{plural(abs(days), 'dag', 'dagen')} {when}"


def _clock(here: Traits, there: Traits, likeness: Likeness) -> str | None:
    part = likeness.parts["tijdstip"]
    if not part:
        return None
    if part == 1.0 and "dagdeel" in {here.precision, there.precision}:
        return f"zelfde dagdeel ({PARTS_OF_DAY[here.moment.hour // 6]})"
    apart = clock_apart(here.moment, there.moment)
    return "zelfde tijdstip" if apart <= 1 else "ongeveer zelfde tijdstip" if apart <= 2 else None


def _weekday(here: Traits, there: Traits, likeness: Likeness) -> str | None:
    if likeness.parts["dag"] != 1.0 or here.moment.date() == there.moment.date():
        return None
    return f"ook op {DAYS[here.moment.weekday()]}"


def _forms(here: Traits, there: Traits) -> str | None:
    shared = here.forms & there.forms
    if not shared:
        return None
    if here.forms == there.forms:
        return "zelfde vorm" if len(shared) == 1 else "zelfde vormen"
    return "ook " + ", ".join(Form.word(code) for code in in_order(shared))


def _offenders(here: Traits, there: Traits) -> str | None:
    same = []
    if here.count == there.count and _known(here.count):
        word = "dader" if here.count == "1" else "daders"
        same.append(f"{OffenderCount.word(here.count)} {word}")
    if here.group and there.group and not _known(here.count):
        same.append("een groep")
    if here.age == there.age and _known(here.age):
        same.append(f"leeftijd {OffenderAge.word(here.age)}")
    if here.transport == there.transport and _known(here.transport):
        same.append(Transport.word(here.transport))
    return "ook " + ", ".join(same) if same else None


def _known(code: str | None) -> bool:
    return code not in {None, "", "onbekend", "anders"}


def _words(here: Traits, there: Traits) -> str | None:
    shared = words_for(here.words & there.words)[:_MOST_WORDS]
    if not shared:
        return None
    return ("zelfde woord: " if len(shared) == 1 else "zelfde woorden: ") + ", ".join(shared)


NEAR_M: Final = 400.0
# The number of the nearest reports that are compared.
NEAREST: Final = 80
# The most reports on the north side, and on the south side, whose distance is computed.
COMPARED: Final = 1_000
BY_WORDS: Final = 20
# The number of the newest reports of the neighbourhood, compared with a report without a point.
SAME_AREA: Final = 80
SHOWN: Final = 8
MOST: Final = 40
_MOST_STEMS: Final = 12
# The states of reports that aren't compared.
_LEFT_OUT: Final = GONE | {ReportState.QUARANTINE}
_COLUMNS: Final = (
    *(Report.id, Report.holder, Report.reference, Report.state, Report.incident_start),
    *(Report.time_precision, Report.part_of_day, Report.lat, Report.lon),
    *(Report.subneighbourhood_code, Report.neighbourhood_code, Report.offender_count),
    *(Report.offender_in_group, Report.offender_age, Report.offender_transport),
    *(Report.description, Report.location_text, Report.dossier_number, Report.duplicate_of_id),
    Report.received_at,
)


# The forms of a report, as one text with commas; those that an officer confirmed end in a sign.
_CONFIRMED: Final = "+"
_FORMS: Final = (
    select(
        func.aggregate_strings(
            ReportForm.code + case((ReportForm.confirmed.is_(True), _CONFIRMED), else_=""), ","
        )
    )
    .where(ReportForm.report_id == Report.id)
    .correlate(Report)
    .scalar_subquery()
)


@dataclass(frozen=True, slots=True)
class Similar:
    """A report that is like the one in hand, with its address, the likeness and the reasons."""

    id: UUID
    reference: str
    path: str
    state: str
    when: str
    forms: tuple[str, ...]
    dossiers: Sequence[str]
    area: str
    likeness: Likeness
    reasons: tuple[str, ...]

    @property
    def title(self) -> str:
        """The forms of what happened, in words."""
        words = ", ".join(Form.word(code) for code in self.forms) or "melding"
        return f"{words[0].upper()}{words[1:]}"

    @property
    def percent(self) -> int:
        """The likeness as a percentage."""
        return round(self.likeness.score * 100)


def similar_to(
    session: Session, registry: Any, report: Report, limit: int = SHOWN
) -> list[Similar]:
    """Return the reports most like this one, best first; possible doubles before the rest."""
    here = traits_of(report, report.forms)
    ids = [*_near(session, report), *_by_words(session, registry, report, here)]
    wanted = list(dict.fromkeys(report_id for report_id in ids if report_id != report.id))
    scored = []
    for row, forms in _rows(session, wanted):
        there = traits_of(row, forms)
        likeness = compare(here, there)
        if likeness.double or likeness.score >= SIMILAR:
            scored.append((row, forms, there, likeness))
    scored.sort(key=lambda item: (not item[3].double, -item[3].score, item[0].reference))
    return _shown(session, registry, here, scored[:limit])


def traits_of(row: Any, forms: Iterable[str]) -> Traits:
    """Return the traits of a report that are compared: never appearance, gender or contact."""
    return Traits(
        moment=local(row.incident_start),
        precision=row.time_precision,
        lat=row.lat,
        lon=row.lon,
        subneighbourhood=row.subneighbourhood_code,
        neighbourhood=row.neighbourhood_code,
        forms=frozenset(forms),
        count=row.offender_count,
        group=row.offender_in_group,
        age=row.offender_age,
        transport=row.offender_transport,
        words=circumstances(row.description, row.location_text),
    )


# The order of the index on location.
_BY_PLACE: Final[Sequence[Any]] = (Report.lat, Report.lon, Report.id)


def _near(session: Session, report: Report) -> Sequence[UUID]:
    """Return the nearest reports by the index of locations; without a point the newest nearby."""
    of_holder = Report.holder == report.holder
    if report.lat is None or report.lon is None:
        newest = (
            select(Report.id)
            .where(of_holder, Report.neighbourhood_code == report.neighbourhood_code)
            .order_by(Report.received_at.desc())
            .limit(SAME_AREA)
        )
        return session.scalars(newest).all()
    narrow = math.cos(math.radians(report.lat))
    high, wide = NEAR_M / 110_574, NEAR_M / (111_320 * narrow)
    beside = Report.lon.between(report.lon - wide, report.lon + wide)
    # Reads only columns of the index: full rows are read of the nearest reports only. Takes at most
    # so many on the north and on the south side, for reports of a flood are all at one place.
    halves = [
        select(Report.id, Report.lat, Report.lon)
        .where(of_holder, half, beside)
        .order_by(*order)
        .limit(COMPARED)
        .subquery()
        for half, order in (
            (Report.lat.between(report.lat, report.lat + high), _BY_PLACE),
            (
                (Report.lat >= report.lat - high) & (Report.lat < report.lat),
                [column.desc() for column in _BY_PLACE],
            ),
        )
    ]
    near = union_all(*map(select, halves)).subquery().c
    north, east = near.lat - report.lat, (near.lon - report.lon) * cast(narrow, Float)
    by_distance = select(near.id).order_by(north * north + east * east, near.id)
    return session.scalars(by_distance.limit(NEAREST)).all()


def _by_words(session: Session, registry: Any, report: Report, here: Traits) -> list[UUID]:
    """Return the reports with the same circumstances, by search; none while it is repaired."""
    stems = tuple(sorted(here.words))[:_MOST_STEMS]
    if not stems:
        return []
    reports_only = Filter(Field.KIND, frozenset({Kind.REPORT.value}))
    query = SearchQuery(terms=(AnyOf(stems),), filters=(reports_only,))
    try:
        result = registry.search.backend.within(session).search(
            query,
            Scope(report.holder),
            Visibility(frozenset({OPEN_ACCESS})),
            facets=(),
            sort=Sort.RELEVANCE,
            page=Page(1, BY_WORDS),
        )
    except SearchError:
        return []
    return [hit.id for hit in result.hits]


def _rows(session: Session, ids: Sequence[UUID]) -> Iterator[tuple[Any, tuple[str, ...]]]:
    """Return the candidates with their forms as they now stand, in one statement."""
    if not ids:
        return
    rows = session.execute(
        select(
            *(*_COLUMNS, Neighbourhood.name.label("area"), Neighbourhood.slug.label("area_slug")),
            Municipality.slug.label("town_slug"),
            _FORMS.label("form_codes"),
        )
        .outerjoin(Neighbourhood, Neighbourhood.code == Report.neighbourhood_code)
        .outerjoin(Municipality, Municipality.code == Report.holder)
        .where(Report.id.in_(ids), Report.state.not_in(_LEFT_OUT))
    ).all()
    for row in rows:
        codes = (row.form_codes or "").split(",")
        confirmed = [code.removesuffix(_CONFIRMED) for code in codes if code.endswith(_CONFIRMED)]
        yield row, tuple(sorted(confirmed or filter(None, codes)))


def _shown(
    session: Session,
    registry: Any,
    here: Traits,
    scored: Sequence[tuple[Any, Any, Traits, Likeness]],
) -> list[Similar]:
    # By membership: the address of a report lies in its dossier only within one wijk.
    find = REPORT_DOSSIERS.only(registry)
    numbers = find(session, [row.id for row, *_ in scored]) if find else {}
    similar = []
    for row, forms, there, likeness in scored:
        similar.append(
            Similar(
                id=row.id,
                reference=row.reference,
                path=report_path(row, row.town_slug, row.area_slug),
                state=row.state,
                when=when_short(row),
                forms=forms,
                dossiers=numbers.get(row.id, ()),
                area=row.area or "",
                likeness=likeness,
                reasons=tuple(reasons(here, there, likeness)),
            )
        )
    return similar
