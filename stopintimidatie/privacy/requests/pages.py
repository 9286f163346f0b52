"""The reporter asks on the follow page: for a copy, a correction, erasing. No account needed.

The follow code says who asks (art. 11(2) AVG), so that the identity is settled at once.
"""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Button, FormError, Schema, field, handle_form
from stopintimidatie.core.storage.session import transaction
from stopintimidatie.core.text import _, day_of
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.request import Request, form_view
from stopintimidatie.core.web.translation import gettext, keep_language
from stopintimidatie.privacy.requests import models
from stopintimidatie.privacy.requests.documents import add_trace, hold_traces
from stopintimidatie.privacy.requests.letters import letters_of, read_letter
from stopintimidatie.privacy.requests.services import Entry, Person, enter_request, move_request
from stopintimidatie.reports.conversation.queries import Copy, Standing
from stopintimidatie.reports.conversation.services import CLOSED_TEXTS, REPORTER
from stopintimidatie.reports.follow.forms import HOME, form_of
from stopintimidatie.reports.follow.resources import FollowPages, follower_of
from stopintimidatie.reports.follow.views import REPORT, standing_of
from stopintimidatie.reports.vocabulary import KIND as REPORT_KIND
from stopintimidatie.reports.vocabulary import AgeGroup

NAME: Final = "gegevens"
TEMPLATES: Final = "stopintimidatie.privacy.requests:templates"
PLACE: Final = models.Channel.FOLLOW.value
WANTED: Final = (
    (models.Right.ACCESS.value, _("Ik wil een kopie van wat u over mij bewaart")),
    (models.Right.RECTIFICATION.value, _("Er klopt iets niet: ik wil het laten verbeteren")),
    (models.Right.ERASURE.value, _("Ik wil iets laten wissen")),
    (models.Right.RESTRICTION.value, _("Ik wil dat u iets voorlopig niet gebruikt")),
    (models.Right.OBJECTION.value, _("Ik wil niet dat u mijn gegevens gebruikt")),
)
ASKED: Final = _("Dit hebt u al gevraagd. U krijgt daar nog antwoord op.")


class AskSchema(Schema):
    """The form of a reporter who asks something about the own data."""

    recht = field(forms.OneOf(WANTED, radio=True), _("Wat wilt u?"))
    vraag = field(
        forms.Text(2_000, lines=True),
        _("Waar gaat het om?"),
        description=_("Schrijf in uw eigen woorden wat u wilt. Uw naam hoeft er niet bij."),
        widget=forms.TextArea(rows=4),
    )


def asked_of(session: Session, copy: Copy) -> list[models.SubjectRequest]:
    """Return the requests that were made on the page of a report, the oldest first.

    Never what others asked that this report is part of.
    """
    mine = (
        select(models.SubjectRequest, models.RequestTrace.places)
        .join(models.RequestTrace, models.RequestTrace.request_id == models.SubjectRequest.id)
        .where(
            models.RequestTrace.document_id == copy.report_id,
            models.SubjectRequest.channel == models.Channel.FOLLOW.value,
        )
        .order_by(models.SubjectRequest.made_at, models.SubjectRequest.reference)
    )
    return [row for row, places in session.execute(mine) if PLACE in places]


def follow_panel(standing: Standing, request: Request) -> Panel | None:
    """Show on the follow page what was asked about the own data, our letters, and the way to ask.

    Who has no address reads the answer here.
    """
    keys = request.registry.key_ring
    with transaction(request.registry.engine, standing.copy.holder, write=False) as session:
        asked = [
            (row, [read_letter(keys, made) for made in letters_of(session, row)])
            for row in asked_of(session, standing.copy)
        ]
    closed = standing.copy.state in CLOSED_TEXTS
    if closed and not asked:
        return None
    values = {
        "asked": asked,
        "young": standing.age_group == AgeGroup.UNDER_16,
        "href": None if closed else keep_language(request, f"{HOME}/{NAME}"),
        "words": dict(WANTED),
    }
    return Panel(gettext("Uw gegevens"), f"{TEMPLATES}/follow_panel.jinja2", values)


@form_view(FollowPages, NAME, NO_PERMISSION_REQUIRED, f"{TEMPLATES}/follow_ask.jinja2")
def ask_view(context: FollowPages, request: Request) -> Any:
    """Ask for a copy, a correction, erasing, restriction, or object."""
    who = follower_of(request)
    standing = standing_of(request, who) if who else None
    if standing is None:
        return HTTPSeeOther(keep_language(request, HOME))
    back, button = keep_language(request, REPORT), Button("vragen", _("Vraag versturen"))
    form = form_of(request, AskSchema(), button, f"{HOME}/{NAME}", cancel_url=back)
    young = standing.age_group == AgeGroup.UNDER_16

    def on_valid(values: dict[str, Any]) -> Any:
        if standing.copy.state in CLOSED_TEXTS or young:
            raise FormError(_("Dit kan nu niet"))
        with transaction(request.registry.engine, standing.copy.holder) as session:
            asked = asked_of(session, standing.copy)
            if values["recht"] in {row.right for row in asked if row.ended_at is None}:
                raise FormError(ASKED, "recht")
            take(request.registry, session, standing, values["recht"], values["vraag"])
        return HTTPSeeOther(f"{back}#{NAME}")

    page = {"standing": standing, "young": young, "back": back}
    return handle_form(request, form, on_valid, page)


def take(registry: Any, session: Any, standing: Standing, right: str, question: str) -> None:
    """Make the case of what a reporter asks; the follow code has settled who that is."""
    entry = Entry(
        right,
        models.Capacity.REPORTER.value,
        models.AskedBy.SELF.value,
        models.Channel.FOLLOW.value,
        day_of(utc_now()),
        Person(),
        question,
    )
    row = enter_request(session, registry.key_ring, standing.copy.holder, entry, REPORTER)
    how = {"hoe": models.Identity.FOLLOW_CODE.value}
    move_request(registry, session, row, "identiteit", how, REPORTER)
    document = (REPORT_KIND, standing.copy.report_id, standing.reference)
    # As a search by that code would have it.
    places = [PLACE, models.Identity.FOLLOW_CODE.value]
    add_trace(session, row, document, places, REPORTER, included=True)
    hold_traces(session, row, SYSTEM)
