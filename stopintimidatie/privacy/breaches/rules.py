"""The clock of 72 hours, and the rules that a step of a breach keeps. Pure.

Article 33(1) AVG counts in hours, from the moment the controller knows. So weekends, holidays and
the hour that the clock goes forward or back change nothing: the moments are compared in UTC.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from stopintimidatie.core.text import plural
from stopintimidatie.privacy.breaches.vocabulary import NoticeKind, Risk

TERM: Final = timedelta(hours=72)
# The privacy officers are reminded this long before the end.
WARNING: Final = timedelta(hours=24)
_HOUR: Final = timedelta(hours=1)
_MINUTE: Final = timedelta(minutes=1)
ABOUT_PEOPLE: Final = frozenset({NoticeKind.PEOPLE, NoticeKind.OTHERWISE, NoticeKind.NOT_PEOPLE})


def due_at(aware_at: datetime) -> datetime:
    """Return the last moment to notify the AP in time, in UTC: there every hour counts once."""
    return aware_at.astimezone(UTC) + TERM


def is_late(due: datetime, moment: datetime) -> bool:
    """Tell whether a notification at this moment comes after the 72 hours."""
    return moment > due


def span(length: timedelta) -> str:
    """Return a length in words: days and hours, hours, or minutes."""
    days, hours = length.days, int(length.seconds / 3600)
    if days:
        rest = f" en {plural(hours, 'uur', 'uur')}" if hours else ""
        return plural(days, "dag", "dagen") + rest
    if length >= _HOUR:
        return plural(hours, "uur", "uur")
    return plural(int(length / _MINUTE), "minuut", "minuten")


def countdown(due: datetime, now: datetime) -> str:
    """Return how long there is to notify the AP, or how long ago that ended."""
    left = due.astimezone(UTC) - now.astimezone(UTC)
    return f"{span(-left)} te laat" if left < timedelta(0) else f"nog {span(left)}"


@dataclass(frozen=True)
class Judged:
    """Facts of a breach that decide which steps may be made."""

    risk: str | None
    complete: bool
    notices: Collection[str]

    @property
    def people_settled(self) -> bool:
        """Tell whether people were told, or it was written down why not."""
        return bool(ABOUT_PEOPLE & set(self.notices))


def why_not_unreported(risk: str | None) -> str | None:
    """Return why a breach can't stay without a notification to the AP; None when it may."""
    if risk == Risk.NONE:
        return None
    return (
        "Niet melden mag alleen als er waarschijnlijk geen risico is voor mensen (art. 33 lid 1"
        " AVG). Meld bij de AP, of beoordeel het risico opnieuw."
    )


def why_not_closed(judged: Judged) -> str | None:
    """Return what must be done before a breach can be closed; None when it may."""
    if judged.risk is None:
        return "Beoordeel eerst het risico."
    if not judged.complete:
        return "Vul eerst bij ‘Feiten’ in wat er gebeurde, de gevolgen en de maatregelen."
    if judged.risk == Risk.HIGH and not judged.people_settled:
        return (
            "Bij een hoog risico moeten betrokkenen het weten (art. 34 AVG). Vertel het hun, of leg"
            " vast waarom dat niet hoeft."
        )
    return None
