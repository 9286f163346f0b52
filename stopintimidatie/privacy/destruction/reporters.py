"""The reporter's own report as a PDF, before the desk destroys what no municipality picked up."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.session import transaction
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import _, datetime_long
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.request import Request, post_view
from stopintimidatie.core.web.responses import pdf_response
from stopintimidatie.core.web.translation import gettext, keep_language
from stopintimidatie.desk.forwarding.pickup import Section, content_of
from stopintimidatie.exports.document.content import LETTER, StatementContent, StatementSection
from stopintimidatie.exports.document.services import NotDrawnError, draw_now
from stopintimidatie.exports.redaction.content import Pair
from stopintimidatie.exports.vocabulary import clean_line
from stopintimidatie.privacy.requests.letters import house_at
from stopintimidatie.reports.conversation.queries import Standing, keeping_of
from stopintimidatie.reports.conversation.services import REPORTER
from stopintimidatie.reports.follow.resources import FollowPages, follower_of
from stopintimidatie.reports.follow.views import REPORT, TEMPLATES, refuse, standing_of
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.vocabulary import KIND

NAME: Final = "meenemen"
ACTION: Final = "melding.zelf_meegenomen"
_OWN: Final = {"De melder": "Over u", "Contact met de melder": "Uw contactgegevens"}
INTRO: Final = (
    "Dit is wat u aan het landelijk meldpunt straatintimidatie meldde. Neem het zelf mee naar uw"
    " gemeente, en noem het kenmerk. Bestanden die u stuurde, zitten er niet bij."
)
LATER: Final = _("De pdf kan nu niet worden gemaakt. Probeer het over een paar minuten nog eens.")


def own_panel(standing: Standing, request: Any) -> Panel | None:
    """Return the button for the PDF, from when the reporter was told that the report goes."""
    if not standing.at_desk or keeping_of(request.registry, standing.copy).goes_on is None:
        return None
    template = "stopintimidatie.privacy.destruction:templates/own_report.jinja2"
    values = {"href": keep_language(request, f"/volgen/{NAME}")}
    return Panel(gettext("Neem uw melding zelf mee"), template, values)


@post_view(FollowPages, NAME, NO_PERMISSION_REQUIRED, renderer=f"{TEMPLATES}follow.jinja2")
def own_report_view(context: FollowPages, request: Request) -> Any:
    """Return the reporter's own report as a PDF, once the day on which it goes was told."""
    registry, who = request.registry, follower_of(request)
    standing = standing_of(request, who) if who else None
    if standing is None or own_panel(standing, request) is None:
        return HTTPSeeOther(keep_language(request, REPORT))
    with transaction(registry.engine, NATIONAL) as session:
        report = session.get_one(Report, standing.copy.report_id)
        content = _content(session, registry.key_ring, report)
        record(session, REPORTER, ACTION, NATIONAL, KIND, [report.id])
    try:
        pdf = draw_now(request, content)
    except NotDrawnError:
        return refuse(request, standing, LATER, 503)
    return pdf_response(f"melding-{standing.reference}", pdf)


def _content(session: Session, keys: KeyRing, report: Report) -> StatementContent:
    """Return what the reporter sent, as the content of a letter."""
    return StatementContent(
        schema=LETTER,
        house=house_at(session, NATIONAL),
        title="Uw melding van straatintimidatie",
        number=report.reference,
        made_at=utc_now().replace(microsecond=0),
        sentences=(INTRO, f"Ontvangen op {datetime_long(report.received_at)}."),
        sections=tuple(_section(section) for section in content_of(session, keys, report).sections),
    )


def _section(section: Section) -> StatementSection:
    lines = tuple(map(clean_line, (section.text or "").splitlines()))
    pairs = tuple(Pair(term, clean_line(str(value))) for term, value in section.rows if value)
    title = _OWN.get(section.title, section.title)
    return StatementSection(title, tuple(filter(None, lines)), pairs)
