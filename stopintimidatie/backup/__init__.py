"""Backup copies: making one while the product runs, checking it, and starting again from it.

A copy is one stream: a tar of numbered parts, gzipped, sealed with age when a recipient is set.
`sqlite` and `postgresql` know how to take and to put back a snapshot of their database; the rest
is the same for both. The keys of the installation stay outside: a copy holds their identity, and
a restore refuses when the key file doesn't hold those very keys.
"""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the checks of health, and the job that looks at the folder of copies."""
    from stopintimidatie.backup import copies
    from stopintimidatie.backup.marker import marked, restore_check
    from stopintimidatie.core.clock import next_hour
    from stopintimidatie.core.jobs import Lane

    settings = config.registry.app_settings
    config.add_health_check("terugzetten", [marked(settings)], restore_check)
    ledger = [copies.LEDGER_PROBLEM, copies.LEDGER_BEHIND]
    config.add_health_check("grootboek", ledger, copies.ledger_check)
    config.add_health_check("reservekopieën", [copies.COPIES_PROBLEM], copies.copies_check)
    config.add_job_kind(
        copies.WATCH,
        copies.watch,
        attempts=copies.ATTEMPTS,
        lane=Lane.SLOW,
        next_at=next_hour,
    )
