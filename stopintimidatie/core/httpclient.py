"""The one client for addresses that a user or a municipality enters (S11 of the design).

Such an address may lead anywhere: to a machine inside our network, or to a server that never ends
its answer. So only https to public addresses is called. The name is resolved once; every address it
has is checked, and the connection goes to a checked address, under the name in the certificate.
Redirects aren't followed, a call takes five seconds in all, and an answer has at most 1 MiB.
A proxy of the machine isn't used. With `demo = true` this machine itself may be called as well.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
import urllib.request
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import urlsplit

SECONDS: Final = 5.0
LARGEST_ANSWER: Final = 1024 * 1024
LONGEST_ADDRESS: Final = 4000
# Here the last 32 bits are an IPv4 address, to which a gateway translates (RFC 6052).
_TRANSLATED: Final = ip_network("64:ff9b::/96")
# Only this part of IPv6 is handed out to machines on the internet. Some ranges in it lead
# elsewhere: protocols with Teredo among them, 6to4, and addresses that are only for documents.
_HANDED_OUT: Final = ip_network("2000::/3")
# The last two are of IPv4: relays of 6to4, and the own service of each machine at Azure.
_NEVER: Final = tuple(
    ip_network(text)
    for text in ("2001::/23", "2002::/16", "3fff::/20", "192.88.99.0/24", "168.63.129.16/32")
)


# For who reads why another server wasn't reached: Python's own words are English.
_REASONS: Final[Mapping[type, str]] = {
    socket.gaierror: "er is geen server met die naam te vinden",
    ConnectionRefusedError: "daar neemt niets een verbinding aan",
    TimeoutError: "er komt geen antwoord",
    ssl.SSLCertVerificationError: "het certificaat van die server klopt niet voor deze machine",
}


def reason_of(error: Exception) -> str:
    """Return in Dutch why a server wasn't reached."""
    return _REASONS.get(type(getattr(error, "reason", error)), "de verbinding valt weg")


class OutgoingError(Exception):
    """A call that wasn't made, or that gave no usable answer.

    Args:
        kind: a code for the log, without the address.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(kind)


@dataclass(frozen=True)
class Answer:
    """Answer of the other side."""

    status: int
    content_type: str
    body: bytes


class _Target(NamedTuple):
    """A parsed address."""

    secure: bool
    host: str
    port: int
    path: str


def call(
    address: str,
    *,
    demo: bool,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Call an address; POST when there is a body, else GET.

    Slow: call it outside a transaction.

    Args:
        address: As a user or municipality entered it, or as it came from there.
        demo: Whether this machine itself may be called, also without TLS.
        body: What to send.
        headers: Headers besides the usual.

    Raises:
        OutgoingError: The address may not be called, or didn't give an answer that may be read.
    """
    ends = time.monotonic() + SECONDS
    target = _parse(address, demo=demo)
    try:
        places = [_checked(place, target, demo=demo) for place in _resolve(target, ends)]
        return _ask(target, _connect(target, places, ends), body, headers or {}, ends)
    except ssl.SSLCertVerificationError as error:
        raise OutgoingError("certificate") from error
    except TimeoutError as error:
        raise OutgoingError("slow") from error
    except (OSError, http.client.HTTPException) as error:
        raise OutgoingError("unreachable") from error


def check_address(address: str, *, demo: bool) -> None:
    """Check that an address may be called, as far as can be seen without resolving its name.

    Raises:
        OutgoingError: It may not.
    """
    target = _parse(address, demo=demo)
    try:
        place = ip_address(target.host)
    except ValueError:
        if not target.secure and target.host != "localhost":
            raise OutgoingError("no https") from None
        return
    _check_place(place, target, demo=demo)


def _parse(address: str, *, demo: bool) -> _Target:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise OutgoingError("no address") from None
    strange = any(ord(sign) < 33 or ord(sign) > 126 for sign in address)
    if strange or not parts.hostname or len(address) > LONGEST_ADDRESS:
        raise OutgoingError("no address")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise OutgoingError("no address")
    if parts.scheme != "https" and not (demo and parts.scheme == "http"):
        raise OutgoingError("no https")
    secure = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return _Target(secure, parts.hostname, port or (443 if secure else 80), path)


def _resolve(target: _Target, ends: float) -> list[Any]:
    """Resolve a name in a thread of its own, for `getaddrinfo` knows no end; return its addresses.

    Raises:
        TimeoutError: The name server didn't answer in time.
    """
    answer: Future[list[Any]] = Future()

    def look_up() -> None:
        try:
            answer.set_result(socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answer.set_exception(OSError(str(error)))

    threading.Thread(target=look_up, name="resolve", daemon=True).start()
    return answer.result(timeout=_left(ends))


def _left(ends: float) -> float:
    """Return the seconds that are left.

    Raises:
        TimeoutError: There are none.
    """
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _checked(info: Any, target: _Target, *, demo: bool) -> Any:
    """Return what `getaddrinfo` gave when it may be called; one that may not refuses them all."""
    _check_place(ip_address(str(info[4][0]).partition("%")[0]), target, demo=demo)
    return info


def _check_place(place: IPv4Address | IPv6Address, target: _Target, *, demo: bool) -> None:
    if demo and place.is_loopback:
        return
    if not target.secure:
        raise OutgoingError("no https")
    if not is_public(place):
        raise OutgoingError("not public")


def is_public(place: IPv4Address | IPv6Address) -> bool:
    """Tell whether an internet address is of one machine that everybody can reach. Pure."""
    if place in _TRANSLATED:
        place = IPv4Address(int(place) & 0xFFFFFFFF)
    if place.version == 6 and place not in _HANDED_OUT:
        return False
    refused = place.is_multicast or any(place in network for network in _NEVER)
    return place.is_global and not refused


# Sockets whose every read counts against the end of the whole call. A timeout of a socket alone
# begins anew with each byte.


class _Ending:
    ends: float = 0.0

    def recv_into(self, *arguments: Any, **named: Any) -> int:
        self.settimeout(_left(self.ends))  # type: ignore[attr-defined]
        return int(super().recv_into(*arguments, **named))  # type: ignore[misc]


class _Plain(_Ending, socket.socket):
    pass


class _Secure(_Ending, ssl.SSLSocket):
    pass


Made = TypeVar("Made", _Plain, _Secure)


def _connect(target: _Target, places: list[Any], ends: float) -> _Plain | _Secure:
    """Connect to the first of these addresses that answers.

    Raises:
        OSError: None does.
    """
    problem: OSError = OSError("no address")
    for family, kind, protocol, _, place in places:
        plain = _Plain(family, kind, protocol)
        try:
            plain.settimeout(_left(ends))
            plain.connect(place)
            return _secured(plain, target, ends) if target.secure else _ending(plain, ends)
        except OSError as error:
            plain.close()
            problem = error
    raise problem


def _secured(plain: _Plain, target: _Target, ends: float) -> _Secure:
    """Set up TLS for the name in the address; the certificate must be of that name."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslsocket_class = _Secure
    plain.settimeout(_left(ends))
    secure = context.wrap_socket(plain, server_hostname=target.host)
    assert isinstance(secure, _Secure)  # noqa: S101 - what the context was just told to make
    return _ending(secure, ends)


def _ending(made: Made, ends: float) -> Made:
    made.ends = ends
    return made


def _ask(
    target: _Target,
    connected: _Plain | _Secure,
    body: bytes | None,
    headers: Mapping[str, str],
    ends: float,
) -> Answer:
    # It writes the header `Host`, and uses the socket that is there already.
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.default_port = 443 if target.secure else 80
    connection.sock = connected
    usual = {"Accept": "application/json", "Accept-Encoding": "identity", "Connection": "close"}
    try:
        connected.settimeout(_left(ends))
        method = "GET" if body is None else "POST"
        connection.request(method, target.path, body, {**usual, **headers})
        with connection.getresponse() as response:
            if 300 <= response.status < 400:
                raise OutgoingError("redirect")
            content = response.read(LARGEST_ANSWER + 1)
            if len(content) > LARGEST_ANSWER:
                raise OutgoingError("large")
            return Answer(response.status, response.headers.get_content_type(), content)
    finally:
        connection.close()


# Addresses that the operator set: a machine of the house will do, but an answer from elsewhere
# won't. A redirect would take the key or somebody's address along.


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: Any, **named: Any) -> None:
        return None


def open_setting(
    request: urllib.request.Request, *, timeout: float, context: ssl.SSLContext | None = None
) -> Any:
    """Open an address out of the settings, without following redirects; return the answer.

    Raises:
        OSError: There is no answer; `urllib.error.HTTPError` when it is a refusal or a redirect.
    """
    secure = urllib.request.HTTPSHandler(context=context)
    opener = urllib.request.build_opener(_NoRedirects, secure)
    return opener.open(request, timeout=timeout)
