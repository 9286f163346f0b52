"""Recipients in a copy: who really got the data, and never a demand, which may be secret."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.security import Role
from stopintimidatie.disclosures.services import EventKind, Subject, note_event, record_disclosure
from stopintimidatie.exports.models import Export
from stopintimidatie.exports.vocabulary import DEMAND
from stopintimidatie.privacy.copies import services
from stopintimidatie.privacy.copies.queries import count_demands, gather
from stopintimidatie.privacy.copies.rules import Part
from stopintimidatie.privacy.requests.models import RequestState, SubjectRequest
from stopintimidatie.privacy.requests.resources import traces_of
from stopintimidatie.privacy.subjects.rules import Wanted
from tests.support.disclosing import an_entry
from tests.support.factories import DORDRECHT, connect, make_user
from tests.support.installation import Installation
from tests.support.subjects import MAIL, PERSON, PHONE, a_request, plant, search_for

GIVEN = (EventKind.GIVEN,)
# Words that only a document on a demand has.
SECRET = ("Officier van justitie", "126nd", "2026-17")
CAPACITIES = ("melder", "gemelde", "genoemde", "partner")


def of_each(short: str) -> Any:
    """The capacities in which somebody asks; in the short suite one of them."""
    others = pytest.mark.alles
    asked = (pytest.param(each, marks=() if each == short else others) for each in CAPACITIES)
    return pytest.mark.parametrize("capacity", list(asked))


@pytest.fixture
def town(installation: Installation) -> Installation:
    connect(installation)
    return installation


def disclose(
    session: Session,
    recipient: str,
    *reports: UUID,
    steps: tuple[EventKind, ...] = GIVEN,
    **changes: Any,
) -> None:
    """Enter a document in the register, with these reports in it and these steps afterwards."""
    subjects = [Subject(report, f"M-{n:02d}", ()) for n, report in enumerate(reports, 1)]
    row = record_disclosure(session, an_entry(recipient=recipient, **changes), subjects, SYSTEM)
    for step in steps:
        note_event(session, row, step, SYSTEM)


def demand(session: Session, *reports: UUID, **changes: Any) -> None:
    words = "AVG art. 6 lid 1 c, wettelijke verplichting: vordering: art. 126nd Sv, nr. 2026-17"
    basis: dict[str, Any] = {"legal_basis": DEMAND, "legal_basis_words": words}
    disclose(session, "Officier van justitie", *reports, **basis, **changes)


@dataclass
class Gathered:
    """The parts of a copy, and how many disclosures on a demand it leaves out."""

    parts: tuple[Part, ...]
    left_out: int
    about: tuple[tuple[str, str], ...] = field(default=())

    @property
    def recipients(self) -> list[str]:
        (part,) = (part for part in self.parts if part.key == "ontvangers")
        return [row[0] for row in part.rows]

    @property
    def words(self) -> str:
        return str((self.parts, self.about))


def searched(town: Installation, session: Session, **changes: Any) -> SubjectRequest:
    """A request of the seeded person of which all traces are about that person."""
    request = a_request(session, **changes)
    wanted = Wanted(names=(PERSON,), emails=(MAIL,), phones=(PHONE,))
    search_for(town.registry, session, request, wanted, SYSTEM)
    for trace in traces_of(session, request):
        trace.included = True
    session.flush()
    return request


def gathered(town: Installation, session: Session, capacity: str = "melder") -> Gathered:
    """The copy for the seeded person."""
    request, registry = searched(town, session, capacity=capacity), town.registry
    parts = gather(registry, session, request)
    about = services._about(registry, session, request)
    return Gathered(parts, count_demands(registry, session, request), about)


def test_a_reporter_reads_only_who_got_the_own_report(town: Installation) -> None:
    ids = plant(town).ids
    dossier: dict[str, Any] = {"source_id": ids["dossier"]}
    with town.transaction(DORDRECHT) as session:
        disclose(session, "Kreeg de melding", ids["own"], ids["noted"], **dossier)
        disclose(session, "Moest haar vernietigen", ids["own"], steps=(*GIVEN, EventKind.WITHDRAWN))
        # From the same dossier, without this report; and a report of another that names her.
        disclose(session, "Kreeg een ander stuk", uuid4(), **dossier)
        disclose(session, "Kreeg de melding van een ander", ids["other"])
        copy = gathered(town, session)
    assert copy.recipients == ["Kreeg de melding", "Moest haar vernietigen"]


def test_a_reporter_reads_who_got_a_document_with_the_own_name_in_it(town: Installation) -> None:
    ids = plant(town).ids
    with town.transaction(DORDRECHT) as session:
        disclose(session, "Las de naam", document_id=ids["export"], source_id=ids["dossier"])
        assert gathered(town, session).recipients == ["Las de naam"]


@pytest.mark.both_databases
@pytest.mark.short_on("sqlite")
@of_each("melder")
def test_what_was_never_given_has_no_recipient(town: Installation, capacity: str) -> None:
    ids = plant(town).ids
    about: dict[str, Any] = {"document_id": ids["export"], "source_id": ids["dossier"]}
    with town.transaction(DORDRECHT) as session:
        # Not given yet, put ready, opened by the municipality itself, withdrawn before.
        for steps in ((), ("OFFERED",), ("OPENED",), ("OFFERED", "WITHDRAWN")):
            kinds = tuple(EventKind[step] for step in steps)
            disclose(session, "Kreeg niets", ids["own"], ids["other"], steps=kinds, **about)
        empty = gathered(town, session, capacity)
        disclose(session, "Kreeg het", ids["own"], ids["other"], **about)
        # The desk enters a forwarded report once it is picked up: that has no copy to wait for.
        forwarded: dict[str, Any] = {
            "source_kind": "melding",
            "source_id": ids["own"],
            "profile": "doorgifte",
        }
        disclose(session, "Gemeente Zwijndrecht", ids["own"], steps=(), **forwarded)
        copy = gathered(town, session, capacity)
    assert empty.recipients == []
    (said,) = (part.facts for part in empty.parts if part.key == "ontvangers")
    # Not that nobody got anything: a demand isn't told.
    assert said == (("Ontvangers", "Wij noemen hier niemand buiten onze organisatie."),)
    assert sorted(copy.recipients) == ["Gemeente Zwijndrecht", "Kreeg het"]


@of_each("gemelde")
def test_a_copy_is_the_same_with_and_without_a_demand(town: Installation, capacity: str) -> None:
    ids = plant(town).ids
    with town.transaction(DORDRECHT) as session:
        before = gathered(town, session, capacity)
        demand(session, ids["own"], ids["other"], source_id=ids["dossier"])
        # Still waits: nothing was left out for it.
        demand(session, ids["own"], ids["other"], steps=(), source_id=ids["dossier"])
        copy = gathered(town, session, capacity)
    assert (before.left_out, copy.left_out) == (0, 1)
    assert copy.words == before.words
    assert not [word for word in SECRET if word in copy.words]
    # Every copy says that it wouldn't tell.
    assert "Daarom staat in geen enkele kopie of dat is gebeurd." in copy.words


@of_each("genoemde")
def test_of_a_document_on_a_demand_no_word_goes_along(town: Installation, capacity: str) -> None:
    ids = plant(town).ids
    with town.transaction(DORDRECHT) as session:
        shown = gathered(town, session, capacity)
        export = session.scalars(select(Export)).one()
        export.legal_basis = DEMAND
        demand(session, document_id=export.id, source_id=ids["dossier"])
        copy = gathered(town, session, capacity)
    kinds = [{part.key.partition(":")[0] for part in each.parts} for each in (shown, copy)]
    hidden = {"uitvoer", "partner_antwoord"}
    # What stands in the dossier in the same words is shown there alone, but for the reported.
    assert bool(hidden & kinds[0]) is (capacity == "gemelde")
    assert "document voor een partner" in shown.words.lower()
    assert not hidden & kinds[1]
    assert "document voor een partner" not in copy.words.lower()
    assert copy.left_out == 1


def test_who_makes_the_copy_hears_what_was_left_out_and_nobody_else(town: Installation) -> None:
    ids, registry = plant(town).ids, town.registry
    officer = town.browser(make_user(town, (DORDRECHT, Role.PRIVACY_OFFICER)))
    second = town.browser(make_user(town, (DORDRECHT, Role.DOSSIER_OWNER)))
    with town.transaction(DORDRECHT) as session:
        request = searched(town, session, state="redigeren")
        disclose(session, "Politie, basisteam", ids["own"])
        services.bring_together(registry, session, request, SYSTEM)
    address = f"/gemeenten/dordrecht/verzoeken/{request.reference}/kopie"
    officer.get(address).mustcontain("Uw melding", no=["vordering"])
    with town.transaction(DORDRECHT) as session:
        demand(session, ids["own"])
    page = officer.get(address)
    page.mustcontain(
        "Niet in deze kopie, omdat het geheim kan zijn: 1 verstrekking op een vordering",
        "dan mag u dat zelf aan de vrager schrijven, bij de brief",
    )
    officer.get(address.replace("kopie", "zoeken")).forms["vondst"].submit("afronden", status=303)
    with town.transaction(DORDRECHT) as session:
        request = session.scalars(select(SubjectRequest)).one()
        services.freeze(registry, session, request, SYSTEM)
        request.state = RequestState.CHECKING.value
        made = services.frozen_copy(session, registry.key_ring, request)
        assert made is not None
        pdf = services.statement_of(session, request, made)
    read = second.get(f"/gemeenten/dordrecht/verzoeken/{request.reference}/nakijken").text
    for text in (str(pdf), read):
        assert "Politie, basisteam" in text
        assert not [word for word in (*SECRET, "op een vordering") if word in text]
