"""Limits on a child process. Needs only the standard library, so that any child can run it.

``python -I -S limits.py LIMITS PROGRAM ARGUMENT...`` sets the limits and becomes that program.
"""

from __future__ import annotations

import os
import resource
import sys
from dataclasses import astuple, dataclass
from typing import Self

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on one child process, in seconds and bytes.

    The defaults are for a rendering: a dossier of 500 pages takes a quarter of this memory.

    :param yields: the `nice` value: how far the child lets other processes go first.
    """

    wall_seconds: int = 600
    cpu_seconds: int = 600
    memory_bytes: int = 1024 * MEGABYTE
    file_bytes: int = 200 * MEGABYTE
    yields: int = 0

    def as_text(self) -> str:
        return ",".join(map(str, astuple(self)))

    @classmethod
    def from_text(cls, text: str) -> Self:
        return cls(*map(int, text.split(",")))

    def bind(self) -> None:
        """Set these limits on this process; the parent guards the wall-clock time."""
        for what, most in (
            (resource.RLIMIT_AS, self.memory_bytes),
            (resource.RLIMIT_CPU, self.cpu_seconds),
            (resource.RLIMIT_FSIZE, self.file_bytes),
            (resource.RLIMIT_CORE, 0),
        ):
            hard = resource.getrlimit(what)[1]
            bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(what, (bound, bound))
        os.nice(self.yields)


if __name__ == "__main__":
    Limits.from_text(sys.argv[1]).bind()
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606
