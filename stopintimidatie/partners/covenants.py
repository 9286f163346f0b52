"""When a covenant counts. It is never a ground to tell anything: it is named beside one. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

ENDS_SOON: Final = timedelta(days=60)


@dataclass(frozen=True)
class Covenant:
    """What was agreed in writing with a partner, and the days on which it counts (both included).

    Without a last day it counts until it is ended.
    """

    name: str
    since: date
    until: date | None

    def counts_on(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)

    def ends_soon(self, day: date) -> bool:
        """Whether somebody should see to a new one."""
        return self.counts_on(day) and self.until is not None and self.until - day < ENDS_SOON

    def over(self, day: date) -> bool:
        return self.until is not None and day > self.until


def covenant_problem(
    name: str | None, since: date | None, until: date | None
) -> tuple[str, str] | None:
    """What is wrong with these answers: the words, and which answer."""
    if not name:
        if since or until:
            return "Schrijf op hoe het convenant heet, of haal de datums weg.", "covenant"
        return None
    if since is None:
        return "Kies vanaf welke dag het convenant geldt.", "covenant_from"
    if until is not None and until < since:
        return "Het convenant eindigt voordat het begint. Kies een latere dag.", "covenant_until"
    return None
