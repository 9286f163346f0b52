"""The start page, the municipalities, one municipality, one neighbourhood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from markupsafe import Markup
from pyramid.httpexceptions import HTTPSeeOther
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
from stopintimidatie.core.storage.session import COUNTED, count_at_most
from stopintimidatie.core.text import datetime_short, days_until, plural, uuid_of
from stopintimidatie.core.tree import Root
from stopintimidatie.core.web.charts import sparkline
from stopintimidatie.core.web.components import ListItem, panels
from stopintimidatie.core.web.request import (
    NavItem,
    Paging,
    Request,
    page_view,
    post_view,
    wanted_page,
    worth_counting,
)
from stopintimidatie.desk.resources import Desk
from stopintimidatie.exports.request.approval import WAITING
from stopintimidatie.home.pages import (
    DECIDE,
    DUE,
    SET_UP,
    SHOWN,
    Place,
    Task,
    dossier_tasks,
    in_order,
    report_tasks,
    second_task,
    task_for,
    watch_tasks,
)
from stopintimidatie.home.queries import (
    end_of_today,
    reports_that_wait,
    watched,
    work_in_dossiers,
)
from stopintimidatie.home.retention import privacy_tasks, privacy_today
from stopintimidatie.home.services import answerers, remind
from stopintimidatie.home.town import WEEKS, in_no_dossier, town
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
from stopintimidatie.municipalities.people.roster import addresses_to_set, reviews_to_do
from stopintimidatie.municipalities.sso.door import door_path
from stopintimidatie.municipalities.sso.entry import closed_to_own_sessions
from stopintimidatie.reports.inbox.panels import since_last_day
from stopintimidatie.reports.inbox.queries import preset_numbers
from stopintimidatie.reports.inbox.rules import Reader, presets
from stopintimidatie.reports.inbox.views import reader_of
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.personal import PURPOSE
from stopintimidatie.reports.services import report_path
from stopintimidatie.reports.vocabulary import KIND, Form

DESK_START = "start"


@page_view(Root, "", Permission.SIGNED_IN, "templates/municipalities.jinja2")
def start(request: Any) -> Any:
    """Send the user to their offers, else to their only place of work, else show the choice."""
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
        ListItem(row.name, _page_of(request, row.code, row.slug), meta=_waits(numbers, row.code))
        for row in rows
    ]
    if NATIONAL in request.identity.holders:
        meta = _waits(numbers, NATIONAL)
        places.insert(0, ListItem("Landelijk meldpunt", _desk_of(request), meta=meta))
    closed = closed_to_own_sessions(request.db, request.identity, provider_of(request))
    doors = [ListItem(row.name, door_path(row)) for row in closed]
    return {"places": places, "doors": doors, "blocked": _blocked_at(request)}


def _waits(numbers: Mapping[str, int], holder: str) -> list[str]:
    """Say how much waits for this person at a place; nothing where nothing was counted."""
    number = numbers.get(holder)
    return [plural(number, "wacht op u", "wachten op u")] if number else []


def _blocked_at(request: Any) -> list[tuple[str, datetime]]:
    """Return where the access of this user was stopped, and when, as the session may show it."""
    rows = request.db.scalars(
        select(BlockedColleague)
        .where(BlockedColleague.user_id == request.identity.user_id)
        .order_by(BlockedColleague.holder)
    ).all()
    provider = provider_of(request)
    return [
        (
            "het landelijk meldpunt"
            if row.holder == NATIONAL
            else str(request.municipality_name(row.holder)),
            row.blocked_at,
        )
        for row in rows
        if provider in (None, row.holder)
    ]


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
        count_with_menu(request, context.holder, {})
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
    if works:
        numbers = preset_numbers(context.holder, reader)
        page["views"] = presets(count_with_menu(request, context.holder, numbers))
        tasks += _work(context, request, reader, page)
    elif may_read:
        tasks += _watch(context, request, reader)
    if request.has_permission(Permission.MANAGE_MUNICIPALITY, context):
        tasks += _managed(context, request)
    privacy, page["today"] = _privacy(context, request, request.resource_path(context).rstrip("/"))
    tasks += privacy
    tasks += _second_tasks(context, request, request.resource_path(context).rstrip("/"))
    tasks += _uncovered(context, request, away)
    tasks += _lists(request, request.resource_path(context).rstrip("/"))
    page["settings"] = _settings(context, request)
    rows = town(request.db, context.holder, reader) if may_read else []
    most = max((number for row in rows for number in row.weeks), default=0)
    return {
        **page,
        "here": request.resource_path(context).rstrip("/"),
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
    ids = [row.id for row in due]
    note_read(request, holder, KIND, ids, task="startpagina", fields=["contactgegevens"])
    keys = request.registry.key_ring
    return {row.id: keys.decrypt(PURPOSE, row.contact_when, str(row.id)) for row in due}


def _first(row: Any) -> datetime:
    moments = [at for at in (row.contact_deadline, row.next_attempt_at) if at is not None]
    return min(moments, default=datetime.max.replace(tzinfo=UTC))


def _lists(request: Request, here: str) -> list[Task]:
    """Return a row for each list in the menu where something waits for an answer."""
    words = {
        f"{here}/overdrachten": ("Overdrachten om op te antwoorden", "Antwoorden"),
        f"{here}/persoonsgericht": ("Persoonsgerichte dossiers om bij te werken", "Bekijken"),
        f"{here}/patronen": ("Opvallende patronen om over te beslissen", "Beslissen"),
    }
    return [
        task_for(DECIDE, f"{words[item.href][0]}: {item.count}", item.href, words[item.href][1])
        for item in request.navigation
        if item.count and item.href in words
    ]


def _watch(context: MunicipalityResource, request: Request, reader: Reader) -> list[Task]:
    counts = watched(request.db, context.holder, request.identity, reader.now)  # type: ignore[arg-type]
    return watch_tasks(counts, context.municipality.slug)


def _managed(context: MunicipalityResource, request: Request) -> list[Task]:
    """Return what the admin has to do: roles to review, addresses to set."""
    here, session = request.resource_path(context).rstrip("/"), request.db
    me, texting = request.identity.user_id, request.registry.texter.on  # type: ignore[union-attr]
    reviews = reviews_to_do(session, context.holder, me, here)
    missing = addresses_to_set(session, context.holder, here, texting=texting)
    rows = [(DUE, "Nakijken", item) for item in reviews]
    rows += [(SET_UP, "Instellen", item) for item in missing]
    return [task_for(rank, i.title, i.href, action, *i.meta) for rank, action, i in rows]


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
        who = "U bent" if person == me else f"{absence.name} is"
        href = here if person == me else f"{here}?{WHO}={person.hex}"
        title = f"{who} afwezig, en niemand doet het werk"
        tasks.append(task_for(DECIDE, title, href, "Vervanger kiezen", absence.stands_in))
    return tasks


def _settings(context: MunicipalityResource, request: Request) -> list[ListItem]:
    """Return the pages where the admin sets things up; empty for other roles."""
    if not request.has_permission(Permission.MANAGE_MUNICIPALITY, context):
        return []
    pages = {
        "beheer": ("Beheer", "wat melders van uw gemeente zien"),
        "gebruikers": ("Gebruikers", "wie er werkt, en collega’s uitnodigen"),
        "aanmelden-instellen": ("Aanmelden via de gemeente", "met het account van de gemeente"),
        "berichten": ("Berichten", "waar u hoort dat er iets wacht"),
        "afwezig": ("Afwezig", "wie er weg is, en wie vervangt"),
    }
    here = request.resource_path(context).rstrip("/")
    return [
        ListItem(label, f"{here}/{name}", meta=[about]) for name, (label, about) in pages.items()
    ]


def report_item(report: Report, municipality: str, neighbourhood: str | None) -> ListItem:
    """Return a report as one entry of a list."""
    forms = ", ".join(Form.word(code) for code in report.forms)
    if report.locked:
        forms = "ingetrokken door de melder"
    badges = (["spoed"] if report.urgent else []) + [report.state]
    meta = [f"ontvangen {datetime_short(report.received_at)}"]
    if report.contact_deadline is not None:
        meta.append(f"contact {days_until(report.contact_deadline)}")
    return ListItem(
        title=f"{report.reference}: {forms}",
        href=report_path(report, municipality, neighbourhood),
        badges=badges,
        meta=meta,
    )


@page_view(NeighbourhoodResource, "", Permission.VIEW_REPORT, "templates/neighbourhood.jinja2")
def neighbourhood(context: NeighbourhoodResource, request: Any) -> dict[str, Any]:
    """Show the reports that live directly under a neighbourhood, newest first."""
    here = (Report.neighbourhood_code == context.neighbourhood.code, in_no_dossier())
    wanted = wanted_page(request)
    most = worth_counting(wanted, COUNTED)
    newest = select(Report.id).where(*here).order_by(Report.received_at.desc())
    total = count_at_most(request.db, newest, most)
    paging = Paging.counted(wanted, total, most)
    reports = request.db.scalars(
        select(Report)
        .where(*here)
        .order_by(Report.received_at.desc(), Report.id)
        .offset(paging.offset)
        .limit(paging.size)
    ).all()
    note_read(request, context.holder, "melding", [r.id for r in reports], task="wijk bekijken")
    slugs = (context.municipality.slug, context.neighbourhood.slug)
    return {
        "items": [report_item(report, *slugs) for report in reports],
        "paging": paging,
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
