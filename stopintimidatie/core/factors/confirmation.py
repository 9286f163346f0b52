"""Asking for the second factor again, before what is grave: rights, keys, exports, contact data.

A view asks for it with the guard `recently_confirmed`. What was filled in waits meanwhile in the
row of the session, encrypted, and is sent again with one button.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.renderers import render_to_response
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.guesses import count_guess, forget_guesses, proof_in
from stopintimidatie.core.accounts.models import LoginSession, User
from stopintimidatie.core.accounts.services import refuse
from stopintimidatie.core.accounts.sessions import CURRENT, Current, current_session, renew_cookie
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.factors.passkeys import (
    Ceremony,
    ceremony_of,
    check_passkey,
    request_options,
    why_not,
)
from stopintimidatie.core.factors.services import Door, factors_of, use_code
from stopintimidatie.core.factors.views import (
    NO_CODE,
    WRONG_CODE,
    WRONG_PASSKEY,
    code_schema,
    door_of,
    waiting_words,
)
from stopintimidatie.core.forms import Button, Form, FormError, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.storage import transaction
from stopintimidatie.core.storage.session import between_transactions
from stopintimidatie.core.tree import Root
from stopintimidatie.core.web.request import form_view, query_pairs, safe_path
from stopintimidatie.settings import Settings

_TEMPLATES: Final = "stopintimidatie.core.factors:templates"
NAME: Final = "account-bevestigen"
# The page that confirms a session which a provider opened; `municipalities/sso` has it.
PROVIDER_PATH: Final = "/aanmelden-gemeente-opnieuw"
_PURPOSE: Final = "kept-form"
NOTHING: Final = timedelta(0)


def must_confirm(request: Any) -> bool:
    """Tell whether this person must show the second factor again.

    A session without one is of a demo account, which isn't asked: signing in saw to that.
    """
    current: Current | None = request.environ.get(CURRENT)
    if current is None or current.factor_at is None:
        return False
    settings: Settings = request.registry.app_settings
    return utc_now() - current.factor_at > timedelta(minutes=settings.session_confirm_minutes)


def recently_confirmed(context: Any, request: Any) -> HTTPSeeOther | None:
    """Let through who showed a second factor lately; else keep what was sent and ask for it."""
    if request.identity is None or not must_confirm(request):
        return None
    path = request.path_qs
    if request.method == "POST":
        _keep_form(request, path)
    return HTTPSeeOther(confirm_path(path))


def confirm_path(next_path: str) -> str:
    """Return the address that asks for the second factor, and goes on to this path."""
    return f"/{NAME}?{urlencode({'volgende': next_path})}"


def _keep_form(request: Any, path: str) -> None:
    current = current_session(request)
    fields = [pair for pair in request.POST.items() if pair[0] != "csrf_token"]
    text = json.dumps({"path": path, "fields": fields, "files": bool(request.files)})
    # Bound to the person: the token of the session is another one after confirming.
    sealed = request.registry.key_ring.encrypt(_PURPOSE, text, str(request.identity.user_id))
    current.keep(request.db, kept_form=sealed)


def _kept_form(request: Any, path: str) -> Mapping[str, Any] | None:
    """Return the form that waits for this path; it is shown once."""
    current = current_session(request)
    sealed = request.db.scalar(
        select(LoginSession.kept_form).where(LoginSession.token_hash == current.token_hash)
    )
    if sealed is None:
        return None
    current.note(request, kept_form=None)
    kept: dict[str, Any] = json.loads(
        request.registry.key_ring.decrypt(_PURPOSE, sealed, str(request.identity.user_id))
    )
    return kept if kept["path"] == path else None


def _waits(request: Any, current: Current) -> bool:
    """Tell whether a form waits that was filled in."""
    mine = LoginSession.token_hash == current.token_hash
    return request.db.scalar(select(LoginSession.kept_form.is_not(None)).where(mine)) is True


@form_view(Root, NAME, Permission.SIGNED_IN, f"{_TEMPLATES}/confirm.jinja2")
def confirm_view(request: Any) -> Any:
    """Ask for the second factor, then go on to where the person was going."""
    next_path = safe_path(dict(query_pairs(request)).get("volgende"))
    if request.method == "GET" and not must_confirm(request):
        kept = _kept_form(request, next_path)
        if kept is None:
            return HTTPSeeOther(next_path)
        return render_to_response(f"{_TEMPLATES}/again.jinja2", kept, request=request)
    identity, current = request.identity, current_session(request)
    factors = factors_of(request.db, identity.user_id)
    here = confirm_path(next_path)
    form = Form(code_schema(), request, buttons=[Button("bevestigen", "Bevestigen")], action=here)

    def page() -> Mapping[str, Any]:
        return {
            "here": here,
            "factors": factors,
            "options": request_options(ceremony_of(request), factors.passkeys),
            "problem": why_not(request),
            "by_provider": f"{PROVIDER_PATH}?{urlencode({'volgende': here})}",
            "provider": current.provider,
            "minutes": request.registry.app_settings.session_confirm_minutes,
            "waits": _waits(request, current),
        }

    def on_valid(values: dict[str, Any]) -> HTTPSeeOther:
        if not values["passkey"] and not values["code"].strip():
            raise FormError(NO_CODE, "code")
        door, ceremony, proof = door_of(request), ceremony_of(request), proof_in(request)
        if current.provider is not None:
            raise FormError("Bevestig bij uw gemeente dat u het bent. Kies daarvoor de link.")
        with between_transactions(request):
            wait, right = _confirm(door, ceremony, identity.user_id, values, proof, current)
        if wait > NOTHING:
            raise FormError(waiting_words(wait), "code")
        if not right:
            wrong = (WRONG_PASSKEY, None) if values["passkey"] else (WRONG_CODE, "code")
            raise FormError(*wrong)
        response = HTTPSeeOther(here)
        renew_cookie(request, response, request.db, current)
        return response

    return handle_form(request, form, on_valid, page)


def _confirm(
    door: Door,
    ceremony: Ceremony,
    user_id: UUID,
    values: Mapping[str, Any],
    proof: str,
    current: Current,
) -> tuple[timedelta, bool]:
    """Check a code or passkey; return the time to wait, and whether it was right."""
    with transaction(door.engine) as session:
        user = session.get_one(User, user_id)
        guess = count_guess(session, door.keys, user.username, proof, "factor")
    if guess.wait > NOTHING:
        return guess.wait, False
    with transaction(door.engine) as session:
        if values["passkey"]:
            shown = check_passkey(session, ceremony, values["passkey"], user_id) is not None
        else:
            present = session.get_one(User, user_id)
            shown = use_code(session, door.keys, present, values["code"]) is not None
        if not shown:
            way = "passkey" if values["passkey"] else "code"
            return refuse(session, guess, user, way).wait, False
        forget_guesses(session, guess)
        mark_confirmed(session, current)
    return NOTHING, True


def mark_confirmed(session: Session, current: Current) -> None:
    """Write down that a second factor was shown in this session just now."""
    current.factor_at = utc_now()
    mine = LoginSession.token_hash == current.token_hash
    session.execute(update(LoginSession).where(mine).values(factor_at=current.factor_at))
