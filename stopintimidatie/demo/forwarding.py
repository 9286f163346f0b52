"""The demo's post: mailboxes that are confirmed, an agreement with Tilburg, a refusal elsewhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor
from stopintimidatie.clock import utc_now
from stopintimidatie.mail.addresses import Owner, find_address, set_address
from stopintimidatie.municipalities import agreements
from stopintimidatie.municipalities.agreements import Official, Plan
from stopintimidatie.municipalities.postbox import postbox_of
from stopintimidatie.storage.tenancy import NATIONAL

TILBURG: Final = "GM0855"
MAILBOXES: Final = {
    NATIONAL: "meldpunt@landelijk.example",
    "GM0505": "oov@dordrecht.example",
    "GM0772": "oov@eindhoven.example",
}


def set_up_mailbox(session: Session, registry: Any, holder: str, actor: Actor) -> None:
    """The holder hears of new reports; the code was typed back long ago."""
    if find_address(session, postbox_of(holder)) is None:
        set_address(
            session, registry.key_ring, holder, postbox_of(holder), MAILBOXES[holder], actor
        )
        confirmed(session, postbox_of(holder))


def set_up_agreements(session: Session, registry: Any, actor: Actor) -> None:
    """With Tilburg it was agreed and works; what waits for it goes out. Breda said no."""
    if agreements.running(session, TILBURG) is not None:
        return
    keys, rules, today = registry.key_ring, registry.level_rules, agreements.today()
    plan = Plan(
        official=Official(
            "Noor de Wit", "coördinator Veiligheid", "veiligheid@tilburg.example", "+31135429000"
        ),
        deputy=Official(
            "Sem Bakker", "adviseur OOV", "meldpunt-oov@tilburg.example", "+31135429001"
        ),
        wants=True,
        authorised_by="Hoofd afdeling Veiligheid",
        authorised_on=today - timedelta(days=35),
        channel="ophalen",
        certificate=None,
        agreed_on=today - timedelta(days=30),
        valid_until=today + timedelta(days=335),
    )
    agreements.make(session, keys, rules, TILBURG, plan, actor)
    for owner in (agreements.official_of(TILBURG), agreements.deputy_of(TILBURG)):
        confirmed(session, owner)
    agreements.settle(session, keys, rules, TILBURG, actor)
    reason = "De gemeente wil eerst een eigen werkwijze maken. In maart opnieuw bellen."
    agreements.decline(session, keys, rules, "GM0758", reason, today - timedelta(days=12), actor)


def confirmed(session: Session, owner: Owner) -> None:
    row = find_address(session, owner)
    assert row is not None  # noqa: S101 - it was set just now
    row.verified_at, row.code_nonce = utc_now(), None
