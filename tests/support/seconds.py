"""The acts that take two people, each as data: who begins, who ends, and what is listed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.orm import object_session

from stopintimidatie.core.accounts.models import IdentityProvider, RoleOffer
from stopintimidatie.core.accounts.services import AccountError
from stopintimidatie.core.audit import SYSTEM, Actor
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.second import SecondError
from stopintimidatie.core.security import Identity, Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.text import day_of
from stopintimidatie.core.workflow import WorkflowError
from stopintimidatie.disclosures.resources import new_export_id
from stopintimidatie.dossiers.person import queries as person_queries
from stopintimidatie.dossiers.person.services import (
    ask_advice,
    give_advice,
    latest_advice,
    write_ground,
)
from stopintimidatie.dossiers.person.vocabulary import Advice
from stopintimidatie.dossiers.workflow import DossierKind
from stopintimidatie.exports.extract.queries import load_dossier
from stopintimidatie.exports.extract.services import prepare
from stopintimidatie.exports.models import ExportState
from stopintimidatie.exports.request import approval, services
from stopintimidatie.exports.request.routes import approve_together, judge_after
from stopintimidatie.exports.vocabulary import ExportError, ExportRequest
from stopintimidatie.municipalities.people import groups, proposals, provider
from stopintimidatie.municipalities.people.services import actor_of, givers
from stopintimidatie.privacy.copies import resources as copies
from stopintimidatie.privacy.destruction import resources as lists
from stopintimidatie.privacy.destruction import services as destruction
from stopintimidatie.privacy.destruction.models import LineDecision
from stopintimidatie.privacy.destruction.rules import AUTHORISES, CHECKS
from stopintimidatie.privacy.requests.models import SubjectRequestMove
from stopintimidatie.privacy.requests.services import refuses_second
from stopintimidatie.privacy.retention import queries as retention_queries
from stopintimidatie.privacy.retention.services import approve_terms, propose_terms, withdraw_terms
from stopintimidatie.privacy.subjects.models import SubjectCopy
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


def ask_export(work: Work, **changes: Any) -> Any:
    """Ask for an export; what its approver would see."""
    texts = {"purpose": "Minder overlast.", "legal_basis": "avg_6_1_e_openbare_orde"}
    dossier = make_dossier(work.session, **texts)
    export = services.draft(dossier, wish(), work.actor, new_export_id())
    for name, value in changes.items():
        setattr(export, name, value)
    work.session.add(export)
    work.session.flush()
    loaded = load_dossier(work.session, dossier, work.installation.registry)
    return prepare(work.session, work.installation.settings, loaded, export, utc_now())


def approve_export(work: Work, seen: Any, actor: Actor) -> None:
    keys = work.installation.registry.key_ring
    services.approve(work.session, keys, seen, actor, seen=seen.fingerprint)


def approve_exports(work: Work, seen: Any, actor: Actor) -> None:
    keys, known = work.installation.registry.key_ring, {seen.export.reference: seen.fingerprint}
    approve_together(work.session, keys, [seen], known, actor)


def propose_schedule(work: Work) -> Any:
    terms = proposed_schedule(work.installation)
    return propose_terms(work.session, DORDRECHT, terms, utc_now(), None, work.actor)


def send_copy(work: Work) -> Any:
    """Let a copy for a data subject be checked; the rows that sending it on leaves."""
    row = a_request(work.session, state="tweede_persoon")
    made = {"request_id": row.id, "holder": DORDRECHT, "state": "nakijken", "changed_by": "x"}
    work.session.add(SubjectCopy(**made, made_by_id=work.first, made_by="x"))
    moved = {"name": "tweede_persoon", "from_state": "a", "to_state": "b", "values": {}}
    by = {"actor_kind": "gebruiker", "actor_id": work.first, "actor_name": "x"}
    work.session.add(SubjectRequestMove(request_id=row.id, holder=DORDRECHT, **moved, **by))
    work.session.flush()
    return row


def check_copy(work: Work, row: Any, actor: Actor) -> None:
    why = refuses_second(work.session, row, actor)
    if why is not None:
        raise WorkflowError(why)


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
    line = a_line(work.session, row, "M-4F7K-2QX9", decision=LineDecision.GOES.value, **made, **by)
    work.session.flush()
    destruction.refresh_state(work.session, row)
    return row, line


def make_step(step: str) -> Callable[[Work, Any, Actor], Any]:
    def make(work: Work, waiting: Any, actor: Actor) -> None:
        row, line = waiting
        destruction.make_step(work.session, row, step, actor, destruction.fingerprint([line]))

    return make


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
    return groups.propose_group(work.session, work.actor, DORDRECHT, **here)  # type: ignore[arg-type]


def confirm_role(at: str = DORDRECHT) -> Callable[[Work, Any, Actor], Any]:
    return lambda work, offer, actor: proposals.confirm(work.session, offer, actor, at)


def set_provider(work: Work) -> Any:
    values = {"issuer": "https://login.example", "client_id": "x", "client_secret": "x"}
    row = IdentityProvider(holder=DORDRECHT, enabled=True, **values)
    provider.put_forward(work.session, work.actor, row)
    work.session.add(row)
    work.session.flush()
    return row


def confirm_provider(work: Work, row: Any, actor: Actor) -> None:
    provider.confirm(work.session, row, actor, DORDRECHT)


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


def proposed_terms(holder: str, identity: Identity) -> Select[Any]:
    return retention_queries.waiting_for(holder, identity)  # type: ignore[no-any-return]


STRANGER = "00000000-0000-4000-8000-000000000001"
ACTS = (
    Act(
        "uitvoer goedkeuren",
        ask_export,
        approve_export,
        ExportError,
        Role.OFFICER,
        approval.waiting,
    ),
    Act(
        "uitvoer samen goedkeuren",
        ask_export,
        approve_exports,
        ExportError,
        Role.OFFICER,
        approval.waiting,
    ),
    Act(
        "uitvoer afwijzen",
        ask_export,
        lambda work, seen, actor: services.reject(work.session, seen.export, "Te ruim.", actor),
        ExportError,
        Role.OFFICER,
        approval.waiting,
    ),
    Act(
        "spoeduitvoer achteraf beoordelen",
        lambda work: ask_export(work, urgent=True, state=ExportState.READY.value),
        lambda work, seen, actor: judge_after(work.session, seen.export, actor, good=True),
        ExportError,
        Role.OFFICER,
        approval.waiting,
    ),
    Act(
        "bewaartermijnen",
        propose_schedule,
        lambda work, row, actor: approve_terms(work.session, row, actor),
        SecondError,
        Role.ARCHIVIST,
        proposed_terms,
        kind="bewaartermijnen",
        take_back=lambda work, row, actor: withdraw_terms(work.session, row, actor),
    ),
    Act("kopie nakijken", send_copy, check_copy, WorkflowError, Role.DOSSIER_OWNER, copies.waiting),
    *(
        Act(
            f"advies, {'geleid' if leads else 'gevraagd'}",
            lambda work, leads=leads: ask_for_advice(work, leads=leads),  # type: ignore[misc]
            lambda work, row, actor: give_advice(work.session, row, Advice.POSITIVE, "ja", actor),
            SecondError,
            Role.PRIVACY_OFFICER,
            person_queries.waiting,
            kind="advies",
            row=lambda dossier: latest_advice(object_session(dossier), dossier),  # type: ignore[arg-type]
        )
        for leads in (False, True)
    ),
    Act(
        "lijst nakijken na beoordelen",
        lambda work: a_decided_line(work, checks=True, assessed=work.first),
        make_step(CHECKS),
        destruction.ListError,
        Role.PRIVACY_OFFICER,
        lists.waiting,
    ),
    Act(
        "lijst machtigen na beoordelen",
        lambda work: a_decided_line(work, assessed=work.first),
        make_step(AUTHORISES),
        destruction.ListError,
        Role.ARCHIVIST,
        lists.waiting,
    ),
    Act(
        "lijst machtigen na nakijken",
        lambda work: a_decided_line(work, assessed=STRANGER, checked=work.first),
        make_step(AUTHORISES),
        destruction.ListError,
        Role.ARCHIVIST,
        lists.waiting,
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
    Act("rol", propose_role, confirm_role(), AccountError, Role.OFFICER),
    Act(
        "rol, bevestigd door het meldpunt",
        propose_where_nobody_reads,
        confirm_role(NATIONAL),
        AccountError,
        Role.NATIONAL_DESK,
        holder=NATIONAL,
    ),
    Act(
        "rol, voorgesteld door het meldpunt",
        lambda work: propose_role(work, EINDHOVEN, NATIONAL),
        confirm_role(NATIONAL),
        AccountError,
        Role.NATIONAL_DESK,
        holder=NATIONAL,
    ),
    Act("rol van een groep", propose_group, confirm_role(), AccountError, Role.OFFICER),
    Act("inlogdienst", set_provider, confirm_provider, AccountError, Role.OFFICER),
)
