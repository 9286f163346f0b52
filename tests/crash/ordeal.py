"""One ordeal from begin to end: real work waits, apps send, groups are killed, all is counted."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from random import Random

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.reports.services import move_report
from tests.crash import checks
from tests.crash.campaign import Campaign, Kills
from tests.crash.checks import Findings
from tests.crash.clients import Apps
from tests.crash.ledger import Ledger
from tests.crash.site import Site
from tests.support.exporting import approved, make_case
from tests.support.factories import DORDRECHT, make_report
from tests.support.installation import Installation


@dataclass
class Outcome:
    """What an ordeal did, and what was found before and after the apps sent again."""

    kills: Kills
    apps: Apps
    before: Findings
    after: Findings
    seconds: float

    @property
    def lost(self) -> int:
        return len(self.before.lost) + len(self.after.lost)

    @property
    def doubled(self) -> int:
        found = (self.before, self.after)
        return sum(len(one.doubled) for one in found) + len(self.apps.ledger.contradictions)

    @property
    def halves(self) -> int:
        return len(self.before.halves) + len(self.after.halves)


@dataclass
class Ordeal:
    """A site, with exports and hand-overs that its worker has to do exactly once."""

    site: Site
    random: Random
    exports: int = 2
    hand_overs: int = 3
    _exports: list[str] = field(default_factory=list)
    _handed: list[str] = field(default_factory=list)

    def run(self, number: int) -> Outcome:
        """Kill so often, then have the apps send again what wasn't acknowledged."""
        start = time.perf_counter()
        self._prepare()
        web = self.site.web()
        apps = Apps(Ledger(self.random), [web.port or 0])
        kills = Campaign(self.site, apps, [web], self.site.worker(), self.random).run(number)
        # Before anybody sends again: whole, or not there at all.
        before = checks.compare(self.site.installation, apps.ledger)
        for group in self.site.groups:
            group.start()
        apps.finish()
        after = checks.compare(self.site.installation, apps.ledger)
        return Outcome(kills, apps, before, after, time.perf_counter() - start)

    def check(self, outcome: Outcome, searched: int) -> None:
        """What must hold besides the ledger: jobs, index, exports, hand-overs, the database."""
        installation = self.site.installation
        self.site.drain()
        assert not outcome.apps.garbled
        checks.check_jobs(installation)
        checks.check_exports(installation, self._exports)
        checks.check_hand_overs(installation, self._handed)
        checks.check_deliveries(installation)
        checks.check_patterns(installation)
        checks.check_integrity(installation)
        checks.check_log(self.site.log)
        checks.check_nothing_readable(self.site.folder / "tmp")
        checks.check_found(installation, outcome.apps.ledger.acknowledged[-searched:])

    def _prepare(self) -> None:
        case = make_case(self.site.installation, number=1)
        self._exports = [
            approved(case, ontvanger=f"Politie, team {n}") for n in range(self.exports)
        ]
        self._handed = [hand_over(self.site.installation) for _ in range(self.hand_overs)]


def hand_over(installation: Installation) -> str:
    """A report at the desk that goes to Dordrecht; the worker has to take it there."""
    with installation.transaction(NATIONAL) as session:
        report = make_report(session, installation, holder=NATIONAL)
        values = {"gemeente": DORDRECHT, "reden": "De plek ligt in deze gemeente."}
        move_report(
            session, installation.registry.workflow_effects, report, "doorgeven", values, SYSTEM
        )
        return report.reference
