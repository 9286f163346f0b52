"""What an operator sees of a running process: log lines and figures, and nobody's data in either.

On the lowest floor, so that every room can tell what it did. Views are told by name, never by
address: an address can hold a reference, a query what somebody looked for.
"""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    from pyramid.tweens import INGRESS

    config.add_tween(
        "stopintimidatie.telemetry.access.access_tween",
        under=INGRESS,
        over="stopintimidatie.web.headers.headers_tween",
    )
