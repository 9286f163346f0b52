"""How much a rendering may use. Plain values, so that the child can read them without more."""

from dataclasses import astuple, dataclass
from typing import Self

MEGABYTE = 1024 * 1024
# Photos, sound and video within one PDF are together no more than this: what goes out must still
# fit in the form of /verificatie (25 MB), the text of a big dossier included.
EMBEDDED_MOST = 18_000_000
# On their way to the child each is told in so many bytes how long it is.
LENGTH_BYTES = 8


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one rendering: a dossier of 500 pages takes a quarter of this memory."""

    wall_seconds: int = 600
    cpu_seconds: int = 600
    memory_bytes: int = 1024 * MEGABYTE
    file_bytes: int = 200 * MEGABYTE

    def as_text(self) -> str:
        return ",".join(map(str, astuple(self)))

    @classmethod
    def from_text(cls, text: str) -> Self:
        return cls(*map(int, text.split(",")))
