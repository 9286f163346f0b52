"""The web server, which ends cleanly on SIGTERM or Ctrl-C.

It is granian, with the application made anew in each of its processes. The main process serves
nothing: it starts the others, replaces one that dies, and passes the end on. They finish what they
have in hand. When the main process is killed outright, the others hear it through a pipe and end as
well, so that the port comes free.

The main process stays small: it never imports the application, nor does this module.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from stopintimidatie.core.telemetry import log_error, start_logging
from stopintimidatie.settings import Settings

if TYPE_CHECKING:
    from stopintimidatie.cli.gateway import Application

log = logging.getLogger(__name__)
# As long may a request go on after the stop; one that takes longer is cut off.
GRACE_SECONDS: Final = 30
# The longest that headers may take, and that a connection stays open after a request.
HEADER_MILLISECONDS: Final = 10_000
# Threads that take in bodies; `web.threads` of them at a time are in the application.
WAITING_THREADS: Final = 256
# Connections that each process has open at once; more wait in the system's own queue. Granian
# accepts 1,024 by default, which idle connections fill.
CONNECTIONS: Final = 4_096
# Its messages go where ours go, and only when something is wrong.
LOGGING: Final[dict[str, Any]] = {
    "formatters": {},
    "handlers": {},
    "loggers": {"_granian": {"handlers": [], "propagate": True}},
}


class WebServerError(Exception):
    """The web server can't start; the message says what to do."""


def serve(settings: Settings) -> None:
    """Serve the application until told to stop; requests in hand are finished.

    Raises:
        WebServerError: The address can't be listened on.
    """
    start_logging(settings.log_format)
    _check(settings)
    run(
        partial(_make, settings),
        host=settings.web_host,
        port=settings.web_port,
        processes=settings.web_processes,
    )


def _check(settings: Settings) -> None:
    """End this process when the application can't be made.

    Asked in a process that ends: it tells a person what is wrong, once, and takes the memory of a
    whole application along.
    """
    child = multiprocessing.get_context("fork").Process(target=_try_to_make, args=(settings,))
    child.start()
    child.join()
    if child.exitcode:
        sys.exit(1)


def _try_to_make(settings: Settings) -> None:
    from stopintimidatie.cli.gateway import check_application

    try:
        check_application(settings)
    except (Exception, KeyboardInterrupt) as error:
        log_error(log, "the application can't be made", error)
        sys.exit(1)


def _make(settings: Settings) -> Application:
    from stopintimidatie.cli.gateway import make_gateway

    return make_gateway(settings)


def run(
    make: Callable[[], Application],
    *,
    host: str,
    port: int,
    processes: int = 1,
    threads: int = WAITING_THREADS,
) -> None:
    """Run granian with the application that `make` gives, called in each process.

    Raises:
        WebServerError: The address can't be listened on.
    """
    server = Granian(
        "stopintimidatie",
        address=_free_address(host, port),
        port=port,
        interface=Interfaces.WSGI,
        workers=processes,
        backlog=CONNECTIONS,
        backpressure=CONNECTIONS,
        blocking_threads=threads,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_MILLISECONDS, keep_alive=True),
        websockets=False,
        log_level=LogLevels.error,
        log_dictconfig=LOGGING,
        respawn_failed_workers=True,
        workers_kill_timeout=GRACE_SECONDS,
    )
    _allow_connections()
    hangup = signal.getsignal(signal.SIGHUP)
    server.on_startup(partial(_listen_to_the_end, server, hangup))
    lifeline, ours = os.pipe()
    try:
        server.serve(target_loader=partial(_in_process, make, lifeline, ours), wrap_loader=False)
    finally:
        os.close(ours)
        os.close(lifeline)


def _allow_connections() -> None:
    """Let the processes have so many connections open, if the system's upper limit allows it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * CONNECTIONS
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _free_address(host: str, port: int) -> str:
    """Return the number of a host where nobody listens yet.

    Asked here because each process listens by itself (SO_REUSEPORT): a second server would get
    half of the first one's visitors, without a word.

    Raises:
        WebServerError: It can't be had.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise WebServerError(
            f"Op {host}, poort {port}, kan niet worden geluisterd ({error.strerror}). Draait daar"
            " al iets? Stop dat, of kies met web.host en web.port een ander adres."
        ) from None
    return str(address[0])


def _listen_to_the_end(server: Any, hangup: Any) -> None:
    """Pass on in a thread that the main process must end.

    Python runs a handler in the main thread alone, and that one sleeps: under load it wasn't always
    woken. A thread that waits for the signal is. What is blocked here stays so in each process.
    """
    waited = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
    signal.pthread_sigmask(signal.SIG_BLOCK, waited)
    if hangup is signal.SIG_IGN:  # who started us with nohup wants us to outlive the terminal
        waited.discard(signal.SIGHUP)

    def wait() -> None:
        signal.sigwait(waited)
        server.signal_handler_interrupt()

    threading.Thread(target=wait, daemon=True).start()


def _in_process(make: Callable[[], Application], lifeline: int, theirs: int) -> Application:
    """Make the application in a new process, which first forgets what it has of the main one."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.close(theirs)
    # Ctrl-C goes to every process of the terminal, and stays blocked: the main one decides.
    for target, arguments in ((_end_when_told, ()), (_end_with_main, (lifeline,))):
        threading.Thread(target=target, args=arguments, daemon=True).start()
    _forget_http_variables()
    return make()


def _end_when_told() -> None:
    """Do what granian would do on SIGTERM, in a thread that is sure to hear it."""
    signal.sigwait({signal.SIGTERM})
    stop = signal.getsignal(signal.SIGTERM)
    if not callable(stop):
        os._exit(0)  # it doesn't serve yet
    stop(signal.SIGTERM, None)


def _end_with_main(lifeline: int) -> None:
    os.read(lifeline, 1)  # nobody writes: this ends when the last holder of the other end is gone
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(1)


def _forget_http_variables() -> None:
    """Remove HTTP_PROXY and its like: granian puts our environment among the headers."""
    for name in [name for name in os.environ if name.startswith("HTTP_")]:
        del os.environ[name]
