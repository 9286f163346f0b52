"""The list of holds, the form that freezes documents, one hold, and what documents show of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from colander import Invalid
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther

from stopintimidatie.core import forms
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Button, FormError, Opened, Schema, ask_values, field
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import date_text, day_of, plural, uuid_of
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.register import read_rows
from stopintimidatie.core.web.request import Request, form_view, page_view, query_pairs
from stopintimidatie.desk.resources import Desk
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.pages import roles_at
from stopintimidatie.dossiers.resources import DossierResource, roles_for
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.privacy.holds.models import Hold, HoldReason
from stopintimidatie.privacy.holds.services import (
    GONE,
    holds_on,
    in_force,
    lift_hold,
    place_holds,
    prolong_hold,
    reference_of,
    row_of,
    waiting,
)
from stopintimidatie.privacy.log.resources import home_of
from stopintimidatie.reports.page.steps import Action

_TEMPLATES: Final = "stopintimidatie.privacy.holds:templates"
FORM: Final = "bevriezen"
ONE: Final = "bevriezing"
LIST: Final = "bevriezingen"
# The farthest day to decide anew, counted from today.
LONGEST: Final = 365
USUAL: Final = timedelta(days=183)
PROLONG, LIFT = "verlengen", "opheffen"


# Reasons that people choose; that of a running request is the programme's.
REASONS: Final = [
    (reason.value, reason.sentence) for reason in HoldReason if reason is not HoldReason.REQUEST
]


def _asked(request: Request, name: str, longest: int) -> str:
    """Return a parameter of the address; nothing when it is longer than what can be kept."""
    value = dict(query_pairs(request)).get(name, "").strip()
    return value if len(value) <= longest else ""


def _list_at(here: str, case: str | None) -> str:
    """Return the address of the list, of one case if there is one."""
    return f"{here}/{LIST}?{urlencode({'zaak': case})}" if case else f"{here}/{LIST}"


def from_tomorrow(node: Any, value: date) -> None:
    """Check that a day to look again is still to come, and at most a year ahead."""
    if value == day_of(utc_now()):
        raise Invalid(node, "Kies een dag vanaf morgen: vandaag kijkt u al.")
    forms.from_today(LONGEST)(node, value)


class HoldSchema(Schema):
    """The form that freezes documents for one case."""

    kenmerken = field(
        forms.Text(5_000, lines=True),
        "Welke stukken?",
        description="Kenmerken van meldingen en nummers van dossiers, zoals M-4F7K-2QXJ of"
        " 2026-0007, met een spatie of op een nieuwe regel. Een dossier bevriest ook de meldingen"
        " die erbij horen.",
        widget=forms.TextArea(rows=3),
    )
    reden = field(forms.OneOf(REASONS, radio=True), "Waarom mag het niet weg?")
    zaak = field(
        forms.Text(100),
        "Nummer van de zaak",
        missing=None,
        description="Van het Woo-verzoek (dan moet het), de rechtszaak of de klacht. Geen namen.",
        widget=forms.TextInput(width="medium"),
    )
    opnieuw = field(
        forms.Date(),
        "Wanneer kijkt u opnieuw?",
        description="Hoogstens een jaar vooruit. Het blijft ook daarna bevroren, tot iemand"
        " beslist.",
        validator=from_tomorrow,
    )
    toelichting = field(
        forms.Text(500, lines=True),
        "Toelichting",
        missing=None,
        description="Alleen voor wie over bevriezen beslist. Noem geen namen.",
        widget=forms.TextArea(rows=2),
    )


class ReviewSchema(Schema):
    """The form that decides about a hold, or all of its case: keep it longer, or lift it."""

    besluit = field(
        forms.OneOf(((PROLONG, "Bevroren laten"), (LIFT, "Opheffen")), radio=True),
        "Wat besluit u?",
    )
    opnieuw = field(
        forms.Date(),
        "Wanneer kijkt u opnieuw?",
        missing=None,
        drawn=Opened("De nieuwe dag", (PROLONG,)),
        description="Hoogstens een jaar vooruit.",
        validator=from_tomorrow,
    )
    hele_zaak = field(forms.Flag(), "Ook voor alle andere stukken van deze zaak", missing=False)
    reden = field(
        forms.Text(500, lines=True),
        "Waarom",
        description="Noem geen namen.",
        widget=forms.TextArea(rows=2),
    )


@page_view(MunicipalityResource, LIST, Permission.VIEW_RETENTION, f"{_TEMPLATES}/holds.jinja2")
@page_view(Desk, LIST, Permission.VIEW_RETENTION, f"{_TEMPLATES}/holds.jinja2")
def holds_view(context: Any, request: Request) -> dict[str, Any]:
    """Show the holds in force, those to decide on first; of one case with `?zaak=…`."""
    here, case = request.resource_path(context).rstrip("/"), _asked(request, "zaak", 100)
    wanted = in_force(context.holder, roles_at(request, context.holder))
    if case:
        wanted = wanted.where(Hold.case_reference == case)
    may, identity, late = request.has_permission(Permission.HOLD, context), request.identity, 0
    if may and not case and identity is not None:
        late = len(request.db.scalars(waiting(context.holder, identity)).all())
    return {
        "owner": context.title,
        "case": case,
        "holds": read_rows(request, wanted),
        "late": late,
        "may": bool(may),
        "here": here,
        "today": day_of(utc_now()),
    }


@form_view(MunicipalityResource, FORM, Permission.HOLD, f"{_TEMPLATES}/form.jinja2")
@form_view(Desk, FORM, Permission.HOLD, f"{_TEMPLATES}/form.jinja2")
def freeze_view(context: Any, request: Request) -> Any:
    """Freeze the documents that are typed, for one reason and case."""
    here, case = request.resource_path(context).rstrip("/"), _asked(request, "zaak", 100)
    back = _list_at(here, case)
    given = {
        "kenmerken": _asked(request, "kenmerk", 40),
        "zaak": case or None,
        "reden": HoldReason.WOO.value if case else None,
        "opnieuw": day_of(utc_now()) + USUAL,
    }

    def act(values: dict[str, Any]) -> HTTPSeeOther:
        own, roles = values["zaak"], roles_at(request, context.holder)
        placed = place_holds(
            request.db,
            values["kenmerken"],
            roles,
            request.actor,
            HoldReason.of(values["reden"]),
            values["opnieuw"],
            case_reference=own,
            note=values["toelichting"],
        )
        if placed:
            request.flash(plural(len(placed), "stuk is bevroren.", "stukken zijn bevroren."))
        else:
            request.flash("Dit was voor deze zaak al bevroren. Er is niets veranderd.", "info")
        return HTTPSeeOther(_list_at(here, own))

    button, page = Button("bevriezen", "Bevriezen"), {"owner": context.title, "hold": None}
    return ask_values(request, HoldSchema(), button, act, back, page, given=given)


@form_view(MunicipalityResource, ONE, Permission.HOLD, f"{_TEMPLATES}/form.jinja2")
@form_view(Desk, ONE, Permission.HOLD, f"{_TEMPLATES}/form.jinja2")
def hold_view(context: Any, request: Request) -> Any:
    """Show one hold, and prolong or lift it, with those on other documents of its case."""
    number = uuid_of(_asked(request, "nr", 36))
    hold = request.db.get(Hold, number) if number else None
    row = row_of(request.db, hold) if hold is not None else None
    if hold is None or row is None or hold.holder != context.holder:
        raise HTTPNotFound()
    if isinstance(row, Dossier) and not roles_for(row.kind) & roles_at(request, hold.holder):
        raise HTTPNotFound()
    back = _list_at(request.resource_path(context).rstrip("/"), _asked(request, "zaak", 100))
    page = {"owner": context.title, "hold": hold, "today": day_of(utc_now()), "back": back}

    def shown() -> dict[str, Any]:
        # Only now that its page is shown, what was written about it is read.
        note_read(request, hold.holder, "bevriezing", [hold.id], task="bevriezing bekijken")
        return page

    if hold.lifted_at is not None:
        return {**shown(), "form": None}
    mine = in_force(hold.holder, roles_at(request, hold.holder))
    same = mine.where(Hold.case_reference == hold.case_reference, Hold.id != hold.id)
    others = request.db.scalars(same).all()
    schema = ReviewSchema()
    if not others:
        del schema["hele_zaak"]

    def act(values: dict[str, Any]) -> None:
        more = others if values.get("hele_zaak") else ()
        rows = [(row, hold), *((row_of(request.db, other), other) for other in more)]
        day = _carry_out(request, [pair for pair in rows if pair[0] is not None], values)
        name = f"zaak {hold.case_reference} ({len(rows)} stukken)" if more else hold.reference
        request.flash(
            f"Bevroren blijft: {name}. Opnieuw bekijken op {date_text(day)}."
            if day
            else f"De bevriezing is opgeheven van: {name}."
        )

    button = Button("vastleggen", "Besluit vastleggen")
    return ask_values(request, schema, button, act, back, shown)


def _carry_out(request: Request, pairs: list[tuple[Any, Hold]], values: Any) -> date | None:
    """Keep or lift these holds on their documents; return the new day, if there is one.

    Raises:
        FormError: A day is missing, or is one too many.
    """
    day: date | None = values["opnieuw"]
    lifted = values["besluit"] == LIFT
    if lifted and day is not None:
        raise FormError(
            "U kiest opheffen én een nieuwe dag. Moet het bevroren blijven? Kies ‘Bevroren laten’."
            " Zo niet, maak de nieuwe dag dan leeg.",
            "besluit",
        )
    if not lifted and day is None:
        raise FormError("Kies de dag waarop u opnieuw kijkt.", "opnieuw")
    for row, hold in pairs:
        if day is None:
            lift_hold(request.db, row, hold, values["reden"], request.actor)
        else:
            prolong_hold(request.db, row, hold, day, values["reden"], request.actor)
    return day


# Holds as documents show them


def _row(context: Any) -> Any:
    return context.dossier if isinstance(context, DossierResource) else context.report


def _freeze_path(context: Any, request: Any) -> str | None:
    """Return the address of the form that freezes a document, for who may do that now."""
    row = _row(context)
    if row.state in GONE or not request.has_permission(Permission.HOLD, context):
        return None
    return f"{home_of(context, request)}/bevriezen?{urlencode({'kenmerk': reference_of(row)})}"


def hold_action(request: Any, context: Any) -> Action | None:
    """Return the button that freezes a report, on its page."""
    href = _freeze_path(context, request)
    return Action("Bevriezen", href) if href else None


def document_panel(context: Any, request: Any) -> Panel | None:
    """Show why a document is frozen, and until when; nothing of one that isn't."""
    return _panel(context, request, None) if _row(context).frozen else None


def dossier_panel(context: Any, request: Any) -> Panel | None:
    """Show why a dossier is frozen, and the way to freeze it, which only some people have."""
    href = _freeze_path(context, request)
    return _panel(context, request, href) if href or context.dossier.frozen else None


def _panel(context: Any, request: Any, href: str | None) -> Panel:
    row = _row(context)
    may = request.has_permission(Permission.HOLD, context)
    values = {
        "holds": holds_on(request.db, row.id) if row.frozen else [],
        "one": f"{home_of(context, request)}/bevriezing?nr=" if may else None,
        "today": day_of(utc_now()),
        "href": href,
    }
    return Panel("Bewaren", f"{_TEMPLATES}/panel.jinja2", values)
