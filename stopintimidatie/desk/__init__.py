"""The national desk's own tree: what has no connected municipality waits here."""

from __future__ import annotations

from functools import partial
from typing import Any


def includeme(config: Any) -> None:
    from stopintimidatie.desk import transfer
    from stopintimidatie.desk.menu import desk_item
    from stopintimidatie.desk.personal import PERSONAL_DATA
    from stopintimidatie.desk.resources import Desk
    from stopintimidatie.storage import NATIONAL

    config.add_tree_root(NATIONAL, Desk)
    config.add_personal_data_holder(PERSONAL_DATA)
    config.add_nav_item("landelijk", desk_item, order=20)
    config.add_workflow_effect(
        "melding.doorgeven", partial(transfer.hand_over, config.registry.key_ring)
    )
    config.add_job_kind(transfer.JOB, transfer.take_over)
    config.scan("stopintimidatie.desk.views")
