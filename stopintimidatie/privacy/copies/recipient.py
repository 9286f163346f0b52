"""/ophalen/O-4F7K-2QXJ/gegevens: what the person sees and fetches after a code.

Who asked on the follow page sees there that the copy is ready, and goes there without a code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.session import transaction
from stopintimidatie.core.text import _, day_of
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.request import Request, page_view, post_view
from stopintimidatie.core.web.responses import pdf_response
from stopintimidatie.core.web.translation import DUTCH, PARAMETER, gettext, keep_language, language
from stopintimidatie.disclosures.models import Pickup, PickupState
from stopintimidatie.disclosures.pickup import KIND as OFFERED
from stopintimidatie.disclosures.pickup import (
    PickupKind,
    Visit,
    Way,
    find_pickup,
    outsider,
    set_visit,
    visit_of,
)
from stopintimidatie.disclosures.views import PickupPage
from stopintimidatie.exports.release.recipient import start_again
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.privacy.copies.queries import TEMPLATES
from stopintimidatie.privacy.copies.rules import File, files_of
from stopintimidatie.privacy.copies.services import DOCUMENT, copy_of, frozen_copy, pdf_of
from stopintimidatie.privacy.requests import models
from stopintimidatie.reports.conversation.queries import Copy, Standing
from stopintimidatie.reports.conversation.services import REPORTER
from stopintimidatie.reports.follow.forms import HOME as FOLLOW_HOME
from stopintimidatie.reports.follow.resources import FollowPages, follower_of
from stopintimidatie.reports.follow.views import REPORT, standing_of
from stopintimidatie.reports.models import ReportAttachment
from stopintimidatie.reports.page.views import file_response
from stopintimidatie.reports.vocabulary import KIND as REPORT_KIND

PAGE_NAME: Final = "gegevens"
PICKUP: Final = PickupKind(DOCUMENT, page=PAGE_NAME, own=True)
PAGE: Final = f"{TEMPLATES}/fetch.jinja2"
USED: Final = _("U hebt dit zo vaak opgehaald als kon. Bel ons als u het opnieuw nodig hebt.")
FILE_GONE: Final = _("Dit bestand is er niet meer. Bel ons als u het nodig hebt.")
GONE: Final = _("Dit kan niet meer worden opgehaald. Bel ons als u het nog nodig hebt.")


@dataclass(frozen=True)
class Here:
    """The visitor, with what waits."""

    visit: Visit
    pickup: Pickup
    request: models.SubjectRequest


def here_of(context: PickupPage, request: Request) -> Here:
    """Return the visitor.

    Raises:
        HTTPSeeOther: The code no longer counts: back to the page that asks for one.
    """
    visit = visit_of(request, context.__name__ or "")
    pickup = find_pickup(request.db, visit.reference) if visit else None
    if visit is None or pickup is None or pickup.document_kind != DOCUMENT:
        raise start_again(context, request)
    row = request.db.get(models.SubjectRequest, pickup.document_id)
    if row is None or (pickup.left_at is not None and visit.since <= pickup.left_at):
        raise start_again(context, request)
    return Here(visit, pickup, row)


def refusal(session: Session, keys: Any, here: Here) -> str | None:
    """Return why nothing can be fetched, or None."""
    pickup = here.pickup
    if pickup.state not in (PickupState.OFFERED, PickupState.PICKED_UP):
        return GONE
    if pickup.expires_at is not None and utc_now() >= pickup.expires_at:
        return GONE
    if pickup.downloads >= (pickup.downloads_most or 0):
        return USED
    return None if pdf_of(session, keys, here.request) is not None else GONE


def _page(request: Request, here: Here, problem: str = "") -> dict[str, Any]:
    town = request.db.get(Municipality, here.request.holder)
    return {
        "town": town.name if town is not None else None,
        "row": here.request,
        "pickup": here.pickup,
        "refused": refusal(request.db, request.registry.key_ring, here),
        "base": f"/ophalen/{here.pickup.reference}/{PAGE_NAME}",
        "files": _files(request, here),
        "problem": problem,
    }


@page_view(PickupPage, PAGE_NAME, NO_PERMISSION_REQUIRED, PAGE)
def copy_view(context: PickupPage, request: Request) -> Any:
    """Show what waits, and the buttons to fetch it."""
    here = here_of(context, request)
    set_visit(request, request.response, here.visit)
    return _page(request, here)


@post_view(PickupPage, f"{PAGE_NAME}-pdf", NO_PERMISSION_REQUIRED, renderer=PAGE)
def pdf_view(context: PickupPage, request: Request) -> Any:
    """Send the copy as PDF; each time is counted."""
    here = here_of(context, request)
    keys = request.registry.key_ring
    if refusal(request.db, keys, here) is not None:
        return _refused(request, here)
    _note(request.db, here, "pdf")
    return pdf_response(here.request.reference, pdf_of(request.db, keys, here.request))


@post_view(PickupPage, f"{PAGE_NAME}-bestand", NO_PERMISSION_REQUIRED, renderer=PAGE)
def file_view(context: PickupPage, request: Request) -> Any:
    """Send an attachment that was checked with the copy, as long as it is there."""
    here = here_of(context, request)
    session, keys, name = request.db, request.registry.key_ring, request.POST.get("naam", "")
    file = next((file for file in _files(request, here) if file.name == name), None)
    if file is None or refusal(session, keys, here) is not None:
        return _refused(request, here)
    if session.get(ReportAttachment, file.id) is None:
        return _refused(request, here, FILE_GONE)
    _note(session, here, "bijlage")
    response = file_response(request, here.pickup.holder, file, file.name)
    response.content_disposition = f'attachment; filename="{file.name}"'
    return response


def _refused(request: Request, here: Here, problem: str = "") -> dict[str, Any]:
    request.response.status_int = 409
    return _page(request, here, problem)


def _files(request: Request, here: Here) -> list[File]:
    made = frozen_copy(request.db, request.registry.key_ring, here.request)
    return files_of(made.parts) if made is not None else []


def _note(session: Session, here: Here, form: str) -> None:
    pickup, copy = here.pickup, copy_of(session, here.request.id)
    pickup.downloads += 1
    pickup.state = PickupState.PICKED_UP.value
    pickup.picked_up_at = pickup.picked_up_at or utc_now()
    if copy is not None:
        copy.picked_up_at = copy.picked_up_at or utc_now()
    ids = [here.request.id]
    record(
        session, outsider(pickup), "kopie.opgehaald", pickup.holder, models.KIND, ids, fields=[form]
    )


@post_view(PickupPage, f"{PAGE_NAME}-sluiten", NO_PERMISSION_REQUIRED)
def leave_view(context: PickupPage, request: Request) -> Any:
    """End it, on a computer that others use too."""
    here_of(context, request).pickup.left_at = utc_now()
    return start_again(context, request)


# The follow page of a report

FETCH: Final = "kopie"


def follow_panel(standing: Standing, request: Request) -> Panel | None:
    """Show on the follow page that the copy that was asked there is ready."""
    with transaction(request.registry.engine, standing.copy.holder, write=False) as session:
        pickup = _asked_here(session, standing.copy)
        if pickup is None or pickup.expires_at is None:
            return None
        until = day_of(pickup.expires_at)
    values = {"until": until, "href": keep_language(request, f"{FOLLOW_HOME}/{FETCH}")}
    return Panel(gettext("Uw kopie staat klaar"), f"{TEMPLATES}/follow_panel.jinja2", values)


def _asked_here(session: Session, copy: Copy) -> Pickup | None:
    """Return the copy that can be picked up, of what was asked on the page of this report.

    Never a copy for another in which this report was found.
    """
    asked = (
        select(Pickup, models.RequestTrace.places)
        .join(models.SubjectRequest, models.SubjectRequest.id == Pickup.document_id)
        .join(models.RequestTrace, models.RequestTrace.request_id == models.SubjectRequest.id)
        .where(
            Pickup.document_kind == DOCUMENT,
            Pickup.state.in_((PickupState.OFFERED.value, PickupState.PICKED_UP.value)),
            Pickup.expires_at > utc_now(),
            Pickup.downloads < Pickup.downloads_most,
            models.SubjectRequest.channel == models.Channel.FOLLOW.value,
            models.SubjectRequest.identity_how == models.Identity.FOLLOW_CODE.value,
            models.RequestTrace.document_kind == REPORT_KIND,
            models.RequestTrace.document_id == copy.report_id,
        )
        .order_by(Pickup.made_at.desc(), Pickup.id)
    )
    return next(
        (pickup for pickup, places in session.execute(asked) if models.Channel.FOLLOW in places),
        None,
    )


@post_view(FollowPages, FETCH, NO_PERMISSION_REQUIRED)
def visit_view(context: FollowPages, request: Request) -> Any:
    """Let in who came in with the follow code, by which the request was made as well."""
    who = follower_of(request)
    standing = standing_of(request, who) if who else None
    if standing is None:
        return HTTPSeeOther(keep_language(request, FOLLOW_HOME))
    with transaction(request.registry.engine, standing.copy.holder) as session:
        pickup = _asked_here(session, standing.copy)
        if pickup is None:
            return HTTPSeeOther(keep_language(request, REPORT))
        number, about = pickup.reference, [pickup.id, pickup.document_id]
        record(session, REPORTER, "ophalen.geopend", pickup.holder, OFFERED, about)
    # In the language of the follow page, also where that was the browser's: here a link chooses.
    chosen = "" if language() == DUTCH else f"?{PARAMETER}={language()}"
    response = HTTPSeeOther(f"/ophalen/{number}/{PAGE_NAME}{chosen}")
    set_visit(request, response, Visit(number, Way.SPOKEN, {}))
    return response
