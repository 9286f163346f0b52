"""The dossier as a PDF: asked for, approved by a second person, made, registered, fetched.

The pure part: `source` (what a dossier knows) goes through a `profiles` profile in `redaction`
and becomes `content`, which is all that the PDF shows. `process` has it rendered by a child
process; only that child imports `rendering`, and only `rendering` imports WeasyPrint.

The part with a database: `loading` fills the source, `freezing` turns a request into content,
`services` are what people do, `making` is the worker's job, `vault` keeps the result.
"""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    from stopintimidatie.exports import urgency
    from stopintimidatie.exports.certificates import SEALED as SIGNING
    from stopintimidatie.exports.making import make_exports
    from stopintimidatie.exports.panel import dossier_panel
    from stopintimidatie.exports.personal import PERSONAL_DATA
    from stopintimidatie.exports.profile_views import administration_panel
    from stopintimidatie.exports.profiles import for_partners
    from stopintimidatie.exports.resources import LEVELS
    from stopintimidatie.exports.review_views import report_panel
    from stopintimidatie.exports.reviewing import PERSONAL_DATA as REVIEWED
    from stopintimidatie.exports.services import JOB
    from stopintimidatie.exports.vault import SEALED
    from stopintimidatie.jobs import Lane
    from stopintimidatie.security import Permission
    from stopintimidatie.web.own_places import add_own_place

    for level in LEVELS:
        config.add_tree_level(level)
    config.add_personal_data_holder(PERSONAL_DATA)
    config.add_personal_data_holder(REVIEWED)
    config.add_impersonal_table(
        "redaction_profile", "rules that a municipality chose, and who chose them; append-only"
    )
    config.add_partner_profiles(for_partners)
    config.add_sealed(SEALED)
    config.add_sealed(SIGNING)
    config.add_impersonal_table("signing_certificate", "of the municipality, as an organisation")
    # The lease outlives the longest rendering, or a second worker would start on it as well.
    lease = config.registry.app_settings.pdf_timeout_seconds + 120
    config.add_job_kind(JOB, make_exports, lease_seconds=lease, lane=Lane.SLOW)
    config.add_panel("melding", "tekst", report_panel, order=60)
    config.add_panel("dossier", "uitvoer", dossier_panel, order=50)
    config.add_panel("beheer", "redactieprofielen", administration_panel, order=30)
    add_own_place(config, "uitvoer", "Uitvoer", Permission.VIEW_EXPORT, order=60)
    config.add_job_kind(urgency.JOB, urgency.watch)
    config.add_mail_template(urgency.OVERDUE)
    config.scan("stopintimidatie.exports.views")
    config.scan("stopintimidatie.exports.urgency_views")
    config.scan("stopintimidatie.exports.request_views")
    config.scan("stopintimidatie.exports.decision_views")
    config.scan("stopintimidatie.exports.profile_views")
    config.scan("stopintimidatie.exports.review_views")
    config.scan("stopintimidatie.exports.together_views")
