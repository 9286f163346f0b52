"""Pages of exports: the list, one export, its file; and the texts of officers in a dossier."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Button, Form, FormError, handle_form
from stopintimidatie.core.second import why_not
from stopintimidatie.core.security import Identity, Permission
from stopintimidatie.core.security.policy import note, note_read
from stopintimidatie.core.storage.encryption import DecryptionError
from stopintimidatie.core.web.components import FacetValue, Panel, badge_for, panels
from stopintimidatie.core.web.register import read_register
from stopintimidatie.core.web.request import Request, form_view, page_view, query_pairs, toggled
from stopintimidatie.core.web.responses import pdf_response
from stopintimidatie.disclosures.resources import KIND
from stopintimidatie.disclosures.services import CODES
from stopintimidatie.dossiers.pages import HIDDEN, hidden_reports, roles_at, sees_reports
from stopintimidatie.dossiers.resources import DossierResource, is_strict
from stopintimidatie.dossiers.services import KIND as DOSSIER
from stopintimidatie.dossiers.workflow import DossierState
from stopintimidatie.exports.extract.queries import LoadedDossier, load_dossier
from stopintimidatie.exports.models import MAKING, Export, ExportState
from stopintimidatie.exports.profiles.defaults import LABELS
from stopintimidatie.exports.redaction.source import texts_of_officers
from stopintimidatie.exports.request import queries as request_queries
from stopintimidatie.exports.request.approval import together_href, way_back
from stopintimidatie.exports.request.preview import TEXTS
from stopintimidatie.exports.request.queries import OWN_REQUEST, ShutError, asked_with, words_of
from stopintimidatie.exports.request.services import is_stuck, note_opened, read_file
from stopintimidatie.exports.resources import ExportResource
from stopintimidatie.exports.review.rules import signs_for, suggest, with_marks
from stopintimidatie.exports.review.services import digest_of, keep_looked_at
from stopintimidatie.exports.review.views import LIMIT, check_shown, marks_in, version_field
from stopintimidatie.municipalities.areas.models import Neighbourhood
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.municipalities.partners.services import running_partners


@page_view(MunicipalityResource, "uitvoer", Permission.VIEW_EXPORT, "templates/exports.jinja2")
def exports_view(context: MunicipalityResource, request: Request) -> dict[str, Any]:
    """Show the exports of a municipality, with a filter by state."""
    roles = roles_at(request, context.holder)
    states = request_queries.states(request.db, roles)
    chosen = dict(query_pairs(request)).get("staat")
    facet = [
        FacetValue(badge_for(s).word, toggled(request, "staat", s), number, s == chosen)
        for s, number in states
    ]
    exports = read_register(
        request,
        sum(number for state, number in states if chosen in (None, state)),
        partial(request_queries.list_exports, request.db, roles, chosen),
        filters=[("Staat", facet)] if facet else [],
    )
    note_read(request, context.holder, KIND, [row[0].id for row in exports.rows], task="lijst")
    here = request.resource_path(context).rstrip("/")
    return {"exports": exports, "kinds": LABELS, "here": here}


@page_view(ExportResource, "", Permission.VIEW_EXPORT, "templates/export.jinja2")
def export_view(context: ExportResource, request: Request) -> dict[str, Any]:
    """Show an export: how far it is, the request, and the file when it is there."""
    export = context.export
    note_read(request, context.holder, KIND, [export.id], task="uitvoer bekijken")
    sees = sees_reports(context.__parent__, request)
    shut = request_queries.shut_by(request.db, request.registry, export) if sees else None
    decides = sees and bool(request.has_permission(Permission.APPROVE_EXPORT, context))
    own = why_not(request.db, export, request.actor.id, own=OWN_REQUEST) if decides else None
    ended = export.state in (ExportState.FAILED, ExportState.CANCELLED)
    return {
        "export": export,
        "dossier": context.dossier,
        "here": request.resource_path(context).rstrip("/"),
        "making": export.state in MAKING,
        "hidden": None if sees else HIDDEN,
        "shut": shut,
        "words": words_of(export, request_queries.told_of(request, export)),
        "codes": CODES,
        "panels": panels(request, "uitvoer", context),
        "own": own,
        "decides": decides,
        "others": [row for row in asked_with(request.db, export) if row is not export],
        "together_href": together_href(context, request) if decides else None,
        "frees": decides and shut is not None and not (shut.withdrawn or shut.public or own),
        "asks": sees and bool(request.has_permission(Permission.REQUEST_EXPORT, context)),
        "mine": export.proposed_by_id == request.actor.id,
        "failed": ended or is_stuck(export, request.app_settings),
    }


@view_config(
    context=ExportResource,
    name="pdf",
    request_method="GET",
    permission=Permission.FETCH_EXPORT,
    guards=(hidden_reports,),
)
def file_view(context: ExportResource, request: Request) -> Response:
    """Return the file, whose name holds only numbers, and log its reports as read."""
    export = context.export
    try:
        pdf = read_file(request.db, request.registry, export)
    except ShutError as shut:
        request.flash(shut.message, "warning")
        raise HTTPSeeOther(way_back(context, request)) from None
    except (FormError, DecryptionError):
        raise HTTPNotFound() from None

    given = export.id

    def write(session: Session, identity: Identity) -> None:
        note_opened(session, session.get_one(Export, given), identity.actor)

    note(request, context.holder, write)
    task, ids = "uitvoer downloaden", request_queries.reports_in(request.db, export.id)
    note_read(request, context.holder, KIND, [export.id], task=task)
    note_read(request, context.holder, "melding", ids, task=task)
    return pdf_response(f"{context.dossier.number}-{export.reference}", pdf)


TEMPLATES: Final = "stopintimidatie.exports.request:templates/"


def dossier_panel(context: Any, request: Any) -> Panel | None:
    """Return the panel of the newest exports of a dossier; None for who may not see them."""
    if not request.has_permission(Permission.VIEW_EXPORT, context):
        return None
    exports, total = request_queries.of_dossier(request.db, context.dossier.id, 10)
    known = {
        "exports": exports,
        "kinds": LABELS,
        "more": total - len(exports),
        "all_href": f"/gemeenten/{context.municipality.slug}/uitvoer",
    }
    return Panel("Uitvoer", f"{TEMPLATES}panel.jinja2", known | _asking(context, request))


def prepare_panel(context: Any, request: Any) -> Panel | None:
    """Return the panel that asks for whom to prepare an export; None where that can't be now.

    A dossier about a person that is still prepared has its ground and advice asked elsewhere.
    """
    early = is_strict(context.dossier.kind) and context.dossier.state == DossierState.PREPARING
    asking = {} if early else _asking(context, request)
    template = f"{TEMPLATES}prepare.jinja2"
    return Panel("Uitvoer", template, asking) if asking.get("partners") else None


def _asking(context: Any, request: Any) -> dict[str, Any]:
    """Return the partners to choose from, where this person may ask for an export."""
    may_ask = request.has_permission(Permission.REQUEST_EXPORT, context)
    may_ask = may_ask and not request_queries.why_not_out(request.db, context.dossier)
    running = running_partners(request.db) if may_ask else ()
    return {
        "here": request.resource_path(context).rstrip("/"),
        "may_ask": may_ask,
        "partners": [partner for partner in running if request_queries.bases_for(partner)],
    }


# Texts of officers in a dossier, looked at before they go outside

NEW: Final = "Nieuw of gewijzigd: dit is nog niet nagekeken."


def texts_here(session: Session, loaded: LoadedDossier) -> dict[str, str]:
    """Return the texts of officers in a dossier and in what waits for a decision, with names."""
    waiting = session.scalars(
        select(Export)
        .where(Export.dossier_id == loaded.row.id, Export.state == ExportState.REQUESTED)
        .order_by(Export.proposed_at, Export.reference)
    )
    return texts_of_officers(loaded.known, [export.asked for export in waiting])


@form_view(
    DossierResource,
    TEXTS,
    Permission.EDIT_DOSSIER,
    "templates/texts.jinja2",
    guards=(hidden_reports,),
)
def texts_view(context: DossierResource, request: Request) -> Any:
    """Mark what recipients don't read of the texts of officers, and save that."""
    dossier = context.dossier
    if request.method == "POST":
        request.db.refresh(dossier, with_for_update=True)
    texts = texts_here(request.db, load_dossier(request.db, dossier, request.registry))
    names = select(Neighbourhood.name).where(Neighbourhood.municipality_code == context.holder)
    places, signs = request.db.scalars(names).all(), signs_for(texts)
    known = dossier.looked_at or {}
    marks = {
        text: known[digest]
        if (digest := digest_of(text)) in known
        else [hint.span for hint in suggest(text, places)]
        for text in texts
    }
    fields = {control_of(text): text for text in texts}
    shown = {name: with_marks(text, marks[text], signs) for name, text in fields.items()}
    version = digest_of(repr((sorted(known.items()), shown)))
    areas = [
        forms.field(
            forms.Text(LIMIT, lines=True),
            f"{number}. {texts[text]}",
            description="" if digest_of(text) in known else NEW,
            name=name,
            missing="",
            needed_sometimes=True,
            widget=forms.TextArea(rows=min(14, 2 + len(text) // 80)),
        )
        for number, (name, text) in enumerate(fields.items(), 1)
    ]
    form = Form(
        forms.Schema(*areas, version_field()),
        request,
        buttons=[Button("opslaan", "Opslaan voor ontvangers")] if texts else [],
        appstruct={**shown, "versie": version},
        cancel_url=request.resource_path(context),
    )

    def on_valid(values: dict[str, Any]) -> Any:
        check_shown(form, values, shown, version)
        marked = marks_in(fields, values, signs)
        looked = {text: marked[name] for name, text in fields.items()}
        keep_looked_at(request.db, dossier, looked, request.actor)
        request.flash("Nagekeken. Een ontvanger leest deze teksten zonder wat u hebt gemarkeerd.")
        return HTTPSeeOther(request.resource_path(context))

    note_read(request, context.holder, DOSSIER, [dossier.id], task="teksten nakijken")
    return handle_form(request, form, on_valid, {"dossier": dossier, "signs": signs})


def control_of(text: str) -> str:
    """Return the name of the control of a text, which stays the same when others come or go."""
    return f"tekst-{digest_of(text)[:12]}"
