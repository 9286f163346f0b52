"""One installation under test: settings, application, worker, and browsers that sign in."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from datetime import date, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from imageio_ffmpeg import get_ffmpeg_exe
from jinja2 import FileSystemBytecodeCache
from pyotp import TOTP
from sqlalchemy import Engine, event, update
from sqlalchemy.orm import Session
from webtest import TestApp
from webtest.app import TestRequest
from webtest.forms import Form
from webtest.response import TestResponse

from stopintimidatie import configure
from stopintimidatie.core.accounts.guesses import BROWSER_COOKIE, proof_of
from stopintimidatie.core.accounts.views import FACTOR_PATH
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.factors.services import STEP_SECONDS, STEPS_OFF
from stopintimidatie.core.jobs import OutboxJob
from stopintimidatie.core.jobs.schedule import correct_schedule
from stopintimidatie.core.jobs.worker import Worker
from stopintimidatie.core.security.policy import cookie_name
from stopintimidatie.core.storage import database, make_engine, transaction
from stopintimidatie.core.storage.encryption import create_key_file
from stopintimidatie.municipalities.settings import queries as settings_queries
from stopintimidatie.settings import Settings
from tests.support.places import InPlace
from tests.support.shared import run_folder
from tests.support.tidying import TidiedDatabase

if TYPE_CHECKING:
    # At run time pytest loads it as a plugin, with its rewriting of assertions.
    from tests.support.services import Postgres

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"
# The day that the demo of the tests is of.
DEMO_DAY = date(2026, 11, 24)
PASSWORD = "demo-wachtwoord"
MOMENT, DAY = timedelta(seconds=1), timedelta(days=1)
CSRF_TOKEN = "0" * 32
# Each takes some thirty megabytes, which every search for garbage goes through.
MOST_APPLICATIONS = 12
FORM = re.compile(r"<form\b.*?</form>", re.DOTALL)
# The machine's own would be another one everywhere.
FFMPEG = get_ffmpeg_exe()


def make_settings(url: str, data_dir: Path, **changes: Any) -> Settings:
    """Settings of a test; name only what differs. Migrations run as the owner."""
    values: dict[str, Any] = {
        "database_url": url,
        "database_owner_url": url.replace(f"//{database.APP}@", f"//{database.OWNER}@"),
        "data_dir": data_dir,
        "public_address": "http://localhost:6543",
        "demo": True,
        "key_file": data_dir / "sleutels.json",
        "migrations": ROOT / "alembic",
        "worker_poll_milliseconds": 20,
        "ffmpeg": FFMPEG,
        "search_backend": "postgresql" if url.startswith("postgresql") else "whoosh",
    }
    return Settings(**{**values, **changes})


@cache
def _compiled_templates() -> FileSystemBytecodeCache:
    """Many a test has an application of its own; the templates are compiled once per run."""
    folder = run_folder() / "templates"
    folder.mkdir(exist_ok=True)
    return FileSystemBytecodeCache(str(folder))


def _set_for_tests(connection: Any, record: Any) -> None:
    """Set SQLite as for the tests' PostgreSQL: no fsync, and rows without ORDER BY reversed.

    Crash tests run the product itself, without this.
    """
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA reverse_unordered_selects = ON")


class Page(TestResponse):
    """An answer of which only the forms are parsed, where WebTest parses the page and them."""

    def _parse_forms(self) -> None:
        self._forms_indexed: dict[int | str, Form] = {}
        for number, text in enumerate(FORM.findall(self.testbody)):
            form = Form(self, text, self.parser_features)
            self._forms_indexed |= {number: form} | ({form.id: form} if form.id else {})


class Browser(TestApp):
    """WebTest's browser, with answers of that kind."""

    RequestClass = type("Request", (TestRequest,), {"ResponseClass": Page})


class Installation:
    """An application over a database, with what a test needs around it."""

    def __init__(
        self, settings: Settings, *, veto: Callable[[Any, Any], bool] | None = None
    ) -> None:
        """:param veto: (request, response) -> whether this request is rolled back."""
        config = configure(settings)
        config.add_settings({"jinja2.bytecode_caching": _compiled_templates()})
        if veto is not None:
            config.add_settings({"tm.commit_veto": veto})
        self.settings = settings
        self.app: Any = InPlace(config.make_wsgi_app())
        self.registry: Any = config.registry
        self._connections: list[Any] = []
        # The authenticator app of each person, and the last step whose code was used.
        self.apps: dict[str, tuple[TOTP, int]] = {}
        if settings.sqlite:
            event.listen(self.engine, "connect", _set_for_tests)
        else:
            event.listen(self.engine, "connect", self._remember)
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

    @cached_property
    def owner(self) -> Engine:
        """The database as its owner: every row, of every holder."""
        return make_engine(self.settings, self.settings.owner_url)

    def run_jobs(self) -> int:
        """Let the worker do all that waits; the number of claims."""
        return Worker(self.registry).run_all()

    def run_scheduled(self, kind: str) -> None:
        """Let the worker do scheduled work of one kind, and what that asks for; the rest waits."""
        correct_schedule(self.engine, self.registry.job_kinds)
        mine, now = OutboxJob.kind == kind, utc_now()
        with self.transaction() as session:
            for which, moment in ((mine, now - MOMENT), (~mine, now + DAY)):
                session.execute(update(OutboxJob).where(which).values(run_after=moment))
        self.run_jobs()

    def visitor(self) -> TestApp:
        """A browser of somebody who isn't signed in."""
        return Browser(
            self.app, extra_environ={"HTTP_HOST": "localhost:6543"}, parser_features="lxml"
        )

    def browser(self, username: str, password: str = PASSWORD) -> TestApp:
        """A browser of somebody who has signed in, and did so before."""
        browser = self.visitor()
        browser.set_cookie(BROWSER_COOKIE, proof_of(self.registry.key_ring, username))
        # Without opening the page first: many a test signs in.
        browser.set_cookie(cookie_name(self.settings, "csrf"), CSRF_TOKEN)
        fields = {"gebruikersnaam": username, "wachtwoord": password, "csrf_token": CSRF_TOKEN}
        answer = browser.post("/aanmelden", {**fields, "aanmelden": ""}, status=303)
        if answer.location.endswith(FACTOR_PATH):
            self._show_factor(browser, username)
        return browser

    def _show_factor(self, browser: TestApp, username: str) -> None:
        """Set up an authenticator app the first time; after that show its next code."""
        page = browser.get(FACTOR_PATH).maybe_follow()
        form = page.forms["formulier"]
        offered = page.html.select_one(".si-secret")
        if offered is not None:
            self.apps[username] = TOTP(offered.text.replace(" ", "")), -1
        app, used = self.apps[username]
        while True:
            now = _step_now()
            step = max(used + 1, now - STEPS_OFF)
            form["code"] = app.generate_otp(step)
            answer = form.submit(status=(200, 303, 422))
            # On a busy machine the oldest code that counts may have passed on its way.
            if answer.status_int != 422 or _step_now() == now:
                break
        assert answer.status_int != 422, answer.text
        self.apps[username] = app, step

    def _remember(self, connection: Any, record: Any) -> None:
        self._connections.append(connection)

    def let_go(self) -> None:
        """Close what only this test needed; connections that lie in the pool may serve the next."""
        if self.settings.sqlite or self.engine.pool.checkedout():  # type: ignore[attr-defined]
            self.close()
        elif "owner" in self.__dict__:
            self.owner.dispose()

    def connections(self) -> list[int]:
        """The processes of PostgreSQL that serve this installation's pool."""
        self._connections = [each for each in self._connections if not each.closed]
        return [each.info.backend_pid for each in self._connections]

    def close(self) -> None:
        self.engine.dispose()
        # One that a thread still had when the pool was let go would be nobody's.
        for connection in self._connections:
            connection.close()
        self._connections.clear()
        if "owner" in self.__dict__:
            self.owner.dispose()


# Makes the same application with other settings: `variant(demo=False)`.
Variant = Callable[..., Installation]


class Reused:
    """Applications that serve one test after the other; database and files are each test's own.

    To make an application took a third of what a test needs. What it has come to know of a
    database is forgotten in between, and what a test put in its registry is taken out.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.name = f"reused_{uuid4().hex}"
        self._made: dict[Settings, tuple[Installation, _AsMade]] = {}
        self._keys = folder / "sleutels.json"
        self._tidied: TidiedDatabase | None = None
        create_key_file(self._keys)

    def empty_folder(self, kind: str) -> Path:
        """Where the data of this kind of installation stand, with nothing in it but the keys."""
        folder = self._folder / kind
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        shutil.copy(self._keys, folder)
        return folder

    @contextmanager
    def postgres_database(self, server: Postgres, template: str) -> Iterator[str]:
        """The address of this worker's copy of a template, which is put back as it was after."""
        url = server.url(self.name, database.APP)
        if self._tidied is None:
            server.create(template, self.name)
            self._tidied = TidiedDatabase(server.conninfo(self.name))
        yield url
        made = [app for settings, (app, _) in self._made.items() if settings.database_url == url]
        if self._tidied.tidy([process for app in made for process in app.connections()]):
            return
        for app in made:
            app.close()
        self._tidied.close()
        self._tidied = None
        server.drop(self.name)

    def installation(self, url: str) -> Installation:
        """The application of the database at this address."""
        kind = "sqlite" if url.startswith("sqlite") else "postgresql"
        return self.application(make_settings(url, self._folder / kind))

    def application(self, settings: Settings) -> Installation:
        """The application with these settings, as it was when it was made."""
        if settings in self._made:
            # The last of all is the one that was used last.
            self._made[settings] = installation, as_made = self._made.pop(settings)
            as_made.restore()
            return installation
        if len(self._made) == MOST_APPLICATIONS:
            oldest, _ = self._made.pop(next(iter(self._made)))
            oldest.close()
        installation = Installation(settings)
        self._made[settings] = installation, _AsMade(installation)
        return installation

    def close(self) -> None:
        for installation, _ in self._made.values():
            installation.close()
        if self._tidied:
            self._tidied.close()


class _AsMade:
    """What an application held before its first request: its registry and the caches in it."""

    def __init__(self, installation: Installation) -> None:
        registry = installation.registry
        self._installation = installation
        self._named, self._keyed = dict(vars(registry)), dict(registry)
        ours = [thing for thing in self._named.values() if _keeps(thing)]
        self._kept = [(thing, _copied(vars(thing))) for thing in ours]

    def restore(self) -> None:
        registry = self._installation.registry
        vars(registry).clear()
        vars(registry).update(self._named)
        registry.clear()
        registry.update(self._keyed)
        for thing, attributes in self._kept:
            vars(thing).clear()
            vars(thing).update(_copied(attributes))
        settings_queries._kept.pop(self._installation.engine, None)
        vars(self._installation).pop("owner", None)


def _step_now() -> int:
    return int(utc_now().timestamp()) // STEP_SECONDS


def _keeps(thing: Any) -> bool:
    """Whether this is an object of ours that may remember something."""
    ours = type(thing).__module__.startswith("stopintimidatie.")
    return ours and hasattr(thing, "__dict__") and not isinstance(thing, Settings)


def _copied(attributes: dict[str, Any]) -> dict[str, Any]:
    containers = (dict, list, set)
    return {k: copy(v) if isinstance(v, containers) else v for k, v in attributes.items()}
