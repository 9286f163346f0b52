"""Transfer: a dossier that must be kept goes to an archive; a municipality that ends gets all."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the pages of transferring, and what becomes of a package asked for earlier."""
    from stopintimidatie.core.security import Permission
    from stopintimidatie.municipalities.areas.resources import add_own_place
    from stopintimidatie.privacy.transfer.services import JOB, NAME, stop_packages, waiting

    config.add_job_kind(JOB, stop_packages)
    add_own_place(config, NAME, "Overbrengen", Permission.TRANSFER, order=87, waiting=waiting)
    config.scan("stopintimidatie.privacy.transfer.views")
