"""Passwords are kept with Argon2id, at a cost that slows a thief down; weak ones are refused."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from random import Random
from string import ascii_letters, digits
from time import process_time

import pytest
from argon2 import Type, extract_parameters
from hypothesis import given
from hypothesis import strategies as st

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
NAME, ADDRESS = "Farid Gerritsen", "f.gerritsen@dordrecht.example"
MADE_OF_WORDS = "blijft er te weinig over"


def test_a_password_is_hashed_with_argon2id_at_a_cost_of_owasp_and_in_one_lane() -> None:
    # The decoy was made before tests began to hash cheaply.
    used = extract_parameters(DECOY)
    assert used.type is Type.ID
    # OWASP's Password Storage Cheat Sheet: 46 MiB and one pass, in one lane.
    assert (used.memory_cost, used.time_cost, used.parallelism) == (47_104, 1, 1)


def test_without_a_hash_a_stand_in_is_judged_and_opens_nothing() -> None:
    made = hash_password("een lang wachtwoord")
    assert verify_password(made, "een lang wachtwoord")
    assert not verify_password(made, "een ander wachtwoord")
    assert not verify_password("", "een lang wachtwoord")
    assert not verify_password("", "een lang wachtwoord", made)


def test_what_is_no_hash_opens_nothing() -> None:
    assert not verify_password("geen hash", "geen hash")


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("kort", "minstens 12 tekens"),
        ("Demo-Wachtwoord", "staat in de handleiding"),
        ("qwertyuiop123", MADE_OF_WORDS),
        ("trustno1trustno1", "steeds hetzelfde"),
        ("letmeinwhatever", "veel mensen gebruiken dit wachtwoord"),
        ("wachtwoord123", MADE_OF_WORDS),
        ("aaaaaaaaaaaaaaaa", "steeds hetzelfde"),
        ("abcdefghijklmnop", "reeks"),
        ("lkjhgfdpoiuyt", "toetsen"),
        ("06-12345678-99", MADE_OF_WORDS),
    ],
)
def test_a_password_that_is_easy_to_guess_is_refused_with_the_reason_and_a_better_way(
    password: str, reason: str
) -> None:
    with pytest.raises(AccountError) as refused:
        hash_chosen(password, username=ADDRESS, name=NAME)
    assert reason in str(refused.value)
    assert re.search(r"\b(Kies|Neem)\b", str(refused.value)), "it says what to do"
    assert not re.search(r"\b(the|easy|word|this)\b", str(refused.value), re.I)


# What people make of their own words and of usual ones, to get at twelve characters.
MADE = """
Welkom-2026-nu fgdordrecht2026 Farid-Gerritsen-1 FARID!GERRITSEN!2026 gerritsen.farid.99
1-Gerritsen-Farid nestirreg-diraf W3lk0m-2026-nu W@chtw00rd!2026 P@ssw0rd-2026! Zomer2026Zomer
Herfst-in-Dordrecht 2026-Dordrecht-Zomer 0ktob3r-2026-!! St0p1nt1m1d@t1e stopintimidatie26!
GEMEENTE-dordrecht-1 Gemeente.Rotterdam.7 thcerdroD-2026 Maandag-Dinsdag1 Straatintimidatie!!1
Meldpunt_Dordrecht9 w-e-l-k-o-m-2-0-2-6 Wélkóm-Dórdrécht1 farid@dordrecht.nl faridfarid2026!!
Feyenoord-1908-nu Vakantie!2026!!! 26-07-Januari-Farid Zonnebloem-1234 Geheim-Geheim-99
12-december-2026 Inloggen-Portaal-1 VoetbalVoetbal12 20261231-20261231
Lente-blub-2026 292929-292929!
"""
# What a person can remember that nobody guesses, and what a program makes up.
GOOD_ONES = [
    GOOD,
    "kachel toren mossel gordijn",
    "BezemKruiwagenOntbijtKrekel",
    "trap-kelder-vork-bries",
    "welkom kachel toren mossel",
    "de kat van mijn nicht snurkt",
    "Dordrecht kruiwagen ontbijt krekel",
    "q7Vx-tRz2-Wm9k-Lp4h",
    "x7$kQ2!mPz9&",
    "7$K2!9&x4#qZ",
    "aU5kqYtWb1sR3nXc",
    "f3a9c17e5b2d4086",
    "Ünïcödé żółw łąka wędka",
]


@pytest.mark.parametrize("password", MADE.split())
def test_own_and_usual_words_with_something_around_them_are_refused(password: str) -> None:
    assert len(password) >= passwords.MINIMUM_LENGTH
    assert MADE_OF_WORDS in str(weakness_of(password, [ADDRESS, NAME]))


@pytest.mark.parametrize("password", GOOD_ONES)
def test_what_nobody_can_guess_is_taken(password: str) -> None:
    assert weakness_of(password, [ADDRESS, NAME]) is None


def test_a_sentence_of_ordinary_words_is_taken() -> None:
    assert verify_password(hash_chosen(GOOD, username=ADDRESS, name=NAME), GOOD)


OWN = ["farid", "gerritsen", "dordrecht", "welkom", "wachtwoord", "zomer", "januari", "gemeente"]
AROUND = st.text(alphabet="0123456789-_.!@#$%&*+ ", max_size=6)


@given(
    words=st.lists(st.tuples(AROUND, st.sampled_from(OWN), st.booleans()), min_size=1), end=AROUND
)
def test_no_digits_marks_capitals_or_order_make_such_words_a_password(
    words: list[tuple[str, str, bool]], end: str
) -> None:
    written = "".join(before + (word.upper() if big else word) for before, word, big in words)
    assert weakness_of(written + end, [ADDRESS, NAME]) is not None
    assert weakness_of((written + end)[::-1], [ADDRESS, NAME]) is not None


# Ordinary words of a list to throw dice for; none of them stands in `words.json`.
DICE = """
aardbei akker anker beitel bezem bries buidel cello dakpan deksel drempel duin egel emmer ezel fluit
gans gordijn greppel hamer haring heuvel ijzer jasmijn kachel kano kelder ketel knoop krekel kruik
kubus ladder lepel mossel mouw nagel netel noot olijf ontbijt oven parel pendel perzik ploeg raam
rits roest schelp sneeuw spijker stoep tafel tapijt toren trap uier vaas veter vork waaier wilg
"""


@given(
    words=st.lists(st.sampled_from(DICE.split()), min_size=4, max_size=4, unique=True),
    mark=st.sampled_from(" -."),
)
def test_four_words_by_chance_are_taken(words: list[str], mark: str) -> None:
    assert weakness_of(mark.join(words), [ADDRESS, NAME]) is None


def test_random_characters_are_taken() -> None:
    draw = Random(34)
    signs = ascii_letters + digits + "-_!$"
    made = ["".join(draw.choices(signs, k=16)) for _ in range(200)]
    assert not [password for password in made if weakness_of(password, [ADDRESS, NAME])]


def test_words_of_one_person_do_not_count_for_the_next() -> None:
    assert weakness_of("zebravinken12", ["zebravinken@x.example"]) is not None
    assert weakness_of("zebravinken12", ["olga@x.example"]) is None


def test_every_municipality_is_a_usual_word() -> None:
    facts = files("stopintimidatie.municipalities.areas") / "facts" / "municipalities.json"
    names = [name for _, name, _ in json.loads(facts.read_text("utf-8"))["municipalities"]]
    assert len(names) > 300
    assert not [n for n in names if len(n) > 3 and not weakness_of(f"{n}-2026-2026", [])]


def test_a_password_around_a_usual_word_is_refused_because_of_the_list(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert weakness_of("straatintimidatie2026!", []) is not None
    monkeypatch.setattr(passwords, "USUAL_WORDS", frozenset())
    assert weakness_of("straatintimidatie2026!", []) is None


def test_the_longest_password_is_judged_soon() -> None:
    """At once, whatever somebody sends: 200 characters are the most that a form takes."""
    started = process_time()
    for password in ("welkom" * 33, "1!" * 100, "a" * 200, "Dordrecht-1" * 18):
        assert weakness_of(password, [ADDRESS, NAME]) is not None
    assert process_time() - started < 1


def test_no_more_than_a_bounded_part_of_a_long_password_is_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[str] = []

    def judge(password: str) -> dict[str, int]:
        seen.append(password)
        return {"score": 4}

    monkeypatch.setattr("zxcvbn.zxcvbn", judge)
    assert weakness_of("x" * 4_000, []) is None
    assert [len(password) for password in seen] == [passwords.JUDGED_LENGTH]
