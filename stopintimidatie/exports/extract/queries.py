"""The work in a dossier, and the ground it lies on, for a `DossierSource`."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.text import day_of
from stopintimidatie.core.tree.services import restrictions_on
from stopintimidatie.core.web.theme import DEFAULT_COLOUR
from stopintimidatie.dossiers.actions.services import effects
from stopintimidatie.dossiers.models import (
    Consultation,
    ConsultationSeat,
    Dossier,
    DossierAgreement,
    DossierMembership,
    DossierMove,
    DossierNote,
)
from stopintimidatie.dossiers.services import unrestricted
from stopintimidatie.dossiers.workflow import (
    DOSSIER_WORKFLOW,
    AgreementState,
    ConsultationKind,
    ConsultationState,
    DossierKind,
    DossierState,
)
from stopintimidatie.exports.extract.reports import (
    LoadedFiles,
    Row,
    load_files,
    name_by_neighbours,
    place_in_words,
    source_report,
)
from stopintimidatie.exports.profiles.defaults import INTERNAL, PROFILES
from stopintimidatie.exports.redaction.content import LOGO_MAX_BYTES, LOGO_TYPES, Logo
from stopintimidatie.exports.redaction.rules import TITLE_MAX
from stopintimidatie.exports.redaction.selection import wanted
from stopintimidatie.exports.redaction.source import (
    EventKind,
    KnownDossier,
    Reliability,
    SourceAction,
    SourceAgreement,
    SourceArea,
    SourceConsultation,
    SourceEvent,
    SourceHouse,
    SourceMeasure,
    SourceReport,
    Term,
)
from stopintimidatie.exports.review.services import reviews_of
from stopintimidatie.exports.vocabulary import clip
from stopintimidatie.municipalities.areas.facts import (
    AreaKind,
    NeighbourhoodKind,
    neighbourhood_facts,
)
from stopintimidatie.municipalities.areas.models import (
    AreaOutline,
    Municipality,
    Neighbourhood,
    Subneighbourhood,
)
from stopintimidatie.municipalities.settings.queries import logo_of, published_for
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.workflow import ReportState


def _measures(session: Session, dossier: Dossier) -> tuple[SourceMeasure, ...]:
    return tuple(
        SourceMeasure(
            *(row.measure.started_on, row.measure.what, row.measure.who, row.measure.effect or ""),
            row.measure.ended_on,
            row.rest,
        )
        for row in reversed(effects(session, dossier, day_of(utc_now())))
    )


def _consultations(session: Session, dossier: Dossier) -> tuple[SourceConsultation, ...]:
    seat = ConsultationSeat
    rows = session.execute(
        select(Consultation, seat)
        .outerjoin(seat, seat.consultation_id == Consultation.id)
        .where(
            Consultation.dossier_id == dossier.id,
            Consultation.state == ConsultationState.HELD.value,
        )
        .order_by(Consultation.planned_at, Consultation.serial)
        .order_by(seat.organisation, seat.function, seat.id)
    )
    # The seats at each consultation, in words.
    seats: dict[Consultation, list[str]] = {}
    for meeting, row in rows:
        taken = [f"{row.organisation} ({row.function})"] if row is not None else []
        seats.setdefault(meeting, []).extend(taken)
    return tuple(
        SourceConsultation(
            on=day_of(meeting.planned_at),
            kind=ConsultationKind.word(meeting.kind),
            seats=tuple(taken),
            decisions=meeting.decisions or "",
            next_date=meeting.next_on,
        )
        for meeting, taken in seats.items()
    )


def load_areas(session: Session, dossier: Dossier) -> tuple[tuple[SourceArea, ...], str]:
    """Return the neighbourhoods of the municipality, and the source of their borders in words."""
    rows = session.execute(
        select(Neighbourhood.code, Neighbourhood.name, AreaOutline.wkb, AreaOutline.year)
        .outerjoin(
            AreaOutline,
            (AreaOutline.area_code == Neighbourhood.code)
            & (AreaOutline.kind == AreaKind.NEIGHBOURHOOD),
        )
        .where(
            Neighbourhood.municipality_code == dossier.holder,
            Neighbourhood.kind == NeighbourhoodKind.WIJK,
            Neighbourhood.water.is_(False),
        )
        .order_by(Neighbourhood.code)
    ).all()
    middles = {fact.code: (fact.lat, fact.lon) for fact in neighbourhood_facts()}
    home = dossier.neighbourhood_code
    years = [row.year for row in rows if row.year]
    if years:
        areas = [SourceArea(r.name, r.code == home, r.wkb) for r in rows if r.wkb]
        return tuple(areas), f"Grenzen van de wijken: CBS en Kadaster, {max(years)}."
    known = [
        SourceArea(row.name, row.code == home, None, middles[row.code])
        for row in rows
        if row.code in middles
    ]
    source = "Ligging van de wijken: CBS, indeling 2024, ongeveer." if known else ""
    return tuple(known), source


# From the database to a `DossierSource`: all that the dossier knows, in the words of its lists.


DEPARTMENT: Final = "Openbare Orde en Veiligheid"
OWNER: Final = "dossierhouder OOV"
INFORMS: Final = "De dossierhouder laat de melders weten wat er is gedaan."
# Reports that nobody gets any more, whatever dossier they are in.
NOT_GIVEN: Final = (ReportState.WITHDRAWN, ReportState.HANDED_OVER, ReportState.DESTROYED)
# Serial number, report, names of its neighbourhood and subneighbourhood.
_Joined = tuple[int, Report, str | None, str | None]
_STEPS: Final = {step.name: step.label for step in DOSSIER_WORKFLOW.transitions}


@dataclass(frozen=True, slots=True)
class LoadedDossier:
    """A dossier, and which row each report of it is, by serial number, and each file by name."""

    row: Dossier
    known: KnownDossier
    report_ids: Mapping[int, UUID]
    files: Mapping[str, Row]
    # The ground on which the use of the whole dossier is restricted; empty when it isn't.
    restricted: str = ""

    @property
    def minors(self) -> bool:
        """Tell whether it is about minors too."""
        return any(report.minor for report in self.known.reports)

    def minors_for(self, kinds: Iterable[str]) -> bool:
        """Tell whether one of these kinds of recipient, outside, gets a report about a minor."""
        outside = [PROFILES[kind] for kind in kinds if kind in PROFILES and kind != INTERNAL.name]
        return any(
            report.minor and wanted(report, profile.sharing)
            for profile in outside
            for report in self.known.reports
        )


def load_dossier(session: Session, dossier: Dossier, registry: Any) -> LoadedDossier:
    """Load everything of a dossier; redaction decides what of it a recipient gets.

    `registry`: of the installation, for what is restricted; None where nothing is given to anybody.
    """
    municipality = session.get_one(Municipality, dossier.holder)
    neighbourhood = session.get_one(Neighbourhood, dossier.neighbourhood_code)
    rows = _rows(session, dossier)
    files = load_files(session, dossier, {row[1].id: row[0] for row in rows})
    ids = {row[0]: row[1].id for row in rows}
    asked = (dossier.id, *ids.values())
    bound = {} if registry is None else restrictions_on(session, registry, asked)
    reports = tuple(
        replace(report, restricted=bound.get(ids[report.serial], ""))
        for report in _reports(session, rows, files)
    )
    agreements = _agreements(session, dossier)
    agreed, actions = _agreed(agreements)
    measures, meetings = _measures(session, dossier), _consultations(session, dossier)
    areas, areas_source = load_areas(session, dossier)
    known = KnownDossier(
        house=house_of(session, municipality),
        number=dossier.number,
        title=clip(dossier.title, TITLE_MAX),
        kind=Term(dossier.kind, DossierKind.of(dossier.kind).short.lower()),
        state=Term(dossier.state, DossierState.word(dossier.state).lower()),
        neighbourhood=neighbourhood.name,
        place=place_in_words(reports),
        owner=OWNER,
        assessment=dossier.assessment or dossier.summary or "",
        feedback_by=INFORMS,
        feedback_text=dossier.feedback or "",
        reports=reports,
        events=tuple(_events(session, dossier, agreements, measures, meetings)),
        actions=actions,
        agreements=agreed,
        measures=measures,
        consultations=meetings,
        attachments=files.of_dossier,
        areas=areas,
        areas_source=areas_source,
    )
    return LoadedDossier(dossier, known, ids, files.rows, bound.get(dossier.id, ""))


def _reports(
    session: Session, rows: Sequence[_Joined], files: LoadedFiles
) -> tuple[SourceReport, ...]:
    """Return the reports with what was decided about each, and the files that came with it."""
    reviews = reviews_of(session, [row[1] for row in rows])
    reports = [
        replace(
            source_report(*row),
            reviewed=reviews.get(row[1].id, ()),
            attachments=files.of_reports[row[0]],
        )
        for row in rows
    ]
    return tuple(name_by_neighbours(reports))


def _rows(session: Session, dossier: Dossier) -> Sequence[_Joined]:
    """Return the reports in the dossier now, in the order of joining, with names of their areas."""
    rows = session.execute(
        select(DossierMembership.serial, Report, Neighbourhood.name, Subneighbourhood.name)
        .join(Report, Report.id == DossierMembership.report_id)
        .outerjoin(Neighbourhood, Neighbourhood.code == Report.neighbourhood_code)
        .outerjoin(Subneighbourhood, Subneighbourhood.code == Report.subneighbourhood_code)
        .where(
            DossierMembership.dossier_id == dossier.id,
            DossierMembership.left_at.is_(None),
            Report.state.not_in(NOT_GIVEN),
        )
        .order_by(DossierMembership.serial)
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def house_of(session: Session, municipality: Municipality) -> SourceHouse:
    """Return the municipality as its papers show it."""
    published = published_for(session, municipality.code)
    name = f"Gemeente {municipality.name}"
    phone = f", telefoon {published.telephone}" if published.telephone else ""
    logo, stored = None, logo_of(session, municipality.code, published)
    fits = stored is not None and len(stored.content) <= LOGO_MAX_BYTES
    if stored is not None and fits and stored.media_type in LOGO_TYPES:
        logo = Logo(stored.media_type, b64encode(stored.content).decode(), name)
    return SourceHouse(
        name=name,
        department=DEPARTMENT,
        colour=(published.colour or DEFAULT_COLOUR).lower(),
        logo=logo,
        data_leak_contact=f"de privacyfunctionaris van de gemeente {municipality.name}{phone}",
    )


def _agreements(session: Session, dossier: Dossier) -> Sequence[DossierAgreement]:
    return session.scalars(
        select(DossierAgreement)
        .where(DossierAgreement.dossier_id == dossier.id)
        .order_by(DossierAgreement.made_at, DossierAgreement.id)
    ).all()


def _agreed(
    rows: Sequence[DossierAgreement],
) -> tuple[tuple[SourceAgreement, ...], tuple[SourceAction, ...]]:
    """Return all agreements, and those that were done as actions, with what they brought."""
    agreed = tuple(
        SourceAgreement(
            made_on=day_of(row.made_at),
            text=row.what,
            who=row.who,
            due=row.due_on,
            state=Term(row.state, AgreementState.word(row.state)),
            open=row.state == AgreementState.OPEN.value,
        )
        for row in rows
    )
    done = tuple(
        SourceAction(day_of(row.closed_at or row.changed_at), row.what, row.who, row.result or "")
        for row in rows
        if row.state == AgreementState.DONE.value
    )
    return agreed, done


def _events(
    session: Session,
    dossier: Dossier,
    agreements: Sequence[DossierAgreement],
    measures: Sequence[SourceMeasure],
    meetings: Sequence[SourceConsultation],
) -> Iterator[SourceEvent]:
    """Yield the steps, without the words that people wrote at them, and all that was done."""
    moves = session.scalars(
        select(DossierMove)
        .where(DossierMove.dossier_id == dossier.id)
        .order_by(DossierMove.at, DossierMove.id)
    )
    for move in moves:
        text = "Dossier gemaakt" if move.name == "gemaakt" else _STEPS.get(move.name)
        if text:
            yield _event(move.at, text, EventKind.STATE)
    for row in agreements:
        # By whom stands in the tables, once somebody looked at that.
        text = f"Afspraak: {row.what}"
        yield _event(row.made_at, text, EventKind.AGREEMENT, written=row.what)
        if row.closed_at and row.state != AgreementState.OPEN.value:
            text = f"Afspraak {AgreementState.word(row.state)}: {row.what}"
            yield _event(row.closed_at, text, EventKind.AGREEMENT, written=row.what)
    notes = session.scalars(
        select(DossierNote)
        .where(DossierNote.dossier_id == dossier.id, unrestricted())
        .order_by(DossierNote.at, DossierNote.id)
    )
    for note in notes:
        yield _event(note.at, note.text, EventKind.NOTE, Reliability.UNKNOWN)
    for begun in measures:
        text = f"Maatregel: {begun.text}"
        yield _event(begun.on, text, EventKind.ACTION, written=begun.text)
    for met in meetings:
        who = f" met {'; '.join(met.seats)}" if met.seats else ""
        yield _event(met.on, f"{met.kind.capitalize()}{who}", EventKind.CONSULTATION)


def _event(
    at: date,
    text: str,
    kind: EventKind,
    how_sure: Reliability = Reliability.ESTABLISHED,
    *,
    written: str = "",
) -> SourceEvent:
    return SourceEvent(day_of(at), text, "gemeente", how_sure, kind, written=written)
