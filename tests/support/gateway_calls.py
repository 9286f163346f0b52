"""A question to the gateway, without a server."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from stopintimidatie.cli.gateway import Gateway

Answer = tuple[str, dict[str, str], bytes]


def ask(gateway: Gateway, body: bytes = b"", **environ: Any) -> Answer:
    seen: list[Any] = []
    base = {"SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "x", "wsgi.input": BytesIO(body)}
    parts = gateway({**base, **environ}, lambda status, headers, info=None: seen.append(
        (status, dict(headers))
    ))  # fmt: skip
    return (*seen[-1], b"".join(parts))
