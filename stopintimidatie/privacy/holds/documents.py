"""Documents of one case; of a Woo request brought together in a dossier that answers it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security.permissions import Role
from stopintimidatie.core.text import day_of
from stopintimidatie.core.web.components import badge_for
from stopintimidatie.disclosures.models import DisclosedCopy, Disclosure, DisclosureSubject
from stopintimidatie.dossiers.case.services import DossierPlan, create_dossier, make_agreement
from stopintimidatie.dossiers.filing.services import refer, take_out
from stopintimidatie.dossiers.models import Dossier, DossierMembership
from stopintimidatie.dossiers.resources import is_strict
from stopintimidatie.dossiers.workflow import DossierKind
from stopintimidatie.exports.models import Export
from stopintimidatie.exports.profiles.defaults import PUBLIC
from stopintimidatie.exports.review.services import texts_of, valid_reviews
from stopintimidatie.municipalities.areas.facts import NeighbourhoodKind
from stopintimidatie.municipalities.areas.models import Neighbourhood
from stopintimidatie.municipalities.partners.vocabulary import LegalBasis
from stopintimidatie.privacy.holds.models import Hold, HoldReason
from stopintimidatie.privacy.holds.services import BELONGS, GONE, in_force, place_hold
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.vocabulary import KIND as REPORT
from stopintimidatie.reports.words import involves_minor
from stopintimidatie.reports.workflow import OFFERED

# The reports of a case that its page shows and its file holds.
MOST_OF_CASE: Final = 1_000
# Looked at for a partner, say, who may read a street or an hour that not everybody may.
BEFORE: Final = "nagekeken vóór dit verzoek: lees opnieuw"
NOT_YET, LOOKED, NO_TEXT = "nog niet nagekeken", "nagekeken", "geen vrije tekst"
WITHDRAWN: Final = "ingetrokken: niemand leest de inhoud"
SHUT: Final = frozenset({NO_TEXT, WITHDRAWN})
# The same reason for a minor and for a preference: no list says which report is a minor's.
UNWILLING: Final = "deelvoorkeur van de melder, of een minderjarige"
ASK_EXPORT: Final = (
    "Vraag een uitvoer aan met het profiel ‘Woo-verzoek: openbaar’, zodra alle teksten zijn"
    " nagekeken."
)
REASON: Final = "Hoort bij dit Woo-verzoek."


@dataclass(frozen=True)
class Case:
    """The holds of one case, their dossiers, and every report that they hold."""

    name: str
    holds: list[Hold]
    # The holds on what answers the case.
    answers: list[Hold]
    dossiers: dict[UUID, Dossier]
    reports: dict[UUID, Report]
    # The reports in each dossier.
    inside: dict[UUID, list[Report]]

    @property
    def asked_under_woo(self) -> bool:
        """True if all of it is held for a request under the Woo."""
        every = [*self.holds, *self.answers]
        return bool(every) and all(hold.reason == HoldReason.WOO for hold in every)

    def held_since(self) -> dict[UUID, datetime]:
        """Return for each report since when it is held for the case, by id."""
        since: dict[UUID, datetime] = {}
        for hold in sorted(self.holds, key=lambda hold: hold.placed_at, reverse=True):
            since[hold.document_id] = hold.placed_at
            inside = self.inside.get(hold.document_id, ())
            since |= {report.id: hold.placed_at for report in inside}
        return since


@dataclass(frozen=True)
class Answer:
    """The answer to a Woo request as it stands."""

    dossier: Dossier | None
    # Its public exports, the oldest first, and when somebody had each first.
    exports: list[tuple[Export, datetime | None]]
    # The reports that the dossier should refer to, and why each other one can't be public.
    going: list[Report]
    staying: list[tuple[Report, str]]
    # The reports that the dossier refers to now.
    present: frozenset[UUID]
    # The reports that it refers to for this case, and should not any more.
    former: list[Report]

    @property
    def unwilling(self) -> list[Report]:
        """The reports that no public document tells: not to be shared, or about a minor."""
        return [
            row
            for row in self.going
            if not (row.share_with_police and row.share_with_partners) or involves_minor(row)
        ]

    @property
    def missing(self) -> list[Report]:
        """The reports that the dossier should refer to, and doesn't yet."""
        return [row for row in self.going if row.id not in self.present]

    @property
    def current(self) -> bool:
        """True if the dossier is there and refers to what it should, and no more for this case."""
        return self.dossier is not None and not self.missing and not self.former


def case_of(session: Session, holder: str, roles: Iterable[Role], name: str) -> Case:
    """Return what is held for a case, as far as these roles may know."""
    mine = in_force(holder, roles).where(Hold.case_reference == name)
    known = mine.outerjoin(Dossier, Dossier.id == Hold.document_id).add_columns(Dossier)
    rows = session.execute(known.limit(MOST_OF_CASE)).all()
    holds = [hold for hold, _ in rows if not hold.answers]
    answers = [hold for hold, _ in rows if hold.answers]
    ids = [hold.document_id for hold in holds]
    dossiers = {row.id: row for hold, row in rows if row is not None and not hold.answers}
    case = Case(name, holds, answers, dossiers, {}, {})
    within = and_(
        DossierMembership.report_id == Report.id,
        DossierMembership.dossier_id.in_(case.dossiers),
        *BELONGS,
    )
    reports = session.execute(
        select(Report, DossierMembership.dossier_id)
        .outerjoin(DossierMembership, within)
        .where(or_(Report.id.in_(ids), DossierMembership.id.is_not(None)))
        .order_by(Report.reference)
        .limit(MOST_OF_CASE)
    )
    for report, dossier in reports:
        case.reports[report.id] = report
        if dossier is not None:
            case.inside.setdefault(dossier, []).append(report)
    return case


def review_states(session: Session, case: Case) -> dict[UUID, str]:
    """Return in words whether the free texts of the reports of a case were looked at, by id."""
    reviews, since = valid_reviews(session, list(case.reports.values())), case.held_since()
    states = {}
    for number, report in case.reports.items():
        texts, looked = texts_of(report), reviews.get(number, {})
        if report.locked or not texts:
            states[number] = WITHDRAWN if report.locked else NO_TEXT
        elif not set(texts) <= set(looked):
            states[number] = NOT_YET
        else:
            first = min(looked[field].row.looked_at for field in texts)
            early = case.asked_under_woo and first < since[number]
            states[number] = BEFORE if early else LOOKED
    return states


def answer_of(session: Session, holder: str, case: Case) -> Answer:
    """Return how far the answer to a case is."""
    public = and_(Export.dossier_id == Dossier.id, Export.profile == PUBLIC.name)
    rows = session.execute(
        select(Dossier, Export, DisclosedCopy.given_at)
        .join(Hold, Hold.document_id == Dossier.id)
        .outerjoin(Export, public)
        .outerjoin(Disclosure, Disclosure.reference == Export.reference)
        .outerjoin(DisclosedCopy, DisclosedCopy.disclosure_id == Disclosure.id)
        .where(Hold.holder == holder, Hold.case_reference == case.name, Hold.answers.is_(True))
        .where(Hold.lifted_at.is_(None))
        .order_by(Hold.placed_at.desc(), Export.requested_at)
    ).all()
    dossier = rows[0][0] if rows else None
    # Only those of the newest dossier, if there was an earlier one.
    exports = [(row[1], row[2]) for row in rows if row[0] is dossier and row[1] is not None]
    members = session.execute(
        select(DossierMembership.report_id, DossierMembership.dossier_id, Dossier.kind)
        .join(Dossier, Dossier.id == DossierMembership.dossier_id)
        .where(DossierMembership.report_id.in_(case.reports), DossierMembership.left_at.is_(None))
    ).all()
    personal = {member.report_id for member in members if is_strict(member.kind)}
    present = {
        member.report_id for member in members if dossier and member.dossier_id == dossier.id
    }
    going, staying = [], []
    for report in sorted(case.reports.values(), key=lambda report: report.reference):
        why = _why_not(report, personal=report.id in personal)
        if why:
            staying.append((report, why))
        else:
            going.append(report)
    former = [] if dossier is None else _former(session, dossier, {row.id for row in going})
    return Answer(dossier, exports, going, staying, frozenset(present), former)


def published(session: Session, answer: Answer) -> dict[UUID, list[str]]:
    """Return in which public documents each report is, by the register, with their states."""
    states = {
        export.reference: badge_for(export.state).word.lower() for export, _ in answer.exports
    }
    rows = session.execute(
        select(DisclosureSubject.subject_id, Disclosure.reference)
        .join(Disclosure, Disclosure.id == DisclosureSubject.disclosure_id)
        .where(Disclosure.reference.in_(states), DisclosureSubject.kind == REPORT)
        .order_by(Disclosure.made_at)
    )
    held: dict[UUID, list[str]] = {}
    for report, reference in rows:
        held.setdefault(report, []).append(f"{reference} ({states[reference]})")
    return held


def _former(session: Session, dossier: Dossier, wanted: Collection[UUID]) -> list[Report]:
    """Return what a dossier refers to for its case and should not; not what was added by hand."""
    rows = session.scalars(
        select(Report)
        .join(DossierMembership, DossierMembership.report_id == Report.id)
        .where(DossierMembership.dossier_id == dossier.id, DossierMembership.left_at.is_(None))
        .where(DossierMembership.joined_reason == REASON)
        .order_by(Report.reference)
    )
    return [row for row in rows if row.id not in wanted]


def out_of_date(session: Session, dossier_id: UUID) -> str:
    """Return why a dossier that answers a case may not become public yet; empty when it may."""
    own = select(Hold).where(
        Hold.document_id == dossier_id, Hold.answers.is_(True), Hold.lifted_at.is_(None)
    )
    hold = session.scalars(own.limit(1)).first()
    if hold is None or hold.case_reference is None:
        return ""
    # With all roles: what is in a dossier that not everybody may see, counts too.
    case = case_of(session, hold.holder, Role, hold.case_reference)
    answer = answer_of(session, hold.holder, case)
    return "" if answer.current else OUT_OF_DATE.format(case.name)


OUT_OF_DATE: Final = (
    "Dit dossier loopt niet gelijk met zaak {}: er kwam een melding bij, of er ging een af. Vraag"
    " de privacyfunctionaris om bij Bevriezingen, op de pagina van die zaak, ‘Dossier bijwerken’ te"
    " kiezen. Daarna kan de uitvoer."
)


def _why_not(report: Report, *, personal: bool) -> str:
    """Return why a report can't be in what becomes public; empty when it can."""
    if report.locked:
        return WITHDRAWN
    if report.state in GONE:
        return "hier is niets meer van over"
    if report.state == OFFERED:
        return "aangeboden aan een andere gemeente: wacht op het antwoord"
    if report.state == "quarantaine":
        return "staat in quarantaine: beslis daar eerst over"
    # No word of a dossier about a person: not everybody may know that there is one.
    return "kan niet openbaar worden: vraag de privacyfunctionaris" if personal else ""


def bring_together(
    session: Session, effects: Mapping[str, Any], case: Case, owner: UUID | None, actor: Actor
) -> Dossier:
    """Make the dossier that answers a Woo request, or bring it up to date; return it.

    It refers to the reports, which stay where they are, and is itself held for the case.

    Raises:
        DossierError: This owner can't lead it, or it is closed.
    """
    holder = (case.holds or case.answers)[0].holder
    answer = answer_of(session, holder, case)
    dossier = answer.dossier or _begin(session, holder, case, owner, actor)
    for report in answer.missing:
        refer(session, dossier, report, REASON, actor)
    for report in answer.former:
        take_out(session, effects, dossier, report, "Hoort er niet meer bij.", actor)
    return dossier


def _begin(session: Session, holder: str, case: Case, owner: UUID | None, actor: Actor) -> Dossier:
    whole = select(Neighbourhood.code).where(
        Neighbourhood.municipality_code == holder,
        Neighbourhood.kind == NeighbourhoodKind.WHOLE.value,
    )
    kind = "Woo-verzoek"
    title = case.name if case.name.lower().startswith(kind.lower()) else f"{kind} {case.name}"
    plan = DossierPlan(
        title=title,
        kind=DossierKind.THEME.value,
        neighbourhood_code=session.scalars(whole).one(),
        owner_id=owner,
        purpose="Een Woo-verzoek beantwoorden.",
        legal_basis=LegalBasis.PUBLIC_ACCESS.value,
        answers_woo=True,
    )
    dossier = create_dossier(session, actor, holder, plan)
    place_hold(
        session,
        dossier,
        HoldReason.WOO,
        max(hold.review_on for hold in case.holds),
        actor,
        case_reference=case.name,
        answers=True,
    )
    if owner is not None:
        # An agreement stands on the start page of who leads the dossier.
        day = day_of(utc_now()) + timedelta(days=3)
        make_agreement(session, dossier, ASK_EXPORT, "dossierhouder", day, actor)
    return dossier
