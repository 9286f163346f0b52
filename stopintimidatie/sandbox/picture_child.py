"""The program in the child process that draws a picture anew.

Run as ``python -m stopintimidatie.sandbox.picture_child LIMITS DRAWING SOURCE TARGET``; the last
two are numbers of files that the parent opened. Before a byte of the picture is read it takes away
from itself what drawing never needs: more memory and time than agreed, and every file and socket
that isn't open yet. Why a picture isn't drawn is told in one word on standard output.
"""

import os
import resource
import sys

from stopintimidatie.sandbox.limits import Limits
from stopintimidatie.sandbox.refusals import PictureError

REFUSED = 3


def main(limits: str, drawing: str, source: str, target: str) -> int:
    """Draw one picture; the exit code says whether it was done."""
    Limits.from_text(limits).bind()
    from stopintimidatie.sandbox.pictures import DRAWINGS, draw

    with os.fdopen(int(source), "rb") as given, os.fdopen(int(target), "wb") as made:
        try:
            draw(DRAWINGS[drawing], given, made, _close_doors)
        except PictureError as refused:
            sys.stdout.write(refused.refusal.value)
            return REFUSED
    return 0


def _close_doors() -> None:
    """From here on no file, no socket and no other program opens, whatever a decoder is made to."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:5]))
