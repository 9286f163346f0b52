"""How an export reaches a partner, and what comes back: pick-up, answer, and what stands out.

The page with the code is `disclosures`'; what it opens is here. Register and state of each copy are
there too: this room makes the steps.
"""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    from stopintimidatie.deliveries import mailing, personal
    from stopintimidatie.deliveries.panel import export_panel
    from stopintimidatie.deliveries.pickups import PICKUP
    from stopintimidatie.deliveries.rectify_views import rectify_action
    from stopintimidatie.deliveries.watching import watch, withdrawn
    from stopintimidatie.exports.making import MADE_JOB
    from stopintimidatie.exports.withdrawing import JOB as WITHDRAWN_JOB

    config.add_pickup_kind(PICKUP)
    config.add_personal_data_holder(personal.PERSONAL_DATA)
    config.add_sealed(personal.SEALED)
    config.add_mail_recipient(mailing.CONTACTS_PHONE)
    for template in mailing.TEMPLATES:
        config.add_mail_template(template)
    config.add_personal_data_holder(personal.CORRECTION_DATA)
    config.add_job_kind(MADE_JOB, watch)
    config.add_job_kind(WITHDRAWN_JOB, withdrawn)
    config.add_report_action("rectificatie", rectify_action, order=70)
    config.add_panel("uitvoer", "verstrekking", export_panel, order=10)
    config.scan("stopintimidatie.deliveries.views")
    config.scan("stopintimidatie.deliveries.copy_views")
    config.scan("stopintimidatie.deliveries.rectify_views")
    config.scan("stopintimidatie.deliveries.visit_views")
