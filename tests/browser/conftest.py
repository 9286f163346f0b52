"""A whole installation behind a real web server with a real worker, and browsers that sign in."""

from __future__ import annotations

import json
import os
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from sqlalchemy import delete, select

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import OutboxJob
from stopintimidatie.core.jobs.services import Stop
from stopintimidatie.core.jobs.worker import run_lanes
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.encryption import create_key_file
from stopintimidatie.demo.acts import DELIVERIES
from stopintimidatie.demo.scenario import PASSWORD
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.resources import path_of_dossier
from stopintimidatie.dossiers.workflow import DossierKind
from tests.support.axe import problems_on
from tests.support.factories import DORDRECHT, connect, make_user
from tests.support.installation import Installation, make_settings
from tests.support.joining import Story
from tests.support.mail_server import mail_server
from tests.support.served import in_thread
from tests.support.services import Chromium
from tests.support.year import DEMO_WORKER

SignIn = Callable[..., Page]
Enter = Callable[..., Page]


@pytest.fixture(scope="package")
def demo_installation(
    sqlite_demo_of_today: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """The demo of today, in a folder of its own."""
    folder = tmp_path_factory.mktemp("demo")
    shutil.copytree(sqlite_demo_of_today, folder, dirs_exist_ok=True)
    running = Installation(make_settings(f"sqlite:///{folder}/data.sqlite", folder))
    with running.owner.begin() as connection:
        # Six documents that nobody here asks for; test_demo_deliveries.py has them made.
        connection.execute(delete(OutboxJob).where(OutboxJob.kind == DELIVERIES.name))
    yield running
    running.close()


@pytest.fixture(scope="package")
def demo_address(demo_installation: Installation) -> Iterator[str]:
    """The demo, served; searched and exported by its own worker."""
    stop, registry = Stop(), demo_installation.registry
    work = partial(run_lanes, registry, stop)
    worker = threading.Thread(target=work, name=DEMO_WORKER, daemon=True)
    worker.start()
    with in_thread(demo_installation.app) as address:
        yield address
    stop.set()
    worker.join(timeout=20)


@pytest.fixture(scope="package")
def live_dossier(demo_installation: Installation) -> str:
    """The address of a dossier that runs, about a place: the demo's days move, its numbers too."""
    runs = (Dossier.state == "in_aanpak", Dossier.kind == DossierKind.HOTSPOT.value)
    with demo_installation.transaction(DORDRECHT) as session:
        number = session.scalars(select(Dossier.id).where(*runs).order_by(Dossier.number)).first()
        assert number
        return str(path_of_dossier(session, number))


@pytest.fixture(scope="module")
def script_errors() -> list[str]:
    """The errors of scripts on any page of the browser."""
    return []


@pytest.fixture(scope="module")
def chromium_browser(chromium: Chromium, script_errors: list[str]) -> Iterator[Browser]:
    def watch(context: BrowserContext) -> None:
        context.on("weberror", lambda problem: script_errors.append(str(problem.error)))

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(**chromium.launch_options)
        started.on("context", watch)
        yield started
        started.close()


@pytest.fixture(autouse=True)
def no_script_fails(script_errors: list[str]) -> Iterator[None]:
    """Fail a test in which a script failed on any page."""
    yield
    failed = list(script_errors)
    script_errors.clear()
    assert not failed


def post_from_app(address: str, words: str, **changes: Any) -> str:
    """Send a report as the app does; return its reference."""
    body: dict[str, Any] = {
        "hoedanigheid": "slachtoffer",
        "anoniem": True,
        "incidentVan": (utc_now() - timedelta(hours=5)).isoformat(),
        "locatie": {"lat": 51.8133, "lon": 4.669, "bron": "gps"},
        "typePlek": "straat_plein",
        "vormen": ["naroepen"],
        "omschrijving": words,
        "contactGewenst": "nee",
        "deelvoorkeur": {"politie": True, "ketenpartners": False},
        **changes,
    }
    headers = {
        "Authorization": "Bearer demo-app",
        "Content-Type": "application/json",
        "Idempotency-Key": str(uuid.uuid4()),
    }
    request = Request(f"{address}/api/v1/meldingen", json.dumps(body).encode(), headers)  # noqa: S310
    with urlopen(request) as answer:  # noqa: S310 - our own server
        return str(json.load(answer)["kenmerk"])


@pytest.fixture
def sign_in(chromium_browser: Browser, demo_address: str) -> Iterator[SignIn]:
    """A page of somebody who signed in, each in a browser of their own."""

    def enter(username: str, *, width: int = 1280, scripts: bool = True) -> Page:
        return _signed_in(_opened(chromium_browser, demo_address, width, scripts), username)

    yield enter
    _close_all(chromium_browser)


@pytest.fixture
def dordrecht(sqlite_template: Path, tmp_path: Path) -> Iterator[Installation]:
    """Dordrecht, connected, with a database and keys of its own."""
    shutil.copy(sqlite_template, tmp_path / "data.sqlite")
    create_key_file(tmp_path / "sleutels.json")
    running = Installation(make_settings(f"sqlite:///{tmp_path}/data.sqlite", tmp_path))
    connect(running)
    yield running
    running.close()


@pytest.fixture
def enter(chromium_browser: Browser, dordrecht: Installation) -> Iterator[Enter]:
    """The way into that Dordrecht: a page of somebody new with these roles, of a stranger without.

    Each has a browser of their own.
    """
    with in_thread(dordrecht.app) as address:

        def as_roles(
            *roles: Role,
            path: str = "",
            name: str = "",
            width: int = 1280,
            scripts: bool = True,
        ) -> Page:
            page = _opened(chromium_browser, address, width, scripts)
            if roles:
                given = [(DORDRECHT, role) for role in roles]
                user = make_user(dordrecht, *given, name=name or f"De {roles[0].label}")
                _signed_in(page, user)
            if path:
                page.goto(path)
            return page

        yield as_roles
        _close_all(chromium_browser)


def _opened(browser: Browser, address: str, width: int, scripts: bool) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        java_script_enabled=scripts,
        base_url=address,
        locale="nl-NL",
    )
    return context.new_page()


def _signed_in(page: Page, username: str) -> Page:
    page.goto("/aanmelden")
    page.fill("[name=gebruikersnaam]", username)
    page.fill("[name=wachtwoord]", PASSWORD)
    page.click("button[name=aanmelden]")
    page.wait_for_load_state()
    return page


def _close_all(browser: Browser) -> None:
    for context in browser.contexts:
        context.close()


def look(page: Page, name: str, *widths: int) -> None:
    """Have axe judge a page, at these widths or as it is; a folder in PICTURES keeps pictures."""
    for width in widths or (0,):
        if width:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        assert problems_on(page) == [], name
        if folder := os.environ.get("PICTURES"):
            page.screenshot(path=f"{folder}/{name}-{width or 'zo'}.png", full_page=True)


@pytest.fixture
def story(chromium_browser: Browser, sqlite_template: Path, tmp_path: Path) -> Iterator[Story]:
    shutil.copy(sqlite_template, tmp_path / "data.sqlite")
    create_key_file(tmp_path / "sleutels.json")
    with mail_server(tmp_path) as post:
        settings = post.settings(make_settings(f"sqlite:///{tmp_path}/data.sqlite", tmp_path))
        running = Installation(settings)
        with _worker(running), in_thread(running.app) as address:
            opened = []

            def enter() -> Page:
                context = chromium_browser.new_context(base_url=address, locale="nl-NL")
                opened.append(context)
                return context.new_page()

            yield Story(running, post.mailbox, enter)
            for context in opened:
                context.close()
        running.close()


@contextmanager
def _worker(running: Installation) -> Iterator[None]:
    stop = Stop()
    thread = threading.Thread(target=run_lanes, args=(running.registry, stop), daemon=True)
    thread.start()
    yield
    stop.set()
    thread.join(timeout=20)
