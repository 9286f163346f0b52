"""Answers about a passkey that must be refused: replayed, late, of another place, or rubbish."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from webauthn.helpers import (
    bytes_to_base64url,
    encode_cbor,
    parse_authentication_credential_json,
    parse_registration_credential_json,
)

from stopintimidatie.core.accounts.models import Passkey, User
from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.factors.passkeys import (
    Ceremony,
    add_passkey,
    check_passkey,
    creation_options,
    request_options,
)
from stopintimidatie.core.limits import FAILED_SIGN_INS
from stopintimidatie.core.storage import NATIONAL
from tests.support.factories import make_user, user_id
from tests.support.installation import Installation

ORIGIN = "http://localhost:6543"
PRESENT, VERIFIED = 1, 4


@dataclass
class Device:
    """A passkey in software, that signs what a real one would."""

    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    number: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    count: int = 0

    def public(self) -> bytes:
        numbers = self.key.public_key().public_numbers()
        x, y = (each.to_bytes(32, "big") for each in (numbers.x, numbers.y))
        return encode_cbor({1: 2, 3: -7, -1: 1, -2: x, -3: y})

    def answer(
        self,
        options: str,
        *,
        origin: str = ORIGIN,
        host: str = "localhost",
        flags: int = PRESENT | VERIFIED,
        kind: str = "webauthn.get",
    ) -> str:
        self.count += 1
        challenge = json.loads(options)["challenge"]
        client = json.dumps({"type": kind, "challenge": challenge, "origin": origin}).encode()
        data = hashlib.sha256(host.encode()).digest() + bytes([flags])
        data += self.count.to_bytes(4, "big")
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        response = {"clientDataJSON": client, "authenticatorData": data, "signature": signature}
        return json.dumps(
            {
                "id": bytes_to_base64url(self.number),
                "rawId": bytes_to_base64url(self.number),
                "type": "public-key",
                "response": {name: bytes_to_base64url(value) for name, value in response.items()},
            }
        )


@pytest.fixture
def ceremony(installation: Installation) -> Ceremony:
    return Ceremony(installation.registry.key_ring, ORIGIN, "token-of-this-browser")


@pytest.fixture
def device(installation: Installation) -> Device:
    """The passkey of a user."""
    owner = user_id(installation, make_user(installation))
    made = Device()
    with installation.transaction() as session:
        number, key = bytes_to_base64url(made.number), bytes_to_base64url(made.public())
        session.add(Passkey(user_id=owner, name="x", credential_id=number, public_key=key))
    return made


def shown(installation: Installation, ceremony: Ceremony, answer: str, **more: Any) -> bool:
    with installation.transaction() as session:
        return check_passkey(session, ceremony, answer, **more) is not None


@pytest.mark.both_databases
def test_an_answer_counts_once(
    installation: Installation, ceremony: Ceremony, device: Device
) -> None:
    answer = device.answer(request_options(ceremony))
    assert shown(installation, ceremony, answer)
    assert not shown(installation, ceremony, answer)
    assert shown(installation, ceremony, device.answer(request_options(ceremony)))


def test_an_answer_counts_in_its_own_browser_for_five_minutes(
    installation: Installation, ceremony: Ceremony, device: Device
) -> None:
    answer = device.answer(request_options(ceremony))
    other = Ceremony(ceremony.keys, ORIGIN, "token-of-another")
    assert not shown(installation, other, answer)
    with clock_at(utc_now() + timedelta(minutes=6)):
        assert not shown(installation, ceremony, answer)
    assert shown(installation, ceremony, answer)


@pytest.mark.parametrize(
    "faulty",
    [
        {"origin": "http://localhost:6544"},
        {"origin": "https://evil.example"},
        {"host": "evil.example"},
        {"flags": PRESENT},
        {"flags": VERIFIED},
        {"kind": "webauthn.create"},
    ],
    ids=str,
)
def test_an_answer_of_another_place_or_without_its_owner_is_refused(
    installation: Installation, ceremony: Ceremony, device: Device, faulty: dict[str, Any]
) -> None:
    answer = device.answer(request_options(ceremony), **faulty)
    assert not shown(installation, ceremony, answer)


def test_a_copied_key_a_counter_that_went_back_and_another_person_are_refused(
    installation: Installation, ceremony: Ceremony, device: Device
) -> None:
    stranger = Device(number=device.number)
    assert not shown(installation, ceremony, stranger.answer(request_options(ceremony)))
    device.count = 5
    assert shown(installation, ceremony, device.answer(request_options(ceremony)))
    device.count = 2
    assert not shown(installation, ceremony, device.answer(request_options(ceremony)))
    device.count = 9
    other = user_id(installation, make_user(installation))
    answer = device.answer(request_options(ceremony))
    assert not shown(installation, ceremony, answer, user_id=other)


def registration(options: str, key: bytes, length: int = 16) -> str:
    """The answer of a device that makes this key, with an id of so many bytes."""
    number = secrets.token_bytes(length)
    challenge = json.loads(options)["challenge"]
    client = {"type": "webauthn.create", "challenge": challenge, "origin": ORIGIN}
    data = hashlib.sha256(b"localhost").digest() + bytes([PRESENT | VERIFIED | 64])
    data += bytes(4) + bytes(16) + length.to_bytes(2, "big") + number + key
    made = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
    response = {"clientDataJSON": json.dumps(client).encode(), "attestationObject": made}
    return json.dumps(
        {
            "id": bytes_to_base64url(number),
            "rawId": bytes_to_base64url(number),
            "type": "public-key",
            "response": {name: bytes_to_base64url(value) for name, value in response.items()},
        }
    )


OFF_CURVE = encode_cbor({1: 2, 3: -7, -1: 1, -2: b"\x01" * 32, -3: b"\x02" * 32})


@pytest.mark.parametrize(
    ("key", "length"),
    [
        (OFF_CURVE, 16),
        (encode_cbor({1: 2, 3: -7, -1: 1, -2: 5, -3: 5}), 16),
        (encode_cbor({1: 3, 3: -257, -1: b"", -2: b""}), 16),
        (encode_cbor([1]), 16),
        (encode_cbor({1: 1, 3: -8, -1: 6, -2: b"x"}), 16),
        (b"\xff", 16),
        (Device().public(), 1100),
        (Device().public(), 0),
    ],
    ids=range(8),
)
@pytest.mark.both_databases
def test_a_key_that_cannot_be_used_is_not_kept(
    installation: Installation, ceremony: Ceremony, key: bytes, length: int
) -> None:
    owner = user_id(installation, make_user(installation))
    with installation.transaction() as session:
        user = session.get_one(User, owner)
        answer = registration(creation_options(ceremony, user, []), key, length)
        assert add_passkey(session, ceremony, user, answer, "x") is None
        sound = registration(creation_options(ceremony, user, []), Device().public())
        assert add_passkey(session, ceremony, user, sound, "x") is not None


RUBBISH = [
    "", "x", "{}", "[]", "null", "1", '"x"', '{"id": 1}', '{"id": "a", "rawId": "a"}', "[" * 900,
    '{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{}}',
    '{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{"clientDataJSON":"AAAA",'
    '"authenticatorData":"AAAA","signature":"AAAA"}}',
    '{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{"clientDataJSON":"e30",'
    '"attestationObject":"AAAA"}}',
]  # fmt: skip


@pytest.mark.parametrize("rubbish", RUBBISH, ids=range(len(RUBBISH)))
def test_rubbish_is_refused_in_words_and_never_breaks(
    installation: Installation, ceremony: Ceremony, rubbish: str
) -> None:
    browser = installation.visitor()
    token = browser.get("/aanmelden").forms["formulier"]["csrf_token"].value
    page = browser.post("/aanmelden-passkey", {"csrf_token": token, "passkey": rubbish})
    assert "Deze passkey is niet herkend" in page
    with installation.transaction(NATIONAL) as session:
        assert "aanmelden.mislukt" in session.scalars(select(AuditEvent.action)).all()
    with installation.transaction() as session:
        user = session.get_one(User, user_id(installation, make_user(installation)))
        assert add_passkey(session, ceremony, user, rubbish, "x") is None


def test_a_network_that_shows_many_strange_passkeys_fills_no_log(
    installation: Installation,
) -> None:
    browser = installation.visitor()
    token = browser.get("/aanmelden").forms["formulier"]["csrf_token"].value
    for _ in range(FAILED_SIGN_INS.most + 2):
        fields = {"csrf_token": token, "passkey": "x"}
        browser.post("/aanmelden-passkey", fields, extra_environ={"REMOTE_ADDR": "8.8.8.8"})
    with installation.transaction(NATIONAL) as session:
        failed = select(func.count()).where(AuditEvent.action == "aanmelden.mislukt")
        assert session.scalar(failed) == FAILED_SIGN_INS.most


_leaf = st.none() | st.booleans() | st.integers() | st.text(max_size=20)
_part = st.recursive(
    _leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)


@settings(max_examples=60, deadline=None)
@given(
    parts=st.fixed_dictionaries(
        {"id": _part, "rawId": _part, "type": st.just("public-key") | _leaf},
        optional={"response": _part},
    )
)
def test_any_json_is_refused_without_an_error(parts: dict[str, Any]) -> None:
    from stopintimidatie.core.factors.passkeys import _parsed

    text = json.dumps(parts)
    assert _parsed(parse_authentication_credential_json, text) is None
    assert _parsed(parse_registration_credential_json, text) is None
