"""Exports for several recipients at once: the form, and asking for them.

The form has the questions with one answer for all, and then a group for each recipient.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Button, Form, FormError, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.text import plural
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
    first_values,
    read_request,
    request_schema,
)
from stopintimidatie.exports.request.pages import (
    note_preview,
    only_going_out,
    previews_by_kind,
    shown,
    stories_of,
)
from stopintimidatie.exports.request.queries import bases_for
from stopintimidatie.exports.request.routes import (
    SomeRefusedError,
    look_together,
    request_together,
)
from stopintimidatie.exports.request.services import (
    empowered_today,
)
from stopintimidatie.exports.request.views import form_terms, proposed_in_full
from stopintimidatie.exports.vocabulary import ExportRequest
from stopintimidatie.municipalities.partners.models import PartnerOrganisation
from stopintimidatie.municipalities.partners.services import running_partners
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
    profile: Profile | None

    @property
    def title(self) -> str:
        """The name of the partner, or of the kind."""
        if self.partner is not None:
            return self.partner.name
        return self.profile.label if self.profile else self.code


def group_name(number: int) -> str:
    """Return the name of the group of a recipient in the form."""
    return f"ontvanger_{number + 1}"


def together_schema(
    chosen: Sequence[Chosen], reluctant: Sequence[Sequence[tuple[int, str]]], **terms: Any
) -> Any:
    """Return the form: the questions for all first, then the others for each recipient.

    Args:
        chosen: the recipients.
        reluctant: for each recipient, `unwilling` of `request_schema`.
        terms: the others of `request_schema`.
    """
    return forms.Schema(
        *(node for node in request_schema(**terms).children if node.name in OF_ALL),
        *(
            _group(number, recipient, {**terms, "unwilling": theirs})
            for number, (recipient, theirs) in enumerate(zip(chosen, reluctant, strict=True))
        ),
    )


def _group(number: int, recipient: Chosen, terms: Mapping[str, Any]) -> Any:
    """Return the questions about one recipient; a kind that was chosen isn't asked again."""
    asked = OF_EACH if recipient.profile is None else OF_EACH - {KIND}
    nodes = request_schema(partner=recipient.partner, **terms).children
    mine = (node for node in nodes if node.name in asked)
    return forms.Schema(*mine, title=recipient.title, name=group_name(number), names_mistakes=True)


def together_values(
    chosen: Sequence[Chosen], dossier: Any, phone: str | None, in_full: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the first values of the form."""
    values = first_values(dossier, phone, in_full=in_full)
    shared: dict[str, Any] = {name: values[name] for name in OF_ALL if name in values}
    for number, recipient in enumerate(chosen):
        known = first_values(dossier, phone, recipient.partner)
        if recipient.profile is not None:
            known["ontvanger"] = recipient.profile.label
        shared[group_name(number)] = {name: known[name] for name in OF_EACH if name in known}
    return shared


def read_requests(values: Mapping[str, Any], chosen: Sequence[Chosen]) -> list[ExportRequest]:
    """Return the request for each recipient in the values of the form."""
    shared = {name: values[name] for name in OF_ALL if name in values}
    return [
        read_request(
            {**shared, **_kind(recipient), **values[group_name(number)]}, recipient.partner
        )
        for number, recipient in enumerate(chosen)
    ]


def _kind(recipient: Chosen) -> dict[str, str]:
    return {} if recipient.profile is None else {KIND: recipient.profile.name}


def control_of(number: int, field: str | None) -> str | None:
    """Return the name of the control at which a mistake is shown; None for the whole form."""
    control = request_forms.control_of(field)
    if control is None or control in OF_ALL:
        return control
    return f"{group_name(number)}.{control}"


# Pages

ASK: Final = "uitvoer-samen"
MOST: Final = 8


@form_view(
    DossierResource,
    ASK,
    Permission.REQUEST_EXPORT,
    "templates/together.jinja2",
    guards=(hidden_reports, only_going_out),
)
def ask_view(context: DossierResource, request: Request) -> Any:
    """Show the choice of recipients (`?voor=…`) and then the form; preview or ask for exports."""
    empowered = empowered_today(request.db, context.holder)
    loaded = load_dossier(request.db, context.dossier, request.registry)
    offer = _offer(request, empowered=empowered)
    asked = query_pairs(request)
    codes = [value for name, value in asked if name == "voor"]
    wanted = [recipient for recipient in offer if recipient.code in codes]
    chosen = wanted if len(wanted) <= MOST else []
    page: dict[str, Any] = {
        "dossier": context.dossier,
        "here": request.resource_path(context, ASK),
        "offer": [(recipient.code, recipient.title, recipient in wanted) for recipient in offer],
        "previews": previews_by_kind(context, request, empowered=empowered),
        "restricted": [words for _, words in restricted(loaded)],
        "stories": stories_of(context, request, loaded),
        "form": None,
        "nobody": not wanted and bool(asked),
        "too_many": len(wanted) - MOST,
        "shown": [],
    }
    if not chosen:
        if request.method == "POST":
            raise HTTPNotFound()
        return page
    form = _form(context, request, chosen, loaded, empowered=empowered)

    def on_valid(values: dict[str, Any]) -> Any:
        wishes = read_requests(values, chosen)
        with _named(chosen):
            if form.pressed() == "voorbeeld":
                previews = _previews(context, request, loaded, chosen, wishes)
                return {**page, "form": form, "shown": previews}
            return _ask(context, request, loaded, wishes)

    return handle_form(request, form, on_valid, page)


def _form(
    context: DossierResource,
    request: Request,
    chosen: Sequence[Chosen],
    loaded: LoadedDossier,
    *,
    empowered: bool,
) -> Form:
    phone = published_for(request.db, context.holder).telephone
    terms = form_terms(context, request, loaded, empowered=empowered)
    values = together_values(chosen, context.dossier, phone, proposed_in_full(terms))
    kinds = [
        recipient.profile.name
        if recipient.profile
        else request.POST.get(f"{group}.{KIND}", values[group].get(KIND, ""))
        for recipient, group in zip(chosen, map(group_name, range(len(chosen))), strict=True)
    ]
    terms["ground"] = loaded.minors_for(kinds)
    wishes = [PROFILES[kind].sharing if kind in PROFILES else None for kind in kinds]
    reluctant = [unwilling(loaded.known.reports, wish) for wish in wishes]
    return Form(
        together_schema(chosen, reluctant, **terms),
        request,
        buttons=[
            Button("aanvragen", f"{plural(len(chosen), 'document', 'documenten')} aanvragen"),
            Button("voorbeeld", "Eerst voorbeelden bekijken", kind="secondary"),
        ],
        appstruct=values,
        cancel_url=request.resource_path(context),
    )


def _offer(request: Request, *, empowered: bool) -> list[Chosen]:
    """Return the partners of the municipality, and the kinds of recipients outside."""
    partners = [Chosen(p.reference, p, None) for p in running_partners(request.db) if bases_for(p)]
    kinds = [Chosen(profile.name, None, profile) for profile in offered(empowered=empowered)]
    return [*partners, *(profile for profile in kinds if profile.profile is not INTERNAL)]


@contextmanager
def _named(chosen: Sequence[Chosen]) -> Iterator[None]:
    """Turn refusals into errors of the form, at their answers; else they name the recipient."""
    try:
        yield
    except SomeRefusedError as error:
        first, *also = (
            _shown_at(number, chosen[number].title, *mistake)
            for number, problem in error.refused
            for mistake in request_forms.mistakes(problem)
        )
        raise FormError(*first, also) from None


def _shown_at(number: int, title: str, words: str, field: str | None) -> tuple[str, str | None]:
    where = control_of(number, field)
    return (f"{title}: {words}", None) if where is None else (words, where)


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
            "prefix": f"{group_name(number)}-",
            "preview": shown(request, context, seen),
        }
        for number, (recipient, seen) in enumerate(zip(chosen, looked, strict=True))
    ]


def _ask(
    context: DossierResource,
    request: Request,
    loaded: LoadedDossier,
    wishes: Sequence[ExportRequest],
) -> HTTPSeeOther:
    actor, settings, keys = request.actor, request.app_settings, request.registry.key_ring
    made = request_together(request.db, keys, settings, loaded, wishes, actor)
    hurried = sum(export.urgent for export in made)
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
