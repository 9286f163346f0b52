"""Reporting a breach: by anybody who works with documents, of a lost export, and by a recipient.

And the buttons for it on the pages of other rooms.
"""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.security import NO_PERMISSION_REQUIRED

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Button, ask_values
from stopintimidatie.core.security import Permission
from stopintimidatie.core.text import _
from stopintimidatie.core.tree import lineage
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.request import Request, form_view
from stopintimidatie.core.web.translation import gettext
from stopintimidatie.desk.resources import Desk
from stopintimidatie.disclosures.models import Disclosure
from stopintimidatie.disclosures.pickup import outsider, set_visit
from stopintimidatie.disclosures.resources import DisclosureResource
from stopintimidatie.disclosures.services import find_disclosure, subjects_of
from stopintimidatie.disclosures.views import DOCUMENT, PickupPage
from stopintimidatie.dossiers.pages import hidden_reports
from stopintimidatie.exports.release.recipient import address_of, here_of
from stopintimidatie.exports.resources import ExportResource
from stopintimidatie.municipalities.areas.resources import PLACES, MunicipalityResource
from stopintimidatie.privacy.breaches import forms
from stopintimidatie.privacy.breaches.queries import breach_about, kinds_in
from stopintimidatie.privacy.breaches.services import Entry, enter_breach
from stopintimidatie.privacy.breaches.views import NAME
from stopintimidatie.privacy.breaches.vocabulary import Cause
from stopintimidatie.reports.vocabulary import KIND as REPORT

REPORT_PAGE: Final = "datalek-melden"
LOST: Final = "zoekgeraakt"
_TEMPLATES: Final = "stopintimidatie.privacy.breaches:templates"
FORM: Final = f"{_TEMPLATES}/form.jinja2"
THANKS: Final = "Dank u wel. Het datalek is gemeld onder nummer {}."
AGAIN: Final = "Dit was al gemeld, onder nummer {}. Wat u schreef, is erbij gezet."


@form_view(MunicipalityResource, REPORT_PAGE, Permission.REPORT_BREACH, FORM)
@form_view(Desk, REPORT_PAGE, Permission.REPORT_BREACH, FORM)
def report_view(context: Any, request: Request) -> Any:
    """Report a breach."""
    page = {"page": REPORT_PAGE, "above": context.title, "lost": None}
    return _report(context, request, None, page)


@form_view(ExportResource, LOST, Permission.REPORT_BREACH, FORM, guards=(hidden_reports,))
def export_view(context: ExportResource, request: Request) -> Any:
    """Report that the document of an export is lost."""
    lost = find_disclosure(request.db, context.export.reference)
    if lost is None:
        raise HTTPNotFound()
    return _report(context, request, lost, _lost_page(request, lost))


@form_view(DisclosureResource, LOST, Permission.REPORT_BREACH, FORM)
def disclosure_view(context: DisclosureResource, request: Request) -> Any:
    """Report that a disclosed document is lost, from its entry in the register."""
    lost = context.disclosure
    return _report(context, request, lost, _lost_page(request, lost))


def _lost_page(request: Request, lost: Disclosure) -> dict[str, Any]:
    return {
        "page": LOST,
        "above": lost.reference,
        "lost": lost,
        "kinds": kinds_in(request.db, lost),
        "number": sum(row.kind == REPORT for row in subjects_of(request.db, lost.id)),
    }


def _report(context: Any, request: Request, lost: Disclosure | None, page: dict[str, Any]) -> Any:
    """Show the form, and enter what is reported."""
    back = _back(context, request)

    def act(values: dict[str, Any]) -> HTTPSeeOther:
        forms.check_known_since(values)
        cause = Cause.LOST.value if lost is not None else values["soort"]
        entry = Entry(values["wat"], min(values["bekend"], utc_now()), cause, lost)
        breach, new = enter_breach(request.db, context.holder, entry, request.actor)
        words = (THANKS if new else AGAIN).format(breach.reference)
        own = request.has_permission(Permission.HANDLE_BREACHES, context)
        further = "Vul hier aan wat bekend is." if own else "De privacyfunctionaris neemt het over."
        request.flash(f"{words} {further}", "ok" if new else "info")
        return HTTPSeeOther(_register(context, request, breach.reference) or back)

    schema, button = forms.report_schema(lost=lost is not None), Button("melden", "Datalek melden")
    given = {"bekend": forms.whole_minute(utc_now())}
    return ask_values(request, schema, button, act, back, page, given=given)


def _back(context: Any, request: Request) -> str:
    """Return the page to go back to: that of the desk is for its own officers alone."""
    desk = isinstance(context, Desk) and not request.has_permission(Permission.VIEW_DESK, context)
    return (_register(context, request) if desk else None) or request.resource_path(context)


def _register(context: Any, request: Request, *below: str) -> str | None:
    """Return the address of the register, or of a breach in it; None for who may not read it."""
    home = next(node for node in lineage(context) if getattr(node, "kind", "") in PLACES)
    may = request.has_permission(Permission.VIEW_BREACHES, home)
    return request.resource_path(home, NAME, *below) if may else None


@form_view(PickupPage, LOST, NO_PERMISSION_REQUIRED, f"{_TEMPLATES}/lost.jinja2")
def recipient_view(context: PickupPage, request: Request) -> Any:
    """Let the recipient of a document say that it is lost."""
    here = here_of(context, request)

    def act(values: dict[str, Any]) -> HTTPSeeOther:
        entry = Entry(values["wat"], utc_now(), Cause.LOST.value, here.disclosure)
        enter_breach(request.db, here.export.holder, entry, outsider(here.pickup))
        return HTTPSeeOther(address_of(request, f"{DOCUMENT}?gedaan=zoek"))

    set_visit(request, request.response, here.visit)
    button, page = Button("melden", _("Laten weten")), {"reference": here.export.reference}
    return ask_values(request, forms.lost_schema(), button, act, address_of(request), page)


TITLE: Final = _("Is dit stuk zoek?")


def export_panel(context: Any, request: Request) -> Panel | None:
    """Return the button on the page of an export; None before there is a document."""
    export = context.export
    return _of_staff(context, request, export.reference) if export.made_at is not None else None


def disclosure_panel(context: Any, request: Request) -> Panel | None:
    """Return the button on an entry of the register."""
    return _of_staff(context, request, context.disclosure.reference)


def _of_staff(context: Any, request: Request, reference: str) -> Panel | None:
    if not request.has_permission(Permission.REPORT_BREACH, context):
        return None
    breach = breach_about(request.db, context.holder, reference)
    register = _register(context, request, breach.reference) if breach else None
    href = request.resource_path(context, LOST)
    values = {"href": href, "breach": breach, "register": register}
    return Panel(TITLE, f"{_TEMPLATES}/lost_panel.jinja2", values)


def recipient_panel(context: Any, request: Request) -> Panel:
    """Return the button on the page where a recipient picks the document up."""
    values = {"href": address_of(request, LOST)}
    return Panel(gettext(TITLE), f"{_TEMPLATES}/lost_button.jinja2", values)
