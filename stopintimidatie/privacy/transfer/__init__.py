"""Transfer: a dossier that must be kept goes to an archive; a municipality that ends gets all."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the job and pages of transferring."""
    from stopintimidatie.core.jobs import Lane
    from stopintimidatie.core.security import Permission
    from stopintimidatie.municipalities.areas.resources import add_own_place
    from stopintimidatie.privacy.transfer.jobs import make_packages
    from stopintimidatie.privacy.transfer.resources import LEVELS, NAME, waiting
    from stopintimidatie.privacy.transfer.services import JOB

    # The lease outlives the longest rendering, and the writing of many attachments.
    lease = config.registry.app_settings.pdf_timeout_seconds + 600
    config.add_job_kind(JOB, make_packages, lease_seconds=lease, lane=Lane.SLOW)
    for level in LEVELS:
        config.add_tree_level(level)
    add_own_place(config, NAME, "Overbrengen", Permission.TRANSFER, order=87, waiting=waiting)
    config.scan("stopintimidatie.privacy.transfer.views")
