"""The profiles a municipality begins with, one per kind of recipient, and the overlay for minors.

They stand in `defaults.toml`. A municipality's admin makes its own versions of them, never laxer
than the minimum allows.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

from stopintimidatie.exports.profiles.rules import (
    SHOWN,
    Coarse,
    Field,
    Overlay,
    Profile,
    Rule,
    Section,
    Sharing,
    at_least,
    coarse,
    left_out,
)
from stopintimidatie.municipalities.partners.vocabulary import PartnerKind

_READ: Final = tomllib.loads((files(__package__) / "defaults.toml").read_text("utf-8"))


def _rule(given: Any) -> Rule:
    """Return the rule of a reason, which leaves something out, or of a table."""
    if isinstance(given, str):
        return left_out(given)
    return coarse(Coarse[given["how"].upper()], given["why"])


def _fields(given: Mapping[str, Any]) -> dict[Field, Rule]:
    return {Field[name.upper()]: _rule(rule) for name, rule in given.items()}


def _profile(name: str, given: Mapping[str, Any]) -> Profile:
    """Return a profile that shows all that neither it nor the minimum hides."""
    sections = {Section[part.upper()]: _rule(rule) for part, rule in given["sections"].items()}
    read = {
        "name": name,
        "rules": dict.fromkeys(Field, SHOWN) | _fields(given.get("rules", {})),
        "sections": dict.fromkeys(Section, SHOWN) | sections,
        "sharing": Sharing(given["sharing"]),
    }
    return at_least(Profile(**{**given, **read}))


_MINORS: Final = _READ.pop("minderjarigen")
MINORS: Final = Overlay("minderjarigen", _MINORS["version"], _fields(_MINORS["rules"]))
PROFILES: Final[Mapping[str, Profile]] = MappingProxyType(
    {name: _profile(name, given) for name, given in _READ.items()}
)
INTERNAL: Final = PROFILES["intern"]
POLICE: Final = PROFILES["politie"]
WELFARE: Final = PROFILES["zorg_welzijn"]

# The words for each kind of recipient, also of those that older exports name.
LABELS: Final[Mapping[str, str]] = MappingProxyType(
    {"openbaar": "Woo-verzoek: openbaar", **{name: kind.label for name, kind in PROFILES.items()}}
)


def offered(*, empowered: bool) -> tuple[Profile, ...]:
    """Return the profiles of the kinds of recipients that there may be here and today."""
    return tuple(p for p in PROFILES.values() if empowered or not p.empowered_only)


def for_partners(session: object, holder: str) -> list[tuple[str, str]]:
    """Return what can be proposed for a partner; whether boas enforce is asked per export."""
    return [(profile.name, profile.label) for profile in PROFILES.values() if not profile.own_house]


def profile_for(kind: str) -> str:
    """Return the name of the profile for a kind of partner; most have the code of theirs."""
    return WELFARE.name if kind == PartnerKind.YOUTH_WORK else kind
