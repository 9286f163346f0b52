"""The worker at eight o'clock on a working day, with a real mail server."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

from stopintimidatie.core.clock import AMSTERDAM, clock_at
from stopintimidatie.core.mail.delivery import Courier
from stopintimidatie.home.services import EVERY_MORNING
from tests.support.installation import Installation
from tests.support.mail_server import Received, mail_server

# The day after it is a working day as well.
TUESDAY = date(2031, 3, 4)


class Morning:
    """The worker at eight o'clock, with a real mail server."""

    def __init__(self, installation: Installation, folder: Path) -> None:
        self.installation, self.folder = installation, folder

    def mails(self, day: date = TUESDAY) -> list[Received]:
        """Let it work on a day, some minutes late; what arrived."""
        at = datetime.combine(day, datetime.min.time(), AMSTERDAM) + timedelta(hours=8, minutes=2)
        with mail_server(self.folder) as server, clock_at(at):
            settings = server.settings(self.installation.settings)
            self.installation.registry.app_settings = settings
            self.installation.registry.courier = Courier(settings)
            self.installation.run_scheduled(EVERY_MORNING.name)
        return server.mailbox.received

    def to(self, day: date = TUESDAY) -> list[str]:
        return sorted(address for mail in self.mails(day) for address in mail.recipients)
