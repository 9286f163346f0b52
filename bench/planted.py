"""Made-up towns with planted hot spots, for `bench.patterns`: the reports, and apart the truth.

Each seed draws its own town: where people are, how many reports are noise, and of each hot spot
its radius, hours, weekdays, term and number. `NOTHING` seeds have no hot spot at all.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Any, Final

DAYS: Final = 180
TOWN_M: Final = 5_000.0
WIJKEN: Final = 14
# When people are harassed, by hour from 0: few in the morning, most in the evening.
BY_HOUR: Final = (5, 4, 3, 2, 1, 1, 1, 2, 3, 3, 3, 4, 5, 5, 6, 8, 8, 8, 8, 9, 10, 11, 10, 8)


@dataclass(frozen=True)
class Town:
    """What the detector gets (`reports`), and what only the evaluator reads (`truth`)."""

    reports: list[dict[str, Any]]
    truth: dict[str, Any]


def town(seed: int, *, empty: bool = False) -> Town:
    """The town of a seed; `empty`: without any hot spot."""
    dice = random.Random(seed)
    centres = [_centre(dice) for _ in range(dice.randint(3, 6))]
    wijken = [(dice.uniform(-1, 1) * TOWN_M, dice.uniform(-1, 1) * TOWN_M) for _ in range(WIJKEN)]
    total = dice.randint(180, 520)
    rows: list[tuple[float, float, float, int, int]] = []
    spots = []
    for number in range(0 if empty else dice.randint(2, 5)):
        spot = _spot(dice, centres)
        spots.append(spot)
        rows += [(*_in_spot(dice, spot), number) for _ in range(spot["count"])]
    planted = len(rows)
    share = dice.uniform(0.6, 0.92)
    noise = total if empty else max(int(planted * share / (1 - share)), 60)
    rows += [(*_anywhere(dice, centres), -1) for _ in range(noise)]
    dice.shuffle(rows)
    reports = [
        {
            "id": f"r{place:05d}",
            "x": x,
            "y": y,
            "hour": hour,
            "day": day,
            "wijk": _wijk(wijken, x, y),
        }
        for place, (x, y, hour, day, _) in enumerate(rows)
    ]
    members = {
        str(number): [f"r{place:05d}" for place, row in enumerate(rows) if row[4] == number]
        for number in range(len(spots))
    }
    truth = {"spots": spots, "members": members, "noise": noise / max(len(rows), 1)}
    return Town(reports, truth)


def _centre(dice: random.Random) -> tuple[float, float, float, float]:
    """Where many people are: a place, how wide, and how busy."""
    return (
        dice.uniform(-0.7, 0.7) * TOWN_M,
        dice.uniform(-0.7, 0.7) * TOWN_M,
        dice.uniform(350, 1_100),
        dice.uniform(0.5, 2.0),
    )


def _place(
    dice: random.Random, centres: list[tuple[float, float, float, float]]
) -> tuple[float, float]:
    if dice.random() < 0.25:
        return dice.uniform(-1, 1) * TOWN_M, dice.uniform(-1, 1) * TOWN_M
    x, y, wide, _ = dice.choices(centres, weights=[centre[3] for centre in centres])[0]
    return dice.gauss(x, wide), dice.gauss(y, wide)


def _hour(dice: random.Random) -> float:
    return dice.choices(range(24), weights=BY_HOUR)[0] + dice.random()


def _anywhere(
    dice: random.Random, centres: list[tuple[float, float, float, float]]
) -> tuple[float, float, float, int]:
    x, y = _place(dice, centres)
    return x, y, _hour(dice), dice.randrange(DAYS)


def _spot(dice: random.Random, centres: list[tuple[float, float, float, float]]) -> dict[str, Any]:
    x, y = _place(dice, centres)
    first = dice.randint(0, 110)
    return {
        "x": x,
        "y": y,
        "radius": dice.uniform(25, 160),
        "hour": dice.uniform(0, 24) if dice.random() < 0.3 else dice.uniform(14, 25),
        "hours": dice.uniform(1.5, 6),
        "first": first,
        "last": min(DAYS, first + dice.randint(40, 140)),
        "count": dice.randint(8, 26),
    }


def _in_spot(dice: random.Random, spot: dict[str, Any]) -> tuple[float, float, float, int]:
    away, turn = spot["radius"] * math.sqrt(dice.random()), dice.uniform(0, 2 * math.pi)
    hour = (spot["hour"] + dice.uniform(-0.5, 0.5) * spot["hours"]) % 24
    day = dice.randrange(spot["first"], spot["last"])
    return spot["x"] + away * math.cos(turn), spot["y"] + away * math.sin(turn), hour, day


def _wijk(wijken: list[tuple[float, float]], x: float, y: float) -> str:
    nearest = min(range(len(wijken)), key=lambda n: math.hypot(wijken[n][0] - x, wijken[n][1] - y))
    return f"W{nearest:02d}"
