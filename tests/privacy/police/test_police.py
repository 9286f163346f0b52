"""Police data: entered, asked why, read, decided on; and for everybody else not there."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from webtest import TestApp, TestResponse

from stopintimidatie.backup.ledger import take_out
from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.ledger import DESTROYED, Entry, read_ledger
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.encryption import KeyRing, reseal_some
from stopintimidatie.core.storage.personal import erase_document
from stopintimidatie.core.text import day_of
from stopintimidatie.core.tree import Reference
from stopintimidatie.dossiers.workflow import DossierKind
from stopintimidatie.privacy.police.models import PoliceAccess, PoliceEvent, PoliceItem
from stopintimidatie.privacy.police.personal import SEALED
from stopintimidatie.privacy.police.services import content_of
from stopintimidatie.reports.models import Report
from tests.support.factories import DORDRECHT, connect, make_dossier, make_report, make_user
from tests.support.installation import Installation
from tests.support.personal import anywhere
from tests.support.policing import HERE, SWITCHED_ON, keep_something, read

PLACE = "/gemeenten/dordrecht"
WORD = "Zwartjens"


@pytest.fixture
def town(installation: Installation) -> Installation:
    connect(installation, politie=SWITCHED_ON)
    return installation


@pytest.fixture
def named(town: Installation) -> TestApp:
    """An officer who is named for police data, in a browser."""
    roles = (DORDRECHT, Role.OFFICER), (DORDRECHT, Role.POLICE_DATA)
    return town.browser(make_user(town, *roles, name="Noor Smit"))


@pytest.fixture
def others(town: Installation) -> list[TestApp]:
    """Everybody who sees something in the municipality, and isn't named for police data."""
    roles = (
        *(Role.OFFICER, Role.DOSSIER_OWNER, Role.ADMIN, Role.PRIVACY_OFFICER),
        *(Role.DATA_PROTECTION_OFFICER, Role.PROCESS_OWNER, Role.ARCHIVIST),
    )
    return [town.browser(make_user(town, (DORDRECHT, role))) for role in roles]


def a_report(town: Installation) -> tuple[str, str]:
    """A report: its reference and address."""
    with town.transaction(DORDRECHT) as session:
        reference = make_report(session, town).reference
    return reference, f"{PLACE}/binnenstad/{reference}"


def enter(browser: TestApp, *, status: int = 303, **typed: Any) -> Any:
    today = day_of(utc_now())
    form = browser.get(f"{HERE}/vastleggen").forms["formulier"]
    usual = {
        "over": "bij" if typed.get("kenmerk") else "zelf",
        "artikel": "16",
        "verstrekker": "politie, wijkagent",
        "ontvangen": today.isoformat(),
        "doel": "Handhaven van de openbare orde.",
        "tekst": f"Het was {WORD}.",
        "opnieuw": (today + timedelta(days=100)).isoformat(),
    }
    for name, value in {**usual, **typed}.items():
        form[name] = value
    return form.submit("vastleggen", status=status)


def item_of(town: Installation) -> PoliceItem:
    with town.transaction(DORDRECHT) as session:
        return session.scalars(select(PoliceItem)).one()


def actions(town: Installation) -> list[str]:
    with town.transaction(DORDRECHT) as session:
        return list(session.scalars(select(PoliceEvent.action).order_by(PoliceEvent.at)))


def test_what_is_read_asks_a_reason_once_a_day_and_stands_in_a_log_of_its_own(
    town: Installation, named: TestApp
) -> None:
    reference, address = a_report(town)
    before = lines_of_the_log(town)
    enter(named, kenmerk=reference).follow().mustcontain(f"Bij melding {reference}", no=[WORD])
    item = item_of(town)
    named.get(address).mustcontain("Politiegegevens", f"stuk?nr={item.id}", no=[WORD])
    asked = named.get(f"{HERE}/stuk?nr={item.id}")
    asked.mustcontain("Waarom leest u dit vandaag?", no=[WORD])
    asked.forms["formulier"].submit("lezen", status=422).mustcontain(no=[WORD])
    read(named, item).mustcontain(WORD, "politie, wijkagent", "Handhaven van de openbare orde.")
    named.get(f"{HERE}/stuk?nr={item.id}").mustcontain(WORD)
    with town.transaction(DORDRECHT) as session:
        session.scalars(select(PoliceAccess)).one().day -= timedelta(days=1)
    named.get(f"{HERE}/stuk?nr={item.id}").mustcontain("Waarom", no=[WORD])
    assert actions(town).count("reden") == 1
    assert actions(town).count("gelezen") == 2
    log = named.get(f"{HERE}/logboek")
    # The reason was given on another day by now.
    log.mustcontain("Noor Smit", "gaf een reden", no=[WORD])
    # The log of the house says that the report was read, and nothing else.
    told = set(lines_of_the_log(town)) - set(before)
    told -= {("gelezen", "melding bekijken"), ("rol.gebruikt", None), ("aanmelden.gelukt", None)}
    assert told == set()


def lines_of_the_log(town: Installation) -> list[tuple[str, str | None]]:
    with town.transaction(DORDRECHT) as session:
        rows = session.execute(select(AuditEvent.action, AuditEvent.task))
        return [(action, task) for action, task in rows]


def test_nobody_else_sees_a_page_a_section_or_a_number_of_it(
    town: Installation, named: TestApp, others: list[TestApp]
) -> None:
    reference, address = a_report(town)
    empty = [body(browser, address) for browser in others]
    starts = [body(browser, PLACE) for browser in others]
    unknown = [browser.get("/m/M-0000-0000", status="*") for browser in others]
    enter(named, kenmerk=reference)
    enter(named)
    town.run_jobs()
    with town.transaction(DORDRECHT) as session:
        items = session.scalars(select(PoliceItem).order_by(PoliceItem.reference)).all()
        own = next(item.reference for item in items if item.reference)
    names = ["", "/vastleggen", "/optreden", "/logboek"]
    names += [f"/{page}?nr={item.id}" for page in ("stuk", "beslissen") for item in items]
    assert [body(browser, address) for browser in others] == empty
    assert [body(browser, PLACE) for browser in others] == starts
    for number, browser in enumerate(others):
        refused = refusals(town)
        assert {browser.get(f"{HERE}{name}", status="*").status_int for name in names} == {404}
        assert refusals(town) == refused, "that an address is there stands in no ordinary log"
        browser.get("/politiegegevens", status=404)
        mine, none = browser.get(f"/m/{own}", status="*"), unknown[number]
        assert mine.status_int == none.status_int == 404
        assert words_of(mine).replace(own, "") == words_of(none).replace("M-0000-0000", "")
        for words in (own, WORD, "wijkagent"):
            found = browser.get("/zoeken", {"q": words}, status="*")
            assert "stuk?nr=" not in found
            assert WORD not in found.html.find("main").text.replace(words, "")


def refusals(town: Installation) -> int:
    """The number of refusals in the log of the municipality."""
    with town.transaction(DORDRECHT) as session:
        wanted = select(func.count(AuditEvent.id)).where(AuditEvent.action == "toegang.geweigerd")
        return session.scalar(wanted) or 0


def body(browser: TestApp, address: str) -> str:
    """The text of a page, as it is for whoever may not see it as well."""
    # Some of them may not see reports, and this asks them twice.
    return re.sub(r"\d+ keer toegang geweigerd", "", words_of(browser.get(address, status="*")))


def words_of(answer: TestResponse) -> str:
    """The text of a page without the moment of opening, which may be a minute later."""
    page = answer.html.find("body")
    for stamp in page.select(".si-printed"):
        stamp.decompose()
    return " ".join(page.text.split())


def test_a_report_of_the_police_has_its_reference_and_holder_outside_and_nothing_else(
    town: Installation, named: TestApp
) -> None:
    enter(named, tekst=f"Melding over {WORD}.").follow().mustcontain("Melding M-")
    item = item_of(town)
    town.run_jobs()
    with town.transaction(DORDRECHT) as session:
        row = session.scalars(select(Reference)).one()
        assert (row.reference, row.holder, row.kind) == (item.reference, DORDRECHT, "melding")
        assert session.scalar(select(func.count(Report.id))) == 0
        assert content_of(town.registry.key_ring, item).text == f"Melding over {WORD}."
    assert anywhere(town, WORD) == []
    went = named.get(f"/m/{item.reference}", status=303)
    assert went.location.endswith(f"{HERE}/stuk?nr={item.id}")
    named.get(f"{PLACE}/postvak").mustcontain(no=[str(item.reference)])


def test_of_an_action_of_boas_only_the_day_is_kept(town: Installation, named: TestApp) -> None:
    reference, address = a_report(town)
    page = named.get(address)
    form = page.click("Optreden van boa’s vastleggen").forms["formulier"]
    assert form["kenmerk"].value == reference
    today = day_of(utc_now())
    form["ontvangen"] = today.isoformat()
    form["opnieuw"] = (today + timedelta(days=30)).isoformat()
    form.submit("vastleggen", status=303)
    item = item_of(town)
    assert (item.content, item.article, item.origin) == (None, None, "optreden")
    named.get(f"{HERE}/stuk?nr={item.id}").mustcontain("Er is opgetreden door boa’s")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"kenmerk": "M-4F7K-2QXJ"}, "Hier niet gevonden"),
        ({"over": "bij"}, "Vul het kenmerk"),
        ({"over": "zelf", "kenmerk": "M-4F7K-2QXJ"}, "op zichzelf"),
        ({"ontvangen": "2099-01-01"}, "toekomst"),
        ({"ontvangen": "1900-01-01"}, "Klopt dit jaar?"),
        ({"opnieuw": "2099-01-01"}, "binnen 365 dagen"),
        ({"tekst": ""}, "Wat de politie verstrekte"),
    ],
)
def test_a_wrong_answer_is_told_and_keeps_nothing(
    town: Installation, named: TestApp, typed: dict[str, str], words: str
) -> None:
    enter(named, status=422, **typed).mustcontain(words)
    with town.transaction(DORDRECHT) as session:
        assert session.scalar(select(func.count(PoliceItem.id))) == 0


def test_a_dossier_about_a_person_keeps_its_own_wall(town: Installation, named: TestApp) -> None:
    with town.transaction(DORDRECHT) as session:
        number = make_dossier(session, kind=DossierKind.PERSON.value).number
    enter(named, status=422, kenmerk=number).mustcontain("Hier niet gevonden")
    roles = (DORDRECHT, Role.DOSSIER_OWNER), (DORDRECHT, Role.POLICE_DATA)
    owner = town.browser(make_user(town, *roles, name="Ans Bos"))
    enter(owner, kenmerk=number).follow().mustcontain(f"Bij dossier {number}")
    item = item_of(town)
    read(owner, item).mustcontain(WORD)
    owner.get(f"{PLACE}/binnenstad/{number}").mustcontain(f"stuk?nr={item.id}")
    named.get(f"{HERE}/stuk?nr={item.id}", status=404)
    named.get(HERE).mustcontain(no=[number])
    named.get(f"{HERE}/logboek").mustcontain("Ans Bos", no=[number])


def test_what_is_near_its_day_waits_and_is_kept_longer_or_destroyed(
    town: Installation, named: TestApp
) -> None:
    today = day_of(utc_now())
    enter(named, opnieuw=(today + timedelta(days=3)).isoformat())
    item = item_of(town)
    named.get(HERE).mustcontain("1 stuk vraagt een besluit", "nu beslissen")
    later = (today + timedelta(days=200)).isoformat()
    form = named.get(f"{HERE}/beslissen?nr={item.id}").forms["formulier"]
    form["besluit"] = "bewaren"
    form.submit("vastleggen", status=422).mustcontain("nieuwe dag")
    form["opnieuw"], form["reden"] = later, "De aanpak loopt nog."
    form.submit("vastleggen", status=303).follow().mustcontain(no=["vraagt een besluit"])
    read(named, item).mustcontain("De aanpak loopt nog.", WORD)
    form = named.get(f"{HERE}/beslissen?nr={item.id}").forms["formulier"]
    form["besluit"], form["reden"] = "vernietigen", "Toch niet."
    form.submit("vastleggen", status=422).mustcontain("vult ook in waarom het blijft")
    form["opnieuw"] = later
    form.submit("vastleggen", status=422).mustcontain("vult ook in tot wanneer het blijft")
    form["opnieuw"], form["reden"] = "", ""
    form.submit("vastleggen", status=303).follow().mustcontain("vernietigd op")
    named.get(f"{HERE}/stuk?nr={item.id}").mustcontain("Vernietigd op", no=[WORD])
    named.get(f"{HERE}/beslissen?nr={item.id}", status=303)
    assert item_of(town).content is None
    assert actions(town).count("vernietigd") == 1


def test_what_is_erased_takes_what_the_police_told_about_it_along(
    town: Installation, named: TestApp
) -> None:
    reference, _ = a_report(town)
    enter(named, kenmerk=reference)
    read(named, item_of(town))
    with town.transaction(DORDRECHT) as session:
        report = session.scalars(select(Report.id)).one()
        erase_document(town.registry, session, "melding", report)
    with town.transaction(DORDRECHT) as session:
        assert session.scalar(select(func.count(PoliceItem.id))) == 0
        assert session.scalar(select(func.count(PoliceAccess.id))) == 0


@pytest.mark.alles
def test_new_keys_rewrite_what_is_sealed(town: Installation, named: TestApp) -> None:
    enter(named)
    read(named, item_of(town), reason=f"Vraag over {WORD}.")
    old: KeyRing = town.registry.key_ring
    new = KeyRing(2, {**old.masters, 2: b"k" * 32})
    with town.transaction(DORDRECHT) as session:
        assert [reseal_some(session, new, sealed) for sealed in SEALED] == [1, 1]
    with town.transaction(DORDRECHT) as session:
        item = session.scalars(select(PoliceItem)).one()
        assert item.content is not None
        assert item.content.startswith("2:")
        assert WORD in content_of(new, item).text
    assert anywhere(town, WORD) == []


def test_what_was_destroyed_does_not_come_back_with_a_copy(town: Installation) -> None:
    with town.transaction(DORDRECHT) as session:
        item = keep_something(session, town.registry.key_ring)
    # As a restored copy has it: the ledger tells that it went, and the row still holds the words.
    entry = Entry(1, utc_now(), DORDRECHT, "politiegegeven", item.id, DESTROYED)
    (gone,) = take_out(town.registry, [entry], utc_now())
    assert gone.reference == item.reference
    again = item_of(town)
    assert (again.content, again.reference) == (None, item.reference)
    assert again.destroyed_at is not None
    assert "reservekopie.opnieuw_weg" not in dict(lines_of_the_log(town))
    assert take_out(town.registry, [entry], utc_now()) == []


def test_destroying_is_written_in_the_ledger(town: Installation, named: TestApp) -> None:
    with town.transaction(DORDRECHT) as session:
        item = keep_something(session, town.registry.key_ring)
    form = named.get(f"{HERE}/beslissen?nr={item.id}").forms["formulier"]
    form["besluit"] = "vernietigen"
    form.submit("vastleggen", status=303)
    town.run_jobs()
    (entry,) = read_ledger(town.settings.ledger, town.registry.key_ring)
    assert (entry.id, entry.did) == (item.id, DESTROYED)
