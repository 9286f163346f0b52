"""R3: every fault of a mail server has its own code, and none is a reason to go on in clear."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs7

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.mail import message
from stopintimidatie.core.mail.delivery import Courier
from stopintimidatie.core.mail.message import (
    WORDS,
    Envelope,
    MailError,
    encrypted,
    plain_address,
    write,
)
from tests.support.installation import DATA, make_settings
from tests.support.mail_server import free_port, mail_server, rude_server

SENDER = "Meldpunt <post@meldpunt.example>"


def envelope() -> Envelope:
    number = uuid4()
    made = write(number, utc_now(), SENDER, "a@b.example", "Er wacht iets", "Hallo.")
    return Envelope(number, "post@meldpunt.example", "a@b.example", made.as_bytes())


@contextmanager
def troubled(kind: str, folder: Path) -> Iterator[dict[str, Any]]:
    """A server with something wrong, as settings that differ."""
    if kind == "onbereikbaar":
        yield {"mail_port": free_port()}
    elif kind == "te_traag":
        with rude_server(hangs_up=False) as port:
            yield {"mail_port": port, "mail_timeout_seconds": 1}
    elif kind == "verbroken":
        with rude_server(hangs_up=True) as port:
            yield {"mail_port": port}
    elif kind == "tijdelijk":
        with rude_server(says=b"421 even niet\r\n", hangs_up=True) as port:
            yield {"mail_port": port}
    elif kind == "server_weigert":
        with rude_server(says=b"554 nee\r\n", hangs_up=True) as port:
            yield {"mail_port": port}
    elif kind == "geen_tls":
        with mail_server(folder, tls=False) as server:
            yield {"mail_port": server.port}
            assert not server.mailbox.lines_seen
    else:
        with mail_server(folder, name="andere.example") as server:
            yield {"mail_port": server.port, "mail_ca_file": server.ca_file}
            assert not server.mailbox.lines_seen


TROUBLES = (
    "onbereikbaar",
    "te_traag",
    "verbroken",
    "tijdelijk",
    "server_weigert",
    "geen_tls",
    "certificaat",
)


@pytest.mark.parametrize("kind", TROUBLES)
def test_each_fault_is_told_apart_and_says_what_to_do(tmp_path: Path, kind: str) -> None:
    with mail_server(tmp_path) as good, troubled(kind, tmp_path) as changes:
        base = make_settings("sqlite://", tmp_path)
        with pytest.raises(MailError) as caught:
            Courier(good.settings(base, **changes)).deliver(envelope())
    assert (caught.value.problem, caught.value.final) == (kind, False)
    assert kind in WORDS


def test_a_connection_that_is_encrypted_from_the_start_works_too(tmp_path: Path) -> None:
    with mail_server(tmp_path, implicit=True) as server:
        settings = server.settings(make_settings("sqlite://", tmp_path), mail_tls="tls")
        Courier(settings).deliver(envelope())
    assert [r.encrypted for r in server.mailbox.received] == [True]


@pytest.mark.parametrize(
    "address",
    ["", "geen", "a@b.example\r\nBcc: c@d.example", "a@b.example\n", "a b@c.example", "\x00@b.nl"],
)
def test_what_is_no_address_is_given_up_and_becomes_no_header(address: str) -> None:
    with pytest.raises(MailError) as caught:
        write(uuid4(), utc_now(), SENDER, address, "Er wacht iets", "Hallo.")
    assert caught.value.final


def test_a_line_break_in_a_subject_never_becomes_a_header() -> None:
    with pytest.raises(ValueError, match="linefeed"):
        write(uuid4(), utc_now(), SENDER, "a@b.example", "x\r\nBcc: c@d.example", "Hallo.")
    assert plain_address("Post@Bücher.example") == "Post@xn--bcher-kva.example"


def test_a_signature_is_what_an_independent_library_accepted() -> None:
    """Made once and verified with dkimpy 1.1.8: rsa-sha256 gives the same for the same."""
    data = DATA / "dkim"
    content = (data / "bericht.eml").read_bytes()
    key = (data / "sleutel.pem").read_bytes()
    made = message.signature(
        content, selector="s1", domain="meldpunt.example", key=key, at=1780000000
    )
    assert made == (data / "handtekening.txt").read_bytes()
    with pytest.raises(message.SigningError):
        message.signature(content, selector="s1", domain="meldpunt.example", key=b"nee", at=0)


def test_an_encrypted_message_shows_nothing_and_opens_with_its_key() -> None:
    leaf = trustme.CA().issue_cert("ambtenaar@zwijndrecht.example", key_type=trustme.KeyType.RSA)
    pem = leaf.cert_chain_pems[0].bytes()
    made = write(uuid4(), utc_now(), SENDER, "a@b.example", "Er wacht iets", "Geheim woord.")
    sealed = encrypted(made, pem)
    assert b"Geheim" not in sealed
    assert b"application/pkcs7-mime" in sealed
    assert b"smime-type=enveloped-data" in sealed or b"enveloped-data" in sealed
    key = load_pem_private_key(leaf.private_key_pem.bytes(), None)
    assert isinstance(key, RSAPrivateKey)
    opened = pkcs7.pkcs7_decrypt_smime(sealed, x509.load_pem_x509_certificate(pem), key, [])
    assert b"Geheim woord." in opened
    with pytest.raises(MailError):
        encrypted(made, b"geen certificaat")
