"""Two web servers behind nginx, restarted in turn under load: nothing refused, lost or doubled."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from random import Random

import pytest

from tests.crash import checks
from tests.crash.campaign import until_answered
from tests.crash.clients import Apps
from tests.crash.ledger import Ledger
from tests.crash.nursery import gone
from tests.crash.proxy import proxy_before
from tests.crash.site import Group, Site
from tests.support.waiting import until

pytestmark = [pytest.mark.judged_once, pytest.mark.alles]

PER_SECOND, APPS = 50, 16
TURNS = 4
# As long both serve between two restarts.
BOTH = 1.5


@pytest.mark.postgresql
def test_no_report_is_refused_while_two_web_servers_are_restarted_in_turn(
    site: Site, tmp_path: Path
) -> None:
    servers, worker = [site.web(), site.web()], site.worker()
    for group in (*servers, worker):
        group.start()
    ports = [group.port or 0 for group in servers]
    with proxy_before(ports, tmp_path / "nginx", "localhost:6543") as proxy:
        apps = Apps(Ledger(Random(21)), [proxy.port], APPS, PER_SECOND, proxy.secure)
        began = time.monotonic()
        with apps.sending():
            for _ in range(TURNS):
                for group in servers:
                    until_answered(apps)
                    time.sleep(BOTH)
                    restart(group)
            time.sleep(BOTH)
        rate = sum(apps.ledger.statuses.values()) / (time.monotonic() - began)
    assert (apps.refusals, apps.broken) == ([], [])
    assert set(apps.ledger.statuses) == {201}
    assert rate > 0.8 * PER_SECOND
    site.drain()
    found = checks.compare(site.installation, apps.ledger)
    assert found.clean, found
    assert found.acknowledged == len(apps.ledger.entries)
    assert not apps.ledger.contradictions
    checks.check_log(site.log)


def restart(group: Group) -> None:
    """Stop a web server as systemd does, through its main process, and start it again."""
    os.kill(group.pid, signal.SIGTERM)
    until(lambda: gone(group.pid), seconds=40)
    group.start()
