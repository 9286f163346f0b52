"""The scenario files of the demo: the moments in them, and the municipalities and people they name.

`gemeenten.json` and `meldpunt.json` say who there are and what they agreed, `meldingen_*.json` and
`dossiers_*.json` what happens, `oefencasussen.json` is for practice. Of each act `op` says when and
`door` who; the other words are those of `acts`.

A moment such as `-12 22:40` is so many days from the reference day, and the hour here. That day is
the first Tuesday from the day of the demo on, so that Fridays stay Fridays; what lies ahead of the
day of the demo (six days at most) isn't played yet.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.accounts.passwords import PUBLISHED, hash_password
from stopintimidatie.core.accounts.services import find_user, give_role
from stopintimidatie.core.audit import SYSTEM, Actor
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.text import AMSTERDAM
from stopintimidatie.municipalities.accountability.rules import DAYS
from stopintimidatie.municipalities.accountability.services import ask_to_settle
from stopintimidatie.municipalities.areas.models import MailDomain
from stopintimidatie.municipalities.levels.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.municipalities.settings import services as settings
from stopintimidatie.municipalities.settings.models import MunicipalityQuestion, MunicipalitySetting
from stopintimidatie.municipalities.settings.queries import OFFICER, REPORTER, stored_answers
from stopintimidatie.municipalities.settings.rules import Part
from stopintimidatie.programme.knowledge.models import SharedPractice, State
from stopintimidatie.programme.knowledge.services import PRACTICES, propose, settle
from stopintimidatie.reports.campaigns.models import Campaign
from stopintimidatie.reports.campaigns.services import save_campaign
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.workflow import ReportState
from stopintimidatie.statistics.release.services import (
    freeze_quarters,
    publish_quarter,
    releases_of,
)

Json = Mapping[str, Any]
FOLDER: Final = files("stopintimidatie.demo") / "scenarios"
REFERENCE_WEEKDAY: Final = 1
DORDRECHT, EINDHOVEN = "GM0505", "GM0772"
_NAMES: Final = {NATIONAL: "meldpunt", DORDRECHT: "dordrecht", EINDHOVEN: "eindhoven"}


@cache
def read(name: str) -> Any:
    """Return what a scenario file holds; whoever asks leaves it as it is."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def reports_of(holder: str) -> list[Json]:
    """Return the reports of a holder, oldest first."""
    return list(read(f"meldingen_{_NAMES[holder]}"))


def dossiers_of(holder: str) -> list[Json]:
    """Return the dossiers of a municipality; the desk has none."""
    return [] if holder == NATIONAL else list(read(f"dossiers_{_NAMES[holder]}"))


class Timeline:
    """The days and moments of the files, for a demo whose present day is `day`."""

    def __init__(self, day: date) -> None:
        self.moment = datetime.combine(day, time(), AMSTERDAM).astimezone(UTC)
        self.reference = day + timedelta(days=(REFERENCE_WEEKDAY - day.weekday()) % 7)

    def day(self, days: int) -> date:
        """Return the day that lies so many days after the reference day."""
        return self.reference + timedelta(days=days)

    def at(self, written: str) -> datetime:
        """Return the moment that is written as `-12 22:40`."""
        days, hour = written.split()
        local = datetime.combine(self.day(int(days)), time.fromisoformat(hour), AMSTERDAM)
        return local.astimezone(UTC)


def message_of(report: Json, timeline: Timeline) -> dict[str, Any]:
    """Return the message that the app would send for this report."""
    # In the night that clocks change it can come out later than the report.
    start = min(timeline.at(report["gebeurd"]), timeline.at(report["gemeld"]))
    message = {**report["antwoorden"], "taal": "nl", "incidentVan": _written(start)}
    if "minuten" in report:
        message["incidentTot"] = _written(start + timedelta(minutes=report["minuten"]))
    return message | ({"omschrijving": report["verhaal"]} if report["verhaal"] else {})


def _written(moment: datetime) -> str:
    return moment.astimezone(AMSTERDAM).isoformat()


# People and accounts

PASSWORD: Final = PUBLISHED  # printed at every start of the demo
# The number of newest reports that get answers to the municipality's own questions.
ANSWERED: Final = 6
Users = Mapping[tuple[str, str], User]


TOWNS: Final[Mapping[str, Json]] = {town["code"]: town for town in read("gemeenten")}
DESK: Final[Json] = read("meldpunt")
# Accounts: user name, name, holder and role.
PEOPLE: Final = tuple(
    (
        row.get("adres", f"{row.get('account', row['rol'])}@{office['domein']}"),
        *(row["naam"], holder, Role(row["rol"])),
    )
    for holder, office in {**TOWNS, NATIONAL: DESK}.items()
    for row in office["accounts"]
)


def set_up(session: Session, since: datetime) -> Users:
    """Make profiles and accounts that aren't there yet; return users by (holder, account).

    `since`: the moment from which what the municipalities chose counts.
    """
    forwarding = DESK["doorstuurafspraak"]
    levels = dict.fromkeys(TOWNS, ParticipationLevel.PROGRAMME)
    levels[forwarding["gemeente"]] = ParticipationLevel.FORWARDING
    for code, level in levels.items():
        if session.get(MunicipalityProfile, code) is None:
            session.add(MunicipalityProfile(code=code, level=level))
            if code == forwarding["gemeente"]:
                contact = {"dagen": 3, "telefoon": forwarding["telefoon"]}
                part = {"owner": code, "part": Part.CONTACT, "number": 1, "effective_from": since}
                session.add(MunicipalitySetting(**part, content=contact))
            if "politiegegevens" in TOWNS.get(code, ()):
                switch = {"stand": "aan", "op": "2025-01-06", "bron": "convenant met de politie"}
                part = {"owner": code, "part": Part.POLICE, "number": 1, "effective_from": since}
                session.add(MunicipalitySetting(**part, content=switch))
    for code, town in TOWNS.items():
        session.merge(MailDomain(code=code, domain=town["domein"]))
    session.flush()
    hashed = hash_password(PASSWORD)
    return {
        (holder, username.partition("@")[0]): _account(session, username, name, hashed)
        for username, name, holder, _ in PEOPLE
    }


def _account(session: Session, username: str, name: str, hashed: str) -> User:
    user = find_user(session, username)
    if user is None:
        user = User(username=username, name=name, password_hash=hashed, demo=True)
        session.add(user)
        session.flush()
    return user


def give_roles(session: Session, holder: str, users: Users) -> None:
    """Give the demo's people their roles for one holder, in that holder's transaction."""
    for username, _, own, role in PEOPLE:
        if own == holder:
            user = session.merge(users[own, username.partition("@")[0]], load=False)
            give_role(session, SYSTEM, user, holder, role)


def actor_of(users: Users, holder: str, by: str) -> Actor:
    """Return who takes a step in the demo: an account, the reporter, or the system."""
    if by == "melder":
        return Actor("melder", None, "melder")
    user = users.get((holder, by))
    return SYSTEM if user is None else Actor("gebruiker", str(user.id), user.name)


def set_up_settings(session: Session, holder: str, actor: Actor) -> None:
    """Publish texts, questions and help lines once, and give the newest reports answers."""
    town = TOWNS[holder]
    if settings.latest_number(session, holder, Part.ANSWERS):
        return
    logo = settings.keep_logo(session, holder, settings.clean_logo(town["logo"].encode()))
    look = {"kleur": town["kleur"], "logo": logo}
    for question, content in town["vragen"].items():
        session.add(MunicipalityQuestion(id=question, owner=holder, content=content))
    session.flush()
    for name, content in {"uiterlijk": look, **town["instellingen"]}.items():
        settings.publish(session, actor, holder, Part(name), content)
    newest = select(Report).where(Report.state.in_((ReportState.NEW, ReportState.IN_HAND)))
    newest = newest.order_by(Report.received_at.desc(), Report.id)
    for number, report in enumerate(session.scalars(newest.limit(ANSWERED))):
        report.own_answers = _answers(report, town["vragen"], number)
    session.flush()


def set_up_campaigns(session: Session, holder: str, actor: Actor, timeline: Timeline) -> None:
    """Set up the campaigns of a municipality, whose codes came along with reports."""
    for row in TOWNS[holder]["campagnes"]:
        until = None if row["tot"] is None else timeline.day(row["tot"])
        values = {"since": timeline.day(row["van"]), "until": until, **row["velden"]}
        save_campaign(session, Campaign(holder=holder), values, actor)


def share_practices(session: Session, holder: str, actor: Actor) -> None:
    """Propose what a municipality shares with others."""
    for row in TOWNS[holder].get("kennis", ()):
        propose(session, holder, row["onderwerp"], row["velden"], actor)


def place_practices(session: Session, actor: Actor) -> None:
    """Let the desk place what waits."""
    for practice in session.scalars(PRACTICES.where(SharedPractice.state == State.PROPOSED)).all():
        settle(session, practice, State.PLACED, actor)


def set_up_figures(session: Session, holder: str, actor: Actor, today: date) -> None:
    """Freeze the figures of the quarters so far, and let everybody read all but the latest."""
    freeze_quarters(session, holder, today - timedelta(days=700))
    for release in releases_of(session, holder)[1:]:
        publish_quarter(session, holder, release.quarter, actor)


def account_for(session: Session, holder: str, actor: Actor, timeline: Timeline) -> None:
    """Fill in once what a municipality or the desk is accountable for."""
    if settings.latest_number(session, holder, Part.ACCOUNTABILITY):
        return
    written = (DESK if holder == NATIONAL else TOWNS[holder])["verantwoording"]
    days = {name: timeline.day(written[name]).isoformat() for name in DAYS.values()}
    settings.publish(session, actor, holder, Part.ACCOUNTABILITY, {**written, **days})
    ask_to_settle(session, holder)


def _answers(report: Report, questions: Mapping[str, Json], number: int) -> list[Any]:
    """Answer the questions whose turn it is, each time with the next of its choices."""
    answers: list[Any] = []
    for name, question in questions.items():
        by = REPORTER if question["gebruik"] == "app" else OFFICER
        if by == REPORTER or report.state == ReportState.IN_HAND:
            codes = [choice["code"] for choice in question["keuzes"]] or [True, False]
            answers += stored_answers(((name, codes[number % len(codes)]),), by) or []
    return answers
