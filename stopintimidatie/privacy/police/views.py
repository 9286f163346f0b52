"""Pages of the persons named for police data; for everybody else none of them is there."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from sqlalchemy import func, select

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.forms import Button, Form, FormError, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.text import date_text, datetime_short, day_of, plural, uuid_of
from stopintimidatie.core.web.request import (
    Paging,
    Request,
    form_view,
    page_view,
    query_pairs,
    wanted_page,
)
from stopintimidatie.dossiers.pages import roles_at
from stopintimidatie.dossiers.words import link
from stopintimidatie.privacy.police.forms import (
    ABOUT,
    KEEP,
    ReasonSchema,
    ReviewSchema,
    action_schema,
    complete_schema,
    item_schema,
)
from stopintimidatie.privacy.police.models import (
    PURPOSE,
    Article,
    Origin,
    PoliceAccess,
    PoliceEvent,
    PoliceItem,
)
from stopintimidatie.privacy.police.resources import (
    ITEM,
    NEAR,
    Place,
    PoliceList,
    find_place,
    items_of,
    places_of,
    readable,
    title_of,
    waiting,
)
from stopintimidatie.privacy.police.services import (
    ACTIONS,
    About,
    Content,
    PoliceError,
    Received,
    complete,
    content_of,
    destroy_item,
    document_named,
    give_reason,
    keep_item,
    keep_longer,
    keep_report,
    may_read_today,
    note_police_read,
)

_TEMPLATES: Final = "stopintimidatie.privacy.police:templates"
ENTER: Final = "vastleggen"
ACTION: Final = "optreden"
DECIDE: Final = "beslissen"
COMPLETE: Final = "aanvullen"
LOG: Final = "logboek"
P: Final = Permission.POLICE_DATA
ASKED: Final = (recently_confirmed,)


@page_view(PoliceList, "", P, f"{_TEMPLATES}/list.jinja2", guards=ASKED)
def list_view(context: PoliceList, request: Request) -> dict[str, Any]:
    """Show what the police disclosed, the first to decide on first: no word of any of it."""
    roles, here = roles_at(request, context.holder), request.resource_path(context)
    wanted = items_of(context.holder, roles)
    total = request.db.scalar(select(func.count()).select_from(wanted.order_by(None).subquery()))
    paging = Paging(wanted_page(request), total or 0)
    items = request.db.scalars(wanted.offset(paging.offset).limit(paging.size)).all()
    places = places_of(request.db, items, roles)
    note_police_read(request, context.holder, "lijst")
    assert request.identity is not None  # noqa: S101 - the permission sees to that
    late = len(request.db.scalars(waiting(context.holder, request.identity).limit(100)).all())
    return {
        "owner": context.owner,
        "rows": [_row(item, here, places) for item in items],
        "paging": paging,
        "late": plural(late, "stuk vraagt een besluit", "stukken vragen een besluit")
        if late
        else "",
        "enter": f"{here}/{ENTER}",
        "action": f"{here}/{ACTION}",
        "log": f"{here}/{LOG}",
    }


def _row(item: PoliceItem, here: str, places: Any) -> list[Any]:
    if item.destroyed_at:
        day = f"vernietigd op {date_text(item.destroyed_at)}"
    else:
        day = date_text(item.review_on)
        day += " (nu beslissen)" if item.review_on <= day_of(utc_now()) + NEAR else ""
    kind = Article.word(item.article) or Origin.word(item.origin)
    href = f"{here}/{ITEM}?nr={item.id}"
    return [link(href, title_of(item, places)), kind, date_text(item.received_on), day]


def _item(context: PoliceList, request: Request) -> tuple[PoliceItem, Place, str]:
    """Return the item that the address names, with its document and how it is called.

    Raises:
        HTTPNotFound: There is none that this person may read.
    """
    number = uuid_of(dict(query_pairs(request)).get("nr", ""))
    roles = roles_at(request, context.holder)
    mine = items_of(context.holder, roles).where(PoliceItem.id == number)
    item = request.db.scalars(mine).one_or_none() if number else None
    if item is None:
        raise HTTPNotFound()
    places = places_of(request.db, [item], roles)
    return item, find_place(item, places), title_of(item, places)


@form_view(PoliceList, ITEM, P, f"{_TEMPLATES}/item.jinja2", guards=ASKED)
def item_view(context: PoliceList, request: Request) -> Any:
    """Ask why somebody reads, once a day for each document, and then show what was disclosed."""
    item, place, title = _item(context, request)
    assert request.identity is not None  # noqa: S101 - the permission sees to that
    keys, identity = request.registry.key_ring, request.identity
    here = request.resource_path(context)
    page = {
        "heading": title,
        "owner": context.owner,
        "facts": _facts(item, place),
        "content": None,
        "reviews": [],
        "decide": None,
        "complete": None,
        "lacks": item.article is None and item.origin != Origin.ACTION and not item.destroyed_at,
        "back": here,
        "form": None,
    }
    if item.content is None or may_read_today(request.db, item, identity):
        note_police_read(request, context.holder, "gelezen", item)
        content = content_of(keys, item)
        page["content"] = content if item.content else None
        page["reviews"] = [_review_of(review) for review in content.reviews]
        if item.content is not None and content.text:
            page["complete"] = f"{here}/{COMPLETE}?nr={item.id}"
        if item.destroyed_at is None:
            page["decide"] = f"{here}/{DECIDE}?nr={item.id}"
        return page
    form = Form(ReasonSchema(), request, buttons=[Button("lezen", "Lezen")], cancel_url=here)

    def on_valid(values: dict[str, Any]) -> Any:
        give_reason(request.db, keys, item, identity, values["reden"])
        return HTTPSeeOther(f"{here}/{ITEM}?nr={item.id}")

    return handle_form(request, form, on_valid, page)


def _facts(item: PoliceItem, place: Place) -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    if item.document_id:
        rows.append(("Over", link(place.path, place.label) if place.path else place.label))
    if item.origin == Origin.ACTION:
        rows.append(("Wat er is", "Er is opgetreden door boa’s. Meer staat hier niet."))
        rows.append(("Opgetreden op", date_text(item.received_on)))
    else:
        rows.append(("Hoe het hier kwam", Origin.word(item.origin)))
        rows.append(("Artikel", Article.word(item.article) or "nog niet bekend"))
        rows.append(("Ontvangen op", date_text(item.received_on)))
    rows.append(("Vastgelegd door", f"{item.entered_by}, {datetime_short(item.made_at)}"))
    if item.destroyed_at:
        rows.append(("Vernietigd op", f"{date_text(item.destroyed_at)}, door {item.changed_by}"))
    else:
        rows.append(("Opnieuw bekijken op", date_text(item.review_on)))
    return rows


def _review_of(review: Any) -> str:
    return f"{review['op']}: {review['door']} bewaart tot {review['tot']}. {review['waarom']}"


@form_view(PoliceList, ENTER, P, f"{_TEMPLATES}/form.jinja2", guards=ASKED)
def enter_view(context: PoliceList, request: Request) -> Any:
    """Enter what the police disclosed, about a document or as a report of its own."""
    here, typed = request.resource_path(context), dict(query_pairs(request)).get("kenmerk", "")
    form = Form(
        item_schema(),
        request,
        buttons=[Button("vastleggen", "Vastleggen")],
        appstruct={"over": ABOUT, "kenmerk": typed[:40]} if typed else {},
        cancel_url=here,
    )

    def on_valid(values: dict[str, Any]) -> Any:
        about = _about(context, request, values)
        content = Content(
            giver=values["verstrekker"],
            purpose=values["doel"],
            conditions=values["voorwaarden"] or "",
            text=values["tekst"],
        )
        received = Received(
            values["ontvangen"], values["opnieuw"], Article.of(values["artikel"]), content
        )
        keys, holder, actor = request.registry.key_ring, context.holder, request.actor
        if about is not None:
            keep_item(request.db, keys, holder, received, actor, about=about)
            request.flash("Vastgelegd. Alleen gemachtigden zien dit.")
        else:
            item = keep_report(request.db, keys, holder, received, actor)
            request.flash(f"Vastgelegd als melding {item.reference}: alleen voor gemachtigden.")
        return HTTPSeeOther(here)

    page = {"heading": "Politiegegevens vastleggen", "owner": context.owner, "intro": ENTERED}
    return handle_form(request, form, on_valid, page)


ENTERED: Final = (
    "Wat u hier vastlegt, zien alleen de gemachtigden voor politiegegevens. Het komt niet in"
    " zoeken, patronen, cijfers of uitvoer, en anderen zien niet dát het er is."
)


def _about(context: PoliceList, request: Request, values: dict[str, Any]) -> About | None:
    """Return the document that was typed, or None for a report of its own.

    Raises:
        FormError: The reference is missing, too much, or not one that this person may see.
    """
    typed = values["kenmerk"]
    if values["over"] != ABOUT:
        if typed:
            raise FormError(BOTH, "kenmerk")
        return None
    if not typed:
        raise FormError("Vul het kenmerk of het nummer in.", "kenmerk")
    return _named(context, request, typed)


BOTH: Final = (
    "U kiest een melding op zichzelf, en vult ook een kenmerk in. Maak het kenmerk leeg, of kies"
    " dat het over een melding of dossier gaat."
)


def _named(context: PoliceList, request: Request, typed: str) -> About:
    try:
        return document_named(request.db, typed, roles_at(request, context.holder))
    except PoliceError as problem:
        raise FormError(str(problem), problem.field) from None


@form_view(PoliceList, ACTION, P, f"{_TEMPLATES}/form.jinja2", guards=ASKED)
def action_view(context: PoliceList, request: Request) -> Any:
    """Enter that boas took action: of their own investigation nothing more is kept."""
    here, typed = request.resource_path(context), dict(query_pairs(request)).get("kenmerk", "")
    form = Form(
        action_schema(),
        request,
        buttons=[Button("vastleggen", "Vastleggen")],
        appstruct={"kenmerk": typed[:40]} if typed else {},
        cancel_url=here,
    )

    def on_valid(values: dict[str, Any]) -> Any:
        about = _named(context, request, values["kenmerk"])
        received = Received(values["ontvangen"], values["opnieuw"], None, None, Origin.ACTION)
        keys = request.registry.key_ring
        keep_item(request.db, keys, context.holder, received, request.actor, about=about)
        request.flash("Vastgelegd dat er is opgetreden. Alleen gemachtigden zien dit.")
        return HTTPSeeOther(here)

    page = {"heading": "Optreden van boa’s vastleggen", "owner": context.owner, "intro": ACTED}
    return handle_form(request, form, on_valid, page)


ACTED: Final = (
    "Van eigen onderzoek van boa’s leggen wij alleen vast dát er is opgetreden, en wanneer. Er is"
    " dus geen veld voor wat er gebeurde of wie het betrof."
)


@form_view(PoliceList, COMPLETE, P, f"{_TEMPLATES}/form.jinja2", guards=ASKED)
def complete_view(context: PoliceList, request: Request) -> Any:
    """Add what wasn't known when it came: article, giver, purpose and conditions."""
    item, _, title = _item(context, request)
    here, keys = request.resource_path(context), request.registry.key_ring
    back = f"{here}/{ITEM}?nr={item.id}"
    assert request.identity is not None  # noqa: S101 - the permission sees to that
    if item.content is None or not may_read_today(request.db, item, request.identity):
        # A reason comes first: the form shows what was filled in already.
        return HTTPSeeOther(back)
    known = content_of(keys, item)
    form = Form(
        complete_schema(),
        request,
        buttons=[Button("aanvullen", "Aanvullen")],
        appstruct={
            "artikel": item.article,
            "verstrekker": known.giver,
            "doel": known.purpose,
            "voorwaarden": known.conditions,
        },
        cancel_url=back,
    )

    def on_valid(values: dict[str, Any]) -> Any:
        words = Content(values["verstrekker"], values["doel"], values["voorwaarden"] or "")
        article = Article.of(values["artikel"])
        complete(request.db, keys, item, article, words, request.actor)
        request.flash("Aangevuld.")
        return HTTPSeeOther(back)

    def page() -> dict[str, Any]:
        note_police_read(request, context.holder, "gelezen", item)
        return {"heading": f"Aanvullen: {title}", "owner": context.owner, "intro": ""}

    return handle_form(request, form, on_valid, page)


@form_view(PoliceList, DECIDE, P, f"{_TEMPLATES}/form.jinja2", guards=ASKED)
def decide_view(context: PoliceList, request: Request) -> Any:
    """Decide that an item is kept until a later day, or destroy it."""
    item, _, title = _item(context, request)
    here = request.resource_path(context)
    if item.destroyed_at is not None:
        request.flash("Dit is al vernietigd. Er is niets meer te beslissen.", "info")
        return HTTPSeeOther(here)
    form = Form(
        ReviewSchema(),
        request,
        buttons=[Button("vastleggen", "Besluit vastleggen")],
        cancel_url=f"{here}/{ITEM}?nr={item.id}",
    )

    def on_valid(values: dict[str, Any]) -> Any:
        until, why = values["opnieuw"], values["reden"]
        if values["besluit"] == KEEP:
            if until is None or not why:
                missing = "opnieuw" if until is None else "reden"
                raise FormError("Bewaren vraagt een nieuwe dag en een reden.", missing)
            keep_longer(request.db, request.registry.key_ring, item, until, why, request.actor)
            request.flash(f"Blijft bewaard. Opnieuw bekijken op {date_text(until)}.")
        else:
            if until is not None or why:
                extra, full = ("tot wanneer", "opnieuw") if until else ("waarom", "reden")
                raise FormError(NOT_BOTH.format(extra), full)
            destroy_item(request.db, item, request.actor)
            request.flash("De inhoud is vernietigd.")
        return HTTPSeeOther(here)

    page = {"heading": f"Beslissen: {title}", "owner": context.owner, "intro": ""}
    return handle_form(request, form, on_valid, page)


NOT_BOTH: Final = (
    "U kiest vernietigen, en vult ook in {} het blijft. Maak dit leeg, of kies ‘Langer bewaren’."
)


@page_view(PoliceList, LOG, P, f"{_TEMPLATES}/log.jinja2", guards=ASKED)
def log_view(context: PoliceList, request: Request) -> dict[str, Any]:
    """Show who did or read what, the latest first, with the reasons that were given."""
    roles = roles_at(request, context.holder)
    hidden = select(PoliceItem.id).where(~readable(roles))
    wanted = select(PoliceEvent).where(
        PoliceEvent.holder == context.holder,
        PoliceEvent.item_id.is_(None) | PoliceEvent.item_id.not_in(hidden),
    )
    total = request.db.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    paging = Paging(wanted_page(request), total)
    wanted = wanted.order_by(PoliceEvent.at.desc(), PoliceEvent.id)
    events = request.db.scalars(wanted.offset(paging.offset).limit(paging.size)).all()
    ids = {event.item_id for event in events if event.item_id}
    items = request.db.scalars(select(PoliceItem).where(PoliceItem.id.in_(ids))).all()
    places = places_of(request.db, items, roles)
    titles = {item.id: title_of(item, places) for item in items}
    reasons = _reasons(request, events)
    note_police_read(request, context.holder, LOG)
    return {
        "owner": context.owner,
        "rows": [
            [
                datetime_short(event.at),
                event.actor_name,
                ACTIONS.get(event.action, event.action),
                titles.get(event.item_id, "dat er niet meer is") if event.item_id else "",
                reasons.get(event.id, ""),
            ]
            for event in events
        ],
        "paging": paging,
        "back": request.resource_path(context),
    }


def _reasons(request: Request, events: Any) -> dict[Any, str]:
    """Return, by event, the reason that a person gave on that day to read."""
    given = [event for event in events if event.action == "reden"]
    if not given:
        return {}
    subjects = {event.subject_id for event in given}
    rows = request.db.scalars(select(PoliceAccess).where(PoliceAccess.subject_id.in_(subjects)))
    keys = request.registry.key_ring
    known = {
        (row.subject_id, str(row.person_id), row.day): keys.decrypt(
            PURPOSE, row.reason, str(row.id)
        )
        for row in rows
        if row.reason
    }
    return {
        event.id: known.get((event.subject_id, event.actor_id, day_of(event.at)), "")
        for event in given
    }
