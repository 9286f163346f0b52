"""Kill the web server and the worker at random moments, over and over, while the apps send."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from tests.crash.clients import Apps
from tests.crash.marks import IN_FLIGHT, Mark
from tests.crash.site import Group, Site

# Of four kills one hits the worker.
WORKER_PART = 4
# The longest the server is left alone before it is killed.
LONGEST = 0.25
# How long is waited for a moment that is aimed at.
AIM = 1.0


@dataclass
class Kills:
    """How many, and what they hit."""

    web: int = 0
    # A request was between its first write and its answer.
    in_flight: int = 0
    worker: int = 0
    # The worker had a job in hand.
    in_hand: int = 0
    marks: Counter[Mark] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return self.web + self.worker


@dataclass
class Campaign:
    """A site under load. `aim`: which part of the kills waits for a moment that hurts."""

    site: Site
    apps: Apps
    web: list[Group]
    worker: Group
    random: Random
    aim: float = 0.5
    kills: Kills = field(default_factory=Kills)

    def run(self, number: int) -> Kills:
        """Begin, kill as often as asked or until both were hit, and leave web and worker dead."""
        for group in (*self.web, self.worker):
            group.start()
        with self.apps.sending():
            for turn in range(number):
                if turn % WORKER_PART == 1:
                    self._kill_worker()
                else:
                    self._kill_web(self.random.choice(self.web), self.aim)
            # How many of these hit is up to the machine; that some did is not.
            for _ in range(number):
                if not self.kills.in_flight:
                    self._kill_web(self.random.choice(self.web), aim=1)
                if not self.kills.in_hand:
                    self._kill_worker()
        for group in (*self.web, self.worker):
            group.kill()
        self.site.let_leases_end()
        return self.kills

    def _kill_web(self, group: Group, aim: float) -> None:
        until_answered(self.apps)
        time.sleep(self.random.uniform(0, LONGEST))
        if self.random.random() < aim:
            wait_until(group.in_flight)
            time.sleep(self.random.uniform(0, 0.002))
        hit = group.kill()
        self.kills.web += 1
        self.kills.in_flight += any(mark in IN_FLIGHT for mark in hit)
        self.kills.marks.update(hit)
        group.start()

    def _kill_worker(self) -> None:
        wait_until(lambda: self.site.leases() > 0)
        time.sleep(self.random.uniform(0, LONGEST))
        self.worker.kill()
        self.kills.worker += 1
        self.kills.in_hand += self.site.leases() > 0
        self.site.let_leases_end()
        self.worker.start()


def wait_until(settled: Callable[[], bool], seconds: float = AIM) -> None:
    """Until it is so, or the time is over: a kill needn't hit what it is aimed at."""
    deadline = time.monotonic() + seconds
    while not settled() and time.monotonic() < deadline:
        time.sleep(0.001)


def until_answered(apps: Apps, seconds: float = 40) -> None:
    """Wait for the next acknowledgement, so that a kill hits a server that was at work."""
    before = apps.ledger.statuses[201]
    wait_until(lambda: apps.ledger.statuses[201] > before, seconds)
    told = [(refusal.status, refusal.body) for refusal in apps.refusals[-3:]]
    assert apps.ledger.statuses[201] > before, f"nothing is acknowledged any more: {told}"
