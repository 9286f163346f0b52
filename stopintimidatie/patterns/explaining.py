"""A pattern in words and figures. Pure: counts of closed lists, never how somebody looks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from stopintimidatie.reports.vocabulary import Form, OffenderCount, PlaceType, Transport
from stopintimidatie.web.filters import DAYS, date_text, number, plural

PARTS: Final = ("nacht", "ochtend", "middag", "avond")
Table = list[tuple[str, list[int]]]


@dataclass(frozen=True, slots=True)
class Seen:
    """Of a report, what the figures of a pattern are made of."""

    moment: datetime
    forms: tuple[str, ...]
    place_type: str
    count: str | None
    transport: str | None


def heading(place: str, count: int) -> str:
    return f"{plural(count, 'melding', 'meldingen')} dicht bij elkaar in {place}"


def hours_text(from_minute: int | None, to_minute: int | None) -> str:
    """Between which hours; rounded to whole ones, outward."""
    if from_minute is None or to_minute is None:
        return "op alle uren van de dag"
    return f"tussen {from_minute // 60 % 24} en {-(-to_minute // 60) % 24} uur"


def explanation(
    *, count: int, expected: float, radius_m: int, hours: str, days: int, certainty: int
) -> list[str]:
    """Why this is proposed, in three sentences."""
    return [
        f"In {days} dagen {'is' if count == 1 else 'zijn'} hier"
        f" {plural(count, 'melding', 'meldingen')} gedaan, binnen {radius_m} meter en {hours}.",
        f"Gezien de omgeving en hoe druk die uren zijn, waren er {expected_text(expected)}"
        " te verwachten.",
        "Dat is duidelijker dan wat toeval maakt als dezelfde meldingen door elkaar worden geschud"
        f" (ingestelde zekerheid: {certainty}%).",
    ]


def expected_text(expected: float) -> str:
    """How many there would be; a part of a report says nothing to anybody."""
    if expected < 1:
        return "minder dan één"
    return f"ongeveer {number(expected, 1)}"


def common(reports: Sequence[Seen]) -> list[tuple[str, str]]:
    """What comes up most in these reports, with how often."""
    forms = Counter(form for seen in reports for form in seen.forms)
    places = Counter(seen.place_type for seen in reports)
    counts = Counter(seen.count for seen in reports if seen.count not in (None, "onbekend"))
    ways = Counter(seen.transport for seen in reports if seen.transport not in (None, "anders"))
    found = [
        ("Vormen", [(Form.word(code), times) for code, times in forms.most_common(4)]),
        ("Soort plek", [(PlaceType.word(code), times) for code, times in places.most_common(2)]),
        ("Aantal daders", [(OffenderCount.word(c), times) for c, times in counts.most_common(2)]),
        ("Vervoer van daders", [(Transport.word(c), times) for c, times in ways.most_common(2)]),
    ]
    rows = [(name, _listed(items)) for name, items in found if items]
    if reports:
        first, last = (pick(seen.moment for seen in reports) for pick in (min, max))
        rows.append(("Eerste en laatste", f"{date_text(first)} tot en met {date_text(last)}"))
    return rows


def _listed(items: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{word} ({times})" for word, times in items)


def week(reports: Sequence[Seen]) -> Table:
    """Weekday by part of day: how many. The moments are in the time of the Netherlands."""
    cells = Counter((seen.moment.weekday(), seen.moment.hour // 6) for seen in reports)
    return [
        (day, [cells[(row, part)] for part in range(len(PARTS))]) for row, day in enumerate(DAYS)
    ]
