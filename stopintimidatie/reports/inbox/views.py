"""The page of the inbox, and short addresses such as `/m/M-4F7K-2QX9`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.view import view_config
from sqlalchemy import select

from stopintimidatie.core.accounts.sessions import token_of
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import date_short, day_of, days_until
from stopintimidatie.core.tree import Container, Resource, Root, remains_of
from stopintimidatie.core.tree.services import is_restricted
from stopintimidatie.core.web.components import LAST_ROW, WorkbenchRow, is_partial, turn_of
from stopintimidatie.core.web.register import COUNTED, FILTERED, read_register
from stopintimidatie.core.web.request import (
    NavItem,
    Request,
    page_view,
    query_pairs,
    wanted_page,
    with_params,
    worth_counting,
)
from stopintimidatie.core.web.responses import csv_response, xlsx_response
from stopintimidatie.municipalities.areas.queries import neighbourhoods_of
from stopintimidatie.municipalities.areas.resources import MunicipalityResource, count_with_menu
from stopintimidatie.municipalities.people.absence import Away, away_today, work_of
from stopintimidatie.reports.handling.services import sleeps
from stopintimidatie.reports.inbox.facets import OPENED, TITLES, facets, labels_of
from stopintimidatie.reports.inbox.queries import (
    Listed,
    form_groups,
    list_leaving,
    list_reports,
    number_of_reports,
    preset_numbers,
    preset_values,
    read_report,
)
from stopintimidatie.reports.inbox.rules import (
    AT_ONCE,
    MAY_LEAVE,
    OPEN,
    PRESETS,
    Filters,
    Reader,
    conditions,
    filters_from,
    presets,
)
from stopintimidatie.reports.inbox.saved_views import order_of, saved_items
from stopintimidatie.reports.inbox.services import PROOF, address_for, count_new, make_proof
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.resources import GONE, ReportResource
from stopintimidatie.reports.rules import normalise_reference
from stopintimidatie.reports.services import report_path
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.words import badges, place_line
from stopintimidatie.reports.workbench.pages import Place, bar_for, pane_values, row_of
from stopintimidatie.reports.workbench.services import OPENED_BY
from stopintimidatie.reports.workflow import UNREAD, ReportState

# Reports that never leave with a list: what isn't here any more, or doesn't count yet.
STAYS: Final = GONE | {ReportState.QUARANTINE}
# A row of a list: a report with what a list shows around it.
Shown = TypeVar("Shown")


class ShortAddresses(Container):
    """The short addresses, below `/m`."""

    def __getitem__(self, name: str) -> Resource:
        reference = normalise_reference(name)
        if reference is None:
            raise KeyError(name)
        return ShortAddress(name, self, reference)


class ShortAddress(Container):
    """A reference as somebody typed it; it doesn't tell whether the report exists."""

    def __init__(self, name: str, parent: Any, reference: str) -> None:
        super().__init__(name, parent)
        self.reference = reference

    def __getitem__(self, name: str) -> Resource:
        raise KeyError(name)


@view_config(context=ShortAddress, request_method="GET", permission=Permission.SIGNED_IN)
def short_address(context: ShortAddress, request: Request) -> HTTPSeeOther:
    """Redirect to the copy that this person may see; for others there is no such report."""
    identity = request.identity
    path = identity and address_for(request.registry.engine, identity, context.reference)
    path = path or remains_of(request, context.reference)
    if not path:
        raise HTTPNotFound()
    return HTTPSeeOther(path)


@page_view(Root, "nieuw", NO_PERMISSION_REQUIRED, "json")
def new_view(request: Request) -> Any:
    """Answer how many reports came in since the page whose proof this is; the proof permits it.

    An open page asks it every few seconds: nobody is identified, so no session lasts longer by it.
    """
    keys, settings = request.registry.key_ring, request.app_settings
    proof = PROOF.unseal(keys, request.GET.get("bewijs", ""))
    if proof is None:
        # Not raised: that would draw a whole page.
        return Response(status=404)
    new = count_new(request.registry.engine, settings, proof, token_of(request) or "")
    return Response(status=403) if new is None else {"nieuw": new}


@page_view(MunicipalityResource, "postvak", Permission.VIEW_REPORT, "templates/inbox.jinja2")
def inbox_view(context: MunicipalityResource, request: Request) -> dict[str, Any]:
    """Show a page of the reports that these filters leave, and one of them opened."""
    session, reader = request.db, reader_of(request, context.holder)
    filters = filters_from(query_pairs(request))
    if is_partial(request):
        # The address follows what is shown, also after a decision that led here.
        request.response.headers["HX-Push-Url"] = request.path_qs
    counted = count_with_menu(request, context.holder, preset_numbers(), preset_values(reader))
    preset = next((label for label, fixed in PRESETS if fixed == filters), "")
    total, most = _total(request, context.holder, reader, filters, counted.get(preset))
    bound = is_restricted(request.registry, Report.id)
    order = order_of(request)
    find = partial(
        list_reports, session, context.holder, filters, reader, restricted=bound, order_name=order
    )
    reports = read_register(request, total, find, most=most)
    rows = reports.rows
    open_ = OPENED in request.GET
    areas = neighbourhoods_of(session, context.holder) if open_ or "wijk" in filters else []
    labels = labels_of(session, filters, areas)
    references = [row.report.reference for row in rows]
    read = partial(read_report, session, context.holder, restricted=bound)
    wanted, opened, onwards = in_hand(request, rows, references, read)
    detail = _detail(context, request, opened, onwards) if opened else None
    note_read(request, context.holder, KIND, [row.report.id for row in rows], task="postvak")
    if opened is not None and (wanted or opened not in rows):
        # Chosen from the list: from then on mails about spoed needn't be repeated.
        note_read(request, context.holder, KIND, [opened.report.id], task=OPENED_BY)
    return {
        "items": [_row(row, request, opened) for row in rows],
        "reports": reports,
        "turn": turn_of(request, reports.paging, "melding"),
        "tab": preset,
        "views": _views(request, context.holder, reader, filters, counted),
        "facets": facets(session, context.holder, filters, reader, labels) if open_ else {},
        "opened": OPENED,
        "titles": TITLES,
        "labels": labels,
        "filters": filters,
        "order": order,
        "wanted": wanted,
        "absent": absent(request),
        "detail": detail,
        "may_enter": request.has_permission(Permission.ENTER_REPORT, context),
        "choose": "melding" if request.has_permission(Permission.EDIT_DOSSIER, context) else None,
        "at_most": AT_ONCE,
        "decides": request.has_permission(Permission.TRIAGE, context),
        "latest": bar_for(request, context.holder),
        "proof": make_proof(request.registry.key_ring, request.actor, context.holder, reader.now),
    }


def _total(
    request: Request, holder: str, reader: Reader, filters: Filters, counted: int | None
) -> tuple[int, int]:
    """Return the number of reports, and how far was counted.

    `counted`: the number of a fixed view, which is counted with the others.
    """
    page = wanted_page(request)
    if counted is not None and (counted <= COUNTED or page == 1):
        return counted, COUNTED
    most = worth_counting(page, FILTERED if counted is None else COUNTED)
    number = number_of_reports(holder, filters, reader, most)
    return request.db.scalar(select(number)) or 0, most


# Columns of a list that leaves the house: days, and nothing that tells about a person.
LEAVING: Final = ["Kenmerk", "Ontvangen", "Gebeurd", "Klaar", "Wijk", "Vormgroep", "Toestand"]
_FILES: Final = {"csv": csv_response, "xlsx": xlsx_response}


@page_view(
    MunicipalityResource,
    "postvak-lijst",
    Permission.TRIAGE,
    "templates/leaving.jinja2",
    guards=(recently_confirmed,),
)
def leaving_view(context: MunicipalityResource, request: Request) -> Any:
    """Say what leaves the house with this list; with `bestand` in the address, hand it over."""
    pairs, holder = query_pairs(request), context.holder
    filters, wanted = filters_from(pairs), dict(pairs).get("bestand", "")
    # A list of minors tells their age, whatever its columns are.
    telling = [TITLES[name] for name in filters if name not in MAY_LEAVE]
    bound = is_restricted(request.registry, Report.id)
    reader = reader_of(request, holder)
    where = Report.holder == holder, *conditions(filters, reader)
    rows = [] if telling else list_leaving(request.db, bound, *where)
    kept = [row for row in rows if row.state not in STAYS and not row.restricted]
    if wanted in _FILES and kept and len(rows) <= COUNTED:
        ids, action = [row.id for row in kept], "postvak.gedownload"
        note_read(request, holder, KIND, ids, task="lijst als bestand", action=action)
        groups = form_groups(request.db, ids)
        name = f"meldingen-{holder.lower()}-{day_of(reader.now).isoformat()}"
        return _FILES[wanted](name, LEAVING, (_leaving(row, groups) for row in kept))
    request.response.status_int = 409 if wanted else 200
    return {
        "telling": telling,
        "number": len(kept),
        "stays": len(rows) - len(kept),
        "most": COUNTED,
        "columns": LEAVING,
        "query": filters,
    }


def _leaving(row: Any, groups: Mapping[UUID, str]) -> Sequence[object]:
    return (
        row.reference,
        day_of(row.received_at),
        day_of(row.incident_start),
        day_of(row.ended_at) if row.ended_at else "",
        row.area or "",
        groups.get(row.id, ""),
        ReportState.word(row.state),
    )


def _views(
    request: Request, holder: str, reader: Reader, filters: Filters, counted: Mapping[str, int]
) -> list[NavItem]:
    """Return the saved views, and the fixed ones that have reports or are shown."""
    fixed = [
        NavItem(
            view.label,
            f"{request.path}?{urlencode(view.filters)}".rstrip("?"),
            view.filters == filters,
            view.count,
        )
        for view in presets(counted)
        if view.count != 0 or view.filters in ({}, filters)
    ]
    return [fixed[0], *saved_items(request, holder, reader, request.path, filters), *fixed[1:]]


def reader_of(request: Request, holder: str, away: Mapping[UUID, Away] | None = None) -> Reader:
    """Return who reads the lists of a holder now, with whose work is theirs today.

    `away`: who is away today, for a page that shows that as well.
    """
    identity = request.identity
    assert identity is not None  # noqa: S101 - the view needs a permission
    now, person = utc_now(), identity.user_id
    if away is None:
        away = away_today(request.db, holder, local_date(now))
    return Reader(person, now, frozenset(work_of(away, person)))


def absent(request: Request) -> str:
    """Return the reference of the report that the address asks for, as in a sentence."""
    typed = dict(query_pairs(request)).get("melding", "")
    return normalise_reference(typed) or "Deze melding"


def in_hand(
    request: Request,
    rows: Sequence[Shown],
    references: Sequence[str],
    read: Callable[[str], Shown | None],
) -> tuple[bool, Shown | None, str]:
    """Return whether the address asks for a report, the row to show, and where to go after it.

    That is the one asked for, never another; the first when none is asked for. The desk's queue
    uses it too. `references`: of the rows. `read`: reads a report that isn't among them.
    """
    typed = dict(query_pairs(request)).get("melding", "")
    reference, chosen = normalise_reference(typed), None
    if not typed or typed == LAST_ROW:
        chosen = rows[-1 if typed else 0] if rows else None
    elif reference in references:
        chosen = rows[references.index(reference)]
    elif reference is not None:
        chosen = read(reference)
    # After the last row there is only the list.
    later = references[rows.index(chosen) + 1 :] if chosen in rows else []
    onwards = with_params(request, melding=later[0] if later else None)
    return bool(typed), chosen, onwards


def _row(row: Listed, request: Request, opened: Listed | None) -> WorkbenchRow:
    report = row.report
    if report.state in GONE:
        href, current = with_params(request, melding=report.reference), row is opened
        return WorkbenchRow(report.reference, href, marks=badges(report), current=current)
    due, term = report.contact_deadline, "contact"
    if due is None and report.state in UNREAD:
        due, term = report.read_before, "lezen"
    marks = [
        *(["tweede_blik"] if row.proposed and report.state in OPEN else []),
        *(["gebruik_beperkt"] if row.restricted else []),
        # A row doesn't name these: a new one is bold.
        *(state for state in badges(report) if state not in (ReportState.NEW, ReportState.IN_HAND)),
    ]
    return row_of(
        request,
        report,
        place_line(report, row.area.name if row.area else ""),
        marks,
        note=f"weggelegd tot {date_short(report.snoozed_until)}" if sleeps(report) else "",
        opened=opened.report if opened else None,
        days=(day_of(due) - day_of(utc_now())).days if due else None,
        days_text=f"{term} {days_until(due)}" if due else "",
    )


def _detail(
    context: MunicipalityResource, request: Request, row: Listed, onwards: str
) -> dict[str, Any]:
    """Return the report in hand, and what can be decided about it."""
    report, slug = row.report, row.area.slug if row.area else None
    place = Place(
        path=report_path(report, context.municipality.slug, slug),
        here=with_params(request, melding=report.reference),
        onwards=onwards,
    )
    resource = ReportResource(report.reference, context, report)
    area = row.area.name if row.area else None
    return pane_values(
        resource, request, place, area=area, handler=row.handler, proposed=row.proposed
    )
