"""Passwords are kept with Argon2id, at a cost that slows a thief down; weak ones are refused."""

from __future__ import annotations

import re

import pytest
from argon2 import Type, extract_parameters

from stopintimidatie.core.accounts import passwords
from stopintimidatie.core.accounts.passwords import (
    DECOY,
    AccountError,
    hash_chosen,
    hash_password,
    verify_password,
    weakness_of,
)

GOOD = "paarse fiets zingt zacht"


def test_a_password_is_hashed_with_argon2id_at_the_cost_of_the_rfc() -> None:
    made = hash_password("een lang wachtwoord")
    used = extract_parameters(made)
    assert used.type is Type.ID
    # RFC 9106, second recommended option: 64 MiB, three passes, four lanes.
    assert (used.memory_cost, used.time_cost, used.parallelism) == (65_536, 3, 4)
    assert verify_password(made, "een lang wachtwoord")
    assert not verify_password(made, "een ander wachtwoord")


def test_without_a_hash_judging_costs_as_much_and_says_no() -> None:
    assert extract_parameters(DECOY) == extract_parameters(hash_password("een lang wachtwoord"))
    assert not verify_password("", "een lang wachtwoord")


def test_what_is_no_hash_opens_nothing() -> None:
    assert not verify_password("geen hash", "geen hash")


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("kort", "minstens 12 tekens"),
        ("Demo-Wachtwoord", "staat in de handleiding"),
        ("qwertyuiop123", "veel mensen gebruiken dit wachtwoord"),
        ("wachtwoord123", "hoort"),
        ("olgadejong1234", "hoort"),
        ("aaaaaaaaaaaaaaaa", "steeds hetzelfde"),
        ("abcdefghijklmnop", "reeks"),
        ("asdfghjkl;'asd", "toetsen"),
    ],
)
def test_a_password_that_is_easy_to_guess_is_refused_with_the_reason_and_a_better_way(
    password: str, reason: str
) -> None:
    with pytest.raises(AccountError) as refused:
        hash_chosen(password, username="olga@dordrecht.example", name="Olga de Jong")
    assert reason in str(refused.value)
    assert re.search(r"\b(Kies|Neem)\b", str(refused.value)), "it says what to do"
    assert not re.search(r"\b(the|easy|word|this)\b", str(refused.value), re.I)


def test_a_sentence_of_ordinary_words_is_taken() -> None:
    assert verify_password(hash_chosen(GOOD, username="olga@x.example", name="Olga"), GOOD)


def test_words_of_one_person_do_not_count_for_the_next() -> None:
    assert weakness_of("zebravinken12", ["zebravinken@x.example"]) is not None
    assert weakness_of("zebravinken12", ["olga@x.example"]) is None


def test_a_password_around_a_usual_word_is_refused_because_of_the_list(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "hoort" in str(weakness_of("straatintimidatie2026!", []))
    monkeypatch.setattr(passwords, "USUAL_WORDS", "")
    assert weakness_of("straatintimidatie2026!", []) is None


def test_no_more_than_a_bounded_part_of_a_long_password_is_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[str] = []

    def judge(password: str, words: list[str]) -> dict[str, int]:
        seen.append(password)
        return {"score": 4}

    monkeypatch.setattr(passwords, "zxcvbn", judge)
    assert weakness_of("x" * 4_000, []) is None
    assert [len(password) for password in seen] == [passwords.JUDGED_LENGTH]
