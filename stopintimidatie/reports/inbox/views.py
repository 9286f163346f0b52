"""The inbox, the quarantine, and /m/M-4F7K-2QX9: the short address that leads to a report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.view import view_config
from sqlalchemy import select

from stopintimidatie.core import forms
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Button, Form, FormError, Schema, field, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.storage.session import COUNTED
from stopintimidatie.core.text import ago, datetime_short, days_until, plural
from stopintimidatie.core.tree import Container, Resource
from stopintimidatie.core.web.components import ListItem
from stopintimidatie.core.web.request import (
    NavItem,
    Paging,
    Request,
    query_pairs,
    wanted_page,
    with_params,
    worth_counting,
)
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS
from stopintimidatie.municipalities.areas.models import Neighbourhood
from stopintimidatie.municipalities.areas.queries import neighbourhoods_of
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.reports import words as reports_words
from stopintimidatie.reports.inbox.queries import (
    Facet,
    Reader,
    count_reports,
    facets,
    filters_from,
    list_reports,
    presets,
)
from stopintimidatie.reports.inbox.services import (
    OPENED_BY,
    REASONS,
    address_for,
    choice_of,
    count_quarantined,
    decide,
    is_choice,
    quarantined,
)
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.page import queries as page_queries
from stopintimidatie.reports.page import steps as page_steps
from stopintimidatie.reports.page.views import TOMBSTONES
from stopintimidatie.reports.resources import GONE, ReportResource
from stopintimidatie.reports.rules import marked, normalise_reference
from stopintimidatie.reports.services import report_path
from stopintimidatie.reports.triage.panels import BESIDE, similar_values
from stopintimidatie.reports.triage.services import ASSESSABLE
from stopintimidatie.reports.vocabulary import KIND

TEMPLATE: Final = "stopintimidatie.reports.inbox:templates/quarantine.jinja2"
# Characters of the description in the list, and in quarantine.
SNIPPET: Final = 140
QUARANTINE_SNIPPET: Final = 160
RELEASE, REJECT = "vrijgeven", "afwijzen"
# One choice and one button: each reason for not handling a report is one of the choices.
DECISIONS: Final = (
    (RELEASE, "Uit quarantaine halen"),
    *((code, f"Niet in behandeling nemen: {words}") for code, words in REASONS),
)
DONE: Final = {RELEASE: "uit quarantaine gehaald", REJECT: "niet in behandeling genomen"}


class ShortAddresses(Container):
    """The short addresses, below `/m`."""

    def __getitem__(self, name: str) -> Resource:
        reference = normalise_reference(name)
        if reference is None:
            raise KeyError(name)
        return ShortAddress(name, self, reference)


class ShortAddress(Container):
    """A reference as somebody typed it; it tells nothing about whether the report exists."""

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
    if not path:
        raise HTTPNotFound()
    return HTTPSeeOther(path)


@view_config(
    context=MunicipalityResource,
    name="postvak",
    request_method="GET",
    permission=Permission.VIEW_REPORT,
    renderer="stopintimidatie.reports.inbox:templates/inbox.jinja2",
)
def inbox_view(context: MunicipalityResource, request: Request) -> dict[str, Any]:
    """Show a page of the reports that these filters leave, and one of them opened."""
    session, reader = request.db, _reader(request)
    filters = filters_from(query_pairs(request))
    wanted_number = wanted_page(request)
    most = worth_counting(wanted_number, COUNTED)
    total = count_reports(session, context.holder, filters, reader, most)
    paging = Paging.counted(wanted_number, total, most)
    reports = list_reports(session, context.holder, filters, reader, paging.offset, paging.size)
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
        "facets": facets(session, context.holder, filters, reader, total),
        "filters": filters,
        "chips": _chips,
        "wanted": wanted,
        "detail": detail,
        "may_enter": request.has_permission(Permission.ENTER_REPORT, context),
        "choose": "melding" if request.has_permission(Permission.EDIT_DOSSIER, context) else None,
        "enter": request.resource_path(context, "melding-invoeren"),
        "here": request.path,
        "summary": reports_words,
    }


def _reader(request: Request) -> Reader:
    identity = request.identity
    assert identity is not None  # noqa: S101 - the view needs a permission
    return Reader(identity.user_id, utc_now())


def _opened(
    session: Any, holder: str, reports: Sequence[Report], request: Request
) -> tuple[bool, Report | None]:
    """Return whether one was asked for, and the report to show: that one, or else the first."""
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
        title=reports_words.heading(report),
        href=with_params(request, melding=report.reference),
        badges=reports_words.badges(report),
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
        for preset in presets(session, context.holder, reader)
    ]


def _chips(shown: Sequence[Facet], request: Request) -> list[tuple[str, str]]:
    """Return the filters in force in words, each with the address without it."""
    filters = filters_from(query_pairs(request))
    found: list[tuple[str, str]] = []
    for facet in shown:
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
    """Return the report in hand: the summary, and the decisions that take one press."""
    area = areas.get(report.neighbourhood_code or "")
    path = report_path(report, context.municipality.slug, area.slug if area else None)
    names = reports_words.AreaNames(neighbourhood=area.name if area else None)
    people = [report.handler_id] if report.handler_id else []
    return {
        "report": report,
        "path": path,
        "tombstone": report.state in TOMBSTONES,
        "names": names,
        "account": marked(report.description) if report.description else None,
        "handler": page_queries.names_of(request.db, people).get(str(report.handler_id)),
        "decisions": _decisions(context, request, report, path, reports),
        "similar": _similar(context, request, report, path, reports),
    }


def _ids_beside(detail: Mapping[str, Any] | None) -> list[UUID]:
    """Return the ids of the reports that are shown as similar to the one in hand."""
    beside = detail["similar"] if detail else None
    return [other.id for other in beside["similar"]] if beside else []


def _similar(
    context: MunicipalityResource,
    request: Request,
    report: Report,
    path: str,
    reports: Sequence[Report],
) -> dict[str, Any] | None:
    """Return the similar ones beside it; closing it as double goes on to the next report."""
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
    """Return what can be done, in order; the first four have a key. Posts go to the next report."""
    resource = ReportResource(report.reference, context, report)
    after = _next_address(request, report, reports)
    terug = urlencode({"terug": after})
    found: list[dict[str, Any]] = []
    may_triage = request.has_permission(Permission.TRIAGE, resource)
    if may_triage and report.state in ASSESSABLE:
        found.append({"label": "Beoordelen", "href": f"{path}/triage?{terug}", "kind": "primary"})
    for step in page_steps.possible_steps(request, resource):
        name = page_steps.step_name(step)
        if step.name == "in_behandeling_nemen":
            found.append(_take(request, report, f"{path}/{name}"))
        else:
            found.append({"label": step.label, "href": f"{path}/{name}?{terug}"})
    if may_triage and report.state in ASSESSABLE:
        found.insert(min(2, len(found)), _urgency(request, report, path))
    return found


def _take(request: Request, report: Report, href: str) -> dict[str, Any]:
    """Return the decision to take it in hand oneself with one press, and keep looking at it."""
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
    """Return this list with the next report opened; after the last one just the list."""
    references = [row.reference for row in reports]
    later = references[references.index(report.reference) + 1 :] if report in reports else []
    return with_params(request, melding=later[0] if later else None)


def quarantine_schema(choices: list[tuple[str, str]]) -> Any:
    """Build the form that decides about reports in quarantine."""
    schema = Schema()
    schema.add(
        field(
            forms.ManyOf(choices),
            "Meldingen",
            name="meldingen",
            description="Vink aan waarover u beslist, of vink er onder alles tegelijk aan.",
            missing=(),
        )
    )
    schema.add(field(forms.Flag(), "Alle meldingen op deze pagina", name="alle", missing=False))
    schema.add(field(forms.OneOf(DECISIONS, radio=True), "Wat besluit u?", name="besluit"))
    schema.add(
        field(
            forms.Text(500),
            "Reden",
            name="reden",
            description="Waarom u dit besluit. Dit komt bij elke melding in de geschiedenis.",
        )
    )
    return schema


@view_config(
    context=MunicipalityResource,
    name="quarantaine",
    request_method=("GET", "POST"),
    permission=Permission.RELEASE,
    renderer=TEMPLATE,
)
def quarantine_view(context: Any, request: Request) -> Any:
    """Decide about what was put aside at this holder. The desk's own tree has the same page."""
    reports = quarantined(request.db, context.holder)
    ids = [report.id for report in reports]
    form = _form(request, _choices(reports, request))

    def page() -> dict[str, Any]:
        note_read(request, context.holder, KIND, ids, task="quarantaine")
        return {
            "total": count_quarantined(request.db, context.holder, COUNTED),
            "counted": COUNTED,
            "shown": len(ids),
            "failed": [],
            "done": 0,
        }

    return handle_form(
        request, form, lambda values: _decide(context, request, reports, values, page), page
    )


def _form(request: Request, choices: list[tuple[str, str]]) -> Form:
    return Form(quarantine_schema(choices), request, buttons=[Button("vastleggen", "Vastleggen")])


def _choices(reports: Any, request: Request) -> list[tuple[str, str]]:
    """Return those on the page, and those that were ticked and aren't there any more."""
    here = [(choice_of(report), _label(report)) for report in reports]
    posted = request.POST.getall("meldingen") if request.method == "POST" else []
    known = {code for code, _ in here}
    gone = {text for text in posted[:1000] if isinstance(text, str) and is_choice(text)}
    return [*here, *((text, text.partition(".")[0]) for text in sorted(gone - known))]


def _label(report: Report) -> str:
    text = " ".join((report.description or "Zonder verhaal.").split())
    short = text if len(text) <= QUARANTINE_SNIPPET else text[: QUARANTINE_SNIPPET - 1] + "…"
    when = datetime_short(report.received_at)
    return f"{report.reference} · {when} · {reports_words.heading(report)}. {short}"


def _decide(
    context: Any, request: Request, reports: Any, values: Any, page: Callable[[], dict[str, Any]]
) -> Any:
    """Decide about what was ticked; answer the page anew when some of it couldn't be done."""
    decision = values["besluit"]
    step = RELEASE if decision == RELEASE else REJECT
    chosen = list(values["meldingen"])
    if values["alle"]:
        chosen += [c for c in map(choice_of, reports) if c not in chosen]
    if not chosen:
        raise FormError("Kies ten minste één melding.", "meldingen")
    answers = {"reden": values["reden"]}
    if step == REJECT:
        answers["reden_code"] = decision
    failed = decide(
        request.db,
        WORKFLOW_EFFECTS.of(request.registry),
        context.holder,
        chosen,
        step,
        answers,
        request.actor,
    )
    number = len(chosen) - len(failed)
    if not failed:
        request.flash(f"{plural(number, 'melding', 'meldingen')} {DONE[step]}.")
        return HTTPSeeOther(request.path)
    return _with_failures(context, request, page(), failed, f"{number} {DONE[step]}")


def _with_failures(
    context: Any, request: Request, page: dict[str, Any], failed: Any, done: str
) -> dict[str, Any]:
    """Return the page anew, with what couldn't be decided and why."""
    left = quarantined(request.db, context.holder)
    fresh = _form(request, [(choice_of(report), _label(report)) for report in left])
    total = count_quarantined(request.db, context.holder, COUNTED)
    return {**page, "form": fresh, "failed": failed, "done": done, "total": total}
