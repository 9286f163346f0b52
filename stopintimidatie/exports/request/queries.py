"""Lists of exports: of a dossier for its page, of a municipality for who decides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, false, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from stopintimidatie.core.forms import FormError
from stopintimidatie.core.mail.message import render
from stopintimidatie.core.second import is_second
from stopintimidatie.core.security import Permission, Role
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.tree.services import is_restricted
from stopintimidatie.disclosures.models import Disclosure, DisclosureSubject
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.person.services import ground_of, has_advice
from stopintimidatie.dossiers.resources import is_strict, visible_to
from stopintimidatie.dossiers.workflow import ClosingReason, DossierState
from stopintimidatie.exports.extract.services import despite, freed, named
from stopintimidatie.exports.models import Export, ExportState, basis_words
from stopintimidatie.exports.profiles.defaults import LABELS, PROFILES
from stopintimidatie.exports.redaction.chronology import ranges
from stopintimidatie.exports.request.rules import purpose_of
from stopintimidatie.exports.vocabulary import BASES, DOSSIER, ExportRequest, FileForm, listed
from stopintimidatie.municipalities.areas.models import Neighbourhood
from stopintimidatie.municipalities.partners.models import PartnerOrganisation
from stopintimidatie.municipalities.partners.services import KIND as PARTNER
from stopintimidatie.municipalities.partners.services import contact_at, covenant_on, in_clear
from stopintimidatie.municipalities.partners.vocabulary import LegalBasis, RestrictedUse
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.workflow import ReportState


def asked_with(session: Session, export: Export) -> list[Export]:
    """Return the export, and those asked for together with it."""
    if export.together is None:
        return [export]
    rows = select(Export).where(Export.together == export.together)
    return list(session.scalars(rows.order_by(Export.proposed_at, Export.reference)))


def waiting_with(session: Session, export: Export) -> list[Export]:
    """Return the export, and those asked for together with it while all wait for a decision."""
    if export.state != ExportState.REQUESTED:
        return [export]
    return [row for row in asked_with(session, export) if row.state == ExportState.REQUESTED]


def of_dossier(session: Session, dossier_id: UUID, limit: int) -> tuple[Sequence[Export], int]:
    """Return the newest exports of a dossier, and the number of all."""
    newest = select(Export, func.count().over()).where(Export.dossier_id == dossier_id)
    newest = newest.order_by(Export.proposed_at.desc(), Export.id).limit(limit)
    rows = session.execute(newest).all()
    return [row[0] for row in rows], rows[0][1] if rows else 0


def reports_in(session: Session, export_id: UUID) -> Sequence[UUID]:
    """Return the reports in the document of an export."""
    return session.scalars(
        select(DisclosureSubject.subject_id)
        .join(Disclosure, Disclosure.id == DisclosureSubject.disclosure_id)
        .where(Disclosure.document_id == export_id)
        .order_by(DisclosureSubject.label)
    ).all()


def with_withdrawn() -> Select[UUID]:
    """Select the exports with a report in their document that its reporter withdrew."""
    return (
        select(Disclosure.document_id)
        .join(DisclosureSubject, DisclosureSubject.disclosure_id == Disclosure.id)
        .join(Report, Report.id == DisclosureSubject.subject_id)
        .where(Report.state == ReportState.WITHDRAWN)
    )


@dataclass(frozen=True, slots=True)
class Shut:
    """Reason that nobody may have the document of an export now."""

    withdrawn: bool
    # The numbers of what was restricted since, without a ground to give it; the dossier's is 0.
    restricted: tuple[int, ...]
    # Made by an earlier release for everybody to read.
    public: bool

    @property
    def words(self) -> str:
        """The reason, and what to do, for who would give it."""
        asset = "stopintimidatie.exports.request:templates/shut.txt.jinja2"
        return render(asset, {"shut": self, "named": named}).strip()


# The dossier itself, as a label like those of its reports.
_WHOLE: Final = f"M-{DOSSIER:02d}"


def shut_by(session: Session, registry: Any, export: Export) -> Shut | None:
    """Return the reason that nobody may have a document now; None: it may be given."""
    if export.state != ExportState.READY:
        return None
    mine = Disclosure.document_id == export.id
    bound = is_restricted(registry, DisclosureSubject.subject_id)
    subjects = (
        select(DisclosureSubject.label, (Report.state == ReportState.WITHDRAWN).label("withdrawn"))
        .join(Disclosure, Disclosure.id == DisclosureSubject.disclosure_id)
        .outerjoin(Report, Report.id == DisclosureSubject.subject_id)
        .where(mine, or_(Report.state == ReportState.WITHDRAWN, bound))
    )
    whole = select(literal(_WHOLE), false())
    whole = whole.where(mine, is_restricted(registry, Disclosure.source_id))
    rows = session.execute(union_all(subjects, whole)).all()
    public = export.profile not in PROFILES
    free = frozenset() if public else freed(export.deviations)
    numbers = sorted(int(row.label.removeprefix("M-")) for row in rows if not row.withdrawn)
    shut = Shut(
        any(row.withdrawn for row in rows), tuple(n for n in numbers if n not in free), public
    )
    return shut if shut.withdrawn or shut.restricted else None


class ShutError(FormError):
    """Refusal of a document that may not be given now, in words for a colleague alone."""


def check_open(session: Session, registry: Any, export: Export) -> None:
    """Check that the document of an export may still be given.

    Raises:
        ShutError: It may not; the message says to a colleague what to do.
    """
    shut = shut_by(session, registry, export)
    if shut is not None:
        raise ShutError(shut.words)


def states(session: Session, roles: Iterable[Role]) -> Sequence[tuple[str, int]]:
    """Return the states that occur, with their numbers."""
    rows = session.execute(
        select(Export.state, func.count())
        .join(Dossier, Dossier.id == Export.dossier_id)
        .where(visible_to(roles))
        .group_by(Export.state)
        .order_by(Export.state)
    )
    return rows.all()


# An export, its dossier, and the slug of the wijk of that.
Listed = tuple[Export, Dossier, str]


def _listed(roles: Iterable[Role]) -> Select[Export, Dossier, str]:
    return (
        select(Export, Dossier, Neighbourhood.slug)
        .join(Dossier, Dossier.id == Export.dossier_id)
        .join(Neighbourhood, Neighbourhood.code == Dossier.neighbourhood_code)
        .where(visible_to(roles))
    )


def list_exports(
    session: Session, roles: Iterable[Role], state: str | None, offset: int, size: int
) -> Sequence[Listed]:
    """Return exports, newest request first; in this state, if one is given."""
    rows = _listed(roles) if state is None else _listed(roles).where(Export.state == state)
    newest = rows.order_by(Export.proposed_at.desc(), Export.id)
    return session.execute(newest.offset(offset).limit(size)).all()


OWN_REQUEST: Final = (
    "U hebt deze uitvoer zelf aangevraagd. Een collega moet meekijken: vraag een andere"
    " OOV-medewerker, een dossierhouder of een waarnemer om een besluit."
)


def waiting_for_second(
    session: Session, roles: Iterable[Role], person: str, limit: int
) -> Sequence[Listed]:
    """Return what waits for this second person, the oldest first."""
    waiting = _listed(roles).where(Export.waiting(), is_second(Export, person))
    oldest = waiting.order_by(Export.proposed_at, Export.id)
    return session.execute(oldest.limit(limit)).all()


# An export for a partner of the municipality: its legal bases, and its covenant on the day


def bases_for(partner: PartnerOrganisation | None) -> list[LegalBasis]:
    """Return the legal bases to choose from: those of the partner, or all."""
    return [basis for basis in BASES if partner is None or basis.value in partner.legal_bases]


def check_partner(session: Session, wish: ExportRequest, today: date) -> None:
    """Check that a request fits what is recorded about its partner.

    Raises:
        FormError: it doesn't; for the first rule that isn't kept.
    """
    if wish.partner_id is None:
        return
    partner = session.get(PartnerOrganisation, wish.partner_id)
    if partner is None or partner.ended_at is not None:
        raise FormError("Met deze partner werkt u niet meer samen. Kies een andere ontvanger.")
    if PROFILES[wish.profile].own_house:
        raise FormError(
            "Een partner staat buiten uw afdeling. Kies een ander soort ontvanger.", "profile"
        )
    if wish.legal_basis not in partner.legal_bases:
        raise FormError(
            "Deze grondslag is voor deze partner niet vastgelegd. Kies een andere grondslag, of"
            " laat de partner aanpassen.",
            "legal_basis",
        )
    if wish.covenant is not None and wish.covenant != covenant_on(partner, today):
        raise FormError(
            f"Het convenant ‘{wish.covenant}’ geldt vandaag niet. Vraag de uitvoer opnieuw aan."
        )


def why_not_out(session: Session, dossier: Dossier) -> str:
    """Return why nothing of a dossier may go to anybody; empty when it may."""
    if dossier.shown_state == ClosingReason.NOT_STARTED:
        return "Dit dossier is nooit gestart. Er gaat niets van naar een ontvanger."
    if not is_strict(dossier.kind) or dossier.state != DossierState.PREPARING:
        return ""
    if ground_of(session, dossier) is None or not has_advice(session, dossier):
        return (
            "Dit is een persoonsgericht dossier zonder grond of zonder advies van de"
            " privacyfunctionaris. Leg eerst de grond vast en vraag advies, onder"
            " ‘Persoonsgericht’. Daarna kunt u uitvoer aanvragen."
        )
    return ""


NO_LONGER: Final = (
    "Deze uitvoer gaat niet door: een document dat iedereen mag lezen, wordt hier niet meer"
    " gemaakt. Vraag een uitvoer aan voor ‘Intern’. Daarmee maakt uw Woo-jurist het antwoord."
)


def check_dossier(session: Session, dossier: Dossier, wish: ExportRequest) -> None:
    """Check that a dossier of this kind may go to this kind of recipient.

    Raises:
        FormError: It may not, or not yet.
    """
    if why := why_not_out(session, dossier):
        raise FormError(why)
    profile = PROFILES[wish.profile]
    if is_strict(dossier.kind) and not profile.own_house and not has_advice(session, dossier):
        raise FormError(
            "Dit is een persoonsgericht dossier zonder advies van de privacyfunctionaris. Vraag"
            " eerst dat advies; daarna kan het dossier naar een partner.",
            "profile",
        )


def told_of(request: Any, export: Export) -> str:
    """Return who is told once it is made, and note that a name was read; empty: nobody.

    Who may not see partners, such as a deputy, reads the function alone.
    """
    contact = contact_at(request.db, export.offer_address_id)
    if contact is None:
        return ""
    if not request.has_permission(Permission.VIEW_PARTNER):
        return contact[0].function
    about = [contact[0].organisation_id]
    note_read(request, export.holder, PARTNER, about, task="uitvoer bekijken")
    return in_clear(request.registry.key_ring, *contact).words


def words_of(export: Export, contact: str = "") -> dict[str, Any]:
    """Return the words for the codes of a request, for `templates/facts.jinja2`.

    `contact`: of `told_of`.
    """
    return {
        "told": contact,
        "recipient": LABELS[export.profile],
        "purpose": purpose_of(export.asked).nl,
        "basis": basis_words(export.asked),
        "file": FileForm(export.file_form).label,
        "in_full": listed(ranges(sorted(export.in_full or ()))),
        "deviations": sorted(despite(export.deviations).items()),
        "named": named,
        "restricted": set(RestrictedUse),
    }
