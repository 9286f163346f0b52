"""/ophalen/O-4F7K-2QXJ/document: what a partner sees and does after a code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.security import NO_PERMISSION_REQUIRED

from stopintimidatie.core import forms
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Button, Form, FormError, handle_form
from stopintimidatie.core.storage.encryption import DecryptionError
from stopintimidatie.core.text import _
from stopintimidatie.core.web.components import panels
from stopintimidatie.core.web.request import Request, page_view, post_view, query_pairs
from stopintimidatie.core.web.responses import pdf_response
from stopintimidatie.core.web.translation import keep_language
from stopintimidatie.disclosures.models import DisclosedCopy, Disclosure, Pickup
from stopintimidatie.disclosures.pickup import (
    LOST,
    Visit,
    Way,
    find_pickup,
    is_lost,
    outsider,
    set_visit,
    visit_of,
)
from stopintimidatie.disclosures.resources import KIND
from stopintimidatie.disclosures.services import copy_of, find_disclosure
from stopintimidatie.disclosures.views import DOCUMENT, PickupPage
from stopintimidatie.exports.models import Done, Export, ExportState, Part
from stopintimidatie.exports.release.copies import (
    confirm,
    confirm_destroyed,
    corrections_of,
    is_out,
)
from stopintimidatie.exports.release.services import (
    ANSWER_KEEPER,
    USED,
    Answer,
    fetch_file,
    give_answer,
    refusal,
)
from stopintimidatie.exports.request.queries import ShutError, shut_by
from stopintimidatie.municipalities.areas.models import Municipality


class AnswerSchema(forms.Schema):
    """The form with which a partner answers."""

    gedaan = forms.field(
        forms.ManyOf(Done.choices()), _("Wat hebt u gedaan?"), validator=forms.at_least(1)
    )
    op = forms.field(forms.Date(), _("Wanneer?"), missing=None)
    toelichting = forms.field(
        forms.Text(2000, lines=True),
        _("Toelichting"),
        description=_(
            "Noem geen namen. Schrijf niets uit een onderzoek of uit politiesystemen op: dat er"
            " iets is gedaan, is genoeg."
        ),
        missing=None,
    )
    melder = forms.field(forms.Flag(), _("Wij willen met een melder praten"), missing=False)
    over = forms.field(
        forms.Text(500, lines=True),
        _("Over welke melding, en waarom?"),
        description=_(
            "Noem het nummer uit het document, zoals M-03. De gemeente vraagt het eerst aan de"
            " melder."
        ),
        missing=None,
    )


PAGE: Final = "stopintimidatie.exports.release:templates/document.jinja2"
NOT_NOW: Final = _("Dit document kan nu niet open. Vraag het wie het voor u klaarzette.")


@dataclass(frozen=True)
class Here:
    """The visitor: who is here, for what."""

    visit: Visit
    pickup: Pickup
    export: Export
    disclosure: Disclosure
    copy: DisclosedCopy | None


def here_of(context: PickupPage, request: Request) -> Here:
    """Return the visitor. Whoever has a code may come to these pages, so each asks this first.

    Raises:
        HTTPSeeOther: The code no longer counts: back to the page that asks for one.
    """
    visit = visit_of(request, context.__name__ or "")
    pickup = find_pickup(request.db, visit.reference) if visit else None
    mine = pickup is not None and pickup.document_kind == KIND
    export = request.db.get(Export, pickup.document_id) if pickup and mine else None
    disclosure = find_disclosure(request.db, export.reference) if export else None
    if visit is None or pickup is None or export is None or disclosure is None:
        raise start_again(context, request)
    if pickup.left_at is not None and visit.since <= pickup.left_at:
        raise start_again(context, request)
    return Here(visit, pickup, export, disclosure, copy_of(request.db, disclosure.id))


def start_again(context: PickupPage, request: Request, query: str = "") -> HTTPSeeOther:
    """Redirect to the page that asks for a code, and forget a cookie that no longer counts."""
    response = HTTPSeeOther(keep_language(request, f"/ophalen/{context.__name__}{query}"))
    set_visit(request, response, None)
    return response


def address_of(request: Request, name: str = DOCUMENT) -> str:
    """Return the address of a page of this pick-up, with the language that was chosen."""
    return keep_language(request, f"/ophalen/{request.context.__name__}/{name}")


@page_view(PickupPage, DOCUMENT, NO_PERMISSION_REQUIRED, PAGE)
def document_view(context: PickupPage, request: Request) -> Any:
    """Show the document, and what can be done with it."""
    here = here_of(context, request)
    # Whoever is busy here isn't sent away in the middle of it.
    set_visit(request, request.response, here.visit)
    return {**page_of(context, request, here), "form": answer_form(context, request, here)}


def answer_form(context: PickupPage, request: Request, here: Here) -> Form:
    """Make the form with which the partner answers; it says so when few people read the words."""
    form = Form(
        AnswerSchema(),
        request,
        buttons=[Button("antwoorden", _("Antwoord sturen"))],
        action=address_of(request, "antwoord"),
    )
    keeper = ANSWER_KEEPER.only(request.registry)
    if keeper is not None and keeper.takes(request.db, here.export):
        form["toelichting"].description = _(
            "Noem geen namen. Dit lezen alleen medewerkers die gemachtigd zijn voor"
            " politiegegevens. De dossierhouder ziet wel dat u antwoordde, en wat u aankruist."
        )
    return form


def page_of(context: PickupPage, request: Request, here: Here) -> dict[str, Any]:
    """Return the values for the template of the page of a pick-up."""
    town = request.db.get(Municipality, here.export.holder)
    refused, lost = refusal(here.pickup, here.export), _is_lost(request, here)
    if refused is None and shut_by(request.db, request.registry, here.export):
        refused = NOT_NOW
    refused = LOST if lost else refused
    spoken = here.visit.way is Way.SPOKEN
    return {
        "export": here.export,
        "town": town.name if town else "",
        "pickup": here.pickup,
        # A code by mail opens nothing of the content: not even what was asked. Who fetched it as
        # often as could be may still read what to answer.
        "asks": spoken and refused in (None, USED),
        "opens": spoken and refused is None,
        "refused": refused if spoken or lost or here.export.state != ExportState.READY else None,
        "here": f"/ophalen/{here.pickup.reference}/",
        "corrections": [
            row
            for row in corrections_of(request.db, here.export.id)
            if row.confirmed_at is None and not lost
        ],
        "parts": dict(Part.choices()),
        "is_out": is_out(here.copy),
        "done": dict(query_pairs(request)).get("gedaan", ""),
        "panels": panels(request, "ophalen", context),
    }


def _is_lost(request: Request, here: Here) -> bool:
    return is_lost(request.db, request.registry, here.export.holder, here.export.reference)


@post_view(PickupPage, "bestand", NO_PERMISSION_REQUIRED, renderer=PAGE)
def file_view(context: PickupPage, request: Request) -> Any:
    """Send the file; each time is counted."""
    here = here_of(context, request)
    if here.visit.way is not Way.SPOKEN:
        return start_again(context, request)
    try:
        if _is_lost(request, here):
            raise FormError(LOST)
        pdf = fetch_file(request.db, request.registry, here.pickup, here.export, here.visit.who)
    except (FormError, DecryptionError) as problem:
        request.response.status_int = 409
        words = _("Het bestand kan nu niet worden gelezen. Bel de gemeente.")
        if isinstance(problem, FormError):
            words = NOT_NOW if isinstance(problem, ShutError) else problem.message
        shown = page_of(context, request, here)
        return {**shown, "form": answer_form(context, request, here), "refused": words}
    return pdf_response(here.export.reference, pdf)


@post_view(PickupPage, "antwoord", NO_PERMISSION_REQUIRED, renderer=PAGE)
def answer_view(context: PickupPage, request: Request) -> Any:
    """Take what the partner did, for the dossier."""
    here = here_of(context, request)

    def on_valid(values: dict[str, Any]) -> Any:
        answer = Answer(
            done=tuple(values["gedaan"]),
            done_on=values["op"],
            text=values["toelichting"],
            wants_reporter=values["melder"],
            wants_about=values["over"],
        )
        if answer.wants_reporter and not answer.wants_about:
            raise FormError(_("Schrijf op over welke melding u wilt praten, en waarom."), "over")
        keys = request.registry.key_ring
        who, keeper = here.visit.who, ANSWER_KEEPER.only(request.registry)
        give_answer(request.db, keys, here.pickup, here.export, answer, who, keeper)
        return HTTPSeeOther(address_of(request, f"{DOCUMENT}?gedaan=antwoord"))

    form = answer_form(context, request, here)
    return handle_form(request, form, on_valid, page_of(context, request, here))


@post_view(PickupPage, "vernietigd", NO_PERMISSION_REQUIRED)
@post_view(PickupPage, "correctie", NO_PERMISSION_REQUIRED)
def confirm_view(context: PickupPage, request: Request) -> HTTPSeeOther:
    """Take that a correction is done, or that every copy is destroyed."""
    here, done = here_of(context, request), request.view_name
    who = outsider(here.pickup)
    try:
        if done == "correctie":
            number = request.POST.get("nr", "")
            confirm(request.db, here.export, here.disclosure, number, who)
        else:
            confirm_destroyed(request.db, here.export, here.disclosure, who)
    except FormError:
        # The page shows how it stands; it doesn't thank for what wasn't written down.
        return HTTPSeeOther(address_of(request))
    return HTTPSeeOther(address_of(request, f"{DOCUMENT}?gedaan={done}"))


@post_view(PickupPage, "afsluiten", NO_PERMISSION_REQUIRED)
def leave_view(context: PickupPage, request: Request) -> Any:
    """End it, on a computer that others use too."""
    here_of(context, request).pickup.left_at = utc_now()
    return start_again(context, request)
