"""Passkeys (WebAuthn): options for the browser, and checking its answers.

Nothing is stored before an answer was right. A challenge is signed by us, bound to the CSRF token
of the browser, and lives five minutes; once used it is kept as spent until it would expire.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from cryptography.exceptions import UnsupportedAlgorithm
from pyramid.csrf import get_csrf_token
from sqlalchemy import select
from sqlalchemy.orm import Session
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    decode_credential_public_key,
    decoded_public_key_to_cryptography,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from stopintimidatie.core.accounts.guesses import spend
from stopintimidatie.core.accounts.models import Passkey, User
from stopintimidatie.core.accounts.services import (
    SignInResult,
    let_in,
    may_sign_in,
    record_failure,
)
from stopintimidatie.core.accounts.sessions import Opening, Visit
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.factors.services import (
    Door,
    actor_of,
    finish,
    log_change,
    take_pending,
)
from stopintimidatie.core.storage import transaction
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.settings import Settings

_PURPOSE: Final = "passkey-challenge"
_LASTS: Final = timedelta(minutes=5)
_NONCE, _MOMENT, _MAC = 16, 8, 16
# An answer of a browser is some kilobytes; a longer one isn't read.
LONGEST: Final = 20_000
# As WebAuthn has it, in bytes.
LONGEST_ID: Final = 1023
MOST_PASSKEYS: Final = 10
# The library reads what a stranger wrote, and passes on what its decoders raise.
_BROKEN: Final = (
    WebAuthnException,
    UnsupportedAlgorithm,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
ASK_PERSON: Final = UserVerificationRequirement.REQUIRED


@dataclass(frozen=True)
class Ceremony:
    """Facts that an answer of a browser is checked against.

    Args:
        keys: keys of the installation.
        origin: the public address; a passkey is bound to its host.
        bound: the CSRF token of the browser.
    """

    keys: KeyRing
    origin: str
    bound: str

    @property
    def host(self) -> str:
        """The relying party: the host of the public address."""
        return urlsplit(self.origin).hostname or ""


def ceremony_of(request: Any) -> Ceremony:
    """Return the ceremony of this browser."""
    settings: Settings = request.registry.app_settings
    return Ceremony(request.registry.key_ring, settings.public_address, get_csrf_token(request))


def why_not(request: Any) -> str:
    """Say why passkeys don't work at this address; empty when they do."""
    origin = request.registry.app_settings.public_address
    host = urlsplit(origin).hostname or ""
    try:
        ip_address(host)
    except ValueError:
        if request.host_url == origin:
            return ""
        return f"Een passkey werkt alleen op {origin}. Open dat adres en probeer het daar."
    return "Een passkey werkt niet op een adres van cijfers. Gebruik een app met codes."


# Challenges


def _challenge(ceremony: Ceremony) -> bytes:
    until = int((utc_now() + _LASTS).timestamp())
    body = secrets.token_bytes(_NONCE) + until.to_bytes(_MOMENT, "big")
    return body + _mac(ceremony, body)


def _mac(ceremony: Ceremony, body: bytes) -> bytes:
    return bytes.fromhex(ceremony.keys.keyed_hash(_PURPOSE, body + ceremony.bound.encode()))[:_MAC]


def _spend_challenge(session: Session, ceremony: Ceremony, challenge: bytes) -> bool:
    """Use a challenge up; tell whether it was ours, for this browser, fresh and unused."""
    body, mac = challenge[:-_MAC], challenge[-_MAC:]
    if len(body) != _NONCE + _MOMENT or not compare_digest(mac, _mac(ceremony, body)):
        return False
    until = datetime.fromtimestamp(int.from_bytes(body[_NONCE:], "big"), UTC)
    return utc_now() < until and spend(session, ceremony.keys, challenge.hex(), until)


# Setting up


def creation_options(ceremony: Ceremony, user: User, present: Sequence[Passkey]) -> str:
    """Return the JSON with which a browser makes a passkey for this person."""
    return options_to_json(
        generate_registration_options(
            rp_id=ceremony.host,
            rp_name="Stopintimidatie",
            user_id=user.id.bytes,
            user_name=user.username,
            user_display_name=user.name,
            challenge=_challenge(ceremony),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.PREFERRED, user_verification=ASK_PERSON
            ),
            exclude_credentials=_descriptors(present),
        )
    )


def add_passkey(
    session: Session, ceremony: Ceremony, user: User, answer: str, name: str
) -> Passkey | None:
    """Keep the passkey that a browser made; None when its answer isn't right."""
    credential = _parsed(parse_registration_credential_json, answer)
    if credential is None:
        return None
    challenge = parse_client_data_json(credential.response.client_data_json).challenge
    if not _spend_challenge(session, ceremony, challenge):
        return None
    try:
        verified = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=ceremony.host,
            expected_origin=ceremony.origin,
            require_user_verification=True,
        )
        # A key that can't be used later is refused now.
        decoded = decode_credential_public_key(verified.credential_public_key)
        decoded_public_key_to_cryptography(decoded)
    except _BROKEN:
        return None
    if len(verified.credential_id) > LONGEST_ID:
        return None
    number = bytes_to_base64url(verified.credential_id)
    if session.scalar(select(Passkey.id).where(Passkey.credential_id == number)) is not None:
        return None
    passkey = Passkey(
        user_id=user.id,
        name=name[:60],
        credential_id=number,
        public_key=bytes_to_base64url(verified.credential_public_key),
        sign_count=verified.sign_count,
    )
    session.add(passkey)
    session.flush()
    log_change(session, actor_of(user), user.id, "factor.passkey_ingesteld")
    return passkey


def _parsed(parse: Callable[[str], Any], answer: str) -> Any:
    try:
        credential = parse(answer[:LONGEST])
        parse_client_data_json(credential.response.client_data_json)
    except _BROKEN:
        return None
    return credential


# Signing in


def request_options(ceremony: Ceremony, allowed: Sequence[Passkey] = ()) -> str:
    """Return the JSON with which a browser shows a passkey: one of these, or of any person."""
    return options_to_json(
        generate_authentication_options(
            rp_id=ceremony.host,
            challenge=_challenge(ceremony),
            allow_credentials=_descriptors(allowed),
            user_verification=ASK_PERSON,
        )
    )


def check_passkey(
    session: Session, ceremony: Ceremony, answer: str, user_id: UUID | None = None
) -> Passkey | None:
    """Return the passkey that a browser showed; None when the answer isn't right.

    The device asked its owner (PIN, finger, face), so it stands for password and second factor.

    Args:
        session: Transaction that uses the challenge up.
        ceremony: Facts to check against.
        answer: The JSON that the browser gave.
        user_id: The person it must be of; None: anybody.
    """
    credential = _parsed(parse_authentication_credential_json, answer)
    if credential is None:
        return None
    passkey = session.scalars(
        select(Passkey)
        .where(Passkey.credential_id == bytes_to_base64url(credential.raw_id))
        .with_for_update()
    ).one_or_none()
    if passkey is None or (user_id is not None and passkey.user_id != user_id):
        return None
    challenge = parse_client_data_json(credential.response.client_data_json).challenge
    if not _spend_challenge(session, ceremony, challenge):
        return None
    try:
        verified = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=ceremony.host,
            expected_origin=ceremony.origin,
            credential_public_key=base64url_to_bytes(passkey.public_key),
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except _BROKEN:
        return None
    passkey.sign_count, passkey.last_used_at = verified.new_sign_count, utc_now()
    return passkey


def sign_in_with_passkey(
    door: Door, token: str, ceremony: Ceremony, answer: str, visit: Visit
) -> SignInResult:
    """Finish a sign-in that waits with `token`, by the passkey that the browser showed."""
    with transaction(door.engine) as session:
        pending = take_pending(session, token, demo=door.demo)
        if pending is None or not check_passkey(session, ceremony, answer, pending.user_id):
            record_failure(session, pending.user if pending is not None else None, "passkey")
            return SignInResult(None)
        return finish(session, door.keys, pending, visit, "passkey")


def sign_in_by_passkey(door: Door, ceremony: Ceremony, answer: str, visit: Visit) -> SignInResult:
    """Let in whoever shows a passkey, without a password."""
    with transaction(door.engine) as session:
        passkey = check_passkey(session, ceremony, answer)
        if passkey is None or not may_sign_in(passkey.user, demo=door.demo):
            return SignInResult(None)
        opening = Opening(visit.device, factor=True)
        return let_in(session, door.keys, passkey.user, opening, visit, ["passkey"])


def _descriptors(passkeys: Sequence[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(id=base64url_to_bytes(passkey.credential_id))
        for passkey in passkeys
    ]
