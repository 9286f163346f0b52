"""The answer on the spot: what the reporter is told about the municipality and what follows."""

from __future__ import annotations

from sqlalchemy.orm import Session

from stopintimidatie.intake.answers import (
    HelpLineAnswer,
    MunicipalityAnswer,
    MunicipalityHereAnswer,
    NeighbourhoodAnswer,
    ReactionAnswer,
    ReceiptAnswer,
)
from stopintimidatie.intake.calls import BASE
from stopintimidatie.municipalities.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.municipalities.services import profile_of
from stopintimidatie.municipalities.words import let_op, reaction
from stopintimidatie.register.models import Municipality
from stopintimidatie.register.queries import municipality_by_code, neighbourhood_by_code
from stopintimidatie.reports.help_lines import help_lines
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.submission import Submission
from stopintimidatie.reports.workflow import reader_status


def municipality_answer(session: Session, code: str | None) -> MunicipalityAnswer | None:
    """The municipality with this code, for an answer."""
    municipality = municipality_by_code(session, code) if code else None
    if municipality is None:
        return None
    return _answer(municipality, profile_of(session, municipality.code))


def municipality_here(session: Session, code: str) -> MunicipalityHereAnswer | None:
    """The municipality with what will happen to a report there."""
    municipality = municipality_by_code(session, code)
    if municipality is None:
        return None
    profile = profile_of(session, code)
    about = _answer(municipality, profile)
    return MunicipalityHereAnswer(
        code=about.code,
        name=about.name,
        connected=about.connected,
        logo=about.logo,
        warning=let_op(municipality.name, profile),
    )


def _answer(municipality: Municipality, profile: MunicipalityProfile) -> MunicipalityAnswer:
    has_logo = profile.logo_type is not None
    return MunicipalityAnswer(
        code=municipality.code,
        name=municipality.name,
        connected=profile.level == ParticipationLevel.PROGRAMME,
        logo=f"{BASE}/gemeenten/{municipality.code}/logo" if has_logo else None,
    )


def receipt(
    session: Session, report: Report, submission: Submission, follow_code: str
) -> ReceiptAnswer:
    """The whole answer to a report that was just taken in."""
    code = report.municipality_code
    municipality = municipality_by_code(session, code) if code else None
    profile = profile_of(session, code) if code else None
    status, _ = reader_status(report.state, report.delivery)
    title, text = reaction(municipality.name if municipality else None, profile)
    return ReceiptAnswer(
        reference=report.reference,
        follow_code=follow_code,
        received_at=report.received_at,
        status=status,
        municipality=_answer(municipality, profile) if municipality and profile else None,
        neighbourhood=_neighbourhood(session, report),
        reaction=ReactionAnswer(title=title, text=text),
        warning=let_op(municipality.name, profile, report.reference)
        if municipality and profile
        else None,
        help_lines=tuple(
            HelpLineAnswer(name=line.name, phone=line.phone)
            for line in help_lines(submission.reporter_age_group, submission.forms)
        ),
    )


def _neighbourhood(session: Session, report: Report) -> NeighbourhoodAnswer | None:
    """The wijk by its CBS code; `onbekend` is ours and says nothing to the reporter."""
    code = report.neighbourhood_code
    found = neighbourhood_by_code(session, code) if code and code.startswith("WK") else None
    return NeighbourhoodAnswer(code=found.code, name=found.name) if found else None
