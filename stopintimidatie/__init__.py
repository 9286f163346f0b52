"""Stopintimidatie: the back office for reports of street harassment.

The rooms stand in `rooms.py` from the bottom up; a room uses only what stands before it.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from stopintimidatie.rooms import modules_in_order
from stopintimidatie.settings import Settings, SettingsError, parse_settings

log = logging.getLogger(__name__)
# Pyramid's own import, which says nothing to who types a command or reads a log.
warnings.filterwarnings("ignore", "pkg_resources is deprecated as an API", UserWarning)


def import_models() -> None:
    """Import the tables of every room, so that the metadata is whole."""
    for name in modules_in_order():
        room = import_module(f"stopintimidatie.{name}")
        if hasattr(room, "__path__") and find_spec(f"{room.__name__}.models"):
            import_module(f"{room.__name__}.models")


def configure(settings: Settings) -> Any:
    """Make the configurator of an installation, with every room included from the bottom up."""
    from pyramid.config import Configurator

    from stopintimidatie.core.web.body import attempts

    import_models()
    config = Configurator(
        settings={
            "tm.manager_hook": "pyramid_tm.explicit_manager",
            "tm.annotate_user": False,
            "retry.attempts": 4,
            "retry.activate_hook": attempts,
        }
    )
    config.registry.app_settings = settings
    config.include("pyramid_tm")
    config.include("pyramid_retry")
    for name in modules_in_order():
        room = import_module(f"stopintimidatie.{name}")
        if hasattr(room, "includeme"):
            config.include(room)
    return config


def create_app(settings: Settings) -> Any:
    """Make the WSGI application.

    Raises:
        SettingsError: The demo's accounts are there, and this isn't the demo; the role of the
            database is one that no wall holds back; the database is of before the first release; a
            restore isn't finished; or security.txt has expired.
    """
    from stopintimidatie.backup.marker import refuse_unfinished_restore
    from stopintimidatie.core.accounts.services import refuse_demo_accounts
    from stopintimidatie.core.health.views import refuse_stale_contact
    from stopintimidatie.core.storage.database import refuse_old_database, refuse_powerful_role

    config = configure(settings)
    app = config.make_wsgi_app()
    with log_refusal(config.registry.engine):
        refuse_stale_contact(settings)
        refuse_old_database(config.registry.engine, settings)
        refuse_unfinished_restore(config.registry.engine)
        refuse_powerful_role(config.registry.engine, settings)
        refuse_demo_accounts(config.registry.engine, settings)
    return app


@contextmanager
def log_refusal(engine: Any) -> Iterator[None]:
    """Log why the application refuses to start, under any web server; the error is raised again."""
    try:
        yield
    except SettingsError as error:
        engine.dispose()
        log.critical("does not start: %s", "; ".join(error.mistakes))
        raise


def main(global_config: dict[str, str], **raw: str) -> Any:
    """Make the application for servers that start from an ini file (Paste's entry point)."""
    return create_app(parse_settings(raw))


def install(settings: Settings) -> None:
    """Bring an installation up to date: migrations, keys of a new one, and the register."""
    from stopintimidatie.core.storage.database import upgrade
    from stopintimidatie.core.storage.session import make_engine, transaction
    from stopintimidatie.core.tree.services import reserved_names
    from stopintimidatie.municipalities.areas.services import seed_register

    import_models()
    engine = make_engine(settings, settings.owner_url)
    try:
        upgrade(settings, engine)
        config = configure(settings)
        config.commit()
        with transaction(engine) as session:
            seed_register(session, reserved_names(config))
    finally:
        engine.dispose()
