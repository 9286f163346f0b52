"""What every command needs: a transaction, clear errors, and who gives the command."""

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
from stopintimidatie.accounts.services import AccountError
from stopintimidatie.audit import Actor
from stopintimidatie.backup.errors import BackupError
from stopintimidatie.cli.webserver import WebServerError
from stopintimidatie.demo.loading import DemoError
from stopintimidatie.intake.app_keys import AppKeyError
from stopintimidatie.jobs.alone import NotAloneError
from stopintimidatie.jobs.services import QueueError
from stopintimidatie.register.geojson import AreaFileError
from stopintimidatie.search.backend import SearchError
from stopintimidatie.settings import Settings, SettingsError
from stopintimidatie.storage import make_engine, transaction
from stopintimidatie.storage.encryption import KeyFileError
from stopintimidatie.storage.migrations import OldDatabaseError, refuse_old_database
from stopintimidatie.storage.roles import RolesError

log = logging.getLogger(__name__)
KNOWN_ERRORS = (
    AccountError,
    AppKeyError,
    AreaFileError,
    BackupError,
    DemoError,
    KeyFileError,
    NotAloneError,
    OldDatabaseError,
    QueueError,
    RolesError,
    SearchError,
    WebServerError,
)


def operator() -> Actor:
    """Who sits at the keyboard, as the log names them."""
    try:
        name = getuser()
    except (OSError, KeyError):
        name = "onbekend"
    return Actor("beheerder", None, f"opdrachtregel ({name})")


@contextmanager
def clear_errors() -> Iterator[None]:
    """Errors that a person can act on, instead of a traceback."""
    try:
        yield
    except KNOWN_ERRORS as error:
        raise click.ClickException(str(error)) from None
    except DBAPIError as error:
        raise click.ClickException(
            "De database geeft een fout. Is zij bereikbaar, en is ‘stopintimidatie database"
            f" migreren’ gedraaid? ({type(error.orig).__name__})"
        ) from None


@contextmanager
def starting() -> Iterator[None]:
    """Log why a long-running process doesn't start, and exit with code 1 without a traceback."""
    with clear_errors():
        try:
            yield
        except SettingsError:
            sys.exit(1)
        except (NotAloneError, WebServerError) as error:
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
    """A transaction of a command."""
    with engine_of(settings) as engine, transaction(engine, holder) as session:
        yield session
