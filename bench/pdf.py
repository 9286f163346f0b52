"""How long a dossier takes as a PDF, and how much memory: `python -m bench.pdf [reports …]`.

Each size is rendered by the real child process, start-up included, as the worker does it.
"""

from __future__ import annotations

import resource
import sys
import time
from io import BytesIO

from pypdf import PdfReader

from stopintimidatie.exports.process import render_in_process
from stopintimidatie.exports.profiles import INTERNAL
from stopintimidatie.exports.redaction import redact
from tests.unit.exports_factory import a_dossier

SIZES = (5, 30, 200)


HEAD = (
    "| meldingen | pagina's | redactie ms | PDF s | kB | MB geheugen |\n|--:|--:|--:|--:|--:|--:|"
)


def row(size: int) -> str:
    """One size measured, as a line of the table. Sizes must go up, for the memory."""
    source = a_dossier(size)
    start = time.perf_counter()
    content = redact(source, INTERNAL)
    redacted = time.perf_counter()
    pdf = render_in_process(content)
    done = time.perf_counter()
    # The highest of all children so far: the sizes go up, so it is this one's.
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    pages = len(PdfReader(BytesIO(pdf)).pages)
    return (
        f"| {size} | {pages} | {(redacted - start) * 1000:.1f} | {done - redacted:.1f} "
        f"| {len(pdf) // 1000} | {memory} |"
    )


def main(sizes: list[int]) -> None:
    print(HEAD)
    for size in sizes:
        print(row(size))


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or list(SIZES))
