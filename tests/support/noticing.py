"""A town that wants to be told of new reports, and what it was told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from stopintimidatie.core.clock import AMSTERDAM, clock_at
from stopintimidatie.core.mail.addresses import code_of, find_address
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.security import Role
from stopintimidatie.municipalities.people.services import postbox_of, urgent_number_of
from tests.support.factories import DORDRECHT, connect, make_report, make_user
from tests.support.installation import Installation

TUESDAY = datetime(2026, 11, 24, 11, 0, tzinfo=AMSTERDAM)


def told_of_reports(installation: Installation) -> Installation:
    """Dordrecht, connected, and told of its reports."""
    connect(installation)
    return with_addresses(installation)


def with_addresses(installation: Installation) -> Installation:
    """Give Dordrecht what it is told by: a confirmed mailbox and a number for spoed."""
    with clock_at(TUESDAY - timedelta(hours=2)):
        admin = installation.browser(make_user(installation, (DORDRECHT, Role.ADMIN)))
        form = admin.get("/gemeenten/dordrecht/berichten").forms["formulier"]
        form["adres"], form["spoednummer"] = "oov@dordrecht.example", "06 12345678"
        form.submit("opslaan", status=303)
        for which in ("adres", "spoednummer"):
            confirm(installation, admin, which)
        installation.run_jobs()
    return installation


def confirm(installation: Installation, admin: Any, which: str, typed: str = "") -> Any:
    owner = (postbox_of if which == "adres" else urgent_number_of)(DORDRECHT)
    with installation.transaction(DORDRECHT) as session:
        row = find_address(session, owner)
        assert row is not None
        assert "dordrecht" not in (row.address or "")
        code = code_of(installation.registry.key_ring, str(row.id), row.code_nonce or "1:")
    page = admin.get("/gemeenten/dordrecht/berichten")
    form = next(f for f in page.forms.values() if "code" in f.fields and f["welk"].value == which)
    form["code"] = typed or f"{code[:4]} {code[4:]}"
    return form.submit(status=303).follow()


def report(town: Installation, *, urgent: bool = False) -> UUID:
    with town.transaction() as session:
        made = make_report(session, town, description="Geheimwoord")
        made.urgent = urgent
        return made.id


def messages(town: Installation) -> list[MailMessage]:
    with town.transaction(DORDRECHT) as session:
        found = session.scalars(select(MailMessage).order_by(MailMessage.created_at)).all()
    return [m for m in found if "bevestigen" not in m.template]


@contextmanager
def at(town: Installation, moment: datetime) -> Iterator[None]:
    with clock_at(moment):
        yield
        town.run_jobs()
