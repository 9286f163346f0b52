"""The pages of erasing: proposing it, the one decision on a proposal, and the list of those.

They show what goes and what stays, and no content: who erases needn't read that here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from stopintimidatie.core import forms
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.forms import Button, Form, FormError, field, handle_form
from stopintimidatie.core.second import CHANGED, SecondError
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.storage.personal import ground_words
from stopintimidatie.core.web.request import Request, page_view, query_pairs
from stopintimidatie.desk.resources import Desk
from stopintimidatie.dossiers.queries import erasure_grounds
from stopintimidatie.dossiers.resources import DossierResource, path_of_dossier
from stopintimidatie.dossiers.workflow import GONE
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.privacy.erasure import approval
from stopintimidatie.privacy.erasure.approval import LIST
from stopintimidatie.privacy.erasure.models import ErasureProposal
from stopintimidatie.privacy.erasure.services import Outlook, preview_erasure
from stopintimidatie.reports.fields import BY_COLUMN
from stopintimidatie.reports.page.steps import Action
from stopintimidatie.reports.resources import ReportResource
from stopintimidatie.reports.services import paths_of_reports
from stopintimidatie.reports.workflow import ReportState

NAME: Final = "gegevens-wissen"
CHECK: Final = "wissen-nakijken"
ERASE, REFUSE, TAKE_BACK = "wissen", "weigeren", "intrekken"
# Proposals on the page of the list: of those that wait, and of those that were answered.
MOST, SHOWN = 100, 20
_NOTHING: Final = "Hier wacht geen voorstel om te wissen."
_ANSWERED: Final = "Hierover is al beslist: {0.outcome}, door {0.answered_by}."
TEMPLATES: Final = "stopintimidatie.privacy.erasure:templates"
# States in which nothing is left here, or it is the archive's
OVER: Final = GONE | {ReportState.DESTROYED, ReportState.HANDED_OVER}
# The fields of a report in words, of those that go
FIELDS: Final = {name: field.facts.erased for name, field in BY_COLUMN.items()} | {
    "near_place": "plek, zoals het systeem die noemt"
}

erase_page = partial(
    view_config,
    request_method=("GET", "POST"),
    renderer=f"{TEMPLATES}/erase.jinja2",
    guards=(recently_confirmed,),
)


def erase_action(request: Any, context: Any) -> Action | None:
    """Return the button that leads to erasing, on the page of a report."""
    if not request.has_permission(Permission.ERASE, context):
        return None
    return Action("Gegevens wissen", request.resource_path(context, NAME))


@erase_page(context=ReportResource, name=NAME, permission=Permission.ERASE)
@erase_page(context=DossierResource, name=NAME, permission=Permission.ERASE)
def propose_view(context: Any, request: Request) -> Any:
    """Show what would go, ask on which ground, and propose it to a second person."""
    row, known = _row_of(context), approval.latest_proposal(request.db, context.document_id)
    if row.state in OVER:
        return _back(context, request, "Hier is niets meer om te wissen.")
    if known is not None and known.waits:
        words = f"Dit is al voorgesteld, door {known.proposed_by}." if request.POST else ""
        return _back(context, request, words, CHECK)
    grounds = forms.OneOf(erasure_grounds(request.registry, request.db, row.id), radio=True)

    def act(values: dict[str, Any], seen: str) -> str:
        approval.propose(request.registry, request.db, row, values["grond"], seen, request.actor)
        return "Het voorstel is gedaan. Er is nog niets gewist."

    fields, button = [field(grounds, "Grond", name="grond")], "Wissen voorstellen"
    return _decide(context, request, None, fields, button, act, known)


@erase_page(context=ReportResource, name=CHECK, permission=Permission.CHECK_ERASURE)
@erase_page(context=DossierResource, name=CHECK, permission=Permission.CHECK_ERASURE)
def check_view(context: Any, request: Request) -> Any:
    """Show a proposal with what goes: another person does or refuses it, its own takes it back."""
    proposal = approval.latest_proposal(request.db, context.document_id)
    if proposal is None or not proposal.waits:
        answered = proposal if proposal is not None and proposal.outcome else None
        return _back(context, request, _ANSWERED.format(answered) if answered else _NOTHING)
    mine = proposal.proposed_by_id == request.actor.id
    why = approval.refuses_hand(request.db, proposal, request.actor)

    def act(values: dict[str, Any], seen: str) -> str:
        reason, chosen = values.get("reden"), values["besluit"]
        if bool(reason) is not (chosen == REFUSE):
            raise FormError("Vul dit in bij ‘Niet wissen’, en alleen dan.", "reden")
        if chosen != ERASE:
            approval.leave(request.db, proposal, reason, request.actor)
            return f"Het voorstel is {proposal.outcome}. Er is niets gewist."
        if values["nummer"].strip().upper() != proposal.reference:
            raise FormError(f"Dit is niet {proposal.reference}. Kijk het na.", "nummer")
        approval.carry_out(request.registry, request.db, proposal, seen, request.actor)
        return "De gegevens zijn gewist. Wie een kopie heeft, krijgt bericht."

    looked = None
    if request.method == "GET":
        looked = preview_erasure(request.registry, request.db, _row_of(context))
    # It is refused with the reason to a person who was looking already.
    erases = looked is None or not (why or looked.obstacles)
    fields, button = _choices(mine=mine, erases=erases), "Vastleggen"
    return _decide(context, request, looked, fields, button, act, proposal, mine=mine, why=why)


def _choices(*, mine: bool, erases: bool) -> list[Any]:
    """Return the fields of the decision: what one chooses, and what that asks besides."""
    choices = [(TAKE_BACK, "Voorstel intrekken") if mine else (REFUSE, "Niet wissen")]
    if erases:
        choices.insert(0, (ERASE, "Voorgoed wissen: niemand haalt dit terug"))
    number = forms.TextInput(autocomplete="off", width="medium")
    why, opened = forms.Text(500, lines=True), forms.Opened("Niet wissen", (REFUSE,))
    safe = "Noem geen namen en herhaal niets uit de inhoud."
    fields = [
        field(forms.OneOf(choices, radio=True), "Uw besluit", name="besluit"),
        field(
            forms.Text(20),
            "Typ het kenmerk over",
            name="nummer",
            missing="",
            widget=number,
            drawn=forms.Opened("Wissen", (ERASE,)),
        ),
        field(why, "Waarom niet?", name="reden", missing=None, description=safe, drawn=opened),
    ]
    return fields[:2] if mine else fields


def _decide(
    context: Any,
    request: Request,
    known: Outlook | None,
    fields: Sequence[Any],
    button: str,
    act: Callable[[dict[str, Any], str], str],
    proposal: ErasureProposal | None,
    **more: Any,
) -> Any:
    """Show what goes with a form, and have a service act on what the person saw there.

    `known`: what goes, if it was asked already. A service asks it under its lock, and not twice.
    """
    waits = proposal is not None and proposal.waits
    decided = str(proposal.id) if proposal is not None and waits else ""
    hidden = field(forms.Text(120), "Gezien", name="gezien", missing="", widget=forms.Hidden())
    form = Form(
        forms.Schema(*fields, hidden),
        request,
        buttons=[Button("beslissen", button)],
        cancel_url=request.resource_path(context),
    )

    def page() -> dict[str, Any]:
        ids, row = [context.document_id], _row_of(context)
        looked = known or preview_erasure(request.registry, request.db, row)
        form["gezien"].cstruct = looked.fingerprint + decided
        note_read(request, context.holder, context.kind, ids, task="gegevens wissen")
        return {
            "looked": looked,
            "fields": FIELDS,
            "proposal": proposal,
            "waits": waits,
            "ground": ground_words(proposal.ground) if proposal else "",
            **more,
        }

    def on_valid(values: dict[str, Any]) -> Any:
        if not values["gezien"].endswith(decided):
            raise SecondError(CHANGED)
        request.flash(act(values, values["gezien"].removesuffix(decided)))
        return HTTPSeeOther(request.resource_path(context, *([] if waits else [CHECK])))

    return handle_form(request, form, on_valid, page)


def _row_of(context: Any) -> Any:
    return context.dossier if isinstance(context, DossierResource) else context.report


def _back(context: Any, request: Request, words: str, *view: str) -> HTTPSeeOther:
    if words:
        request.flash(words, "info")
    return HTTPSeeOther(request.resource_path(context, *view))


@page_view(MunicipalityResource, LIST, Permission.CHECK_ERASURE, f"{TEMPLATES}/list.jinja2")
@page_view(Desk, LIST, Permission.CHECK_ERASURE, f"{TEMPLATES}/list.jinja2")
def list_view(context: Any, request: Request) -> Any:
    """List the proposals that wait, the oldest first, and how the latest others ended.

    `?nr=` of one that waits leads on to it.
    """
    wanted, waiting = dict(query_pairs(request)).get("nr"), []
    rows = request.db.scalars(approval.open_proposals(context.holder).limit(MOST)).all()
    paths = paths_of_reports(request.db, [row.document_id for row in rows])
    for row in rows:
        path = paths.get(row.document_id) or path_of_dossier(request.db, row.document_id)
        waiting.append((row, f"{path}/{CHECK}"))
        if str(row.id) == wanted:
            return HTTPSeeOther(f"{path}/{CHECK}")
    answered = request.db.scalars(approval.answered_proposals(context.holder).limit(SHOWN)).all()
    grounds = {row.id: ground_words(row.ground) for row in rows}
    return {"waiting": waiting, "grounds": grounds, "answered": answered}
