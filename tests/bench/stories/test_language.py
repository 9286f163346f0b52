"""The Dutch of the demo: agreement, moments, typing errors, and what never stands in it."""

import random
import re
from datetime import datetime
from itertools import chain

import pytest

from bench.stories import desk, shapes
from bench.stories.model import AMSTERDAM
from bench.stories.narrative import chat, clock, day, mistype, part_of_day
from bench.stories.weights import OFFENDER_AGE, OFFENDERS, TRANSPORT
from bench.stories.words import (
    EVENTS,
    SELF,
    SHE,
    capital,
    fill,
    people_choices,
    second_mention,
    slots,
)
from stopintimidatie.reports.vocabulary import Form

ORIGIN_OR_RELIGION = re.compile(
    r"\b(marok|turk|surina|antill|pool\b|polen|afrika|arab|joods|jood\b|moslim|islam|christen|"
    r"katholiek|hindoe|allochto|buitenland|asielz|vluchteling|zwarte man|blanke|"
    r"(licht|donker)getint)",
    re.IGNORECASE,
)


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return _strings(tuple(value.values())) + _strings(tuple(value))
    if isinstance(value, tuple | list):
        return list(chain.from_iterable(_strings(item) for item in value))
    return []


def _everything() -> list[str]:
    texts = _strings(EVENTS)
    for module in (shapes, desk):
        for name, value in vars(module).items():
            if name.isupper():
                texts += _strings(value)
    return texts


def test_there_are_shapes_for_every_form_and_far_more_than_eighty() -> None:
    assert EVENTS.keys() == {str(form) for form in Form}
    assert all(len(options) >= 3 for options in EVENTS.values())
    assert len(set(_strings(tuple(EVENTS.values())))) >= 80


def test_no_origin_and_no_religion_stands_anywhere() -> None:
    assert [text for text in _everything() if ORIGIN_OR_RELIGION.search(text)] == []


@pytest.mark.parametrize("plural", [False, True])
@pytest.mark.parametrize("victim", [SELF, SHE])
def test_every_shape_can_be_filled(plural: bool, victim: object) -> None:
    words = slots(
        "een man", plural, SELF if victim is SELF else SHE, "op het plein", "gisteren", 15
    )
    for text in _everything():
        told = fill(text, words, plural, kern="Zin.")
        assert not re.search(r"[{}|]", told), told
        assert "  " not in told
    for text in _strings(tuple(EVENTS.values())):
        told = fill(second_mention(text), words, plural)
        assert "een man" not in told.lower()


def test_verbs_follow_the_number() -> None:
    one = slots("een jongen", False, SELF, "hier", "nu", 15)
    many = slots("drie jongens", True, SHE, "hier", "nu", 15)
    shape = "{Wie} {riep|riepen} {me} na."
    assert fill(shape, one, False) == "Een jongen riep me na."
    assert fill(shape, many, True) == "Drie jongens riepen haar na."
    assert fill(second_mention(shape), many, True) == "Ze riepen haar na."


def test_there_are_words_for_every_answer_about_offenders() -> None:
    for count in OFFENDERS:
        for age in OFFENDER_AGE:
            for transport in TRANSPORT:
                choices = people_choices(count, age, transport, mixed=False)
                assert choices.plural == (count != "1")
                assert choices.people
                assert choices.transport


@pytest.mark.parametrize(
    ("hour", "minute", "words"),
    [
        (22, 30, "half elf"),
        (22, 40, "kwart voor elf"),
        (0, 0, "twaalf uur"),
        (23, 55, "twaalf uur"),
        (10, 15, "kwart over tien"),
        (13, 5, "één uur"),
    ],
)
def test_the_clock_is_read_as_people_do(hour: int, minute: int, words: str) -> None:
    assert clock(datetime(2026, 11, 20, hour, minute, tzinfo=AMSTERDAM)) == words


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ((20, 23), "vanavond"),
        ((21, 9), "gisteravond"),
        ((24, 9), "vrijdagavond"),
        ((28, 9), "vorige week vrijdag"),
    ],
)
def test_a_day_is_named_from_where_one_stands(told: tuple[int, int], words: str) -> None:
    moment = datetime(2026, 11, 20, 22, 0, tzinfo=AMSTERDAM)
    assert day(moment, datetime(2026, 11, *told, tzinfo=AMSTERDAM)) == words
    assert part_of_day(moment) == "avond"


def test_a_night_belongs_to_two_days() -> None:
    moment = datetime(2026, 11, 21, 1, 0, tzinfo=AMSTERDAM)
    told = datetime(2026, 11, 22, 12, 0, tzinfo=AMSTERDAM)
    assert day(moment, told) == "in de nacht van vrijdag op zaterdag"


def test_typing_errors_change_little() -> None:
    rng = random.Random(1)
    text = "Ik was echt bang en ben meteen doorgelopen naar huis."
    for _ in range(200):
        wrong = mistype(rng, text)
        assert wrong
        assert abs(len(wrong) - len(text)) <= 3
        assert chat(rng, text).startswith("ik was")
    assert mistype(rng, "!") == "!"
    assert capital("") == ""
