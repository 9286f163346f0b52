"""The answer on the spot: what the reporter is told about the municipality and what follows."""

from __future__ import annotations

from datetime import datetime

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
from stopintimidatie.intake.look_up import Area, Known
from stopintimidatie.municipalities.published import HelpLine, Published
from stopintimidatie.municipalities.reading import published_for
from stopintimidatie.municipalities.words import let_op, reaction
from stopintimidatie.register.queries import municipality_by_code
from stopintimidatie.reports.arriving import Arrival, Arrived
from stopintimidatie.reports.fields import Submission
from stopintimidatie.reports.routing import Routing
from stopintimidatie.reports.vocabulary import gravest_first
from stopintimidatie.reports.workflow import reader_status


def municipality_answer(session: Session, code: str | None) -> MunicipalityAnswer | None:
    """The municipality with this code, for an answer."""
    municipality = municipality_by_code(session, code) if code else None
    if municipality is None:
        return None
    return about_municipality(
        municipality.code, municipality.name, published_for(session, municipality.code)
    )


def municipality_here(session: Session, code: str, language: str) -> MunicipalityHereAnswer | None:
    """The municipality with what will happen to a report there."""
    municipality = municipality_by_code(session, code)
    if municipality is None:
        return None
    published = published_for(session, code)
    about = about_municipality(code, municipality.name, published)
    return MunicipalityHereAnswer(
        code=about.code,
        name=about.name,
        connected=about.connected,
        logo=about.logo,
        warning=let_op(published, municipality.name, language),
    )


def about_municipality(code: str, name: str, published: Published) -> MunicipalityAnswer:
    return MunicipalityAnswer(
        code=code,
        name=name,
        connected=published.connected,
        logo=f"{BASE}/gemeenten/{code}/logo" if published.logo else None,
    )


def receipt(
    known: Known, routing: Routing, arrived: Arrived, submission: Submission, arrival: Arrival
) -> ReceiptAnswer:
    """The whole answer to a report that is being taken in."""
    area, published, language = known.area, known.published, submission.language.value
    status, _ = reader_status(arrived.state, routing.delivery)
    forms = gravest_first(submission.forms)
    title, text = reaction(published, area.name if area else None, language, forms)
    lines = published.help_for(published.language(language), submission.reporter_age_group, forms)
    return ReceiptAnswer(
        reference=arrived.reference,
        follow_code=str(arrival.follow_code),
        received_at=arrival.received_at,
        status=status,
        municipality=about_municipality(area.code, area.name, published) if area else None,
        neighbourhood=_neighbourhood(area, routing.neighbourhood_code),
        reaction=ReactionAnswer(title=title, text=text),
        warning=_warning(known, language, arrived.reference, arrival.received_at),
        help_lines=tuple(help_line_answer(line) for line in lines),
    )


def _warning(known: Known, language: str, reference: str, received_at: datetime) -> str | None:
    if known.area is None:
        return None
    return let_op(
        known.published,
        known.area.name,
        language,
        reference=reference,
        received_at=received_at,
    )


def help_line_answer(line: HelpLine) -> HelpLineAnswer:
    """A line for who may ring it."""
    return HelpLineAnswer(name=line.name, phone=line.phone)


def _neighbourhood(area: Area | None, code: str | None) -> NeighbourhoodAnswer | None:
    """The wijk by its CBS code; `onbekend` is ours and says nothing to the reporter."""
    name = area.neighbourhood_name if area else None
    if name is None or code is None or not code.startswith("WK"):
        return None
    return NeighbourhoodAnswer(code=code, name=name)
