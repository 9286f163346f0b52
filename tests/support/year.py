"""A year of the smallest municipality: people in browsers, their acts counted, a moved clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from stopintimidatie.core import clock
from stopintimidatie.municipalities.accountability.rules import FEWEST
from tests.support.factories import DORDRECHT, make_user
from tests.support.installation import Installation

FIRST, SECOND, DEPUTY, OFFICER, ARCHIVIST = (person.label for person in FEWEST)
OUTSIDERS = (OFFICER, ARCHIVIST)
HERE = "/gemeenten/dordrecht"


@dataclass
class Moved:
    """A clock that stands still in all threads; the house's own does so in one."""

    moment: Any

    def get(self) -> Any:
        return self.moment

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
        named = self.pages[who].get_by_role("button", name=button)
        named.locator("visible=true").first.click()

    def reads(self, who: str, words: str) -> None:
        """Check that this person reads these words now."""
        expect(self.pages[who].get_by_text(words).first).to_be_visible()
