"""Entering a report, and the page with the follow code to read out."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.view import view_config
from sqlalchemy.exc import IntegrityError

from stopintimidatie.clock import utc_now
from stopintimidatie.intake.schema import InvalidMessageError, validate
from stopintimidatie.municipalities.resources import MunicipalityResource
from stopintimidatie.register.queries import present_neighbourhoods_of
from stopintimidatie.reports.fields import Submission
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.paths import path_of_report
from stopintimidatie.reports.resources import ReportResource
from stopintimidatie.reports.vocabulary import Source
from stopintimidatie.security import Permission
from stopintimidatie.storage.session import transaction
from stopintimidatie.triage.entry import (
    EntryError,
    code_to_read_out,
    enter_report,
    place_for,
    report_id,
)
from stopintimidatie.triage.entry_forms import entry_schema, message_of, place_of
from stopintimidatie.web.forms import Button, Form, FormError, handle_form
from stopintimidatie.web.request import Request
from stopintimidatie.web.urls import query_pairs

PAGE = "stopintimidatie.triage:templates/entry.jinja2"


@view_config(
    context=MunicipalityResource,
    name="melding-invoeren",
    request_method=("GET", "POST"),
    permission=Permission.ENTER_REPORT,
    renderer=PAGE,
)
def entry_view(context: MunicipalityResource, request: Request) -> Any:
    """Enter a report that came by telephone, at the counter or from a partner."""
    areas = {area.code: area.name for area in present_neighbourhoods_of(request.db, context.holder)}
    form = Form(
        entry_schema(list(areas.items())),
        request,
        buttons=[Button("bewaren", "Melding bewaren")],
        appstruct={"invoer": str(uuid4())},
        cancel_url=request.resource_path(context, "postvak"),
    )
    return handle_form(request, form, lambda v: _store(context, request, form, areas, v))


def _store(
    context: MunicipalityResource,
    request: Request,
    form: Form,
    areas: dict[str, str],
    values: dict[str, Any],
) -> HTTPSeeOther:
    entry = _uuid(values["invoer"])
    if entry is None:
        raise FormError("Deze pagina is niet meer geldig. Open haar opnieuw.")
    if request.db.get(Report, report_id(_officer(request), entry)) is not None:
        return _to_code(context, request, entry)
    given = _checked(form, values, areas)
    try:
        _receive(context, request, given, values, entry)
    except EntryError as problem:
        raise FormError(str(problem), problem.field) from None
    except IntegrityError:
        # The same form, sent twice at once: the other one has stored it.
        raise _to_code(context, request, entry, afresh=True) from None
    return _to_code(context, request, entry)


def _checked(form: Form, values: dict[str, Any], areas: dict[str, str]) -> Submission:
    """The submission, by the rules of the intake; every fault stands at its field."""
    try:
        return validate(message_of(values, areas.get(values["plek"]["wijk"] or "")), utc_now())
    except InvalidMessageError as invalid:
        first, *others = invalid.errors
        for error in others:
            form.add_error(error.message, place_of(error.path))
        raise FormError(first.message, place_of(first.path)) from None


def _receive(
    context: MunicipalityResource,
    request: Request,
    given: Submission,
    values: dict[str, Any],
    entry: UUID,
) -> None:
    registry, session = request.registry, request.db
    chosen = values["plek"]["wijk"]
    place = place_for(session, registry.locator_cache, context.holder, given.location, chosen)
    source = next(term for term in Source if term.value == values["binnen"]["bron"])
    actor = request.actor
    enter_report(session, registry.key_ring, given, place, source, actor, entry)


def _officer(request: Request) -> UUID:
    return request.identity.user_id  # type: ignore[union-attr]


def _to_code(
    context: MunicipalityResource, request: Request, entry: UUID, *, afresh: bool = False
) -> HTTPSeeOther:
    """To the page that shows the follow code; it is derived anew there.

    :param afresh: the request's own transaction failed, and can be asked nothing more.
    """
    wanted = report_id(_officer(request), entry)
    if afresh:
        with transaction(request.registry.engine, context.holder, write=False) as session:
            path = path_of_report(session, wanted)
    else:
        path = path_of_report(request.db, wanted)
    return HTTPSeeOther(f"{path}/volgcode?invoer={entry}")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@view_config(
    context=ReportResource,
    name="volgcode",
    request_method="GET",
    permission=Permission.ENTER_REPORT,
    renderer="stopintimidatie.triage:templates/follow_code.jinja2",
)
def follow_code_view(context: ReportResource, request: Request) -> dict[str, Any]:
    """The follow code, for half an hour and only for who entered the report."""
    entry = _uuid(dict(query_pairs(request)).get("invoer", ""))
    code = entry and code_to_read_out(
        request.registry.key_ring, context.report, _officer(request), entry
    )
    if not code:
        raise HTTPNotFound()
    return {"code": code, "report": context.report, "here": request.resource_path(context)}
