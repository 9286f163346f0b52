"""The two long-running processes: web server and worker. Both end cleanly on SIGTERM or Ctrl-C."""

from __future__ import annotations

import logging
import signal
import threading
from types import FrameType
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError
from waitress.server import create_server

from stopintimidatie import configure, create_app
from stopintimidatie.jobs.worker import Worker
from stopintimidatie.search.services import enqueue_needed_rebuilds
from stopintimidatie.settings import Settings

log = logging.getLogger(__name__)
LOG_FORMAT: Final = "%(asctime)s %(levelname)s %(name)s %(message)s"
# What the intake drains before it refuses (8 MiB), and a little more for the headers.
MAXIMUM_BODY_BYTES: Final = 9 * 1024 * 1024


class _StopServer(Exception):  # noqa: N818 - a signal, not a mistake
    """Raised in the main thread by a signal, so that the server's loop ends."""


def _stop(number: int, frame: FrameType | None) -> None:
    raise _StopServer


def _start_logging() -> None:
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT)
    # It tells at every start which plug-ins it has; the operator can do nothing with that.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # A request that waits a moment for a thread is no news.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)


def serve(settings: Settings) -> None:
    """Serve the application until told to stop; requests in hand are finished."""
    _start_logging()
    server = create_server(
        create_app(settings),
        host=settings.web_host,
        port=settings.web_port,
        threads=settings.web_threads,
        url_scheme=settings.public_address.partition(":")[0],
        max_request_body_size=MAXIMUM_BODY_BYTES,
        ident=None,
        clear_untrusted_proxy_headers=True,
    )
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    try:
        server.run()
    except _StopServer:
        pass
    finally:
        server.close()


def work(settings: Settings) -> None:
    """Run jobs until told to stop; the job in hand is finished."""
    _start_logging()
    config = configure(settings)
    config.commit()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: stop.set())
    signal.signal(signal.SIGINT, lambda number, frame: stop.set())
    _repair_indexes(config.registry)
    Worker(config.registry).run_forever(stop)


def _repair_indexes(registry: Any) -> None:
    """Lost, damaged or made by older rules: the worker begins with making it anew."""
    try:
        enqueue_needed_rebuilds(registry)
    except SQLAlchemyError as error:
        # The database may be away for a while; the first search that fails asks as well.
        log.error("worker: %s", type(error).__name__)
