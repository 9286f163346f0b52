"""The inbox: the list, the report in hand beside it, and what can be done with it at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from pyramid.view import view_config
from sqlalchemy import select

from stopintimidatie.clock import utc_now
from stopintimidatie.municipalities.resources import MunicipalityResource
from stopintimidatie.register.models import Neighbourhood
from stopintimidatie.register.queries import neighbourhoods_of
from stopintimidatie.reports import history, steps, summary
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.opened import OPENED_BY
from stopintimidatie.reports.paths import report_path
from stopintimidatie.reports.references import normalise_reference
from stopintimidatie.reports.resources import GONE, ReportResource
from stopintimidatie.reports.services import KIND
from stopintimidatie.reports.signals import marked
from stopintimidatie.reports.views import TOMBSTONES
from stopintimidatie.security import Permission
from stopintimidatie.security.trail import note_read
from stopintimidatie.storage.counting import COUNTED
from stopintimidatie.triage import inbox
from stopintimidatie.triage.filters import Reader, chosen
from stopintimidatie.triage.services import ASSESSABLE
from stopintimidatie.triage.similar_views import BESIDE, similar_values
from stopintimidatie.web.components import ListItem
from stopintimidatie.web.filters import ago, days_until
from stopintimidatie.web.navigation import NavItem
from stopintimidatie.web.paging import Paging, wanted_page, worth_counting
from stopintimidatie.web.request import Request
from stopintimidatie.web.urls import query_pairs, with_params

SNIPPET = 140


@view_config(
    context=MunicipalityResource,
    name="postvak",
    request_method="GET",
    permission=Permission.VIEW_REPORT,
    renderer="stopintimidatie.triage:templates/inbox.jinja2",
)
def inbox_view(context: MunicipalityResource, request: Request) -> dict[str, Any]:
    """One page of the reports that these filters leave, and one of them opened."""
    session, reader = request.db, _reader(request)
    filters = chosen(query_pairs(request))
    wanted_number = wanted_page(request)
    most = worth_counting(wanted_number, COUNTED)
    total = inbox.count(session, context.holder, filters, reader, most)
    paging = Paging.counted(wanted_number, total, most)
    reports = inbox.page(session, context.holder, filters, reader, paging.offset, paging.size)
    areas = {area.code: area for area in neighbourhoods_of(session, context.holder)}
    wanted, opened = _opened(session, context.holder, reports, request)
    detail = _detail(context, request, opened, areas, reports) if opened else None
    seen = [*(report.id for report in reports), *_ids_beside(detail)]
    note_read(request, context.holder, KIND, list(dict.fromkeys(seen)), task="postvak")
    if opened is not None and (wanted or opened not in reports):
        # Chosen from the list: from then on spoed needn't be told again.
        note_read(request, context.holder, KIND, [opened.id], task=OPENED_BY)
    return {
        "items": [_item(report, areas, request, report is opened) for report in reports],
        "paging": paging,
        "quarantine": request.resource_path(context, "quarantaine"),
        "presets": _presets(session, context, filters, reader, request),
        "facets": inbox.facets(session, context.holder, filters, reader, total),
        "filters": filters,
        "chips": _chips,
        "wanted": wanted,
        "detail": detail,
        "may_enter": request.has_permission(Permission.ENTER_REPORT, context),
        "choose": "melding" if request.has_permission(Permission.EDIT_DOSSIER, context) else None,
        "enter": request.resource_path(context, "melding-invoeren"),
        "here": request.path,
        "summary": summary,
    }


def _reader(request: Request) -> Reader:
    identity = request.identity
    assert identity is not None  # noqa: S101 - the view needs a permission
    return Reader(identity.user_id, utc_now())


def _opened(
    session: Any, holder: str, reports: Sequence[Report], request: Request
) -> tuple[bool, Report | None]:
    """Whether one was asked for, and the report to show: that one, or else the first."""
    asked = dict(query_pairs(request)).get("melding")
    reference = normalise_reference(asked) if asked else None
    if reference is None:
        return False, reports[0] if reports else None
    found = session.scalars(
        select(Report).where(Report.holder == holder, Report.reference == reference)
    ).one_or_none()
    return found is not None, found or (reports[0] if reports else None)


def _item(
    report: Report, areas: Mapping[str, Neighbourhood], request: Request, current: bool
) -> ListItem:
    if report.state in TOMBSTONES:
        href = with_params(request, melding=report.reference)
        return ListItem(report.reference, href, badges=[report.state], current=current)
    area = areas.get(report.neighbourhood_code or "")
    meta = [area.name] if area else []
    meta.append(ago(report.received_at))
    if report.contact_deadline is not None:
        meta.append(f"contact {days_until(report.contact_deadline)}")
    text = " ".join((report.description or "").split())
    return ListItem(
        title=summary.heading(report),
        href=with_params(request, melding=report.reference),
        badges=summary.badges(report),
        meta=meta,
        snippet=text if len(text) <= SNIPPET else f"{text[:SNIPPET].rsplit(' ', 1)[0]} …",
        current=current,
        value=report.reference,
    )


def _presets(
    session: Any,
    context: MunicipalityResource,
    filters: Mapping[str, str],
    reader: Reader,
    request: Request,
) -> list[NavItem]:
    return [
        NavItem(
            preset.label,
            f"{request.path}?{urlencode(preset.filters)}" if preset.filters else request.path,
            current=dict(filters) == dict(preset.filters),
            count=preset.count,
        )
        for preset in inbox.presets(session, context.holder, reader)
    ]


def _chips(facets: Sequence[inbox.Facet], request: Request) -> list[tuple[str, str]]:
    """The filters in force, in words, each with the address without it."""
    filters = chosen(query_pairs(request))
    found: list[tuple[str, str]] = []
    for facet in facets:
        if facet.name in filters:
            value = filters[facet.name]
            word = next((c.label for c in facet.choices if c.value == value), value)
            without = with_params(request, **{facet.name: None, "pagina": None, "melding": None})
            found.append((f"{facet.title}: {word}", without))
    return found


def _detail(
    context: MunicipalityResource,
    request: Request,
    report: Report,
    areas: Mapping[str, Neighbourhood],
    reports: Sequence[Report],
) -> dict[str, Any]:
    """The report in hand: the summary, and the decisions that take one press."""
    area = areas.get(report.neighbourhood_code or "")
    path = report_path(report, context.municipality.slug, area.slug if area else None)
    names = summary.AreaNames(neighbourhood=area.name if area else None)
    people = [report.handler_id] if report.handler_id else []
    return {
        "report": report,
        "path": path,
        "tombstone": report.state in TOMBSTONES,
        "names": names,
        "account": marked(report.description) if report.description else None,
        "handler": history.names_of(request.db, people).get(str(report.handler_id)),
        "decisions": _decisions(context, request, report, path, reports),
        "similar": _similar(context, request, report, path, reports),
    }


def _ids_beside(detail: Mapping[str, Any] | None) -> list[UUID]:
    """The reports that are shown beside the one in hand, as similar to it."""
    beside = detail["similar"] if detail else None
    return [other.id for other in beside["similar"]] if beside else []


def _similar(
    context: MunicipalityResource,
    request: Request,
    report: Report,
    path: str,
    reports: Sequence[Report],
) -> dict[str, Any] | None:
    """The similar ones beside it; closing it as double goes on to the next report."""
    if report.state in GONE:
        return None
    resource = ReportResource(report.reference, context, report)
    back = _next_address(request, report, reports)
    return similar_values(resource, request, BESIDE, here=path, back=back, task=None)


def _decisions(
    context: MunicipalityResource,
    request: Request,
    report: Report,
    path: str,
    reports: Sequence[Report],
) -> list[dict[str, Any]]:
    """What can be done, in order; the first four have a key. Posts go on to the next report."""
    resource = ReportResource(report.reference, context, report)
    after = _next_address(request, report, reports)
    terug = urlencode({"terug": after})
    found: list[dict[str, Any]] = []
    may_triage = request.has_permission(Permission.TRIAGE, resource)
    if may_triage and report.state in ASSESSABLE:
        found.append({"label": "Beoordelen", "href": f"{path}/triage?{terug}", "kind": "primary"})
    for step in steps.possible_steps(request, resource):
        name = steps.step_name(step)
        if step.name == "in_behandeling_nemen":
            found.append(_take(request, report, f"{path}/{name}"))
        else:
            found.append({"label": step.label, "href": f"{path}/{name}?{terug}"})
    if may_triage and report.state in ASSESSABLE:
        found.insert(min(2, len(found)), _urgency(request, report, path))
    return found


def _take(request: Request, report: Report, href: str) -> dict[str, Any]:
    """Take it in hand oneself with one press, and keep looking at it."""
    return {
        "label": "In behandeling nemen",
        "post": href,
        "fields": {
            "versie": report.version,
            "behandelaar": str(request.identity.user_id),  # type: ignore[union-attr]
            "terug": with_params(request, melding=report.reference),
        },
    }


def _urgency(request: Request, report: Report, path: str) -> dict[str, Any]:
    return {
        "label": "Toch geen spoed" if report.urgent else "Markeren als spoed",
        "post": f"{path}/spoed",
        "fields": {
            "versie": report.version,
            "spoed": "nee" if report.urgent else "ja",
            "terug": with_params(request, melding=report.reference),
        },
    }


def _next_address(request: Request, report: Report, reports: Sequence[Report]) -> str:
    """This list with the report after this one opened; after the last one just the list."""
    references = [row.reference for row in reports]
    later = references[references.index(report.reference) + 1 :] if report in reports else []
    return with_params(request, melding=later[0] if later else None)
