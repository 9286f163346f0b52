"""Roles that follow from the groups in somebody's claims. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from stopintimidatie.core.security import Role


class ClaimFault(StrEnum):
    """A reason why no groups can be read from claims. Without groups there are no roles."""

    MISSING = "ontbreekt"
    # Such as a number, or an object.
    SHAPE = "vorm"
    # Entra ID leaves the groups out of a token when somebody has more than some two hundred.
    TOO_MANY = "te_veel"


@dataclass(frozen=True)
class GroupRights:
    """Rights that follow from somebody's claims at a municipality.

    Args:
        by_group: each group of this person that gives something, with its roles.
        unknown: the other groups of this person.
        fault: why there are no groups.
    """

    by_group: Mapping[str, frozenset[Role]]
    unknown: tuple[str, ...] = ()
    fault: ClaimFault | None = None

    @property
    def roles(self) -> frozenset[Role]:
        """All roles that the groups give."""
        return frozenset(role for roles in self.by_group.values() for role in roles)


def roles_by_groups(
    claims: Mapping[str, Any], claim_name: str, mappings: Mapping[str, Collection[Role]]
) -> GroupRights:
    """Return the roles that the groups in these claims give.

    Args:
        claims: The claims of a person, as in an ID token.
        claim_name: The claim that holds the groups; with dots it leads into objects, such as
            `realm_access.roles`.
        mappings: The roles of each group that counts.
    """
    fault, groups = _groups_in(claims, claim_name)
    known = {group: frozenset(mappings[group]) for group in groups if mappings.get(group)}
    unknown = tuple(group for group in groups if group not in known)
    return GroupRights(known, unknown, fault)


def _groups_in(claims: Mapping[str, Any], name: str) -> tuple[ClaimFault | None, list[str]]:
    """Return the groups in their order, each once; or why there are none."""
    value = claims.get(name)
    if value is None and "." in name:
        value = _inside(claims, name)
    if value is None:
        elsewhere = claims.get("_claim_names")
        left_out = isinstance(elsewhere, Mapping) and name in elsewhere
        return (ClaimFault.TOO_MANY if left_out else ClaimFault.MISSING), []
    # Some providers send the only group without a list around it. It isn't split: a name of a
    # group may hold a blank or a comma.
    groups = [value] if isinstance(value, str) else value
    if not isinstance(groups, list) or not all(isinstance(group, str) for group in groups):
        return ClaimFault.SHAPE, []
    return None, list(dict.fromkeys(groups))


def _inside(claims: Mapping[str, Any], path: str) -> Any:
    value: Any = claims
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value
