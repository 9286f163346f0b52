"""Heavy work of a request, done where nobody waits for it.

It has no transaction meanwhile, so no lock either, and no place in the application; and at most so
many requests do it at once, on this whole machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Final

from stopintimidatie.sandbox.places import Places
from stopintimidatie.storage.request import between_transactions

TOO_BUSY: Final = (
    "Er worden nu veel bestanden tegelijk nagekeken. Uw bestand is niet bewaard. Wacht een halve"
    " minuut, kies het bestand opnieuw en verstuur het nog een keer."
)
# In the environ: gives the place in the application away for the time of a block.
OUTSIDE: Final = "stopintimidatie.web.outside"


@contextmanager
def set_apart(request: Any) -> Iterator[None]:
    """A place for heavy work.

    Who may wait for one is told before the request leaves its own place: those outside have what
    was sent to them in memory, and are never more than a few.

    :raises NoPlaceError: there was none within a few seconds.
    """
    places: Places = request.registry.cleaning_places
    outside: Callable[[], AbstractContextManager[None]]
    outside = request.environ.get(OUTSIDE, nullcontext)
    with places.in_line(), between_transactions(request), outside(), places.one():
        yield
