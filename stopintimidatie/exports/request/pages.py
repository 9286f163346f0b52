"""Shared by the pages of requests: the preview of a document, and links between the pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import ColumnElement, select

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.second import Second, why_not
from stopintimidatie.core.security import Identity, Permission
from stopintimidatie.core.security.permissions import NEVER_APPROVE, may
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.tree import lineage
from stopintimidatie.core.web.request import Crumb, Request
from stopintimidatie.disclosures.resources import KIND
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.pages import back_to
from stopintimidatie.dossiers.resources import DossierResource, visible_to
from stopintimidatie.exports.document.assets import (
    OTHER_SCRIPT,
    displayable,
    letters_of,
    load_assets,
)
from stopintimidatie.exports.extract.queries import LoadedDossier
from stopintimidatie.exports.extract.services import Prepared, check_restricted, prepare
from stopintimidatie.exports.models import Export
from stopintimidatie.exports.profiles.defaults import PROFILES, offered
from stopintimidatie.exports.profiles.rules import Field
from stopintimidatie.exports.redaction.content import ContentError, map_text
from stopintimidatie.exports.request.queries import (
    NO_LONGER,
    OWN_REQUEST,
    waiting_with,
    why_not_out,
)
from stopintimidatie.exports.request.second import Looked
from stopintimidatie.exports.request.texts import NAME as TEXTS
from stopintimidatie.exports.resources import ExportResource
from stopintimidatie.exports.review.views import NAME as REVIEW
from stopintimidatie.municipalities.areas.models import Neighbourhood
from stopintimidatie.reports.services import paths_of_reports


def only_going_out(context: DossierResource, request: Request) -> HTTPSeeOther | None:
    """Send who opens a form about a dossier that may go to nobody back, with the reason."""
    why = "" if request.method == "POST" else why_not_out(request.db, context.dossier)
    if not why:
        return None
    request.flash(why, "warning")
    return back_to(context, request)


def preview_values(prepared: Prepared, review: Mapping[int, str] | None = None) -> dict[str, Any]:
    """Return the values of `templates/preview.jinja2` for a prepared document.

    `review` holds the address where the text of a report is reviewed, by its serial number.
    """
    # With the letters that the fonts of the document can show.
    characters = load_assets().for_text(letters_of(prepared.content)).characters
    content = map_text(prepared.content, lambda text: displayable(text, characters))
    return {
        "profile": prepared.profile,
        "content": content,
        "hidden": prepared.hidden,
        "marked": prepared.marked,
        "in_full": {report.pseudonym: report for report in content.reports},
        "review": review or {},
        "restricted": prepared.restricted,
        "unread_texts": prepared.unread_texts,
        "unwritten": sum(OTHER_SCRIPT in report.account for report in content.reports),
        "texts_href": None,
    }


ASK: Final = "uitvoer-aanvragen"
PREVIEW: Final = "uitvoer-voorbeeld"


@dataclass(frozen=True, slots=True)
class Stories:
    """The stories of a dossier, of which a recipient outside gets only what was looked at."""

    reviewed: int
    number: int
    # The first that nobody looked at, if any: whoever asks for an export may do that.
    next_href: str | None


def stories_of(context: DossierResource, request: Request, loaded: LoadedDossier) -> Stories:
    """Count the stories that were looked at; whoever looks at the next one comes back here."""
    reports = [report for report in loaded.known.reports if report.account.strip()]
    waiting = [r for r in reports if Field.ACCOUNT not in {text.field for text in r.reviewed}]
    href = None
    if waiting:
        query = {"terug": request.path_qs}
        href = request.resource_path(context, waiting[0].reference, REVIEW, query=query)
    return Stories(len(reports) - len(waiting), len(reports), href)


def previews_by_kind(context: Any, request: Request, *, empowered: bool) -> list[tuple[str, str]]:
    """Return each kind of recipient with the address of its preview."""
    address = request.resource_path(context, PREVIEW)
    kinds = offered(empowered=empowered)
    return [(kind.label, f"{address}?voor={kind.name}") for kind in kinds]


def note_choices(request: Request, context: Any, loaded: LoadedDossier) -> None:
    """Note that the form told of each report, to choose from."""
    ids = tuple(loaded.report_ids.values())
    note_read(request, context.holder, "melding", ids, task="uitvoer voorbereiden")


def note_preview(request: Request, context: Any, seen: Prepared) -> None:
    """Log that the page shows personal data of the reports in a preview."""
    note_read(request, context.holder, "melding", seen.read_ids, task="uitvoer voorbereiden")


def shown(request: Request, context: Any, seen: Prepared) -> dict[str, Any]:
    """Return the values of a preview, with links to texts to review for who may do that."""
    roles = request.identity.roles_for(context.holder) if request.identity else frozenset()
    dossier = next(node for node in lineage(context) if isinstance(node, DossierResource))
    works = request.has_permission(Permission.EDIT_DOSSIER, dossier)
    texts = {"texts_href": request.resource_path(dossier, TEXTS)} if works else {}
    if not seen.unread or not may(roles, Permission.REDACT):
        return preview_values(seen) | texts
    paths = paths_of_reports(request.db, list(seen.unread.values()))
    review = {n: f"{paths[number]}/{REVIEW}" for n, number in seen.unread.items()}
    return preview_values(seen, review) | texts


def look(request: Request, loaded: LoadedDossier, export: Export) -> Looked:
    """Prepare an export as it would go out now, to be looked at or decided about."""
    if export.profile not in PROFILES:
        return Looked(export, problem=NO_LONGER)
    try:
        seen = prepare(request.db, request.app_settings, loaded, export, utc_now())
    except ContentError as error:
        return Looked(export, problem=f"Dit kan zo niet in het document: {error}.")
    try:
        check_restricted(seen)
    except FormError as error:
        return Looked(export, seen, error.message)
    return Looked(export, seen)


def preview_of(request: Request, context: Any, looked: Looked) -> dict[str, Any] | None:
    """Make the preview for a page that shows it, and note that it was read."""
    if looked.prepared is None:
        return None
    note_preview(request, context, looked.prepared)
    return shown(request, context, looked.prepared)


@contextmanager
def warn_of_refusal(request: Request) -> Iterator[None]:
    """Say on the next page why an export can't be dealt with so, in place of an error page."""
    try:
        yield
    except FormError as problem:
        request.flash(problem.message, "warning")


DECIDE: Final = "beoordelen"
# The list of all that waits for a person, at a municipality: where a deputy begins.
WAITING: Final = "wacht"


def way_back(context: ExportResource, request: Request) -> str:
    """Return where somebody goes from a decision: to the export; a deputy to what else waits."""
    if request.has_permission(Permission.VIEW_EXPORT, context):
        return str(request.resource_path(context))
    return f"/gemeenten/{context.municipality.slug}/{WAITING}"


def crumbs_of(context: ExportResource, request: Request) -> list[Crumb]:
    """Return the breadcrumb of a decision; a deputy may open none of the documents above it."""
    if request.has_permission(Permission.VIEW_EXPORT, context):
        return request.breadcrumb
    return [Crumb("Start", "/"), Crumb("Wacht op u", way_back(context, request))]


def refusal_of(request: Request, export: Export) -> str | None:
    """Return why this person can't be the second one for an export; None when they can."""
    return why_not(request.db, export, request.actor.id, own=OWN_REQUEST)


# The same page, about all exports that were asked for in one action and wait.
TOGETHER: Final = "samen"


def together_href(context: ExportResource, request: Request) -> str | None:
    """Return the address to decide about all exports of one action, where more than one waits."""
    several = len(waiting_with(request.db, context.export)) > 1
    return f"{request.resource_path(context, DECIDE)}?{TOGETHER}=ja" if several else None


def _second() -> Second:
    """Return what waits here for a second person, for the menu and the start page."""
    area = Neighbourhood.slug + "/" + Dossier.number + "/" + Export.reference
    address = (
        select(area)
        .where(Dossier.id == Export.dossier_id, Neighbourhood.code == Dossier.neighbourhood_code)
        .correlate(Export)
        .scalar_subquery()
    )

    def seen(holder: str, identity: Identity) -> ColumnElement[bool]:
        return Export.dossier_id.in_(
            select(Dossier.id).where(visible_to(identity.roles_for(holder)))
        )

    return Second(
        KIND,
        "Besluiten over uitvoer",
        Export,
        Permission.APPROVE_EXPORT,
        lambda row: f"/{row.key}/{DECIDE}",
        key=address,
        about=Export.reference,
        due=Export.approve_by,
        only=seen,
        never=NEVER_APPROVE,
        urgent=Export.urgent,
    )


SECOND: Final = _second()
# Ground and reason to give what was restricted after it was made.
DESPITE: Final = "toch-geven"
