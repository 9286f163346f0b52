"""Directives of the configurator: rooms hand things to each other with them, at start-up.

A room declares a directive once, as a constant named after what it collects, and lists it in its
`includeme`:

    SEALED_TABLES: Final = Directive[str, Sealed]("add_sealed", "sealed_tables", named)
    SEALED_TABLES.declare(config)

Other rooms then call `config.add_sealed(…)`, and `SEALED_TABLES.of(registry)` gives what they
handed in. All directives stand in docs/dev/directives.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar, cast

Key = TypeVar("Key")
Value = TypeVar("Value")
# After every directive of every room was carried out.
CHECK_ORDER: Final = 1000
# The category of Pyramid's introspection that holds the directives themselves.
CATEGORY: Final = "directives"


def keyed(key: Any, value: Any) -> tuple[Any, Any]:
    """Return the entry of a directive that is called with a key and a value."""
    return key, value


def keyed_as(make: Callable[..., Any]) -> Callable[..., tuple[Any, Any]]:
    """Return the entry of a directive that is called with a key and what the value is made of."""
    return lambda key, *parts, **more: (key, make(*parts, **more))


def named(value: Any) -> tuple[str, Any]:
    """Return the entry of a directive that is called with an object that has a name."""
    return value.name, value


def of_kind(value: Any) -> tuple[str, Any]:
    """Return the entry of a directive that is called with an object that is of a kind."""
    return value.kind, value


def single(value: Any) -> tuple[None, Any]:
    """Return the entry of a directive that one room in the house may call, once."""
    return None, value


class Directive(Generic[Key, Value]):
    """A directive by which rooms hand something in, under a key that can be taken once.

    Entries stand in the order of the rooms; a lower `order` in the call goes before a higher one.

    Args:
        name: of the directive: `config.<name>(…)`.
        attribute: of the registry, where the entries are kept.
        entry: what the directive is called with -> key and value.
        check: (registry), called when everything is handed in; raises `ConfigurationError`.
    """

    def __init__(
        self,
        name: str,
        attribute: str,
        entry: Callable[..., tuple[Key, Value]] = keyed,
        check: Callable[[Any], None] | None = None,
    ) -> None:
        self.name = name
        self.attribute = attribute
        self._entry = entry
        self._check = check

    def declare(self, config: Any) -> None:
        """Make the directive known to the rooms that are included from here on."""
        setattr(config.registry, self.attribute, {})
        config.add_directive(self.name, self._hand_in)
        about = config.introspectable(CATEGORY, self.name, self.name, CATEGORY)
        about.update(room=config.package.__name__, attribute=self.attribute)
        config.action((CATEGORY, self.name), introspectables=(about,))
        if self._check is not None:
            check = (self._check, (config.registry,))
            config.action((CATEGORY, self.name, "check"), *check, order=CHECK_ORDER)

    def of(self, registry: Any) -> dict[Key, Value]:
        """Return what was handed in, by its key."""
        return cast(dict[Key, Value], getattr(registry, self.attribute))

    def only(self, registry: Any) -> Value | None:
        """Return the one thing that was handed in; None if nothing was."""
        return next(iter(self.of(registry).values()), None)

    def _hand_in(self, config: Any, *values: Any, order: int = 0, **more: Any) -> None:
        """Carry out `config.<name>(…)`; Pyramid reports two rooms that take one key."""
        key, value = self._entry(*values, **more)
        about = config.introspectable(self.name, key, str(key), self.name)
        put = (self._put, (config.registry, key, value))
        config.action((self.name, key), *put, order=order, introspectables=(about,))

    def _put(self, registry: Any, key: Key, value: Value) -> None:
        if key in self.of(registry):
            from pyramid.exceptions import ConfigurationError

            raise ConfigurationError(f"{self.name}: {key!r} was handed in before")
        self.of(registry)[key] = value
