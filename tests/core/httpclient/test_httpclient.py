"""Addresses that a user or a municipality entered: called within bounds, or not at all (S11)."""

from __future__ import annotations

import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Any

import pytest
import trustme

from stopintimidatie.core import httpclient
from stopintimidatie.core.httpclient import Answer, OutgoingError, call, check_address, is_public
from tests.support.answering import answering, plain

PUBLIC = "93.184.215.14"
NAME = "inloggen.gemeente.example"
CUT_OFF = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc"


def resolved(*addresses: str, seen: list[str] | None = None) -> Any:
    """A `getaddrinfo` that gives these addresses for every name."""

    def look_up(host: str, port: int, **named: Any) -> list[Any]:
        if seen is not None:
            seen.append(host)
        families = [socket.AF_INET6 if ":" in text else socket.AF_INET for text in addresses]
        return [
            (family, socket.SOCK_STREAM, 6, "", (text, port))
            for family, text in zip(families, addresses, strict=True)
        ]

    return look_up


def refused(address: str, *, demo: bool = False) -> str:
    with pytest.raises(OutgoingError) as raised:
        call(address, demo=demo)
    return raised.value.kind


@pytest.fixture
def authority(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> trustme.CA:
    """A certificate authority that this machine trusts."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return authority


def served_as(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """To which addresses was connected; the connection itself goes to this machine."""
    places: list[Any] = []

    def connect(self: socket.socket, place: Any) -> None:
        places.append(place)
        socket.socket.connect(self, ("127.0.0.1", place[1]))

    monkeypatch.setattr(httpclient._Plain, "connect", connect, raising=False)
    return places


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.5",
        "172.16.0.1",
        "192.168.1.1",
        "127.0.0.1",
        "0.0.0.0",  # noqa: S104 - called, not listened to
        "169.254.169.254",
        "100.64.0.1",
        "192.0.2.1",
        "224.0.0.251",
        "224.0.1.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "::ffff:10.0.0.5",
        "::ffff:127.0.0.1",
        "64:ff9b::10.0.0.5",
        "2002:0a00:0005::1",
        "2001:0:0a00:0005::1",
        "192.88.99.1",
        "168.63.129.16",
        "64:ff9b::168.63.129.16",
        "::ffff:168.63.129.16",
        "::ffff:0:127.0.0.1",
        "::127.0.0.1",
        "::10.0.0.1",
        "fec0::1",
        "5f00::1",
        "2001:db8::1",
        "3fff::1",
    ],
)
def test_an_address_that_is_not_public_is_never_called(
    address: str, monkeypatch: pytest.MonkeyPatch, connected: list[Any]
) -> None:
    literal = f"[{address}]" if ":" in address else address
    assert refused(f"https://{literal}/x") == "not public"
    monkeypatch.setattr(socket, "getaddrinfo", resolved(address))
    assert refused(f"https://{NAME}/x") == "not public"
    with pytest.raises(OutgoingError):
        check_address(f"https://{literal}/x", demo=False)
    assert connected == []


@pytest.mark.parametrize(
    "address", [PUBLIC, "168.63.129.17", "2a00:1450:400e::1", "64:ff9b::93.184.215.14"]
)
def test_an_address_of_one_machine_on_the_internet_may_be_called(address: str) -> None:
    assert is_public(ip_address(address))


def test_of_ipv6_only_the_part_for_machines_on_the_internet_may_be_called() -> None:
    """Each block of 16 bits, with an end that also reads as an address of IPv4 on the inside."""
    open_blocks = {
        first
        for first in range(0x10000)
        if is_public(IPv6Address((first << 112) + (0xABCD << 96) + 0x7F000001))
    }
    assert open_blocks == set(range(0x2000, 0x4000)) - {0x2002}


def test_one_private_address_among_public_ones_refuses_the_name(
    monkeypatch: pytest.MonkeyPatch, connected: list[Any]
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolved(PUBLIC, "10.0.0.5"))
    assert refused(f"https://{NAME}/x") == "not public"
    assert connected == []


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        (f"http://{NAME}/x", "no https"),
        ("ftp://127.0.0.1/x", "no https"),
        ("file:///etc/passwd", "no address"),
        ("https:///x", "no address"),
        (f"https://wie:geheim@{NAME}/", "no address"),
        (f"https://{NAME}/\r\nHost: elders", "no address"),
        (f"https://{NAME}:abc/", "no address"),
        (f"https://{NAME}/#stuk", "no address"),
        ("https://gemeenté.example/", "no address"),
        (f"https://{NAME}/{'a' * 4000}", "no address"),
    ],
)
def test_what_is_no_https_address_is_refused(address: str, kind: str) -> None:
    assert refused(address) == kind


def test_a_name_is_resolved_once_and_the_checked_address_is_called(
    monkeypatch: pytest.MonkeyPatch, connected: list[Any], authority: trustme.CA
) -> None:
    # A name server that answers something else the second time (rebinding) isn't asked twice.
    seen: list[str] = []
    asked: list[str | None] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.headers["Host"])
        plain(b"{}")(handler)

    with answering(answer, served_as(authority, NAME)) as port:
        monkeypatch.setattr(socket, "getaddrinfo", resolved(PUBLIC, seen=seen))
        assert call(f"https://{NAME}:{port}/x", demo=False) == Answer(
            200, "application/json", b"{}"
        )
    assert (seen, connected, asked) == ([NAME], [(PUBLIC, port)], [f"{NAME}:{port}"])


def test_a_certificate_of_another_name_is_refused(
    monkeypatch: pytest.MonkeyPatch, connected: list[Any], authority: trustme.CA
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolved(PUBLIC))
    with answering(plain(b"{}"), served_as(authority, "elders.example", PUBLIC)) as port:
        assert refused(f"https://{NAME}:{port}/") == "certificate"


def test_a_certificate_of_an_unknown_authority_is_refused(
    monkeypatch: pytest.MonkeyPatch, connected: list[Any], authority: trustme.CA
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolved(PUBLIC))
    with answering(plain(b"{}"), served_as(trustme.CA(), NAME)) as port:
        assert refused(f"https://{NAME}:{port}/") == "certificate"


def test_the_next_address_is_tried_when_the_first_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with answering(plain(b"{}")) as port:
        monkeypatch.setattr(socket, "getaddrinfo", resolved("::1", "127.0.0.1"))
        assert call(f"http://localhost:{port}/", demo=True).status == 200


def test_this_machine_is_called_in_the_demo_alone() -> None:
    with answering(plain(b"{}")) as port:
        for address in (f"http://localhost:{port}/", f"http://127.0.0.1:{port}/"):
            check_address(address, demo=True)
            assert call(address, demo=True).body == b"{}"
            assert refused(address) == "no https"
        assert refused(f"https://localhost:{port}/") == "not public"


def test_the_demo_calls_no_other_machine_of_the_network_nor_without_tls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert refused("https://10.0.0.5/", demo=True) == "not public"
    monkeypatch.setattr(socket, "getaddrinfo", resolved(PUBLIC))
    assert refused(f"http://{NAME}/", demo=True) == "no https"
    with pytest.raises(OutgoingError):
        check_address(f"http://{NAME}/", demo=True)


def test_what_is_sent_arrives() -> None:
    got: list[Any] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers["Content-Length"])
        got.append((handler.command, handler.headers["Authorization"], handler.rfile.read(length)))
        plain(b"nee", "text/plain", 401)(handler)

    with answering(answer) as port:
        sent = {"Authorization": "Basic x"}
        answered = call(f"http://127.0.0.1:{port}/", demo=True, body=b"a=1", headers=sent)
    assert answered == Answer(401, "text/plain", b"nee")
    assert got == [("POST", "Basic x", b"a=1")]


def test_a_redirect_is_not_followed() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", "http://169.254.169.254/")
        handler.end_headers()

    with answering(answer) as port:
        assert refused(f"http://127.0.0.1:{port}/", demo=True) == "redirect"


@pytest.mark.parametrize("told", [True, False])
def test_an_answer_of_more_than_a_mebibyte_is_refused(told: bool) -> None:
    body = b"a" * (httpclient.LARGEST_ANSWER + 1)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        if told:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    with answering(answer) as port:
        assert refused(f"http://127.0.0.1:{port}/", demo=True) == "large"
    with answering(plain(body[1:])) as port:
        assert len(call(f"http://127.0.0.1:{port}/", demo=True).body) == httpclient.LARGEST_ANSWER


@pytest.mark.parametrize("slow", ["headers", "body"])
def test_an_answer_that_comes_byte_by_byte_ends_in_time(
    slow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(httpclient, "SECONDS", 0.3)
    over = threading.Event()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        if slow == "body":
            handler.end_headers()
        handler.flush_headers()
        while not over.wait(0.02):
            handler.wfile.write(b"a")

    with answering(answer) as port:
        assert refused(f"http://127.0.0.1:{port}/", demo=True) == "slow"
        over.set()


def test_a_handshake_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(httpclient, "SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert refused(f"https://127.0.0.1:{port}/", demo=True) == "slow"


def test_a_name_server_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(httpclient, "SECONDS", 0.1)
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(5) and [])
    assert refused(f"https://{NAME}/") == "slow"
    over.set()


@pytest.mark.parametrize("answered", [b"", b"geen http\r\n\r\n", CUT_OFF])
def test_an_answer_that_is_no_http_is_unreachable(answered: bytes) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(answered)

    with answering(answer) as port:
        assert refused(f"http://127.0.0.1:{port}/", demo=True) == "unreachable"


def test_a_name_that_does_not_exist_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    assert refused(f"https://{NAME}/") == "unreachable"
