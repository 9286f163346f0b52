"""The permission matrix and the app name the same views, with the same permissions."""

from __future__ import annotations

from collections import Counter
from typing import Any

from pyramid.security import NO_PERMISSION_REQUIRED

from stopintimidatie.core.security import GRANTS, Permission, Role
from tests.support.declared_views import views
from tests.support.installation import Installation
from tests.support.matrix import MATRIX
from tests.support.town import DESK_ROLES, MUNICIPAL_ROLES

Key = tuple[str, str, str]
# Its permission hangs on the line: officers see that of a report that they had.
BY_ITSELF = {"TombstoneResource"}


def declared(installation: Installation) -> dict[Key, Any]:
    """Every view of the app, with its permission; None for a public one."""
    found: dict[Key, Any] = {}
    for view in views(installation):
        related = installation.introspector.related(view)
        (permission,) = (i["value"] for i in related if i.category_name == "permissions")
        methods = view["request_methods"]
        for method in [methods] if isinstance(methods, str) else methods:
            key = (view["context"].__name__, view["name"], method)
            found[key] = None if permission == NO_PERMISSION_REQUIRED else permission
    return found


def test_every_view_stands_in_the_matrix(installation: Installation) -> None:
    missing = set(declared(installation)) - {view.key for view in MATRIX}
    assert not missing, "add these to tests/support/matrix.py"


def test_the_matrix_names_no_view_that_is_not_there(installation: Installation) -> None:
    assert not {view.key for view in MATRIX} - set(declared(installation))


def test_the_matrix_knows_the_permission_of_each_view(installation: Installation) -> None:
    found = declared(installation)
    wrong = [view.key for view in MATRIX if found.get(view.key) != view.permission]
    assert not wrong


def test_a_view_stands_in_the_matrix_once() -> None:
    assert not [key for key, n in Counter(view.key for view in MATRIX).items() if n > 1]


def test_each_row_has_a_column_for_each_role() -> None:
    sizes = {len(MUNICIPAL_ROLES), len(DESK_ROLES), len(MUNICIPAL_ROLES) + len(DESK_ROLES)}
    for view in MATRIX:
        assert view.rows, view.key
        for path, row in view.rows.items():
            assert len(row) in sizes, (view.key, path)


def test_a_row_lets_in_only_roles_that_have_the_permission_of_its_view() -> None:
    """For each view × role; that the permission is asked, `tests/whole` tries with requests."""
    roles: dict[int, tuple[Role, ...]] = {len(each): each for each in (MUNICIPAL_ROLES, DESK_ROLES)}
    roles[sum(roles)] = (*MUNICIPAL_ROLES, *DESK_ROLES)
    wrong = [
        (view.key, path, role)
        for view in MATRIX
        if view.permission not in (None, Permission.SIGNED_IN) and view.context not in BY_ITSELF
        for path, row in view.rows.items()
        for role, outcome in zip(roles[len(row)], row, strict=True)
        if outcome == "ja" and role not in GRANTS[view.permission]
    ]
    assert wrong == []
