"""What people do with the organisations a municipality works with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor
from stopintimidatie.clock import utc_now
from stopintimidatie.partners.contacts import remove_all
from stopintimidatie.partners.covenants import covenant_problem
from stopintimidatie.partners.history import PartnerError, lock, log, only_running, touched
from stopintimidatie.partners.models import PartnerCovenant, PartnerOrganisation
from stopintimidatie.partners.references import new_partner_number

FIELDS: Final = (
    "name",
    "kind",
    "legal_bases",
    "profile",
    "covenant_name",
    "covenant_from",
    "covenant_until",
)


def add_partner(
    session: Session, holder: str, values: Mapping[str, Any], actor: Actor
) -> PartnerOrganisation:
    """An organisation the municipality works with from now on.

    :raises PartnerError: a rule isn't kept; `field` says where.
    """
    _check(session, holder, values)
    moment = utc_now()
    row = PartnerOrganisation(
        holder=holder,
        reference=_free_number(session, holder),
        **{name: values[name] for name in FIELDS},
        made_at=moment,
        made_by=actor.name,
        changed_at=moment,
        changed_by=actor.name,
    )
    session.add(row)
    session.flush()
    log(session, row, actor, "toegevoegd")
    return row


def change_partner(
    session: Session,
    row: PartnerOrganisation,
    values: Mapping[str, Any],
    actor: Actor,
    *,
    version: int | None = None,
) -> list[str]:
    """Other answers; the names of those that differ.

    :raises PartnerError: a rule isn't kept, or the organisation was ended.
    :raises StalePartnerError: somebody else changed it.
    """
    lock(session, row, version)
    only_running(row)
    _check(session, row.holder, values, row)
    fields = [name for name in FIELDS if values[name] != getattr(row, name)]
    if any(name.startswith("covenant") for name in fields):
        _keep_covenant(session, row, actor)
    for name in fields:
        setattr(row, name, values[name])
    if fields:
        touched(row, actor)
        log(session, row, actor, "gewijzigd", fields)
    return fields


def _keep_covenant(session: Session, row: PartnerOrganisation, actor: Actor) -> None:
    """Documents of before name it, so it must be findable with its days."""
    before = row.covenant
    if before is not None:
        session.add(
            PartnerCovenant(
                holder=row.holder,
                organisation_id=row.id,
                name=before.name,
                valid_from=before.since,
                valid_until=before.until,
                replaced_at=utc_now(),
                replaced_by=actor.name,
            )
        )


def earlier_covenants(session: Session, row: PartnerOrganisation) -> Sequence[PartnerCovenant]:
    """Those before the present one, the latest first."""
    return session.scalars(
        select(PartnerCovenant)
        .where(PartnerCovenant.organisation_id == row.id)
        .order_by(PartnerCovenant.replaced_at.desc(), PartnerCovenant.id)
    ).all()


def end_partner(session: Session, row: PartnerOrganisation, reason: str, actor: Actor) -> None:
    """No longer work with it. Its name stays, for what it got; whom to ask there goes.

    :raises PartnerError: it was ended already.
    """
    lock(session, row)
    only_running(row)
    remove_all(session, row, actor)
    row.ended_at, row.ended_by, row.ended_reason = utc_now(), actor.name, reason
    touched(row, actor)
    log(session, row, actor, "beeindigd")


def resume_partner(session: Session, row: PartnerOrganisation, actor: Actor) -> None:
    """Work with it again.

    :raises PartnerError: it wasn't ended, or another has its name by now.
    """
    lock(session, row)
    if row.ended_at is None:
        raise PartnerError("Deze partner is al in gebruik.")
    _only_one(session, row.holder, row.name, row)
    row.ended_at = row.ended_by = row.ended_reason = None
    touched(row, actor)
    log(session, row, actor, "hervat")


def _check(
    session: Session,
    holder: str,
    values: Mapping[str, Any],
    row: PartnerOrganisation | None = None,
) -> None:
    problem = covenant_problem(
        values["covenant_name"], values["covenant_from"], values["covenant_until"]
    )
    if problem:
        words, field = problem
        raise PartnerError(words, field)
    _only_one(session, holder, values["name"], row)


def _only_one(session: Session, holder: str, name: str, row: PartnerOrganisation | None) -> None:
    """Two of one name can't be told apart in a list."""
    others = select(PartnerOrganisation.id).where(
        PartnerOrganisation.holder == holder,
        func.lower(PartnerOrganisation.name) == name.lower(),
        PartnerOrganisation.ended_at.is_(None),
    )
    if row is not None:
        others = others.where(PartnerOrganisation.id != row.id)
    if session.execute(others.limit(1)).first() is not None:
        raise PartnerError(
            "Er is al een partner met deze naam. Kies een andere naam, of pas die partner aan.",
            "name",
        )


def _free_number(session: Session, holder: str) -> str:
    while True:
        made = new_partner_number()
        taken = select(PartnerOrganisation.id).where(
            PartnerOrganisation.holder == holder, PartnerOrganisation.reference == made
        )
        if session.execute(taken.limit(1)).first() is None:
            return made


def running_partners(session: Session) -> Sequence[PartnerOrganisation]:
    """Those of this transaction's holder that one works with now, by name."""
    return session.scalars(
        select(PartnerOrganisation)
        .where(PartnerOrganisation.ended_at.is_(None))
        .order_by(func.lower(PartnerOrganisation.name), PartnerOrganisation.id)
    ).all()


def find_running(session: Session, reference: str) -> PartnerOrganisation | None:
    """A partner that one works with now, by its number."""
    return session.scalars(
        select(PartnerOrganisation).where(
            PartnerOrganisation.reference == reference, PartnerOrganisation.ended_at.is_(None)
        )
    ).one_or_none()


def covenant_on(row: PartnerOrganisation, day: date) -> str | None:
    """The name of the covenant, when it counts on this day."""
    covenant = row.covenant
    return covenant.name if covenant is not None and covenant.counts_on(day) else None


def offered_names(session: Session, document: Any) -> list[tuple[str, str]]:
    """Whom a question may go to, as (number, name)."""
    return [(row.reference, row.name) for row in running_partners(session)]
