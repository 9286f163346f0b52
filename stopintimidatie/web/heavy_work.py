"""Heavy work of a request, done outside its transaction and its place in the application.

So the work holds no lock and keeps no other request waiting. The number of requests that do it at
once is limited for the whole machine.
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
# Key in the WSGI environ of a context manager that frees the request's place during a block.
OUTSIDE: Final = "stopintimidatie.web.outside"


@contextmanager
def heavy_work(request: Any) -> Iterator[None]:
    """Do the block outside the request's transaction and place, with a place for heavy work.

    Whether the request may wait is decided before it frees its place in the application: waiting
    requests keep their upload in memory, so only a few may.

    :raises NoPlaceError: no place for heavy work came free within a few seconds.
    """
    places: Places = request.registry.cleaning_places
    outside: Callable[[], AbstractContextManager[None]]
    outside = request.environ.get(OUTSIDE, nullcontext)
    with places.in_line(), between_transactions(request), outside(), places.one():
        yield
