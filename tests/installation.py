"""One installation under test: settings, application, worker, and browsers that sign in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session
from webtest import TestApp

from stopintimidatie import configure
from stopintimidatie.jobs.worker import Worker
from stopintimidatie.settings import Settings
from stopintimidatie.storage import transaction

ROOT = Path(__file__).parent.parent
PASSWORD = "demo-wachtwoord"


def make_settings(url: str, data_dir: Path, **changes: Any) -> Settings:
    """Settings of a test; name only what differs."""
    values: dict[str, Any] = {
        "database_url": url,
        "data_dir": data_dir,
        "public_address": "http://localhost:6543",
        "demo": True,
        "key_file": data_dir / "sleutels.json",
        "migrations": ROOT / "alembic",
        "worker_poll_milliseconds": 20,
    }
    return Settings(**{**values, **changes})


class Installation:
    """An application over a database, with what a test needs around it."""

    def __init__(
        self, settings: Settings, *, veto: Callable[[Any, Any], bool] | None = None
    ) -> None:
        """:param veto: (request, response) -> whether this request is rolled back."""
        config = configure(settings)
        if veto is not None:
            config.add_settings({"tm.commit_veto": veto})
        self.settings = settings
        self.app = config.make_wsgi_app()
        self.registry: Any = config.registry
        self.introspector: Any = config.introspector

    @property
    def engine(self) -> Engine:
        engine: Engine = self.registry.engine
        return engine

    @contextmanager
    def transaction(self, holder: str | None = None) -> Iterator[Session]:
        """A transaction of its own, for a holder."""
        with transaction(self.engine, holder) as session:
            yield session

    def run_jobs(self) -> int:
        """Let the worker do all that waits; the number of claims."""
        return Worker(self.registry).run_all()

    def visitor(self) -> TestApp:
        """A browser of somebody who isn't signed in."""
        return TestApp(self.app, extra_environ={"HTTP_HOST": "localhost:6543"})

    def browser(self, username: str, password: str = PASSWORD) -> TestApp:
        """A browser of somebody who has signed in."""
        browser = self.visitor()
        form = browser.get("/aanmelden").forms["formulier"]
        form["gebruikersnaam"] = username
        form["wachtwoord"] = password
        form.submit("aanmelden", status=303)
        return browser

    def close(self) -> None:
        self.engine.dispose()
