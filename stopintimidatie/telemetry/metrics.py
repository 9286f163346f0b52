"""Figures for Prometheus: counts and durations by name of view, kind of job and reason.

Nothing is counted per holder or document. prometheus_client is only imported once something is
counted, so that a command of a second doesn't wait for it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Any, Final

from stopintimidatie.telemetry.logs import log_error

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Histogram

log = logging.getLogger(__name__)

PREFIX: Final = "stopintimidatie"
REQUEST_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
JOB_SECONDS: Final = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0)
DONE: Final = "gedaan"
FAILED: Final = "mislukt"
ACCEPTED: Final = "aangenomen"


@dataclass(frozen=True)
class Metrics:
    """Everything this process counts, and the registry that shows it."""

    registry: CollectorRegistry
    requests: Counter
    request_seconds: Histogram
    intake: Counter
    jobs: Counter
    job_seconds: Histogram
    search_seconds: Histogram
    pdf_seconds: Histogram


@lru_cache(maxsize=1)
def metrics() -> Metrics:
    """The figures of this process."""
    from prometheus_client import CollectorRegistry, Counter, Histogram

    registry = CollectorRegistry()

    def counter(name: str, told: str, *labels: str) -> Counter:
        return Counter(f"{PREFIX}_{name}", told, labels, registry=registry)

    def seconds(name: str, told: str, buckets: Sequence[float], *labels: str) -> Histogram:
        return Histogram(
            f"{PREFIX}_{name}_seconds", told, labels, registry=registry, buckets=buckets
        )

    return Metrics(
        registry,
        counter("requests", "Verzoeken per weergave", "view", "method", "status"),
        seconds("request", "Duur van verzoeken", REQUEST_SECONDS, "view", "method"),
        counter("intake", "Meldingen van apps: aangenomen, of geweigerd om", "outcome"),
        counter("jobs", "Taken van de worker", "kind", "outcome"),
        seconds("job", "Duur van een aantal taken dat samen wordt gedaan", JOB_SECONDS, "kind"),
        seconds("search", "Duur van zoeken in de index", REQUEST_SECONDS),
        seconds("pdf", "Duur van het maken van een pdf", JOB_SECONDS, "outcome"),
    )


def request_done(view: str, method: str, status: int, seconds: float) -> None:
    counted = metrics()
    counted.requests.labels(view, method, f"{status // 100}xx").inc()
    counted.request_seconds.labels(view, method).observe(seconds)


def intake_done(outcome: str) -> None:
    """:param outcome: `ACCEPTED`, or the code of the refusal."""
    metrics().intake.labels(outcome).inc()


@contextmanager
def searching() -> Iterator[None]:
    """Time the search of this block."""
    with metrics().search_seconds.time():
        yield


@contextmanager
def making_pdf() -> Iterator[None]:
    """Time the making of a PDF in this block."""
    started = time.perf_counter()
    outcome = FAILED
    try:
        yield
        outcome = DONE
    finally:
        metrics().pdf_seconds.labels(outcome).observe(time.perf_counter() - started)


def counting(kind: str, handler: Callable[..., None]) -> Callable[..., None]:
    """A handler of jobs that tells how it went, and where in the code it failed."""

    @wraps(handler)
    def counted(context: Any, payloads: Sequence[Any]) -> None:
        started = time.perf_counter()
        outcome = FAILED
        try:
            handler(context, payloads)
            outcome = DONE
        except Exception as error:
            log_error(log, "a job of kind %s failed", error, kind)
            raise
        finally:
            figures = metrics()
            figures.jobs.labels(kind, outcome).inc(len(payloads))
            figures.job_seconds.labels(kind).observe(time.perf_counter() - started)

    return counted
