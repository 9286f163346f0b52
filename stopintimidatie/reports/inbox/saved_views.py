"""Views of the inbox under a name: saved, shown with their numbers, taken away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.accounts.models import RoleAssignment
from stopintimidatie.core.audit import record
from stopintimidatie.core.forms import Button, FormError, Schema, ask_values, field
from stopintimidatie.core.security import Permission
from stopintimidatie.core.text import uuid_of
from stopintimidatie.core.web.register import COUNTED
from stopintimidatie.core.web.request import NavItem, Request, form_view, post_view, query_pairs
from stopintimidatie.municipalities.areas.queries import neighbourhoods_of
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.reports.campaigns.views import no_person
from stopintimidatie.reports.inbox.facets import HANDLERS, TITLES, labels_of
from stopintimidatie.reports.inbox.models import SavedView
from stopintimidatie.reports.inbox.queries import ORDERS, number_of_reports
from stopintimidatie.reports.inbox.rules import Filters, Reader, filters_from
from stopintimidatie.reports.rules import find_personal_data

# Views that a person can have, and a team.
MOST: Final = 8
LONGEST: Final = 500
KIND: Final = "weergave"
_WHOSE: Final = (("mij", "voor mij"), ("team", "voor het team"))


def list_views(session: Session, holder: str, person: UUID) -> Sequence[SavedView]:
    """Return the views of a person, and behind them those of the team."""
    mine = or_(SavedView.person_id == person, SavedView.person_id.is_(None))
    rows = select(SavedView).where(SavedView.holder == holder, mine)
    order = rows.order_by(SavedView.person_id.is_(None), SavedView.name, SavedView.id)
    return session.scalars(order).all()


def order_of(request: Request) -> str:
    """Return the order that the address asks for; empty: by spoed and term."""
    name = dict(query_pairs(request)).get("sorteer", "")
    return name if name in ORDERS else ""


def saved_items(
    request: Request, holder: str, reader: Reader, path: str, shown: Filters
) -> list[NavItem]:
    """Return the saved views as items of a menu, each with the number that its page shows."""
    views = list_views(request.db, holder, reader.person)
    filters = [filters_from(parse_qsl(view.query)) for view in views]
    numbers = [number_of_reports(holder, chosen, reader, COUNTED) for chosen in filters]
    counts = request.db.execute(select(*numbers)).one() if views else ()
    return [
        NavItem(
            view.name,
            f"{path}?{view.query}",
            chosen == shown,
            count if count <= COUNTED else None,
        )
        for view, chosen, count in zip(views, filters, counts, strict=True)
    ]


@form_view(MunicipalityResource, "weergave", Permission.TRIAGE, "templates/saved.jinja2")
def save_view(context: MunicipalityResource, request: Request) -> Any:
    """Show the form that names the filters of the address, and save them."""
    session, holder, actor = request.db, context.holder, request.actor
    filters, person = filters_from(query_pairs(request)), UUID(str(actor.id))
    inbox = request.resource_path(context, "postvak")
    order = {"sorteer": order_of(request)} if order_of(request) else {}
    query = urlencode(sorted({**filters, **order}.items()))
    views = list_views(session, holder, person)
    name = field(
        forms.Text(40),
        "Naam",
        name="naam",
        description="Geen namen van mensen.",
        validator=no_person,
    )
    schema = Schema(name, field(forms.OneOf(_WHOSE, radio=True), "Voor wie?", name="wie"))

    def act(values: dict[str, Any]) -> None:
        owner = person if values["wie"] == "mij" else None
        same = [view for view in views if view.person_id == owner]
        if filters.get("behandelaar", "ik") not in dict(HANDLERS):
            raise FormError("De lijst van één collega krijgt geen naam.", "naam")
        if len(query) > LONGEST or find_personal_data(filters.get("campagne")):
            raise FormError("Deze filters kunnen geen naam krijgen: kies er minder.", "naam")
        if len(same) >= MOST or any(view.name == values["naam"] for view in same):
            raise FormError(
                "Haal eerst een weergave weg: die naam is er al, of het zijn er 8.", "naam"
            )
        row = {"name": values["naam"], "query": query, "made_by_id": person}
        session.add(SavedView(holder=holder, person_id=owner, **row))
        if owner is None:
            record(session, actor, "weergave.bewaard", holder, KIND)
        request.flash(f"‘{values['naam']}’ is bewaard.")

    def page() -> dict[str, Any]:
        words = labels_of(session, filters, neighbourhoods_of(session, holder))
        return {
            "chosen": [
                f"{title}: {words[name].get(filters[name], filters[name])}"
                for name, title in TITLES.items()
                if name in filters
            ],
            "saved": [view for view in views if may_remove(session, view, person)],
        }

    back = f"{inbox}?{query}".rstrip("?")
    given = {"wie": "mij"}
    return ask_values(request, schema, Button("bewaren", "Bewaren"), act, back, page, given=given)


def may_remove(session: Session, view: SavedView, person: UUID) -> bool:
    """Tell whether a view is one's own, or was made by one or by somebody who works here no more.

    A view of the team is somebody's words: nobody else takes those away (S13).
    """
    if view.made_by_id == person:
        return True
    works = RoleAssignment.user_id == view.made_by_id, RoleAssignment.holder == view.holder
    return not session.scalar(select(exists().where(*works)))


@post_view(MunicipalityResource, "weergave-weg", Permission.TRIAGE)
def remove_view(context: MunicipalityResource, request: Request) -> HTTPSeeOther:
    """Take a view away."""
    session, person = request.db, UUID(str(request.actor.id))
    number = uuid_of(request.POST.get("nummer", "")[:40])
    views = list_views(session, context.holder, person)
    view = next((view for view in views if view.id == number), None)
    if view is None or not may_remove(session, view, person):
        raise HTTPNotFound()
    session.delete(view)
    if view.person_id is None:
        record(session, request.actor, "weergave.verwijderd", context.holder, KIND)
    request.flash(f"‘{view.name}’ is weg.")
    return HTTPSeeOther(request.resource_path(context, "postvak"))
