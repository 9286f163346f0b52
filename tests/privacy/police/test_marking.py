"""Marking is an act of two: hidden at once, then confirmed or put back by a second person."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from webtest import TestApp

from stopintimidatie.core.accounts.hands import AccountHand
from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.audit import SYSTEM, Actor, AuditEvent
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.mail.models import MailMessage, MailState
from stopintimidatie.core.second import ANSWERED, SecondError
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import Base
from stopintimidatie.core.storage.personal import erase_document
from stopintimidatie.disclosures.models import DisclosureEvent
from stopintimidatie.dossiers.actions.services import add_measure, attach
from stopintimidatie.dossiers.case.services import (
    change_agreement,
    change_dossier,
    make_agreement,
)
from stopintimidatie.dossiers.consultations.services import plan_consultation
from stopintimidatie.dossiers.consultations.snapshot import Tabled, put_on_table, read_tabled
from stopintimidatie.dossiers.filing.services import file_report
from stopintimidatie.dossiers.models import (
    Consultation,
    Dossier,
    DossierAttachment,
    DossierText,
)
from stopintimidatie.dossiers.resources import path_of_dossier
from stopintimidatie.dossiers.services import add_note, versions
from stopintimidatie.dossiers.workflow import DossierKind
from stopintimidatie.privacy.police.mail import TEMPLATE
from stopintimidatie.privacy.police.marking import confirm, mark, put_back
from stopintimidatie.privacy.police.models import PoliceEvent, PoliceItem
from stopintimidatie.privacy.police.pieces import pieces_of
from stopintimidatie.privacy.police.services import (
    content_of,
    keep_taken,
    taken_of,
)
from stopintimidatie.privacy.requests.models import RequestTrace
from stopintimidatie.privacy.requests.workflow import rules_of
from stopintimidatie.privacy.subjects.models import VAULT, CopyBlob
from stopintimidatie.privacy.transfer.departure import write_everything
from stopintimidatie.reports.attachments.services import PURPOSE
from stopintimidatie.reports.handling.services import add_note as add_report_note
from stopintimidatie.reports.handling.services import notes_of
from stopintimidatie.reports.models import AttachmentPart, Report, ReporterMessage, ReportMove
from stopintimidatie.reports.services import path_of_report, redact_words
from stopintimidatie.reports.vocabulary import Source
from stopintimidatie.reports.workflow import ReportState
from tests.support.deliveries import ready
from tests.support.factories import (
    DORDRECHT,
    connect,
    make_dossier,
    make_ready,
    make_report,
    make_user,
    take_on,
    user_id,
)
from tests.support.installation import Installation
from tests.support.personal import anywhere
from tests.support.policing import HERE, SWITCHED_ON, read, switch_on
from tests.support.subjects import a_request, photo

WORD = "Quirinus"
SAID = f"De politie zegt dat het {WORD} is, uit de Vest."
MARKER = Actor("gebruiker", "00000000-0000-4000-8000-000000000001", "Mark Eerder")
NAMED = ((DORDRECHT, Role.OFFICER), (DORDRECHT, Role.POLICE_DATA))


@dataclass
class People:
    """Browsers of who has a part in it."""

    marker: TestApp
    colleague: TestApp
    named: TestApp
    admin: TestApp
    privacy: TestApp


def people(installation: Installation, *, named: bool = True) -> People:
    """An officer who marks, a colleague, and those who hear of it."""

    def browser(name: str, *roles: Any) -> TestApp:
        return installation.browser(make_user(installation, *roles, name=name))

    officer = (DORDRECHT, Role.OFFICER)
    return People(
        browser("Mark Eerder", officer),
        browser("Col Lega", officer),
        browser("Noor Smit", *(NAMED if named else (officer,))),
        browser("Bob Heer", (DORDRECHT, Role.ADMIN)),
        browser("Pri Vacy", (DORDRECHT, Role.PRIVACY_OFFICER)),
    )


def choose(browser: TestApp, address: str, label: str, status: int = 303) -> Any:
    """Mark the first piece whose label holds these words."""
    page = browser.get(f"{address}/van-de-politie")
    form = page.forms["formulier"]
    labels = {each.get("for"): each.text for each in page.html.select("label")}
    codes = {labels[each["id"]]: each["value"] for each in page.html.select("[name=welk]")}
    form["welk"] = next(code for text, code in codes.items() if label in text)
    return form.submit("markeren", status=status)


def item_of(installation: Installation) -> PoliceItem:
    with installation.transaction(DORDRECHT) as session:
        return session.scalars(select(PoliceItem)).one()


def decide(browser: TestApp, item: PoliceItem, answer: str, status: int = 303) -> Any:
    """Read a marked item, with a reason, and confirm it or put it back."""
    form = read(browser, item).forms["formulier"]
    form["besluit"] = answer
    return form.submit("beslissen", status=status)


def stored(installation: Installation) -> dict[str, list[str]]:
    """All rows of reports and dossiers; without the version that makes an open form outdated.

    Nor the key of a file: it is encrypted anew.
    """
    found = {}
    with installation.owner.connect() as connection:
        for table in Base.metadata.sorted_tables:
            if table.name.startswith(("report", "dossier", "consultation", "attachment")):
                kept = [column for column in table.columns if column.name not in ("version", "key")]
                rows = connection.execute(select(*kept)).all()
                found[table.name] = sorted(map(repr, rows))
    return found


def events(installation: Installation) -> list[tuple[str, str]]:
    with installation.transaction(DORDRECHT) as session:
        lines = select(PoliceEvent).order_by(PoliceEvent.at, PoliceEvent.id)
        return [(line.action, line.actor_name) for line in session.scalars(lines)]


def mark_first(
    installation: Installation, session: Any, row: Any, label: str, actor: Actor = MARKER
) -> PoliceItem:
    """Mark the first piece of a document whose label holds these words, without a page."""
    pieces = pieces_of(session, row, None)
    piece = next(piece for piece in pieces if label in piece.label)
    item = mark(installation.registry, session, row, piece, actor)
    session.flush()
    return item


def second(installation: Installation) -> Actor:
    """Somebody named for police data, who marked nothing."""
    username = make_user(installation, *NAMED, name="Noor Smit")
    return Actor("gebruiker", str(user_id(installation, username)), "Noor Smit")


# The story


def shown(browser: TestApp, address: str) -> str:
    """The text of a page, without the minutes that pass while a test goes on."""
    return re.sub(r"\d+\.\d\d uur", "", browser.get(address).html.find("main").text)


def test_a_note_of_a_colleague_is_hidden_and_a_named_person_puts_it_back(
    installation: Installation,
) -> None:
    connect(installation, politie=SWITCHED_ON)
    town = people(installation)
    with installation.transaction() as session:
        reference = make_report(session, installation).reference
    address = f"/gemeenten/dordrecht/binnenstad/{reference}"
    form = town.colleague.get(f"{address}/notitie").forms["formulier"]
    form["tekst"] = SAID
    form.submit(status=303)
    installation.run_jobs()
    town.colleague.get(address).mustcontain("de notitie is toegevoegd")
    before, page = stored(installation), shown(town.colleague, address)
    assert WORD in page
    town.marker.get(address).mustcontain("Komt dit van de politie?")
    choose(town.marker, address, "Notitie").follow().mustcontain("verborgen", no=[WORD])
    installation.run_jobs()
    item = item_of(installation)
    assert anywhere(installation, WORD) == []
    seen = town.colleague.get(address)
    assert WORD not in seen
    assert "Notitie toegevoegd" not in seen, "no line of the history tells of it"
    assert not town.colleague.get("/zoeken", {"q": WORD}).html.select(".si-list__title")
    for browser in (town.colleague, town.admin, town.privacy):
        browser.get(f"{HERE}/stuk?nr={item.id}", status=404)
    town.marker.get(f"{address}/van-de-politie").mustcontain("Wat u markeerde", "Col Lega")
    own = read(town.marker, item)
    own.mustcontain(SAID, "U markeerde dit", no=["besluit"])
    town.named.get(HERE).mustcontain("wacht op een tweede persoon", no=[WORD])
    decide(town.named, item, "nee").follow().mustcontain("Teruggezet")
    installation.run_jobs()
    assert stored(installation) == before, "byte for byte"
    assert shown(town.colleague, address) == page
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(PoliceItem)).all() == []
    assert ("teruggezet", "Noor Smit") in events(installation)
    town.named.get(f"{HERE}/logboek").mustcontain("zette terug wat was gemarkeerd", no=[WORD])


def test_what_is_confirmed_moves_and_exports_go_in_the_name_of_who_confirmed(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, reference = ready(installation, monkeypatch, feiten=f"Wij weten dit: {SAID}")
    switch_on(installation)
    town = people(installation)
    with installation.transaction(DORDRECHT) as session:
        dossier = session.scalars(select(Dossier)).one()
        change_dossier(session, dossier, {"assessment": SAID}, SYSTEM)
    installation.run_jobs()
    assert town.colleague.get("/zoeken", {"q": WORD}).html.select(".si-list__title")
    choose(town.marker, case.path, "Duiding")
    installation.run_jobs()
    assert WORD not in town.colleague.get(f"{case.path}?deel=gegevens")
    assert not town.colleague.get("/zoeken", {"q": WORD}).html.select(".si-list__title")
    assert case.export(reference).state == "gereed", "no export goes before it is confirmed"
    item = item_of(installation)
    read(town.named, item).mustcontain(SAID, "wordt ingetrokken", reference)
    form = town.named.get(f"{HERE}/stuk?nr={item.id}").forms["formulier"]
    form["besluit"] = "ja"
    form.submit("beslissen", status=303).follow().mustcontain("Bevestigd")
    installation.run_jobs()
    export = case.export(reference)
    assert (export.state, export.withdrawn_by) == ("ingetrokken", "Noor Smit")
    assert ("bevestigd", "Noor Smit") in events(installation)
    with installation.transaction(DORDRECHT) as session:
        kept = session.scalars(select(PoliceItem)).one()
        assert not kept.waits
        assert SAID in content_of(installation.registry.key_ring, kept).text
        assert (
            session.scalars(select(DossierText).where(DossierText.text.contains(WORD))).all() == []
        )
        told = session.scalars(select(AuditEvent).where(AuditEvent.action == "uitvoer.ingetrokken"))
        assert [line.actor_name for line in told] == ["Noor Smit"]
        register = session.scalars(select(DisclosureEvent.actor_name)).all()
        assert "Noor Smit" in register
    page = town.named.get(f"{HERE}/stuk?nr={item.id}")
    page.mustcontain(SAID, "Bevestigd op", "Stond er als", "Aanvullen", no=["besluit"])


def test_where_nobody_is_named_it_waits_and_the_start_pages_say_so(
    installation: Installation,
) -> None:
    connect(installation, politie=SWITCHED_ON)
    town = people(installation, named=False)
    with installation.transaction(DORDRECHT) as session:
        report = make_report(session, installation)
        add_report_note(session, report, SAID, SYSTEM)
        address = str(path_of_report(session, report.id))
    before, start = stored(installation), "/gemeenten/dordrecht"
    told = "gemarkeerd als van de politie"
    assert told not in town.admin.get(start)
    choose(town.marker, address, "Notitie")
    item = item_of(installation)
    town.admin.get(start).mustcontain(f"1 stuk is {told}", "/gebruikers", no=[WORD])
    town.admin.get(f"{HERE}/stuk?nr={item.id}", status=404)
    for browser in (town.marker, town.colleague, town.named):
        assert told not in browser.get(start)
    page = town.privacy.get(start)
    page.mustcontain(f"1 stuk is {told}", f"stuk?nr={item.id}", no=[WORD])
    town.privacy.get(HERE, status=404)
    form = read(town.privacy, item).forms["formulier"]
    assert [value for value, *_ in form["besluit"].options] == ["nee"], (
        "only a named person confirms"
    )
    form["besluit"] = "nee"
    form.submit("beslissen", status=303).follow().mustcontain("Teruggezet")
    assert stored(installation) == before
    town.privacy.get(f"{HERE}/stuk?nr={item.id}", status=404)
    for browser in (town.admin, town.privacy):
        assert told not in browser.get(start)


def test_the_privacy_officer_reads_nothing_once_somebody_is_named(
    installation: Installation,
) -> None:
    connect(installation, politie=SWITCHED_ON)
    town = people(installation, named=False)
    with installation.transaction(DORDRECHT) as session:
        report = make_report(session, installation)
        add_report_note(session, report, SAID, SYSTEM)
        mark_first(installation, session, report, "Notitie")
    item = item_of(installation)
    town.privacy.get(f"{HERE}/stuk?nr={item.id}", status=200)
    make_user(installation, *NAMED)
    town.privacy.get(f"{HERE}/stuk?nr={item.id}", status=404)
    assert "gemarkeerd" not in town.privacy.get("/gemeenten/dordrecht")
    town.admin.get("/gemeenten/dordrecht").mustcontain("een gemachtigde beslist")


# One person alone


def test_no_words_go_out_of_the_assessment_of_a_colleague(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = "Hij is geen verdachte, dat is niet bewezen."
    case, reference = ready(installation, monkeypatch, feiten=f"Uit het verslag: {line}")
    switch_on(installation)
    with installation.transaction(DORDRECHT) as session:
        session.scalars(select(Dossier)).one().assessment = line
    before, officer = stored(installation), people(installation).marker
    address = f"{case.path}/van-de-politie"
    token = officer.get(address).forms["formulier"]["csrf_token"].value
    # As a form that was opened before the release sends it.
    typed = {"welk": "woorden", "tekst": "dat is niet", "verplaatsen": "verplaatsen"}
    officer.post(address, {"csrf_token": token, **typed}, status=422).mustcontain("Kies")
    assert stored(installation) == before
    assert case.export(reference).state == "gereed"


def test_who_marked_neither_confirms_destroys_nor_puts_back(installation: Installation) -> None:
    connect(installation, politie=SWITCHED_ON)
    who = make_user(installation, *NAMED, name="Mark Eerder")
    make_user(installation, *NAMED)
    marker = installation.browser(who)
    with installation.transaction(DORDRECHT) as session:
        dossier = make_dossier(session, assessment=SAID)
        address = str(path_of_dossier(session, dossier.id))
    choose(marker, address, "Duiding")
    item = item_of(installation)
    page = read(marker, item)
    page.mustcontain("U markeerde dit", no=["besluit", "vernietigen"])
    # Waiting is nothing that this person can do something about.
    assert "stuk vraagt een besluit" not in marker.get(HERE)
    to = f"{HERE}/stuk?nr={item.id}"
    token = {"csrf_token": marker.get(f"{HERE}/vastleggen").forms["formulier"]["csrf_token"].value}
    for answer in ("ja", "nee"):
        marker.post(to, {**token, "besluit": answer, "beslissen": "beslissen"}, status="*")
    gone = {**token, "besluit": "vernietigen", "vastleggen": "vastleggen"}
    marker.post(f"{HERE}/beslissen?nr={item.id}", gone, status=303)
    self = Actor("gebruiker", str(user_id(installation, who)), "Mark Eerder")
    with installation.transaction(DORDRECHT) as session:
        again = session.scalars(select(PoliceItem)).one()
        assert again.waits
        assert again.content == item.content
        for act in (confirm, put_back):
            with pytest.raises(SecondError, match="U markeerde dit"):
                act(installation.registry, session, again, self)
        with pytest.raises(FormError, match="Alleen een gemachtigde"):
            confirm(installation.registry, session, again, MARKER)


def test_an_account_that_the_marker_gave_is_the_same_hand(installation: Installation) -> None:
    connect(installation, politie=SWITCHED_ON)
    town = people(installation, named=False)
    second_account = make_user(installation, *NAMED, name="Mark Tweede")
    own = installation.browser(second_account)
    given = str(user_id(installation, second_account))
    with installation.transaction(DORDRECHT) as session:
        dossier = make_dossier(session, assessment=SAID)
        item = mark_first(installation, session, dossier, "Duiding")
        session.add(AccountHand(giver_id=str(MARKER.id), receiver_id=given))
    read(own, item).mustcontain("telt dan samen als één", no=["besluit"])
    assert "stuk vraagt een besluit" not in own.get(HERE)
    with installation.transaction(DORDRECHT) as session:
        again, actor = (
            session.get_one(PoliceItem, item.id),
            Actor("gebruiker", given, "Mark Tweede"),
        )
        for act in (confirm, put_back):
            with pytest.raises(SecondError, match="samen als één"):
                act(installation.registry, session, again, actor)
    # So nobody can confirm, and it waits for the privacy officer.
    read(town.privacy, item).mustcontain("Niemand kan dit nu bevestigen", "besluit")


@pytest.mark.alles
def test_who_decides_second_is_told_that_another_did(installation: Installation) -> None:
    connect(installation, politie=SWITCHED_ON)
    town = people(installation)
    also = installation.browser(make_user(installation, *NAMED))
    with installation.transaction(DORDRECHT) as session:
        dossier = make_dossier(session, assessment=SAID)
        item = mark_first(installation, session, dossier, "Duiding")
    for first, second_choice in (("nee", "ja"), ("ja", "nee")):
        forms = [opened(browser, item) for browser in (town.named, also)]
        for form, choice in zip(forms, (first, second_choice), strict=True):
            form["besluit"] = choice
            answer = form.submit("beslissen", status=303)
        answer.follow().mustcontain(ANSWERED)
        if first == "nee":
            with installation.transaction(DORDRECHT) as session:
                dossier = session.get_one(Dossier, dossier.id)
                item = mark_first(installation, session, dossier, "Duiding")
    with installation.transaction(DORDRECHT) as session:
        assert session.get_one(PoliceItem, item.id).answered_at


def opened(browser: TestApp, item: PoliceItem) -> Any:
    """Open the form about a marked item, with a reason if none was given today."""
    form = browser.get(f"{HERE}/stuk?nr={item.id}").forms["formulier"]
    return read(browser, item).forms["formulier"] if "reden" in form.fields else form


def test_what_the_only_named_person_marked_waits_apart(installation: Installation) -> None:
    connect(installation, politie=SWITCHED_ON)
    town = people(installation)
    with installation.transaction(DORDRECHT) as session:
        pieces = {name: make_dossier(session, assessment=SAID) for name in ("own", "theirs")}
    choose(town.named, path_in_town(installation, pieces["own"]), "Duiding")
    choose(town.marker, path_in_town(installation, pieces["theirs"]), "Duiding")
    told = "1 stuk is gemarkeerd als van de politie"
    page = town.admin.get("/gemeenten/dordrecht")
    page.mustcontain(told, "een gemachtigde beslist", "geen gemachtigde kan erover beslissen")
    page = town.privacy.get("/gemeenten/dordrecht")
    page.mustcontain(told, "geen gemachtigde kan beslissen; u kunt terugzetten")


def path_in_town(installation: Installation, dossier: Dossier) -> str:
    with installation.transaction(DORDRECHT) as session:
        return str(path_of_dossier(session, dossier.id))


# Every kind of piece


def fill(installation: Installation, session: Any) -> tuple[Report, Dossier]:
    """A report taken down at the counter, and a dossier about a person, with all their texts."""
    keys = installation.registry.key_ring
    report = take_on(session, make_report(session, installation, description=f"{SAID} verhaal"))
    report.source = Source.COUNTER.value
    report.location_text, report.offender_appearance = f"{SAID} plek", f"{SAID} pet"
    report.suspected_offence_reason = f"{SAID} vermoeden"
    add_report_note(session, report, f"{SAID} notitie", MARKER)
    dossier = make_dossier(
        session, summary=f"{SAID} één", assessment=f"{SAID} oud", kind=DossierKind.PERSON.value
    )
    change_dossier(session, dossier, {"assessment": f"{SAID} nieuw"}, MARKER)
    change_dossier(session, dossier, {"goal": f"{SAID} doel"}, MARKER)
    dossier.effect, dossier.feedback = f"{SAID} effect", f"{SAID} terug"
    add_note(session, dossier, f"{SAID} bij het dossier", MARKER)
    make_ready(session, dossier, [f"{SAID} {word}" for word in ("evenredig", "uitstel", "vraag")])
    today = utc_now().date()
    agreed = make_agreement(session, dossier, f"{SAID} afspraak", "Handhaving", today, MARKER)
    session.flush()
    change_agreement(
        session, dossier, agreed, {"state": "gedaan", "result": f"{SAID} klaar"}, MARKER
    )
    measure = {"kind": "waarschuwingsgesprek", "what": f"{SAID} maatregel", "who": "boa"}
    add_measure(session, dossier, {**measure, "started_on": today}, MARKER)
    attach(session, keys, dossier, f"{SAID} foto", photo(), MARKER)
    talk = plan_consultation(session, dossier, utc_now(), MARKER, agenda=f"{SAID} agenda")
    talk.decisions = f"{SAID} besluiten"
    session.flush()
    return report, dossier


@pytest.mark.alles
@pytest.mark.short_on("sqlite")
@pytest.mark.both_databases
def test_each_piece_goes_and_comes_back_byte_for_byte(installation: Installation) -> None:
    connect(installation, politie=SWITCHED_ON)
    with installation.transaction(DORDRECHT) as session:
        rows = fill(installation, session)
        codes: list[Any] = [
            (row, piece.code) for row in rows for piece in pieces_of(session, row, None)
        ]
    before, actor = stored(installation), second(installation)
    assert len(codes) >= 18, codes
    for row, code in codes:
        with installation.transaction(DORDRECHT) as session:
            document = session.get_one(type(row), row.id)
            piece = next(p for p in pieces_of(session, document, None) if p.code == code)
            texts = piece.texts
            mark(installation.registry, session, document, piece, MARKER)
        hidden = stored(installation)
        assert hidden != before, piece.name
        for text in texts:
            assert repr(text) not in repr(hidden), piece.name
        with installation.transaction(DORDRECHT) as session:
            item = session.scalars(select(PoliceItem)).one()
            put_back(installation.registry, session, item, actor)
        assert stored(installation) == before, piece.name


def test_the_package_of_a_town_holds_no_secret_nor_marked_words_of_a_withdrawn_report(
    installation: Installation, tmp_path: Path
) -> None:
    connect(installation, politie=SWITCHED_ON)
    keys = installation.registry.key_ring
    with installation.transaction(DORDRECHT) as session:
        told = take_on(session, make_report(session, installation))
        told.source, told.description, told.follow_code_hash = Source.PHONE, SAID, "f0110wc0de"
        live = take_on(session, make_report(session, installation))
        live.source, live.description, live.follow_code_hash = Source.PHONE, "Hij wel.", "c0de2"
        for row in (told, live):
            item = mark_first(installation, session, row, "Verhaal")
            # As the version before this one kept it: the whole row, before and after.
            whole = {"follow_code_hash": row.follow_code_hash, "description": row.description}
            rows = [["report", str(row.id), whole, whole]]
            keep_taken(keys, item, {**taken_of(keys, item), "rows": rows})
        dossier = make_dossier(session)
        file = attach(session, keys, dossier, "Camera 4", photo(), MARKER)
        key = keys.decrypt(PURPOSE, file.key, str(file.id))
        mark_first(installation, session, dossier, "Foto")
        told.state = ReportState.WITHDRAWN
    arguments = (installation.registry, installation.engine, DORDRECHT, "Dordrecht")
    write_everything(*arguments, tmp_path / "uit", SYSTEM, lambda _: None)
    files = [path for path in (tmp_path / "uit").rglob("*") if path.is_file()]
    package = b"".join(path.read_bytes() for path in files).decode(errors="replace")
    for words in (WORD, "f0110wc0de", "c0de2", key):
        assert words not in package
    for words in ("Hij wel.", "Camera 4"):
        assert words in package


def test_what_is_taken_holds_only_what_puts_it_back(installation: Installation) -> None:
    connect(installation, politie=SWITCHED_ON)
    with installation.transaction(DORDRECHT) as session:
        report = take_on(session, make_report(session, installation))
        report.source, report.description = Source.PHONE, SAID
        taken = taken_of(
            installation.registry.key_ring, mark_first(installation, session, report, "Verhaal")
        )
        ((*_, old, left),) = taken["rows"]
        assert old == {"description": SAID}
        assert left == {"description": None}


def test_marked_words_of_a_withdrawn_report_are_read_by_nobody_until_it_is_taken_back(
    installation: Installation,
) -> None:
    connect(installation, politie=SWITCHED_ON)
    town = people(installation)
    with installation.transaction(DORDRECHT) as session:
        report = take_on(session, make_report(session, installation))
        report.source, report.description = Source.PHONE, SAID
        item = mark_first(installation, session, report, "Verhaal")
    read(town.named, item).mustcontain(WORD)
    with installation.transaction(DORDRECHT) as session:
        session.get_one(Report, report.id).state = ReportState.WITHDRAWN
    address = f"{HERE}/stuk?nr={item.id}"
    page = town.named.get(address)
    page.mustcontain("ingetrokken: niemand kan dit nog lezen", no=[WORD, 'name="besluit"'])
    assert WORD not in town.named.get(f"{HERE}/aanvullen?nr={item.id}").maybe_follow()
    token = page.html.select_one("[name=csrf_token]")["value"]
    answer = {"csrf_token": token, "besluit": "nee", "beslissen": "beslissen"}
    assert WORD not in town.named.post(address, answer)
    assert item_of(installation).waits
    with installation.transaction(DORDRECHT) as session:
        session.get_one(Report, report.id).state = "in_behandeling"
    town.named.get(address).mustcontain(WORD, 'name="besluit"')


def test_what_a_reporter_wrote_is_no_piece(installation: Installation) -> None:
    connect(installation, politie=SWITCHED_ON)
    officer = people(installation).marker
    with installation.transaction(DORDRECHT) as session:
        report = take_on(session, make_report(session, installation, description=SAID))
        report.location_text, report.offender_appearance = "bij de kiosk", "rode pet"
        said = {"kind": "aanvulling", "text": SAID, "at": utc_now()}
        session.add(ReporterMessage(holder=DORDRECHT, report_id=report.id, **said))
        move = {"actor_kind": "melder", "actor_name": "De melder", "name": "intrekken"}
        history = {"from_state": None, "to_state": report.state, "reason": SAID}
        session.add(ReportMove(holder=DORDRECHT, report_id=report.id, **move, **history))
        address = str(path_of_report(session, report.id))
        assert pieces_of(session, report, None) == []
        forged = f"report.description.{report.id}"
    before = stored(installation)
    page = officer.get(f"{address}/van-de-politie")
    page.mustcontain("niets (meer) dat u kunt markeren", no=[WORD, "rode pet"])
    typed = {"welk": forged, "markeren": "markeren"}
    token = officer.get(f"{address}/notitie").forms["formulier"]["csrf_token"].value
    officer.post(f"{address}/van-de-politie", {"csrf_token": token, **typed}, status=422)
    assert stored(installation) == before


def test_a_note_is_marked_only_by_who_may_read_it(installation: Installation) -> None:
    connect(installation, politie=SWITCHED_ON)
    with installation.transaction(DORDRECHT) as session:
        dossier = make_dossier(session)
        add_note(session, dossier, SAID, MARKER, restricted=True)
        author = UUID(str(MARKER.id))
        assert [len(pieces_of(session, dossier, who)) for who in (author, None)] == [1, 0]


def test_what_is_written_in_its_place_meanwhile_stays_behind_it(
    installation: Installation,
) -> None:
    connect(installation, politie=SWITCHED_ON)
    actor = second(installation)
    with installation.transaction(DORDRECHT) as session:
        dossier = make_dossier(session, assessment="Eerst.", goal="Rust.")
        change_dossier(session, dossier, {"assessment": "Toen."}, MARKER)
        attach(session, installation.registry.key_ring, dossier, "Lamp", photo(), MARKER)
        for label in ("Duiding", "resultaat", "Foto 1"):
            mark_first(installation, session, dossier, label)
        change_dossier(session, dossier, {"assessment": "Nieuw.", "goal": "Stilte."}, MARKER)
        attach(session, installation.registry.key_ring, dossier, "Tunnel", photo(), MARKER)
    with installation.transaction(DORDRECHT) as session:
        for item in session.scalars(select(PoliceItem)).all():
            put_back(installation.registry, session, item, actor)
    with installation.transaction(DORDRECHT) as session:
        dossier = session.scalars(select(Dossier)).one()
        assert dossier.assessment == "Toen.\n\nNieuw."
        assert dossier.goal == "Rust.\n\nStilte."
        kept = [(row.number, row.text) for row in versions(session, dossier, "assessment")]
        # Nothing is lost; a number that was given out meanwhile stays with what got it.
        assert {text for _, text in kept} == {"Nieuw.", "Toen.", "Eerst."}
        files = {row.number: row.about for row in session.scalars(select(DossierAttachment))}
        assert files == {1: "Tunnel", 2: "Lamp"}


def test_a_file_is_hidden_read_by_who_decides_and_comes_back(installation: Installation) -> None:
    connect(installation, politie=SWITCHED_ON)
    town = people(installation)
    with installation.transaction(DORDRECHT) as session:
        dossier = make_dossier(session)
        attach(session, installation.registry.key_ring, dossier, "Camera 4", photo(), SYSTEM)
        address = str(path_of_dossier(session, dossier.id))
    file = f"{address}/bijlage?nummer=1"
    shown = town.colleague.get(file).body
    choose(town.marker, address, "Foto 1")
    item = item_of(installation)
    town.colleague.get(file, status=404)
    assert "Foto 1" not in town.colleague.get(address)
    hidden = f"{HERE}/bestand?nr={item.id}"
    town.colleague.get(hidden, status=404)
    assert town.named.get(hidden, status=303).location.endswith(f"stuk?nr={item.id}"), "why first"
    read(town.named, item).mustcontain("Camera 4", "bijlage-1.jpg")
    assert town.named.get(hidden).body == shown
    form = town.named.get(f"{HERE}/stuk?nr={item.id}").forms["formulier"]
    form["besluit"] = "ja"
    form.submit("beslissen", status=303)
    assert town.named.get(hidden).body == shown
    town.colleague.get(file, status=404)
    form = town.named.get(f"{HERE}/beslissen?nr={item.id}").forms["formulier"]
    form["besluit"] = "vernietigen"
    form.submit("vastleggen", status=303)
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(AttachmentPart)).all() == [], "nothing of it is left"


# What happens meanwhile


def test_nothing_is_marked_or_confirmed_in_what_is_frozen_but_it_may_go_back(
    installation: Installation,
) -> None:
    connect(installation, politie=SWITCHED_ON)
    officer, actor = people(installation).marker, second(installation)
    with installation.transaction(DORDRECHT) as session:
        report = take_on(session, make_report(session, installation))
        dossier = make_dossier(session, assessment=SAID)
        effects = installation.registry.workflow_effects
        file_report(session, effects, dossier, report, "Plek.", SYSTEM)
        pages = path_of_report(session, report.id), path_of_dossier(session, dossier.id)
        item = mark_first(installation, session, dossier, "Duiding")
        dossier.frozen = True
    for address in map(str, pages):
        page = officer.get(f"{address}/van-de-politie", status=303).follow()
        page.mustcontain("is bevroren", "Hef dat eerst op")
    with installation.transaction(DORDRECHT) as session:
        frozen, item = session.scalars(select(Dossier)).one(), session.get_one(PoliceItem, item.id)
        with pytest.raises(FormError, match="bevroren"):
            confirm(installation.registry, session, item, actor)
        frozen.goal = "Rust."
        with pytest.raises(FormError, match="bevroren"):
            mark_first(installation, session, frozen, "resultaat")
        put_back(installation.registry, session, item, actor)
        session.refresh(frozen)
        assert frozen.assessment == SAID


def test_papers_and_a_copy_lose_it_when_it_is_confirmed_and_the_copy_waits_till_then(
    installation: Installation,
) -> None:
    registry, actor = installation.registry, second(installation)
    keys = registry.key_ring
    with installation.transaction(DORDRECHT) as session:
        dossier = make_dossier(session, assessment=SAID, summary=f"Niet: {SAID}")
        talk = plan_consultation(session, dossier, utc_now(), SYSTEM)
        put_on_table(session, keys, dossier, talk, Tabled(()), SYSTEM)
        copied = a_request(session, state="redigeren")
        trace = {"document_kind": "dossier", "document_id": dossier.id, "found_by": "Pri Vacy"}
        session.add(
            RequestTrace(holder=DORDRECHT, request_id=copied.id, reference=dossier.number, **trace)
        )
        session.flush()
        VAULT.keep(session, keys, copied, "json", SAID.encode())
        rules = [rule for rule in rules_of(registry, "versturen") if "gemarkeerd" in rule.name]
        assert [rule.missing(session, copied) for rule in rules] == [None]
        item = mark_first(installation, session, dossier, "Duiding")
        assert "beslist eerst nog een ander" in str(rules[0].missing(session, copied))
    with installation.transaction(DORDRECHT) as session:
        confirm(registry, session, session.get_one(PoliceItem, item.id), actor)
        assert rules[0].missing(session, copied) is None
    with installation.transaction(DORDRECHT) as session:
        papers = read_tabled(session, keys, session.scalars(select(Consultation)).one())
        assert papers is not None
        # Only the text itself: what says more than that is another text.
        assert (papers["duiding"], papers["samenvatting"]) == ("", f"Niet: {SAID}")
        assert session.scalars(select(CopyBlob.id)).all() == []
        assert session.scalars(select(Dossier.summary)).one() == f"Niet: {SAID}"


@pytest.mark.alles
def test_words_made_unreadable_meanwhile_do_not_come_back(installation: Installation) -> None:
    connect(installation, politie=SWITCHED_ON)
    actor, registry = second(installation), installation.registry
    with installation.transaction(DORDRECHT) as session:
        report = take_on(session, make_report(session, installation))
        add_report_note(session, report, SAID, SYSTEM)
        mark_first(installation, session, report, "Notitie")
        holders = registry.personal_data_holders
        redact_words(
            session, registry.key_ring, holders, report, [WORD], "doel", "Verzoek.", SYSTEM
        )
    with installation.transaction(DORDRECHT) as session:
        put_back(registry, session, session.scalars(select(PoliceItem)).one(), actor)
        (note,) = notes_of(session, session.scalars(select(Report)).one())
        assert note.text == SAID.replace(WORD, "[onleesbaar gemaakt]")
    assert anywhere(installation, WORD) == []


def test_what_waits_goes_with_its_document_and_its_file_too(installation: Installation) -> None:
    connect(installation, politie=SWITCHED_ON)
    registry = installation.registry
    with installation.transaction(DORDRECHT) as session:
        dossier = make_dossier(session, assessment=SAID)
        attach(session, registry.key_ring, dossier, "Camera 4", photo(), SYSTEM)
        for label in ("Duiding", "Foto 1"):
            mark_first(installation, session, dossier, label)
        erase_document(registry, session, "dossier", dossier.id)
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(PoliceItem)).all() == []
        assert session.scalars(select(AttachmentPart)).all() == []


@pytest.mark.alles
def test_about_a_person_only_who_sees_the_dossier_confirms(installation: Installation) -> None:
    connect(installation, politie=SWITCHED_ON)
    town = people(installation)
    with installation.transaction(DORDRECHT) as session:
        dossier = make_dossier(session, assessment=SAID, kind=DossierKind.PERSON.value)
        item = mark_first(installation, session, dossier, "Duiding")
    town.named.get(f"{HERE}/stuk?nr={item.id}", status=404)
    # Nobody who is named may see it, so it waits for the privacy officer.
    read(town.privacy, item).mustcontain("Niemand kan dit nu bevestigen", SAID)
    owner = make_user(installation, (DORDRECHT, Role.DOSSIER_OWNER), (DORDRECHT, Role.POLICE_DATA))
    read(installation.browser(owner), item).mustcontain("besluit")
    town.privacy.get(f"{HERE}/stuk?nr={item.id}", status=404)


@pytest.mark.parametrize("named", [True, False])
def test_who_decides_is_mailed_without_a_word_of_what(
    installation: Installation, named: bool
) -> None:
    connect(installation, politie=SWITCHED_ON)
    people(installation, named=named)
    with installation.transaction(DORDRECHT) as session:
        dossier = make_dossier(session, assessment=SAID)
        mark_first(installation, session, dossier, "Duiding")
    installation.run_jobs()
    with installation.transaction(DORDRECHT) as session:
        rows = session.scalars(select(MailMessage).where(MailMessage.template == TEMPLATE)).all()
        ids = {UUID(row.recipient_id) for row in rows if row.state == MailState.SENT}
        names = set(session.scalars(select(User.name).where(User.id.in_(ids))))
    assert names == ({"Noor Smit"} if named else set()), "start pages tell who can't decide"
    assert not [row for row in rows if WORD in (row.kept or "") or "politie" in (row.kept or "")]
