"""Pages of terms: what counts, proposing, deciding, the standing decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any, Final

from dateutil.relativedelta import relativedelta
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response

from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.forms import (
    Button,
    ConflictError,
    Form,
    FormError,
    handle_form,
    no_longer,
)
from stopintimidatie.core.security import Permission
from stopintimidatie.core.text import date_text, datetime_long
from stopintimidatie.core.web.errors import ErrorPage, error_response
from stopintimidatie.core.web.request import Request, form_view, page_view, post_view
from stopintimidatie.municipalities.accountability.services import gate_of
from stopintimidatie.privacy.retention import services
from stopintimidatie.privacy.retention.forms import (
    APPROVE,
    MAXIMUM,
    AnswerSchema,
    schedule_in,
    terms_schema,
    typed,
)
from stopintimidatie.privacy.retention.models import RetentionSchedule
from stopintimidatie.privacy.retention.outlook import overdue, paused_until
from stopintimidatie.privacy.retention.pages import (
    TermsNode,
    difference_rows,
    label_of,
    others_of,
    own_classes,
    proposed_here,
    standing_words,
    state_of,
    table_of,
    version_in,
)
from stopintimidatie.privacy.retention.queries import (
    all_versions,
    due_documents,
    present_version,
)
from stopintimidatie.privacy.retention.rules import (
    DAY,
    Schedule,
    Standing,
    differences,
    schedule_of,
)

P: Final = Permission
MOST_VERSIONS: Final = 100
SOON: Final = relativedelta(months=3)
CHANGED: Final = (
    "Iemand anders deed net een voorstel. Wat u invulde staat er nog; er is niets opgeslagen. Kijk"
    " op de pagina bewaartermijnen wat er is voorgesteld, en open dit formulier opnieuw."
)
DECIDED: Final = "Over dit voorstel is al beslist, of het is ingetrokken. U hoeft niets te doen."


_KINDS: Final[Mapping[Standing | None, str]] = {Standing.IN_FORCE: "info", Standing.ENDED: "error"}


@page_view(TermsNode, "", P.VIEW_RETENTION, "templates/terms.jinja2")
def terms(context: TermsNode, request: Request) -> dict[str, Any]:
    """Show the terms that count, what waits for the archivist, and all versions."""
    classes = own_classes(context, request)
    versions = all_versions(request.db, MOST_VERSIONS)
    present = present_version(request.db)
    schedule = schedule_of(present.content) if present is not None else None
    waiting = next((row for row in versions if row.waits), None)
    why = waiting and services.why_not_approve(request.db, waiting, request.actor)
    standing, words = standing_words(present) if present is not None else (None, None)
    until = paused_until(request.db, context.holder)
    listed = schedule if until not in (None, date.max) else None
    late = _overdue(request, listed, local_date(utc_now())) if listed is not None else []
    return {
        "present": present,
        "maximum": str(schedule.maximum) if schedule is not None else "",
        "rows": table_of(schedule or proposed_here(context, request), classes),
        "others": others_of(context, request),
        "waiting": waiting,
        "refused": next((v for v in versions[:1] if services.is_refusal(v, request.actor)), None),
        "mine": waiting is not None and waiting.proposed_by_id == request.actor.id,
        "why": why,
        "changes": _changes(request, present, waiting),
        "standing": words,
        "ended": standing is Standing.ENDED,
        "late_until": until,
        "late": late,
        "standing_kind": _KINDS.get(standing, "warning"),
        "proposes": bool(request.has_permission(P.PROPOSE_TERMS, context)),
        "approves": bool(request.has_permission(P.APPROVE_TERMS, context)),
        "history": [(row, state_of(row, present)) for row in versions],
        "here": request.resource_path(context).rstrip("/"),
        "gate": gate_of(request.db, context.holder),
    }


def _overdue(request: Request, schedule: Schedule, day: date) -> list[list[Any]]:
    """Return the short classes that should have gone before a day, as rows of a table."""
    late = overdue(request.db, schedule, day)
    return [[label_of(request, code), number, date_text(since)] for code, number, since in late]


def _changes(
    request: Request, present: RetentionSchedule | None, row: RetentionSchedule | None
) -> list[list[str]]:
    """Return the differences of a version with the one that counts now, as rows of a table."""
    if row is None:
        return []
    before = schedule_of(present.content) if present is not None else None
    return difference_rows(request, differences(before, schedule_of(row.content)))


@page_view(TermsNode, "versie", P.VIEW_RETENTION, "templates/version.jinja2")
def version(context: TermsNode, request: Request) -> dict[str, Any]:
    """Show one version, with its differences from the one before it that was approved."""
    row = version_in(request)
    versions = all_versions(request.db, MOST_VERSIONS)
    earlier = next(
        (other for other in versions if other.approved and other.number < row.number), None
    )
    schedule = schedule_of(row.content)
    return {
        "row": row,
        "state": state_of(row, present_version(request.db)),
        "earlier": earlier,
        "changes": _changes(request, earlier, row),
        "rows": table_of(schedule, own_classes(context, request)),
        "maximum": str(schedule.maximum),
        "back": request.resource_path(context),
    }


# Proposing


@form_view(TermsNode, "voorstellen", P.PROPOSE_TERMS, "templates/propose.jinja2")
def propose(context: TermsNode, request: Request) -> Any:
    """Show the form of a proposal, with the newest terms filled in, and take it."""
    classes = own_classes(context, request)
    newest = next(iter(all_versions(request.db, 1)), None)
    number = newest.number if newest is not None else 0
    begun = proposed_here(context, request)
    if newest is not None:
        stored = schedule_of(newest.content)
        kept = {code: row for code, row in stored.choices.items() if code in classes}
        begun = replace(stored, choices={**begun.choices, **kept})
    form = Form(
        terms_schema(classes),
        request,
        buttons=[Button("voorstellen", "Voorstel aan de archivaris sturen")],
        appstruct={**typed(begun), "versie": number},
        cancel_url=request.resource_path(context),
    )

    def on_valid(values: Mapping[str, Any]) -> HTTPSeeOther:
        if values["versie"] != number:
            raise ConflictError(CHANGED)
        schedule = schedule_in(values, classes)
        moment = values["vanaf"] or utc_now()
        try:
            services.propose_terms(
                request.db, context.holder, schedule, moment, values["toelichting"], request.actor
            )
        except services.TermsError as problem:
            raise _refused(problem) from None
        request.flash("Uw voorstel wacht op de archivaris. Tot die het goedkeurt, verandert niets.")
        return HTTPSeeOther(request.resource_path(context))

    page = {"begun": newest, "owner": context.owner}
    return handle_form(request, form, on_valid, page)


def _refused(problem: services.TermsError) -> FormError:
    """Return a refusal at the fields that it is about."""
    if not problem.problems:
        return FormError(str(problem), "vanaf")
    wrong: list[tuple[str, str | None]] = [
        (row.words, f"{row.code or MAXIMUM}.aantal") for row in problem.problems
    ]
    return FormError(*wrong[0], also=wrong[1:])


@post_view(TermsNode, "intrekken", P.PROPOSE_TERMS)
def withdraw(context: TermsNode, request: Request) -> Response:
    """Take back one's own proposal."""
    step = partial(services.withdraw_terms, row=version_in(request))
    said = "Uw voorstel is ingetrokken. De termijnen blijven zoals ze waren."
    return _act(context, request, step, said)


# Deciding


@form_view(
    TermsNode,
    "beslissen",
    P.APPROVE_TERMS,
    "templates/decide.jinja2",
    guards=(recently_confirmed,),
)
def decide(context: TermsNode, request: Request) -> Any:
    """Show a proposal with what it changes, and take the answer of the archivist."""
    row = version_in(request)
    form = Form(
        AnswerSchema(),
        request,
        buttons=[Button("beslissen", "Besluit vastleggen")],
        cancel_url=request.resource_path(context),
    )
    present = present_version(request.db)
    before = schedule_of(present.content) if present is not None else None
    schedule, today = schedule_of(row.content), local_date(utc_now())
    page = {
        "row": row,
        "why": services.why_not_approve(request.db, row, request.actor),
        "changes": _changes(request, present, row),
        "missing": [
            label_of(request, code) for code, kept in schedule.choices.items() if not kept.category
        ],
        "soon": len(due_documents(request.db, schedule, today + SOON)),
        "soon_now": len(due_documents(request.db, before, today + SOON)) if before else 0,
        "short": _overdue(request, schedule, today + DAY),
    }

    def on_valid(values: Mapping[str, Any]) -> HTTPSeeOther:
        if not row.waits:
            raise no_longer(form, DECIDED)
        request.flash(_answer(request, row, values))
        return HTTPSeeOther(request.resource_path(context))

    if not row.waits and request.method == "GET":
        return HTTPSeeOther(request.resource_path(context, "versie", query={"nr": row.number}))
    return handle_form(request, form, on_valid, page)


def _answer(request: Request, row: RetentionSchedule, values: Mapping[str, Any]) -> str:
    """Store the answer; return what to tell the archivist.

    Raises:
        FormError: a reason is missing, or this archivist may not approve it.
    """
    approved = values["besluit"] == APPROVE
    if not approved and not values["reden"]:
        raise FormError("Schrijf op waarom u weigert, dan kan een nieuw voorstel beter.", "reden")
    if approved and values["reden"]:
        raise FormError("Dit hoort alleen bij weigeren. Maak dit veld leeg.", "reden")
    try:
        if approved:
            services.approve_terms(request.db, row, request.actor)
        else:
            services.refuse_terms(request.db, row, values["reden"], request.actor)
    except services.TermsError as problem:
        raise FormError(str(problem), "besluit") from None
    if approved:
        return f"Goedgekeurd. De termijnen gelden vanaf {datetime_long(row.effective_from)}."
    return "Geweigerd. Wie het voorstel deed, leest uw reden."


@post_view(TermsNode, "verlengen", P.APPROVE_TERMS, guards=(recently_confirmed,))
def renew(context: TermsNode, request: Request) -> Response:
    """Note that the archivist looked at the standing decision."""
    return _act(context, request, services.look_at_standing, "Bekeken: het besluit blijft gelden.")


@post_view(TermsNode, "beeindigen", P.APPROVE_TERMS, guards=(recently_confirmed,))
def end(context: TermsNode, request: Request) -> Response:
    """End the standing decision: short classes stay from now on."""
    said = "Beëindigd: korte soorten gaan niet meer weg. De privacyverklaring zegt dat ook."
    return _act(context, request, services.end_standing, said)


def _act(context: TermsNode, request: Request, step: Any, said: str) -> Response:
    try:
        step(request.db, actor=request.actor)
        request.flash(said)
    except services.EndedError as problem:
        lines = (str(problem), "Er is niets gewijzigd. Ga terug naar de bewaartermijnen.")
        return error_response(request, 409, ErrorPage("Dit besluit geldt niet meer", lines))
    except services.TermsError as problem:
        request.flash(str(problem), kind="error")
    return HTTPSeeOther(request.resource_path(context))
