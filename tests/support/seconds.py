"""The acts that take two people, each as data: who begins, who ends, and what is listed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Select, select, update
from sqlalchemy.orm import object_session

from stopintimidatie.core.accounts.models import IdentityProvider, RoleOffer, User
from stopintimidatie.core.audit import SYSTEM, Actor
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.second import SecondError, kinds_for
from stopintimidatie.core.security import Identity, Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.text import day_of
from stopintimidatie.disclosures.resources import new_export_id
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.person.models import Advice
from stopintimidatie.dossiers.person.services import (
    ask_advice,
    give_advice,
    latest_advice,
    write_ground,
)
from stopintimidatie.dossiers.workflow import DossierKind
from stopintimidatie.exports.extract.queries import load_dossier
from stopintimidatie.exports.extract.services import prepare
from stopintimidatie.exports.models import Export, ExportState
from stopintimidatie.exports.request import second, services
from stopintimidatie.exports.request.approval import SECOND
from stopintimidatie.exports.vocabulary import ExportRequest
from stopintimidatie.municipalities.people import proposals
from stopintimidatie.municipalities.people.services import actor_of, givers
from stopintimidatie.municipalities.sso import services as sso
from stopintimidatie.privacy.copies import second as copies
from stopintimidatie.privacy.copies.services import save_marks
from stopintimidatie.privacy.destruction import resources as lists
from stopintimidatie.privacy.destruction import services as destruction
from stopintimidatie.privacy.destruction.models import LineState
from stopintimidatie.privacy.destruction.rules import AUTHORISES, CHECKS
from stopintimidatie.privacy.erasure import approval as erasing
from stopintimidatie.privacy.erasure.services import preview_erasure
from stopintimidatie.privacy.police import marking as police
from stopintimidatie.privacy.police import resources as police_list
from stopintimidatie.privacy.police.models import PoliceItem
from stopintimidatie.privacy.police.pieces import pieces_of
from stopintimidatie.privacy.retention.services import approve_terms, propose_terms, withdraw_terms
from stopintimidatie.privacy.subjects.models import SubjectCopy
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.page.proposals import SECOND as SECOND_LOOK
from stopintimidatie.reports.page.proposals import answer_proposal, propose
from tests.support.destruction import a_line, a_list, let_the_officer_check
from tests.support.factories import (
    DORDRECHT,
    EINDHOVEN,
    make_dossier,
    make_report,
    take_on,
)
from tests.support.installation import Installation
from tests.support.retaining import proposed_schedule
from tests.support.subjects import a_request

DAY = timedelta(days=1)


@dataclass
class Work:
    """A transaction in which the first began something, and the second goes on."""

    installation: Installation
    session: Any
    first: str
    # The fingerprints of what the second saw, before it changed.
    seen: Any = None

    @property
    def actor(self) -> Actor:
        return actor_of(self.session, self.first)


# The acts: what the first does, what the second does with it, and what the menu counts.


def wish() -> ExportRequest:
    today = day_of(utc_now())
    return ExportRequest(
        profile="politie",
        recipient="Politie, basisteam Drechtsteden",
        question="Wilt u meekijken?",
        answer_by=today + 7 * DAY,
        purpose="Samen toezicht houden.",
        legal_basis="avg_6_1_e_openbare_orde",
        destroy_by=today + 60 * DAY,
    )


def ask_export(work: Work, dossier: Any = None, **changes: Any) -> Export:
    """Ask for an export of a dossier."""
    texts = {"purpose": "Minder overlast.", "legal_basis": "avg_6_1_e_openbare_orde"}
    dossier = dossier or make_dossier(work.session, **texts)
    export = services.draft(dossier, wish(), work.actor, new_export_id())
    for name, value in changes.items():
        setattr(export, name, value)
    work.session.add(export)
    work.session.flush()
    return export


def ask_exports(work: Work) -> tuple[Export, ...]:
    """Ask for two exports of a dossier in one action."""
    first = ask_export(work, together=uuid4())
    dossier = work.session.get_one(Dossier, first.dossier_id)
    return first, ask_export(work, dossier, together=first.together)


def decide_exports(reason: str | None = None) -> Callable[[Work, Any, Actor], None]:
    """Decide about one or more exports, as they are, or as they were before `change_dossier`."""

    def answer(work: Work, asked: Any, actor: Actor) -> None:
        several = look_at(work, asked)
        seen = work.seen or second.fingerprints(several)
        keys = work.installation.registry.key_ring
        second.decide(work.session, keys, several, actor, seen=seen, reason=reason)

    return answer


def look_at(work: Work, asked: Any) -> list[second.Looked]:
    exports = [asked] if isinstance(asked, Export) else asked
    dossier = work.session.get_one(Dossier, exports[0].dossier_id)
    loaded = load_dossier(work.session, dossier, work.installation.registry)
    settings, now = work.installation.settings, utc_now()
    return [
        second.Looked(
            export, None if export.urgent else prepare(work.session, settings, loaded, export, now)
        )
        for export in exports
    ]


def change_dossier(work: Work, asked: Any) -> None:
    """Change what goes out, after somebody looked at it."""
    work.seen = second.fingerprints(look_at(work, asked))
    (asked if isinstance(asked, Export) else asked[0]).question = "Wilt u ook op zondag kijken?"


def withdraw_export(work: Work, asked: Any, actor: Actor) -> None:
    for export in [asked] if isinstance(asked, Export) else asked:
        services.cancel(work.session, export, actor)


def propose_schedule(work: Work) -> Any:
    terms = proposed_schedule(work.installation)
    return propose_terms(work.session, DORDRECHT, terms, utc_now(), None, work.actor)


HASH = "a" * 64
STRANGER = "00000000-0000-4000-8000-000000000001"


def send_copy(work: Work, sender: str | None = None) -> Any:
    """Let a copy for a data subject be checked; the rows that sending it on leaves."""
    row = a_request(work.session, state="tweede_persoon")
    made = {"request_id": row.id, "holder": DORDRECHT, "changed_by": "x", "sha256": HASH}
    copy = SubjectCopy(**made, proposed_by_id=sender or work.first, proposed_by="x")
    work.session.add(copy)
    work.session.flush()
    return row, copy


def mark_copy(work: Work) -> Any:
    """Mark a copy that somebody else sends on."""
    row, copy = send_copy(work, STRANGER)
    save_marks(work.session, work.installation.registry.key_ring, row, (), work.actor)
    return row, copy


def check_copy(work: Work, waiting: Any, actor: Actor) -> None:
    registry = work.installation.registry
    copies.check_copy(
        registry, work.session, waiting[0], HASH, shows=False, answer=None, actor=actor
    )


def freeze_anew(work: Work, waiting: Any) -> None:
    waiting[1].sha256 = "b" * 64


def ask_for_advice(work: Work, *, leads: bool = False) -> Any:
    """Ask for advice as the first, or as a stranger about the dossier that the first leads."""
    kind = {"kind": DossierKind.PERSON.value}
    dossier = make_dossier(work.session, **kind)
    dossier.owner_id = UUID(work.first) if leads else None
    today = local_date(utc_now())
    ground = {
        "ground": "avg_10_overheid",
        "proportionality": "nodig",
        "review_on": today + 90 * DAY,
    }
    later = {"postponed_until": today + 30 * DAY, "postponed_reason": "nog niet"}
    write_ground(work.session, dossier, ground | later, SYSTEM)
    ask_advice(work.session, dossier, "Mag dit?", SYSTEM if leads else work.actor)
    return dossier


def a_decided_line(work: Work, *, checks: bool = False, **signed: str) -> Any:
    """A list with one line, whose steps were made by these people."""
    if checks:
        let_the_officer_check(work.session)
    row = a_list(work.session)
    made = {f"{step}_at": utc_now() for step in signed}
    by = {f"{step}_by_id": person for step, person in signed.items()}
    line = a_line(work.session, row, "M-4F7K-2QX9", decision=LineState.GOES.value, **made, **by)
    work.session.flush()
    destruction.refresh_state(work.session, row)
    return row, line


def make_step(step: str) -> Callable[[Work, Any, Actor], Any]:
    def make(work: Work, waiting: Any, actor: Actor) -> None:
        row, line = waiting
        destruction.make_step(work.session, row, step, actor, destruction.fingerprint([line]))

    return make


def mark_words(work: Work) -> PoliceItem:
    """Mark the assessment of a dossier as words of the police."""
    said = "De politie meldde dat hij eerder is gezien."
    dossier = make_dossier(work.session, assessment=said)
    (piece,) = [p for p in pieces_of(work.session, dossier, None) if said in p.texts]
    return police.mark(work.installation.registry, work.session, dossier, piece, work.actor)


def marked(holder: str, identity: Identity) -> Select[Any]:
    """What a named person reads as waiting, in the list that stays apart."""
    return police_list.waiting(holder, identity).where(PoliceItem.waiting())


def propose_end(work: Work, holder: str = DORDRECHT) -> Any:
    """Propose not to handle the report of a minor."""
    report = take_on(work.session, make_report(work.session, work.installation, holder=holder))
    values = {"reden_code": "geen_straatintimidatie", "reden": "Een ruzie."}
    return report, propose(work.session, report, "niet_in_behandeling", values, work.actor)


def decline_end(work: Work, waiting: Any, actor: Actor) -> None:
    report, proposal = waiting
    effects = work.installation.registry.workflow_effects
    answer_proposal(work.session, effects, proposal, report, False, "Nee.", actor)


def propose_role(work: Work, code: str = DORDRECHT, at: str | None = None) -> Any:
    new = {"username": "nieuw@dordrecht.example", "name": "Nina Nieuw", "role": Role.OFFICER}
    return proposals.propose(work.session, work.actor, code, at=at or code, **new)  # type: ignore[arg-type]


def propose_where_nobody_reads(work: Work) -> Any:
    """A role proposed by the municipality itself, in a transaction of the desk that confirms it."""
    new = {"username": "nieuw@dordrecht.example", "name": "x", "role": Role.OFFICER}
    by = {"proposed_by_id": work.first, "proposed_by": "x", "by_desk": False}
    chain = {"given_by": givers(work.session, work.actor), "expires_at": utc_now() + DAY}
    offer = RoleOffer(holder=EINDHOVEN, **new, **by, **chain)
    work.session.add(offer)
    work.session.flush()
    return offer


def propose_group(work: Work) -> Any:
    here = {"group": "OOV-team", "role": Role.ADMIN}
    return sso.propose_group(work.session, work.actor, DORDRECHT, **here)  # type: ignore[arg-type]


def confirm_role(at: str = DORDRECHT) -> Callable[[Work, Any, Actor], Any]:
    return lambda work, offer, actor: proposals.confirm(work.session, offer, actor, at)


def set_provider(work: Work) -> Any:
    values = {"issuer": "https://login.example", "client_id": "x", "client_secret": "x"}
    row = IdentityProvider(holder=DORDRECHT, enabled=True, **values)
    sso.put_forward(work.session, work.actor, row)
    work.session.add(row)
    work.session.flush()
    return row


def change_provider(work: Work, row: Any) -> None:
    """Put another connection forward beneath who looks at this one."""
    connection = {"id": uuid4(), "issuer": "https://kwaad.example"}
    mine = update(IdentityProvider).where(IdentityProvider.holder == row.holder)
    work.session.execute(mine.values(connection).execution_options(synchronize_session=False))


@dataclass(frozen=True)
class Act:
    """Something that takes two.

    `listed`: what the menu counts for somebody with this role. Of a proposal with the mixin
    `Proposed`: its `kind`, its `row` in what `begin` returned, and taking it back or changing it
    beneath who looks at it, where that can be.
    """

    name: str
    begin: Callable[[Work], Any]
    end: Callable[[Work, Any, Actor], Any]
    refused: type[Exception]
    role: Role
    listed: Callable[[str, Identity], Select[Any]] | None = None
    holder: str = DORDRECHT
    kind: str | None = None
    row: Callable[[Any], Any] = lambda waiting: waiting
    take_back: Callable[[Work, Any, Actor], Any] | None = None
    change: Callable[[Work, Any], Any] | None = None
    # The role of who proposes it, where it isn't that of who answers.
    proposes: Role | None = None


def propose_erasing(work: Work) -> Any:
    """Propose to erase a report."""
    registry = work.installation.registry
    report = make_report(work.session, work.installation)
    seen = preview_erasure(registry, work.session, report).fingerprint
    return erasing.propose(registry, work.session, report, "doel", seen, work.actor)


def erase(work: Work, proposal: Any, actor: Actor) -> None:
    registry, session = work.installation.registry, work.session
    report = session.get_one(Report, proposal.document_id)
    seen = preview_erasure(registry, session, report).fingerprint
    erasing.carry_out(registry, session, proposal, seen, actor)


def waiting_kinds(installation: Installation, username: str, holder: str = DORDRECHT) -> list[str]:
    """The kinds of what waits at a holder for the answer of somebody, by name."""
    with installation.transaction(holder) as session:
        user = session.scalars(select(User).where(User.username == username)).one()
        roles = frozenset((row.holder, Role(row.role)) for row in user.roles)
        identity = Identity(user.id, username, user.name, roles)
        kinds = kinds_for(installation.registry, holder, identity)
        rows = [session.execute(kind.waiting(holder, identity)).all() for kind in kinds]
        return sorted(row.kind for some in rows for row in some)


# Of a list that stays apart, and so of no kind in the shared one.
APART = "politiegegevens"
ACTS = (
    Act(
        "uitvoer goedkeuren",
        ask_export,
        decide_exports(),
        SecondError,
        Role.OFFICER,
        SECOND.waiting,
        kind="uitvoer",
        take_back=withdraw_export,
        change=change_dossier,
    ),
    Act(
        "uitvoer samen goedkeuren",
        ask_exports,
        decide_exports(),
        SecondError,
        Role.OFFICER,
        SECOND.waiting,
        kind="uitvoer",
        row=lambda asked: asked[0],
        take_back=withdraw_export,
        change=change_dossier,
    ),
    Act(
        "uitvoer afwijzen",
        ask_export,
        decide_exports("Te ruim."),
        SecondError,
        Role.OFFICER,
        SECOND.waiting,
        kind="uitvoer",
        take_back=withdraw_export,
    ),
    *(
        Act(
            f"spoeduitvoer achteraf {word}",
            lambda work: ask_export(work, urgent=True, state=ExportState.READY.value),
            decide_exports(reason),
            SecondError,
            Role.OFFICER,
            SECOND.waiting,
            kind="uitvoer",
        )
        for word, reason in (("goedkeuren", None), ("afwijzen", "Dit kon wachten."))
    ),
    Act(
        "bewaartermijnen",
        propose_schedule,
        lambda work, row, actor: approve_terms(work.session, row, actor),
        SecondError,
        Role.ARCHIVIST,
        kind="bewaartermijnen",
        take_back=lambda work, row, actor: withdraw_terms(work.session, row, actor),
    ),
    *(
        Act(
            name,
            begin,
            check_copy,
            SecondError,
            Role.DOSSIER_OWNER,
            copies.SECOND.waiting,
            kind="kopie",
            row=lambda waiting: waiting[1],
            change=freeze_anew,
            proposes=Role.PRIVACY_OFFICER,
        )
        for name, begin in (
            ("kopie nakijken", send_copy),
            ("kopie nakijken na markeren", mark_copy),
        )
    ),
    Act(
        "wissen",
        propose_erasing,
        erase,
        SecondError,
        Role.PRIVACY_OFFICER,
        erasing.KIND.waiting,
        kind="wissen",
        take_back=lambda work, row, actor: erasing.leave(work.session, row, None, actor),
    ),
    *(
        Act(
            f"advies, {'geleid' if leads else 'gevraagd'}",
            lambda work, leads=leads: ask_for_advice(work, leads=leads),  # type: ignore[misc]
            lambda work, row, actor: give_advice(work.session, row, Advice.POSITIVE, "ja", actor),
            SecondError,
            Role.PRIVACY_OFFICER,
            kind="advies",
            row=lambda dossier: latest_advice(object_session(dossier), dossier),  # type: ignore[arg-type]
        )
        for leads in (False, True)
    ),
    Act(
        "lijst nakijken na beoordelen",
        lambda work: a_decided_line(work, checks=True, assessed=work.first),
        make_step(CHECKS),
        SecondError,
        Role.PRIVACY_OFFICER,
        lists.waiting,
    ),
    Act(
        "lijst machtigen na beoordelen",
        lambda work: a_decided_line(work, assessed=work.first),
        make_step(AUTHORISES),
        SecondError,
        Role.ARCHIVIST,
        lists.waiting,
    ),
    Act(
        "lijst machtigen na nakijken",
        lambda work: a_decided_line(work, assessed=STRANGER, checked=work.first),
        make_step(AUTHORISES),
        SecondError,
        Role.ARCHIVIST,
        lists.waiting,
    ),
    Act(
        "van de politie",
        mark_words,
        lambda work, item, actor: police.confirm(
            work.installation.registry, work.session, item, actor
        ),
        SecondError,
        Role.POLICE_DATA,
        marked,
        kind=APART,
    ),
    Act(
        "tweede blik",
        propose_end,
        decline_end,
        SecondError,
        Role.OFFICER,
        SECOND_LOOK.waiting,
        kind=SECOND_LOOK.name,
        row=lambda waiting: waiting[1],
    ),
    Act(
        "tweede blik bij het meldpunt",
        lambda work: propose_end(work, NATIONAL),
        decline_end,
        SecondError,
        Role.NATIONAL_DESK,
        SECOND_LOOK.waiting,
        holder=NATIONAL,
        kind=SECOND_LOOK.name,
        row=lambda waiting: waiting[1],
    ),
    Act(
        "rol",
        propose_role,
        confirm_role(),
        SecondError,
        Role.OFFICER,
        kind="rol",
        proposes=Role.ADMIN,
    ),
    Act(
        "rol weigeren",
        propose_role,
        lambda work, row, actor: proposals.refuse(work.session, row, actor, DORDRECHT, "Nee."),
        SecondError,
        Role.PRIVACY_OFFICER,
        kind="rol",
        proposes=Role.ADMIN,
    ),
    Act(
        "rol, bevestigd door het meldpunt",
        propose_where_nobody_reads,
        confirm_role(NATIONAL),
        SecondError,
        Role.NATIONAL_DESK,
        holder=NATIONAL,
        kind="rol",
    ),
    Act(
        "rol, voorgesteld door het meldpunt",
        lambda work: propose_role(work, EINDHOVEN, NATIONAL),
        confirm_role(NATIONAL),
        SecondError,
        Role.NATIONAL_DESK,
        holder=NATIONAL,
        kind="rol",
    ),
    Act(
        "rol van een groep",
        propose_group,
        confirm_role(),
        SecondError,
        Role.OFFICER,
        kind="groepsrol",
        proposes=Role.ADMIN,
    ),
    Act(
        "inlogdienst",
        set_provider,
        confirm_role(),
        SecondError,
        Role.OFFICER,
        kind="inlogdienst",
        change=change_provider,
        proposes=Role.ADMIN,
    ),
)
