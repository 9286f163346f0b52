"""Shared parts of the pages of a dossier: roles, links, forms, and replies to what fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from sqlalchemy import select

from stopintimidatie.core import forms
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import (
    Button,
    Change,
    Form,
    FormError,
    Schema,
    field,
    handle_form,
    later_version,
)
from stopintimidatie.core.security import Permission, Role
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import local
from stopintimidatie.core.tree import Resource, lineage
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.request import Crumb, Request, form_view
from stopintimidatie.core.workflow import WorkflowError
from stopintimidatie.dossiers.forms import CONTROLS
from stopintimidatie.dossiers.models import Dossier, DossierMembership
from stopintimidatie.dossiers.resources import DossierResource, dossier_path, is_strict, visible_to
from stopintimidatie.dossiers.rules import concerns
from stopintimidatie.dossiers.services import (
    CLOSED_DOSSIER,
    DossierError,
    StaleDossierError,
    may_name,
    may_see_reports,
    name_people,
    named_readers,
    possible_readers,
)
from stopintimidatie.dossiers.workflow import LIVE
from stopintimidatie.municipalities.areas.models import Municipality, Neighbourhood
from stopintimidatie.reports.resources import ReportResource

FORM_PAGE = "stopintimidatie.dossiers:templates/form.jinja2"
PANEL = "stopintimidatie.dossiers:templates/of_report.jinja2"
HIDDEN = (
    "Alleen wie door de dossierhouder is aangewezen, ziet de meldingen van dit persoonsgerichte"
    " dossier."
)
Values = dict[str, Any]


def dossier_form_view(
    name: str,
    *guards: Any,
    context: type[Any] = DossierResource,
    permission: Permission = Permission.EDIT_DOSSIER,
    renderer: str = FORM_PAGE,
) -> Any:
    """Register a view that shows a form in a dossier and takes what is posted.

    `guards`: asked before the view, in this order.
    """
    return form_view(context, name, permission, renderer, guards=guards)


def roles_at(request: Request, holder: str) -> frozenset[Role]:
    """Return the roles of this person for the holder of the page."""
    return frozenset() if request.identity is None else request.identity.roles_for(holder)


def today() -> date:
    """Return the day in Amsterdam."""
    return local(utc_now()).date()


def page_of(context: DossierResource, request: Request, part: str = "") -> str:
    """Return the address of the dossier, or of one of its parts."""
    path: str = request.resource_path(context)
    path = path.rstrip("/")
    return f"{path}?deel={part}" if part else path


def back_to(context: DossierResource, request: Request, part: str = "") -> HTTPSeeOther:
    """Redirect to the dossier, or to one of its parts."""
    return HTTPSeeOther(page_of(context, request, part))


def crumbs(request: Request, label: str) -> list[Crumb]:
    """Return the breadcrumb of a page that is not the document itself."""
    return [*request.breadcrumb, Crumb(label, request.path)]


def dossier_form(
    context: DossierResource,
    request: Request,
    schema: Any,
    button: Button,
    act: Callable[[Values], Any],
    values: Mapping[str, Any] | None = None,
    *,
    part: str = "",
    back: str = "",
    conflict: Callable[[Values], list[Change]] = lambda values: [],
    **page: Any,
) -> Any:
    """Show a form with one button in a dossier, or do what it asks.

    Heading and text above it stand in the template, by the name of the view.

    Args:
        context: The dossier.
        request: The request.
        schema: What is asked.
        button: The button.
        act: Does it; returns what to say (None: that was said), or the answer that goes elsewhere.
        values: The values that stand in it when it opens.
        part: The part of the dossier where it leads, also when it is cancelled.
        back: Another address where it leads.
        conflict: Returns in what another changed what this person saw.
        **page: The other values of the template.
    """
    note_read(request, context.holder, "dossier", [context.dossier.id], task="dossier bewerken")
    back = back or page_of(context, request, part)
    form = Form(schema, request, buttons=[button], appstruct=values or {}, cancel_url=back)

    def finish(answers: Values) -> Any:
        done = act(answers)
        if isinstance(done, str):
            request.flash(done)
        return HTTPSeeOther(back) if done is None or isinstance(done, str) else done

    return submit(request, form, finish, page, conflict=conflict)


def only_live(context: DossierResource, request: Request) -> HTTPSeeOther | None:
    """Send who opens a form of a closed dossier back, with the reason.

    What was typed before it closed comes by POST and gets its answer on the form.
    """
    if request.method == "POST" or context.dossier.state in LIVE:
        return None
    request.flash(CLOSED_DOSSIER, "warning")
    return back_to(context, request)


def doubts_about_title(
    request: Request, areas: Iterable[tuple[str, str]], old: str = ""
) -> list[str]:
    """Return the words in a new title that may tell who it is about; none for the old title."""
    title = request.POST.get("titel", "") if request.method == "POST" else ""
    if not isinstance(title, str) or title == old:
        return []
    return concerns(title[:300], [name for _, name in areas])


def check_title(values: Values, doubts: Sequence[str]) -> None:
    """Check that a title that strikes was confirmed.

    Raises:
        DossierError: Nobody said that it is right.
    """
    if doubts and not values.get("titel_is_goed"):
        raise DossierError(
            f"Deze titel lijkt {' en '.join(doubts)} te bevatten. Maak de titel neutraal, of zet"
            " het vinkje eronder als de titel toch goed is.",
            "titel",
        )


def submit(
    request: Request,
    form: Form,
    act: Callable[[Values], Any],
    page: Mapping[str, Any],
    *,
    conflict: Callable[[Values], list[Change]] = lambda values: [],
) -> Any:
    """Handle a form whose work may be refused by a rule, or come after somebody else's."""

    def on_valid(values: Values) -> Any:
        try:
            answer = act(values)
            request.db.flush()
            return answer
        except StaleDossierError as stale:
            raise later_version(form, stale.row, conflict(values)) from None
        except WorkflowError as problem:
            name = CONTROLS.get(problem.field or "", problem.field)
            raise FormError(str(problem), name) from None

    return handle_form(request, form, on_valid, page)


def sees_reports(context: DossierResource, request: Request) -> bool:
    """Tell whether this person may see the reports of the dossier."""
    return may_see_reports(request.db, context.dossier, reader_of(request))


def hidden_reports(context: Resource, request: Request) -> HTTPSeeOther | None:
    """Send back who may see the dossier and not its reports, nor what lies in it."""
    dossier = next(node for node in lineage(context) if isinstance(node, DossierResource))
    if sees_reports(dossier, request):
        return None
    request.flash(HIDDEN, "warning")
    return back_to(dossier, request)


@dossier_form_view("aanwijzen")
def name_view(context: DossierResource, request: Request) -> Any:
    """Show the form that names who, besides the owner, sees the reports, and save it."""
    dossier = context.dossier
    if not is_strict(dossier.kind):
        raise HTTPNotFound()
    closed = only_live(context, request)
    if closed is not None:
        return closed
    if request.method != "POST" and not may_name(dossier, reader_of(request)):
        request.flash("Alleen de dossierhouder wijst aan wie de meldingen ziet.", "warning")
        return back_to(context, request)
    owner = str(dossier.owner_id)
    people = [(code, name) for code, name in possible_readers(request.db, dossier) if code != owner]
    label = "Wie zien de meldingen, behalve de dossierhouder?"
    schema = Schema(field(forms.ManyOf(people), label, name="mensen", missing=()))
    named = {"mensen": [str(user_id) for user_id in named_readers(request.db, dossier)]}

    def act(values: Values) -> str:
        chosen = [UUID(code) for code in values["mensen"]]
        name_people(request.db, dossier, chosen, request.actor)
        return "Opgeslagen is wie de meldingen ziet."

    return dossier_form(context, request, schema, Button("opslaan", "Opslaan"), act, named)


def report_panel(context: ReportResource, request: Any) -> Panel | None:
    """Return the dossiers that a report is in or referred to by, as far as one may see them."""
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
    return Panel("Dossiers", PANEL, {"rows": rows, "path_of": dossier_path})


def may_edit(context: DossierResource, request: Request) -> bool:
    """Tell whether this person may change the dossier now."""
    live = context.dossier.state in LIVE
    return live and bool(request.has_permission(Permission.EDIT_DOSSIER, context))


def reader_of(request: Request) -> UUID | None:
    """Return the person who reads: restricted notes are there for some people alone."""
    return request.identity.user_id if request.identity else None
