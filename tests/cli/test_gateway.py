"""What stands between the web server and the application."""

from __future__ import annotations

import threading
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from stopintimidatie.cli import gateway, server
from stopintimidatie.cli.gateway import MAXIMUM_BODY_BYTES, Gateway
from stopintimidatie.core.jobs.worker import NotAloneError
from stopintimidatie.core.web.body import KEPT_IN_MEMORY
from stopintimidatie.settings import Settings
from tests.support.gateway_calls import Answer, ask
from tests.support.installation import Installation


def echo(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return [environ["wsgi.input"].read()]


def seen_by_the_application(body: bytes = b"", **environ: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        found.update(environ, body=environ["wsgi.input"].read())
        return echo(environ, start_response)

    ask(Gateway(app, places=1, scheme="https"), body, **environ)
    return found


def test_no_client_can_pretend_to_be_a_proxy() -> None:
    found = seen_by_the_application(
        HTTP_X_FORWARDED_FOR="192.0.2.1",
        HTTP_X_FORWARDED_PROTO="gopher",
        HTTP_FORWARDED="for=192.0.2.1",
        HTTP_HOST="localhost",
    )
    assert [name for name in found if "FORWARDED" in name] == []
    assert found["HTTP_HOST"] == "localhost"
    assert found["wsgi.url_scheme"] == "https"


@pytest.mark.parametrize("size", [1, KEPT_IN_MEMORY + 1, MAXIMUM_BODY_BYTES])
def test_a_body_arrives_whole(size: int) -> None:
    body = b"x" * size
    assert seen_by_the_application(body, CONTENT_LENGTH=str(size))["body"] == body
    found = seen_by_the_application(body, HTTP_TRANSFER_ENCODING="chunked")
    assert found["body"] == body
    assert found["CONTENT_LENGTH"] == str(size)


def test_of_a_body_that_is_too_large_only_its_length_is_seen() -> None:
    size = MAXIMUM_BODY_BYTES + 1
    announced = seen_by_the_application(b"x" * 10, CONTENT_LENGTH=str(size))
    chunked = seen_by_the_application(b"x" * size, HTTP_TRANSFER_ENCODING="chunked")
    for found in (announced, chunked):
        assert found["body"] == b""
        assert int(found["CONTENT_LENGTH"]) >= size


def test_the_rest_of_a_body_that_is_too_large_is_taken_in_so_that_the_answer_is_read() -> None:
    stream = BytesIO(b"x" * (MAXIMUM_BODY_BYTES + 1))
    length = str(MAXIMUM_BODY_BYTES + 1)
    environ: dict[str, Any] = {"wsgi.input": stream, "CONTENT_LENGTH": length}
    told = ask(Gateway(echo, places=1, scheme="http"), **environ)
    assert stream.read() == b""
    assert "Connection" not in told[1]


@pytest.mark.parametrize("environ", [{"HTTP_EXPECT": "100-continue"}, {}], ids=["asks", "endless"])
def test_who_still_has_more_to_send_finds_the_connection_closed(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "THROWN_AWAY_BYTES", 10)
    length = str(MAXIMUM_BODY_BYTES + 1)
    told = ask(Gateway(echo, places=1, scheme="http"), b"x" * 99, CONTENT_LENGTH=length, **environ)
    assert told[1]["Connection"] == "close"


def test_half_a_body_never_reaches_the_application() -> None:
    made = Gateway(echo, places=1, scheme="http")
    status, headers, body = ask(made, b"half", CONTENT_LENGTH="9")
    assert status.startswith("400")
    assert b"half" not in body
    assert headers["Cache-Control"] == "no-store"


def test_a_slow_body_holds_no_place() -> None:
    """With the only place free, somebody else is served while this one still sends."""
    made = Gateway(echo, places=1, scheme="http")
    rest = threading.Event()

    class Slow(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            rest.wait(10)
            return super().read(size)

    answers: list[Answer] = []
    environ: dict[str, Any] = {"wsgi.input": Slow(b"late"), "CONTENT_LENGTH": "4"}
    thread = threading.Thread(target=lambda: answers.append(ask(made, **environ)))
    thread.start()
    assert ask(made)[0] == "200 OK"
    assert answers == []
    rest.set()
    thread.join(10)
    assert answers[0][2] == b"late"


def test_what_escapes_the_application_is_told_by_its_kind_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        raise ValueError("Jansen, 06-12345678")

    made = Gateway(broken, places=1, scheme="http")
    for _ in range(2):  # the place comes back
        assert ask(made)[0].startswith("500")
    assert "ValueError" in caplog.text
    assert "Jansen" not in caplog.text


def test_the_server_does_not_name_itself_or_its_version() -> None:
    assert ask(Gateway(echo, places=1, scheme="http"))[1]["Server"] == "stopintimidatie"


@pytest.mark.sqlite
def test_a_process_that_takes_the_place_of_another_serves_while_the_database_is_away(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(settings: Settings) -> None:
        raise OperationalError("select 1", {}, Exception("away"))

    def two(settings: Settings) -> None:
        raise NotAloneError("two machines")

    monkeypatch.setattr(gateway, "stay_on_one_machine", away)
    monkeypatch.setattr(gateway, "spare_what_stays", lambda: None)
    assert gateway.make_gateway(installation.settings)
    monkeypatch.setattr(gateway, "stay_on_one_machine", two)
    with pytest.raises(NotAloneError):
        gateway.make_gateway(installation.settings)


@pytest.mark.sqlite
def test_an_unforeseen_error_at_the_start_is_told_without_its_text(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(settings: Settings) -> None:
        raise RuntimeError("geheim")

    monkeypatch.setattr(gateway, "check_application", fail)
    with pytest.raises(SystemExit) as ended:
        server._check(installation.settings)
    assert ended.value.code == 1
    assert "geheim" not in "".join(capfd.readouterr())
