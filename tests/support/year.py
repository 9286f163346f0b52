"""A year of the smallest municipality: people in browsers, their acts counted, a moved clock."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from stopintimidatie.core import clock
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.municipalities.accountability.rules import FEWEST
from stopintimidatie.privacy.destruction.jobs import EVERY_NIGHT
from tests.support.factories import DORDRECHT, make_user
from tests.support.installation import Installation

FIRST, SECOND, DEPUTY, OFFICER, ARCHIVIST = (person.label for person in FEWEST)
# Not of the municipality: only there where a role is given, as for any of them.
DESK = "Het landelijk meldpunt"
OUTSIDERS = (OFFICER, ARCHIVIST)
HERE = "/gemeenten/dordrecht"


# The worker of the demo that other tests look at: for it no year passes.
DEMO_WORKER = "worker of the demo"


@dataclass
class Moved:
    """A clock that stands still in all threads of the test; the house's own does so in one."""

    moment: Any

    def get(self) -> Any:
        return None if threading.current_thread().name == DEMO_WORKER else self.moment

    def set(self, moment: Any) -> Any:
        before, self.moment = self.moment, moment
        return before

    def reset(self, before: Any) -> None:
        self.moment = before


@dataclass
class Year:
    """The people of the gate with their hats, and what each of them did."""

    installation: Installation
    open_as: Callable[[str], Page]
    monkeypatch: pytest.MonkeyPatch
    users: dict[str, str] = field(default_factory=dict)
    acts: Counter[str] = field(default_factory=Counter)
    pages: dict[str, Page] = field(default_factory=dict)

    def begin(self) -> None:
        """Let all people come into service."""
        for person in FEWEST:
            roles = [(DORDRECHT, role) for role in person.roles]
            self.users[person.label] = make_user(self.installation, *roles, name=person.label)
        desk = (NATIONAL, Role.NATIONAL_DESK)
        self.users[DESK] = make_user(self.installation, desk, name=DESK)

    def on(self, moment: datetime) -> None:
        """Move the clock, of the server too; everybody signs in anew."""
        self.monkeypatch.setattr(clock, "_standing_still", Moved(moment.astimezone(UTC)))
        self.pages.clear()

    def page(self, who: str, path: str) -> Page:
        """Open an address as one of the people."""
        if who not in self.pages:
            self.pages[who] = self.open_as(self.users[who])
        page = self.pages[who]
        page.goto(path)
        return page

    def press(self, who: str, button: str) -> None:
        """Press a button that does something, and count it as an act of this person."""
        self.acts[who] += 1
        named = self.pages[who].locator("main").get_by_role("button", name=button)
        named.locator("visible=true").first.click()

    def night(self) -> None:
        """Let the nightly work be done that destroys and lists."""
        self.installation.run_scheduled(EVERY_NIGHT.name)

    def reads(self, who: str, words: str) -> None:
        """Check that this person reads these words now."""
        expect(self.pages[who].get_by_text(words).first).to_be_visible()
