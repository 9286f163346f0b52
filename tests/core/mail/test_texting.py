"""Text messages: a recorded stand-in of a provider, over real https; off unless asked for."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

import pytest
import trustme

from stopintimidatie.core.mail.delivery import Texter, TextMessage
from stopintimidatie.core.mail.message import MailError
from stopintimidatie.settings import Settings
from tests.support.installation import make_settings


class Provider(BaseHTTPRequestHandler):
    """Answers as MessageBird does, and remembers what it was asked."""

    status: ClassVar[int] = 201
    asked: ClassVar[list[tuple[str, dict[str, Any]]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append((self.headers["Authorization"], json.loads(body)))
        self.send_response(self.status)
        if self.status == 302:
            self.send_header("Location", f"https://{self.headers['Host']}/elders")
        self.end_headers()
        self.wfile.write(b'{"id": "e8077d803532c0b5937c639b60216938"}')

    def do_GET(self) -> None:
        self.asked.append((self.headers["Authorization"], {}))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Not in the output of the tests."""


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    (tmp_path / "sleutel").write_text("geheim\n", encoding="ascii")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    Provider.asked, Provider.status = [], 201
    with HTTPServer(("127.0.0.1", 0), Provider) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield make_settings(
            "sqlite://",
            tmp_path,
            sms_url=f"https://localhost:{server.server_port}/messages",
            sms_token_file=tmp_path / "sleutel",
            mail_ca_file=tmp_path / "ca.pem",
            mail_timeout_seconds=5,
        )
        server.shutdown()
        thread.join(5)


def message() -> TextMessage:
    return TextMessage(uuid4(), "+31612345678", "Er wacht een melding met spoed.")


def test_the_provider_gets_a_number_and_our_words_and_nothing_more(settings: Settings) -> None:
    sent = message()
    Texter(settings).deliver(sent)
    ((key, body),) = Provider.asked
    assert key == "AccessKey geheim"
    assert body == {
        "originator": "Meldpunt",
        "recipients": ["+31612345678"],
        "body": "Er wacht een melding met spoed.",
        "reference": str(sent.id),
    }


@pytest.mark.parametrize(
    ("status", "problem", "final"),
    [(500, "sms_later", False), (429, "sms_later", False), (422, "sms_geweigerd", True)],
)
def test_a_no_of_the_provider_is_kept_apart_from_not_now(
    settings: Settings, status: int, problem: str, final: bool
) -> None:
    Provider.status = status
    with pytest.raises(MailError) as caught:
        Texter(settings).deliver(message())
    assert (caught.value.problem, caught.value.final) == (problem, final)


def test_without_a_provider_or_with_a_wrong_certificate_nothing_goes(
    settings: Settings, tmp_path: Path
) -> None:
    off = make_settings("sqlite://", tmp_path, demo=False)
    assert not Texter(off).on
    with pytest.raises(MailError, match="sms_uit"):
        Texter(off).deliver(message())
    other = tmp_path / "andere.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    wrong = make_settings("sqlite://", tmp_path, sms_url=settings.sms_url, mail_ca_file=other)
    with pytest.raises(MailError, match="sms_onbereikbaar"):
        Texter(wrong).deliver(message())
    assert Provider.asked == []


def test_the_key_of_the_provider_goes_along_with_no_redirect(settings: Settings) -> None:
    Provider.status = 302
    with pytest.raises(MailError, match="sms_geweigerd"):
        Texter(settings).deliver(message())
    assert len(Provider.asked) == 1
