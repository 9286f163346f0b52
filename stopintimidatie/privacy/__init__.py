"""The privacy officer's and the FG's room: the log, per municipality and per document."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    from stopintimidatie.privacy.menu import log_item

    config.add_nav_item("logboek", log_item, order=80)
    config.scan("stopintimidatie.privacy.views")
