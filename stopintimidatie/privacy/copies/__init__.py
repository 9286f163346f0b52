"""The copy for a data subject: others are redacted, a second person judges, then it is given."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the rules of its steps, its pages, and how it is picked up."""
    from stopintimidatie.privacy.copies import second, services
    from stopintimidatie.privacy.copies.recipient import PICKUP, follow_panel
    from stopintimidatie.privacy.copies.views import copy_panel
    from stopintimidatie.reports.follow.views import FIRST_PANELS

    for rule in (*services.RULES, second.RULE):
        config.add_request_rule(rule)
    config.add_pickup_kind(PICKUP)
    config.add_job_kind(services.DRAW, services.draw_copies)
    config.add_panel("verzoek", "kopie", copy_panel, order=40)
    config.add_panel(FIRST_PANELS, "kopie", follow_panel)
    config.add_second(second.SECOND)
    for module in ("views", "second", "recipient"):
        config.scan(f"stopintimidatie.privacy.copies.{module}")
