"""Exports of the demo to partners: waiting, answered, taken back, past their day.

They are asked for and approved while the demo is played, so each tells what was known then. The
worker makes the files afterwards, and lets happen what became of each, the clock at its moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.jobs import Job, JobContext
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.text import day_of
from stopintimidatie.disclosures.services import events_of, find_disclosure
from stopintimidatie.exports.models import Export, ExportState
from stopintimidatie.exports.release import services as release
from stopintimidatie.exports.request.jobs import make, withdraw
from stopintimidatie.exports.request.services import fetch, lock
from stopintimidatie.municipalities.partners.models import PartnerOrganisation
from stopintimidatie.municipalities.partners.services import contacts_of

JOB: Final = Job("demo.verstrekkingen")
DAY: Final = timedelta(days=1)
WRONG: Final = "Er stond een plek in die niet klopt. Wij maken een nieuwe uitvoer."
WHO: Final = {"naam": "Noor Demo", "functie": "operationeel expert wijk"}
# The others are taken along by the officer.
FETCHED_BY_PARTNER: Final = frozenset({"klaargezet", "beantwoord"})


def finish(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Make the file, and let happen what became of it (job). Done again it changes nothing."""
    for payload in payloads:
        number, at = UUID(payload["id"]), datetime.fromisoformat(payload["op"])
        with clock_at(at + timedelta(minutes=25)):
            make(context, number)
        with context.transaction() as session:
            export = lock(session, number)
            if export is None or export.state != ExportState.READY:
                continue
            row = find_disclosure(session, export.reference)
            if row is not None and events_of(session, row.id):
                continue
            _let_happen(session, context.registry.key_ring, export, at, payload["stand"])


def _let_happen(session: Session, keys: KeyRing, export: Export, at: datetime, end: str) -> None:
    """Let happen what became of an export that was ready at a moment."""
    officer = Actor("gebruiker", export.requested_by_id, export.requested_by)
    with clock_at(at + DAY):
        if end not in FETCHED_BY_PARTNER:
            fetch(session, keys, export, officer)
        else:
            partner = session.get_one(PartnerOrganisation, export.partner_id)
            people = contacts_of(session, keys, partner)
            address = next(person.address for person in people if person.address)
            release.offer_export(session, export, address, officer, days=21)
    if end == "ingetrokken":
        with clock_at(at + 4 * DAY):
            withdraw(session, export, officer, "onjuist", WRONG)
    if end == "beantwoord":
        pickup = release.pickups_of(session, export.id)[0]
        with clock_at(at + 2 * DAY):
            release.fetch_file(session, keys, pickup, export, WHO)
        with clock_at(at + 9 * DAY):
            release.give_answer(
                session, keys, pickup, export, _answer(day_of(utc_now()) - DAY), WHO
            )


def _answer(done_on: date) -> release.Answer:
    return release.Answer(
        done=("toezicht", "gesprek"),
        done_on=done_on,
        text="Vier avonden langs geweest. Het is rustiger sinds wij er vaker zijn.",
        wants_reporter=True,
        wants_about="M-01, om te horen welke kant zij op liepen.",
    )
