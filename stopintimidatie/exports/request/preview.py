"""Show beforehand what a recipient would see of a dossier, and what is hidden by which rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.permissions import may
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import day_of
from stopintimidatie.core.tree import lineage
from stopintimidatie.core.web.request import NavItem, Request, page_view, query_pairs
from stopintimidatie.dossiers.pages import hidden_reports, roles_at
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.exports.document.assets import (
    OTHER_SCRIPT,
    displayable,
    letters_of,
    load_assets,
)
from stopintimidatie.exports.extract.queries import LoadedDossier, load_dossier
from stopintimidatie.exports.extract.services import Prepared, check_restricted, prepare
from stopintimidatie.exports.models import Export
from stopintimidatie.exports.profiles.defaults import PROFILES, offered
from stopintimidatie.exports.redaction.content import ContentError, map_text
from stopintimidatie.exports.request.queries import NO_LONGER
from stopintimidatie.exports.request.second import Looked
from stopintimidatie.exports.request.services import EXAMPLE, draft, empowered_today
from stopintimidatie.exports.review.views import NAME as REVIEW
from stopintimidatie.exports.vocabulary import ExportRequest
from stopintimidatie.municipalities.partners.vocabulary import LegalBasis
from stopintimidatie.reports.services import paths_of_reports

PREVIEW: Final = "uitvoer-voorbeeld"
# The page on which somebody looks at the texts of officers.
TEXTS: Final = "teksten-nakijken"


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


def preview_of(request: Request, context: Any, seen: Prepared | None) -> dict[str, Any] | None:
    """Return the values of a preview that a page shows, and note that its reports were read.

    With links to texts to review for who may do that; None where there is nothing to show.
    """
    if seen is None:
        return None
    note_read(request, context.holder, "melding", seen.read_ids, task="uitvoer voorbereiden")
    dossier = next(node for node in lineage(context) if isinstance(node, DossierResource))
    review = {}
    if seen.unread and may(roles_at(request, context.holder), Permission.REDACT):
        paths = paths_of_reports(request.db, list(seen.unread.values()))
        review = {n: f"{paths[number]}/{REVIEW}" for n, number in seen.unread.items()}
    values = preview_values(seen, review)
    if request.has_permission(Permission.EDIT_DOSSIER, dossier):
        values["texts_href"] = request.resource_path(dossier, TEXTS)
    return values


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


@page_view(
    DossierResource,
    PREVIEW,
    Permission.REQUEST_EXPORT,
    "templates/preview_page.jinja2",
    guards=(hidden_reports,),
)
def preview_view(context: DossierResource, request: Request) -> Any:
    """Show what a kind of recipient would see, whatever will be asked of them."""
    dossier, today = context.dossier, day_of(utc_now())
    empowered = empowered_today(request.db, context.holder)
    kinds = {kind.name: kind for kind in offered(empowered=empowered)}
    chosen = kinds.get(dict(query_pairs(request)).get("voor", "")) or next(iter(kinds.values()))
    example = ExportRequest(
        profile=chosen.name,
        recipient=chosen.label,
        question="Nog niet ingevuld.",
        answer_by=today,
        purpose=dossier.purpose or "Nog niet ingevuld.",
        legal_basis=dossier.legal_basis or LegalBasis.PUBLIC_ORDER.value,
        destroy_by=today,
    )
    loaded = load_dossier(request.db, dossier, request.registry)
    looked = look(request, loaded, draft(dossier, example, request.actor, EXAMPLE))
    address = request.resource_path(context, PREVIEW)
    return {
        "dossier": dossier,
        "tabs": [
            NavItem(kind.label, f"{address}?voor={kind.name}", kind is chosen)
            for kind in kinds.values()
        ],
        "here": request.resource_path(context).rstrip("/"),
        "preview": preview_of(request, context, looked.prepared),
        "problem": looked.problem,
    }
