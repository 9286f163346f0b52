"""Why a report is similar, in words an officer reads in a second. Pure."""

from __future__ import annotations

from typing import Final

from stopintimidatie.reports.vocabulary import Form, OffenderAge, OffenderCount, Transport, in_order
from stopintimidatie.triage.circumstances import words_for
from stopintimidatie.triage.similarity import Likeness, Traits, clock_apart
from stopintimidatie.web.filters import number, plural

_DAYS: Final = ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag")
_PARTS: Final = ("nacht", "ochtend", "middag", "avond")
_MOST_WORDS: Final = 4


def reasons(here: Traits, there: Traits, likeness: Likeness) -> list[str]:
    """What `there` has in common with the report in hand, what tells most first."""
    found = [
        _place(here, there, likeness),
        _moment(here, there),
        _clock(here, there, likeness),
        _weekday(here, there, likeness),
        _forms(here, there),
        _offenders(here, there),
        _words(here, there),
    ]
    return [reason for reason in found if reason]


def _place(here: Traits, there: Traits, likeness: Likeness) -> str | None:
    if likeness.distance_m is not None:
        if likeness.distance_m < 10:
            return "dezelfde plek"
        if likeness.distance_m < 1_000:
            step = 1 if likeness.distance_m < 100 else 10
            return f"{round(likeness.distance_m / step) * step} m"
        return f"{number(likeness.distance_m / 1000, 1)} km"
    if here.subneighbourhood and here.subneighbourhood == there.subneighbourhood:
        return "dezelfde buurt"
    return "dezelfde wijk" if likeness.parts["plek"] else None


def _moment(here: Traits, there: Traits) -> str:
    days = (there.moment.date() - here.moment.date()).days
    if days == 0:
        return "dezelfde dag"
    when = "later" if days > 0 else "eerder"
    return f"{plural(abs(days), 'dag', 'dagen')} {when}"


def _clock(here: Traits, there: Traits, likeness: Likeness) -> str | None:
    part = likeness.parts["tijdstip"]
    if not part:
        return None
    if part == 1.0 and "dagdeel" in {here.precision, there.precision}:
        return f"zelfde dagdeel ({_PARTS[here.moment.hour // 6]})"
    apart = clock_apart(here.moment, there.moment)
    return "zelfde tijdstip" if apart <= 1 else "ongeveer zelfde tijdstip" if apart <= 2 else None


def _weekday(here: Traits, there: Traits, likeness: Likeness) -> str | None:
    if likeness.parts["dag"] != 1.0 or here.moment.date() == there.moment.date():
        return None
    return f"ook op {_DAYS[here.moment.weekday()]}"


def _forms(here: Traits, there: Traits) -> str | None:
    shared = here.forms & there.forms
    if not shared:
        return None
    if here.forms == there.forms:
        return "zelfde vorm" if len(shared) == 1 else "zelfde vormen"
    return "ook " + ", ".join(Form.word(code) for code in in_order(shared))


def _offenders(here: Traits, there: Traits) -> str | None:
    same = [
        f"{OffenderCount.word(here.count)} {'dader' if here.count == '1' else 'daders'}"
        if here.count == there.count and _known(here.count)
        else None,
        "een groep" if here.group and there.group and not _known(here.count) else None,
        f"leeftijd {OffenderAge.word(here.age)}"
        if here.age == there.age and _known(here.age)
        else None,
        Transport.word(here.transport)
        if here.transport == there.transport and _known(here.transport)
        else None,
    ]
    found = [word for word in same if word]
    return "ook " + ", ".join(found) if found else None


def _known(code: str | None) -> bool:
    return code not in {None, "", "onbekend", "anders"}


def _words(here: Traits, there: Traits) -> str | None:
    shared = words_for(here.words & there.words)[:_MOST_WORDS]
    if not shared:
        return None
    return ("zelfde woord: " if len(shared) == 1 else "zelfde woorden: ") + ", ".join(shared)
