"""Pages of terms: what counts, proposing, deciding, the standing decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

from dateutil.relativedelta import relativedelta
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther

from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.forms import (
    Button,
    ConflictError,
    Form,
    FormError,
    ask_values,
    handle_form,
    no_longer,
)
from stopintimidatie.core.security import Permission
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.models import Base
from stopintimidatie.core.storage.retention import RETENTION_CLASSES, RetentionClass, Way
from stopintimidatie.core.text import datetime_long
from stopintimidatie.core.web.request import Request, form_view, page_view, post_view
from stopintimidatie.municipalities.accountability.services import gate_of
from stopintimidatie.municipalities.areas.resources import HolderBranch, holder_levels
from stopintimidatie.municipalities.settings.queries import published_for
from stopintimidatie.privacy.retention import services
from stopintimidatie.privacy.retention.forms import (
    APPROVE,
    AnswerSchema,
    schedule_in,
    terms_schema,
    typed,
)
from stopintimidatie.privacy.retention.models import RetentionSchedule
from stopintimidatie.privacy.retention.queries import (
    all_versions,
    due_documents,
    paused_until,
    present_version,
    version_numbered,
)
from stopintimidatie.privacy.retention.rules import (
    DAY,
    DOUBLE,
    Schedule,
    chosen_classes,
    differences,
    proposal,
    schedule_of,
    standing_of,
)
from stopintimidatie.privacy.retention.timelines import overdue

P: Final = Permission
NAME: Final = "bewaartermijnen"
# The largest number of a version that is looked up.
_MOST: Final = 1_000_000
MOST_VERSIONS: Final = 100
SOON: Final = relativedelta(months=3)
CHANGED: Final = (
    "Iemand anders deed net een voorstel. Wat u invulde staat er nog; er is niets opgeslagen. Kijk"
    " op de pagina bewaartermijnen wat er is voorgesteld, en open dit formulier opnieuw."
)
DECIDED: Final = "Over dit voorstel is al beslist, of het is ingetrokken. U hoeft niets te doen."


class TermsNode(HolderBranch):
    """/gemeenten/dordrecht/bewaartermijnen: the terms of a holder, in versions; so at the desk."""

    kind = NAME
    label = "Bewaartermijnen"


LEVELS: Final = tuple(holder_levels(TermsNode, TermsNode))


def _own_classes(context: TermsNode, request: Request) -> dict[str, RetentionClass]:
    """Return the classes whose term the holder of a page chooses, by code."""
    every = RETENTION_CLASSES.of(request.registry)
    return chosen_classes(every, desk=context.holder == NATIONAL)


def _proposed_here(context: TermsNode, request: Request) -> Schedule:
    """Return the terms that the product proposes to the holder of a page."""
    return proposal(RETENTION_CLASSES.of(request.registry), desk=context.holder == NATIONAL)


def _other_classes(context: TermsNode, request: Request) -> list[RetentionClass]:
    """Return the classes of which the holder doesn't choose the term."""
    own, desk = _own_classes(context, request), context.holder == NATIONAL
    police, tables = (
        published_for(request.db, context.holder).keeps_police_data,
        Base.metadata.tables,
    )
    return [
        row
        for code, row in RETENTION_CLASSES.of(request.registry).items()
        if code not in own
        and row.desk in (None, desk)
        and (code == DOUBLE or row.way is not Way.LIST)
        and (police or not any(tables[name].info.get("apart") for name in row.tables))
    ]


def _version_in(request: Request) -> RetentionSchedule:
    """Return the version that the address names.

    Raises:
        HTTPNotFound: there is no such version.
    """
    wanted = str(request.params.get("nr", ""))
    known = wanted.isascii() and wanted.isdigit() and int(wanted[:8]) < _MOST
    row = version_numbered(request.db, int(wanted[:8])) if known else None
    if row is None:
        raise HTTPNotFound()
    return row


@page_view(TermsNode, "", P.VIEW_RETENTION, "templates/terms.jinja2")
def terms(context: TermsNode, request: Request) -> dict[str, Any]:
    """Show the terms that count, what waits for the archivist, and all versions."""
    classes = _own_classes(context, request)
    versions = all_versions(request.db, MOST_VERSIONS)
    present = present_version(request.db)
    schedule = schedule_of(present.content) if present is not None else None
    waiting = next((row for row in versions if row.waits), None)
    until = paused_until(request.db, context.holder)
    listed = schedule if until not in (None, date.max) else None
    today = local_date(utc_now())
    return {
        "present": present,
        "schedule": schedule or _proposed_here(context, request),
        "classes": classes,
        "all_classes": RETENTION_CLASSES.of(request.registry),
        "others": _other_classes(context, request),
        "waiting": waiting,
        "refused": next((v for v in versions[:1] if services.is_refusal(v, request.actor)), None),
        "mine": waiting is not None and waiting.proposed_by_id == request.actor.id,
        "why": waiting and services.why_not_approve(request.db, waiting, request.actor),
        "changes": _changes(present, waiting),
        "standing": standing_of(present.look_by, present.standing_until, today)
        if present
        else None,
        "late_until": until,
        "late": overdue(request.db, listed, today) if listed is not None else [],
        "proposes": bool(request.has_permission(P.PROPOSE_TERMS, context)),
        "approves": bool(request.has_permission(P.APPROVE_TERMS, context)),
        "versions": versions,
        "now": utc_now(),
        "here": request.resource_path(context).rstrip("/"),
        "gate": gate_of(request.db, context.holder),
        "register": request.resource_path(context.__parent__, "verwerkingen"),
    }


def _changes(
    before: RetentionSchedule | None, after: RetentionSchedule | None
) -> Sequence[tuple[str, Any, Any]]:
    """Return where a version differs from another one; all of it when there was none."""
    if after is None:
        return ()
    earlier = schedule_of(before.content) if before is not None else None
    return differences(earlier, schedule_of(after.content))


@page_view(TermsNode, "versie", P.VIEW_RETENTION, "templates/version.jinja2")
def version(context: TermsNode, request: Request) -> dict[str, Any]:
    """Show one version, with its differences from the one before it that was approved."""
    row = _version_in(request)
    versions = all_versions(request.db, MOST_VERSIONS)
    earlier = next(
        (other for other in versions if other.approved and other.number < row.number), None
    )
    return {
        "row": row,
        "present": present_version(request.db),
        "now": utc_now(),
        "earlier": earlier,
        "changes": _changes(earlier, row),
        "schedule": schedule_of(row.content),
        "classes": _own_classes(context, request),
        "all_classes": RETENTION_CLASSES.of(request.registry),
        "back": request.resource_path(context),
    }


# Proposing


@form_view(TermsNode, "voorstellen", P.PROPOSE_TERMS, "templates/propose.jinja2")
def propose(context: TermsNode, request: Request) -> Any:
    """Show the form of a proposal, with the newest terms filled in, and take it."""
    classes = _own_classes(context, request)
    newest = next(iter(all_versions(request.db, 1)), None)
    number = newest.number if newest is not None else 0
    begun = _proposed_here(context, request)
    if newest is not None:
        stored = schedule_of(newest.content)
        kept = {code: row for code, row in stored.choices.items() if code in classes}
        begun = replace(stored, choices={**begun.choices, **kept})

    def act(values: Mapping[str, Any]) -> None:
        if values["versie"] != number:
            raise ConflictError(CHANGED)
        schedule = schedule_in(values, classes)
        moment = values["vanaf"] or utc_now()
        services.propose_terms(
            request.db, context.holder, schedule, moment, values["toelichting"], request.actor
        )
        request.flash("Uw voorstel wacht op de archivaris. Tot die het goedkeurt, verandert niets.")

    schema = terms_schema(classes)
    button = Button("voorstellen", "Voorstel aan de archivaris sturen")
    back, page = request.resource_path(context), {"begun": newest, "owner": context.owner}
    given = {**typed(begun), "versie": number}
    return ask_values(request, schema, button, act, back, page, given=given)


@post_view(TermsNode, "intrekken", P.PROPOSE_TERMS)
def withdraw(context: TermsNode, request: Request) -> HTTPSeeOther:
    """Take back one's own proposal."""
    services.withdraw_terms(request.db, _version_in(request), request.actor)
    request.flash("Uw voorstel is ingetrokken. De termijnen blijven zoals ze waren.")
    return HTTPSeeOther(request.resource_path(context))


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
    row = _version_in(request)
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
        "changes": _changes(present, row),
        "all_classes": RETENTION_CLASSES.of(request.registry),
        "missing": [code for code, kept in schedule.choices.items() if not kept.category],
        "soon": len(due_documents(request.db, schedule, today + SOON)),
        "soon_now": len(due_documents(request.db, before, today + SOON)) if before else 0,
        "short": overdue(request.db, schedule, today + DAY),
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
    if approved:
        services.approve_terms(request.db, row, request.actor)
        return f"Goedgekeurd. De termijnen gelden vanaf {datetime_long(row.effective_from)}."
    services.refuse_terms(request.db, row, values["reden"], request.actor)
    return "Geweigerd. Wie het voorstel deed, leest uw reden."


@post_view(TermsNode, "verlengen", P.APPROVE_TERMS, guards=(recently_confirmed,))
def renew(context: TermsNode, request: Request) -> HTTPSeeOther:
    """Note that the archivist looked at the standing decision."""
    services.look_at_standing(request.db, request.actor)
    request.flash("Bekeken: het besluit blijft gelden.")
    return HTTPSeeOther(request.resource_path(context))


@post_view(TermsNode, "beeindigen", P.APPROVE_TERMS, guards=(recently_confirmed,))
def end(context: TermsNode, request: Request) -> HTTPSeeOther:
    """End the standing decision: short classes stay from now on."""
    services.end_standing(request.db, request.actor)
    request.flash("Beëindigd: korte soorten gaan niet meer weg. De privacyverklaring zegt dat ook.")
    return HTTPSeeOther(request.resource_path(context))
