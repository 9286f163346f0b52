"""Tools of every command: a transaction, clear errors, who gives the command."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getuser

import click
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from stopintimidatie import import_models
from stopintimidatie.core.audit import Actor
from stopintimidatie.core.jobs.worker import NotAloneError
from stopintimidatie.core.storage import make_engine, transaction
from stopintimidatie.core.storage.database import refuse_old_database
from stopintimidatie.settings import PROGRAM, OperatorError, Settings, SettingsError

log = logging.getLogger(__name__)


def operator() -> Actor:
    """Return the person at the keyboard, as the log names them."""
    try:
        name = getuser()
    except (OSError, KeyError):
        name = "onbekend"
    return Actor("beheerder", None, f"opdrachtregel ({name})")


@contextmanager
def clear_errors() -> Iterator[None]:
    """Show errors that a person can act on, instead of a traceback."""
    try:
        yield
    except OperatorError as error:
        raise click.ClickException(str(error)) from None
    except DBAPIError as error:
        raise click.ClickException(
            f"De database geeft een fout. Is zij bereikbaar, en is ‘{PROGRAM} database"
            f" migreren’ gedraaid? ({type(error.orig).__name__})"
        ) from None


@contextmanager
def report_start_errors() -> Iterator[None]:
    """Log why a long-running process doesn't start, and exit with code 1 without a traceback."""
    with clear_errors():
        try:
            yield
        except SettingsError:
            sys.exit(1)
        except NotAloneError as error:
            log.critical("does not start: %s", str(error))
            sys.exit(1)


@contextmanager
def engine_of(settings: Settings) -> Iterator[Engine]:
    """Yield the engine of a command, whose database this program can read."""
    import_models()
    engine = make_engine(settings)
    try:
        with clear_errors():
            refuse_old_database(engine, settings)
            yield engine
    finally:
        engine.dispose()


@contextmanager
def database(settings: Settings, holder: str | None = None) -> Iterator[Session]:
    """Give a transaction of a command."""
    with engine_of(settings) as engine, transaction(engine, holder) as session:
        yield session
