"""The copy, from the request to the pick-up: whole, without others, judged by a second person."""

from __future__ import annotations

import json
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from pypdf import PdfReader
from sqlalchemy import select
from webtest import TestResponse

from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.mail.addresses import readable
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.personal import count_erasure, erase_document
from stopintimidatie.core.text import date_text, day_of
from stopintimidatie.disclosures.models import Pickup, PickupState
from stopintimidatie.disclosures.pickup import mail_code_of, offer
from stopintimidatie.privacy.copies import services
from stopintimidatie.privacy.copies.queries import gather
from stopintimidatie.privacy.requests.letters import LetterKind, read_letter
from stopintimidatie.privacy.requests.models import (
    RequestLetter,
    RequestState,
    RequestTrace,
    SubjectRequest,
)
from stopintimidatie.privacy.subjects.models import VAULT, CopyBlob, SubjectCopy
from stopintimidatie.privacy.subjects.rules import plain
from stopintimidatie.reports.fields import Location
from stopintimidatie.reports.models import Report, ReportAttachment
from tests.support.api import Api
from tests.support.factories import DORDRECHT, connect, make_report, make_user
from tests.support.following import follow_in_browser
from tests.support.installation import Installation
from tests.support.subjects import MAIL, OTHERS, PERSON, PHONE, a_request, plant

PLACE = "/gemeenten/dordrecht/verzoeken"


class Story:
    """A request of the seeded person, as a privacy officer answers it; clicks are counted."""

    def __init__(self, town: Installation, capacity: str = "melder", name: str = PERSON) -> None:
        self.town = town
        self.officer = town.browser(
            make_user(town, (DORDRECHT, Role.PRIVACY_OFFICER), name="Pri Vacy")
        )
        self.second = town.browser(make_user(town, (DORDRECHT, Role.DOSSIER_OWNER), name="Twee De"))
        self.clicks = 0
        form = self.officer.get(f"{PLACE}/nieuw").forms["formulier"]
        for field, value in {
            "kanaal": "brief",
            "recht": "inzage",
            "hoedanigheid": capacity,
            "vraagt": "zelf",
            "naam": name,
            "email": MAIL if capacity == "melder" else "",
            "telefoon": PHONE if capacity == "melder" else "",
            "identiteit": "gezien",
            "adres": "Kade 1\n3311 AB Dordrecht",
            "vraag": "Wat hebt u over mij?",
        }.items():
            form[field] = value
        # Straight on to the search: it is known who asks.
        entered = urlsplit(form.submit("opslaan", status=303).location).path
        self.case, _, behind = entered.rpartition("/")
        assert behind == "zoeken"

    @property
    def reference(self) -> str:
        return str(self.case.rpartition("/")[2])

    def press(
        self, page: TestResponse, button: str, name: str = "formulier", **typed: Any
    ) -> TestResponse:
        form = page.forms[name]
        for field, value in typed.items():
            form[field] = value
        self.clicks += 1 + len(typed)
        return form.submit(button, expect_errors=True).maybe_follow()

    def search(self) -> TestResponse:
        self.clicks += 1
        return self.press(self.officer.get(f"{self.case}/zoeken"), "zoeken")

    def choose(self, page: TestResponse, chosen: bool = True) -> TestResponse:
        """Choose all that was found, and go on to the copy."""
        names = [name for name in page.forms["vondst"].fields if str(name)[0] == "v"]
        choices: dict[str, Any] = dict.fromkeys(names, chosen)
        return self.press(page, "afronden", "vondst", **choices)

    def send_on(self) -> TestResponse:
        """Leave the marks as they are proposed, and have the copy checked."""
        self.clicks += 1
        return self.press(self.officer.get(f"{self.case}/kopie"), "nakijken")

    def check(self, answer: str = "nee", **typed: str) -> TestResponse:
        page = self.second.get(f"{self.case}/nakijken")
        return self.press(page, "klaar", ziet=answer, **typed)

    def send(self) -> TestResponse:
        self.clicks += 1
        return self.press(self.officer.get(f"{self.case}/kopie"), "versturen")

    def row(self, entity: Any) -> Any:
        with self.town.transaction(DORDRECHT) as session:
            return session.scalars(select(entity)).one()

    def given(self) -> str:
        """The words of the PDF as it is under the key of the case."""
        keys = self.town.registry.key_ring
        with self.town.transaction(DORDRECHT) as session:
            request = session.scalars(
                select(SubjectRequest).where(SubjectRequest.reference == self.reference)
            ).one()
            pdf = services.pdf_of(session, keys, request)
        assert pdf is not None
        return text_of(pdf)


def is_text(name: str | None) -> bool:
    """Tell if a control holds a text of a copy."""
    return bool(name) and "." in str(name) and not str(name).endswith("-weg")


def text_of(pdf: bytes) -> str:
    """The words of a PDF, with white space as single spaces."""
    pages = PdfReader(BytesIO(pdf)).pages
    return bare("".join(page.extract_text() for page in pages))


def bare(text: str) -> str:
    """A text without white space and accents: where a PDF breaks its lines says nothing."""
    return plain("".join(text.replace("\\n", " ").split()))


@pytest.fixture
def town(installation: Installation) -> Installation:
    connect(installation)
    return installation


@pytest.mark.both_databases
@pytest.mark.short_on("sqlite")
def test_a_seeded_person_gets_everything_and_nobody_else_in_it(
    town: Installation,
) -> None:
    planted = plant(town)
    story = Story(town)
    found = story.search()
    found.mustcontain("Gevonden:", "Melding", "een notitie", "Account van een medewerker")
    # A backup isn't searched; the page says so, and until when it stays.
    found.mustcontain("Reservekopieën", "90 dagen")
    story.choose(found).mustcontain("De gegevens zijn bijeengebracht")
    story.send_on().mustcontain("Bij de tweede persoon")
    town.run_jobs()
    story.check().mustcontain("nagekeken")
    story.send().mustcontain("O-")
    words = story.given()
    for name in OTHERS:
        for part in (name, *name.split()):
            assert bare(part) not in words, part
    # Her own report, a note, a dossier, what a partner said, her contact and account.
    for own in (
        MAIL,
        "+31612345678",
        "Een man riep naar ons",
        "Ik ben nog gebeld door",
        "Gebeld met Noemie van der Berg",
        "Noémie van der Berg is getuige",
        "N. van der Berg bellen",
        "Tekening van Noémie",
        "mevrouw N.v.d. Berg",
        "jongerenwerker",
        "Account van een medewerker",
        "90 dagen",
        "Autoriteit Persoonsgegevens",
        "Geen computer beslist",
        "wilt u ook weten wat een andere gemeente",
    ):
        assert bare(own) in words, own
    # Sentences of another reporter stay out unless somebody chooses them.
    for theirs in ("Het regende", "heet volgens mij", "Vraag het aan"):
        assert bare(theirs) not in words, theirs
    assert planted.ids
    # By somebody who knows what to do: far below a hundred clicks, most of them a box each.
    assert story.clicks < 45, story.clicks


def test_who_asks_reads_the_place_in_words_and_the_point_that_is_stored(town: Installation) -> None:
    point = Location(lat=51.81349, lon=4.66904, accuracy_m=12)
    with town.transaction(DORDRECHT) as session:
        own = make_report(session, town, location=point)
        own.near_place = {"kind": "straat", "name": "Voorstraat", "metres": 31}
        request = a_request(session)
        session.add(
            RequestTrace(
                holder=DORDRECHT,
                request_id=request.id,
                document_kind="melding",
                document_id=own.id,
                reference=own.reference,
                places=["report_contact.name"],
                included=True,
                found_by="Pri Vacy",
            )
        )
        session.flush()
        facts = dict(gather(town.registry, session, request)[0].facts)
    assert facts["Plek"].startswith("bij de Voorstraat, 30 m (")
    assert facts["Punt op de kaart"] == "51.81349, 4.66904"


@pytest.mark.both_databases
@pytest.mark.short_on("sqlite")
def test_a_copy_for_somebody_reported_about_points_to_no_reporter(town: Installation) -> None:
    with clock_at(utc_now() - timedelta(days=40)):
        planted = plant(town)
    story = Story(town, "gemelde")
    story.choose(story.search())
    page = story.officer.get(f"{story.case}/kopie")
    # The sentences are there to write the summary from, and can't be given.
    page.mustcontain("Om uit te putten: dit gaat niet mee", "Gebeld met Noemie van der Berg")
    texts = [name for name in page.forms["formulier"].fields if is_text(name)]
    (summary,) = texts
    told = page.forms["formulier"][summary].value
    empty = story.press(page, "nakijken", **{summary: ""})
    assert empty.status_int == 422
    empty.mustcontain("Wat over u is vastgelegd", "Samenvatting", "si-error")
    story.press(page, "opslaan", **{summary: f"{told} Wij spraken met u."})
    story.send_on().mustcontain("Bij de tweede persoon")
    town.run_jobs()
    page = story.second.get(f"{story.case}/nakijken")
    page.mustcontain("iemand over wie is gemeld", "Kan hij of zij zien wie meldde?")
    story.check()
    text = story.given()
    with town.transaction(DORDRECHT) as session:
        reports = [session.get_one(Report, planted.ids[name]) for name in ("own", "other", "noted")]
        references = [report.reference for report in reports]
        days = {date_text(day_of(report.received_at)) for report in reports}
        texts = [report.description or "" for report in reports]
    for said in (
        "Samenvatting van wat over u is gemeld",
        "Mensen vertelden ons over uw gedrag op straat.",
        "Wij spraken met u.",
    ):
        assert bare(said) in text
    pieces = [piece.strip(". ") for sentence in texts for piece in sentence.split(". ")]
    for hidden in (
        *references,
        *days,
        *OTHERS,
        *pieces,
        "Gebeld met Noemie van der Berg",
        "heet volgens mij",
        "Vraag het aan",
        "Het regende",
        "Binnenstad",
    ):
        assert bare(hidden) not in text, hidden


def test_a_witness_gets_a_summary_and_the_sentences_that_somebody_decides_to_give(
    town: Installation, drawn: None
) -> None:
    plant(town)
    story = Story(town, "genoemde")
    page = story.choose(story.search())
    page.mustcontain("Wat over u is vastgelegd", "staan op <em>helemaal weglaten</em>")
    form = page.forms["formulier"]
    left_out = [name for name in form.fields if str(name).endswith("-weg") and form[name].checked]
    note = next(
        name
        for name in left_out
        if "N. van der Berg bellen" in form[name.removesuffix("-weg")].value
    )
    # Others are marked in it all the same.
    assert f"[[{OTHERS[3]}]]" in form[note.removesuffix("-weg")].value
    given: dict[str, Any] = {note: False}
    story.press(page, "nakijken", **given)
    checked = story.second.get(f"{story.case}/nakijken")
    checked.mustcontain("U wordt genoemd", "N. van der Berg bellen")
    checked.mustcontain(no=["Gebeld met Noemie", *OTHERS])


@pytest.mark.alles
def test_the_second_person_knows_only_the_copy_and_is_never_who_made_it(
    town: Installation,
) -> None:
    plant(town)
    story = Story(town)
    story.choose(story.search())
    story.send_on()
    address = f"{story.case}/nakijken"
    page = story.second.get(address)
    assert MAIL not in page.text
    assert "Kade 1" not in page.text
    page.mustcontain("die hoeft u niet te zien")
    story.second.get(story.case, status=404)
    story.officer.get(address, status=303).follow().mustcontain("u werkte eraan mee")
    # Yes without words is refused; with them the copy goes back, with what was seen.
    story.check("ja").mustcontain("Schrijf op wat u zag")
    story.check("ja", wat="In de derde alinea staat een bijnaam.")
    story.officer.get(f"{story.case}/kopie").mustcontain("een bijnaam")
    story.officer.get(f"{story.case}/kopie").mustcontain("Laten nakijken")
    assert story.row(SubjectCopy).shows_reporter is True


@pytest.mark.alles
def test_the_second_person_judges_what_stands_there_now(town: Installation, drawn: None) -> None:
    plant(town)
    story = Story(town)
    story.choose(story.search())
    story.send_on()
    address = f"{story.case}/nakijken"
    old = story.second.get(address)
    # The maker takes it back, marks less, and has it checked again.
    form = story.officer.get(f"{story.case}/stap?naam=terug").forms["formulier"]
    form["reden"] = "Te veel gemarkeerd"
    form.submit("terug", status=303)
    story.press(old, "klaar", ziet="nee").mustcontain("Uw antwoord is niet bewaard")
    page = story.officer.get(f"{story.case}/kopie")
    form = page.forms["formulier"]
    texts = [name for name in form.fields if is_text(name)]
    less = {name: form[name].value.replace("[[", "").replace("]]", "") for name in texts}
    story.press(page, "opslaan", **less)
    story.send_on()
    stale = story.press(old, "klaar", ziet="nee")
    assert stale.status_int == 409
    stale.mustcontain("Kijk opnieuw wat u beslist", OTHERS[0])
    assert stale.forms["formulier"]["ziet"].value is None
    assert story.row(SubjectRequest).state == RequestState.CHECKING
    # Answered about what is shown now; pressed twice it counts once.
    story.press(stale, "klaar", ziet="nee").mustcontain("De kopie is nagekeken")
    story.press(stale, "klaar", ziet="ja", wat="Iets").mustcontain("U deed dit al")
    assert story.row(SubjectRequest).state == RequestState.CHECKED
    story.second.get(f"{address}-bestand?naam=x.jpg", status=303)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw no PDF: that costs seconds."""
    monkeypatch.setattr(services, "render_in_process", lambda content, **kw: b"%PDF-1.7 kopie")


@pytest.mark.alles
def test_the_person_picks_it_up_some_times_within_a_fortnight(
    town: Installation, drawn: None
) -> None:
    plant(town)
    story = Story(town)
    story.choose(story.search())
    story.send_on()
    checked = story.second.get(f"{story.case}/nakijken")
    checked.mustcontain("Deze bestanden gaan mee: M-")
    seen = checked.click("bijlage-1.jpg bekijken")
    assert seen.body == b"\xff\xd8\xff"
    assert seen.content_type == "image/jpeg"
    story.second.get(f"{checked.request.path}-bestand?naam=ander.jpg", status=303)
    # The PDF isn't there yet: it can be checked, and not be sent.
    story.check()
    story.send().mustcontain("De PDF wordt nog gemaakt")
    town.run_jobs()
    form = story.officer.get(f"{story.case}/kopie").forms["formulier"]
    form["op"] = str(day_of(utc_now()) - timedelta(days=1))
    form.submit("versturen", status=422).mustcontain("Kies die dag of een latere.")
    story.send()
    case = story.officer.get(story.case)
    told = press(case.click("Naar de kopie"), "kopie-code")
    with town.transaction(DORDRECHT) as session:
        copies = select(Pickup).where(Pickup.document_kind == services.DOCUMENT)
        pickup = session.scalars(copies).one()
    with town.transaction(DORDRECHT) as session:
        letters = session.scalars(
            select(RequestLetter).where(RequestLetter.kind == LetterKind.ACCESS.value)
        ).all()
        words = str([read_letter(town.registry.key_ring, letter) for letter in letters])
    assert f"/ophalen/{pickup.reference}" in words
    assert mail_code_of(town.registry.key_ring, pickup) not in words
    visitor = town.visitor()
    page = visitor.get(f"/ophalen/{pickup.reference}")
    code = mail_code_of(town.registry.key_ring, pickup)
    # To be printed, and put in an envelope apart from the letter: with nothing about the person.
    told.mustcontain(readable(code), pickup.reference, "/ophalen", no=[PERSON, "Kade 1"])
    assert "<title>Code om op te halen" in told
    form = page.forms["formulier"]
    form["naam"], form["voor"], form["code"] = PERSON, "mij", code
    page = form.submit("ophalen", status=303).follow()
    page.mustcontain("Uw gegevens ophalen", story.reference, "9 keer")
    pdf = press(page, "gegevens-pdf")
    assert pdf.body == b"%PDF-1.7 kopie"
    # The photo that she sent: as a file to save, and the very file that was checked.
    file = press(page, "gegevens-bestand")
    assert file.body == b"\xff\xd8\xff"
    assert file.headers["Content-Disposition"].startswith("attachment; filename=")
    for _ in range(7):
        press(page, "gegevens-pdf")
    for name in ("gegevens-pdf", "gegevens-bestand"):
        press(page, name, status=409).mustcontain("zo vaak opgehaald als kon")
    story.officer.get(story.case).mustcontain("Opgehaald")
    with town.transaction(DORDRECHT) as session:
        actions = session.scalars(
            select(AuditEvent.actor_name).where(AuditEvent.action == "kopie.opgehaald")
        ).all()
    assert set(actions) == {services.RECIPIENT}
    assert len(actions) == 9
    story.officer.get(story.case).mustcontain("Ophalen met nummer", "Op te halen tot")


def press(page: TestResponse, name: str, status: int = 200) -> TestResponse:
    form = next(form for form in page.forms.values() if str(form.action).endswith(name))
    return form.submit(status=status)


@pytest.mark.alles
def test_who_asked_on_the_follow_page_fetches_the_copy_from_there(town: Installation) -> None:
    api, keys = Api(town), town.registry.key_ring
    reporter = follow_in_browser(api, api.post().json)
    form = reporter.get("/volgen/gegevens").forms["formulier"]
    form["recht"], form["vraag"] = "inzage", "Mag ik zien wat er staat?"
    page = form.submit("vragen", status=303).follow()
    assert "Uw kopie staat klaar" not in page
    with town.transaction(DORDRECHT) as session:
        request = session.scalars(select(SubjectRequest)).one()
        until = utc_now() + services.LASTS
        terms = {"expires_at": until, "downloads_most": services.TIMES}
        pickup = offer(session, DORDRECHT, services.DOCUMENT, request.id, "Wie", SYSTEM, **terms)
        pickup.state = PickupState.OFFERED.value
        VAULT.keep(session, keys, request, services.PDF, b"%PDF-1.7 kopie")
    page = reporter.get("/volgen/melding")
    page.mustcontain("Uw kopie staat klaar", date_text(day_of(until)))
    # The follow code was enough to ask, and is enough to fetch.
    page = press(page, "/volgen/kopie", status=303).follow()
    page.mustcontain("Uw gegevens ophalen", "PDF ophalen")
    assert press(page, "gegevens-pdf").body == b"%PDF-1.7 kopie"
    # The language of the follow page goes along, refusals included.
    forms = reporter.get("/volgen/melding?taal=en").forms.values()
    fetch = next(form for form in forms if form.action == "/volgen/kopie?taal=en")
    page = fetch.submit(status=303).follow()
    page.mustcontain("Municipality of Dordrecht", "Keep the copy in a safe place.", "5 times")
    fetch.action = "/volgen/kopie"
    by_browser = fetch.submit(headers={"Accept-Language": "en"}, status=303)
    assert urlsplit(by_browser.location).query == "taal=en"
    with town.transaction(DORDRECHT) as session:
        session.scalars(select(Pickup)).one().downloads = services.TIMES
    refused = press(page, "gegevens-pdf?taal=en", status=409)
    refused.mustcontain("You picked this up as often as you could.")
    # Turn it into a request of another that found this report: its reporter is offered nothing.
    with town.transaction(DORDRECHT) as session:
        session.scalars(select(RequestTrace)).one().places = ["report.description"]
    old = reporter.get("/volgen/melding")
    old.mustcontain(no=["Uw kopie staat klaar", request.reference])
    token = old.forms[0]["csrf_token"].value
    answer = reporter.post("/volgen/kopie", {"csrf_token": token}, status=303)
    assert urlsplit(answer.location).path == "/volgen/melding"


@pytest.mark.alles
def test_a_withdrawn_request_leaves_nothing_to_pick_up(town: Installation, drawn: None) -> None:
    plant(town)
    story = Story(town)
    story.choose(story.search())
    story.send_on()
    town.run_jobs()
    story.check()
    form = story.officer.get(f"{story.case}/stap?naam=intrekken").forms["formulier"]
    form["reden"] = "Niet meer nodig"
    form.submit("intrekken", status=303)
    story.officer.get(f"{story.case}/kopie", status=303)
    keys = town.registry.key_ring
    with town.transaction(DORDRECHT) as session:
        request = session.scalars(select(SubjectRequest)).one()
        services.forget(town.registry, session, request, SYSTEM)
        assert session.scalars(select(CopyBlob)).all() == []
        assert services.frozen_copy(session, keys, request) is None


@pytest.mark.alles
def test_a_copy_under_way_at_the_upgrade_from_1_0_goes_on(town: Installation, drawn: None) -> None:
    plant(town)
    story = Story(town)
    page = story.choose(story.search())
    name = next(name for name in page.forms["formulier"].fields if is_text(name))
    marked = page.forms["formulier"][name].value.replace("Een man", "[[Een man]]")
    story.press(page, "opslaan", **{name: marked})

    def as_1_0(kind: str, **more: Any) -> str:
        """Write what is sealed as 1.0.0 did: each part with whether it was seen; its hash."""
        keys = town.registry.key_ring
        with town.transaction(DORDRECHT) as session:
            request = session.scalars(select(SubjectRequest)).one()
            known = json.loads(VAULT.read(session, keys, request, kind))
            for part in known["parts"] if more else known:
                part["seen"] = True
            data = json.dumps(known | more if more else known).encode()
            VAULT.keep(session, keys, request, kind, data)
            digest = sha256(data).hexdigest()
            session.scalars(select(SubjectCopy)).one().sha256 = digest
        return digest

    as_1_0(services.PARTS)
    story.send_on().mustcontain("Bij de tweede persoon")
    town.run_jobs()
    digest = as_1_0(services.COPY, schema="stopintimidatie.inzage/1")
    story.check().mustcontain("nagekeken")
    assert story.row(SubjectCopy).sha256 == digest
    # What was marked stayed marked, and what was judged is what is given.
    story.send().mustcontain("Het verzoek is beantwoord", "Code maken")
    with town.transaction(DORDRECHT) as session:
        request = session.scalars(select(SubjectRequest)).one()
        made = services.frozen_copy(session, town.registry.key_ring, request)
        assert made is not None
        texts = [part.text for part in made.parts]
    assert not [text for text in texts if "Een man riep" in text]
    assert any("[zwartgemaakt]" in text for text in texts)


@pytest.mark.alles
def test_marks_are_read_and_a_changed_text_is_refused(town: Installation, drawn: None) -> None:
    plant(town)
    story = Story(town)
    story.choose(story.search())
    page = story.officer.get(f"{story.case}/kopie")
    name = next(name for name in page.forms["formulier"].fields if is_text(name))
    wrong = story.press(page, "opslaan", **{name: "Iets heel anders"})
    wrong.mustcontain("De tekst zelf is veranderd")
    assert wrong.status_int == 422


def test_an_attachment_that_is_gone_is_promised_to_nobody(town: Installation, drawn: None) -> None:
    plant(town)
    story = Story(town)
    story.choose(story.search())
    with town.transaction(DORDRECHT) as session:
        for attachment in session.scalars(select(ReportAttachment)):
            session.delete(attachment)
    refused = story.send_on()
    refused.mustcontain("Een bijlage is er niet meer", "Laten nakijken")
    assert refused.status_int == 422
    assert story.row(SubjectRequest).state == "redigeren"


@pytest.mark.alles
def test_a_copy_goes_when_a_document_in_it_is_erased(town: Installation, drawn: None) -> None:
    planted = plant(town)
    story = Story(town)
    story.choose(story.search())
    story.send_on()
    town.run_jobs()
    with town.transaction(DORDRECHT) as session:
        counts = count_erasure(town.registry, session, "melding", planted.ids["own"])
        assert [count.rows for count in counts if count.table == "subject_copy_blob"] == [1]
        erase_document(town.registry, session, "melding", planted.ids["own"])
        assert session.scalars(select(CopyBlob)).all() == []
    address = f"{story.case}/nakijken"
    story.second.get(address, status=303).follow().mustcontain("intussen gewist")
