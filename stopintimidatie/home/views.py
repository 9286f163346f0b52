"""The start page, the municipalities, one municipality, one neighbourhood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from markupsafe import Markup
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.view import view_config
from sqlalchemy import select

from stopintimidatie.core.accounts.models import BlockedColleague, RoleAssignment
from stopintimidatie.core.accounts.services import is_offered_anything
from stopintimidatie.core.accounts.sessions import provider_of
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.factors.confirmation import must_confirm
from stopintimidatie.core.second import SECONDS, proposed_rows, waiting_rows
from stopintimidatie.core.security import Permission, Role
from stopintimidatie.core.security.permissions import may
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.text import uuid_of
from stopintimidatie.core.tree import Root
from stopintimidatie.core.web.charts import sparkline
from stopintimidatie.core.web.components import panels
from stopintimidatie.core.web.register import COUNTED, count_at_most, read_register
from stopintimidatie.core.web.request import (
    NavItem,
    Request,
    page_view,
    post_view,
    wanted_page,
    worth_counting,
)
from stopintimidatie.desk.resources import Desk
from stopintimidatie.exports.request.approval import WAITING
from stopintimidatie.home.queries import (
    WEEKS,
    end_of_today,
    in_no_dossier,
    reports_that_wait,
    town,
    watched,
    work_in_dossiers,
)
from stopintimidatie.home.search import recently_opened
from stopintimidatie.home.services import answerers, remind
from stopintimidatie.home.worklist import (
    SHOWN,
    Place,
    Rank,
    Task,
    dossier_tasks,
    in_order,
    privacy_tasks,
    privacy_today,
    report_tasks,
    second_task,
    watch_tasks,
)
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.resources import (
    MOST_COUNTED,
    Municipalities,
    MunicipalityResource,
    NeighbourhoodResource,
    count_places,
    count_with_menu,
)
from stopintimidatie.municipalities.people.absence import PAGE, WHO, Away, away_today
from stopintimidatie.municipalities.people.queries import count_due
from stopintimidatie.municipalities.people.roster import REVIEW_PAGE
from stopintimidatie.municipalities.people.services import addresses_to_set
from stopintimidatie.municipalities.sso.door import door_path
from stopintimidatie.municipalities.sso.entry import closed_to_own_sessions
from stopintimidatie.programme.front.views import front_page
from stopintimidatie.reports.inbox.panels import since_last_day
from stopintimidatie.reports.inbox.queries import preset_numbers, preset_values
from stopintimidatie.reports.inbox.rules import Reader, presets
from stopintimidatie.reports.inbox.saved_views import saved_items
from stopintimidatie.reports.inbox.views import reader_of
from stopintimidatie.reports.inbox.worklist import hours_of
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.vocabulary import KIND, Form

DESK_START = "start"


@page_view(Root, "", NO_PERMISSION_REQUIRED, "templates/municipalities.jinja2")
def start(request: Any) -> Any:
    """Send the user to their offers, else to their only place of work, else show the choice.

    Strangers get the front page.
    """
    if request.identity is None:
        return front_page(request)
    if is_offered_anything(request.db, request.identity.username, provider_of(request)):
        return HTTPSeeOther("/uitnodigingen")
    holders = request.identity.holders
    if len(holders) == 1:
        return HTTPSeeOther(_address_of(request, holders[0]))
    return _places(request)


@page_view(Root, "politie-inlichten", Permission.SIGNED_IN, "templates/police.jinja2")
def police(context: Root, request: Request) -> dict[str, Any]:
    """Show when and how an officer or the desk tells the police, whatever the reporter chose."""
    return {}


@page_view(Municipalities, "", Permission.SIGNED_IN, "templates/municipalities.jinja2")
def municipalities(request: Any) -> Any:
    """Show the municipalities of the user, each with its neighbourhoods."""
    return _places(request)


def _places(request: Any) -> dict[str, Any]:
    own = [holder for holder in request.identity.holders if holder != NATIONAL]
    rows = request.db.scalars(
        select(Municipality).where(Municipality.code.in_(own)).order_by(Municipality.name)
    )
    numbers = count_places(request)
    places = [
        (row.name, _page_of(request, row.code, row.slug), numbers.get(row.code)) for row in rows
    ]
    if NATIONAL in request.identity.holders:
        places.insert(0, ("Landelijk meldpunt", _desk_of(request), numbers.get(NATIONAL)))
    provider = provider_of(request)
    closed = closed_to_own_sessions(request.db, request.identity, provider)
    blocked = select(BlockedColleague).where(BlockedColleague.user_id == request.identity.user_id)
    stopped = request.db.scalars(blocked.order_by(BlockedColleague.holder)).all()
    return {
        "places": places,
        "doors": [(row.name, door_path(row)) for row in closed],
        # The holders that stopped the access of this user, as the session may show them.
        "blocked": [
            (row.holder != NATIONAL and request.municipality_name(row.holder), row.blocked_at)
            for row in stopped
            if provider in (None, row.holder)
        ],
    }


def _address_of(request: Any, holder: str) -> str:
    if holder == NATIONAL:
        return _desk_of(request)
    slug = request.db.scalar(select(Municipality.slug).where(Municipality.code == holder))
    return _page_of(request, holder, slug)


def _desk_of(request: Any) -> str:
    """Return where somebody begins at the desk; its queue isn't for who reads no reports there."""
    reads = may(request.identity.roles_for(NATIONAL), Permission.VIEW_DESK)
    return f"/{NATIONAL}" if reads else f"/{NATIONAL}/{DESK_START}"


@page_view(Desk, DESK_START, Permission.VIEW_RETENTION, "templates/desk_start.jinja2")
def desk_start(context: Desk, request: Request) -> dict[str, Any]:
    """Show what waits at the desk for who handles no reports there: terms, lists and holds."""
    here = request.resource_path(context).rstrip("/")
    tasks, today = _privacy(context, request, here)
    tasks += _second_tasks(context, request, here)
    tasks += _lists(request, here)
    return {"tasks": in_order(tasks), "today": today}


def _privacy(context: Any, request: Request, here: str) -> tuple[list[Task], list[Any]]:
    """Return what waits about privacy: for the list of all, or as *Privacy vandaag*."""
    tasks = privacy_tasks(context, request, here)
    today = privacy_today(context, request, tasks)
    return [] if today else [task for rows in tasks.values() for task in rows], today


REMIND: Final = "wacht-herinneren"


def _waiting(context: Any, request: Request) -> Sequence[Any]:
    """Return what waits for the answer of this person as a second one, late first."""
    rows = waiting_rows(request.registry, context.holder, request.identity)  # type: ignore[arg-type]
    return [] if rows is None else request.db.execute(rows.limit(MOST_COUNTED)).all()


def _second_tasks(context: Any, request: Request, here: str) -> list[Task]:
    """Return the rows of what waits for a second person; nothing is asked where the menu has 0."""
    if context.holder not in request.waiting:
        count_with_menu(request, context.holder)
    if not request.waiting[context.holder].get(WAITING):
        return []
    kinds = SECONDS.of(request.registry)
    return [second_task(kinds[row.kind], row, here) for row in _waiting(context, request)]


@page_view(MunicipalityResource, WAITING, Permission.VIEW_WAITING, "templates/waiting.jinja2")
@page_view(Desk, WAITING, Permission.VIEW_WAITING, "templates/waiting.jinja2")
def waiting_view(context: Any, request: Request) -> dict[str, Any]:
    """Show what waits for this person, and what this person proposed and waits for another."""
    who: Any = request.identity
    rows = proposed_rows(request.registry, context.holder, who)
    own = [] if rows is None else request.db.execute(rows.limit(MOST_COUNTED)).all()
    deputy = request.db.get(RoleAssignment, (who.user_id, context.holder, Role.DEPUTY.value))
    return {
        "deputy": deputy,
        "waiting": _waiting(context, request),
        "own": own,
        "answerers": answerers(request.db, request.registry, context.holder, who) if own else {},
        "kinds": SECONDS.of(request.registry),
        "here": request.resource_path(context).rstrip("/"),
        "now": utc_now(),
    }


@view_config(
    context=MunicipalityResource,
    name="waarnemen",
    request_method="GET",
    permission=Permission.VIEW_WAITING,
)
@view_config(context=Root, name="waarnemen", request_method="GET", permission=Permission.SIGNED_IN)
def deputy_view(context: Any, request: Request) -> HTTPSeeOther:
    """Send a deputy with an old address to the list of all that waits."""
    return HTTPSeeOther(request.resource_path(context, WAITING))


@post_view(MunicipalityResource, REMIND, Permission.VIEW_WAITING)
@post_view(Desk, REMIND, Permission.VIEW_WAITING)
def remind_view(context: Any, request: Request) -> HTTPSeeOther:
    """Have the others mailed once more of a proposal."""
    who: Any = request.identity
    number = uuid_of(request.POST.get("nr", ""))
    remind(request.db, request.registry, context.holder, number, who)
    request.flash("Wie mag beslissen, krijgt de volgende werkdag om 8 uur een herinnering.")
    return HTTPSeeOther(request.resource_path(context, WAITING))


def _page_of(request: Any, holder: str, slug: str) -> str:
    """Return where somebody begins at a municipality; its own page isn't for a deputy."""
    path = f"/gemeenten/{slug}"
    return f"{path}/{WAITING}" if request.identity.only_deputizes(holder) else path


@page_view(MunicipalityResource, "", Permission.VIEW_MUNICIPALITY, "templates/municipality.jinja2")
def municipality(context: MunicipalityResource, request: Request) -> dict[str, Any]:
    """Show what this person has to do, the most urgent first; beside it the town."""
    away = away_today(request.db, context.holder, local_date(utc_now()))
    reader = reader_of(request, context.holder, away)
    works = bool(request.has_permission(Permission.TRIAGE, context))
    may_read = bool(request.has_permission(Permission.VIEW_REPORT, context))
    tasks: list[Task] = []
    page: dict[str, Any] = {"may_read": may_read, "works": works, "since": None, "views": []}
    page |= {"saved": [], "recent": recently_opened(request, context.holder) if works else []}
    if works:
        values = preset_values(reader)
        counted = count_with_menu(request, context.holder, preset_numbers(), values)
        page["views"] = presets(counted)
        inbox = request.resource_path(context, "postvak")
        page["saved"] = saved_items(request, context.holder, reader, inbox, {})
        tasks += _work(context, request, reader, page)
    elif may_read:
        tasks += _watch(context, request, reader)
    manages = page["manages"] = bool(
        request.has_permission(Permission.MANAGE_MUNICIPALITY, context)
    )
    if manages:
        tasks += _managed(context, request)
    here = request.resource_path(context).rstrip("/")
    privacy, page["today"] = _privacy(context, request, here)
    tasks += privacy
    tasks += _second_tasks(context, request, here)
    tasks += _uncovered(context, request, away)
    tasks += _lists(request, here)
    rows = town(request.db, context.holder, reader) if may_read else []
    most = max((number for row in rows for number in row.weeks), default=0)
    return {
        **page,
        "here": here,
        "tasks": in_order(tasks)[:SHOWN],
        "later": in_order(tasks)[SHOWN:],
        "town": [row for row in rows if row.to_do or row.total],
        "quiet": [row for row in rows if not row.to_do and not row.total],
        "sparkline": lambda row: Markup(sparkline(row.weeks, most)),  # noqa: S704 - numbers alone
        "weeks": WEEKS,
        "most": most,
    }


def _work(
    context: MunicipalityResource, request: Request, reader: Reader, page: dict[str, Any]
) -> list[Task]:
    """Return what waits for who handles reports; `page` gets what came in since the last day."""
    session, holder, slug = request.db, context.holder, context.municipality.slug
    may_call = bool(request.has_permission(Permission.VIEW_CONTACT, context))
    may_call = may_call and not must_confirm(request)
    rows = reports_that_wait(session, holder, reader, contact=may_call)
    place = Place(reader, slug, _hours(request, holder, rows) if may_call else {})
    note_read(request, holder, KIND, [row.id for row in rows], task="startpagina")
    page["since"] = since_last_day(request, holder, place.path)
    tasks = report_tasks(place, rows)
    if request.has_permission(Permission.VIEW_DOSSIER, context):
        roles = request.identity.roles_for(holder)  # type: ignore[union-attr]
        waiting = work_in_dossiers(session, holder, roles, reader)
        dossiers = {row.dossier_id for row in waiting if row.dossier_id is not None}
        note_read(request, holder, "dossier", sorted(dossiers), task="startpagina")
        tasks += dossier_tasks(place, waiting)
    return tasks


def _hours(request: Request, holder: str, rows: Sequence[Any]) -> dict[UUID, str]:
    """Return when the reporters who were promised contact today can be called; that is noted."""
    today = end_of_today(utc_now())
    due = [row for row in rows if row.contact_when and _first(row) < today]
    return hours_of(request, holder, due, "startpagina")


def _first(row: Any) -> datetime:
    moments = [at for at in (row.contact_deadline, row.next_attempt_at) if at is not None]
    return min(moments, default=datetime.max.replace(tzinfo=UTC))


def _lists(request: Request, here: str) -> list[Task]:
    """Return a row for each list in the menu where something waits for an answer."""
    return [
        Task(kind, Rank.DECIDE, item.href, item.count)
        for kind in ("overdrachten", "persoonsgericht", "patronen")
        for item in request.navigation
        if item.count and item.href == f"{here}/{kind}"
    ]


def _watch(context: MunicipalityResource, request: Request, reader: Reader) -> list[Task]:
    counts = watched(request.db, context.holder, request.identity, reader.now)  # type: ignore[arg-type]
    return watch_tasks(counts, context.municipality.slug)


def _managed(context: MunicipalityResource, request: Request) -> list[Task]:
    """Return what the admin has to do: roles to review, addresses to set."""
    here, session = request.resource_path(context).rstrip("/"), request.db
    me, texting = request.identity.user_id, request.registry.texter.on  # type: ignore[union-attr]
    due = count_due(session, context.holder, me)
    missing = addresses_to_set(session, context.holder, texting=texting)
    return [
        *([Task("rollen", Rank.DUE, f"{here}/{REVIEW_PAGE}", due)] if due else []),
        *(Task("adressen", Rank.SET_UP, f"{here}/berichten", kind) for kind in missing),
    ]


def _uncovered(
    context: MunicipalityResource, request: Request, away: Mapping[UUID, Away]
) -> list[Task]:
    """Return whose work nobody does: one's own, and for the admin that of every colleague."""
    me = request.identity.user_id  # type: ignore[union-attr]
    manages = request.has_permission(Permission.MANAGE_MUNICIPALITY, context)
    here = f"{request.resource_path(context).rstrip('/')}/{PAGE}"
    tasks = []
    for person, absence in away.items():
        if absence.covered or not (person == me or manages):
            continue
        href = here if person == me else f"{here}?{WHO}={person.hex}"
        name = "" if person == me else absence.name
        tasks.append(Task("afwezig", Rank.DECIDE, href, absence, words=name))
    return tasks


@page_view(NeighbourhoodResource, "", Permission.VIEW_REPORT, "templates/neighbourhood.jinja2")
def neighbourhood(context: NeighbourhoodResource, request: Any) -> dict[str, Any]:
    """Show the reports that live directly under a neighbourhood, newest first."""
    here = (Report.neighbourhood_code == context.neighbourhood.code, in_no_dossier())
    most = worth_counting(wanted_page(request), COUNTED)
    newest = select(Report.id).where(*here).order_by(Report.received_at.desc())
    total = count_at_most(request.db, newest, most)
    listed = select(Report).where(*here).order_by(Report.received_at.desc(), Report.id)
    reports = read_register(
        request,
        total,
        lambda offset, size: request.db.scalars(listed.offset(offset).limit(size)).all(),
        most=most,
    )
    ids = [report.id for report in reports.rows]
    note_read(request, context.holder, "melding", ids, task="wijk bekijken")
    return {
        "reports": reports,
        "forms": dict(Form.choices()),
        "here": request.resource_path(context).rstrip("/"),
        "panels": panels(request, "wijk", context),
    }


# Menu


def start_item(request: Any) -> NavItem:
    """Return the item of the start page."""
    return NavItem("Start", "/")


def areas_item(request: Any) -> NavItem | None:
    """Return the item for who works for several municipalities; others land on their own."""
    municipalities = [holder for holder in request.identity.holders if holder != NATIONAL]
    return NavItem("Gemeenten", "/gemeenten") if len(municipalities) > 1 else None
