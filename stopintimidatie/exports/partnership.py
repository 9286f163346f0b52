"""An export for a partner of the municipality: its name, its grounds, its covenant of the day."""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from stopintimidatie.exports.asked import ExportRequest
from stopintimidatie.exports.profiles import PROFILES
from stopintimidatie.exports.wish import BASES, ExportError
from stopintimidatie.partners.models import PartnerOrganisation
from stopintimidatie.partners.services import covenant_on
from stopintimidatie.reports.vocabulary import LegalBasis

ENDED: Final = "Met deze partner werkt u niet meer samen. Kies een andere ontvanger."


def bases_for(partner: PartnerOrganisation | None) -> list[LegalBasis]:
    """The grounds there are to choose from."""
    return [basis for basis in BASES if partner is None or basis.value in partner.legal_bases]


def covenant_warning(partner: PartnerOrganisation, day: date) -> str | None:
    """What to know about the covenant before asking."""
    covenant = partner.covenant
    if covenant is None or covenant.counts_on(day):
        return None
    if covenant.over(day):
        return (
            f"Het convenant ‘{covenant.name}’ is verlopen. Het staat niet in het document. Is er"
            " een nieuw? Laat de dossierhouder of de beheerder dat bij de partner invullen."
        )
    return f"Het convenant ‘{covenant.name}’ geldt nog niet. Het staat niet in het document."


def check_partner(session: Session, wish: ExportRequest, today: date) -> None:
    """What was agreed with this partner still is what the wish says.

    :raises ExportError: with the first rule that isn't kept.
    """
    if wish.partner_id is None:
        return
    partner = _running(session, wish.partner_id)
    if PROFILES[wish.profile].own_house:
        raise ExportError(
            "Een partner staat buiten uw afdeling. Kies een ander soort ontvanger.", "profile"
        )
    if wish.legal_basis not in partner.legal_bases:
        raise ExportError(
            "Deze grondslag is voor deze partner niet vastgelegd. Kies een andere grondslag, of"
            " laat de partner aanpassen.",
            "legal_basis",
        )
    if wish.covenant is not None and wish.covenant != covenant_on(partner, today):
        raise ExportError(
            f"Het convenant ‘{wish.covenant}’ geldt vandaag niet. Vraag de uitvoer opnieuw aan."
        )


def _running(session: Session, number: UUID) -> PartnerOrganisation:
    partner = session.get(PartnerOrganisation, number)
    if partner is None or partner.ended_at is not None:
        raise ExportError(ENDED)
    return partner
