"""The page *Gegevens wissen*: what goes and what stays, a ground and reason, a second look, gone.

It shows no content of the document: who erases needn't read that here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from stopintimidatie.core import forms
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.forms import Button, ConflictError, Form, FormError, field, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.storage.personal import ErasureCount
from stopintimidatie.core.web.request import Request
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.dossiers.workflow import GONE
from stopintimidatie.privacy.erasure.services import (
    GROUNDS,
    ErasureError,
    Outlook,
    erase_dossier,
    erase_report,
    preview_erasure,
)
from stopintimidatie.reports.fields import BY_COLUMN
from stopintimidatie.reports.page.steps import Action
from stopintimidatie.reports.resources import ReportResource


def erase_action(request: Any, context: Any) -> Action | None:
    """Return the button that leads to erasing, on the page of a report."""
    if not request.has_permission(Permission.ERASE, context):
        return None
    return Action("Gegevens wissen", request.resource_path(context, "gegevens-wissen"))


_REASON_COLUMNS: Final = {"reason": "reden", "values": "antwoorden"}
_TEXT: Final = {"text": "tekst"}
# The tables and their columns in words
WORDS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "report": (
        "De melding",
        {
            **{name: field.facts.erased for name, field in BY_COLUMN.items() if field.facts.erased},
            "suspected_offence_reason": "reden van het vermoeden van een strafbaar feit",
        },
    ),
    "report_contact": (
        "Contactgegevens van de melder",
        {
            "name": "naam",
            "phone": "telefoonnummer",
            "email": "e-mailadres",
            "contact_when": "wanneer te bereiken",
            "phone_index": "zoeksleutel van het nummer",
            "email_index": "zoeksleutel van het adres",
        },
    ),
    "report_move": ("Geschiedenis van de melding", _REASON_COLUMNS),
    "reporter_message": ("Gesprek met de melder", _TEXT),
    "report_note": ("Notities bij de melding", _TEXT),
    "report_proposal": (
        "Voorstellen aan een tweede persoon",
        {"values": "antwoorden", "answer": "antwoord"},
    ),
    "report_decision": (
        "Besluiten die nog ongedaan konden",
        {"before": "hoe de melding stond", "values": "antwoorden", "final": "waarom het vaststaat"},
    ),
    "report_attachment": ("Foto's, geluid en video bij de melding", {"key": "bestand"}),
    "attachment_part": ("Inhoud van bijlagen", {"content": "inhoud"}),
    "report_review": (
        "Nagekeken tekst",
        {"spans": "wat was gemarkeerd", "digest": "wat was gemarkeerd"},
    ),
    "report_transfer": (
        "Overdracht tussen gemeenten",
        {"content": "inhoud", "offer": "inhoud", "reason": "reden", "answer": "antwoord"},
    ),
    "pattern_report": ("Opvallende patronen", {"report_id": "dat de melding erbij hoort"}),
    "dossier": (
        "Het dossier",
        {
            "title": "titel",
            "purpose": "doel",
            "responsible_body": "verantwoordelijk orgaan",
            "privacy_advice": "advies van de privacyfunctionaris",
            "goal": "wat u wilt bereiken",
            "summary": "samenvatting",
            "assessment": "duiding",
            "closed_note": "toelichting bij afsluiten",
            "taken_over_by": "overgenomen door",
            "effect": "effect",
            "feedback": "terugkoppeling",
        },
    ),
    "dossier_note": ("Notities", _TEXT),
    "dossier_agreement": ("Afspraken", {"what": "wat", "who": "wie", "result": "resultaat"}),
    "dossier_membership": (
        "Meldingen in dossiers",
        {"joined_reason": "reden van toevoegen", "left_reason": "reden van weghalen"},
    ),
    "dossier_text": ("Versies van samenvatting en duiding", _TEXT),
    "dossier_participant": (
        "Deelnemers",
        {"function": "functie", "organisation": "organisatie", "task": "taak"},
    ),
    "consultation": (
        "Overleggen",
        {"place": "plaats", "agenda": "agenda", "decisions": "besluiten"},
    ),
    "consultation_seat": (
        "Wie er aan tafel zat",
        {"function": "functie", "organisation": "organisatie"},
    ),
    "archive_part": ("Pakket voor het archief", {"data": "de hele inhoud"}),
    "subject_copy_blob": ("Kopie voor een betrokkene", {"data": "de hele kopie"}),
    "consultation_blob": ("Wat op tafel lag", {"data": "de hele vastlegging"}),
    "dossier_measure": ("Maatregelen", {"what": "wat", "who": "wie", "effect": "effect"}),
    "dossier_attachment": (
        "Bijlagen van het dossier",
        {"about": "omschrijving", "key": "bestand"},
    ),
    "dossier_move": ("Geschiedenis van het dossier", _REASON_COLUMNS),
    "export": (
        "Aanvragen van uitvoer",
        {
            "question": "vraag",
            "purpose": "doel",
            "recipient": "ontvanger",
            "covenant": "convenant",
            "minors_ground": "extra grond",
            "owner_phone": "telefoonnummer van de dossierhouder",
            "demand_officer": "functionaris die vordert",
            "urgent_reason": "reden van spoed",
            "facts": "feiten",
            "perceptions": "beleving",
            "assumptions": "vermoedens",
            "feedback": "terugkoppeling",
            "deviations": "reden om toch te delen",
            "decided_reason": "reden van het besluit",
            "withdrawn_reason": "reden van intrekken",
        },
    ),
    "export_blob": ("Bevroren documenten (uitvoer)", {"data": "het hele document"}),
    "partner_answer": (
        "Antwoorden van partners",
        {
            "answered_by": "wie antwoordde",
            "text": "toelichting",
            "wants_about": "waarover de partner wil praten",
        },
    ),
    "dossier_person_ground": (
        "Waarom dit dossier over één persoon gaat",
        {"proportionality": "evenredigheid", "postponed_reason": "reden om later te informeren"},
    ),
    "dossier_privacy_advice": (
        "Advies van de privacyfunctionaris",
        {
            "question": "vraag",
            "urgent_reason": "reden van spoed",
            "words": "advies",
            "not_followed_reason": "waarom niet gevolgd",
        },
    ),
    "copy_correction": ("Correcties", {"note": "toelichting"}),
}


def rows(counts: Iterable[ErasureCount]) -> list[list[str]]:
    """Return a row for each table: its name, its columns, and the number of rows."""
    lines = []
    for count in counts:
        title, columns = WORDS[count.table]
        names = dict.fromkeys(columns.get(name, name) for name in count.columns)
        lines.append([title, ", ".join(names), str(count.rows)])
    return lines


STAYS_OF_REPORT: Final = (
    ("Kenmerk", "met de dag van binnenkomst en de toestand ‘vernietigd’"),
    ("Voor de cijfers", "wijk, soort plek, dag en vorm; niet wie, en niet wat er stond"),
    ("Geschiedenis", "welke stap wanneer door wie, zonder redenen en antwoorden"),
    ("Register", "aan wie er iets van is verstrekt, met kenmerken en soorten gegevens"),
    ("Logboek", "wie wat deed of las; daar staat nooit inhoud in"),
)
STAYS_OF_DOSSIER: Final = (
    ("Nummer", "met soort, wijk, data en de toestand ‘vernietigd’"),
    ("Meldingen", "zijn eigen documenten: wis die apart als dat moet"),
    ("Geschiedenis", "welke stap wanneer door wie, zonder redenen en antwoorden"),
    ("Register", "aan wie het is verstrekt, waarom en tot wanneer, en van welke meldingen"),
    ("Logboek", "wie wat deed of las; daar staat nooit inhoud in"),
)


# Pages

NAME: Final = "gegevens-wissen"
_TEMPLATES: Final = "stopintimidatie.privacy.erasure:templates"
_REASON: Final = forms.Text(500, lines=True)
# States of a report in which nothing is left here, or it is the archive's
OVER: Final = frozenset({"overgedragen", "vernietigd"})


class DecisionSchema(forms.Schema):
    """The first form: the ground and the reason; nothing is erased yet."""

    grond = field(forms.OneOf(list(GROUNDS.items()), radio=True), "Grond")
    reden = field(
        _REASON,
        "Reden",
        description="Blijft in de geschiedenis staan. Noem geen namen en herhaal niets uit de"
        " inhoud. Zoals: verzoek van de betrokkene, met het nummer van de zaak.",
        widget=forms.TextArea(rows=3),
    )


class SureSchema(forms.Schema):
    """The second form: the decision goes along hidden, with a fingerprint of what was seen."""

    grond = field(forms.OneOf(list(GROUNDS.items())), "Grond", widget=forms.Hidden())
    reden = field(_REASON, "Reden", widget=forms.Hidden())
    gezien = field(forms.Text(64), "Gezien", missing="", widget=forms.Hidden())
    nummer = field(
        forms.Text(20),
        "Typ het kenmerk over",
        description="Dan weten wij zeker dat het om deze gaat.",
        widget=forms.TextInput(autocomplete="off", width="medium"),
    )
    zeker = field(forms.Flag(), "Ik weet dat niemand deze gegevens nog terughaalt", missing=False)


erase_page = partial(
    view_config,
    name=NAME,
    request_method=("GET", "POST"),
    permission=Permission.ERASE,
    renderer=f"{_TEMPLATES}/erase.jinja2",
    guards=(recently_confirmed,),
)


@erase_page(context=ReportResource)
@erase_page(context=DossierResource)
def erase_view(context: Any, request: Request) -> Any:
    """Show the first form and then the second, both at this address, and erase."""
    row = _row_of(context)
    if row.state in (GONE if isinstance(context, DossierResource) else OVER):
        request.flash("Hier is niets meer om te wissen.", "info")
        return HTTPSeeOther(request.resource_path(context))
    looked = preview_erasure(request.registry, request.db, context.kind, row)

    def page() -> dict[str, Any]:
        note_read(request, context.holder, context.kind, [row.id], task="gegevens wissen")
        return _page(context, request, looked)

    if looked.obstacles:
        request.response.status_int = 409 if request.method == "POST" else 200
        return {**page(), "form": None, "last": False}
    if "wissen" in request.POST:
        return _second(context, request, looked, page)
    form = Form(
        DecisionSchema(),
        request,
        buttons=[Button("verder", "Verder: nog één keer kijken")],
        cancel_url=request.resource_path(context),
    )

    def on_valid(values: dict[str, Any]) -> Any:
        given = {**values, "gezien": looked.fingerprint}
        sure = _sure(context, request, given)
        return {**page(), "form": sure, "last": True, "why": _why(values)}

    return handle_form(request, form, on_valid, page)


def _row_of(context: Any) -> Any:
    return context.dossier if isinstance(context, DossierResource) else context.report


def _number(context: Any) -> str:
    row = _row_of(context)
    return str(row.number if isinstance(context, DossierResource) else row.reference)


def _page(context: Any, request: Request, looked: Outlook) -> dict[str, Any]:
    whole = isinstance(context, DossierResource)
    stays = STAYS_OF_DOSSIER if whole else STAYS_OF_REPORT
    return {
        "above": f"Dossier {_number(context)}" if whole else _number(context),
        "whole": whole,
        "goes": rows(looked.counts),
        "copies": looked.copies,
        "stays": stays,
        "obstacles": looked.obstacles,
        "back": request.resource_path(context),
        "last": False,
        "why": [],
    }


def _why(values: dict[str, Any]) -> list[tuple[str, str]]:
    return [("Grond", GROUNDS[values["grond"]]), ("Reden", values["reden"])]


def _sure(context: Any, request: Request, given: dict[str, Any]) -> Form:
    return Form(
        SureSchema(),
        request,
        buttons=[Button("wissen", "Voorgoed wissen", kind="danger")],
        appstruct=given,
        cancel_url=request.resource_path(context, NAME),
    )


def _second(
    context: Any, request: Request, looked: Outlook, page: Callable[[], dict[str, Any]]
) -> Any:
    """Handle the second form: erase when the number was typed and nothing changed since."""
    form = _sure(context, request, {})
    why: list[tuple[str, str]] = []

    def on_valid(values: dict[str, Any]) -> Any:
        why[:] = _why(values)
        if values["nummer"].strip().upper() != _number(context):
            raise FormError(f"Dit is niet {_number(context)}. Kijk het na.", "nummer")
        if not values["zeker"]:
            raise FormError("Zet het vinkje: dit kan niemand terugdraaien.", "zeker")
        if values["gezien"] != looked.fingerprint:
            form["gezien"].cstruct = looked.fingerprint
            raise ConflictError(
                "Er is iets gewijzigd sinds u deze pagina opende. Kijk hieronder opnieuw wat er"
                " verdwijnt, en beslis dan."
            )
        _erase(context, request, values)
        request.flash("De gegevens zijn gewist. Wie een kopie heeft, krijgt bericht.")
        return HTTPSeeOther(request.resource_path(context))

    def last_page() -> dict[str, Any]:
        return {**page(), "last": True, "why": why}

    return handle_form(request, form, on_valid, last_page)


def _erase(context: Any, request: Request, values: dict[str, Any]) -> None:
    assert request.identity is not None  # noqa: S101 - the view asks a permission
    erase = erase_dossier if isinstance(context, DossierResource) else erase_report
    row, actor = _row_of(context), request.actor
    try:
        erase(request.registry, request.db, row, values["grond"], values["reden"], actor)
    except ErasureError as problem:
        raise FormError(str(problem)) from None
