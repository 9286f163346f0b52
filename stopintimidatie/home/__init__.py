"""Pages to start from: the start page, a municipality, a neighbourhood, `/zoeken`.

And the public statements that every page leads to: `/privacy` and `/toegankelijkheid`.
"""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Add the start page, the pages of areas, search, their items in the menu, the statements."""
    from stopintimidatie.home import statements
    from stopintimidatie.home.views import areas_item, start_item
    from stopintimidatie.reports.public.pages import read_english

    config.add_nav_item("start", start_item, order=10)
    config.add_nav_item("gemeenten", areas_item, order=40)
    config.scan("stopintimidatie.home.views")
    config.scan("stopintimidatie.home.search")
    config.add_public_prefix(statements.NAME, "Privacy")
    config.add_public_prefix("toegankelijkheid", "Toegankelijkheid")
    config.add_tree_root(statements.NAME, statements.Statements)
    config.add_english("privacy", read_english(__name__))
    config.scan("stopintimidatie.home.statements")
