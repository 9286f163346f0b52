"""Mail domains of a municipality; a mailbox outside them is marked as such."""

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
    """Return the mail domains of each of these municipalities, sorted; empty for one without."""
    found = defaultdict[str, list[str]](list)
    rows = select(MailDomain.code, MailDomain.domain).where(MailDomain.code.in_(codes))
    for code, domain in session.execute(rows.order_by(MailDomain.code, MailDomain.domain)):
        found[code].append(domain)
    return found


def is_outside(address: str, domains: Sequence[str]) -> bool:
    """Tell whether an address is outside these domains and their subdomains. Pure.

    Without domains nothing is known, so no address is outside.
    """
    own = address.rpartition("@")[2].lower()
    return bool(domains) and not any(own == one or own.endswith(f".{one}") for one in domains)


def set_domains(session: Session, actor: Actor, code: str, domains: Collection[str]) -> None:
    """Replace the mail domains of a municipality; record the changes in the log of the desk."""
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
