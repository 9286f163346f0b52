"""The list of person-directed dossiers: what waits in it, and for whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.second import had_no_part
from stopintimidatie.core.security import Identity, Permission
from stopintimidatie.core.security.permissions import may
from stopintimidatie.core.storage.models import day_in
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.person.models import Advice, PersonGround, PrivacyAdvice
from stopintimidatie.dossiers.resources import visible_to
from stopintimidatie.dossiers.workflow import LIVE, ClosingReason, DossierKind, DossierState
from stopintimidatie.municipalities.areas.models import Neighbourhood

# The time before its review day in which a dossier is listed as one to review.
SOON: Final = timedelta(days=14)
_LATER: Final = aliased(PrivacyAdvice)
# Advice is asked again only after an answer, so the latest is the one that counts.
_LATEST: Final = (
    select(_LATER.id)
    .where(_LATER.dossier_id == Dossier.id)
    .order_by(_LATER.proposed_at.desc(), _LATER.id.desc())
    .limit(1)
    .correlate(Dossier)
    .scalar_subquery()
)
# Any advice: asking once more hides nothing from the FG.
_NOT_FOLLOWED: Final = (
    select(_LATER.id)
    .where(_LATER.dossier_id == Dossier.id, _LATER.followed.is_(False))
    .correlate(Dossier)
    .exists()
)


# The number of the dossier of an advice, and its address below its municipality.
NUMBER: Final = (
    select(Dossier.number).where(Dossier.id == PrivacyAdvice.dossier_id).scalar_subquery()
)
ADDRESS: Final = (
    select(Neighbourhood.slug + "/" + Dossier.number)
    .join(Dossier, Dossier.neighbourhood_code == Neighbourhood.code)
    .where(Dossier.id == PrivacyAdvice.dossier_id)
    .scalar_subquery()
)


def _joined(*columns: Any) -> Select[Any]:
    """Select from the person-directed dossiers, with ground and latest advice."""
    return (
        select(*columns)
        .select_from(Dossier)
        .outerjoin(PersonGround, PersonGround.dossier_id == Dossier.id)
        .outerjoin(
            PrivacyAdvice,
            and_(PrivacyAdvice.dossier_id == Dossier.id, PrivacyAdvice.id == _LATEST),
        )
    )


def _mine(holder: str) -> ColumnElement[bool]:
    return and_(Dossier.holder == holder, Dossier.kind == DossierKind.PERSON.value)


def _running() -> ColumnElement[bool]:
    return Dossier.state.in_(sorted(LIVE))


def to_stop() -> ColumnElement[bool]:
    """Return the condition of what is still there although a negative advice is followed.

    For statements with `Dossier` and `PrivacyAdvice`. Either it never began, or it did with
    urgency, before the advice.
    """
    return and_(
        _running(),
        PrivacyAdvice.id == _LATEST,
        PrivacyAdvice.followed.is_(True),
        PrivacyAdvice.outcome == Advice.NEGATIVE.value,
    )


def views() -> dict[str, ColumnElement[bool]]:
    """Return the condition of each view of the list, by its code in the address."""
    started = and_(_running(), Dossier.state != DossierState.PREPARING)
    asked = and_(PrivacyAdvice.id.is_not(None), PrivacyAdvice.outcome.is_(None))
    unanswered = and_(
        PrivacyAdvice.outcome.is_not(None),
        PrivacyAdvice.followed.is_(None),
        or_(PrivacyAdvice.outcome != "positief", started),
    )
    return {
        "lopend": _running(),
        "advies": and_(_running(), asked),
        "besluit": and_(_running(), unanswered),
        "stoppen": to_stop(),
        "herzien": and_(
            _running(),
            or_(
                PersonGround.review_on <= day_in(SOON),
                and_(started, PersonGround.id.is_(None)),
            ),
        ),
        "informeren": and_(_running(), PersonGround.postponed_until < day_in()),
        # Also of dossiers that ended: the FG looks back.
        "niet-gevolgd": _NOT_FOLLOWED,
        "niet-gestart": Dossier.closed_reason == ClosingReason.NOT_STARTED.value,
    }


def count_views(session: Session, holder: str) -> dict[str, int]:
    """Count the dossiers in each view of the list."""
    wanted = views()
    numbers = [func.coalesce(func.sum(case((view, 1), else_=0)), 0) for view in wanted.values()]
    row = session.execute(_joined(*numbers).where(_mine(holder))).one()
    return {name: int(number) for name, number in zip(wanted, row, strict=True)}


def list_dossiers(
    session: Session, holder: str, view: str, offset: int, size: int
) -> Sequence[Any]:
    """Return dossier, ground, latest advice, owner's name and area's slug on a page of a view."""
    statement = (
        _joined(Dossier, PersonGround, PrivacyAdvice, User.name, Neighbourhood.slug)
        .join(Neighbourhood, Neighbourhood.code == Dossier.neighbourhood_code)
        .outerjoin(User, User.id == Dossier.owner_id)
        .where(_mine(holder), views()[view])
        # Soonest to review first; without a ground there is no day yet.
        .order_by(PersonGround.review_on.is_(None), PersonGround.review_on, Dossier.number.desc())
    )
    return session.execute(statement.offset(offset).limit(size)).all()


def only_dossiers(holder: str, identity: Identity) -> ColumnElement[bool]:
    """Make the condition of advice about a living dossier that this person may see."""
    seen = visible_to(identity.roles_for(holder))
    return PrivacyAdvice.dossier_id.in_(select(Dossier.id).where(_mine(holder), _running(), seen))


def led_by_another(holder: str, identity: Identity) -> ColumnElement[bool]:
    """Make the condition of advice that this person may give: another one leads the dossier."""
    leads = had_no_part([Dossier.owner_id], identity.person)
    theirs = select(Dossier.id).where(Dossier.holder == holder, leads)
    return PrivacyAdvice.dossier_id.in_(theirs)


def waiting(holder: str, identity: Identity) -> Select[Any]:
    """Select the dossiers that wait for who leads them; advice waits as every proposal does."""
    roles, wanted = identity.roles_for(holder), views()
    leads = may(roles, Permission.VIEW_PERSON_DOSSIERS) and may(roles, Permission.EDIT_DOSSIER)
    own = or_(wanted["besluit"], wanted["herzien"], wanted["informeren"])
    mine = and_(Dossier.owner_id == identity.user_id, own) if leads else false()
    return _joined(Dossier.id).where(_mine(holder), mine)
