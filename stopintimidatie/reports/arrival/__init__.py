"""The one door through which a report comes in."""

from __future__ import annotations

from typing import Any

from stopintimidatie.reports.arrival.services import Apart, Arrival, Arrived, receive


def includeme(config: Any) -> None:
    """Register the job of new reports, and the views."""
    from stopintimidatie.core.jobs import Lane
    from stopintimidatie.reports.arrival import jobs, services

    services.ARRIVALS.declare(config)
    config.add_job_kind(services.ARRIVED, services.arrived, batch=services.TOGETHER)
    config.add_arrival("plek", jobs.name_arrived)
    config.add_job_kind(jobs.NAME_PLACES, jobs.name_places, lane=Lane.SLOW)
    config.scan("stopintimidatie.reports.arrival.views")
