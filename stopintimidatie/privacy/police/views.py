"""Pages of the persons named for police data; for everybody else none of them is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy import select

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Button, FormError, ask_values
from stopintimidatie.core.second import why_not
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.permissions import may
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import date_text, day_of, uuid_of
from stopintimidatie.core.tree import lineage
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.register import read_rows
from stopintimidatie.core.web.request import Request, form_view, page_view, query_pairs
from stopintimidatie.dossiers.pages import roles_at
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.municipalities.areas.resources import PLACES
from stopintimidatie.privacy.police import forms, resources, services
from stopintimidatie.privacy.police.marking import judge, still_waits
from stopintimidatie.privacy.police.models import Article, Origin, PoliceEvent, PoliceItem
from stopintimidatie.privacy.police.pieces import Document, attachment_of
from stopintimidatie.privacy.police.switch import ASKED
from stopintimidatie.reports.attachments.services import content_of as content_of_file

_TEMPLATES: Final = "stopintimidatie.privacy.police:templates"
ENTER: Final = "vastleggen"
ACTION: Final = "optreden"
DECIDE: Final = "beslissen"
COMPLETE: Final = "aanvullen"
LOG: Final = "logboek"
FILE: Final = "bestand"
P: Final = Permission.POLICE_DATA
# Words for an item: the article, or the way it came.
GROUNDS: Final = {**dict(Origin.choices()), **dict(Article.choices())}
# The marker of something reads that too; `wanted_item` looks at who asks.
SEEN: Final = Permission.VIEW_MUNICIPALITY


@page_view(resources.PoliceList, "", P, f"{_TEMPLATES}/list.jinja2", guards=ASKED)
def list_view(context: resources.PoliceList, request: Request) -> dict[str, Any]:
    """Show what the police disclosed, the first to decide on first: no word of any of it."""
    roles = roles_at(request, context.holder)
    items = read_rows(request, resources.items_of(context.holder, roles))
    services.note_police_read(request, context.holder, "lijst")
    assert request.identity is not None  # noqa: S101 - the permission sees to that
    return {
        "items": items,
        "places": resources.places_of(request.db, items.rows, roles),
        "grounds": GROUNDS,
        "soon": day_of(utc_now()) + resources.NEAR,
        "late": len(
            request.db.scalars(resources.waiting(context.holder, request.identity).limit(100)).all()
        ),
        "here": request.resource_path(context),
    }


def wanted_item(
    context: resources.PoliceList, request: Request
) -> tuple[PoliceItem, resources.Place]:
    """Return the item that an address names, with how it is called and what it is about.

    Who isn't named reads what they marked themselves, or must look after (`open_marks`).

    Raises:
        HTTPNotFound: There is none that this person may read.
    """
    number = uuid_of(dict(query_pairs(request)).get("nr", ""))
    roles = roles_at(request, context.holder)
    mine = resources.items_of(context.holder, roles).where(PoliceItem.id == number)
    item = request.db.scalars(mine).one_or_none() if number else None
    if item is None and number and request.identity is not None:
        marks = resources.open_marks(request.db, context.holder, request.identity)
        item = next((mark for mark in marks if mark.id == number), None)
    if item is None:
        raise HTTPNotFound()
    return item, resources.places_of(request.db, [item], roles)[item.id]


@form_view(
    resources.PoliceList,
    resources.ITEM,
    Permission.VIEW_MUNICIPALITY,
    f"{_TEMPLATES}/item.jinja2",
    guards=(*ASKED, still_waits),
)
def item_view(context: resources.PoliceList, request: Request) -> Any:
    """Ask why somebody reads, once a day for each document, and then show what was disclosed."""
    item, place = wanted_item(context, request)
    assert request.identity is not None  # noqa: S101 - the permission sees to that
    keys, identity = request.registry.key_ring, request.identity
    here, taken = request.resource_path(context), services.taken_of(keys, item)
    refused = (
        why_not(request.db, item, identity.actor.id, own=resources.OWN_MARK) if item.waits else None
    )
    page = {
        "item": item,
        "place": place,
        "grounds": GROUNDS,
        "taken": taken,
        "shut": services.is_shut(request.db, item),
        "refused": refused,
        "content": None,
        "here": here,
        "named": may(roles_at(request, context.holder), P),
        "form": None,
    }
    if page["shut"]:
        return page
    if item.content is None or services.may_read_today(request.db, item, identity):
        services.note_police_read(request, context.holder, "gelezen", item)
        page["content"] = services.content_of(keys, item)
        return page if refused or not item.waits else judge(context, request, item, page)

    def act(values: dict[str, Any]) -> HTTPSeeOther:
        services.give_reason(request.db, keys, item, identity, values["reden"])
        return HTTPSeeOther(f"{here}/{resources.ITEM}?nr={item.id}")

    return ask_values(request, forms.ReasonSchema(), Button("lezen", "Lezen"), act, here, page)


@view_config(
    context=resources.PoliceList, name=FILE, request_method="GET", permission=SEEN, guards=ASKED
)
def file_view(context: resources.PoliceList, request: Request) -> Any:
    """Send a file that was marked, to who may read it and said why."""
    item, _ = wanted_item(context, request)
    keys, identity = request.registry.key_ring, request.identity
    taken = services.taken_of(keys, item)
    if (
        "file" not in taken
        or identity is None
        or not services.may_read_today(request.db, item, identity)
    ):
        return HTTPSeeOther(f"{request.resource_path(context)}/{resources.ITEM}?nr={item.id}")
    services.note_police_read(request, context.holder, "gelezen", item)
    row = attachment_of(request.db, keys, taken)
    body = b"".join(content_of_file(request.db, keys, row))
    response = Response(body, content_type=row.media_type, charset=None)
    response.headers["Content-Disposition"] = f'attachment; filename="{taken["file"]}"'
    return response


@form_view(resources.PoliceList, ENTER, P, f"{_TEMPLATES}/form.jinja2", guards=ASKED)
def enter_view(context: resources.PoliceList, request: Request) -> Any:
    """Enter what the police disclosed, about a document or as a report of its own."""

    def keep(values: dict[str, Any]) -> str:
        about = _about(context, request, values)
        words = (values["verstrekker"], values["doel"], values["voorwaarden"] or "")
        content, article = services.Content(*words, values["tekst"]), Article.of(values["artikel"])
        received = services.Received(values["ontvangen"], values["opnieuw"], article, content)
        where = request.db, request.registry.key_ring, context.holder
        if about is not None:
            services.keep_item(*where, received, request.actor, about=about)
            return "Vastgelegd. Alleen gemachtigden zien dit."
        item = services.keep_report(*where, received, request.actor)
        return f"Vastgelegd als melding {item.reference}: alleen voor gemachtigden."

    return _entered(context, request, forms.item_schema(), {"over": forms.ABOUT}, keep)


@form_view(resources.PoliceList, ACTION, P, f"{_TEMPLATES}/form.jinja2", guards=ASKED)
def action_view(context: resources.PoliceList, request: Request) -> Any:
    """Enter that boas took action: of their own investigation nothing more is kept."""

    def keep(values: dict[str, Any]) -> str:
        roles = roles_at(request, context.holder)
        about = services.document_named(request.db, values["kenmerk"], roles)
        received = services.Received(
            values["ontvangen"], values["opnieuw"], None, None, Origin.ACTION
        )
        where = request.db, request.registry.key_ring, context.holder
        services.keep_item(*where, received, request.actor, about=about)
        return "Vastgelegd dat er is opgetreden. Alleen gemachtigden zien dit."

    return _entered(context, request, forms.action_schema(), {}, keep)


def _entered(
    context: resources.PoliceList,
    request: Request,
    schema: Any,
    first: dict[str, Any],
    keep: Callable[[dict[str, Any]], str],
) -> Any:
    """Ask what is entered, about the document in the address, and say what `keep` did."""
    here, typed = request.resource_path(context), dict(query_pairs(request)).get("kenmerk", "")
    given = {**first, "kenmerk": typed[:40]} if typed else {}

    def act(values: dict[str, Any]) -> None:
        request.flash(keep(values))

    button = Button("vastleggen", "Vastleggen")
    return ask_values(request, schema, button, act, here, given=given)


def _about(
    context: resources.PoliceList, request: Request, values: dict[str, Any]
) -> Document | None:
    """Return the document that was typed, or None for a report of its own.

    Raises:
        FormError: The reference is missing, too much, or not one that this person may see.
    """
    typed = values["kenmerk"]
    if values["over"] != forms.ABOUT:
        if typed:
            raise FormError(
                "U kiest een melding op zichzelf, en vult ook een kenmerk in. Maak het kenmerk"
                " leeg, of kies dat het over een melding of dossier gaat.",
                "kenmerk",
            )
        return None
    if not typed:
        raise FormError("Vul het kenmerk of het nummer in.", "kenmerk")
    return services.document_named(request.db, typed, roles_at(request, context.holder))


@form_view(resources.PoliceList, COMPLETE, P, f"{_TEMPLATES}/form.jinja2", guards=ASKED)
def complete_view(context: resources.PoliceList, request: Request) -> Any:
    """Add what wasn't known when it came: article, giver, purpose and conditions."""
    item, place = wanted_item(context, request)
    here, keys = request.resource_path(context), request.registry.key_ring
    back = f"{here}/{resources.ITEM}?nr={item.id}"
    assert request.identity is not None  # noqa: S101 - the permission sees to that
    if item.content is None or not services.may_read_today(request.db, item, request.identity):
        # A reason comes first: the form shows what was filled in already.
        return HTTPSeeOther(back)
    known = services.content_of(keys, item)
    given = {
        "artikel": item.article,
        "verstrekker": known.giver,
        "doel": known.purpose,
        "voorwaarden": known.conditions,
    }

    def act(values: dict[str, Any]) -> None:
        words = services.Content(values["verstrekker"], values["doel"], values["voorwaarden"] or "")
        article = Article.of(values["artikel"])
        services.complete(request.db, keys, item, article, words, request.actor)
        request.flash("Aangevuld.")

    def page() -> dict[str, Any]:
        services.note_police_read(request, context.holder, "gelezen", item)
        return {"item_title": place.title}

    schema, button = forms.complete_schema(), Button("aanvullen", "Aanvullen")
    return ask_values(request, schema, button, act, back, page, given=given)


@form_view(resources.PoliceList, DECIDE, P, f"{_TEMPLATES}/form.jinja2", guards=ASKED)
def decide_view(context: resources.PoliceList, request: Request) -> Any:
    """Decide that an item is kept until a later day, or destroy it."""
    item, place = wanted_item(context, request)
    here = request.resource_path(context)
    if item.destroyed_at is not None:
        request.flash("Dit is al vernietigd. Er is niets meer te beslissen.", "info")
        return HTTPSeeOther(here)
    if item.waits:
        request.flash("Eerst beslist een tweede persoon of dit van de politie komt.", "info")
        return HTTPSeeOther(f"{here}/{resources.ITEM}?nr={item.id}")

    def act(values: dict[str, Any]) -> HTTPSeeOther:
        until, why = values["opnieuw"], values["reden"]
        if values["besluit"] == forms.KEEP:
            if until is None or not why:
                missing = "opnieuw" if until is None else "reden"
                raise FormError("Bewaren vraagt een nieuwe dag en een reden.", missing)
            services.keep_longer(
                request.db, request.registry.key_ring, item, until, why, request.actor
            )
            request.flash(f"Blijft bewaard. Opnieuw bekijken op {date_text(until)}.")
        else:
            if until is not None or why:
                extra, full = ("tot wanneer", "opnieuw") if until else ("waarom", "reden")
                raise FormError(
                    f"U kiest vernietigen, en vult ook in {extra} het blijft. Maak dit leeg, of"
                    " kies ‘Langer bewaren’.",
                    full,
                )
            services.destroy_item(request.db, item, request.actor)
            request.flash("De inhoud is vernietigd.")
        return HTTPSeeOther(here)

    back, page = f"{here}/{resources.ITEM}?nr={item.id}", {"item_title": place.title}
    button = Button("vastleggen", "Besluit vastleggen")
    return ask_values(request, forms.ReviewSchema(), button, act, back, page)


@page_view(resources.PoliceList, LOG, P, f"{_TEMPLATES}/log.jinja2", guards=ASKED)
def log_view(context: resources.PoliceList, request: Request) -> dict[str, Any]:
    """Show who did or read what, the latest first, with the reasons that were given."""
    roles = roles_at(request, context.holder)
    hidden = select(PoliceItem.id).where(~resources.readable(roles))
    wanted = select(PoliceEvent).where(
        PoliceEvent.holder == context.holder,
        PoliceEvent.item_id.is_(None) | PoliceEvent.item_id.not_in(hidden),
    )
    events = read_rows(request, wanted.order_by(PoliceEvent.at.desc(), PoliceEvent.id))
    ids = {event.item_id for event in events.rows if event.item_id}
    items = request.db.scalars(select(PoliceItem).where(PoliceItem.id.in_(ids))).all()
    services.note_police_read(request, context.holder, LOG)
    return {
        "events": events,
        "places": resources.places_of(request.db, items, roles),
        "reasons": services.reasons_of(request.db, request.registry.key_ring, events.rows),
        "back": request.resource_path(context),
    }


# On the page of a document


def document_panel(context: Any, request: Any) -> Panel | None:
    """Show which items there are about a report or dossier, and the way to enter one.

    The permission is asked of the municipality: a person-directed dossier grants it to nobody,
    and who reads this page may see the dossier.
    """
    home = next(node for node in lineage(context) if getattr(node, "kind", "") in PLACES)
    if home.holder == NATIONAL or not request.has_permission(Permission.POLICE_DATA, home):
        return None
    dossier = context.dossier if isinstance(context, DossierResource) else None
    number = dossier.id if dossier else context.report.id
    here = resources.list_address(context, request)
    items = resources.items_about(request.db, home.holder, number, roles_at(request, home.holder))
    if items:
        services.note_police_read(request, home.holder, "lijst")
    name = dossier.number if dossier else context.report.reference
    values = {"items": items, "grounds": GROUNDS, "here": here, "name": name}
    return Panel("Politiegegevens", f"{_TEMPLATES}/panel.jinja2", values)
