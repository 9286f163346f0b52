"""The queue of the national desk: routing by hand, the call list, figures."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register steps, the job that finds addresses, and pages, panel and action of the queue."""
    from stopintimidatie.core.jobs import Lane
    from stopintimidatie.desk.queue import steps
    from stopintimidatie.desk.queue.services import find_addresses
    from stopintimidatie.desk.queue.views import policy_panel, routing_action
    from stopintimidatie.reports.arrival.services import FIND_ADDRESS

    for name, effect in steps.EFFECTS.items():
        config.add_workflow_effect(name, effect)
    for name, offered in steps.OPTIONS.items():
        config.add_workflow_options(name, offered)
    config.add_arrival("aangesloten", steps.pass_on)
    config.add_job_kind(FIND_ADDRESS, find_addresses, lane=Lane.OUTSIDE)
    config.add_report_action("routeren", routing_action, order=9)
    config.add_panel("gemeente_bij_meldpunt", "beleid", policy_panel, order=80)
    config.scan("stopintimidatie.desk.queue.views")
