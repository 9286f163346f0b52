"""Telling what happened: moments in words, typing errors, sentences joined to a text. Pure."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bench.stories import shapes
from bench.stories.words import (
    EVENTS,
    HOURS,
    REACTION,
    SELF,
    SHE,
    WEEKDAYS,
    Victim,
    capital,
    fill,
    people_choices,
    second_mention,
    slots,
)

_PART = (("nacht", 0, 6), ("ochtend", 6, 12), ("middag", 12, 18), ("avond", 18, 24))
_TODAY = {"nacht": "vannacht", "ochtend": "vanochtend", "middag": "vanmiddag", "avond": "vanavond"}


def part_of_day(moment: datetime) -> str:
    """Return nacht, ochtend, middag or avond, as the intake divides them."""
    return next(name for name, start, end in _PART if start <= moment.hour < end)


def clock(moment: datetime) -> str:
    """Write the hour to a quarter, as people say it: `kwart over tien`, `half elf`."""
    quarter = (moment.minute + 7) // 15
    hour = moment.hour + (1 if quarter >= 2 else 0)
    name = HOURS[hour % 12]
    return (
        f"{name} uur",
        f"kwart over {name}",
        f"half {name}",
        f"kwart voor {name}",
        f"{name} uur",
    )[quarter]


def day(moment: datetime, told_at: datetime) -> str:
    """Write a day, seen from when it is told.

    `gisteravond`, `vanmiddag`, `vrijdagavond`. Both local.
    """
    part = part_of_day(moment)
    days = (told_at.date() - moment.date()).days
    if days == 0:
        return _TODAY[part]
    if part == "nacht":
        before = WEEKDAYS[(moment - timedelta(days=1)).weekday()]
        return f"in de nacht van {before} op {WEEKDAYS[moment.weekday()]}"
    if days == 1:
        return f"gister{part}"
    if days <= 6:
        return f"{WEEKDAYS[moment.weekday()]}{part}"
    return f"vorige week {WEEKDAYS[moment.weekday()]}"


def in_words(rng: random.Random, moment: datetime, told_at: datetime) -> str:
    """Write the moment as somebody would, rough or precise."""
    when = day(moment, told_at)
    return rng.choice(
        (
            when,
            f"{when} rond {clock(moment)}",
            f"{when}, een uur of {HOURS[moment.hour % 12]}",
            f"{when} om {moment.hour}:{moment.minute // 5 * 5:02d}",
            f"{when} tegen {clock(moment)}",
        )
    )


# Typing on a phone: a letter missing, no capitals, dt-errors

# Right → as it is often written.
COMMON = (
    ("gebeurde", "gebeurdde"),
    ("gebeurt", "gebeurd"),
    ("altijd", "altijt"),
    ("meteen", "meteeen"),
    ("eigenlijk", "eigelijk"),
    ("bijna", "bijn"),
    ("vriendin", "vreindin"),
    ("waarschijnlijk", "waarschijnelijk"),
    ("geroepen", "geroepn"),
    ("steeds", "steets"),
    ("volgens", "vlgens"),
    ("word", "wordt"),
    ("vond", "vont"),
    ("eerste", "eeste"),
    ("richting", "richtign"),
)
CHAT = (
    ("gewoon", "gwn"),
    ("echt", "egt"),
    ("even", "ff"),
    ("helemaal", "helemaal echt"),
    ("mijn", "mn"),
    (" een ", " n "),
    ("dat ik", "dak ik"),
    ("niet", "nie"),
    ("volgens mij", "vgm"),
)


def mistype(rng: random.Random, text: str) -> str:
    """Make one or two mistakes of an adult in a hurry."""
    fitting = [pair for pair in COMMON if pair[0] in text]
    if fitting and rng.random() < 0.7:
        right, wrong = rng.choice(fitting)
        return text.replace(right, wrong, 1)
    spots = [i for i in range(1, len(text) - 1) if text[i].isalpha() and text[i + 1].isalpha()]
    if not spots:
        return text
    spot = rng.choice(spots)
    if rng.random() < 0.5:
        return text[:spot] + text[spot + 1] + text[spot] + text[spot + 2 :]
    return text[:spot] + text[spot + 1 :]


def chat(rng: random.Random, text: str) -> str:
    """Type as a fifteen-year-old does: no capitals, few full stops, shortened words."""
    result = text.lower()
    for right, short in CHAT:
        if right in result and rng.random() < 0.35:
            result = result.replace(right, short, 1)
    if rng.random() < 0.6:
        result = result.rstrip(".")
    if rng.random() < 0.35:
        result = result.replace(". ", " ", 1)
    if rng.random() < 0.2:
        result += rng.choice((" echt niet normaal", " wtf", " help", " zo vies", " echt eng"))
    return result


# Telling: choosing shapes, joining them, typing them in

_BY_ROLE = {
    "getuige": (shapes.OPENINGS_WITNESS, shapes.AFTER_WITNESS),
    "namens_ander": (shapes.OPENINGS_FOR_OTHER, shapes.AFTER_FOR_OTHER),
    "professional": (shapes.OPENINGS_PROFESSIONAL, shapes.AFTER_PROFESSIONAL),
}
# Openings there speak of pubs and of work.
_FOR_ADULTS = frozenset({"uitgaansgebied", "winkelgebied"})
_REACTIONS = {
    "negeren": shapes.REACTIONS_IGNORE,
    "gezelschap": shapes.REACTIONS_COMPANY,
    "gebaar": shapes.REACTIONS_GESTURE,
}


@dataclass(frozen=True)
class Happening:
    """Event that a text has to tell: codes of the intake, and words for place and time."""

    role: str
    forms: Sequence[str]
    kind_of_place: str
    plek: str
    tijd: str
    felt: str | None
    effects: Sequence[str]
    bystanders: str | None
    recurrence: str | None
    count: str
    age: str
    transport: str
    mixed: bool
    young: bool
    hour: int
    style: str


@dataclass
class _Text:
    """A text being written; remembers which shapes it used."""

    rng: random.Random
    words: dict[str, str]
    plural: bool
    parts: list[str] = field(default_factory=list)
    used: list[str] = field(default_factory=list)

    def pick(self, options: Sequence[str]) -> str:
        shape = self.rng.choice(options)
        self.used.append(shape)
        return shape

    def say(self, options: Sequence[str], chance: float = 1.0) -> None:
        if options and self.rng.random() < chance:
            self.parts.append(fill(self.pick(options), self.words, self.plural))


def tell(rng: random.Random, happening: Happening) -> tuple[str, tuple[str, ...]]:
    """Tell it.

    Return the text and the shapes it was made of. An empty style gives an empty text.
    """
    if happening.style == "leeg":
        return "", ()
    victim = SELF if happening.role == "slachtoffer" else SHE
    text = _start(rng, happening, victim)
    if happening.style == "kort" and victim is SELF:
        _tell_short(text, happening)
    elif victim is SELF:
        _tell_own(text, happening)
    else:
        _tell_of_other(text, happening)
    return _typed(rng, happening, " ".join(text.parts)), tuple(text.used)


def _start(rng: random.Random, happening: Happening, victim: Victim) -> _Text:
    choices = people_choices(happening.count, happening.age, happening.transport, happening.mixed)
    wie = " ".join(
        filter(
            None,
            (
                rng.choice(choices.amounts),
                rng.choice(choices.people),
                rng.choice(choices.transport),
            ),
        )
    )
    words = slots(wie, choices.plural, victim, happening.plek, happening.tijd, rng.randint(13, 22))
    return _Text(rng, words, choices.plural)


def _tell_short(text: _Text, happening: Happening) -> None:
    event = fill(text.pick(EVENTS[happening.forms[0]]), text.words, text.plural)
    text.parts.append(fill(text.pick(shapes.SHORT), text.words, text.plural, kern=event))


def _tell_own(text: _Text, happening: Happening) -> None:
    long = happening.style == "lang"
    text.say(_openings(text.rng, happening))
    _say_events(text, happening.forms)
    text.say(shapes.DETAILS[happening.transport], 0.6 if long else 0.2)
    text.say(shapes.BYSTANDERS.get(happening.bystanders or "", ()), 0.7 if long else 0.25)
    reaction = text.rng.choices(list(REACTION), list(REACTION.values()))[0]
    text.say(_REACTIONS[reaction], 0.9 if long else 0.5)
    text.say(shapes.FEELINGS.get(happening.felt or "", ()), 0.95 if long else 0.55)
    for effect in happening.effects[: 2 if long else 1]:
        text.say(shapes.EFFECTS.get(effect, ()), 0.8 if long else 0.2)
    text.say(shapes.REPEATS.get(happening.recurrence or "", ()), 0.8 if long else 0.3)
    wishes = (*shapes.WISHES, *shapes.WISHES_YOUNG) if happening.young else shapes.WISHES
    text.say(wishes, 0.7 if long else 0.25)


def _tell_of_other(text: _Text, happening: Happening) -> None:
    openings, after = _BY_ROLE[happening.role]
    text.say(openings)
    _say_events(text, happening.forms)
    text.say(shapes.DETAILS[happening.transport], 0.4)
    text.say(after, 0.85)
    text.say(shapes.WISHES_OTHER, 0.5)


def _openings(rng: random.Random, happening: Happening) -> Sequence[str]:
    if happening.young and rng.random() < 0.4:
        in_school_hours = 12 <= happening.hour < 17 and rng.random() < 0.5
        return shapes.OPENINGS_SCHOOL_HOURS if in_school_hours else shapes.OPENINGS_YOUNG
    if happening.hour >= 19 and rng.random() < 0.2:
        return shapes.OPENINGS_EVENING
    fitting = shapes.OPENINGS_AT.get(happening.kind_of_place, ())
    if happening.young and happening.kind_of_place in _FOR_ADULTS:
        fitting = ()
    return fitting if fitting and rng.random() < 0.35 else shapes.OPENINGS


def _say_events(text: _Text, forms: Sequence[str]) -> None:
    """Say the first form in full, the others of people who are known by then."""
    for index, form in enumerate(forms):
        shape = text.pick(EVENTS[form])
        if index:
            link = text.rng.choice(shapes.CONNECTIVES)
            told = fill(second_mention(shape), text.words, text.plural)
            text.parts.append(link + (told if not link.endswith(": ") else _lower(told)))
        else:
            text.parts.append(fill(shape, text.words, text.plural))


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _typed(rng: random.Random, happening: Happening, text: str) -> str:
    text = capital(text)
    if happening.young and rng.random() < 0.3:
        return chat(rng, text)
    if rng.random() < 0.14:
        return mistype(rng, text)
    return text
