"""The inbox, quarantine in bulk, notices, and the short address of a report."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register addresses, menu item, mails, jobs and views of the inbox."""
    from stopintimidatie.core.security import Permission
    from stopintimidatie.municipalities.areas.resources import add_own_place
    from stopintimidatie.reports.inbox import services
    from stopintimidatie.reports.inbox.views import ShortAddresses
    from stopintimidatie.reports.page.proposals import SECOND

    config.add_impersonal_table("saved_view", "in office: a name for a list, and who made it")
    config.add_tree_root("m", ShortAddresses)
    config.add_public_prefix("nieuw")
    add_own_place(
        config,
        "postvak",
        "Postvak",
        Permission.VIEW_REPORT,
        order=20,
        waiting=SECOND.waiting,
        answers=SECOND.permission,
    )
    for template in services.TEMPLATES:
        config.add_mail_template(template)
    config.add_arrival("gemeente", services.tell)
    config.add_job_kind(services.REPEAT_JOB, services.repeat)
    for module in ("worklist", "views", "bulk", "saved_views"):
        config.scan(f"stopintimidatie.reports.inbox.{module}")
