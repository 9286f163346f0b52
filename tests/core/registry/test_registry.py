"""Handing in at start-up: a key is taken once, entries have an order, what is missing is said."""

from __future__ import annotations

from typing import Any

import pytest
from pyramid.config import Configurator
from pyramid.exceptions import (
    ConfigurationConflictError,
    ConfigurationError,
    ConfigurationExecutionError,
)

from stopintimidatie.core.registry import Directive, single


def nothing_less_than_two(registry: Any) -> None:
    if len(NUMBERS.of(registry)) < 2:
        raise ConfigurationError("two at least")


NUMBERS = Directive[str, int]("add_number", "numbers", check=nothing_less_than_two)
NAME = Directive[None, str]("set_name", "name", single)


@pytest.fixture
def config() -> Any:
    made = Configurator()
    NUMBERS.declare(made)
    NAME.declare(made)
    return made


def test_entries_stand_in_the_order_of_handing_in_unless_they_say_otherwise(config: Any) -> None:
    config.add_number("one", 1, order=20)
    config.add_number("two", 2, order=20)
    config.add_number("three", 3, order=10)
    config.set_name("numbers")
    config.commit()
    assert list(NUMBERS.of(config.registry)) == ["three", "one", "two"]
    assert NAME.only(config.registry) == "numbers"


def test_nothing_handed_in_is_nothing(config: Any) -> None:
    assert NUMBERS.of(config.registry) == {}
    assert NAME.only(config.registry) is None


@pytest.mark.parametrize("order", [0, 10])
def test_two_rooms_cannot_take_one_key(config: Any, order: int) -> None:
    config.add_number("one", 1)
    config.add_number("one", 2, order=order)
    with pytest.raises(ConfigurationConflictError, match="add_number"):
        config.commit()


def test_what_one_room_sets_another_cannot_set(config: Any) -> None:
    config.set_name("this")
    config.set_name("that")
    with pytest.raises(ConfigurationConflictError, match="set_name"):
        config.commit()


def test_a_key_stays_taken_after_start_up(config: Any) -> None:
    config.add_number("one", 1)
    config.add_number("two", 2)
    config.commit()
    config.add_number("one", 3)
    with pytest.raises(ConfigurationExecutionError, match="'one' was handed in before"):
        config.commit()
    assert NUMBERS.of(config.registry)["one"] == 1


def test_what_is_missing_is_said_when_everything_was_handed_in(config: Any) -> None:
    config.add_number("one", 1, order=900)
    with pytest.raises(ConfigurationExecutionError, match="two at least"):
        config.commit()


def test_each_registry_has_entries_of_its_own(config: Any) -> None:
    other = Configurator()
    NUMBERS.declare(other)
    config.add_number("one", 1)
    config.add_number("two", 2)
    config.commit()
    assert NUMBERS.of(other.registry) == {}
