"""The versions of the summary and the assessment, and how one differs from the one before."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound
from pyramid.view import view_config

from stopintimidatie.dossiers.forms import CONTROLS, LABELS
from stopintimidatie.dossiers.handling import crumbs, page_of
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.dossiers.texts import VERSIONED, difference, versions
from stopintimidatie.security import Permission
from stopintimidatie.security.trail import note_read
from stopintimidatie.web.request import Request
from stopintimidatie.web.urls import query_pairs

FIELDS: Final = {CONTROLS[field]: field for field in VERSIONED}


@view_config(
    context=DossierResource,
    name="versies",
    request_method="GET",
    permission=Permission.VIEW_DOSSIER,
    renderer="stopintimidatie.dossiers:templates/versions.jinja2",
)
def versions_view(context: DossierResource, request: Request) -> dict[str, Any]:
    """`?veld=samenvatting`: all versions, and what changed in the newest, or in `nummer`."""
    asked = dict(query_pairs(request))
    name = asked.get("veld", "")
    if name not in FIELDS:
        raise HTTPNotFound()
    note_read(request, context.holder, "dossier", [context.dossier.id], task="versies bekijken")
    found = versions(request.db, context.dossier, FIELDS[name])
    by_number = {str(row.number): row for row in found}
    chosen = by_number.get(asked.get("nummer", ""), found[0] if found else None)
    before = by_number.get(str(chosen.number - 1)) if chosen else None
    heading = f"Versies van de {LABELS[name].lower()}"
    return {
        "crumbs": crumbs(request, heading),
        "heading": heading,
        "above": f"{context.dossier.number} {context.dossier.title}",
        "versions": found,
        "chosen": chosen,
        "pieces": difference(before.text, chosen.text) if before and chosen else None,
        "address": f"{page_of(context, request)}/versies?veld={name}&nummer=",
        "here": page_of(context, request),
    }
