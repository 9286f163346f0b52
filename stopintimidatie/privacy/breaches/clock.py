"""The clock of 72 hours, and the state of a breach that follows from it. Pure.

Article 33(1) AVG counts in hours, from the moment the controller knows. So weekends, holidays and
the hour that the clock goes forward or back change nothing: the moments are compared in UTC.

Nobody sets a state: it follows from the risk and from the notifications to the AP.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from stopintimidatie.core.text import plural
from stopintimidatie.privacy.breaches.vocabulary import NoticeKind, Risk, State

# States in which the 72 hours count: nobody decided about the AP.
COUNTS: Final = frozenset({State.INVESTIGATED, State.JUDGED})
TERM: Final = timedelta(hours=72)
# The privacy officers are reminded this long before the end.
WARNING: Final = timedelta(hours=24)
_HOUR: Final = timedelta(hours=1)
_MINUTE: Final = timedelta(minutes=1)
ABOUT_PEOPLE: Final = frozenset({NoticeKind.PEOPLE, NoticeKind.OTHERWISE, NoticeKind.NOT_PEOPLE})


def stands(kinds: Sequence[str]) -> bool:
    """Tell whether there is a notification to the AP that wasn't withdrawn."""
    return kinds.count(NoticeKind.FIRST) > kinds.count(NoticeKind.WITHDRAWN)


def state_of(risk: str | None, kinds: Sequence[str]) -> State:
    """Return the state of an open breach, by its risk and the kinds of its notifications.

    Without a risk for people the AP needn't know (art. 33(1) AVG); that is a decision as well.
    """
    if stands(kinds):
        return State.REPORTED
    if risk == Risk.NONE:
        return State.WITHDRAWN if NoticeKind.WITHDRAWN in kinds else State.NOT_REPORTED
    return State.INVESTIGATED if risk is None else State.JUDGED


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


def clock_words(state: str, due: datetime, first: datetime | None, now: datetime) -> str:
    """Return how the 72 hours stand: what is left, or when the AP was told.

    `first`: the moment of the first notification; None: there is none.
    """
    if state in COUNTS:
        return countdown(due, now)
    if first is None:
        return "niet gemeld bij de AP"
    if is_late(due, first):
        return f"later dan 72 uur gemeld: {countdown(due, first)}"
    return "op tijd gemeld bij de AP"


def why_not_closed(risk: str | None, kinds: Sequence[str], *, complete: bool) -> str | None:
    """Return what must be done before a breach can be closed; None when it may."""
    if risk is None:
        return "Vul eerst het risico voor mensen in."
    if state_of(risk, kinds) in COUNTS:
        return "Meld dit eerst bij de AP, en leg dat vast. Alleen zonder risico hoeft dat niet."
    if not complete:
        return (
            "Vul eerst in welke gegevens het zijn, van hoeveel mensen, de gevolgen en de"
            " maatregelen."
        )
    if risk == Risk.HIGH and not ABOUT_PEOPLE & set(kinds):
        return (
            "Bij een hoog risico moeten betrokkenen het weten (art. 34 AVG). Vertel het hun, of leg"
            " vast waarom dat niet hoeft."
        )
    return None
