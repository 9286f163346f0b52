"""What the demo's municipalities gave to partners: waiting, answered, taken back, past its day.

Asked for and approved while the demo is replayed, so that each document tells what was known then.
The files are made afterwards, by the worker: loading the demo doesn't wait for them. What became of
each follows then, with the clock at its own moment.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from stopintimidatie.core import text
from stopintimidatie.core.audit import Actor
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.jobs import Job, JobContext, OutboxJob, enqueue
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.text import AMSTERDAM, day_of
from stopintimidatie.demo.stories.model import DemoDossier, local, working_day
from stopintimidatie.disclosures.resources import PREFIX
from stopintimidatie.disclosures.services import events_of, find_disclosure
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.exports.extract.queries import load_dossier
from stopintimidatie.exports.models import Export, ExportState
from stopintimidatie.exports.release.services import (
    Answer,
    fetch_file,
    give_answer,
    offer_export,
    pickups_of,
)
from stopintimidatie.exports.request.jobs import make, withdraw
from stopintimidatie.exports.request.services import JOB as MAKING
from stopintimidatie.exports.request.services import approve, fetch, lock, request_export
from stopintimidatie.exports.vocabulary import ExportRequest
from stopintimidatie.municipalities.partners.models import PartnerOrganisation
from stopintimidatie.municipalities.partners.services import contacts_of

JOB: Final = Job("demo.verstrekkingen")
DAY: Final = timedelta(days=1)
BASIS: Final = "avg_6_1_e_openbare_orde"
MINORS: Final = (
    "Het gaat ook om leerlingen. Zonder hun meldingen klopt het beeld van plek en tijd niet."
)


@dataclass(frozen=True)
class Gift:
    """A document for a partner: what became of it, when it was asked, until when it may be kept."""

    stand: str
    partner: str
    profile: str
    question: str
    days_ago: int
    # From today: negative is past.
    destroy_in: int
    running: bool = True


WATCH: Final = "Wilt u op de drukke uren extra langsgaan, en ons laten weten wat u ziet?"
GIFTS: Final[Mapping[str, Sequence[Gift]]] = {
    "GM0505": (
        Gift("verlopen", "Politieteam Merwekade (demo)", "politie", WATCH, 70, -12, running=False),
        Gift("beantwoord", "Politieteam Merwekade (demo)", "politie", WATCH, 40, 120),
        Gift(
            "ingetrokken",
            "Jongerenwerk De Brug (demo)",
            "zorg_welzijn",
            "Kent u deze groep, en kunt u met hen in gesprek?",
            30,
            90,
        ),
        Gift(
            "klaargezet",
            "Woonstichting Hofrand (demo)",
            "woningcorporatie",
            "Kunt u de verlichting bij de ingangen nakijken?",
            4,
            150,
        ),
    ),
    "GM0772": (
        Gift("beantwoord", "Politieteam Dommeloever (demo)", "politie", WATCH, 40, 120),
        Gift(
            "klaargezet",
            "Vervoerbedrijf Lichtlijn (demo)",
            "openbaar_vervoer",
            "Kunt u uw personeel op deze lijn laten opletten, en ons bellen?",
            4,
            150,
        ),
    ),
}


@dataclass(frozen=True)
class Planned:
    """A gift, of which dossier, asked at a moment."""

    gift: Gift
    dossier: str
    at: datetime

    @property
    def reference(self) -> str:
        """The same every time."""
        chosen = random.Random(f"{self.dossier}:{self.gift.stand}")  # noqa: S311 - no secret
        return text.with_check(PREFIX, "".join(chosen.choices(text.ALPHABET, k=7)))


def planned(dossiers: Iterable[DemoDossier], holder: str, moment: datetime) -> list[Planned]:
    """Return the gifts of a municipality for which a dossier ran long enough."""
    mine = [one for one in dossiers if one.municipality == holder and one.moves]
    mine = [one for one in mine if one.type != "persoonsgericht"]
    found = []
    for gift in GIFTS.get(holder, ()):
        at = _moment(moment, gift.days_ago)
        open_then = [one for one in mine if _ran_at(one, at) and _fits(one, gift)]
        if open_then:
            largest = max(open_then, key=lambda one: (_inside(one, at), one.key))
            found.append(Planned(gift, largest.key, at))
    return found


def _moment(moment: datetime, days_ago: int) -> datetime:
    day = working_day(local(moment - days_ago * DAY).date())
    return datetime.combine(day, time(10, 20), AMSTERDAM)


def _ran_at(dossier: DemoDossier, at: datetime) -> bool:
    """Tell whether it had begun some days before, and wasn't watched over only or closed."""
    ends = dossier.moves[1].at if len(dossier.moves) > 1 else None
    return dossier.moves[0].at + 2 * DAY < at and (ends is None or at < ends)


def _inside(dossier: DemoDossier, at: datetime) -> int:
    """Count the reports it held then."""
    return sum(one.joined_at < at for one in dossier.members)


def _fits(dossier: DemoDossier, gift: Gift) -> bool:
    return (dossier.state == "in_aanpak") is gift.running


def ask(session: Session, registry: Any, dossier: Dossier, plan: Planned, people: Any) -> None:
    """Ask as an officer and approve as the owner, with the dossier as it stands now."""
    officer, owner = people("oov"), people("dossierhouder")
    keys, settings, today = registry.key_ring, registry.app_settings, day_of(utc_now())
    gift = plan.gift
    left = timedelta(days=gift.days_ago + gift.destroy_in)
    wish = ExportRequest(
        profile=gift.profile,
        recipient=gift.partner,
        question=gift.question,
        answer_by=today + min(14 * DAY, left),
        purpose=dossier.purpose or "Samen bepalen wat er tegen de overlast kan.",
        legal_basis=BASIS,
        destroy_by=today + left,
        minors_ground=MINORS,
    )
    loaded, reference = load_dossier(session, dossier), plan.reference
    asked = request_export(session, settings, loaded, wish, officer, reference=reference)
    approve(session, keys, asked, owner, seen=asked.fingerprint)
    # The file is made by `finish`, with the clock at this moment.
    session.execute(delete(OutboxJob).where(OutboxJob.kind == MAKING.name))


def set_up(session: Session, holder: str, plans: Iterable[Planned], moment: datetime) -> None:
    """Name the partners, which weren't there yet, and have the worker go on with each."""
    for plan in plans:
        export = _export(session, plan.reference)
        partner = session.scalars(
            select(PartnerOrganisation).where(PartnerOrganisation.name == plan.gift.partner)
        ).one()
        export.partner_id = partner.id
        payload = {"id": str(export.id), "stand": plan.gift.stand, "op": plan.at.isoformat()}
        with clock_at(moment):
            enqueue(session, JOB, holder, payload)


def _export(session: Session, reference: str) -> Export:
    return session.scalars(select(Export).where(Export.reference == reference)).one()


def finish(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Make the file, and let happen what became of it (job). Done again it changes nothing."""
    for payload in payloads:
        number, at = UUID(payload["id"]), datetime.fromisoformat(payload["op"])
        with clock_at(at + timedelta(minutes=25)):
            make(context, number)
        with context.transaction() as session:
            export = lock(session, number)
            if export is None or export.state != ExportState.READY or _begun(session, export):
                continue
            BECAME[payload["stand"]](session, context.registry.key_ring, export, at)


def _begun(session: Session, export: Export) -> bool:
    row = find_disclosure(session, export.reference)
    return row is not None and bool(events_of(session, row.id))


def _officer(export: Export) -> Actor:
    return Actor("gebruiker", export.requested_by_id, export.requested_by)


def _put_ready(session: Session, keys: KeyRing, export: Export, at: datetime) -> None:
    """Let it wait for the partner."""
    partner = session.get_one(PartnerOrganisation, export.partner_id)
    address = next(one.address for one in contacts_of(session, keys, partner) if one.address)
    with clock_at(at + DAY):
        offer_export(session, export, address, _officer(export), days=21)


def _answered(session: Session, keys: KeyRing, export: Export, at: datetime) -> None:
    """Fetch it the day after, and answer a week later; nobody has read that yet."""
    _put_ready(session, keys, export, at)
    pickup = pickups_of(session, export.id)[0]
    who = {"naam": "Noor Demo", "functie": "operationeel expert wijk"}
    with clock_at(at + 2 * DAY):
        fetch_file(session, keys, pickup, export, who)
    with clock_at(at + 9 * DAY):
        done_on = day_of(utc_now()) - DAY
        answer = Answer(
            done=("toezicht", "gesprek"),
            done_on=done_on,
            text="Vier avonden langs geweest. Het is rustiger sinds wij er vaker zijn.",
            wants_reporter=True,
            wants_about="M-01, om te horen welke kant zij op liepen.",
        )
        give_answer(session, keys, pickup, export, answer, who)


def _handed_over(session: Session, keys: KeyRing, export: Export, at: datetime) -> None:
    """Let the officer take it along; its day to be destroyed passes."""
    with clock_at(at + DAY):
        fetch(session, keys, export, _officer(export))


def _taken_back(session: Session, keys: KeyRing, export: Export, at: datetime) -> None:
    """Hand it over, and take it back: something in it was wrong."""
    _handed_over(session, keys, export, at)
    reason = "Er stond een plek in die niet klopt. Wij maken een nieuwe uitvoer."
    with clock_at(at + 4 * DAY):
        withdraw(session, export, _officer(export), "onjuist", reason)


BECAME: Final[Mapping[str, Callable[[Session, KeyRing, Export, datetime], None]]] = {
    "klaargezet": _put_ready,
    "beantwoord": _answered,
    "ingetrokken": _taken_back,
    "verlopen": _handed_over,
}
