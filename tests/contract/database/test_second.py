"""The second pair of eyes: every table with the mixin `Proposed` keeps the same rules.

Each kind is tried with the acts of `tests/support/seconds.py`; which accounts are one hand, and in
how many ways, is tried in `tests/whole/test_one_hand.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, event, inspect, select

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.second import ANSWERED, SECONDS, TWICE, SecondError, why_not
from stopintimidatie.core.security import Identity, Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.models import Base, Proposed
from stopintimidatie.municipalities.people.services import actor_of
from stopintimidatie.privacy.police.models import PoliceEvent
from tests.support.factories import DORDRECHT, EINDHOVEN, connect, make_user, user_id
from tests.support.hands import given
from tests.support.installation import Installation
from tests.support.seconds import ACTS, APART, Act, Work

pytestmark = pytest.mark.both_databases

PROPOSALS = [act for act in ACTS if act.kind is not None]
# The kinds of which a proposal can be withdrawn, so that its row is gone.
WITHDRAWN = [act for act in PROPOSALS if act.kind in {"rol", "groepsrol", "inlogdienst"}]


class Case:
    """A proposal that waits, of somebody, and two others who may answer it."""

    def __init__(self, installation: Installation, act: Act) -> None:
        self.installation, self.act = installation, act
        connect(installation)
        connect(installation, EINDHOVEN)
        roles = (act.proposes or act.role, act.role, act.role)
        self.names = [make_user(installation, (act.holder, role)) for role in roles]
        self.first, self.second, self.third = (
            str(user_id(installation, name)) for name in self.names
        )
        with self.transaction() as work:
            waiting = act.begin(work)
            row = act.row(waiting)
            work.session.flush()
            # What `begin` returned is found again by its ids, for transactions of their own.
            self.parts = _identified(waiting)
            self.table, self.id = type(row), inspect(row).identity

    @contextmanager
    def transaction(self) -> Iterator[Work]:
        with self.installation.transaction(self.act.holder) as session:
            yield Work(self.installation, session, self.first)

    def answer(self, person: str) -> None:
        """Answer it as somebody, in a transaction of its own."""
        with self.transaction() as work:
            self.act.end(work, self.found(work), actor_of(work.session, person))

    def found(self, work: Work) -> Any:
        return _found(work, self.parts)

    def waits(self) -> bool:
        with self.transaction() as work:
            row = work.session.get(self.table, self.id)
            return row is not None and row.waits

    def listed_for(self, person: str, holder: str | None = None) -> bool:
        """Whether it stands in the list of what waits for somebody with the role."""
        holder = holder or self.act.holder
        identity = Identity(UUID(person), "x", "x", frozenset({(holder, self.act.role)}))
        kind = SECONDS.of(self.installation.registry).get(str(self.act.kind))
        waiting = self.act.listed if kind is None else kind.waiting
        assert waiting is not None
        with self.installation.transaction(holder) as session:
            return session.execute(waiting(holder, identity)).first() is not None


def _identified(waiting: Any) -> Any:
    if isinstance(waiting, tuple):
        return tuple(_identified(part) for part in waiting)
    return type(waiting), inspect(waiting).identity


def _found(work: Work, parts: Any) -> Any:
    if isinstance(parts[0], tuple):
        return tuple(_found(work, part) for part in parts)
    return work.session.get(*parts)


@pytest.fixture(params=PROPOSALS, ids=lambda act: act.name)
def case(request: Any, installation: Installation) -> Case:
    return Case(installation, request.param)


def test_every_table_of_proposals_is_tried_here(installation: Installation) -> None:
    tables = {mapper.class_ for mapper in Base.registry.mappers}
    proposed = {table for table in tables if issubclass(table, Proposed)}
    kinds = SECONDS.of(installation.registry)
    apart = {table for table in proposed if inspect(table).local_table.info.get("apart")}
    assert {kind.table for kind in kinds.values()} == proposed - apart
    assert {*kinds, APART} == {act.kind for act in PROPOSALS}


@pytest.mark.short_on("sqlite")
def test_who_proposed_it_does_not_answer_it(case: Case) -> None:
    assert not case.listed_for(case.first)
    with pytest.raises(SecondError):
        case.answer(case.first)
    assert case.waits()


@pytest.mark.short_on("sqlite")
def test_a_second_account_of_one_person_does_not_answer_it(case: Case) -> None:
    other = given(case.installation, case.first, Role.OFFICER)
    assert not case.listed_for(other)
    with pytest.raises(SecondError):
        case.answer(other)
    assert case.waits()


@pytest.mark.short_on("sqlite")
def test_nobody_in_particular_does_not_answer_it(case: Case) -> None:
    with case.transaction() as work:
        assert why_not(work.session, case.act.row(case.found(work)), None)


@pytest.mark.short_on("sqlite")
def test_another_holder_does_not_see_it(case: Case) -> None:
    other = EINDHOVEN if case.act.holder == DORDRECHT else DORDRECHT
    assert not case.listed_for(case.second, other)


@pytest.mark.short_on("sqlite")
def test_the_list_leads_who_answers_and_who_proposed_to_its_page(case: Case) -> None:
    home = "/landelijk" if case.act.holder == NATIONAL else "/gemeenten/dordrecht"
    for name, row in ((case.names[1], "main table tbody tr a"), (case.names[0], ".si-card a")):
        browser = case.installation.browser(name)
        links = browser.get(f"{home}/wacht").html.select(row)
        # Not all who had a part in it proposed it; police data stands in a list of its own.
        assert bool(links) == (case.act.kind != APART) or name == case.names[0], name
        for link in links:
            page = browser.get(link["href"])
            while page.status_int in (302, 303):
                page = page.follow()
            assert page.status_int == 200


@pytest.mark.short_on("postgresql")
def test_another_person_answers_it_once(case: Case) -> None:
    assert case.listed_for(case.second)
    case.answer(case.second)
    assert not case.waits()
    assert not case.listed_for(case.third)
    with pytest.raises(SecondError) as again:
        case.answer(case.second)
    with pytest.raises(SecondError) as late:
        case.answer(case.third)
    assert again.value.message == TWICE
    assert late.value.message == ANSWERED


@pytest.mark.short_on("sqlite")
def test_an_answer_has_its_line_in_the_log_with_the_name_of_who_gave_it(case: Case) -> None:
    lines: Any = PoliceEvent if case.act.kind == APART else AuditEvent
    case.answer(case.second)
    with case.transaction() as work:
        written = select(lines.id).where(lines.actor_id == case.second)
        assert work.session.scalars(written).all()


def test_of_two_at_once_one_answers_it(case: Case) -> None:
    start, refused = Barrier(2), []

    def answer(person: str) -> None:
        start.wait()
        try:
            case.answer(person)
        except SecondError:
            refused.append(person)

    threads = [Thread(target=answer, args=(person,)) for person in (case.second, case.third)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert not case.waits()


@pytest.mark.short_on("sqlite")
def test_what_lapsed_is_not_answered(case: Case) -> None:
    if not hasattr(case.table, "expires_at"):
        return
    with case.transaction() as work:
        work.session.get_one(case.table, case.id).expires_at = utc_now() - timedelta(minutes=1)
    assert not case.listed_for(case.second)
    with pytest.raises(SecondError, match=ANSWERED):
        case.answer(case.second)


@pytest.mark.short_on("postgresql")
def test_what_changed_beneath_who_looks_is_not_answered(case: Case) -> None:
    if case.act.change is None:
        return
    with case.transaction() as work:
        waiting = case.found(work)
        case.act.change(work, waiting)
        with pytest.raises(SecondError):
            case.act.end(work, waiting, actor_of(work.session, case.second))
    assert case.waits()


@pytest.mark.short_on("sqlite")
def test_what_is_taken_back_is_not_answered(case: Case) -> None:
    if case.act.take_back is None:
        return
    with case.transaction() as work, pytest.raises(SecondError):
        case.act.take_back(work, case.found(work), actor_of(work.session, case.second))
    with case.transaction() as work:
        case.act.take_back(work, case.found(work), actor_of(work.session, case.first))
    assert not case.waits()
    with pytest.raises(SecondError):
        case.answer(case.second)


@pytest.mark.parametrize("case", WITHDRAWN, indirect=True, ids=lambda act: act.name)
def test_what_was_withdrawn_meanwhile_is_not_answered_and_its_page_can_say_so(case: Case) -> None:
    with case.transaction() as work:
        waiting = case.found(work)
        mine = case.table.proposed_by_id == case.first
        gone = delete(case.table).where(mine).execution_options(synchronize_session=False)
        work.session.execute(gone)
        with pytest.raises(SecondError, match=ANSWERED):
            case.act.end(work, waiting, actor_of(work.session, case.second))
        assert waiting.proposed_by


def test_killed_between_signing_and_applying_it_still_waits(case: Case) -> None:
    class KilledError(Exception):
        pass

    def kill(session: Any, _: Any) -> None:
        if any(isinstance(row, case.table) and not row.waits for row in session.dirty):
            raise KilledError

    def answer_until_killed() -> None:
        with case.transaction() as work:
            event.listen(work.session, "after_flush", kill)
            case.act.end(work, case.found(work), actor_of(work.session, case.second))

    with pytest.raises(KilledError):
        answer_until_killed()
    assert case.waits()
    case.answer(case.second)
    assert not case.waits()
