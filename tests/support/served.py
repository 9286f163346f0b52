"""An application behind a web server: in a thread of this process, or as the product serves it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, fields
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from stopintimidatie.reports.api.openapi import FULL_REPORT
from stopintimidatie.settings import Settings
from tests.support.api import REPORTS, Api
from tests.support.waiting import until

HOST = "127.0.0.1"
SECONDS_TO_START = 30


class _Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that hangs up is no news."""


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Not in the output of the tests."""


def free_port() -> int:
    """A port that nothing listens on, for who must know the address before it is served."""
    with socket.create_server((HOST, 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def in_thread(app: Any, port: int = 0) -> Iterator[str]:
    """The address of an application, served by threads of this process."""
    with make_server(HOST, port, app, _Threads, _Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield f"http://{HOST}:{server.server_port}"
        server.shutdown()
        thread.join(timeout=20)


@dataclass(frozen=True)
class Served:
    """`stopintimidatie web`, running."""

    process: subprocess.Popen[bytes]
    port: int

    def workers(self) -> list[int]:
        """The processes that serve."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(word) for word in path.read_text(encoding="ascii").split()]

    def answers(self) -> bool:
        """Whether it is up."""
        with closing(http.client.HTTPConnection(HOST, self.port, timeout=5)) as connection:
            try:
                connection.request("GET", "/health/live")
                return connection.getresponse().status == 200
            except (OSError, http.client.HTTPException):
                return False


@contextmanager
def as_product(settings: Settings, *, processes: int = 1) -> Iterator[Served]:
    """The web server with these settings, in processes of its own, on a free port."""
    port = free_port()
    ini = settings.data_dir / f"web-{port}.ini"
    ini.write_text(
        ini_of(settings, {"web.port": port, "web.processes": processes}), encoding="utf-8"
    )
    command = [sys.executable, "-m", "stopintimidatie.cli", "--ini", str(ini), "web"]
    process = subprocess.Popen(command, start_new_session=True, stdin=subprocess.DEVNULL)
    served = Served(process, port)
    try:
        until(lambda: process.poll() is not None or served.answers(), seconds=SECONDS_TO_START)
        assert process.poll() is None, "the web server doesn't start"
        yield served
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=20)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def ini_of(settings: Settings, changes: dict[str, Any]) -> str:
    """The ini file that these settings could have come from."""
    given = ((item, getattr(settings, item.name)) for item in fields(settings))
    values = {item.metadata["key"]: value for item, value in given if value != item.default}
    lines = [f"{key} = {value}" for key, value in {**values, **changes}.items()]
    return "\n".join(["[app:main]", *lines]).replace("%", "%%") + "\n"


BODY = json.dumps(FULL_REPORT).encode()


def post(port: int, api: Api, key: str) -> int:
    with closing(http.client.HTTPConnection(HOST, port, timeout=20)) as connection:
        connection.request("POST", REPORTS, BODY, api.headers(Idempotency_Key=key))
        return connection.getresponse().status
