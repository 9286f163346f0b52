"""The doors through which people sign in at their municipality, and come back.

`/aanmelden-gemeente` lists them, `/aanmelden-gemeente/dordrecht` sends to the provider, and
`…/terug` is where that sends people back: each municipality has an address of its own, so an answer
of another provider arrives at the wrong door. A link leads here, no form: the provider is elsewhere
and the CSP's `form-action` stays `'self'`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from hmac import compare_digest
from typing import Any, Final

from pyramid.authorization import DENY_ALL
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.renderers import render_to_response
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.guesses import spend
from stopintimidatie.core.accounts.models import IdentityProvider, User
from stopintimidatie.core.accounts.services import let_in
from stopintimidatie.core.accounts.sessions import (
    CURRENT,
    SIGNED_OUT,
    current_session,
    device_of,
    renew_cookie,
)
from stopintimidatie.core.accounts.views import signed_in, visit_of
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.factors.confirmation import PROVIDER_PATH
from stopintimidatie.core.security import Permission
from stopintimidatie.core.storage import transaction
from stopintimidatie.core.tree import Resource, Root
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.limits import outside
from stopintimidatie.core.web.request import Request, page_view, post_view, query_pairs, safe_path
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.queries import municipality_by_code, municipality_by_slug
from stopintimidatie.municipalities.sso import entry
from stopintimidatie.municipalities.sso.departure import (
    LASTS,
    Departure,
    keep_departure,
    kept_departure,
    seal_departure,
)
from stopintimidatie.municipalities.sso.openid import (
    ARRIVALS_AT_ONE,
    CALLS_TO_ONE,
    DOORS,
    LOGOUT,
    RETURN,
    Client,
    ProviderError,
    Providers,
    Refusal,
    authorization_address,
    exchange,
    new_attempt,
    return_address,
    sign_out_address,
)
from stopintimidatie.municipalities.sso.tokens import (
    LOGOUT_LASTS,
    SKEW,
    check_id_token,
    check_logout_token,
)

log = logging.getLogger(__name__)

AGAIN: Final = PROVIDER_PATH.removeprefix("/")
TEMPLATES: Final = "stopintimidatie.municipalities.sso:templates"
REFUSED: Final = f"{TEMPLATES}/refused.jinja2"
LONGEST_TOKEN: Final = 20_000
CODE: Final = re.compile(r"GM\d{4}", re.ASCII)
LATER: Final = frozenset({Refusal.UNREACHABLE, Refusal.CROWDED})
# Any stranger makes these happen as often as they like, and would fill the municipality's log.
UNRECORDED: Final = frozenset({Refusal.STATE, Refusal.USED, Refusal.CROWDED})


class ProviderDoors(Resource):
    """Resource of `/aanmelden-gemeente`, which is open to everybody."""

    label = "Aanmelden via uw gemeente"

    def __init__(self, name: str, parent: Any) -> None:
        super().__init__(name, parent)
        self.session: Session = parent.request.db

    def __acl__(self) -> list[Any]:
        return [DENY_ALL]

    def __getitem__(self, name: str) -> Resource:
        municipality = municipality_by_slug(self.session, name)
        provider = municipality and self.session.get(IdentityProvider, municipality.code)
        if municipality is None or not provider or not provider.in_use:
            raise KeyError(name)
        return ProviderDoor(name, self, municipality, provider)


class ProviderDoor(Resource):
    """The door of one municipality whose provider is in use."""

    def __init__(
        self, name: str, parent: Any, municipality: Municipality, provider: IdentityProvider
    ) -> None:
        super().__init__(name, parent)
        self.municipality = municipality
        self.provider = provider
        self.label = municipality.name
        # Kept apart: the rows are read again where the transaction of the request has ended.
        self.code, self.slug = municipality.code, municipality.slug

    def __acl__(self) -> list[Any]:
        return [DENY_ALL]


def door_path(municipality: Municipality) -> str:
    """Return the path of the door of a municipality."""
    return f"/{DOORS}/{municipality.slug}"


def client_at(door: ProviderDoor, request: Any) -> Client:
    """Return this installation as the provider behind a door knows it."""
    registry = request.registry
    back = return_address(registry.app_settings, door.slug)
    return entry.client_of(registry.key_ring, door.provider, back)


@contextmanager
def calling(request: Any, issuer: str, *, most: int = CALLS_TO_ONE) -> Iterator[None]:
    """Call a provider in the block: outside the request's transaction and place.

    Raises:
        ProviderError: Too many calls are made already.
    """
    providers: Providers = request.registry.providers
    with outside(request), providers.calling(issuer, most=most):
        yield


# The municipalities


def sign_in_panel(next_path: str, request: Any) -> Panel | None:
    """Return the link on the page to sign in; None where no municipality has a provider."""
    if request.db.scalar(_enabled().limit(1)) is None:
        return None
    values = {"next_path": next_path, "doors": DOORS}
    return Panel("Via uw gemeente", f"{TEMPLATES}/sign_in_panel.jinja2", values)


def _enabled() -> Any:
    return (
        select(Municipality)
        .join(IdentityProvider, IdentityProvider.holder == Municipality.code)
        .where(IdentityProvider.in_use)
        .order_by(Municipality.name)
    )


@page_view(ProviderDoors, "", NO_PERMISSION_REQUIRED, "templates/doors.jinja2")
def doors_view(context: ProviderDoors, request: Request) -> dict[str, Any]:
    """List the municipalities through which people can sign in."""
    next_path = safe_path(dict(query_pairs(request)).get("volgende"))
    return {"municipalities": request.db.scalars(_enabled()).all(), "next_path": next_path}


# Away


@page_view(ProviderDoor, "", NO_PERMISSION_REQUIRED, REFUSED)
def depart_view(context: ProviderDoor, request: Request) -> Response:
    """Send the visitor to the provider."""
    next_path = safe_path(dict(query_pairs(request)).get("volgende"))
    return _depart(context, request, next_path, again=False)


@page_view(Root, AGAIN, Permission.SIGNED_IN, REFUSED)
def again_view(context: Root, request: Request) -> Response:
    """Have somebody show again who they are, at the provider that opened this session."""
    next_path = safe_path(dict(query_pairs(request)).get("volgende"))
    code = current_session(request).provider
    municipality = municipality_by_code(request.db, code) if code else None
    if municipality is None:
        return HTTPSeeOther(location=next_path)
    doors = ProviderDoors(DOORS, context)
    try:
        door = doors[municipality.slug]
    except KeyError:
        return HTTPSeeOther(location=next_path)
    assert isinstance(door, ProviderDoor)  # noqa: S101 - what that node has below it
    return _depart(door, request, next_path, again=True)


def _depart(door: ProviderDoor, request: Any, next_path: str, *, again: bool) -> Response:
    departure = Departure(new_attempt(), next_path, again)
    providers: Providers = request.registry.providers
    # Sealed before the call: meanwhile the provider may become another.
    sealed = seal_departure(request.registry.key_ring, door.provider, departure)
    try:
        client = client_at(door, request)
        with calling(request, client.issuer):
            metadata = providers.metadata(client.issuer)
    except ProviderError as problem:
        return _refuse(door, request, problem, departure)
    response = HTTPSeeOther(
        location=authorization_address(metadata, client, departure.attempt, again=again)
    )
    keep_departure(response, request, sealed)
    return response


# Back


@page_view(ProviderDoor, RETURN, NO_PERMISSION_REQUIRED, REFUSED)
def return_view(context: ProviderDoor, request: Request) -> Response:
    """Let in whom the provider sent back, or say why not."""
    departure = None
    try:
        departure = kept_departure(request, context.provider)
        response = _come_back(context, request, departure)
    except ProviderError as problem:
        response = _refuse(context, request, problem, departure)
    keep_departure(response, request, None)
    return response


def _come_back(door: ProviderDoor, request: Any, departure: Departure) -> Response:
    sent, attempt = dict(query_pairs(request)), departure.attempt
    if not compare_digest(sent.get("state", "").encode(), attempt.state.encode()):
        raise ProviderError(Refusal.STATE)
    registry, client = request.registry, client_at(door, request)
    providers: Providers = registry.providers
    with calling(request, client.issuer, most=ARRIVALS_AT_ONE):
        with transaction(registry.engine) as session:
            fresh = spend(session, registry.key_ring, attempt.state, attempt.started_at + LASTS)
        if not fresh:
            raise ProviderError(Refusal.USED)
        metadata = providers.metadata(client.issuer)
        # Another provider's answer would send its code to ours (mix-up, RFC 9207).
        if sent.get("iss", client.issuer if not metadata.names_itself else "") != client.issuer:
            raise ProviderError(Refusal.ISSUER)
        if "error" in sent:
            gave_up = sent["error"] == "access_denied"
            raise ProviderError(Refusal.CANCELLED if gave_up else Refusal.ERROR)
        demo = registry.app_settings.demo
        tokens = exchange(metadata, client, attempt.verifier, sent.get("code", ""), demo=demo)
        claims = check_id_token(providers, client, attempt, tokens, again=departure.again)
    return _arrive(door, request, departure, client, claims)


def _arrive(
    door: ProviderDoor, request: Any, departure: Departure, client: Client, claims: Any
) -> Response:
    """Let in the person whom these claims are about."""
    registry = request.registry
    try:
        arrival = _receive(request, client, claims)
    except IntegrityError:
        # Two first sign-ins at once: the second finds the account that the first made.
        arrival = _receive(request, client, claims)
    if arrival.refusal is not None or arrival.user is None:
        problem = ProviderError(arrival.refusal or Refusal.NO_ROLE)
        return _refuse(door, request, problem, departure, arrival.user)
    if departure.again:
        return _go_on(door, request, departure, arrival.user)
    visit = visit_of(request, departure.next_path)
    # The log of the desk is written here, so it is another transaction: look at the provider again.
    with transaction(registry.engine) as session:
        provider = entry.vouching_provider(session, client)
        opening = entry.opening_of(registry.key_ring, provider, claims, device_of(request))
        user = session.get_one(User, arrival.user.id)
        keys, shown = registry.key_ring, ["inlogdienst"]
        result = let_in(session, keys, user, opening, visit, shown)
    return signed_in(request, result, departure.next_path)


def _receive(request: Any, client: Client, claims: Any) -> entry.Arrival:
    registry = request.registry
    demo = registry.app_settings.demo
    with transaction(registry.engine, client.holder) as session:
        provider = entry.vouching_provider(session, client)
        return entry.receive_person(session, registry.key_ring, provider, claims, demo=demo)


def _go_on(door: ProviderDoor, request: Any, departure: Departure, user: User) -> Response:
    """Note in this session that its person signed in again, and go back to the page."""
    # Asking the identity finds the session, so it comes first.
    identity = request.identity
    current = request.environ.get(CURRENT)
    if identity is None or current is None or current.provider != door.code:
        raise ProviderError(Refusal.STATE)
    if identity.user_id != user.id:
        raise ProviderError(Refusal.OTHER_PERSON)
    response = HTTPSeeOther(location=safe_path(departure.next_path))
    with transaction(request.registry.engine) as session:
        entry.renew_factor(session, current.token_hash)
        renew_cookie(request, response, session, current)
    return response


def _refuse(
    door: ProviderDoor,
    request: Any,
    problem: ProviderError,
    departure: Departure | None = None,
    user: User | None = None,
) -> Response:
    """Return the page that says why somebody doesn't come in; record it, without their data."""
    refusal = problem.refusal
    log.warning("sign-in through the provider of %s refused: %s", door.code, refusal)
    if refusal not in UNRECORDED and not problem.remembered:
        with transaction(request.registry.engine, door.code) as session:
            entry.record_refusal(session, door.code, user, refusal)
    values = {
        "name": door.title,
        "refusal": refusal.value,
        "retry": PROVIDER_PATH if departure and departure.again else f"/{DOORS}/{door.slug}",
        "next_path": departure.next_path if departure else "/",
    }
    response = render_to_response(REFUSED, values, request=request)
    response.status_int = 503 if refusal in LATER else 403
    return response


# Out


# The server of the provider asks this, no browser: it has no cookie, and proves itself by the
# signature of the token (OpenID Connect Back-Channel Logout 1.0).
@post_view(ProviderDoor, LOGOUT, NO_PERMISSION_REQUIRED, require_csrf=False)
def logout_view(context: ProviderDoor, request: Request) -> Response:
    """End the sessions of somebody who signed out at the provider."""
    code, registry = context.code, request.registry
    token = str(request.POST.get("logout_token", ""))[:LONGEST_TOKEN]
    providers: Providers = registry.providers
    try:
        client = client_at(context, request)
        with calling(request, client.issuer):
            message = check_logout_token(providers, client, token)
            with transaction(registry.engine, code) as session:
                until = utc_now() + LOGOUT_LASTS + SKEW
                number = f"{client.issuer}\0{message.number}"
                if not spend(session, registry.key_ring, number, until):
                    raise ProviderError(Refusal.USED)
                provider = entry.vouching_provider(session, client)
                entry.end_sessions(session, registry.key_ring, provider, message)
    except ProviderError as problem:
        log.warning("sign-out by the provider of %s refused: %s", code, problem.refusal)
        return _answer(400, problem.refusal)
    return _answer(200)


def _answer(status: int, refusal: Refusal | None = None) -> Response:
    content: dict[str, Any] = {}
    if refusal is not None:
        content = {"error": "invalid_request", "error_description": refusal.value}
    response = Response(json_body=content, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


@page_view(Root, SIGNED_OUT, NO_PERMISSION_REQUIRED, "templates/signed_out.jinja2")
def signed_out_view(context: Root, request: Request) -> Any:
    """Say that somebody signed out here, with the way to sign out at the municipality as well."""
    if request.identity is not None:
        return HTTPSeeOther(location="/")
    code = dict(query_pairs(request)).get("gemeente", "")
    known = CODE.fullmatch(code) is not None
    municipality = municipality_by_code(request.db, code) if known else None
    provider = request.db.get(IdentityProvider, code) if known else None
    if municipality is None or provider is None or not provider.in_use:
        return {"name": "", "address": None}
    name, issuer, client_id = municipality.name, provider.issuer, provider.client_id
    providers: Providers = request.registry.providers
    try:
        with calling(request, issuer):
            metadata = providers.metadata(issuer)
    except ProviderError:
        return {"name": name, "address": None}
    back = f"{request.app_settings.public_address}/{SIGNED_OUT}"
    return {"name": name, "address": sign_out_address(metadata, client_id, back)}
