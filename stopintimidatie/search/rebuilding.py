"""Making the indexes of many holders anew, in several processes: each holder in one of them."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any, Final

from sqlalchemy import func, select

from stopintimidatie.search.backend import RebuildReport
from stopintimidatie.search.services import rebuild
from stopintimidatie.storage import transaction
from stopintimidatie.tree import Reference


def rebuild_many(
    registry: Any,
    holders: Sequence[str],
    processes: int,
    open_registry: Callable[[Any], Any],
) -> Iterator[RebuildReport]:
    """Rebuild each; what came of it, as it comes. The largest begin, so that none waits for one.

    :param open_registry: makes a registry from the settings; another process can import it.
    """
    ordered = _largest_first(registry, holders)
    if processes == 1 or len(ordered) < 2:
        for holder in ordered:
            yield rebuild(registry, holder)
        return
    # Fresh processes: a forked one would share this one's connections.
    context = multiprocessing.get_context("spawn")
    start = (registry.app_settings, open_registry)
    with ProcessPoolExecutor(processes, context, _start, start) as pool:
        for done in as_completed(pool.submit(_in_process, holder) for holder in ordered):
            yield done.result()


def _largest_first(registry: Any, holders: Sequence[str]) -> list[str]:
    with transaction(registry.engine, write=False) as session:
        held = select(Reference.holder, func.count()).group_by(Reference.holder)
        sizes = {holder: number for holder, number in session.execute(held)}  # noqa: C416 - rows
    return sorted(holders, key=lambda holder: (-sizes.get(holder, 0), holder))


_here: Final[dict[str, Any]] = {}


def _start(settings: Any, open_registry: Callable[[Any], Any]) -> None:
    _here["registry"] = open_registry(settings)


def _in_process(holder: str) -> RebuildReport:
    return rebuild(_here["registry"], holder)
