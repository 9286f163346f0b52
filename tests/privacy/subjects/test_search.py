"""Finding a person: every place where a name can stand, and nothing of somebody else."""

from __future__ import annotations

import tracemalloc
from uuid import uuid4

import pytest
from sqlalchemy import event, insert, select

from stopintimidatie.core.audit import SYSTEM, Actor, AuditEvent
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage import Base
from stopintimidatie.core.text import day_of
from stopintimidatie.privacy.police.models import PURPOSE, PoliceItem
from stopintimidatie.privacy.requests.models import RequestTrace
from stopintimidatie.privacy.requests.resources import traces_of
from stopintimidatie.privacy.subjects.queries import Traces, search
from stopintimidatie.privacy.subjects.rules import (
    TooLittleError,
    Wanted,
    search_names,
    sentences_with,
)
from stopintimidatie.privacy.subjects.services import judge
from stopintimidatie.reports.models import Report, ReportContact
from stopintimidatie.reports.personal import ContactData, contact_rows
from stopintimidatie.reports.rules import FOLLOW_PURPOSE, hash_follow_code
from tests.support.factories import DORDRECHT, EINDHOVEN, connect, make_report
from tests.support.installation import Installation
from tests.support.subjects import MAIL, PERSON, PHONE, a_request, plant, search_for


def find(installation: Installation, holder: str = DORDRECHT, **wanted: tuple[str, ...]) -> Traces:
    with installation.transaction(holder) as session:
        return search(installation.registry, session, holder, Wanted(**wanted))


def all_of(traces: Traces) -> set[tuple[str, object, str]]:
    return {(kind, number, place) for (kind, number), its in traces.places.items() for place in its}


@pytest.mark.both_databases
def test_every_planted_trace_of_a_name_is_found_and_nobody_with_another(
    installation: Installation,
) -> None:
    connect(installation)
    planted = plant(installation)
    found = find(installation, names=(PERSON,))
    assert planted.traces - all_of(found) == set()
    assert ("melding", planted.ids["strange"]) not in found.places
    more = {(kind, number) for kind, number, _ in planted.traces}
    assert {key for key in found.places if key not in more} == set()
    assert find(installation, EINDHOVEN, names=(PERSON,)).places == {}


def test_a_mail_address_or_number_finds_the_report_and_what_hangs_together_with_it(
    installation: Installation,
) -> None:
    connect(installation)
    planted = plant(installation)
    for found in (find(installation, emails=(MAIL.upper(),)), find(installation, phones=(PHONE,))):
        assert "report_contact" in str(found.places["melding", planted.ids["own"]])


@pytest.mark.both_databases
def test_a_follow_code_or_a_reference_finds_the_report_it_opens(installation: Installation) -> None:
    connect(installation)
    keys = installation.registry.key_ring
    with installation.transaction(DORDRECHT) as session:
        report, code = make_report(session, installation), "1234 5678 9012 3456"
        reference = report.reference
        report.follow_code_hash = hash_follow_code(keys.derive(FOLLOW_PURPOSE), reference, code)
        report.follow_code_version = keys.current
        make_report(session, installation)
        report_id = session.scalars(select(Report.id).where(Report.reference == reference)).one()
    assert find(installation, follow_codes=("1234-5678-9012-3456",)).places == {
        ("melding", report_id): {"volgcode"}
    }
    assert find(installation, references=(reference.lower(),)).places == {
        ("melding", report_id): {"kenmerk"}
    }


def test_police_data_is_never_searched(installation: Installation) -> None:
    connect(installation)
    keys, today = installation.registry.key_ring, day_of(utc_now())
    with installation.transaction(DORDRECHT) as session:
        item = PoliceItem(
            holder=DORDRECHT,
            origin="formulier",
            article="16",
            received_on=today,
            review_on=today,
            proposed_by=PERSON,
            changed_by=PERSON,
        )
        session.add(item)
        session.flush()
        item.content = keys.encrypt(PURPOSE, f'{{"tekst": "{PERSON}"}}', str(item.id))
    assert find(installation, names=(PERSON,)).places == {}


def test_a_search_is_logged_with_its_case_and_never_with_its_words(
    installation: Installation,
) -> None:
    connect(installation)
    planted = plant(installation)
    with installation.transaction(DORDRECHT) as session:
        request = a_request(session)
        wanted = Wanted(names=(PERSON,), phones=(PHONE,))
        new = search_for(installation.registry, session, request, wanted, SYSTEM)
        rows = traces_of(session, request)
        assert new == len(rows) > 8
        assert search_for(installation.registry, session, request, wanted, SYSTEM) == 0
        searched = session.scalars(
            select(AuditEvent)
            .where(AuditEvent.action == "verzoek.gezocht")
            .order_by(AuditEvent.at, AuditEvent.id)
            .limit(1)
        ).one()
        assert set(searched.fields) == {"op naam", "op telefoon"}
        read = session.scalars(
            select(AuditEvent).where(
                AuditEvent.action == "gelezen",
                AuditEvent.task == f"zoeken voor verzoek {request.reference}",
            )
        ).all()
        assert {"melding", "dossier", "uitvoer"} <= {row.subject_kind for row in read}
        logged = [
            (e.fields, e.reason, e.task, e.action) for e in session.scalars(select(AuditEvent))
        ]
        assert "berg" not in str(logged).lower()
        assert "12345678" not in str(logged)
        assert "berg" not in str([(row.places, row.reference) for row in rows]).lower()
    assert planted.ids


def test_a_judgement_stays_until_the_person_is_found_in_a_new_place(
    installation: Installation,
) -> None:
    connect(installation)
    plant(installation)
    registry, wanted = installation.registry, Wanted(names=(PERSON,))
    officer = Actor("gebruiker", None, "Pri Vacy")
    with installation.transaction(DORDRECHT) as session:
        request = a_request(session)
        search_for(registry, session, request, wanted, officer)
        rows = traces_of(session, request)
        assert judge(session, request, {row.id: False for row in rows}, officer) == len(rows)
        assert judge(session, request, {rows[0].id: False}, officer) == 0
        search_for(registry, session, request, wanted, officer)
        assert all(row.included is False for row in traces_of(session, request))
        rows[0].places = []
        session.flush()
        search_for(registry, session, request, wanted, officer)
        unsure = [row for row in traces_of(session, request) if row.included is None]
        assert [row.id for row in unsure] == [rows[0].id]
        assert session.scalars(select(RequestTrace.found_by)).all() == ["Pri Vacy"] * len(rows)


@pytest.mark.parametrize("wanted", [{"names": ("de",)}, {"names": ("Jo",)}, {"phones": ("0612",)}])
def test_too_little_is_refused(wanted: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(TooLittleError):
        _ = Wanted(**wanted).terms


@pytest.mark.parametrize(
    ("text", "is_there"),
    [
        ("mevrouw N. van der Berg", True),
        ("Berg, Noemie van der", True),
        ("NOÉMIE  VAN DER BERG", True),
        ("noemie vd berg", True),
        ("N.v.d. Berg", True),
        ("Noemie Bergen", False),
        ("Anoemie van der Berg", False),
        ("van der Berg", False),
    ],
)
def test_a_name_is_known_however_it_is_written(text: str, is_there: bool) -> None:
    assert Wanted(names=("Noémie van der Berg",)).within(text) is is_there


def test_surname_and_names_in_the_question_are_proposed_to_search_by() -> None:
    question = "Vroeger heette ik Fatima Verzonnen. Het ging om mijn zoon Bilal."
    assert search_names("Noor van der Berg", question).splitlines() == [
        "Noor van der Berg",
        "Berg",
        "Fatima Verzonnen",
        "Bilal",
    ]
    assert search_names("", "") == ""


def test_a_sentence_ends_not_at_an_initial() -> None:
    text = "Het regende. Dat was J. Jánsen daar! Toen weg."
    spans = Wanted(names=("Jan Jansen",)).spans(text)
    assert [text[start:end].strip() for start, end in sentences_with(text, spans)] == [
        "Dat was J. Jánsen daar!"
    ]


@pytest.mark.alles
@pytest.mark.both_databases
def test_ten_thousand_reports_are_searched_in_few_statements_and_little_memory(
    installation: Installation,
) -> None:
    connect(installation)
    keys = installation.registry.key_ring
    with installation.transaction(DORDRECHT) as session:
        seed = make_report(session, installation, description="Er werd gefloten. " * 30)
        table = Base.metadata.tables["report"]
        row = dict(session.execute(select(table).where(table.c.id == seed.id)).one()._mapping)
        rows, contacts = [], []
        for number in range(10_000):
            report_id = uuid4()
            rows.append({**row, "id": report_id, "reference": f"M-{number:04d}-TTTT"})
            given = ContactData(
                f"Sanne {chr(97 + number % 26) * 3} Test", f"06{number:08d}", None, None
            )
            contacts += [values for _, values in contact_rows(keys, DORDRECHT, report_id, given)]
        session.execute(insert(table), rows)
        session.execute(insert(ReportContact), contacts)
    statements: list[str] = []
    event.listen(installation.engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    tracemalloc.start()
    found = find(installation, names=("Sanne Morgenster",), phones=("0600009999",))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    measured = f"{len(statements)} statements, {most / 1e6:.0f} MB"
    assert len(found.places) == 1
    assert len(statements) < 120, measured
    assert most < 64e6, measured
