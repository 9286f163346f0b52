"""The two long-running processes, web server and worker, which end cleanly on SIGTERM or Ctrl-C.

The search for garbage is seldom in such a process, and not through what stays anyway.

The web server is granian, with the application made anew in each of its processes. The main process
serves nothing: it starts the others, replaces one that dies, and passes the end on. They finish
what they have in hand. When the main process is killed outright, the others hear it through a pipe
and end as well, so that the port comes free.
"""

from __future__ import annotations

import gc
import logging
import os
import resource
import signal
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from sqlalchemy.exc import SQLAlchemyError

from stopintimidatie import configure, create_app, log_refusal
from stopintimidatie.backup.ledger import catch_up
from stopintimidatie.backup.marker import refuse_unfinished_restore
from stopintimidatie.cli.gateway import Application, Gateway, forget_http_variables
from stopintimidatie.core.health.views import start_figures
from stopintimidatie.core.jobs import worker
from stopintimidatie.core.jobs.schedule import free_leases
from stopintimidatie.core.jobs.services import Stop
from stopintimidatie.core.jobs.worker import run_lanes
from stopintimidatie.core.search.services import enqueue_needed_rebuilds
from stopintimidatie.core.storage.database import refuse_old_database, refuse_powerful_role
from stopintimidatie.core.telemetry import start_logging
from stopintimidatie.core.web.body import most_of
from stopintimidatie.core.web.limits import WaitingRoom
from stopintimidatie.settings import Settings

# Python's own 700 makes a request of some thousands of objects pay for several searches.
THRESHOLDS: Final = (50_000, 20, 50)


def spare_what_stays() -> None:
    """Spare what stays once the application stands: its modules and views are never garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)


# The web server

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
    # Mistakes are told here, to a person, and not by each process in turn.
    create_app(settings).registry.engine.dispose()
    run(
        partial(_make, settings),
        host=settings.web_host,
        port=settings.web_port,
        processes=settings.web_processes,
    )


def _make(settings: Settings) -> Application:
    app = create_app(settings)
    start_figures(app.registry, settings.metrics_port)
    spare_what_stays()
    scheme = settings.public_address.partition(":")[0]
    return Gateway(
        app,
        places=settings.web_threads,
        scheme=scheme,
        waiting_room=WaitingRoom(app.registry),
        most_of=partial(most_of, app.registry),
    )


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
    forget_http_variables()
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


def start_web(settings: Settings) -> None:
    """Serve the application until told to stop; requests in hand are finished."""
    start_logging(settings.log_format)
    worker.stay_on_one_machine(settings)
    serve(settings)


def work(settings: Settings) -> None:
    """Run jobs until the process is told to stop; finish the jobs in hand first."""
    start_logging(settings.log_format)
    worker.stay_one_worker(settings)
    worker.stay_on_one_machine(settings)
    config = configure(settings)
    config.commit()
    with log_refusal(config.registry.engine):
        refuse_old_database(config.registry.engine, settings)
        refuse_unfinished_restore(config.registry.engine)
        refuse_powerful_role(config.registry.engine, settings)
    stop = Stop()
    stop.hear_signals()
    start_figures(config.registry, settings.metrics_worker_port)
    _tidy_up(config.registry)
    spare_what_stays()
    run_lanes(config.registry, stop)


def _tidy_up(registry: Any) -> None:
    """Free the jobs of an earlier worker, look at the ledger, and queue needed index rebuilds.

    An index is rebuilt if it is missing, damaged or made by an older version.
    """
    try:
        if registry.app_settings.search_backend == "whoosh":  # then this is the only worker
            free_leases(registry.engine)
        catch_up(registry)
        enqueue_needed_rebuilds(registry)
    except SQLAlchemyError as error:
        # The database may be away for a while; the first search that fails asks as well.
        log.error("worker: %s", type(error).__name__)
