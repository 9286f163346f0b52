"""Pages for the admin: the identity provider of the municipality, and the roles of its groups."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import colander
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from stopintimidatie.core import forms
from stopintimidatie.core.accounts.models import IdentityProvider, OfferState
from stopintimidatie.core.accounts.services import AccountError
from stopintimidatie.core.accounts.sessions import SIGNED_OUT, current_session
from stopintimidatie.core.factors.confirmation import (
    confirm_path,
    must_confirm,
    recently_confirmed,
)
from stopintimidatie.core.forms import (
    Button,
    ConflictError,
    Form,
    FormError,
    Schema,
    ask_values,
    field,
    handle_form,
)
from stopintimidatie.core.forms.messages import JsonError, is_usable, loads
from stopintimidatie.core.httpclient import OutgoingError, check_address
from stopintimidatie.core.security import Permission, Role
from stopintimidatie.core.text import plural
from stopintimidatie.core.web.request import Request
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.municipalities.people.models import GroupRole
from stopintimidatie.municipalities.people.parties import Party, parties_of, pending
from stopintimidatie.municipalities.people.proposals import GROUP_ROLES, roles_given
from stopintimidatie.municipalities.people.views import posted_id
from stopintimidatie.municipalities.sso import openid
from stopintimidatie.municipalities.sso.door import calling
from stopintimidatie.municipalities.sso.openid import ProviderError
from stopintimidatie.municipalities.sso.rules import roles_by_groups
from stopintimidatie.municipalities.sso.services import (
    COLUMNS,
    SECRET,
    counting_groups,
    find_provider,
    members_by_role,
    propose_group,
    remove_group,
    roles_of,
    save_provider,
    use_of,
    version_of,
)

PAGE: Final = "aanmelden-instellen"
TEST: Final = "aanmelden-testen"
GROUPS: Final = "groepen"
ADD: Final = "groep-toevoegen"
REMOVE: Final = "groep-weg"
TRY: Final = "groepen-proberen"
_TEMPLATES: Final = "stopintimidatie.municipalities.sso:templates"
managed_page = partial(
    view_config, context=MunicipalityResource, permission=Permission.MANAGE_MUNICIPALITY
)
managed_form = partial(managed_page, request_method=("GET", "POST"))
# The second factor is asked again: this decides who comes in.
grave_form = partial(managed_form, guards=(recently_confirmed,))


# The forms

MOST_HOURS: Final = 8
_FAULTS: Final = {
    "no https": "Het adres moet met https:// beginnen.",
    "not public": "Dit adres is alleen binnen een netwerk te bereiken. Vul een openbaar adres in.",
}
_NO_ADDRESS: Final = (
    "Vul het hele adres in, zoals https://login.gemeente.nl, zonder # of wachtwoord erin."
)


def provider_schema(*, demo: bool, new: bool) -> Any:
    """Return the form of the provider; the secret must be filled in when it is new."""

    def callable_address(node: Any, value: str) -> None:
        try:
            check_address(value, demo=demo)
        except OutgoingError as fault:
            raise colander.Invalid(node, _FAULTS.get(fault.kind, _NO_ADDRESS)) from None
        if "?" in value:
            raise colander.Invalid(node, _NO_ADDRESS)

    kept = "" if new else " Laat leeg om het opgeslagen geheim te houden."
    return Schema(
        field(
            forms.Text(500),
            "Adres van de inlogdienst (issuer)",
            name="adres",
            description="Precies zoals de inlogdienst het zelf noemt, ook wat het laatste teken"
            " betreft. Bij Microsoft Entra ID: https://login.microsoftonline.com/…/v2.0.",
            widget=forms.TextInput(autocomplete="off", inputmode="url"),
            validator=callable_address,
        ),
        field(
            forms.Text(200), "Client-ID", name="client", widget=forms.TextInput(autocomplete="off")
        ),
        field(
            forms.Password(500),
            "Geheim (client secret)",
            name="geheim",
            **({} if new else {"missing": "", "needed_sometimes": True}),
            description=f"Wij bewaren het versleuteld en tonen het nooit meer.{kept}",
            widget=forms.PasswordInput(autocomplete="new-password"),
        ),
        *_terms(),
    )


def _terms() -> tuple[Any, ...]:
    """Make the fields about groups and sessions, and whether it is on."""
    return (
        field(
            forms.Text(100),
            "Naam van de claim met groepen",
            name="groepen",
            description="Meestal ‘groups’. Zit de lijst dieper, gebruik dan punten:"
            " realm_access.roles.",
            widget=forms.TextInput(autocomplete="off"),
        ),
        field(
            forms.Integer(1, MOST_HOURS),
            "Zoveel uur blijft iemand hoogstens aangemeld",
            name="uren",
            description=f"1 tot en met {MOST_HOURS} uur.",
        ),
        field(forms.Flag(), "Aanmelden via de gemeente staat aan", name="aan", missing=False),
        field(
            forms.Flag(),
            "Alleen via de gemeente",
            name="alleen",
            missing=False,
            description="De rollen bij uw gemeente tellen dan alleen nog voor wie zich via de"
            " gemeente aanmeldt, niet met een wachtwoord.",
        ),
        field(forms.Text(40), "Versie", name="versie", missing="", widget=forms.Hidden()),
    )


class GroupSchema(Schema):
    """A group of the provider, and the role that it gives."""

    groep = field(
        forms.Text(200),
        "Naam of id van de groep",
        description="Precies zoals de groep in de claim staat, met dezelfde hoofdletters. Entra ID"
        " stuurt meestal de id van een groep.",
        widget=forms.TextInput(autocomplete="off"),
    )
    # Its choices: those that the municipality gives now.
    rol = field(forms.OneOf(()), "Rol")


class TrialSchema(Schema):
    """Claims of somebody, to see which roles they would become."""

    claims = field(
        forms.Text(20_000, lines=True),
        "Claims van één persoon (JSON)",
        description="Wat de inlogdienst over iemand zegt, tussen accolades:"
        ' {"groups": ["OOV-team"]}. Wij bewaren dit niet.',
        widget=forms.TextArea(rows=8),
    )


# The provider

NOT_KEPT: Final = (
    "Laat eerst zien dat u het bent. Vul het formulier daarna opnieuw in: het geheim bewaren wij"
    " niet zolang."
)


def confirmed_for_secret(context: Any, request: Request) -> HTTPSeeOther | None:
    """Ask the second factor again; a typed secret isn't kept meanwhile (guard).

    What is kept comes back as a page, and a secret never stands in one.
    """
    if request.method == "POST" and request.POST.get(SECRET) and must_confirm(request):
        request.flash(NOT_KEPT, "warning")
        return HTTPSeeOther(confirm_path(request.path))
    return recently_confirmed(context, request)


@managed_form(name=PAGE, guards=(confirmed_for_secret,), renderer=f"{_TEMPLATES}/provider.jinja2")
def provider_view(context: MunicipalityResource, request: Request) -> Any:
    """Show the provider of the municipality and the form to change it, and save it."""
    row = find_provider(request.db, context.holder)
    demo = request.registry.app_settings.demo
    form = Form(provider_schema(demo=demo, new=row is None), request, appstruct=_filled_in(row))

    def on_valid(values: dict[str, Any]) -> Any:
        if values["versie"] != version_of(row):
            form["versie"].cstruct = version_of(row)
            raise ConflictError(
                "Een andere beheerder heeft dit intussen gewijzigd. Uw invoer is niet opgeslagen."
                " Kijk op de pagina wat er nu staat. Klopt uw invoer nog? Sla dan opnieuw op."
            )
        changed = save_provider(
            request.db,
            request.registry.key_ring,
            request.actor,
            context.holder,
            values,
            opened_through=current_session(request).provider,
        )
        saved = find_provider(request.db, context.holder)
        if not changed:
            request.flash("Er is niets gewijzigd.", "info")
        elif saved is not None and saved.waits:
            request.flash("Opgeslagen. Een tweede persoon moet dit bevestigen.")
        else:
            request.flash(SAVED_ON if values["aan"] else SAVED_OFF)
        return HTTPSeeOther(request.resource_path(context, PAGE))

    return handle_form(request, form, on_valid, lambda: _page(context, request, row))


def _filled_in(row: IdentityProvider | None) -> dict[str, Any]:
    if row is None:
        return {"groepen": "groups", "uren": 8}
    known = {name: getattr(row, column) for name, column in COLUMNS.items()}
    return {**known, "versie": version_of(row)}


SAVED_ON: Final = "Opgeslagen. Test de verbinding, en meld u zelf één keer via de gemeente aan."
SAVED_OFF: Final = (
    "Opgeslagen. Aanmelden via de gemeente staat uit. Test de verbinding, en zet het daarna aan."
)


def _page(
    context: MunicipalityResource, request: Request, row: IdentityProvider | None, **more: Any
) -> dict[str, Any]:
    settings, slug = request.registry.app_settings, context.municipality.slug
    number, last = use_of(request.db, context.holder)
    return {
        "provider": row,
        "by_desk": row is not None and row.waits and Party.DESK in parties_of(request.db, row),
        "people": plural(number, "collega meldde", "collega's meldden") if number else "",
        "last": last,
        "back": openid.return_address(settings, slug),
        "out": openid.logout_address(settings, slug),
        "signed_out": f"{settings.public_address}/{SIGNED_OUT}",
        "scopes": openid.SCOPES,
        "door": f"/{openid.DOORS}/{slug}",
        "test": request.resource_path(context, TEST),
        "groups": request.resource_path(context, GROUPS),
        "tested": None,
        **more,
    }


# Testing the connection


@managed_page(name=TEST, request_method="POST", renderer=f"{_TEMPLATES}/provider.jinja2")
def test_view(context: MunicipalityResource, request: Request) -> Any:
    """Ask the stored provider for its addresses; tell what is wrong with it. Changes nothing."""
    row = find_provider(request.db, context.holder)
    if row is None:
        request.flash("Vul eerst de verbinding in en sla op. Test daarna.", "error")
        return HTTPSeeOther(request.resource_path(context, PAGE))
    issuer, demo = row.issuer, request.registry.app_settings.demo
    tested = "ok"
    try:
        # One place less than this provider has: who signs in meanwhile gets through.
        with calling(request, issuer, most=openid.CALLS_TO_ONE - 1):
            openid.discover(issuer, demo=demo)
    except ProviderError as error:
        tested = error.refusal.value
    form = Form(
        provider_schema(demo=demo, new=False),
        request,
        action=request.resource_path(context, PAGE),
        appstruct=_filled_in(row),
    )
    return _page(context, request, row, form=form, tested=tested)


# Groups and their roles


@managed_page(name=GROUPS, request_method="GET", renderer=f"{_TEMPLATES}/groups.jinja2")
def groups_view(context: MunicipalityResource, request: Request) -> dict[str, Any]:
    """Show the groups with the roles that they give, or will give once confirmed."""
    provider = find_provider(request.db, context.holder)
    lines = pending(request.db, GroupRole, GroupRole.holder == context.holder)
    lines.sort(key=lambda line: (line.row.group_name, line.row.role))
    counting = {line.row.role for line in lines if line.row.state == OfferState.OFFERED}
    return {
        "lines": lines,
        "people": members_by_role(request.db, context.holder),
        "no_admin": bool(counting) and Role.ADMIN not in counting,
        "claim": provider.groups_claim if provider is not None else None,
        "provider": request.resource_path(context, PAGE),
        "add": request.resource_path(context, ADD),
        "remove": request.resource_path(context, REMOVE),
        "trial": request.resource_path(context, TRY),
    }


@grave_form(name=ADD, renderer=f"{_TEMPLATES}/group_add.jinja2")
def add_group_view(context: MunicipalityResource, request: Request) -> Any:
    """Show the form to give a group a role, and save the proposal."""
    back = request.resource_path(context, GROUPS)
    schema, button = GroupSchema(), Button("voorstellen", "Rol aan de groep geven")
    schema["rol"].typ = forms.OneOf(roles_given(request, context.holder, GROUP_ROLES))

    def act(values: dict[str, Any]) -> None:
        role = Role(values["rol"])
        try:
            propose_group(
                request.db, request.actor, context.holder, group=values["groep"], role=role
            )
        except AccountError as problem:
            raise FormError(str(problem), "groep") from None
        request.flash(
            "Het voorstel is gedaan. Een tweede persoon moet het bevestigen; tot die tijd geeft de"
            " groep deze rol niet."
        )

    return ask_values(request, schema, button, act, back)


@managed_page(name=REMOVE, request_method="POST", guards=(recently_confirmed,))
def remove_group_view(context: MunicipalityResource, request: Request) -> HTTPSeeOther:
    """Take a role from a group, and at once from everybody who has it by a group."""
    try:
        lost = remove_group(request.db, request.actor, context.holder, posted_id(request))
        people = plural(lost, "collega verloor", "collega's verloren")
        request.flash(f"Weggehaald.{f' {people} deze rol.' if lost else ''}")
    except AccountError as problem:
        request.flash(str(problem), "error")
    return HTTPSeeOther(request.resource_path(context, GROUPS))


# Trying somebody's claims. They are personal data: shown in the answer and kept nowhere.

NO_OBJECT: Final = (
    "Dit is wel JSON, maar geen object. Claims staan tussen { en }: plak alles van de eerste {"
    " tot en met de laatste }."
)
NO_TEXT: Final = (
    "Er staat een teken in dat niet bestaat, zoals \\u0000 of \\ud800. Haal het weg, en laat de"
    " beheerder van de inlogdienst nakijken waar het vandaan komt."
)
NO_CLAIMS: Final = (
    "Dit is een token, en die is niet zo te lezen. Plak de claims die erin staan: tekst tussen"
    " { en }."
)


@managed_form(name=TRY, renderer=f"{_TEMPLATES}/groups_trial.jinja2")
def try_view(context: MunicipalityResource, request: Request) -> Any:
    """Show which roles somebody's claims would become. Changes nothing."""
    back = request.resource_path(context, GROUPS)
    buttons = [Button("tonen", "Laat zien")]
    form = Form(TrialSchema(), request, buttons=buttons, cancel_url=back)
    provider = find_provider(request.db, context.holder)
    claim = provider.groups_claim if provider is not None else "groups"

    def on_valid(values: dict[str, Any]) -> Any:
        claims = _read_claims(values["claims"])
        counting = counting_groups(request.db, context.holder)
        rights = roles_by_groups(claims, claim, roles_of(counting))
        return {"form": form, "claim": claim, "rights": rights, "counting": bool(counting)}

    return handle_form(request, form, on_valid, {"claim": claim, "rights": None})


def _read_claims(text: str) -> Mapping[str, Any]:
    """Return the claims that were typed.

    Raises:
        FormError: it is no JSON object, or holds text that can't be kept.
    """
    try:
        claims = loads(text.encode())
    except JsonError as error:
        is_token = text.count(".") == 2 and "{" not in text
        raise FormError(NO_CLAIMS if is_token else error.detail, "claims") from None
    if not isinstance(claims, dict):
        raise FormError(NO_OBJECT, "claims")
    if not is_usable(claims):
        raise FormError(NO_TEXT, "claims")
    return claims
