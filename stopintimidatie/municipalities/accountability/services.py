"""The gate of a municipality: looked at, closed, opened, and told.

A municipality can't join the programme while something is missing (`gate_open`, a condition of
the level). One that has joined and lacks something gets a term of grace. When that ends, its level
counts as *zonder afspraak* (`MunicipalityProfile.level`): new reports wait at the national desk,
and reporters are answered as for a municipality that isn't connected. As soon as all is dated they
are handed over, as when it joined.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any, Final

from sqlalchemy import Row, and_, bindparam, case, func, literal, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.health.services import Check, State
from stopintimidatie.core.jobs import Job, JobContext, enqueue
from stopintimidatie.core.mail import Letter, MailTemplate, Writing, queue_mail
from stopintimidatie.core.storage.models import Holder, UtcDateTime
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import date_long, day_of
from stopintimidatie.municipalities.accountability.rules import (
    GRACE,
    Condition,
    GateLine,
    gate_lines,
    lacking,
    lacking_words,
)
from stopintimidatie.municipalities.areas.facts import CODE as PRACTICE
from stopintimidatie.municipalities.areas.facts import is_practice
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.levels.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.municipalities.levels.services import AUDIT_KIND, LevelChange, LevelRules
from stopintimidatie.municipalities.people.services import postbox_recipient
from stopintimidatie.municipalities.settings.models import MunicipalitySetting
from stopintimidatie.municipalities.settings.rules import Part
from stopintimidatie.settings import Settings

SETTLE: Final = Job("gemeente.poort")
TELL: Final = Job("gemeente.poort_melden")
EVERY_NIGHT: Final = Job("gemeente.poort_elke_nacht")
NIGHT: Final = time(4)


@dataclass(frozen=True)
class Account:
    """For what a holder is accountable: what it filled in, and the conditions of the gate."""

    content: Mapping[str, Any]
    lines: Sequence[GateLine]


def account_of(session: Session, holder: str) -> Account:
    """Return what a holder filled in last, with the conditions."""
    newest = (
        select(Holder.terms_from, MunicipalitySetting.content)
        .outerjoin(
            MunicipalitySetting,
            and_(
                MunicipalitySetting.owner == Holder.code,
                MunicipalitySetting.part == Part.ACCOUNTABILITY,
            ),
        )
        .where(Holder.code == holder)
        .order_by(MunicipalitySetting.number.desc())
        .limit(1)
    )
    row = session.execute(newest).one()
    content = row.content or {}
    terms_on = day_of(row.terms_from) if row.terms_from is not None else None
    return Account(content, gate_lines(content, terms_on, desk=holder == NATIONAL))


def gate_of(session: Session, holder: str) -> Sequence[GateLine]:
    """Return the conditions of a holder, each with its day or without."""
    return account_of(session, holder).lines


def is_real(demo: bool, holder: str) -> bool:
    """Tell whether a holder takes in real reports, so that the gate can keep them out."""
    return not demo and not is_practice(holder)


def gate_open(demo: bool, session: Session, change: LevelChange) -> Iterable[str]:
    """Return what a municipality lacks that wants to join the programme (level condition)."""
    if change.after is not ParticipationLevel.PROGRAMME or not is_real(demo, change.code):
        return []
    return [line.to_do for line in gate_of(session, change.code) if line.day is None]


# Closing and opening


def ask_to_settle(session: Session, holder: str) -> None:
    """Have the worker look at the gate of a holder, once this transaction is done."""
    enqueue(session, SETTLE, NATIONAL, {"houder": holder})


def settle_one(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Look at the gate of one holder, after something was dated (job)."""
    for payload in payloads:
        _settle(context, payload["houder"])


def settle_all(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Look at every gate: also those of municipalities that joined before there was one (job)."""
    with context.transaction() as session:
        joined = session.scalars(select(MunicipalityProfile.code)).all()
    for holder in (NATIONAL, *joined):
        _settle(context, holder)


def _settle(context: JobContext, holder: str) -> None:
    registry = context.registry
    with context.transaction() as session:
        settle(session, registry.level_rules, holder, demo=registry.app_settings.demo)


def settle(session: Session, rules: LevelRules, holder: str, *, demo: bool) -> None:
    """Note what a holder lacks for readiness, and close or open its gate."""
    missing = lacking(gate_of(session, holder))
    session.get_one(Holder, holder).gate_lacks = " ".join(missing)
    profile = session.get(MunicipalityProfile, holder, with_for_update=True)
    if profile is None:
        return
    joined = profile.agreed_level == ParticipationLevel.PROGRAMME
    closes = bool(missing) and joined and is_real(demo, holder)
    if closes and profile.refused_from is None:
        _close(session, profile, missing)
    elif not closes and profile.refused_from is not None:
        _open(session, rules, profile)


def _close(session: Session, profile: MunicipalityProfile, missing: Sequence[Condition]) -> None:
    """Refuse reports of a municipality once the term of grace ends; tell it and the desk."""
    profile.refused_from = utc_now() + GRACE
    _note(session, "gemeente.poort_dicht", profile.code, missing)
    for holder in (profile.code, NATIONAL):
        enqueue(session, TELL, holder, {"gemeente": profile.code})


def _open(session: Session, rules: LevelRules, profile: MunicipalityProfile) -> None:
    """Let reports of a municipality in again, also those that waited at the desk."""
    was_refused = profile.is_refused
    profile.refused_from = None
    session.flush()
    _note(session, "gemeente.poort_open", profile.code)
    if was_refused:
        levels = ParticipationLevel.NO_AGREEMENT, ParticipationLevel.PROGRAMME
        for effect in rules.effects.values():
            effect(session, LevelChange(profile.code, *levels, SYSTEM))


def _note(session: Session, action: str, code: str, missing: Sequence[Condition] = ()) -> None:
    record(session, SYSTEM, action, NATIONAL, AUDIT_KIND, fields=[code, *missing])


def refused_words(session: Session, code: str) -> str | None:
    """Return what a municipality lacks whose reports are refused now; None when they aren't."""
    profile = session.get(MunicipalityProfile, code)
    if profile is None or not profile.is_refused:
        return None
    return lacking_words(lacking(gate_of(session, code)))


def tell_lacking(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Mail a holder's mailbox that a municipality lacks something, in its own transaction (job)."""
    with context.transaction() as session:
        recipient = postbox_recipient(session, context.holder)
        if recipient is None:
            return
        for payload in payloads:
            queue_mail(session, context.holder, LACKING.name, recipient, values=payload)


def _write_lacking(writing: Writing) -> Letter:
    code = writing.message.values["gemeente"]
    town = writing.session.get_one(Municipality, code)
    profile = writing.session.get_one(MunicipalityProfile, code)
    lines = gate_of(writing.session, code)
    return Letter(
        {
            "gemeente": town.name,
            "ontbreekt": [line.to_do for line in lines if line.day is None],
            "vanaf": date_long(profile.refused_from) if profile.refused_from else None,
            "pad": f"/gemeenten/{town.slug}/beheer/verantwoording",
        }
    )


LACKING: Final = MailTemplate(
    "poort_dicht", "Uw gemeente is nog niet gereed voor meldingen", __package__, _write_lacking
)


# Readiness

MOST_NAMED: Final = 10
NOT_LOOKED: Final = "?"


def _lacks() -> Any:
    """Select who lacks what: `naam|codes|dicht` of each holder that does, in one text."""
    now: Any = bindparam("gate_now", callable_=utc_now, type_=UtcDateTime)
    joined = MunicipalityProfile.agreed_level == ParticipationLevel.PROGRAMME
    closed = case((MunicipalityProfile.refused_from <= now, literal("dicht")), else_=literal(""))
    said = func.coalesce(Holder.gate_lacks, NOT_LOOKED)
    name = func.coalesce(Municipality.name, literal("Landelijk meldpunt"))
    return (
        select(func.aggregate_strings(name + "|" + said + "|" + closed, "\n"))
        .select_from(Holder)
        .outerjoin(Municipality, Municipality.code == Holder.code)
        .outerjoin(MunicipalityProfile, MunicipalityProfile.code == Holder.code)
        .where(or_(joined, Holder.code == NATIONAL), Holder.code != PRACTICE, said != "")
        .scalar_subquery()
        .label("gate_lacks")
    )


LACKS: Final = (_lacks(),)


def gate_check(settings: Settings, row: Row[Any]) -> Check:
    """Check that everybody who takes in reports is accountable; the row holds `LACKS`.

    It never makes the installation unready: reports go to the desk, and others go on.
    """
    lines = [line.split("|") for line in (row.gate_lacks or "").splitlines()]
    said = [_said(*line) for line in sorted(lines)]
    if not said:
        return Check("poort", State.GOOD)
    more = f" En nog {len(said) - MOST_NAMED}." if len(said) > MOST_NAMED else ""
    words = f"Nog niet gereed: {'; '.join(said[:MOST_NAMED])}.{more}"
    if settings.demo:
        return Check("poort", State.NONE, f"De demo houdt niets tegen. {words}")
    return Check("poort", State.NOTE, f"{words} Vul het in bij Beheer, Verantwoording.")


def _said(name: str, codes: str, closed: str) -> str:
    if codes == NOT_LOOKED:
        return f"{name} (de worker keek nog niet)"
    missing = lacking_words(Condition(code) for code in codes.split())
    refused = "; meldingen gaan naar het landelijk meldpunt" if closed else ""
    return f"{name} ({missing}{refused})"
