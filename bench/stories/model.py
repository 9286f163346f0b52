"""The plain values that stories are made of, and the dice. No database; each maps on a use case."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

Body = Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """One step in the workflow of a report.

    :param name: the step's own name in that workflow.
    :param by: `oov`, `dossierhouder`, `meldpunt` (accounts of the demo), `melder` or `systeem`.
    :param values: what the step asks, by its own names. A person stands as an account
        (`oov`), another report or a dossier by its key: whoever loads it puts the real ones in.
    """

    at: datetime
    name: str
    source: str
    target: str
    by: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reason(self) -> str:
        """Why, as far as somebody said so."""
        return str(self.values.get("reden", ""))


@dataclass(frozen=True)
class Triage:
    """Triage form as an officer filled it in."""

    at: datetime
    danger_now: bool
    forms: tuple[str, ...]
    urgent: bool
    suspicion: str
    contact: str
    contact_by: date | None


@dataclass(frozen=True)
class DossierMove:
    """A step in the workflow of a dossier; names and values as in `Step`."""

    at: datetime
    name: str
    source: str
    target: str
    by: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Note:
    """A note in a dossier."""

    at: datetime
    by: str
    text: str


@dataclass(frozen=True)
class Agreement:
    """Agreement, who does it, and by when. `state` is open, gedaan or vervallen."""

    made_at: datetime
    what: str
    owner: str
    due: date
    state: str
    closed_at: datetime | None = None


@dataclass(frozen=True)
class Membership:
    """A report in a dossier."""

    report: str
    joined_at: datetime
    reason: str
    left_at: datetime | None = None
    left_reason: str = ""


@dataclass(frozen=True)
class DemoDossier:
    """A dossier, its history and what it holds."""

    key: str
    municipality: str
    neighbourhood: str
    type: str
    title: str
    summary: str
    purpose: str
    legal_basis: str
    responsible: str
    created_at: datetime
    moves: tuple[DossierMove, ...]
    notes: tuple[Note, ...]
    agreements: tuple[Agreement, ...]
    members: tuple[Membership, ...]

    @property
    def state(self) -> str:
        """The state after all moves."""
        return self.moves[-1].target if self.moves else "in_voorbereiding"


# Seeded chance, and the working hours in which officers act

T = TypeVar("T")
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


class Dice(random.Random):
    """A random generator with the draws that the demo needs. For play, never for secrets."""

    def weighted(self, weights: Mapping[T, float]) -> T:
        """Draw one of the keys, by its weight."""
        return self.choices(list(weights), list(weights.values()))[0]

    def several(self, weights: Mapping[T, float], count: int) -> list[T]:
        """Draw that many different keys, by weight, the first drawn first."""
        left = dict(weights)
        result: list[T] = []
        while left and len(result) < count:
            result.append(self.weighted(left))
            del left[result[-1]]
        return result

    def happens(self, chance: float) -> bool:
        """Draw true that often."""
        return self.random() < chance

    def office_moment(self, after: datetime, days: float) -> datetime:
        """Draw a moment in working hours, about so many days later, and always later."""
        moment = (after + timedelta(days=days * self.uniform(0.5, 1.5))).astimezone(AMSTERDAM)
        if not 8 <= moment.hour < 17 or moment.weekday() >= 5:
            day = moment.date() + timedelta(days=1 if moment.hour >= 17 else 0)
            moment = datetime.combine(working_day(day), time(8, 0), AMSTERDAM)
            moment += timedelta(minutes=self.randint(20, 500))
        later = max(moment.astimezone(UTC), after + timedelta(minutes=self.randint(9, 50)))
        return later.replace(second=self.randint(0, 59), microsecond=0)


def working_day(day: date) -> date:
    """Return this day, or the Monday after a weekend."""
    return day + timedelta(days=7 - day.weekday()) if day.weekday() >= 5 else day


def local(moment: datetime) -> datetime:
    """Return the moment as the clock in the Netherlands shows it."""
    return moment.astimezone(AMSTERDAM)


def start_of(day: date) -> datetime:
    """Return the first moment of a day in the Netherlands."""
    return datetime.combine(day, time(0, 0), AMSTERDAM).astimezone(UTC)
