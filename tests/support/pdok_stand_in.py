"""A local server that answers as PDOK's OGC API Features does: pages with `links`, and trouble.

The shapes are those of PDOK's own answers (numberReturned, self and next, MultiPolygon).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit


@dataclass
class StandIn:
    """What the server has, what it was asked, and how often it must fail first."""

    features: dict[str, list[Any]]
    page_size: int = 2
    address: str = ""
    asked: list[str] = field(default_factory=list)
    # Per number of the request (from 1): the status to answer instead, or "weg" to hang up.
    trouble: dict[int, int | str] = field(default_factory=dict)

    def page(self, collection: str, asked: dict[str, str]) -> dict[str, Any] | None:
        if collection not in self.features:
            return None
        town = asked.get("gemeentecode")
        mine = [
            feature
            for feature in self.features[collection]
            if town in (None, feature["properties"]["gemeentecode"])
        ]
        start = int(asked.get("cursor", "0"))
        shown = mine[start : start + self.page_size]
        links = [{"rel": "self", "type": "application/geo+json", "href": "self"}]
        if start + self.page_size < len(mine):
            following = {**asked, "cursor": str(start + self.page_size)}
            href = f"{self.address}/collections/{collection}/items?{urlencode(following)}"
            links.append({"rel": "next", "type": "application/geo+json", "href": href})
        return {
            "type": "FeatureCollection",
            "features": shown,
            "links": links,
            "numberReturned": len(shown),
        }


@contextmanager
def serving(stand_in: StandIn) -> Iterator[StandIn]:
    """The server, on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            stand_in.asked.append(self.path)
            trouble = stand_in.trouble.get(len(stand_in.asked))
            parts = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            page = stand_in.page(parts.path.split("/")[-2], asked)
            if isinstance(trouble, int) or page is None:
                self.send_error(trouble if isinstance(trouble, int) else 404)
                return
            body = json.dumps(page).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/geo+json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if trouble == "weg" else body)

        def log_message(self, *words: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stand_in.address = f"http://127.0.0.1:{server.server_port}/cbs/ogc/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield stand_in
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
