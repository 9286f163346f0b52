"""Tests of the roles that follow from the groups in somebody's claims."""

from __future__ import annotations

from typing import Any

import pytest

from stopintimidatie.core.security import Role
from stopintimidatie.municipalities.sso.rules import ClaimFault, roles_by_groups

MAPPINGS = {
    "OOV-team": [Role.OFFICER],
    "OOV, regie": [Role.OFFICER, Role.DOSSIER_OWNER],
    "leeg": [],
}


def test_the_roles_of_all_groups_count_together() -> None:
    rights = roles_by_groups({"groups": ["OOV-team", "OOV, regie"]}, "groups", MAPPINGS)
    assert rights.roles == {Role.OFFICER, Role.DOSSIER_OWNER}
    assert rights.by_group["OOV-team"] == {Role.OFFICER}
    assert rights.fault is None


def test_a_group_that_gives_nothing_is_named_as_unknown() -> None:
    claims = {"groups": ["kantine", "OOV-team", "kantine", "leeg", "oov-team"]}
    rights = roles_by_groups(claims, "groups", MAPPINGS)
    assert rights.roles == {Role.OFFICER}
    assert rights.unknown == ("kantine", "leeg", "oov-team")


def test_one_group_without_a_list_is_that_group_and_is_not_split() -> None:
    rights = roles_by_groups({"groups": "OOV, regie"}, "groups", MAPPINGS)
    assert rights.roles == {Role.OFFICER, Role.DOSSIER_OWNER}


def test_dots_lead_into_objects_where_no_claim_has_that_name() -> None:
    inside = {"realm_access": {"roles": ["OOV-team"]}}
    assert roles_by_groups(inside, "realm_access.roles", MAPPINGS).roles == {Role.OFFICER}
    whole = {"https://gemeente.nl/groepen": ["OOV-team"]}
    assert roles_by_groups(whole, "https://gemeente.nl/groepen", MAPPINGS).roles == {Role.OFFICER}


@pytest.mark.parametrize(
    ("claims", "fault"),
    [
        ({}, ClaimFault.MISSING),
        ({"groups": None}, ClaimFault.MISSING),
        ({"Groups": ["OOV-team"]}, ClaimFault.MISSING),
        ({"groups": 7}, ClaimFault.SHAPE),
        ({"groups": {"OOV-team": True}}, ClaimFault.SHAPE),
        ({"groups": ["OOV-team", 7]}, ClaimFault.SHAPE),
        ({"_claim_names": {"groups": "src1"}}, ClaimFault.TOO_MANY),
    ],
)
def test_claims_without_readable_groups_give_no_role_and_the_reason(
    claims: dict[str, Any], fault: ClaimFault
) -> None:
    rights = roles_by_groups(claims, "groups", MAPPINGS)
    assert rights.roles == frozenset()
    assert rights.fault is fault


def test_a_person_in_no_group_has_no_role_and_nothing_is_wrong() -> None:
    rights = roles_by_groups({"groups": []}, "groups", MAPPINGS)
    assert rights.roles == frozenset()
    assert rights.fault is None
