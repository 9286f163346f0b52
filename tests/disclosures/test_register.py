"""The disclosure register: append-only, read by who may, of one's own municipality."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError, IntegrityError

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.security import Role
from stopintimidatie.disclosures.models import Disclosure, DisclosureSubject
from stopintimidatie.disclosures.resources import new_export_id
from tests.support.disclosing import REGISTER, SUBJECT, an_entry, recorded
from tests.support.factories import DORDRECHT, EINDHOVEN, make_user
from tests.support.installation import Installation
from tests.support.queries import count_queries

pytestmark = [pytest.mark.both_databases, pytest.mark.short_on("postgresql")]


@pytest.mark.short_on("sqlite", "postgresql")
@pytest.mark.parametrize("table", ["disclosure", "disclosure_subject"])
@pytest.mark.parametrize("change", ["UPDATE {} SET holder = 'GM0505'", "DELETE FROM {}"])
def test_the_register_is_never_changed(installation: Installation, table: str, change: str) -> None:
    recorded(installation)
    refused = pytest.raises(DatabaseError, match=r"append-only|permission denied")
    with refused, installation.transaction() as session:
        session.execute(text(change.format(table)))
    with installation.transaction(DORDRECHT) as session:
        assert session.scalar(select(func.count()).select_from(Disclosure)) == 1
        assert session.scalar(select(func.count()).select_from(DisclosureSubject)) == 1


@pytest.mark.short_on("sqlite", "postgresql")
def test_the_same_export_is_recorded_once(installation: Installation) -> None:
    reference = new_export_id()
    assert recorded(installation, reference=reference) == recorded(
        installation, reference=reference, recipient="Een ander"
    )
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(Disclosure.recipient)).all() == [
            "Politie, basisteam Drechtsteden"
        ]
        events = select(func.count()).where(AuditEvent.action == "verstrekking.vastgelegd")
        assert session.scalar(events) == 1
    entry = an_entry(reference=reference)
    entry.holder = DORDRECHT
    with pytest.raises(IntegrityError), installation.transaction(DORDRECHT) as session:
        session.add(entry)


@pytest.mark.parametrize(
    "role",
    [
        Role.OFFICER,
        Role.DOSSIER_OWNER,
        Role.PRIVACY_OFFICER,
        Role.DATA_PROTECTION_OFFICER,
    ],
)
def test_who_may_read_the_register_reads_it(installation: Installation, role: Role) -> None:
    reference = recorded(installation, covenant="Convenant Binnenstad")
    browser = installation.browser(make_user(installation, (DORDRECHT, role)))
    assert browser.get("/verstrekkingen").location.endswith(REGISTER)
    entry = browser.get(REGISTER).click(reference)
    for shown in (
        "Politie, basisteam Drechtsteden",
        "a" * 64,
        "b" * 64,
        "Convenant Binnenstad",
        "An Vrager",
        "Bea Slist",
        "M-01",
        "vormen, tijdstip",
        str(SUBJECT.id),
    ):
        assert shown in entry.text, shown
    with installation.transaction(DORDRECHT) as session:
        tasks = session.scalars(select(AuditEvent.task).where(AuditEvent.action == "gelezen"))
        assert {"register lezen", "verstrekking lezen"} <= set(tasks)


def test_the_admin_and_another_municipality_find_no_register(installation: Installation) -> None:
    reference = recorded(installation)
    strangers = [(DORDRECHT, Role.ADMIN), (EINDHOVEN, Role.PRIVACY_OFFICER)]
    for role in strangers:
        browser = installation.browser(make_user(installation, role))
        browser.get(REGISTER, status=404)
        browser.get(f"{REGISTER}/{reference}", status=404)
    own = f"/gemeenten/eindhoven/verstrekkingen/{reference}"
    browser = installation.browser(make_user(installation, (EINDHOVEN, Role.PRIVACY_OFFICER)))
    browser.get(own, status=404)
    installation.visitor().get(f"{REGISTER}/{reference}", status=303)


def test_what_a_person_directed_dossier_gave_is_for_few(installation: Installation) -> None:
    reference = recorded(installation, restricted=True, recipient="Geheim Team")
    officer = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    assert "Geheim Team" not in officer.get(REGISTER).text
    officer.get(f"{REGISTER}/{reference}", status=404)
    owner = installation.browser(make_user(installation, (DORDRECHT, Role.DOSSIER_OWNER)))
    assert "Geheim Team" in owner.get(REGISTER).text
    owner.get(f"{REGISTER}/{reference}", status=200)


def test_the_register_is_filtered_and_paged(installation: Installation) -> None:
    old = recorded(
        installation, profile="intern", recipient_kind="Intern", destroy_by=date(2020, 1, 1)
    )
    new = [recorded(installation) for _ in range(26)]
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.PRIVACY_OFFICER)))
    first = browser.get(REGISTER)
    assert "1 tot en met 25 van 27 verstrekkingen" in first.text
    assert old in browser.get(f"{REGISTER}?pagina=2").text
    only = browser.get(f"{REGISTER}?soort=intern")
    assert old in only.text
    shown = only.html.find("table").text
    assert not any(reference in shown for reference in new)
    assert old in browser.get(f"{REGISTER}?termijn=voorbij").text
    assert "Niets gevonden" in browser.get(f"{REGISTER}?dossier=1999-0001").text
    for wrong in ("soort=onzin", "pagina=999999", "termijn=%F0%9F%98%80", "soort=a&soort=b"):
        browser.get(f"{REGISTER}?{wrong}", status=200)
    for wrong in ("x", "U-0000-0000", "U-0000-000", "..", "%00"):
        browser.get(f"{REGISTER}/{wrong}", status="4*")


@pytest.mark.alles
def test_a_longer_register_costs_no_more_queries(installation: Installation) -> None:
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.PRIVACY_OFFICER)))
    recorded(installation)
    browser.get(REGISTER)
    with count_queries(installation) as few:
        browser.get(REGISTER)
    for _ in range(12):
        recorded(installation)
    browser.get(REGISTER)
    with count_queries(installation) as many:
        browser.get(REGISTER)
    # A list of several documents is one line of the log: one insert fewer.
    assert many.count <= few.count


def test_an_empty_register_says_what_comes_there(installation: Installation) -> None:
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.PRIVACY_OFFICER)))
    assert "Nog niets verstrekt" in browser.get(REGISTER).text
