"""The queue of the national desk: routing by hand, the call list, figures."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register steps, the job that finds addresses, and pages, panel and action of the queue."""
    from stopintimidatie.core.jobs import Lane
    from stopintimidatie.desk.queue import calls, pages, steps
    from stopintimidatie.desk.queue.routing import HELD, route_held
    from stopintimidatie.desk.queue.services import find_addresses
    from stopintimidatie.desk.queue.views import policy_panel, routing_action
    from stopintimidatie.reports.arrival.services import FIND_ADDRESS
    from stopintimidatie.reports.page.views import RAIL

    for name, effect in steps.EFFECTS.items():
        config.add_workflow_effect(name, effect)
    for name, offered in steps.OPTIONS.items():
        config.add_workflow_options(name, offered)
    for name, undo in steps.UNDO.items():
        config.add_undo(name, undo)
    config.add_held_step(HELD, route_held)
    config.add_arrival("aangesloten", steps.pass_on)
    config.add_job_kind(FIND_ADDRESS, find_addresses, lane=Lane.OUTSIDE)
    config.add_report_action("routeren", routing_action, order=9)
    config.add_impersonal_table("town_call", "in office: who of the staff rang, and a code")
    config.add_panel(RAIL, "meldpunt", pages.rail_panel)
    config.add_panel("gemeente_bij_meldpunt", "bellen", calls.call_panel, order=10)
    config.add_panel("gemeente_bij_meldpunt", "beleid", policy_panel, order=80)
    config.scan("stopintimidatie.desk.queue.calls")
    config.scan("stopintimidatie.desk.queue.summary")
    config.scan("stopintimidatie.desk.queue.views")
