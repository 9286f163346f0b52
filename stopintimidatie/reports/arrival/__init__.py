"""The one door through which a report comes in."""

from __future__ import annotations

from typing import Any

from stopintimidatie.reports.arrival.services import Apart, Arrival, Arrived, receive


def includeme(config: Any) -> None:
    """Register the job of new reports, and the views."""
    from stopintimidatie.reports.arrival import services

    services.ARRIVALS.declare(config)
    config.add_job_kind(services.ARRIVED, services.arrived, batch=services.TOGETHER)
    config.scan("stopintimidatie.reports.arrival.views")
