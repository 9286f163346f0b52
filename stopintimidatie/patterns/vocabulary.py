"""The states of a pattern, and what can be set for the search. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

KIND: Final = "patroon"


class PatternState(StrEnum):
    """Proposed until somebody decides; gone when a later search doesn't see it any more."""

    PROPOSED = "voorgesteld"
    SNOOZED = "uitgesteld"
    ACCEPTED = "aangenomen"
    REJECTED = "afgewezen"
    GONE = "vervallen"


LABELS: Final = {
    PatternState.PROPOSED: "Te beslissen",
    PatternState.SNOOZED: "Uitgesteld",
    PatternState.ACCEPTED: "Aangenomen",
    PatternState.REJECTED: "Afgewezen",
    PatternState.GONE: "Vervallen",
}
# What a person still can decide about.
DECIDABLE: Final = frozenset({PatternState.PROPOSED, PatternState.SNOOZED})
KEEP_DAYS: Final = 365
"""So long after it was decided or last seen, a pattern is thrown away."""


@dataclass(frozen=True, slots=True)
class Choice:
    """How a municipality has its reports searched."""

    enabled: bool = True
    window_days: int = 180
    radius_m: int = 150
    least: int = 6
    certainty: int = 99
    quiet_days: int = 90


LIMITS: Final = {
    "window_days": (30, 730),
    "radius_m": (50, 500),
    "least": (5, 50),
    "certainty": (80, 99),
    "quiet_days": (7, 730),
}
