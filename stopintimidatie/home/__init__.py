"""Pages to start from: the start page, a municipality, a neighbourhood, `/zoeken`.

And the public statements that every page leads to: `/privacy` and `/toegankelijkheid`.
"""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Add the start page, what waits for a second person, areas, search, and the statements."""
    from functools import partial

    from stopintimidatie.core.clock import daily
    from stopintimidatie.core.second import waiting_ids
    from stopintimidatie.core.security import Permission
    from stopintimidatie.exports.request.approval import WAITING
    from stopintimidatie.home import services, statements
    from stopintimidatie.home.views import areas_item, start_item
    from stopintimidatie.municipalities.areas.resources import add_own_place

    config.add_nav_item("start", start_item, order=10)
    config.add_nav_item("gemeenten", areas_item, order=40)
    add_own_place(
        config,
        WAITING,
        "Wacht op u",
        Permission.VIEW_WAITING,
        order=15,
        desk=True,
        waiting=partial(waiting_ids, config.registry),
    )
    config.add_impersonal_table("second_notice", "in office: who was mailed of which proposal")
    config.add_mail_template(services.MAIL)
    config.add_job_kind(
        services.EVERY_MORNING, services.mail_waiting, next_at=daily(services.MORNING)
    )
    config.scan("stopintimidatie.home.views")
    config.scan("stopintimidatie.home.search")
    config.add_public_prefix(statements.NAME, "Privacy")
    config.add_public_prefix("toegankelijkheid", "Toegankelijkheid")
    config.add_tree_root(statements.NAME, statements.Statements)
    config.add_translated_prefix(statements.NAME)
    config.add_translated_prefix("toegankelijkheid")
    config.scan("stopintimidatie.home.statements")
