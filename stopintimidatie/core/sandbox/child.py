"""Program of the child process that decodes a picture and encodes it again.

Run as ``python -m stopintimidatie.sandbox.picture_child LIMITS DRAWING SOURCE TARGET``; the last
two are numbers of files that the parent opened. Before it decodes anything it limits its memory and
time, and makes sure that it can open no other file or socket. When a picture is refused it writes
the reason, one word, to standard output.
"""

from __future__ import annotations

import os
import resource
import sys

from stopintimidatie.core.sandbox.limits import Limits
from stopintimidatie.core.sandbox.process import PictureError

REFUSED = 3


def main(limits: str, drawing: str, source: str, target: str) -> int:
    """Convert one picture; return the exit code: 0 when done, `REFUSED` when refused."""
    Limits.from_text(limits).bind()
    from stopintimidatie.core.sandbox.pictures import DRAWINGS, draw

    with os.fdopen(int(source), "rb") as given, os.fdopen(int(target), "wb") as made:
        try:
            draw(DRAWINGS[drawing], given, made, _close_doors)
        except PictureError as refused:
            sys.stdout.write(refused.refusal.value)
            return REFUSED
    return 0


def _close_doors() -> None:
    """Make opening any file, socket or program impossible, even if a decoder is taken over."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:5]))
