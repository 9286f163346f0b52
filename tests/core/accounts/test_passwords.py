"""Passwords are kept with Argon2id, at a cost that slows a thief down."""

from __future__ import annotations

from argon2 import Type, extract_parameters

from stopintimidatie.core.accounts.services import DECOY, hash_password, verify_password


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
