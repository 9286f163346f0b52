"""Pressing the keys of the rail, as somebody without script does."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from tests.support.factories import DORDRECHT
from tests.support.installation import Installation

INBOX = "/gemeenten/dordrecht/postvak"
# The header that htmx sends when the answer takes the place of a part of the page.
PARTIAL = {"HX-Request-Type": "partial"}


def opened(browser: Any, address: str) -> Any:
    """Open the inbox with a report in hand."""
    return browser.get(f"{INBOX}?melding={address.rpartition('/')[2]}")


def key(page: Any, wanted: str) -> Any:
    """Return the link or the button that a key of the page presses."""
    return page.html.select_one(f'.wb-rail [data-key="{wanted}"]')


def press(page: Any, wanted: str) -> Any:
    """Press a key that decides at once, as somebody without script does."""
    action = key(page, wanted).find_parent("form")
    form = next(f for f in page.forms.values() if f.html.select_one(f'[data-key="{wanted}"]'))
    assert action is not None
    return form.submit()


def panel(page: Any, wanted: str) -> Any:
    """Open the page of a choice, as somebody without script does."""
    return page.click(href=key(page, wanted)["href"].replace("?", r"\?").replace("+", r"\+"))


def choose(page: Any, number: str) -> Any:
    """Choose a line of a small list."""
    return next(
        f for f in page.forms.values() if f.html.select_one(f'.wb-option[data-key="{number}"]')
    ).submit()


def number_of(installation: Installation, entity: Any) -> int:
    """Count the rows of a table that this holder has."""
    with installation.transaction(DORDRECHT) as session:
        return session.scalar(select(func.count()).select_from(entity)) or 0
