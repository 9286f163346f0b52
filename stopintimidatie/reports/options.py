"""What there is to choose from in a step of a report; the workflow names these lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.accounts.services import colleagues
from stopintimidatie.municipalities.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.register.models import Municipality
from stopintimidatie.register.practice import CODE as PRACTICE
from stopintimidatie.register.practice import is_practice
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.vocabulary import FollowUp
from stopintimidatie.reports.workflow import NOT_HANDLED_REASONS
from stopintimidatie.security import Permission

Choices = Sequence[tuple[str, str]]

FEEDBACK: Final = (
    ("gegeven", "ja, de melder leest hieronder wat er is gedaan"),
    ("niet_gegeven", "nee, en dit is waarom"),
)


def handlers(session: Session, report: Report) -> Choices:
    """The people who may handle reports of this holder."""
    return [
        (str(user.id), user.name) for user in colleagues(session, report.holder, Permission.TRIAGE)
    ]


def follow_ups(session: Session, report: Report) -> Choices:
    return FollowUp.choices()


def not_handled(session: Session, report: Report) -> Choices:
    return NOT_HANDLED_REASONS


def feedback(session: Session, report: Report) -> Choices:
    return FEEDBACK


def municipalities(session: Session, report: Report) -> Choices:
    """Those that a report can be handed to: connected ones have a portal to put it in.

    The practice municipality gives nothing to others and gets nothing from them.
    """
    if is_practice(report.holder):
        return []
    rows = session.execute(
        select(Municipality.code, Municipality.name)
        .join(MunicipalityProfile, MunicipalityProfile.code == Municipality.code)
        .where(MunicipalityProfile.level == ParticipationLevel.PROGRAMME)
        .where(Municipality.code.not_in((report.holder, PRACTICE)))
        .order_by(Municipality.name)
    )
    return [(code, name) for code, name in rows]


OPTIONS: Final = {
    "handlers": handlers,
    "follow_ups": follow_ups,
    "not_handled": not_handled,
    "feedback": feedback,
    "municipalities": municipalities,
}
