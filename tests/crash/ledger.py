"""What the apps know: which reports they sent under which key, and what was answered.

The ledger stands on the side of the client. Nothing in it comes from the server but the answers.
"""

from __future__ import annotations

import copy
import json
import threading
from collections import Counter, deque
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

from stopintimidatie.reports.api.openapi import FULL_REPORT

# Dordrecht, Eindhoven, and nowhere: the desk of the national point.
PLACES: tuple[dict[str, Any], ...] = (
    {"lat": 51.8133, "lon": 4.6690},
    {"lat": 51.4416, "lon": 5.4697},
    {"omschrijving": "in de trein"},
)
REPLAYS = 0.1


@dataclass
class Entry:
    """One report of an app."""

    key: str
    marker: str
    body: bytes
    sent: int = 0
    answer: dict[str, Any] | None = None


@dataclass
class Ledger:
    """All reports of all apps. Seeded: the same seed sends the same reports."""

    random: Random
    entries: list[Entry] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    contradictions: list[str] = field(default_factory=list)
    _waiting: deque[Entry] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def acknowledged(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.answer is not None]

    @property
    def unacknowledged(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.answer is None]

    def next(self, *, new: bool) -> Entry | None:
        """What an app sends now: what wasn't answered first; now and then something again."""
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            if not new:
                return None
            if self.entries and self.random.random() < REPLAYS:
                again = self.random.choice(self.entries)
                if again.answer is not None:
                    return again
            return self._new()

    def answered(self, entry: Entry, status: int, answer: dict[str, Any]) -> None:
        """Write down what came back; without a 201 it will be sent again."""
        with self._lock:
            self.statuses[status] += 1
            if status != 201:
                self._again(entry)
            elif entry.answer is None:
                entry.answer = answer
            elif entry.answer != answer:
                self.contradictions.append(entry.key)

    def unanswered(self, entry: Entry) -> None:
        """The connection broke: nobody knows whether it came in."""
        with self._lock:
            self._again(entry)

    def _again(self, entry: Entry) -> None:
        if entry.answer is None:
            self._waiting.append(entry)

    def _new(self) -> Entry:
        number = self.random.getrandbits(128)
        entry = Entry(str(UUID(int=number, version=4)), marker_of(number), b"")
        entry.body = json.dumps(
            {
                **copy.deepcopy(FULL_REPORT),
                "locatie": self.random.choice(PLACES),
                "omschrijving": f"Zij bleven roepen bij de halte {entry.marker}.",
            }
        ).encode()
        self.entries.append(entry)
        return entry


def marker_of(number: int) -> str:
    """A word that occurs in one report only: to count copies and to search for."""
    letters = "bcdfghklmnprtvwz"
    digits = (number >> shift & 15 for shift in range(0, 56, 4))
    return "merkx" + "".join(letters[digit] for digit in digits) + "x"
