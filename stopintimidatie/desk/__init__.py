"""The national desk's own tree: what has no connected municipality waits here."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    from stopintimidatie.desk.addresses import find_addresses
    from stopintimidatie.desk.agreements_resources import LEVELS
    from stopintimidatie.desk.menu import agreements_item, desk_item
    from stopintimidatie.desk.overview_views import policy_panel, routing_action
    from stopintimidatie.desk.resources import Desk
    from stopintimidatie.jobs import Lane
    from stopintimidatie.reports.arriving import FIND_ADDRESS
    from stopintimidatie.storage import NATIONAL

    config.include("stopintimidatie.desk.onboarding_wiring")
    config.add_tree_root(NATIONAL, Desk)
    config.add_nav_item("landelijk", desk_item, order=19)
    config.add_nav_item("afspraken", agreements_item, order=24)
    config.add_job_kind(FIND_ADDRESS, find_addresses, lane=Lane.OUTSIDE)
    for level in LEVELS:
        config.add_tree_level(level)
    config.add_impersonal_table("local_policy", "what municipalities publish of themselves")
    config.add_report_action("routeren", routing_action, order=9)
    config.add_panel("gemeente_bij_meldpunt", "beleid", policy_panel, order=80)
    config.scan("stopintimidatie.desk.views")
    config.scan("stopintimidatie.desk.overview_views")
    config.scan("stopintimidatie.desk.agreements_views")
    config.scan("stopintimidatie.desk.quarantine_views")
    config.scan("stopintimidatie.desk.forwarding_views")
    _include_forwarding(config)
    _include_unlocking(config)


def _include_forwarding(config: Any) -> None:
    """What goes to municipalities that aren't connected."""
    from stopintimidatie.desk import (
        forwarding,
        forwarding_mail,
        forwarding_pickup,
        forwarding_texting,
        forwarding_views,
    )
    from stopintimidatie.municipalities.agreements import VALID_JOB

    config.add_arrival("doorgifte", forwarding.on_arrival)
    config.add_pickup_kind(forwarding_pickup.PICKUP)
    for template in (*forwarding_mail.TEMPLATES, forwarding_texting.CODE_TEXT):
        config.add_mail_template(template)
    config.add_mail_recipient(forwarding_texting.OFFICIALS_PHONE)
    config.add_job_kind(VALID_JOB, forwarding.offer_waiting)
    config.add_job_kind(forwarding_mail.WATCH_JOB, forwarding.watch)
    config.add_job_kind(forwarding_pickup.CLEAR_JOB, forwarding_pickup.clear)
    config.add_panel("melding", "doorgifte", forwarding_views.report_panel, order=9)
    config.add_panel("gemeente_bij_meldpunt", "doorgegeven", forwarding_views.municipality_panel)


def _include_unlocking(config: Any) -> None:
    """Set up the mail that unlocks a locked user name."""
    from stopintimidatie.accounts.unlocks import JOB
    from stopintimidatie.desk import unlock_mail

    config.add_job_kind(JOB, unlock_mail.send_link)
    config.add_mail_template(unlock_mail.TEMPLATE)
    config.add_mail_recipient(unlock_mail.RECIPIENT_OF_LINK)
