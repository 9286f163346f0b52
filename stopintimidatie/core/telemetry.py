"""Log lines, figures and a line per request: what an operator sees, and nobody's data in it.

On the lowest floor, so that every room can tell what it did. Views are told by name, never by
address: an address can hold a reference, a query what somebody looked for.

Log lines: The text of an exception can quote what somebody typed, so no line of ours or of a
library ever shows one: the class and the places in the code are what is left of it.

Figures: Nothing is counted per holder or document. prometheus_client is only imported once
something is counted, so that a command of a second doesn't wait for it.
"""

from __future__ import annotations

import logging
import re
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, wraps
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TextIO

from prometheus_client import CollectorRegistry, Counter, Histogram
from pyramid_retry import is_error_retryable
from pythonjsonlogger.json import JsonFormatter


def includeme(config: Any) -> None:
    """Put the tween that writes a line per request below all others."""
    from pyramid.tweens import INGRESS

    config.add_tween(
        "stopintimidatie.core.telemetry.access_tween",
        under=INGRESS,
        over="stopintimidatie.core.web.responses.headers_tween",
    )


# Log lines: JSON or text, with the id of the request, and errors without their texts.

JSON: Final = "json"
MOST_FRAMES: Final = 40
MOST_CAUSES: Final = 5
_PACKAGES: Final = Path(__file__).parent.parent.parent
REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
# Loggers that say more than an operator can use, or say it with somebody's data in it.
QUIET: Final[Mapping[str, int]] = {
    # At every start which plug-ins it has.
    "alembic": logging.WARNING,
    # Text of documents, fonts that lack a sign.
    "weasyprint": logging.ERROR,
    "fontTools": logging.ERROR,
    # That it is there.
    "pikepdf": logging.WARNING,
}


def frames(error: BaseException) -> list[str]:
    """Return the type of an error and its places in the code, innermost last; then its causes.

    Code only, no values.
    """
    lines: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen and len(seen) < MOST_CAUSES:
        seen.add(id(current))
        lines.append(type_name(current))
        lines.extend(_places(current.__traceback__))
        current = current.__cause__ or (
            None if current.__suppress_context__ else current.__context__
        )
    return lines


def type_name(error: BaseException) -> str:
    """Return the name of an error's class, with its module."""
    kind = type(error)
    room = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return f"{room}{kind.__qualname__}"


def _places(traceback: TracebackType | None) -> list[str]:
    places = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        places.append(f"{_short(code.co_filename)}:{traceback.tb_lineno} {code.co_name}")
        traceback = traceback.tb_next
    return places[-MOST_FRAMES:]


def _short(path: str) -> str:
    """Return the path from our own folder or the packages' on: the rest is nobody's business."""
    inside = path.rpartition("/site-packages/")[2]
    return inside.removeprefix(f"{_PACKAGES}/")


def log_error(log: logging.Logger, message: str, error: BaseException, *values: Any) -> None:
    """Log an unforeseen error; never use `log.exception`, which takes its text along."""
    kind = type_name(error)
    extra = {"fout": kind, "plekken": frames(error)}
    log.error(f"{message}: %s", *values, kind, extra=extra)


class _Stamp(logging.Filter):
    """Puts the id of the request on a record."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not hasattr(record, "verzoek"):
            record.verzoek = REQUEST_ID.get()
        return True


def _silence(record: logging.LogRecord) -> None:
    """Turn the exception of a record into its class and places."""
    error = record.exc_info[1] if record.exc_info else None
    if error is not None and not hasattr(record, "fout"):
        record.fout, record.plekken = type_name(error), frames(error)
    record.exc_info = record.exc_text = record.stack_info = None
    if record.args and any(isinstance(value, BaseException) for value in _values(record.args)):
        record.args = tuple(
            type_name(value) if isinstance(value, BaseException) else value
            for value in _values(record.args)
        )


def _values(args: Any) -> tuple[Any, ...]:
    return args if isinstance(args, tuple) else (args,)


class AsJson(JsonFormatter):
    """One line of JSON per record."""

    def __init__(self) -> None:
        super().__init__(
            "%(levelname)s %(name)s %(message)s",
            rename_fields={"levelname": "niveau", "name": "naam", "message": "melding"},
            json_ensure_ascii=False,
        )

    def format(self, record: logging.LogRecord) -> str:
        """Write a record, without the text of the error in it."""
        _silence(record)
        return super().format(record)

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Leave out what is empty."""
        return {name: value for name, value in log_data.items() if value not in ("", None)}

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        """Add the moment to the fields of a line."""
        log_data["tijd"] = _moment(record)
        super().add_fields(log_data, record, message_dict)


class AsText(logging.Formatter):
    """For a person at a screen."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record, without the text of the error in it."""
        _silence(record)
        mark = f" [{name}]" if (name := getattr(record, "verzoek", "")) else ""
        message = record.getMessage().replace("\r", "\\r").replace("\n", "\\n")
        line = f"{_moment(record)} {record.levelname} {record.name}{mark} {message}"
        places = getattr(record, "plekken", ())
        return "\n    ".join([line, *places])


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def make_handler(form: str, stream: TextIO | None = None) -> logging.Handler:
    """Make a handler for lines in this form; to standard error unless told otherwise."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(AsJson() if form == JSON else AsText())
    handler.addFilter(_Stamp())
    return handler


def start_logging(form: str) -> None:
    """Send every line of this process to standard error, in this form."""
    logging.basicConfig(level=logging.INFO, handlers=[make_handler(form)], force=True)
    logging.captureWarnings(True)
    for name, level in QUIET.items():
        logging.getLogger(name).setLevel(level)
    silence_tracebacks()


def silence_tracebacks() -> None:
    """Log an error that nobody caught like any other: by its class and its places."""
    if not logging.getLogger().handlers:
        # A command at a screen: only what goes wrong.
        logging.basicConfig(level=logging.WARNING, handlers=[make_handler("")])
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def _uncaught(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    log_error(logging.getLogger(__name__), "the process ends on an error", error)


def _uncaught_in_thread(args: Any) -> None:
    if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
        log_error(logging.getLogger(__name__), "a thread ends on an error", args.exc_value)


log = logging.getLogger(__name__)

# The view or the kind of job in hand, asked when it is told; None in a command.
AT_WORK: Final = ContextVar[Callable[[], str] | None]("at_work", default=None)
LONG_SECONDS: Final = 1.0


@contextmanager
def at_work(name: Callable[[], str]) -> Iterator[None]:
    """Name the work of this block."""
    token = AT_WORK.set(name)
    try:
        yield
    finally:
        AT_WORK.reset(token)


def write_ended(seconds: float) -> None:
    """Log a transaction that might write, and so kept others waiting, for over a second."""
    name = AT_WORK.get()
    if name is not None and seconds > LONG_SECONDS:
        milliseconds = round(seconds * 1000, 1)
        extra = {"werk": name(), "ms": milliseconds}
        log.warning("%s held a write transaction for %.1f ms", *extra.values(), extra=extra)


# Figures for Prometheus


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
    scan_seconds: Histogram


@lru_cache(maxsize=1)
def metrics() -> Metrics:
    """Return the figures of this process."""
    from prometheus_client import CollectorRegistry, Counter, Histogram

    registry = CollectorRegistry()

    def counter(name: str, description: str, *labels: str) -> Counter:
        return Counter(f"{PREFIX}_{name}", description, labels, registry=registry)

    def seconds(name: str, description: str, buckets: Sequence[float], *labels: str) -> Histogram:
        return Histogram(
            f"{PREFIX}_{name}_seconds", description, labels, registry=registry, buckets=buckets
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
        seconds("scan", "Duur van het nakijken op virussen", REQUEST_SECONDS, "outcome"),
    )


def intake_done(outcome: str) -> None:
    """Count a report that came in or was refused.

    Args:
        outcome: `ACCEPTED`, or the code of the refusal.
    """
    metrics().intake.labels(outcome).inc()


def searching() -> AbstractContextManager[Any]:
    """Time the search of this block."""
    return metrics().search_seconds.time()


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


def scan_done(outcome: str, seconds: float) -> None:
    """Count a file that the virus scanner looked at, or couldn't look at.

    Args:
        outcome: *schoon*, *gevonden*, or the trouble there was.
        seconds: as long as it took.
    """
    metrics().scan_seconds.labels(outcome).observe(seconds)


def counting(kind: str, handler: Callable[..., None]) -> Callable[..., None]:
    """Wrap a handler of jobs so that it tells how it went, and where in the code it failed."""

    @wraps(handler)
    def counted(context: Any, payloads: Sequence[Any]) -> None:
        started = time.perf_counter()
        outcome = FAILED
        try:
            with at_work(lambda: kind):
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


# A line and a count per request: which view, how it went, how long; never which document.

access_log = logging.getLogger("stopintimidatie.toegang")

HEADER: Final = "X-Request-ID"
# Ids as a proxy makes them: a UUID, or 32 hexadecimal digits. Nothing that could be a word.
WELL_FORMED: Final = re.compile(r"[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}")
METHODS: Final = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})
NO_VIEW: Final = "geen"
STATIC: Final = "static"
WATCHED: Final = ("Health.", "Root.nieuw")
_STARTED: Final = "stopintimidatie.started"
_ID: Final = "stopintimidatie.request_id"


def view_names(introspector: Any) -> frozenset[tuple[type, str]]:
    """Return (context, name) of every view: no other names go into log and figures."""
    entries = introspector.get_category("views") or ()
    views = (entry["introspectable"] for entry in entries)
    return frozenset((v["context"], v["name"]) for v in views if isinstance(v["context"], type))


def view_of(request: Any, known: frozenset[tuple[type, str]]) -> str:
    """Return `ReportResource.triage`, or that no view was found; never a name that was made up."""
    if getattr(request, "matched_route", None) is not None:
        return STATIC
    name = getattr(request, "view_name", "")
    for kind in type(getattr(request, "context", None)).__mro__:
        if (kind, name) in known:
            return f"{kind.__name__}.{name}" if name else kind.__name__
    return NO_VIEW


@contextmanager
def in_request(environ: dict[str, Any]) -> Iterator[str]:
    """Let every line of this block belong to the request, and give its id.

    The id is what the proxy gave it, if that is one, else a new one.
    """
    if _ID not in environ:
        given = environ.get("HTTP_X_REQUEST_ID", "").lower()
        environ[_ID] = given if WELL_FORMED.fullmatch(given) else secrets.token_hex(16)
    token = REQUEST_ID.set(environ[_ID])
    try:
        yield environ[_ID]
    finally:
        REQUEST_ID.reset(token)


def access_tween(handler: Callable[[Any], Any], registry: Any) -> Callable[[Any], Any]:
    """Log a line per request; outermost, so that a request tried again has one line."""
    known: frozenset[tuple[type, str]] | None = None

    def tween(request: Any) -> Any:
        nonlocal known
        if known is None:
            known = view_names(registry.introspector)
        started = request.environ.setdefault(_STARTED, time.perf_counter())
        views = known
        with in_request(request.environ) as name, at_work(lambda: view_of(request, views)):
            response = handler(request)
            response.headers[HEADER] = name
            error = getattr(request, "exception", None)
            if error is None or not is_error_retryable(request, error):
                _tell(request, response, view_of(request, known), time.perf_counter() - started)
        return response

    return tween


def _tell(request: Any, response: Any, view: str, seconds: float) -> None:
    """Count a request, and write its line."""
    method = request.method if request.method in METHODS else "ANDERS"
    counted = metrics()
    counted.requests.labels(view, method, f"{response.status_int // 100}xx").inc()
    counted.request_seconds.labels(view, method).observe(seconds)
    size, milliseconds = response.content_length or 0, round(seconds * 1000, 1)
    # Health checks and open inboxes ask all the time: at INFO their lines would drown the rest.
    access_log.log(
        logging.DEBUG if view.startswith(WATCHED) else logging.INFO,
        "%s %s %d %.1f ms %d bytes",
        *(method, view, response.status_int, milliseconds, size),
        extra={
            "methode": method,
            "weergave": view,
            "status": response.status_int,
            "ms": milliseconds,
            "bytes": size,
        },
    )
