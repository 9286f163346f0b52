"""Filling an installation: the order, the work in one or several processes, and the progress."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from stopintimidatie.demo.dice import Dice, start_of
from stopintimidatie.demo.loading import DemoError
from stopintimidatie.demo.scale import accounts, grounds, plan
from stopintimidatie.demo.scale.drafts import Calendar
from stopintimidatie.demo.scale.making import Town, make
from stopintimidatie.demo.scale.stories import secrets_of
from stopintimidatie.register.models import Municipality, Neighbourhood
from stopintimidatie.storage import NATIONAL, transaction

Progress = Callable[[int, int], None]
CONNECTED: Final = 300
YEARS: Final = 5


@dataclass(frozen=True)
class Order:
    """How many reports, from which seed, until which day.

    :param connected: so many municipalities hold their own reports.
    :param fixed: municipalities that get a number of their own.
    """

    total: int
    seed: int
    day: date
    years: int = YEARS
    connected: int = CONNECTED
    fixed: Mapping[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What all chance follows from: another order makes other reports."""
        fixed = ",".join(f"{code}={number}" for code, number in sorted(self.fixed.items()))
        parts = (self.seed, self.total, self.day, self.years, self.connected, fixed)
        return "/".join(map(str, parts))


def fill(
    registry: Any,
    order: Order,
    *,
    helpers: Helpers | None = None,
    progress: Progress | None = None,
) -> int:
    """Make what isn't there yet; the number of reports that were added.

    :param helpers: processes to do it in; this one alone when None.
    :raises DemoError: this isn't a demo, or there is no place to put reports.
    """
    shares = _shares(registry, order)
    app_key_id = accounts.prepare_desk(registry.engine)
    hashed = accounts.hashed_password()
    calendar = Calendar(start_of(order.day), order.years)
    work = Work(registry.app_settings, order, app_key_id, hashed, calendar)
    done = added = 0
    ordered = plan.heaviest_first(shares)
    batches = Maker(registry, work).run(ordered) if helpers is None else helpers.run(work, ordered)
    for made, number in batches:
        done += number
        added += number if made else 0
        if progress is not None:
            progress(done, order.total)
    return added


def _shares(registry: Any, order: Order) -> list[plan.Share]:
    if not registry.app_settings.demo:
        raise DemoError("Dit kan alleen met demo = true in de instellingen.")
    if order.total < 1 or sum(order.fixed.values()) > order.total:
        raise DemoError(
            "Het aantal is te klein: geef minstens 1, en minstens wat de gemeenten samen krijgen."
        )
    with transaction(registry.engine, write=False) as session:
        weights = grounds.weights(session)
    strange = sorted(order.fixed.keys() - weights.keys())
    if strange:
        raise DemoError(
            f"Van {', '.join(strange)} is geen wijk bekend. Laad eerst de grenzen, met"
            " ‘stopintimidatie gebieden laden’, of noem een andere gemeente."
        )
    return plan.divide(order.total, weights, order.connected, order.fixed)


def holders(registry: Any, order: Order) -> list[str]:
    """Who holds reports of this order."""
    return sorted({share.holder for share in _shares(registry, order)})


@dataclass(frozen=True)
class Work:
    """What another process needs to know."""

    settings: Any
    order: Order
    app_key_id: UUID
    hashed: str
    calendar: Calendar


class Maker:
    """One process at work."""

    def __init__(self, registry: Any, work: Work) -> None:
        self._registry = registry
        self._work = work
        self._made = 0

    def run(self, shares: Iterable[plan.Share]) -> Iterator[tuple[bool, int]]:
        """Shares, batch by batch: whether it was new, and how many reports it has."""
        engine = self._registry.engine
        for share in shares:
            town = _town(self._registry, self._work, share)
            for batch in plan.batches(share):
                yield make(engine, town, batch), batch.count
                self._made += 1
                if self._made.bit_count() == 1:
                    # PostgreSQL checks keys to parents by plans that a connection makes once; one
                    # made while the parent was (nearly) empty reads all rows of the holder, each
                    # time again. So now and then, ever less often: connections anew.
                    engine.dispose()


@dataclass(frozen=True)
class Helpers:
    """Other processes, each with an engine and keys of its own.

    :param open_registry: makes them from the settings; a function that another process can import.
    """

    number: int
    open_registry: Callable[[Any], Any]

    def run(self, work: Work, shares: Iterable[plan.Share]) -> Iterator[tuple[bool, int]]:
        """Every share in some process; the batches of a share stay in order."""
        # Fresh processes: a forked one would share this one's connections.
        context = multiprocessing.get_context("spawn")
        start = (work, self.open_registry)
        with ProcessPoolExecutor(self.number, context, _start, start) as pool:
            for done in as_completed(pool.submit(_in_process, share) for share in shares):
                yield from done.result()


_here: dict[str, Maker] = {}


def _start(work: Work, open_registry: Callable[[Any], Any]) -> None:
    _here["maker"] = Maker(open_registry(work.settings), work)


def _in_process(share: plan.Share) -> list[tuple[bool, int]]:
    return list(_here["maker"].run([share]))


def _town(registry: Any, work: Work, share: plan.Share) -> Town:
    order, code = work.order, share.municipality
    with transaction(registry.engine, share.holder) as session:
        desk = share.holder == NATIONAL
        actors = {} if desk else accounts.take_part(session, share.holder, work.hashed)
        found = grounds.grounds_of(session, code) if code else []
        wijken = select(Neighbourhood.code, Neighbourhood.slug).where(
            Neighbourhood.municipality_code == code
        )
        slugs = dict(session.execute(wijken).all())
        slug = session.get_one(Municipality, code).slug if code else ""
    sites = (
        grounds.sites_of(Dice(f"{order.name}/{code}"), code, found) if code else grounds.nowhere()
    )
    keys = registry.key_ring
    return Town(
        name=order.name,
        numbering=plan.Numbering.of(order.name),
        holder=share.holder,
        slug=slug,
        wijk_slugs=slugs,
        sites=sites,
        actors=actors,
        keys=keys,
        secrets=secrets_of(keys),
        app_key_id=work.app_key_id,
        moment=work.calendar.moment,
        calendar=work.calendar,
    )
