"""The national desk's own tree: what has no connected municipality waits here."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the tree, the menu items, the terms and the table of the desk itself."""
    from stopintimidatie.core.security import Permission
    from stopintimidatie.core.storage import NATIONAL
    from stopintimidatie.core.storage.retention import read_classes
    from stopintimidatie.desk.resources import LEVELS, Desk, menu_item

    config.add_tree_root(NATIONAL, Desk)
    for level in LEVELS:
        config.add_tree_level(level)
    for kind in read_classes(__package__):
        config.add_retention_class(kind)
    config.add_impersonal_table("local_policy", "what municipalities publish of themselves")
    for name, label, path, permission, order in (
        ("landelijk", "Wachtrij", "/landelijk", Permission.VIEW_DESK, 19),
        ("afspraken", "Afspraken", "/landelijk/afspraken", Permission.VIEW_DESK, 24),
        ("aansluitingen", "Aansluitingen", "/landelijk/aansluitingen", Permission.CONNECT, 26),
        ("gebruikers", "Gebruikers", "/landelijk/gebruikers", Permission.CONNECT, 27),
    ):
        config.add_nav_item(name, menu_item(label, path, permission), order=order)
