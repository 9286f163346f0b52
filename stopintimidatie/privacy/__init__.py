"""The privacy officer's and the FG's room: the log, per municipality and per document."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    from stopintimidatie.privacy.links import log_action, log_panel
    from stopintimidatie.privacy.menu import log_item

    config.add_nav_item("logboek", log_item, order=80)
    config.add_report_action("logboek", log_action, order=90)
    config.add_panel("dossier", "logboek", log_panel, order=90)
    config.scan("stopintimidatie.privacy.views")
