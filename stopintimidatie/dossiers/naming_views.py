"""Who sees the reports of a person-directed dossier; and on a report, the dossiers it is in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.view import view_config
from sqlalchemy import select

from stopintimidatie.dossiers.access import is_strict, visible_to
from stopintimidatie.dossiers.handling import (
    FORM_PAGE,
    back_to,
    form_page,
    only_live,
    page_of,
    roles_at,
    submit,
)
from stopintimidatie.dossiers.models import Dossier, DossierMembership
from stopintimidatie.dossiers.naming import may_name, may_see_reports, name_people, named
from stopintimidatie.dossiers.notes import possible_readers
from stopintimidatie.dossiers.paths import dossier_path
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.register.models import Municipality, Neighbourhood
from stopintimidatie.reports.resources import ReportResource
from stopintimidatie.security import Permission
from stopintimidatie.security.trail import note_read
from stopintimidatie.tree import Resource, lineage
from stopintimidatie.web import forms
from stopintimidatie.web.components import ListItem
from stopintimidatie.web.forms import Button, Form, Schema, field
from stopintimidatie.web.panels import Panel
from stopintimidatie.web.request import Request

PANEL = "stopintimidatie.dossiers:templates/of_report.jinja2"
HIDDEN = (
    "Alleen wie door de dossierhouder is aangewezen, ziet de meldingen van dit persoonsgerichte"
    " dossier."
)


def sees_reports(context: DossierResource, request: Request) -> bool:
    user_id = request.identity.user_id if request.identity else None
    return may_see_reports(request.db, context.dossier, user_id)


def hidden_reports(context: Resource, request: Request) -> HTTPSeeOther | None:
    """The way back for who may see the dossier and not its reports; for what lies in it as well."""
    dossier = next(node for node in lineage(context) if isinstance(node, DossierResource))
    if sees_reports(dossier, request):
        return None
    request.flash(HIDDEN, "warning")
    return back_to(dossier, request)


@view_config(
    context=DossierResource,
    name="aanwijzen",
    request_method=("GET", "POST"),
    permission=Permission.EDIT_DOSSIER,
    renderer=FORM_PAGE,
)
def name_view(context: DossierResource, request: Request) -> Any:
    """Who, besides the owner, sees the reports."""
    dossier = context.dossier
    if not is_strict(dossier.kind):
        raise HTTPNotFound()
    closed = only_live(context, request)
    if closed is not None:
        return closed
    if request.method != "POST" and not may_name(dossier, request.identity.user_id):  # type: ignore[union-attr]
        request.flash("Alleen de dossierhouder wijst aan wie de meldingen ziet.", "warning")
        return back_to(context, request)
    people = [
        one for one in possible_readers(request.db, dossier) if one[0] != str(dossier.owner_id)
    ]
    schema = Schema()
    schema.add(
        field(
            forms.ManyOf(people),
            "Wie zien de meldingen, behalve de dossierhouder?",
            name="mensen",
            missing=(),
        )
    )
    form = Form(
        schema,
        request,
        buttons=[Button("opslaan", "Opslaan")],
        appstruct={"mensen": [str(user_id) for user_id in named(request.db, dossier)]},
        cancel_url=page_of(context, request),
    )

    def act(values: dict[str, Any]) -> Any:
        chosen = [UUID(code) for code in values["mensen"]]
        name_people(request.db, dossier, chosen, request.actor)
        request.flash("Opgeslagen is wie de meldingen ziet.")
        return back_to(context, request)

    return submit(request, form, act, form_page(context, request, "Wie ziet de meldingen?"))


def report_panel(context: ReportResource, request: Any) -> Panel | None:
    """The dossiers that a report is in, as far as one may see them: belonging, or referred to."""
    if not request.has_permission(Permission.VIEW_DOSSIER, context):
        return None
    rows = request.db.execute(
        select(Dossier, DossierMembership.reference, Municipality.slug, Neighbourhood.slug)
        .join(DossierMembership, DossierMembership.dossier_id == Dossier.id)
        .join(Municipality, Municipality.code == Dossier.holder)
        .join(Neighbourhood, Neighbourhood.code == Dossier.neighbourhood_code)
        .where(
            DossierMembership.report_id == context.report.id,
            DossierMembership.left_at.is_(None),
            visible_to(roles_at(request, context.holder)),
        )
        .order_by(DossierMembership.reference, Dossier.number)
    ).all()
    if not rows:
        return None
    ids = [row[0].id for row in rows]
    note_read(request, context.holder, "dossier", ids, task="melding bekijken")
    items = [
        ListItem(
            f"{dossier.number}: {dossier.title}",
            dossier_path(town, area, dossier.number),
            [dossier.state],
            ["verwijst naar deze melding" if reference else "hier hoort de melding bij"],
        )
        for dossier, reference, town, area in rows
    ]
    return Panel("Dossiers", PANEL, {"items": items})
