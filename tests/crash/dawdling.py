"""Workers that linger between the effect of a job and the job's own end: there a kill hurts most.

Their leases are short, so that others take up what a dead one had. Beside the product's own kinds
they know one that is naive: it adds a line to a file each time it is done. Had no kill hit a
worker between effect and end, no line would stand there twice, and the test would prove nothing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from stopintimidatie.core.jobs import JobContext, JobKind, Lane
from stopintimidatie.core.jobs.services import Handler
from stopintimidatie.core.jobs.worker import Worker

NAIVE = "naief"
LEASE_SECONDS = 2
SHORTEST, LONGEST = 0.05, 0.2


def install(lines: Path) -> None:
    """Have the workers of this process linger, and write their lines to this file."""
    chance = Random(os.getpid())
    patched: Any = Worker
    begin = patched.__init__

    def lingering(handler: Handler) -> Handler:
        def run(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
            handler(context, payloads)
            time.sleep(chance.uniform(SHORTEST, LONGEST))

        return run

    def write(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
        # One small write to the end of a file is whole, or not there.
        with lines.open("ab", buffering=0) as file:
            file.write("".join(f"{payload['n']}\n" for payload in payloads).encode())

    def made(worker: Worker, registry: Any, lane: Lane | None = None) -> None:
        begin(worker, registry, lane)
        kinds = {**worker.kinds, NAIVE: JobKind(NAIVE, write)}
        worker.kinds = {
            name: replace(kind, handler=lingering(kind.handler), lease_seconds=LEASE_SECONDS)
            for name, kind in kinds.items()
        }

    patched.__init__ = made
