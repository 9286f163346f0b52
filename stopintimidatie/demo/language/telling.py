"""Telling what happened: choosing shapes, joining them, typing them in. Pure."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from stopintimidatie.demo.language import shapes as s
from stopintimidatie.demo.language.events import EVENTS
from stopintimidatie.demo.language.filling import (
    SELF,
    SHE,
    Victim,
    capital,
    fill,
    second_mention,
    slots,
)
from stopintimidatie.demo.language.typing_errors import chat, mistype
from stopintimidatie.demo.language.words import people_choices
from stopintimidatie.demo.weights import REACTION

_BY_ROLE = {
    "getuige": (s.OPENINGS_WITNESS, s.AFTER_WITNESS),
    "namens_ander": (s.OPENINGS_FOR_OTHER, s.AFTER_FOR_OTHER),
    "professional": (s.OPENINGS_PROFESSIONAL, s.AFTER_PROFESSIONAL),
}
# Openings there speak of pubs and of work.
_FOR_ADULTS = frozenset({"uitgaansgebied", "winkelgebied"})
_REACTIONS = {
    "negeren": s.REACTIONS_IGNORE,
    "gezelschap": s.REACTIONS_COMPANY,
    "gebaar": s.REACTIONS_GESTURE,
}


@dataclass(frozen=True)
class Happening:
    """What a text has to tell: codes of the intake, and words for place and time."""

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
    """The text, and the shapes it was made of. An empty style gives an empty text."""
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
    text.parts.append(fill(text.pick(s.SHORT), text.words, text.plural, kern=event))


def _tell_own(text: _Text, happening: Happening) -> None:
    long = happening.style == "lang"
    text.say(_openings(text.rng, happening))
    _say_events(text, happening.forms)
    text.say(s.DETAILS[happening.transport], 0.6 if long else 0.2)
    text.say(s.BYSTANDERS.get(happening.bystanders or "", ()), 0.7 if long else 0.25)
    reaction = text.rng.choices(list(REACTION), list(REACTION.values()))[0]
    text.say(_REACTIONS[reaction], 0.9 if long else 0.5)
    text.say(s.FEELINGS.get(happening.felt or "", ()), 0.95 if long else 0.55)
    for effect in happening.effects[: 2 if long else 1]:
        text.say(s.EFFECTS.get(effect, ()), 0.8 if long else 0.2)
    text.say(s.REPEATS.get(happening.recurrence or "", ()), 0.8 if long else 0.3)
    wishes = (*s.WISHES, *s.WISHES_YOUNG) if happening.young else s.WISHES
    text.say(wishes, 0.7 if long else 0.25)


def _tell_of_other(text: _Text, happening: Happening) -> None:
    openings, after = _BY_ROLE[happening.role]
    text.say(openings)
    _say_events(text, happening.forms)
    text.say(s.DETAILS[happening.transport], 0.4)
    text.say(after, 0.85)
    text.say(s.WISHES_OTHER, 0.5)


def _openings(rng: random.Random, happening: Happening) -> Sequence[str]:
    if happening.young and rng.random() < 0.4:
        in_school_hours = 12 <= happening.hour < 17 and rng.random() < 0.5
        return s.OPENINGS_SCHOOL_HOURS if in_school_hours else s.OPENINGS_YOUNG
    if happening.hour >= 19 and rng.random() < 0.2:
        return s.OPENINGS_EVENING
    fitting = s.OPENINGS_AT.get(happening.kind_of_place, ())
    if happening.young and happening.kind_of_place in _FOR_ADULTS:
        fitting = ()
    return fitting if fitting and rng.random() < 0.35 else s.OPENINGS


def _say_events(text: _Text, forms: Sequence[str]) -> None:
    """The first form in full, the others of people who are known by then."""
    for index, form in enumerate(forms):
        shape = text.pick(EVENTS[form])
        if index:
            link = text.rng.choice(s.CONNECTIVES)
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
