"""Static files: an address with their hash, and packed where the browser can unpack.

Packing happens here, for text only and remembered per version: the files are public, so nothing
secret is compressed beside something an attacker chooses.
"""

import gzip
import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent / "static"
PACKED_TYPES = ("text/css", "text/javascript", "application/javascript", "image/svg+xml")


@lru_cache(maxsize=256)
def _hash_of(path: Path, changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def static_url(name: str) -> str:
    """Address of one of our static files: ``/static/app.css?v=1f0c…``

    A file that set-up hasn't fetched (yet) must not take the page down: it goes without a hash.
    """
    path = ROOT / name
    try:
        return f"/static/{name}?v={_hash_of(path, path.stat().st_mtime_ns)}"
    except FileNotFoundError:
        return f"/static/{name}"


@lru_cache(maxsize=64)
def _packed(body: bytes) -> bytes:
    return gzip.compress(body, compresslevel=9, mtime=0)


def pack(request: Any, response: Any) -> None:
    """Replace the body by its packed form, if that is wanted and worth it."""
    wanted = "gzip" in request.headers.get("Accept-Encoding", "")
    if response.status_int != 200 or not wanted or response.content_type not in PACKED_TYPES:
        return
    body = response.body
    if len(body) > 500 and response.content_encoding is None:
        response.body = _packed(body)
        response.content_encoding = "gzip"
        response.etag = None
        response.content_md5 = None


def static_tween(handler: Callable[[Any], Any], registry: Any) -> Callable[[Any], Any]:
    def tween(request: Any) -> Any:
        response = handler(request)
        if request.environ.get("PATH_INFO", "").startswith(("/static/", "/huisstijl/")):
            pack(request, response)
            response.vary = ["Accept-Encoding"]
        return response

    return tween
