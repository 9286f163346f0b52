"""The check of terms in `/health/ready`: holders of which nothing is due, for want of terms."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, bindparam, func, or_, select

from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.health.services import Check, State
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.models import Holder
from stopintimidatie.municipalities.levels.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.settings import Settings


def _count(name: str, *conditions: ColumnElement[bool]) -> Any:
    """Select how many holders that take in reports meet these conditions."""
    taking_part = select(MunicipalityProfile.code).where(
        MunicipalityProfile.agreed_level == ParticipationLevel.PROGRAMME
    )
    takes_in = or_(Holder.code == NATIONAL, Holder.code.in_(taking_part))
    counted = select(func.count(Holder.code)).where(takes_in, *conditions)
    return counted.scalar_subquery().label(name)


def _now() -> Any:
    return bindparam("terms_now", callable_=utc_now, type_=Holder.terms_from.type)


def _today() -> Any:
    return bindparam("terms_today", callable_=_today_here, type_=Holder.standing_until.type)


def _today_here() -> date:
    return local_date(utc_now())


TERMS: Final = (
    _count("without_terms", or_(Holder.terms_from.is_(None), Holder.terms_from > _now())),
    _count("lapsed", Holder.terms_from <= _now(), Holder.standing_until < _today()),
)


def terms_check(settings: Settings, row: Row[Any]) -> Check:
    """Check that terms count; without them nothing is due. The row holds `TERMS`."""
    words = []
    if row.without_terms:
        words.append(
            f"Zonder goedgekeurde bewaartermijnen: {row.without_terms} (gemeenten en het meldpunt"
            " samen). Daar is niets aan de beurt, en verdwijnt niets op zijn tijd. Laat een"
            " archivaris de termijnen goedkeuren."
        )
    if row.lapsed:
        words.append(
            f"Met een verlopen doorlopend besluit: {row.lapsed}. Daar gaan korte soorten, zoals"
            " contactgegevens, niet meer weg. Laat de archivaris het verlengen."
        )
    state = State.NOTE if words else State.GOOD
    return Check("bewaartermijnen", state, " ".join(words))
