"""Log lines: JSON or text, with the id of the request, and errors without their texts.

The text of an exception can quote what somebody typed, so no line of ours or of a library ever
shows one: the class and the places in the code are what is left of it.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TextIO

from pythonjsonlogger.json import JsonFormatter

JSON: Final = "json"
MOST_FRAMES: Final = 40
MOST_CAUSES: Final = 5
_PACKAGES: Final = Path(__file__).parent.parent.parent
_request_id: ContextVar[str] = ContextVar("request_id", default="")
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


def request_id() -> str:
    """The id of the request that this thread handles; empty outside a request."""
    return _request_id.get()


@contextmanager
def in_request(name: str) -> Iterator[None]:
    """Every line of this block belongs to the request of this id."""
    token = _request_id.set(name)
    try:
        yield
    finally:
        _request_id.reset(token)


def frames(error: BaseException) -> list[str]:
    """Where it went wrong, innermost last, each cause after its effect; code only, no values."""
    told: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen and len(seen) < MOST_CAUSES:
        seen.add(id(current))
        told.append(type_name(current))
        told.extend(_places(current.__traceback__))
        current = current.__cause__ or (
            None if current.__suppress_context__ else current.__context__
        )
    return told


def type_name(error: BaseException) -> str:
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
    """The path from our own folder or the packages' on: where that lies is nobody's business."""
    inside = path.rpartition("/site-packages/")[2]
    return inside.removeprefix(f"{_PACKAGES}/")


def log_error(log: logging.Logger, message: str, error: BaseException, *values: Any) -> None:
    """The one way to log what nobody foresaw: never `log.exception`, which takes the text along."""
    kind = type_name(error)
    told = {"fout": kind, "plekken": frames(error)}
    log.error(f"{message}: %s", *values, kind, extra=told)


class _Stamp(logging.Filter):
    """Puts the id of the request on a record."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not hasattr(record, "verzoek"):
            record.verzoek = request_id()
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
        _silence(record)
        return super().format(record)

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in log_data.items() if value not in ("", None)}

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        log_data["tijd"] = _moment(record)
        super().add_fields(log_data, record, message_dict)


class AsText(logging.Formatter):
    """For a person at a screen."""

    def format(self, record: logging.LogRecord) -> str:
        _silence(record)
        mark = f" [{name}]" if (name := getattr(record, "verzoek", "")) else ""
        message = record.getMessage().replace("\r", "\\r").replace("\n", "\\n")
        line = f"{_moment(record)} {record.levelname} {record.name}{mark} {message}"
        places = getattr(record, "plekken", ())
        return "\n    ".join([line, *places])


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def make_handler(form: str, stream: TextIO | None = None) -> logging.Handler:
    """Writes lines in this form; to standard error unless told otherwise."""
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
    """An error that nobody caught is told like any other: by its class and its places."""
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
