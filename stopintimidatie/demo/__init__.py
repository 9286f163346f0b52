"""The demo: two years of made-up reports and dossiers, the same every time but for the day.

What happens stands in `scenarios/*.json`, for a colleague to read and change. `loader` plays it
through the services that people use. Nobody in it exists.
"""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Add the mailbox, and the job that finishes exports."""
    from stopintimidatie.core.jobs import Lane
    from stopintimidatie.demo import acts
    from stopintimidatie.demo.mailbox import mail_item

    if config.registry.app_settings.demo:
        config.add_nav_item("post", mail_item, order=90)
        config.add_public_prefix("postbus")
    config.add_job_kind(acts.DELIVERIES, acts.finish, lease_seconds=600, lane=Lane.SLOW)
    config.scan("stopintimidatie.demo.mailbox")
