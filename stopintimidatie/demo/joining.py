"""The demo's onboarding: Zwijndrecht asked to join, and the desk is halfway down the list."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor
from stopintimidatie.clock import utc_now
from stopintimidatie.desk.onboarding import checklist_of, save_checklist
from stopintimidatie.mail.addresses import find_address
from stopintimidatie.municipalities import agreements
from stopintimidatie.municipalities.mail_domains import set_domains
from stopintimidatie.municipalities.proposals import propose
from stopintimidatie.public.joining import ask_to_join, owner_of
from stopintimidatie.register.models import Municipality
from stopintimidatie.reports.vocabulary import LegalBasis
from stopintimidatie.security import Role
from stopintimidatie.storage.tenancy import NATIONAL

ZWIJNDRECHT: Final = "GM0642"


def begin_onboarding(session: Session, registry: Any, actor: Actor) -> None:
    """Asked and confirmed; half of the list is done, and the first admin has a link."""
    if checklist_of(session, ZWIJNDRECHT) is not None:
        return
    keys, today = registry.key_ring, agreements.today()
    asked = ask_to_join(
        session,
        keys,
        session.get_one(Municipality, ZWIJNDRECHT),
        function="adviseur openbare orde en veiligheid",
        address="oov@zwijndrecht.example",
        telephone="+31786200000",
    )
    row = find_address(session, owner_of(asked.id))
    assert row is not None  # noqa: S101 - it was set just now
    row.verified_at = asked.confirmed_at = utc_now()
    row.code_nonce = None
    done = {
        "agreement_on": today - timedelta(days=9),
        "agreement_with": "hoofd Veiligheid, namens de burgemeester",
        "legal_basis": LegalBasis.choices()[0][0],
        "dpia_on": today - timedelta(days=3),
    }
    save_checklist(session, ZWIJNDRECHT, done, actor)
    address = "beheer@zwijndrecht.example"
    set_domains(session, actor, ZWIJNDRECHT, ["zwijndrecht.example"])
    propose(
        session,
        actor,
        ZWIJNDRECHT,
        at=NATIONAL,
        username=address,
        name="Mila Groen",
        role=Role.ADMIN,
    )
