"""The mail domains of a municipality: whose mailbox is outside them is shown as such."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor, record
from stopintimidatie.municipalities.models import MailDomain
from stopintimidatie.storage.tenancy import NATIONAL

OUTSIDE: Final = "buiten de maildomeinen van de gemeente"


def domains_of(session: Session, codes: Collection[str]) -> Mapping[str, Sequence[str]]:
    """The domains of each of these municipalities, in order; of who has none: nothing."""
    found = defaultdict[str, list[str]](list)
    rows = select(MailDomain.code, MailDomain.domain).where(MailDomain.code.in_(codes))
    for code, domain in session.execute(rows.order_by(MailDomain.code, MailDomain.domain)):
        found[code].append(domain)
    return found


def is_outside(address: str, domains: Sequence[str]) -> bool:
    """Whether a mailbox is outside these domains and all below them. Pure.

    Where none are set nothing is known, so nothing is outside.
    """
    own = address.rpartition("@")[2].lower()
    return bool(domains) and not any(own == one or own.endswith(f".{one}") for one in domains)


def set_domains(session: Session, actor: Actor, code: str, domains: Collection[str]) -> None:
    """Set them all; what came and what went stands in the log of the desk."""
    present, wanted = set(domains_of(session, [code])[code]), set(domains)
    gone, new = sorted(present - wanted), sorted(wanted - present)
    if not gone and not new:
        return
    session.execute(delete(MailDomain).where(MailDomain.code == code, MailDomain.domain.in_(gone)))
    session.add_all(MailDomain(code=code, domain=domain) for domain in new)
    changes = [*(f"erbij: {one}" for one in new), *(f"weg: {one}" for one in gone)]
    fields = [code, *changes]
    record(session, actor, "gemeente.maildomeinen", NATIONAL, "gemeente", fields=fields)
    session.flush()
