"""Asking for exports: the form for one recipient or for several at once, and asking for them.

For several, the form has the questions with one answer for all, and then a group for each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import colander
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther

from stopintimidatie.core import forms
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Button, Form, FormError, handle_form, read_controls
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import day_of, plural
from stopintimidatie.core.web.request import Request, form_view, query_pairs
from stopintimidatie.dossiers.pages import back_to, hidden_reports
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.exports.extract.queries import LoadedDossier, load_dossier
from stopintimidatie.exports.extract.services import restricted, unwilling
from stopintimidatie.exports.models import Export
from stopintimidatie.exports.profiles.defaults import INTERNAL, PROFILES, offered
from stopintimidatie.exports.profiles.rules import Field, Profile
from stopintimidatie.exports.redaction.source import SourceReport
from stopintimidatie.exports.request import forms as request_forms
from stopintimidatie.exports.request.forms import (
    APART,
    choices_in_full,
    first_values,
    read_request,
    request_schema,
)
from stopintimidatie.exports.request.preview import PREVIEW, preview_of
from stopintimidatie.exports.request.queries import bases_for, why_not_out
from stopintimidatie.exports.request.services import (
    SomeRefusedError,
    check_request,
    empowered_today,
    for_each,
    request_exports,
)
from stopintimidatie.exports.review.views import NAME as REVIEW
from stopintimidatie.exports.vocabulary import ExportRequest
from stopintimidatie.municipalities.partners.models import PartnerOrganisation
from stopintimidatie.municipalities.partners.services import KIND as PARTNER
from stopintimidatie.municipalities.partners.services import (
    contacts_of,
    covenant_on,
    find_running,
    running_partners,
)
from stopintimidatie.municipalities.settings.queries import published_for

KIND: Final = "soort_ontvanger"
# The questions of the single form with one answer for all; the others are asked for each.
OF_ALL: Final = frozenset(
    {
        *("vraag", "antwoord_voor", "doel", "soort_doel", "vernietigen_voor", "telefoon"),
        *("grond_minderjarigen", "soort_grond"),
        *("feiten", "beleving", "vermoedens", "terugkoppeling", "volledig"),
    }
)


@dataclass(frozen=True)
class Chosen:
    """A recipient that was chosen: a partner of the municipality, or a kind of recipient."""

    code: str
    partner: PartnerOrganisation | None
    profile: Profile | None = None
    # The name of its group in the form; empty where it is the only recipient of the form.
    group: str = ""

    @property
    def title(self) -> str:
        """The name of the partner, or of the kind."""
        if self.partner is not None:
            return self.partner.name
        return self.profile.label if self.profile else self.code

    def control_of(self, field: str | None) -> str | None:
        """Return the name of the control at which a mistake is shown; None for the whole form."""
        control = request_forms.control_of(field)
        if not self.group or control is None or control in OF_ALL:
            return control
        return f"{self.group}.{control}"


def _read(values: Mapping[str, Any], recipient: Chosen) -> ExportRequest:
    """Return the request for a recipient in the values of the form."""
    kind = {} if recipient.profile is None else {KIND: recipient.profile.name}
    own = values.get(recipient.group, {})
    asked = {"vraag": own[APART]} if own.get(APART) else {}
    return read_request({**values, **kind, **own, **asked}, recipient.partner)


# For one recipient: a partner, or whom the form names. Another choice draws the form anew.

ASK: Final = "uitvoer-aanvragen"
CHOOSE: Final = "kiezen"


def only_going_out(context: DossierResource, request: Request) -> HTTPSeeOther | None:
    """Send who opens a form about a dossier that may go to nobody back, with the reason."""
    why = "" if request.method == "POST" else why_not_out(request.db, context.dossier)
    if not why:
        return None
    request.flash(why, "warning")
    return back_to(context, request)


asking_view = partial(
    form_view,
    DossierResource,
    permission=Permission.REQUEST_EXPORT,
    guards=(hidden_reports, only_going_out),
)


@asking_view(ASK, renderer="templates/request.jinja2")
def request_view(context: DossierResource, request: Request) -> Any:
    """Show the form to ask for an export (`?partner=K-…`); preview it, or ask for it."""
    day, before = day_of(utc_now()), str(dict(query_pairs(request)).get("partner", ""))
    # For whom the form was drawn, and for whom it is to be.
    reference = request.POST.get("partner", before)
    partner = find_running(request.db, reference[:20]) if reference else None
    if reference and partner is None:
        raise HTTPNotFound()
    loaded = load_dossier(request.db, context.dossier, request.registry)
    here = request.resource_path(context, ASK)
    page = {
        **_page(context, request, loaded, here),
        "partners": running_partners(request.db),
        "partner": partner,
        "covenant": None if partner is None else covenant_on(partner, day),
        "day": day,
        "no_basis": partner is not None and not bases_for(partner),
        "choose": CHOOSE,
    }
    form = _form(context, request, [Chosen(reference, partner)], loaded)
    form.action = here if partner is None else f"{here}?partner={partner.reference}"
    if CHOOSE in request.POST or reference != before:
        # The answers typed so far stay, but the kind of recipient of a partner.
        sent = read_controls(form, request.POST.items())
        if sent[KIND] is colander.null or (partner is not None and partner.profile):
            sent[KIND] = form[KIND].cstruct
        form.cstruct = form.deserialize(sent)
        return {**page, "form": form}
    return _handle(context, request, [Chosen(reference, partner)], loaded, form, page)


# For several

MORE: Final = "uitvoer-samen"
MOST: Final = 8


@asking_view(MORE, renderer="templates/together.jinja2")
def together_view(context: DossierResource, request: Request) -> Any:
    """Show the choice of recipients (`?voor=…`) and then the form; preview or ask for exports."""
    loaded = load_dossier(request.db, context.dossier, request.registry)
    partners = [Chosen(p.reference, p) for p in running_partners(request.db) if bases_for(p)]
    known = _page(context, request, loaded, request.resource_path(context, MORE))
    offer = [*partners, *(Chosen(k.name, None, k) for k in known["kinds"] if k is not INTERNAL)]
    asked = query_pairs(request)
    codes = [value for name, value in asked if name == "voor"]
    wanted = [recipient for recipient in offer if recipient.code in codes]
    page = {
        **known,
        "offer": offer,
        "wanted": wanted,
        "form": None,
        "nobody": not wanted and bool(asked),
        "too_many": len(wanted) - MOST,
    }
    if not wanted or len(wanted) > MOST:
        if request.method == "POST":
            raise HTTPNotFound()
        return page
    chosen = [replace(r, group=f"ontvanger_{number}") for number, r in enumerate(wanted, 1)]
    form = _form(context, request, chosen, loaded)
    return _handle(context, request, chosen, loaded, form, page)


# For both


def _page(
    context: DossierResource, request: Request, loaded: LoadedDossier, here: str
) -> dict[str, Any]:
    """Return what both pages tell; of a dossier outside people read only stories looked at."""
    stories = [report for report in loaded.known.reports if report.account.strip()]
    unread = [r for r in stories if Field.ACCOUNT not in {text.field for text in r.reviewed}]
    href = None
    if unread:
        # Whoever looks at the next one comes back here.
        query = {"terug": request.path_qs}
        href = request.resource_path(context, unread[0].reference, REVIEW, query=query)
    return {
        "dossier": context.dossier,
        "here": here,
        "empty": not loaded.known.reports,
        "kinds": offered(empowered=empowered_today(request.db, context.holder)),
        "preview_href": request.resource_path(context, PREVIEW),
        "restricted": [words for _, words in restricted(loaded)],
        "stories": len(stories),
        "unread": len(unread),
        "next_href": href,
        "shown": [],
    }


def _form(
    context: DossierResource, request: Request, chosen: Sequence[Chosen], loaded: LoadedDossier
) -> Form:
    """Return the form; where it tells of reports to choose from, that is noted."""
    reports, most = loaded.known.reports, request.app_settings.pdf_full_reports
    choosable = choices_in_full(reports, most)
    if choosable:
        ids = tuple(loaded.report_ids.values())
        note_read(request, context.holder, "melding", ids, task="uitvoer voorbereiden")
    phone, dossier = published_for(request.db, context.holder).telephone, context.dossier
    proposed = [code for code, _ in choosable[:most]]
    values, kinds = first_values(dossier, phone, chosen[0].partner, proposed), []
    contacts: dict[str, list[tuple[str, str]]] = {}
    for recipient in chosen:
        if recipient.group:
            values[recipient.group] = first_values(dossier, phone, recipient.partner)
        if people := _contacts(context, request, recipient):
            contacts[recipient.code] = people
            values.get(recipient.group, values)["bericht_aan"] = people[0][0]
        if recipient.profile is not None:
            values[recipient.group]["ontvanger"] = recipient.profile.label
        name = f"{recipient.group}.{KIND}" if recipient.group else KIND
        known = values.get(recipient.group, {}).get(KIND, "")
        kinds.append(recipient.profile.name if recipient.profile else request.POST.get(name, known))
    schema_for = partial(
        request_schema,
        minors=loaded.minors,
        empowered=empowered_today(request.db, context.holder),
        ground=loaded.minors_for(kinds),
        restricted=restricted(loaded),
        choosable=choosable,
        most=most,
    )
    if chosen[0].group:
        schema = _grouped(chosen, kinds, reports, schema_for, contacts)
    else:
        # The kind may still change: all are asked about.
        people = contacts.get(chosen[0].code, [])
        schema = schema_for(
            partner=chosen[0].partner, unwilling=unwilling(reports), contacts=people
        )
    asking, looking = "Uitvoer aanvragen", "Eerst voorbeeld bekijken"
    if chosen[0].group:
        asking = f"{plural(len(chosen), 'document', 'documenten')} aanvragen"
        looking = "Eerst voorbeelden bekijken"
    buttons = [Button("aanvragen", asking), Button("voorbeeld", looking, kind="secondary")]
    cancel_url = request.resource_path(context)
    return Form(schema, request, buttons=buttons, appstruct=values, cancel_url=cancel_url)


def _contacts(
    context: DossierResource, request: Request, recipient: Chosen
) -> list[tuple[str, str]]:
    """Return who can be told at a partner: the id of a confirmed address, and words."""
    if recipient.partner is None:
        return []
    people = contacts_of(request.db, request.registry.key_ring, recipient.partner)
    about = [recipient.partner.id]
    note_read(request, context.holder, PARTNER, about, task="uitvoer voorbereiden")
    return [(str(to.id), who.person.words) for who in people if (to := who.address) and to.usable]


def _grouped(
    chosen: Sequence[Chosen],
    kinds: Sequence[str],
    reports: Sequence[SourceReport],
    schema_for: Callable[..., Any],
    contacts: Mapping[str, list[tuple[str, str]]],
) -> Any:
    """Return the form for several: the questions for all first, then the others for each."""
    groups = []
    for recipient, kind in zip(chosen, kinds, strict=True):
        reluctant = unwilling(reports, PROFILES[kind].sharing if kind in PROFILES else None)
        people = contacts.get(recipient.code, [])
        asked = schema_for(partner=recipient.partner, unwilling=reluctant, contacts=people)
        # A kind that was chosen isn't asked again.
        known = OF_ALL if recipient.profile is None else OF_ALL | {KIND}
        mine = [node for node in asked.children if node.name not in known]
        mine.append(request_forms.question_apart())
        names = {"title": recipient.title, "name": recipient.group}
        groups.append(forms.Schema(*mine, **names, names_mistakes=True))
    shared = (node for node in schema_for().children if node.name in OF_ALL)
    return forms.Schema(*shared, *groups)


def _handle(
    context: DossierResource,
    request: Request,
    chosen: Sequence[Chosen],
    loaded: LoadedDossier,
    form: Form,
    page: Mapping[str, Any],
) -> Any:
    """Show the form; preview, or ask for the exports."""
    db, settings, actor = request.db, request.app_settings, request.actor

    def on_valid(values: dict[str, Any]) -> Any:
        wishes = [_read(values, recipient) for recipient in chosen]
        try:
            if form.pressed() != "voorbeeld":
                keys = request.registry.key_ring
                return _asked(
                    context, request, request_exports(db, keys, settings, loaded, wishes, actor)
                )
            looked = for_each(check_request, db, settings, loaded, wishes, actor)
        except SomeRefusedError as error:
            first, *also = (
                _shown_at(chosen[number], values, *mistake)
                for number, problem in error.refused
                for mistake in [(problem.message, problem.field), *problem.also]
            )
            raise FormError(*first, also) from None
        previews = [preview_of(request, context, seen) for seen in looked]
        return {**page, "form": form, "shown": list(zip(chosen, previews, strict=True))}

    return handle_form(request, form, on_valid, page)


def _shown_at(
    recipient: Chosen, values: Mapping[str, Any], words: str, field: str | None
) -> tuple[str, str | None]:
    """Return a refusal with its control; where it has none it names the recipient."""
    where = recipient.control_of(field)
    if where == "vraag" and values.get(recipient.group, {}).get(APART):
        where = f"{recipient.group}.{APART}"
    named = where is None and recipient.group
    return (f"{recipient.title}: {words}" if named else words, where)


def _asked(context: DossierResource, request: Request, made: Sequence[Export]) -> HTTPSeeOther:
    """Say what was asked for, and go to the first."""
    hurried = sum(export.urgent for export in made)
    if waiting := len(made) - hurried:
        number = plural(waiting, "document is", "documenten zijn")
        request.flash(f"{number} aangevraagd. Een collega moet nog goedkeuren.")
    if hurried:
        number = plural(hurried, "document wordt", "documenten worden")
        request.flash(f"{number} meteen gemaakt. Een collega beoordeelt dat binnen één werkdag.")
    return HTTPSeeOther(request.resource_path(context, made[0].reference))
