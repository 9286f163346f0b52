"""Pages for officers about the way to a partner: put ready, read a code out, read the answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther

from stopintimidatie.core import forms
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.forms import Button, ask_values
from stopintimidatie.core.mail import Recipient, queue_mail
from stopintimidatie.core.mail.addresses import readable
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import plural
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.request import Request, form_view, post_view
from stopintimidatie.disclosures.models import Pickup
from stopintimidatie.disclosures.pickup import KIND as PICKUP
from stopintimidatie.disclosures.pickup import make_code, who_picked_up
from stopintimidatie.disclosures.resources import KIND
from stopintimidatie.disclosures.services import (
    EventKind,
    copy_of,
    event_words,
    events_of,
    find_disclosure,
)
from stopintimidatie.dossiers.pages import hidden_reports, sees_reports
from stopintimidatie.exports.models import MAKING, Done, Export, ExportState, Part
from stopintimidatie.exports.release.copies import (
    Correction,
    confirm,
    confirm_destroyed,
    copies_with,
    corrections_of,
    is_out,
    notify,
)
from stopintimidatie.exports.release.mail import CODE_TEXT, PHONE, contact_of, mobile_of
from stopintimidatie.exports.release.services import (
    ANSWER_KEEPER,
    DAYS,
    DAYS_MOST,
    TIMES,
    TIMES_MOST,
    WAYS,
    answers_of,
    hand_over,
    mark_seen,
    offer_export,
    pickups_of,
    refusal,
    who_answered,
)
from stopintimidatie.exports.request.approval import warn_of_refusal
from stopintimidatie.exports.request.jobs import REASONS, Change, withdraw
from stopintimidatie.exports.request.queries import asked_with, shut_by
from stopintimidatie.exports.resources import ExportResource
from stopintimidatie.municipalities.partners.models import PartnerOrganisation
from stopintimidatie.municipalities.partners.services import KIND as PARTNER
from stopintimidatie.municipalities.partners.services import Shown, contacts_of, in_clear
from stopintimidatie.reports.page.steps import Action
from stopintimidatie.reports.resources import ReportResource

# The forms: putting ready, and what a partner answers.


def offer_schema(people: Sequence[Shown]) -> Any:
    """Return the form: who is told, until when it waits, how often it may be fetched."""
    choices = [(str(shown.row.id), shown.person.words) for shown in people]
    return forms.Schema(
        forms.field(
            forms.OneOf(choices, radio=True),
            "Wie krijgt het bericht?",
            name="contact",
            description="Alleen contactpersonen met een bevestigd e-mailadres staan hier.",
        ),
        forms.field(
            forms.Integer(1, DAYS_MOST),
            "Hoeveel dagen staat het klaar?",
            name="dagen",
            description=f"Hoogstens {DAYS_MOST}, en nooit langer dan tot het vernietigd moet zijn.",
        ),
        forms.field(
            forms.Integer(1, TIMES_MOST), "Hoe vaak mag het worden opgehaald?", name="keren"
        ),
    )


class WithdrawSchema(forms.Schema):
    """The form to withdraw an export."""

    waarom = forms.field(forms.OneOf(REASONS, radio=True), "Waarom trekt u dit in?")
    reden = forms.field(
        forms.Text(1000, lines=True),
        "Toelichting voor uw collega's",
        description="De ontvanger leest dit niet. Noem geen namen.",
        missing=None,
    )


class RectifySchema(forms.Schema):
    """The form to tell a recipient what wasn't right."""

    wat = forms.field(
        forms.ManyOf(Part.choices()), "Wat klopte er niet?", validator=forms.at_least(1)
    )
    toelichting = forms.field(
        forms.Text(1000, lines=True),
        "Wat moet de ontvanger weten?",
        description="De ontvanger leest dit na een code per e-mail. Noem geen namen en herhaal niet"
        " wat er fout stond.",
        missing=None,
    )
    intrekken = forms.field(
        forms.Flag(),
        "Trek de documenten ook in",
        description="De bestanden worden vernietigd. Vraag daarna zo nodig een nieuwe uitvoer aan.",
        missing=False,
    )


_TEMPLATES: Final = "stopintimidatie.exports.release:templates"
FORM_PAGE: Final = f"{_TEMPLATES}/form.jinja2"
_P: Final = Permission.REQUEST_EXPORT


def back(context: ExportResource, request: Request) -> HTTPSeeOther:
    """Go back to the page of the export."""
    return HTTPSeeOther(request.resource_path(context))


def only_open(context: ExportResource, request: Request) -> HTTPSeeOther | None:
    """Send back from a document that may not be given now, and say why."""
    shut = shut_by(request.db, request.registry, context.export)
    if shut is None and (request.method == "POST" or context.export.state == ExportState.READY):
        return None
    request.flash(shut.words if shut else "Dit document is er niet (meer).", "warning")
    return back(context, request)


_OPEN: Final = (hidden_reports, only_open)
_ASKED: Final = (*_OPEN, recently_confirmed)


@form_view(ExportResource, "laten-ophalen", _P, FORM_PAGE, guards=_OPEN)
def offer_view(context: ExportResource, request: Request) -> Any:
    """Choose who is told, and put the file ready."""
    export = context.export
    people = _people(context, request)
    if not people and request.method != "POST":
        request.flash(
            "Bij deze partner staat niemand met een bevestigd e-mailadres. Zet er eerst iemand bij,"
            " op de pagina van de partner.",
            "warning",
        )
        return back(context, request)

    def act(values: dict[str, Any]) -> None:
        chosen = next(person for person in people if str(person.row.id) == values["contact"])
        days, times = values["dagen"], values["keren"]
        actor, registry = request.actor, request.registry
        offer_export(request.db, registry, export, chosen.address, actor, days=days, times=times)
        request.flash(
            "Het document staat klaar en het bericht gaat uit. Maak een code als de ander u belt."
        )

    button = Button("klaarzetten", "Klaarzetten en bericht sturen")
    here, given = request.resource_path(context), {"dagen": DAYS, "keren": TIMES}
    return ask_values(request, offer_schema(people), button, act, here, given=given)


def _people(context: ExportResource, request: Request) -> list[Shown]:
    """Return the people of the partner whose address is confirmed."""
    number = context.export.partner_id
    partner = request.db.get(PartnerOrganisation, number) if number else None
    if partner is None:
        return []
    people = contacts_of(request.db, request.registry.key_ring, partner)
    note_read(request, context.holder, PARTNER, [partner.id], task="laten ophalen")
    return [person for person in people if person.address is not None and person.address.usable]


@form_view(ExportResource, "zelf-gegeven", _P, FORM_PAGE, guards=_OPEN)
def hand_over_view(context: ExportResource, request: Request) -> Any:
    """Record that somebody here gave the document to its recipient."""
    export = context.export

    def act(values: dict[str, Any]) -> None:
        hand_over(request.db, request.registry, export, values["hoe"], request.actor)
        request.flash(f"Vastgelegd: het document is bij {export.recipient}.")

    schema = forms.Schema(forms.field(forms.OneOf(WAYS, radio=True), "Hoe gaf u het?", name="hoe"))
    button = Button("gegeven", "Ik heb het gegeven")
    return ask_values(request, schema, button, act, request.resource_path(context))


@post_view(ExportResource, "ophaalcode", _P, renderer=f"{_TEMPLATES}/code.jinja2", guards=_ASKED)
def code_view(context: ExportResource, request: Request) -> Any:
    """Show a code to read out, once: it stands in no address and is kept nowhere.

    With `samen=ja` one for each export that was asked for together and can be fetched.
    """
    keys, session = request.registry.key_ring, request.db
    pickups = _to_fetch(context, request)
    if not pickups:
        request.flash("Er staat nog niets klaar om op te halen. Probeer het straks weer.", "info")
        return back(context, request)
    codes = [(row, make_code(session, keys, row, request.actor)) for row in pickups]
    phone = mobile_of(session, keys, pickups[0]) if len(pickups) == 1 else None
    may_text = phone is not None and request.registry.texter.on
    if may_text and request.POST.get("sms") == "ja":
        to = Recipient(PHONE, str(pickups[0].id))
        queue_mail(session, context.holder, CODE_TEXT.name, to, about=pickups[0].id)
        request.flash("De code gaat per sms naar de contactpersoon.")
        return back(context, request)
    contacts = {row.id: contact for row in pickups if (contact := contact_of(session, row))}
    about = [contact[0].organisation_id for contact in contacts.values()]
    if about:
        note_read(request, context.holder, PARTNER, about, task="code voorlezen")
    people = {at: in_clear(keys, *contact) for at, contact in contacts.items()}
    return {
        "codes": [(row, readable(code), people.get(row.id)) for row, code in codes],
        "may_text": may_text,
        "code_href": request.resource_path(context, "ophaalcode"),
        "back": request.resource_path(context),
    }


def _to_fetch(context: ExportResource, request: Request) -> list[Pickup]:
    """Return the pick-ups for which a code can be made now."""
    together = request.POST.get("samen") == "ja"
    rows = []
    for export in asked_with(request.db, context.export) if together else [context.export]:
        latest = next(iter(pickups_of(request.db, export.id)), None)
        if latest is not None and refusal(latest, export) is None:
            rows += [] if shut_by(request.db, request.registry, export) else [latest]
    return rows


@post_view(ExportResource, "antwoord-gelezen", _P, guards=(hidden_reports,))
def seen_view(context: ExportResource, request: Request) -> Any:
    """Mark the answer as read: it leaves the start page."""
    mark_seen(request.db, context.export, request.actor)
    request.flash("Het antwoord staat als gelezen.")
    return back(context, request)


# Actions on a copy: withdraw it, and note what the holder said by telephone.


@form_view(ExportResource, "intrekken", _P, FORM_PAGE, guards=(hidden_reports,))
def withdraw_view(context: ExportResource, request: Request) -> Any:
    """Take it back, with a reason; who holds a copy is told."""
    export = context.export
    if export.state == ExportState.WITHDRAWN and request.method != "POST":
        request.flash("Deze uitvoer is al ingetrokken.", "info")
        return back(context, request)

    def act(values: dict[str, Any]) -> None:
        withdraw(request.db, export, request.actor, values["waarom"], values["reden"])
        request.flash("Het document is ingetrokken. Wie een kopie heeft, krijgt bericht.")

    button = Button("intrekken", "Intrekken en vernietigen", kind="danger")
    return ask_values(request, WithdrawSchema(), button, act, request.resource_path(context))


@post_view(ExportResource, "vernietigd-gehoord", _P, guards=(hidden_reports,))
@post_view(ExportResource, "correctie-gehoord", _P, guards=(hidden_reports,))
def heard_view(context: ExportResource, request: Request) -> HTTPSeeOther:
    """Note that the holder told that a correction is done, or that the copy is destroyed."""
    export, session = context.export, request.db
    disclosure = find_disclosure(session, export.reference)
    if disclosure is None:
        raise HTTPNotFound()
    with warn_of_refusal(request):
        if request.view_name == "correctie-gehoord":
            confirm(session, export, disclosure, request.POST.get("nr", ""), request.actor)
            request.flash("Vastgelegd dat de ontvanger de correctie heeft verwerkt.")
        else:
            confirm_destroyed(session, export, disclosure, request.actor)
            request.flash("Vastgelegd dat de ontvanger het document heeft vernietigd.")
    return back(context, request)


# On a report: telling everybody who holds a copy that something in it isn't right.


NAME: Final = "rectificatie"


def rectify_action(request: Any, context: Any) -> Action | None:
    """Return the button on the page of a report, where somebody outside has a copy of it."""
    if not request.has_permission(Permission.TRIAGE, context):
        return None
    if not copies_with(request.db, context.report.id):
        return None
    return Action("Correctie melden aan wie een kopie heeft", request.resource_path(context, NAME))


@form_view(ReportResource, NAME, Permission.TRIAGE, FORM_PAGE)
def rectify_view(context: ReportResource, request: Request) -> Any:
    """Take what was wrong, and what the holders must know."""
    report = context.report
    copies = copies_with(request.db, report.id)
    if not copies:
        request.flash("Niemand buiten de gemeente heeft een kopie van deze melding.", "info")
        return HTTPSeeOther(request.resource_path(context))

    def act(values: dict[str, Any]) -> None:
        actor, keys = request.actor, request.registry.key_ring
        correction = Correction(Change.CORRECTED, tuple(values["wat"]), values["toelichting"])
        deliveries = notify(request.db, keys, copies, correction, actor)
        if values["intrekken"]:
            # But not of a person's dossier: who may come near it does that.
            for disclosure, _ in copies_with(request.db, report.id):
                export = request.db.get(Export, disclosure.document_id)
                if export and export.state == ExportState.READY and not disclosure.restricted:
                    withdraw(request.db, export, actor, "onjuist")
        if all(deliveries):
            request.flash("De correctie is gemeld aan iedereen die een kopie heeft.")
            return
        missed = plural(deliveries.count(False), "ontvanger heeft", "ontvangers hebben")
        request.flash(
            f"{missed} geen bevestigd e-mailadres. Bel die zelf; op de pagina van de uitvoer legt u"
            " vast dat het is verwerkt.",
            "warning",
        )

    button = Button("melden", "Correctie melden")
    here, page = request.resource_path(context), {"report": report, "copies": len(copies)}
    return ask_values(request, RectifySchema(), button, act, here, page)


# On the page of an export: pick-ups, answers, corrections and the copy.


def is_coming(export: Export) -> bool:
    """Tell whether a document is still to be put ready by itself for whom its asker chose."""
    on_the_way = export.state in {ExportState.REQUESTED, *MAKING, ExportState.READY}
    return on_the_way and export.offer_address_id is not None and export.failure is None


def export_panel(context: Any, request: Any) -> Panel | None:
    """Return the panel of an export; None before there is a file, or codes to wait for."""
    export: Export = context.export
    if export.made_at is None and not (export.together and is_coming(export)):
        return None
    keys, sees = request.registry.key_ring, sees_reports(context.__parent__, request)
    works = sees and bool(request.has_permission(Permission.REQUEST_EXPORT, context))
    disclosure = find_disclosure(request.db, export.reference)
    pickups = pickups_of(request.db, export.id)
    # Answers and corrections may tell of the reports of a person-directed dossier.
    answers = answers_of(request.db, export.id) if sees else []
    # The names of who came for it and of who answered are personal data too.
    if pickups:
        ids = [row.id for row in pickups]
        note_read(request, context.holder, PICKUP, ids, task="uitvoer bekijken")
    if answers:
        note_read(request, context.holder, KIND, [export.id], task="antwoord lezen")
    latest = pickups[0] if pickups else None
    waits = latest is not None and refusal(latest, export) is None
    there = works and export.state == ExportState.READY
    may = there and shut_by(request.db, request.registry, export) is None
    keeper = ANSWER_KEEPER.only(request.registry) if answers else None
    copy = copy_of(request.db, disclosure.id) if disclosure else None
    events = events_of(request.db, disclosure.id) if disclosure else []
    return Panel(
        "Geven en terughoren",
        f"{_TEMPLATES}/panel.jinja2",
        {
            "pickups": [(row, who_picked_up(keys, row)) for row in pickups],
            "answers": [(row, who_answered(keys, row)) for row in answers],
            "done": dict(Done.choices()),
            "hint": keeper.hint(request.db, export) if keeper else "",
            "events": [(row, event_words(row)) for row in events],
            "opened": any(row.kind == EventKind.OPENED for row in events),
            "export": export,
            "coming": is_coming(export) and not pickups,
            "together": len(asked_with(request.db, export)) if works else 1,
            "here": request.resource_path(context).rstrip("/"),
            "works": works,
            "there": there,
            "may": may,
            "waits": waits,
            "copy": copy,
            "is_out": is_out(copy),
            "corrections": corrections_of(request.db, export.id) if sees else [],
            "parts": dict(Part.choices()),
        },
    )
