"""References notice typing errors; follow codes can be derived again and are never kept."""

from __future__ import annotations

import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stopintimidatie.core.text import with_check
from stopintimidatie.reports.rules import (
    ALPHABET,
    PREFIX,
    derive_follow_code,
    follow_code_matches,
    hash_follow_code,
    new_reference,
    normalise_follow_code,
    normalise_reference,
    random_follow_code,
)

SECRET = b"s" * 32
BODIES = st.text(ALPHABET, min_size=7, max_size=7)


def test_a_new_reference_is_written_in_one_way() -> None:
    reference = new_reference()
    assert re.fullmatch("M-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", reference)
    assert normalise_reference(reference) == reference
    assert new_reference() != reference


@given(BODIES, st.integers(0, 7), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(body: str, position: int, other: str) -> None:
    good = with_check(PREFIX, body)
    place = [i for i, c in enumerate(good) if i > 1 and c != "-"][position]
    if good[place] != other:
        assert normalise_reference(good[:place] + other + good[place + 1 :]) is None


@given(BODIES)
def test_what_somebody_types_is_understood(body: str) -> None:
    good = with_check(PREFIX, body)
    bare = good.replace("-", "")
    for typed in (good.lower(), bare, bare[1:], f" {good} ", good.replace("-", " ")):
        assert normalise_reference(typed) == good
    assert normalise_reference(bare[1:].replace("0", "o").replace("1", "l")) == good


@pytest.mark.parametrize(
    "text", ["", "M", "M-0000", "M-UUUU-UUUU", "x" * 1000, "M-é000-0000", "\0"]
)
def test_what_is_no_reference_is_none(text: str) -> None:
    assert normalise_reference(text) is None


@given(st.text(max_size=50))
def test_any_text_can_be_asked(text: str) -> None:
    normalise_reference(text)
    normalise_follow_code(text)


@pytest.mark.parametrize("body", ["", "123456", "12345678", "abcdefg", "IIIIIII"])
def test_only_seven_characters_of_the_alphabet_make_a_reference(body: str) -> None:
    with pytest.raises(ValueError, match="seven characters"):
        with_check(PREFIX, body)


@given(st.uuids(), st.uuids())
def test_a_follow_code_is_the_same_every_time_and_nobody_elses(
    app: uuid.UUID, key: uuid.UUID
) -> None:
    code = derive_follow_code(SECRET, app, key)
    assert re.fullmatch(r"\d{4} \d{4} \d{4} \d{4}", code)
    assert derive_follow_code(SECRET, app, key) == code
    assert derive_follow_code(b"t" * 32, app, key) != code
    assert derive_follow_code(SECRET, app, uuid.uuid4()) != code
    assert derive_follow_code(SECRET, uuid.uuid4(), key) != code


def test_a_follow_code_opens_its_own_report_only() -> None:
    code = random_follow_code()
    stored = hash_follow_code(SECRET, "M-0000-0000", code)
    assert code.replace(" ", "") not in stored
    assert follow_code_matches(SECRET, "M-0000-0000", code, stored)
    assert follow_code_matches(SECRET, "M-0000-0000", code.replace(" ", "-"), stored)
    assert not follow_code_matches(SECRET, "M-0000-0001", code, stored)
    assert not follow_code_matches(SECRET, "M-0000-0000", "0000 0000 0000 0000", stored)
    assert not follow_code_matches(SECRET, "M-0000-0000", "", stored)
    assert not follow_code_matches(SECRET, "M-0000-0000", code, None)


@pytest.mark.parametrize("typed", ["", "1234", "1" * 17, "٠" * 16, "1234 5678 9012 345x", "9" * 99])
def test_what_cant_be_a_follow_code_is_none(typed: str) -> None:
    assert normalise_follow_code(typed) is None
