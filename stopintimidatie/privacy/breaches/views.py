"""The register of breaches, the page of one breach with its form, and what was told to whom."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from pyramid.httpexceptions import HTTPForbidden, HTTPNotFound, HTTPSeeOther
from sqlalchemy import null, select

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Button, Form, FormError, handle_form, later_version
from stopintimidatie.core.mail.message import render
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.text import plural
from stopintimidatie.core.web.register import read_register
from stopintimidatie.core.web.request import Request, form_view, page_view, post_view
from stopintimidatie.dossiers.pages import roles_at
from stopintimidatie.municipalities.accountability.rules import (
    CONTROLLERS,
    Controller,
    controller_of,
)
from stopintimidatie.municipalities.accountability.services import account_of
from stopintimidatie.municipalities.areas.resources import (
    HolderBranch,
    RowResource,
    holder_levels,
    row_levels,
)
from stopintimidatie.municipalities.settings.queries import published_for
from stopintimidatie.privacy.breaches import clock, forms, queries, services, vocabulary
from stopintimidatie.privacy.breaches.models import Breach
from stopintimidatie.privacy.breaches.queries import count, list_breaches
from stopintimidatie.privacy.breaches.vocabulary import KIND, NoticeKind
from stopintimidatie.privacy.holds.services import documents_of
from stopintimidatie.privacy.log.resources import LogDocument

NAME: Final = "datalekken"
_TEMPLATES: Final = "stopintimidatie.privacy.breaches:templates"
FORM: Final = f"{_TEMPLATES}/form.jinja2"
AP, TELL, SHARE = "ap", "vertellen", "gemeenten"
CLOSE, REOPEN = "afsluiten", "heropenen"


PATTERN: Final = re.compile(r"D-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}")


class BreachRegister(HolderBranch):
    """/gemeenten/dordrecht/datalekken, or /landelijk/datalekken."""

    kind = NAME
    label = "Datalekken"


class BreachResource(RowResource):
    """/gemeenten/dordrecht/datalekken/D-4F7K-2QXJ."""

    kind = KIND

    @property
    def title(self) -> str:
        """The name in the trail."""
        return f"Datalek {self.row.reference}"


LEVELS: Final = (
    *holder_levels(BreachRegister, BreachRegister),
    *row_levels(BreachResource, NAME, PATTERN, Breach),
)

IN_LOG: Final = LogDocument(
    KIND,
    select(Breach.id, Breach.reference, null()),
    Permission.VIEW_BREACHES,
    f"{{home}}/{NAME}/{{name}}",
)


@page_view(BreachRegister, "", Permission.VIEW_BREACHES, f"{_TEMPLATES}/register.jinja2")
def register_view(context: BreachRegister, request: Request) -> dict[str, Any]:
    """Show the register: what waits for a decision about the AP first."""
    now = utc_now()
    breaches = read_register(request, count(request.db), partial(list_breaches, request.db))
    first = queries.first_notices(request.db, [row.id for row in breaches.rows])
    return {
        "breaches": breaches,
        "clocks": {
            row.id: clock.clock_words(row.state, row.due_at, first.get(row.id), now)
            for row in breaches.rows
        },
        "late": sum(row.state in clock.COUNTS and now > row.due_at for row in breaches.rows),
        "here": request.resource_path(context).rstrip("/"),
        "causes": dict(vocabulary.Cause.choices()),
        "states": dict(vocabulary.State.choices()),
        "report_href": request.resource_path(context.__parent__, "datalek-melden"),
    }


@form_view(BreachResource, "", Permission.VIEW_BREACHES, f"{_TEMPLATES}/breach.jinja2")
def breach_view(context: BreachResource, request: Request) -> Any:
    """Show one breach: its clock and all that is known of it, as a form to add to while open."""
    breach = context.row
    page = _breach_page(context, request)
    if not _may_handle(context, request):
        return {**page, "form": None}
    people = queries.latest_about_people(page["notices"])
    form = Form(
        forms.breach_schema(page["counted"].total),
        request,
        buttons=[Button("opslaan", "Opslaan")],
        appstruct=forms.known_of(breach, people),
    )

    def act(values: dict[str, Any]) -> str:
        known = forms.read_known(breach, values)
        if values["kenmerken"]:
            roles = roles_at(request, context.holder)
            rows = documents_of(request.db, values["kenmerken"], roles)
            services.add_reports(request.db, breach, rows, request.actor)
        kind, text = values["betrokkenen"], values["hoe"]
        if kind and (people is None or (people.kind, people.text) != (kind, text)):
            services.note_people(request.db, breach, kind, text, request.actor)
        services.save(request.db, breach, known, request.actor)
        return "Opgeslagen."

    return _take(context, request, form, act, lambda: page)


def _breach_page(context: BreachResource, request: Request) -> dict[str, Any]:
    breach, session = context.row, request.db
    facts, moves = _facts_page(context, request), queries.moves_of(session, breach)
    return {
        **facts,
        "counts": breach.state in clock.COUNTS,
        "late": breach.state in clock.COUNTS and utc_now() > breach.due_at,
        "documents": read_register(
            request, facts["counted"].total, partial(queries.documents_of, session, breach)
        ),
        "towns": queries.towns_given(session, moves),
        "moves": moves,
        "may_handle": bool(request.has_permission(Permission.HANDLE_BREACHES, context)),
    }


def _facts_page(context: BreachResource, request: Request) -> dict[str, Any]:
    """Return what the pages about a breach have in common."""
    breach, session = context.row, request.db
    note_read(request, context.holder, KIND, [breach.id], task="datalek lezen")
    notices, lost = queries.notices_of(session, breach), queries.lost_of(session, breach)
    first = next((row.sent_at for row in notices if row.kind == NoticeKind.FIRST), None)
    counted = queries.tally(session, breach)
    return {
        "breach": breach,
        "owner": context.owner,
        "is_desk": context.holder == NATIONAL,
        "here": request.resource_path(context).rstrip("/"),
        "state": vocabulary.State.word(breach.state),
        "clock": clock.clock_words(breach.state, breach.due_at, first, utc_now()),
        "notices": notices,
        "counted": counted,
        "lost": lost,
        "lost_kinds": queries.kinds_in(session, lost) if lost else "",
        "labels": vocabulary.FACTS,
        "causes": dict(vocabulary.Cause.choices()),
        "risks": dict(vocabulary.Risk.choices()),
        "notice_kinds": dict(NoticeKind.choices()),
        "categories": dict(vocabulary.Category.choices()),
        "groups": dict(vocabulary.Group.choices()),
    }


@form_view(BreachResource, AP, Permission.VIEW_BREACHES, f"{_TEMPLATES}/ap.jinja2")
def ap_view(context: BreachResource, request: Request) -> Any:
    """Show what the AP asks, to copy into its form; and note what was sent, in each phase."""
    breach = context.row
    page = _ap_page(context, request)
    if not _may_handle(context, request):
        return {**page, "form": None}
    first = not clock.stands([row.kind for row in page["notices"]])
    form = Form(
        forms.ap_schema(breach, first=first),
        request,
        buttons=[Button("vastleggen", "Vastleggen")],
        appstruct={"op": forms.whole_minute(utc_now()), "versie": breach.version},
        cancel_url=request.resource_path(context),
    )

    def act(values: dict[str, Any]) -> str:
        services.notify_ap(request.db, breach, values, request.actor)
        return "Vastgelegd wat u bij de AP meldde."

    return _take(context, request, form, act, lambda: page)


def _ap_page(context: BreachResource, request: Request) -> dict[str, Any]:
    breach = context.row
    controller = controller_of(account_of(request.db, context.holder).content)
    new = queries.new_since_notice(queries.moves_of(request.db, breach))
    return {
        **_facts_page(context, request),
        "controller": dict(CONTROLLERS).get(controller.code, controller.code),
        "fg": officer_of(controller),
        "new": new,
        "about_people": clock.ABOUT_PEOPLE,
        "was_late": bool(breach.late_reason) or clock.is_late(breach.due_at, utc_now()),
    }


@form_view(BreachResource, TELL, Permission.HANDLE_BREACHES, FORM)
def tell_view(context: BreachResource, request: Request) -> Any:
    """Write to the reporters, who read it on the follow page of their report."""
    breach = context.row
    counted = queries.tally(request.db, breach)
    left = counted.left
    if counted.reached and not left:
        request.flash("Dit is al verteld.", "info")
        return HTTPSeeOther(request.resource_path(context))
    if not left or not _may_handle(context, request):
        raise HTTPNotFound()
    controller = controller_of(account_of(request.db, context.holder).content)
    town = None if context.holder == NATIONAL else context.holder
    about = {
        "phone": published_for(request.db, town).telephone,
        "officer": officer_of(controller),
    }
    # The text that is proposed to reporters (art. 34(2) AVG).
    dutch, english = (
        render(f"{_TEMPLATES}/told/{each}.txt.jinja2", about) for each in ("nl", "en")
    )
    reporters = plural(left, "melder", "melders")
    form = Form(
        forms.tell_schema(),
        request,
        buttons=[Button("vertellen", f"Vertellen aan {reporters}")],
        appstruct={"tekst": dutch, "engels": english, "versie": breach.version},
        cancel_url=request.resource_path(context),
    )

    def act(values: dict[str, Any]) -> str:
        text, english = values["tekst"], values["engels"]
        for name in ("tekst", "engels"):
            if set("[]") & set(values[name]):
                raise FormError("Vul eerst in wat tussen haken staat, en haal de haken weg.", name)
        kind = NoticeKind.PEOPLE.value
        services.note_people(request.db, breach, kind, text, request.actor, english)
        return f"Het bericht gaat nu naar {reporters}. Ververs de pagina om te zien hoe ver het is."

    page = partial(_form_page, context, request, TELL)
    return _take(context, request, form, act, page)


@form_view(BreachResource, SHARE, Permission.HANDLE_BREACHES, FORM)
def share_view(context: BreachResource, request: Request) -> Any:
    """Give a breach at desk or supplier to municipalities, each with an entry of its own."""
    if context.holder != NATIONAL or not _may_handle(context, request):
        raise HTTPNotFound()
    towns = queries.connected(request.db)
    form = Form(
        forms.share_schema(towns),
        request,
        buttons=[Button("doorgeven", "Doorgeven")],
        appstruct={"versie": context.row.version},
        cancel_url=request.resource_path(context),
    )

    def act(values: dict[str, Any]) -> str:
        chosen = list(values["gemeenten"])
        if values["alle"] and chosen:
            raise FormError("Kies alle gemeenten, of vink aan welke. Niet allebei.", "gemeenten")
        codes = [row.code for row in towns] if values["alle"] else chosen
        if not codes:
            raise FormError("Kies minstens één gemeente.", "gemeenten")
        services.share(request.db, context.row, codes, request.actor)
        number = plural(len(codes), "gemeente krijgt", "gemeenten krijgen")
        return f"{number} dit datalek in het eigen register, en bericht."

    page = partial(_form_page, context, request, SHARE)
    return _take(context, request, form, act, page)


def _form_page(context: BreachResource, request: Request, form: str) -> dict[str, Any]:
    note_read(request, context.holder, KIND, [context.row.id], task="datalek lezen")
    return {"page": form, "above": context.title, "lost": None}


def officer_of(controller: Controller) -> str:
    """Return function and address of the data protection officer; empty when not filled in."""
    return ", ".join(filter(None, (controller.officer, controller.officer_address)))


@post_view(BreachResource, CLOSE, Permission.HANDLE_BREACHES)
def close_view(context: BreachResource, request: Request) -> HTTPSeeOther:
    """Close a breach of which everything is documented."""
    return _settle(context, request, services.close, "Het datalek is afgesloten.")


@post_view(BreachResource, REOPEN, Permission.HANDLE_BREACHES)
def reopen_view(context: BreachResource, request: Request) -> HTTPSeeOther:
    """Open a closed breach again."""
    return _settle(context, request, services.reopen, "Het datalek is weer open.")


def _settle(
    context: BreachResource, request: Request, act: Callable[..., None], done: str
) -> HTTPSeeOther:
    services.lock(request.db, context.row)
    # A second click finds it done.
    if (context.row.closed_at is None) is (act is services.close):
        try:
            act(request.db, context.row, request.actor)
        except FormError as problem:
            request.flash(problem.message, "warning")
            return HTTPSeeOther(request.resource_path(context))
    request.flash(done)
    return HTTPSeeOther(request.resource_path(context))


def _may_handle(context: BreachResource, request: Request) -> bool:
    """Tell whether this person may change a breach now; nothing of a closed one changes.

    Raises:
        HTTPForbidden: Something is sent by who only reads breaches.
        HTTPNotFound: Something is sent about a breach that is closed.
    """
    may = bool(request.has_permission(Permission.HANDLE_BREACHES, context))
    open_ = context.row.closed_at is None
    if request.method == "POST" and not (may and open_):
        raise HTTPNotFound() if may else HTTPForbidden()
    return may and open_


def _take(
    context: BreachResource,
    request: Request,
    form: Form,
    act: Callable[[dict[str, Any]], str],
    page: Callable[[], dict[str, Any]],
) -> Any:
    """Show a form about a breach; take it unless somebody else changed the breach meanwhile."""

    def on_valid(values: dict[str, Any]) -> Any:
        services.lock(request.db, context.row)
        if context.row.version != values["versie"]:
            raise later_version(form, context.row)
        request.flash(act(values))
        return HTTPSeeOther(request.resource_path(context))

    return handle_form(request, form, on_valid, page)
