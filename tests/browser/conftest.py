"""A whole installation behind a real web server with a real worker, and browsers that sign in."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import delete

from stopintimidatie.core.jobs import OutboxJob
from stopintimidatie.core.jobs.worker import Worker
from stopintimidatie.demo.acts import DELIVERIES
from stopintimidatie.demo.scenario import PASSWORD
from tests.support.installation import Installation, make_settings
from tests.support.served import in_thread
from tests.support.services import Chromium

SignIn = Callable[..., Page]


@pytest.fixture(scope="package")
def demo_address(
    sqlite_demo_of_today: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The demo, served; searched and exported by its own worker."""
    folder = tmp_path_factory.mktemp("demo")
    shutil.copytree(sqlite_demo_of_today, folder, dirs_exist_ok=True)
    running = Installation(make_settings(f"sqlite:///{folder}/data.sqlite", folder))
    with running.owner.begin() as connection:
        # Six documents that nobody here asks for; test_demo_deliveries.py has them made.
        connection.execute(delete(OutboxJob).where(OutboxJob.kind == DELIVERIES.name))
    stop = threading.Event()
    worker = threading.Thread(
        target=Worker(running.registry).run_forever, args=(stop,), daemon=True
    )
    worker.start()
    with in_thread(running.app) as address:
        yield address
    stop.set()
    worker.join(timeout=20)
    running.close()


@pytest.fixture(scope="module")
def chromium_browser(chromium: Chromium) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(**chromium.launch_options)
        yield started
        started.close()


@pytest.fixture
def sign_in(chromium_browser: Browser, demo_address: str) -> Iterator[SignIn]:
    """A page of somebody who signed in, each in a browser of their own."""
    opened = []

    def enter(username: str, *, width: int = 1280, scripts: bool = True) -> Page:
        context = chromium_browser.new_context(
            viewport={"width": width, "height": 900},
            java_script_enabled=scripts,
            base_url=demo_address,
        )
        opened.append(context)
        page = context.new_page()
        page.goto("/aanmelden")
        page.fill("[name=gebruikersnaam]", username)
        page.fill("[name=wachtwoord]", PASSWORD)
        page.click("button[name=aanmelden]")
        return page

    yield enter
    for context in opened:
        context.close()
