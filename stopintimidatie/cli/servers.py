"""The two long-running processes: web server and worker. Both end cleanly on SIGTERM or Ctrl-C."""

from __future__ import annotations

import logging
import signal
import threading
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from stopintimidatie import configure, log_refusal
from stopintimidatie.cli import webserver
from stopintimidatie.cli.garbage import spare_what_stays
from stopintimidatie.home.figures import start_figures
from stopintimidatie.jobs import alone
from stopintimidatie.jobs.schedule import free_leases
from stopintimidatie.jobs.worker import run_lanes
from stopintimidatie.search.services import enqueue_needed_rebuilds
from stopintimidatie.settings import Settings
from stopintimidatie.storage.migrations import refuse_old_database
from stopintimidatie.storage.roles import refuse_powerful_role
from stopintimidatie.telemetry.logs import start_logging

log = logging.getLogger(__name__)


def serve(settings: Settings) -> None:
    """Serve the application until told to stop; requests in hand are finished."""
    start_logging(settings.log_format)
    alone.stay_on_one_machine(settings)
    webserver.serve(settings)


def work(settings: Settings) -> None:
    """Run jobs until the process is told to stop; finish the jobs in hand first."""
    start_logging(settings.log_format)
    alone.stay_one_worker(settings)
    alone.stay_on_one_machine(settings)
    config = configure(settings)
    config.commit()
    with log_refusal(config.registry.engine):
        refuse_old_database(config.registry.engine, settings)
        refuse_powerful_role(config.registry.engine, settings)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: stop.set())
    signal.signal(signal.SIGINT, lambda number, frame: stop.set())
    start_figures(config.registry, settings.metrics_worker_port)
    _tidy_up(config.registry)
    spare_what_stays()
    run_lanes(config.registry, stop)


def _tidy_up(registry: Any) -> None:
    """Free the jobs of an earlier worker, and queue the index rebuilds that are needed.

    An index is rebuilt if it is missing, damaged or made by an older version.
    """
    try:
        if registry.app_settings.search_backend == "whoosh":  # then this is the only worker
            free_leases(registry.engine)
        enqueue_needed_rebuilds(registry)
    except SQLAlchemyError as error:
        # The database may be away for a while; the first search that fails asks as well.
        log.error("worker: %s", type(error).__name__)
