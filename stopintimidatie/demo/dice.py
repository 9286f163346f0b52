"""Seeded chance, and the working hours in which officers act."""

import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

T = TypeVar("T")
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


class Dice(random.Random):
    """A random generator with the draws that the demo needs. For play, never for secrets."""

    def weighted(self, weights: Mapping[T, float]) -> T:
        """One of the keys, by its weight."""
        return self.choices(list(weights), list(weights.values()))[0]

    def several(self, weights: Mapping[T, float], count: int) -> list[T]:
        """That many different keys, by weight, the first drawn first."""
        left = dict(weights)
        result: list[T] = []
        while left and len(result) < count:
            result.append(self.weighted(left))
            del left[result[-1]]
        return result

    def happens(self, chance: float) -> bool:
        """True that often."""
        return self.random() < chance

    def office_moment(self, after: datetime, days: float) -> datetime:
        """A moment in working hours, about so many days later, and always later."""
        moment = (after + timedelta(days=days * self.uniform(0.5, 1.5))).astimezone(AMSTERDAM)
        if not 8 <= moment.hour < 17 or moment.weekday() >= 5:
            day = moment.date() + timedelta(days=1 if moment.hour >= 17 else 0)
            moment = datetime.combine(working_day(day), time(8, 0), AMSTERDAM)
            moment += timedelta(minutes=self.randint(20, 500))
        later = max(moment.astimezone(UTC), after + timedelta(minutes=self.randint(9, 50)))
        return later.replace(second=self.randint(0, 59), microsecond=0)


def working_day(day: date) -> date:
    """This day, or the Monday after a weekend."""
    return day + timedelta(days=7 - day.weekday()) if day.weekday() >= 5 else day


def local(moment: datetime) -> datetime:
    """As the clock in the Netherlands shows it."""
    return moment.astimezone(AMSTERDAM)


def start_of(day: date) -> datetime:
    """The first moment of a day in the Netherlands."""
    return datetime.combine(day, time(0, 0), AMSTERDAM).astimezone(UTC)
