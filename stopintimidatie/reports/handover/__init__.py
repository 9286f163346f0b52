"""Reports that go from one municipality to another: offered, transferred, taken over."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register effects, jobs, mail, menu item and views of hand-overs."""
    from functools import partial

    from stopintimidatie.core.security import Permission
    from stopintimidatie.municipalities.areas.resources import add_own_place
    from stopintimidatie.reports.handover import services, transfer
    from stopintimidatie.reports.handover.personal import PERSONAL_DATA, RETENTION

    registry = config.registry
    config.add_personal_data_holder(PERSONAL_DATA)
    config.add_retention_class(RETENTION)
    config.add_sealed(transfer.SEALED)
    config.add_workflow_effect("melding.doorgeven", partial(transfer.hand_over, registry))
    config.add_workflow_effect("melding.samenvoegen", partial(services.go_over, registry))
    config.add_workflow_effect("overdracht.aanbieden", partial(services.offer, registry))
    config.add_workflow_effect("overdracht.intrekken", services.take_back)
    config.add_workflow_effect("overdracht.geven", partial(services.give, registry))
    config.add_job_kind(transfer.JOB, transfer.take_over)
    config.add_job_kind(services.ANSWERED, services.answered)
    config.add_job_kind(services.JOB, services.tell)
    config.add_mail_template(services.TEMPLATE)
    name, title, waiting = "overdrachten", "Overdrachten", services.waiting
    add_own_place(config, name, title, Permission.TRIAGE, order=25, waiting=waiting)
    config.scan("stopintimidatie.reports.handover.views")
