"""Asking for exports: the form for one recipient or for several at once, and asking for them.

For several, the form has the questions with one answer for all, and then a group for each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import colander
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther

from stopintimidatie.core import forms
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Button, Form, FormError, handle_form, read_controls
from stopintimidatie.core.security import Permission
from stopintimidatie.core.text import day_of, plural
from stopintimidatie.core.web.request import Request, form_view, query_pairs
from stopintimidatie.dossiers.pages import hidden_reports
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.exports.extract.queries import LoadedDossier, load_dossier
from stopintimidatie.exports.extract.rules import restricted, unwilling
from stopintimidatie.exports.profiles.defaults import INTERNAL, PROFILES, offered
from stopintimidatie.exports.profiles.rules import Profile
from stopintimidatie.exports.request import forms as request_forms
from stopintimidatie.exports.request.forms import (
    ROUTES,
    choices_in_full,
    first_values,
    read_request,
    request_schema,
)
from stopintimidatie.exports.request.pages import (
    ASK,
    note_choices,
    note_preview,
    only_going_out,
    previews_by_kind,
    shown,
    stories_of,
)
from stopintimidatie.exports.request.queries import bases_for
from stopintimidatie.exports.request.routes import SomeRefusedError, look_together, request_together
from stopintimidatie.exports.request.services import empowered_today
from stopintimidatie.exports.vocabulary import ExportRequest
from stopintimidatie.municipalities.partners.models import PartnerOrganisation
from stopintimidatie.municipalities.partners.services import (
    covenant_on,
    find_running,
    running_partners,
)
from stopintimidatie.municipalities.settings.queries import published_for

KIND: Final = "soort_ontvanger"
# The questions of the single form with one answer for all; the others are asked for each.
OF_ALL: Final = frozenset(
    {
        *("antwoord_voor", "doel", "soort_doel", "vernietigen_voor", "telefoon"),
        *("grond_minderjarigen", "soort_grond"),
        *("feiten", "beleving", "vermoedens", "terugkoppeling", "volledig"),
    }
)
OF_EACH: Final = frozenset(
    {
        *("soort_ontvanger", "ontvanger", "vraag", "grondslag", "convenant", "toch", "bestand"),
        "beperkt",
        *ROUTES,
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


def _schema(
    chosen: Sequence[Chosen], reluctant: Sequence[Sequence[tuple[int, str]]], **terms: Any
) -> Any:
    """Return the form: the questions for all first, then the others for each recipient.

    Args:
        chosen: the recipients.
        reluctant: for each recipient, `unwilling` of `request_schema`.
        terms: the others of `request_schema`.
    """
    each = [
        request_schema(partner=recipient.partner, unwilling=theirs, **terms)
        for recipient, theirs in zip(chosen, reluctant, strict=True)
    ]
    if not chosen[0].group:
        return each[0]
    groups = []
    for recipient, schema in zip(chosen, each, strict=True):
        # A kind that was chosen isn't asked again.
        asked = OF_EACH if recipient.profile is None else OF_EACH - {KIND}
        mine = (node for node in schema.children if node.name in asked)
        names = {"title": recipient.title, "name": recipient.group}
        groups.append(forms.Schema(*mine, **names, names_mistakes=True))
    shared = (node for node in request_schema(**terms).children if node.name in OF_ALL)
    return forms.Schema(*shared, *groups)


def _first_values(
    chosen: Sequence[Chosen], dossier: Any, phone: str | None, in_full: Sequence[str]
) -> dict[str, Any]:
    values = first_values(dossier, phone, chosen[0].partner, in_full)
    for recipient in chosen:
        if recipient.group:
            values[recipient.group] = first_values(dossier, phone, recipient.partner)
        if recipient.profile is not None:
            values[recipient.group]["ontvanger"] = recipient.profile.label
    return values


def _read(values: Mapping[str, Any], recipient: Chosen) -> ExportRequest:
    """Return the request for a recipient in the values of the form."""
    kind = {} if recipient.profile is None else {KIND: recipient.profile.name}
    return read_request({**values, **kind, **values.get(recipient.group, {})}, recipient.partner)


# For one recipient: a partner, or whom the form names. Another choice draws the form anew.

CHOOSE: Final = "kiezen"
ASKED: Final = "De uitvoer is aangevraagd. Een collega moet hem goedkeuren."
URGENT: Final = (
    "Het document wordt meteen gemaakt. Een collega moet het binnen één werkdag beoordelen."
)


@form_view(
    DossierResource,
    ASK,
    Permission.REQUEST_EXPORT,
    "templates/request.jinja2",
    guards=(hidden_reports, only_going_out),
)
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
        "partners": [(row.reference, row.name) for row in running_partners(request.db)],
        "partner": partner,
        "covenant": None if partner is None else covenant_on(partner, day),
        "day": day,
        "no_basis": partner is not None and not bases_for(partner),
        "choose": CHOOSE,
    }
    form = _form(context, request, [Chosen(reference, partner)], loaded)
    form.action = here if partner is None else f"{here}?partner={partner.reference}"
    if CHOOSE in request.POST or reference != before:
        _keep(request, form, partner)
        return {**page, "form": form}
    return _handle(context, request, [Chosen(reference, partner)], loaded, form, page)


def _keep(request: Request, form: Form, partner: PartnerOrganisation | None) -> None:
    """Put the answers typed so far back in the form, but the kind of recipient of a partner."""
    sent = read_controls(form, request.POST.items())
    if sent[KIND] is colander.null or (partner is not None and partner.profile):
        sent[KIND] = form[KIND].cstruct
    form.cstruct = form.deserialize(sent)


# For several

MORE: Final = "uitvoer-samen"
MOST: Final = 8


@form_view(
    DossierResource,
    MORE,
    Permission.REQUEST_EXPORT,
    "templates/together.jinja2",
    guards=(hidden_reports, only_going_out),
)
def together_view(context: DossierResource, request: Request) -> Any:
    """Show the choice of recipients (`?voor=…`) and then the form; preview or ask for exports."""
    loaded = load_dossier(request.db, context.dossier, request.registry)
    offer = _offer(request, context.holder)
    asked = query_pairs(request)
    codes = [value for name, value in asked if name == "voor"]
    wanted = [recipient for recipient in offer if recipient.code in codes]
    page = {
        **_page(context, request, loaded, request.resource_path(context, MORE)),
        "offer": [(recipient.code, recipient.title, recipient in wanted) for recipient in offer],
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


def _offer(request: Request, holder: str) -> list[Chosen]:
    """Return the partners of the municipality, and the kinds of recipients outside."""
    partners = [Chosen(p.reference, p) for p in running_partners(request.db) if bases_for(p)]
    kinds = offered(empowered=empowered_today(request.db, holder))
    return [*partners, *(Chosen(k.name, None, k) for k in kinds if k is not INTERNAL)]


# For both


def _page(
    context: DossierResource, request: Request, loaded: LoadedDossier, here: str
) -> dict[str, Any]:
    empowered = empowered_today(request.db, context.holder)
    return {
        "dossier": context.dossier,
        "here": here,
        "empty": not loaded.known.reports,
        "previews": previews_by_kind(context, request, empowered=empowered),
        "restricted": [words for _, words in restricted(loaded)],
        "stories": stories_of(context, request, loaded),
        "shown": [],
    }


def _form(
    context: DossierResource, request: Request, chosen: Sequence[Chosen], loaded: LoadedDossier
) -> Form:
    """Return the form; where it tells of reports to choose from, that is noted."""
    reports, most = loaded.known.reports, request.app_settings.pdf_full_reports
    choosable = choices_in_full(reports, most)
    if choosable:
        note_choices(request, context, loaded)
    phone = published_for(request.db, context.holder).telephone
    proposed = [code for code, _ in choosable[:most]]
    values = _first_values(chosen, context.dossier, phone, proposed)
    kinds, reluctant = [], []
    for recipient in chosen:
        name = f"{recipient.group}.{KIND}" if recipient.group else KIND
        known = values.get(recipient.group, {}).get(KIND, "")
        kind = recipient.profile.name if recipient.profile else request.POST.get(name, known)
        kinds.append(kind)
        # For one recipient the kind may still change: all are asked about then.
        wish = PROFILES[kind].sharing if recipient.group and kind in PROFILES else None
        reluctant.append(unwilling(reports, wish))
    alone = not chosen[0].group
    number = plural(len(chosen), "document", "documenten")
    return Form(
        _schema(
            chosen,
            reluctant,
            minors=loaded.minors,
            empowered=empowered_today(request.db, context.holder),
            ground=loaded.minors_for(kinds),
            restricted=restricted(loaded),
            choosable=choosable,
            most=most,
        ),
        request,
        buttons=[
            Button("aanvragen", "Uitvoer aanvragen" if alone else f"{number} aanvragen"),
            Button(
                "voorbeeld",
                f"Eerst {'voorbeeld' if alone else 'voorbeelden'} bekijken",
                kind="secondary",
            ),
        ],
        appstruct=values,
        cancel_url=request.resource_path(context),
    )


def _handle(
    context: DossierResource,
    request: Request,
    chosen: Sequence[Chosen],
    loaded: LoadedDossier,
    form: Form,
    page: Mapping[str, Any],
) -> Any:
    """Show the form; preview, or ask for the exports."""

    def on_valid(values: dict[str, Any]) -> Any:
        wishes = [_read(values, recipient) for recipient in chosen]
        with _named(chosen):
            if form.pressed() == "voorbeeld":
                previews = _previews(context, request, loaded, chosen, wishes)
                return {**page, "form": form, "shown": previews}
            return _ask(context, request, loaded, wishes, together=bool(chosen[0].group))

    return handle_form(request, form, on_valid, page)


@contextmanager
def _named(chosen: Sequence[Chosen]) -> Iterator[None]:
    """Turn refusals into errors of the form, at their answers; else they name the recipient."""
    try:
        yield
    except SomeRefusedError as error:
        first, *also = (
            _shown_at(chosen[number], *mistake)
            for number, problem in error.refused
            for mistake in request_forms.mistakes(problem)
        )
        raise FormError(*first, also) from None


def _shown_at(recipient: Chosen, words: str, field: str | None) -> tuple[str, str | None]:
    where = recipient.control_of(field)
    named = where is None and recipient.group
    return (f"{recipient.title}: {words}" if named else words, where)


def _previews(
    context: DossierResource,
    request: Request,
    loaded: LoadedDossier,
    chosen: Sequence[Chosen],
    wishes: Sequence[ExportRequest],
) -> list[dict[str, Any]]:
    """Return the preview of what each recipient would see."""
    actor, settings = request.actor, request.app_settings
    looked = look_together(request.db, settings, loaded, wishes, actor)
    for seen in looked:
        note_preview(request, context, seen)
    return [
        {
            "title": recipient.title,
            "prefix": f"{recipient.group}-",
            "preview": shown(request, context, seen),
        }
        for recipient, seen in zip(chosen, looked, strict=True)
    ]


def _ask(
    context: DossierResource,
    request: Request,
    loaded: LoadedDossier,
    wishes: Sequence[ExportRequest],
    *,
    together: bool,
) -> HTTPSeeOther:
    settings, keys = request.app_settings, request.registry.key_ring
    made = request_together(
        request.db, keys, settings, loaded, wishes, request.actor, together=together
    )
    hurried = sum(export.urgent for export in made)
    if not together:
        request.flash(URGENT if hurried else ASKED)
        return HTTPSeeOther(request.resource_path(context, made[0].reference))
    if hurried < len(made):
        number = plural(len(made) - hurried, "document is", "documenten zijn")
        request.flash(
            f"{number} aangevraagd. Een collega kan ze in één keer goedkeuren, of elk apart."
        )
    if hurried:
        request.flash(
            f"{plural(hurried, 'document wordt', 'documenten worden')} meteen gemaakt. Een collega"
            " moet dat binnen één werkdag beoordelen: elk document op zijn eigen pagina."
        )
    return HTTPSeeOther(request.resource_path(context, made[0].reference))
