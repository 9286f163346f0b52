"""Stopintimidatie: the back office for reports of street harassment.

The rooms stand in ROOMS from the bottom floor up; a room uses only what stands before it.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from stopintimidatie.settings import Settings, SettingsError, parse_settings

log = logging.getLogger(__name__)
# Pyramid's own import, which says nothing to who types a command or reads a log.
warnings.filterwarnings("ignore", "pkg_resources is deprecated as an API", UserWarning)

ROOMS: Final = (
    "telemetry",
    "sandbox",
    "storage",
    "audit",
    "jobs",
    "register",
    "security",
    "workflow",
    "tree",
    "web",
    "accounts",
    "mail",
    "search",
    "municipalities",
    "disclosures",
    "reports",
    "public",
    "intake",
    "partners",
    "dossiers",
    "triage",
    "patterns",
    "exports",
    "deliveries",
    "desk",
    "privacy",
    "home",
    "demo",
    "backup",
)


def import_models() -> None:
    """Import every room's tables, so that the metadata is whole."""
    for room in ROOMS:
        name = f"stopintimidatie.{room}.models"
        if find_spec(name):
            import_module(name)


def configure(settings: Settings) -> Any:
    """The configurator of an installation with every room included, bottom floor first."""
    from pyramid.config import Configurator

    from stopintimidatie.web.body import attempts

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
    for room in ROOMS:
        if hasattr(import_module(f"stopintimidatie.{room}"), "includeme"):
            config.include(f"stopintimidatie.{room}")
    return config


def create_app(settings: Settings) -> Any:
    """The WSGI application.

    :raises SettingsError: the demo's accounts are there, and this isn't the demo; the role of the
        database is one that no wall holds back; or the database is of before the first release.
    """
    from stopintimidatie.accounts.services import refuse_demo_accounts
    from stopintimidatie.storage.migrations import refuse_old_database
    from stopintimidatie.storage.roles import refuse_powerful_role

    config = configure(settings)
    app = config.make_wsgi_app()
    with log_refusal(config.registry.engine):
        refuse_old_database(config.registry.engine, settings)
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
    """Paste entry point, for servers that start from an ini file."""
    return create_app(parse_settings(raw))


def install(settings: Settings) -> None:
    """Bring an installation up to date: migrations, keys of a new one, and the register."""
    from stopintimidatie.register.seeding import seed_register
    from stopintimidatie.storage.migrations import upgrade
    from stopintimidatie.storage.session import make_engine, transaction
    from stopintimidatie.tree.reserved import reserved_names

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
