"""A sitting: one code opens what waited for a town and nothing else; the answers in it."""

from __future__ import annotations

import base64
import json
import random
import re
from datetime import UTC, date, datetime, timedelta
from email import message_from_string
from email.policy import default
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from pypdf import PdfReader
from sqlalchemy import func, select

from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.clock import after_working_days, clock_at, utc_now
from stopintimidatie.core.mail import Writing
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.mail.services import note_bounce
from stopintimidatie.core.security import Role
from stopintimidatie.core.security.policy import cookie_name
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.text import date_text, datetime_long, datetime_short
from stopintimidatie.desk.forwarding.access import CODE_TEXT, send_code_by_text
from stopintimidatie.desk.forwarding.services import try_offer
from stopintimidatie.disclosures.models import Disclosure, DisclosureEvent, Pickup, PickupAnswer
from stopintimidatie.disclosures.pickup import Visit, Way, seal_visit, spoken_code, unseal_visit
from stopintimidatie.municipalities.agreements import services as agreements_services
from stopintimidatie.reports.attachments.services import stop
from stopintimidatie.reports.handover.transfer import custody_of
from stopintimidatie.reports.models import Report, ReportAttachment, ReporterMessage, ReportMove
from stopintimidatie.reports.vocabulary import ContactWish
from tests.support.api import Api, report
from tests.support.factories import make_user
from tests.support.following import follow_in_browser
from tests.support.installation import Installation
from tests.support.mailboxes import mails, put_desk_postbox
from tests.support.photos import photo
from tests.support.sittings import (
    ZWIJNDRECHT,
    agree,
    arrive,
    code_for,
    enter,
    open_in,
    pickup_of,
    press,
    read,
    sit,
)

PAPENDRECHT = "GM0590"
STATION = {"lat": 51.8165, "lon": 4.6400, "omschrijving": "het station"}
OPEN_BUTTON = re.compile(r"/ophalen/(O-[^/]+)/openen")


@pytest.fixture
def api(installation: Installation) -> Api:
    return Api(installation)


def offered(installation: Installation, number: int, town: str = ZWIJNDRECHT) -> list[UUID]:
    """Offer so many reports to a town with an agreement."""
    agree(installation, town)
    numbers = [arrive(installation, town) for _ in range(number)]
    installation.run_jobs()
    return numbers


def listed(page: Any) -> list[str]:
    """The references of the buttons that open a report."""
    return OPEN_BUTTON.findall(page.text)


def actions(installation: Installation) -> list[str]:
    with installation.transaction(NATIONAL) as session:
        return list(session.scalars(select(AuditEvent.action)))


def rows(installation: Installation, table: Any) -> int:
    with installation.transaction(NATIONAL) as session:
        return session.scalar(select(func.count(table.id))) or 0


def answer(page: Any, kind: str, status: int = 303, **values: str) -> Any:
    form = page.forms["formulier"]
    form["antwoord"] = kind
    for name, value in values.items():
        form[name] = value
    return form.submit("vastleggen", status=status)


def desk_of(installation: Installation) -> Any:
    return installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))


@pytest.mark.parametrize("number", [14, pytest.param(49, marks=pytest.mark.alles)])
def test_what_waits_is_served_by_one_call_and_what_comes_later_waits_for_the_next(
    installation: Installation, number: int
) -> None:
    numbers = offered(installation, number)
    desk = desk_of(installation)
    # Afspraken, the town, the button: three clicks of the desk for the call.
    desk.get("/landelijk/afspraken").mustcontain("Zwijndrecht")
    town = desk.get("/landelijk/zwijndrecht")
    town.mustcontain(f"{number} meldingen wachten")
    shown = press(town, "/ophaalcode")
    shown.mustcontain(f"{number} meldingen", "algemene nummer")
    code = re.search(r"<dd>(\d{4} \d{4})</dd>", shown.text)
    assert code
    late = arrive(installation)
    installation.run_jobs()
    browser, entered = enter(installation, pickup_of(installation, numbers[7]).reference, code[1])
    page = entered.follow()
    assert len(listed(page)) == number
    page.mustcontain(
        "Er kwam intussen 1 melding bij",
        "Vraag het meldpunt om een nieuwe code",
        no=["Geheimwoord"],
    )
    assert pickup_of(installation, late).reference not in page

    clicks = 0
    for reference in listed(page)[:10]:
        open_in(page, reference).mustcontain("Geheimwoord")
        clicks += 1
    # An answer is a choice and a button.
    for reference in listed(page)[:3]:
        here = browser.get(f"/ophalen/{reference}/melding")
        answer(here, "gelezen").follow().mustcontain("Uw antwoord is vastgelegd")
        clicks += 2
    back = listed(page)[3]
    here = browser.get(f"/ophalen/{back}/melding")
    after = answer(here, "niet_van_ons.andere_gemeente").follow()
    clicks += 3
    after.mustcontain("terug bij het landelijk meldpunt")
    assert clicks <= 3 * 10
    assert len(listed(after)) == number - 10
    assert back not in after
    assert rows(installation, Disclosure) == 10
    with installation.transaction(NATIONAL) as session:
        deliveries = dict(
            session.execute(select(Report.delivery, func.count()).group_by(Report.delivery)).all()
        )
        picked = select(ReportMove.report_id).where(ReportMove.name == "opgehaald")
        assert len(set(session.scalars(picked))) == 10
    assert deliveries == {"aangeboden": number - 9, "opgehaald": 9, "verlopen": 1}
    done = actions(installation)
    assert done.count("verstrekking.vastgelegd") == 10
    assert done.count("ophalen.antwoord") == 4


def test_opening_a_link_changes_nothing_nor_does_asking_for_its_head(
    installation: Installation,
) -> None:
    (number,) = offered(installation, 1)
    browser, page = sit(installation, number)
    reference = pickup_of(installation, number).reference
    before = (pickup_of(installation, number).__dict__, actions(installation))
    for path in ("", "/meldingen", "/melding", "/openen", "/melding-bijlage?nummer=1"):
        for visitor in (browser, installation.visitor()):
            for method in (visitor.get, visitor.head):
                method(f"/ophalen/{reference}{path}", status="*")
    after = pickup_of(installation, number).__dict__
    assert {k: v for k, v in before[0].items() if k[0] != "_"} == {
        k: v for k, v in after.items() if k[0] != "_"
    }
    assert actions(installation) == before[1]
    assert read(installation, number).delivery == "aangeboden"
    assert rows(installation, Disclosure) == 0
    open_in(page, reference).mustcontain("Geheimwoord")


def test_a_sitting_lasts_half_an_hour_whatever_is_done_in_it(installation: Installation) -> None:
    (number,) = offered(installation, 1)
    browser, page = sit(installation, number)
    reference = pickup_of(installation, number).reference
    open_in(page, reference)
    for minutes in (10, 20, 29):
        with clock_at(utc_now() + timedelta(minutes=minutes)):
            browser.get(f"/ophalen/{reference}/melding", status=200)
    with clock_at(utc_now() + timedelta(minutes=31)):
        browser.get(f"/ophalen/{reference}/melding", status=303)
        browser.get(f"/ophalen/{reference}", status=200).mustcontain("Vul hieronder uw code in")


@pytest.mark.alles
def test_a_sitting_is_of_one_browser_and_ends_when_it_is_closed(installation: Installation) -> None:
    (number,) = offered(installation, 1)
    code = code_for(installation, number)
    reference = pickup_of(installation, number).reference
    browser, entered = enter(installation, reference, code)
    page = entered.follow()
    open_in(page, reference)
    # A shared code was used already; a link without the cookie asks for one.
    enter(installation, reference, code, 422)
    other = installation.visitor()
    assert other.get(f"/ophalen/{reference}/melding", status=303).location.endswith(reference)
    copied = dict(browser.cookies)
    closed = press(page, "-sluiten", status=303).follow()
    closed.mustcontain("U hebt de zitting gesloten", "Vul hieronder uw code in")
    thief = installation.visitor()
    for name, value in copied.items():
        thief.set_cookie(name, value.strip('"'))
    for path in ("meldingen", "melding", "melding-bijlage?nummer=1"):
        assert "Geheimwoord" not in thief.get(f"/ophalen/{reference}/{path}", status=303)


def test_a_visit_that_began_in_1_0_0_goes_on_and_opens_no_sitting(
    installation: Installation,
) -> None:
    keys, now = installation.registry.key_ring, utc_now()
    until = (now + timedelta(minutes=20)).timestamp()
    parts = json.dumps([until, "O-4F7K-2QXJ", "telefoon", {}, now.isoformat()])
    sealed = keys.encrypt("ophaalsessie", parts, "ophalen")
    visit = unseal_visit(keys, base64.urlsafe_b64encode(sealed.encode()).decode())
    assert visit is not None
    assert (visit.reference, visit.code, visit.made) == ("O-4F7K-2QXJ", "", None)


def test_when_the_agreement_ends_the_code_and_the_sitting_end(installation: Installation) -> None:
    (number,) = offered(installation, 1)
    browser, page = sit(installation, number)
    reference = pickup_of(installation, number).reference
    open_in(page, reference)
    code = code_for(installation, number)
    registry = installation.registry
    with installation.transaction(NATIONAL) as session:
        keys, rules = registry.key_ring, registry.level_rules
        agreements_services.end(session, keys, rules, ZWIJNDRECHT, SYSTEM)
    browser.get(f"/ophalen/{reference}/melding", status=303)
    refused = enter(installation, reference, code, 422)[1]
    refused.mustcontain("Bel wie het voor u klaarzette", no=["afspraak"])
    # The desk is offered no code, and is told why where it asks for one from an older page.
    desk, report_page = desk_of(installation), f"/landelijk/{read(installation, number).reference}"
    page = desk.get(report_page)
    page.mustcontain(
        "Zonder geldige afspraak kan", "Leg eerst een afspraak vast", no=["Code maken"]
    )
    for path in (report_page, "/landelijk/zwijndrecht"):
        sent = desk.post(f"{path}/ophaalcode", {"csrf_token": token_of(page)}, status=303)
        sent.follow().mustcontain("Er is geen code gemaakt: er is geen geldige afspraak")


def token_of(page: Any) -> str:
    return str(page.html.select_one("input[name=csrf_token]")["value"])


@pytest.mark.alles
def test_an_answer_after_a_withdrawal_is_not_dropped_without_a_word(
    installation: Installation,
) -> None:
    (number,) = offered(installation, 1)
    _, page = sit(installation, number)
    here = open_in(page, pickup_of(installation, number).reference)
    with installation.transaction(NATIONAL) as session:
        session.get_one(Report, number).state = "ingetrokken"
    said = answer(here, "gelezen").follow()
    said.mustcontain("Uw antwoord is niet vastgelegd", "Neem geen contact op")
    assert rows(installation, PickupAnswer) == 0


@pytest.mark.parametrize(
    "state", ["ingetrokken", pytest.param("overgedragen", marks=pytest.mark.alles)]
)
def test_a_report_that_was_withdrawn_or_handed_over_is_in_no_sitting(
    installation: Installation, state: str
) -> None:
    first, second = offered(installation, 2)
    code = code_for(installation, first)
    with installation.transaction(NATIONAL) as session:
        session.get_one(Report, first).state = state
    # The code is of the town: with something else waiting it opens that alone.
    _, entered = enter(installation, pickup_of(installation, first).reference, code)
    assert listed(entered.follow()) == [pickup_of(installation, second).reference]
    code = code_for(installation, second)
    with installation.transaction(NATIONAL) as session:
        session.get_one(Report, second).state = state
    refused = enter(installation, pickup_of(installation, second).reference, code, 422)[1]
    refused.mustcontain("Bel wie het voor u klaarzette")


@pytest.mark.alles
def test_after_pick_up_a_withdrawn_report_says_so_and_shows_nothing_else(
    installation: Installation,
) -> None:
    (number,) = offered(installation, 1)
    browser, page = sit(installation, number)
    reference = pickup_of(installation, number).reference
    open_in(page, reference)
    with installation.transaction(NATIONAL) as session:
        session.get_one(Report, number).state = "ingetrokken"
    here = browser.get(f"/ophalen/{reference}/melding")
    here.mustcontain("Neem geen contact op", no=["Geheimwoord", "Petra"])
    assert "melding-antwoord" not in here


def foreign(installation: Installation) -> tuple[Any, list[str], list[Any]]:
    """A sitting in Zwijndrecht with one report; pick-ups that it doesn't open; false cookies."""
    (number,) = offered(installation, 1)
    elsewhere = offered(installation, 3, PAPENDRECHT)
    browser, _ = sit(installation, number)
    later = [arrive(installation) for _ in range(2)]
    installation.run_jobs()
    mine = pickup_of(installation, number).reference
    references = [pickup_of(installation, other).reference for other in (*elsewhere, *later)]
    unknown = [f"O-{''.join(random.choices('23456789', k=4))}-4F7K" for _ in range(5)]
    keys = installation.registry.key_ring
    ended = Visit(mine, Way.SPOKEN, {}, utc_now() - timedelta(hours=1), str(uuid4()), utc_now())
    false = [
        "x",
        seal_visit(keys, Visit(mine, Way.MAILED, {})),
        seal_visit(keys, Visit(mine, Way.SPOKEN, {})),
        seal_visit(keys, Visit(mine, Way.SPOKEN, {}, code=str(uuid4()), made=utc_now())),
        seal_visit(keys, ended),
    ]
    name = cookie_name(installation.settings, "ophalen")
    forged = []
    for value in false:
        visitor = installation.visitor()
        visitor.set_cookie(name, value)
        forged.append(visitor)
    return browser, [*references, *unknown, mine], forged


GETS = ("meldingen", "melding", "melding-bijlage?nummer=1", "melding-bijlage?nummer=2", "document")
POSTS = ("openen", "melding-antwoord", "melding-pdf", "bestand", "gegevens-pdf")
# The thin one stands for all.
TRIES = [pytest.param(30, id="30"), pytest.param(1000, id="1000", marks=pytest.mark.alles)]


@pytest.mark.parametrize("tries", TRIES)
def test_what_a_sitting_does_not_open_stays_shut(installation: Installation, tries: int) -> None:
    browser, references, forged = foreign(installation)
    mine = references.pop()
    token = {"antwoord": "gelezen", "csrf_token": browser.cookies.get("csrf", "")}
    ways = [(browser, reference, path) for reference in references for path in (*GETS, *POSTS)]
    ways += [(visitor, mine, path) for visitor in forged for path in (*GETS, *POSTS)]
    ways += [
        (visitor, reference, path)
        for visitor in (*forged, installation.visitor())
        for reference in references
        for path in (*GETS, *POSTS)
    ]
    some = [*ways, *ways, *ways][:tries] if tries > 30 else random.Random(36).sample(ways, tries)
    opened = 0
    for visitor, reference, path in some:
        ask = visitor.get if path in GETS else visitor.post
        given = (f"/ophalen/{reference}/{path}", *([] if path in GETS else [token]))
        shown = ask(*given, status="*")
        file = shown.status_int == 200 and shown.content_type != "text/html"
        opened += "Geheimwoord" in shown or file
    assert len(some) == tries
    assert opened == 0
    assert rows(installation, Disclosure) == rows(installation, PickupAnswer) == 0
    assert "ophalen.gelezen" not in actions(installation)
    with installation.transaction(NATIONAL) as session:
        assert set(session.scalars(select(Pickup.state))) == {"aangeboden"}


def test_clean_files_can_be_opened_and_the_others_are_named_with_their_reason(api: Api) -> None:
    installation = api.installation
    agree(installation)
    receipt = api.post(report(locatie=STATION, omschrijving="Geheimwoord")).json
    for width in (80, 90):
        api.attach(receipt, photo(size=(width, 60)), key=str(uuid4()))
    installation.run_jobs()
    with installation.transaction(NATIONAL) as session:
        number = session.scalars(select(Report.id)).one()
    reference = pickup_of(installation, number).reference
    browser, page = sit(installation, number)
    here = open_in(page, reference)
    here.mustcontain("Foto 1", "Foto 2", no=["tegengehouden"])
    sent = browser.get(f"/ophalen/{reference}/melding-bijlage?nummer=2")
    assert sent.content_type == "image/jpeg"
    # The scanner learns of a virus after the offer: the file is shut at once.
    with installation.transaction(NATIONAL) as session:
        second = select(ReportAttachment).where(ReportAttachment.number == 2)
        stop(session, session.get_one(Report, number), session.scalars(second).one(), "Eicar")
    browser.get(f"/ophalen/{reference}/melding-bijlage?nummer=2", status=404)
    browser.get(f"/ophalen/{reference}/melding-bijlage?nummer=1", status=200)
    here = browser.get(f"/ophalen/{reference}/melding")
    here.mustcontain("Foto 1", "tegengehouden")
    pdf = PdfReader(BytesIO(press(here, "/melding-pdf").body))
    words = " ".join(sheet.extract_text() for sheet in pdf.pages)
    assert "Staat alleen op de pagina" in words
    assert "Foto 1" in words
    assert actions(installation).count("ophalen.gedownload") == 3


def test_the_pdf_of_a_report_tells_who_opened_it_and_stands_in_the_register(
    installation: Installation,
) -> None:
    (number,) = offered(installation, 1)
    _, page = sit(installation, number)
    reference = pickup_of(installation, number).reference
    sent = press(open_in(page, reference), "/melding-pdf")
    pdf = PdfReader(BytesIO(sent.body))
    words = "\n".join(sheet.extract_text() for sheet in pdf.pages)
    for shown in ("Geheimwoord", "Petra", "Anneke de Boer", reference):
        assert shown in words
    assert pdf.metadata is not None
    assert reference in str(pdf.metadata.title)
    with installation.transaction(NATIONAL) as session:
        event = session.scalars(select(DisclosureEvent)).one()
        assert (event.kind, event.code, event.actor_name) == (
            "gegeven",
            "pdf",
            "Gemeente Zwijndrecht",
        )


@pytest.mark.alles
def test_who_opened_first_stays_on_the_receipt_and_each_later_reader_is_kept(
    installation: Installation,
) -> None:
    (number,) = offered(installation, 1)
    _, page = sit(installation, number)
    pickup = pickup_of(installation, number)
    open_in(page, pickup.reference)
    first = pickup_of(installation, number)
    with clock_at(utc_now() + timedelta(minutes=40)):
        code = code_for(installation, number)
        _, entered = enter(installation, pickup.reference, code, naam="Tweede Persoon")
        shown = open_in(entered.follow(), pickup.reference)
        pdf = PdfReader(BytesIO(press(shown, "/melding-pdf").body))
        words = " ".join(" ".join(sheet.extract_text() for sheet in pdf.pages).split())
        again = pickup_of(installation, number)
        assert "Tweede Persoon" in words
        assert datetime_long(again.read_at) in words
        assert "Anneke de Boer" not in words
        page = desk_of(installation).get(f"/landelijk/{read(installation, number).reference}")
    facts = {
        term.text.strip(): " ".join(term.find_next("dd").text.split())
        for term in page.html.select("dt")
    }
    assert again.picked_up_at == first.picked_up_at
    assert facts["Opgehaald door"] == "Anneke de Boer, OOV"
    later = facts["Daarna geopend"]
    assert later.startswith(f"{datetime_short(again.read_at)}, Tweede Persoon, OOV, code van ")
    assert "Tweede" not in str(again.picked_up_by)
    with installation.transaction(NATIONAL) as session:
        events = session.scalars(select(DisclosureEvent).order_by(DisclosureEvent.kind)).all()
        assert [event.kind for event in events] == ["bekeken", "gegeven"]
        assert {event.actor_name for event in events} == {"Gemeente Zwijndrecht"}
        report = session.get_one(Report, number)
        custody = custody_of(installation.registry, session, report)
        (line,) = [line for line in custody if line["name"] == "opgehaald"]
        assert line["values"]["door"] == "Anneke de Boer, OOV"


def test_the_reporter_reads_the_answer_with_its_sender_and_the_desk_sees_all(api: Api) -> None:
    installation = api.installation
    agree(installation)
    who = {"naam": "Petra", "telefoon": "0612345678"}
    given = report(locatie=STATION, anoniem=False, melder=who, contactGewenst="bellen")
    receipt = api.post(given).json
    installation.run_jobs()
    with installation.transaction(NATIONAL) as session:
        number = session.scalars(select(Report.id)).one()
    _, page = sit(installation, number)
    here = open_in(page, pickup_of(installation, number).reference)
    # Back to the list, which says what was done.
    after = answer(here, "ontvangen").follow()
    assert after.request.path.endswith("/meldingen")
    after.mustcontain("Uw antwoord is vastgelegd")
    tomorrow = agreements_services.today() + timedelta(days=1)
    for _ in range(2):
        answer(here, "belt", dag=tomorrow.isoformat())
    assert "Vul de dag in" in answer(here, "neemt_contact_op", 422, dag="")
    said = f"Wij bellen u op {date_text(tomorrow)}."
    sender = "gemeente Zwijndrecht, via het landelijk meldpunt"
    (message,) = api.follow(receipt["kenmerk"], receipt["volgcode"]).json["berichten"]
    assert (message["tekst"], message["afzender"], message["van"]) == (said, sender, "gemeente")
    browser = follow_in_browser(api, receipt)
    browser.get("/volgen/melding").mustcontain(said, sender)
    browser.get("/volgen/melding?taal=en").mustcontain(
        "municipality of Zwijndrecht, through the national desk"
    )
    shown = desk_of(installation).get(f"/landelijk/{receipt['kenmerk']}")
    shown.mustcontain(
        "Antwoord van de gemeente", "Ontvangen", f"wij bellen u op {date_text(tomorrow)}"
    )
    assert rows(installation, PickupAnswer) == 2
    assert rows(installation, ReporterMessage) == 1


@pytest.mark.alles
def test_a_reporter_of_english_reads_the_answer_in_english(installation: Installation) -> None:
    agree(installation)
    number = arrive(installation, wants_contact=ContactWish.CALL, language="en")
    installation.run_jobs()
    _, page = sit(installation, number)
    here = open_in(page, pickup_of(installation, number).reference)
    answer(here, "belt", dag=date(2099, 5, 3).isoformat(), status=422)
    day = agreements_services.today()
    answer(here, "belt", dag=day.isoformat())
    with installation.transaction(NATIONAL) as session:
        text = session.scalars(select(ReporterMessage.text)).one()
    assert text == f"We will call you on {day.day} {day:%B %Y}."


@pytest.mark.parametrize(
    ("wish", "may"),
    [(ContactWish.NONE, set()), (ContactWish.MAIL, {"neemt_contact_op"})],
)
def test_no_call_is_offered_where_the_reporter_wants_none(
    installation: Installation, wish: ContactWish, may: set[str]
) -> None:
    agree(installation)
    number = arrive(installation, wants_contact=wish)
    installation.run_jobs()
    _, page = sit(installation, number)
    here = open_in(page, pickup_of(installation, number).reference)
    form = here.forms["formulier"]
    kinds = {value for value, *_ in form["antwoord"].options}
    assert kinds & {"belt", "neemt_contact_op"} == may
    form["antwoord"].force_value("belt")
    form.submit("vastleggen", status=422)
    assert rows(installation, PickupAnswer) == 0


@pytest.mark.alles
def test_what_is_not_theirs_waits_at_the_desk_with_the_reason_and_is_not_destroyed(
    installation: Installation,
) -> None:
    (number,) = offered(installation, 1)
    _, page = sit(installation, number)
    here = open_in(page, pickup_of(installation, number).reference)
    answer(here, "niet_van_ons.geen_taak")
    found = read(installation, number)
    assert found.delivery == "verlopen"
    reason = "dit hoort niet bij openbare orde en veiligheid"
    desk = desk_of(installation)
    for path in (
        "/landelijk",
        f"/landelijk?melding={found.reference}",
        f"/landelijk/{found.reference}",
    ):
        desk.get(path).mustcontain(reason)
    with clock_at(utc_now() + timedelta(days=installation.settings.desk_keep_days + 1)):
        installation.run_jobs()
    assert read(installation, number).description == "Geheimwoord"
    press(desk.get(f"/landelijk/{found.reference}"), "/aanbieden", status=303)
    installation.run_jobs()
    assert read(installation, number).delivery == "aangeboden"
    assert len(listed(sit(installation, number)[1])) == 1


@pytest.mark.alles
def test_something_new_shows_in_the_list_until_it_is_opened(installation: Installation) -> None:
    (number,) = offered(installation, 1)
    _, page = sit(installation, number)
    reference = pickup_of(installation, number).reference
    open_in(page, reference)
    with installation.transaction(NATIONAL) as session:
        session.scalars(select(Pickup)).one().added_at = utc_now()
    browser, page = sit(installation, number)
    page.mustcontain("Er is iets bijgekomen")
    open_in(page, reference)
    assert pickup_of(installation, number).added_at is None
    browser.get(f"/ophalen/{reference}/meldingen").mustcontain("Gelezen", no=["bijgekomen"])
    assert rows(installation, Disclosure) == 1


@pytest.mark.alles
def test_what_comes_in_an_open_sitting_is_read_with_the_button_and_then_counts_as_read(
    api: Api,
) -> None:
    installation = api.installation
    agree(installation)
    receipt = api.post(report(locatie=STATION)).json
    installation.run_jobs()
    with installation.transaction(NATIONAL) as session:
        number = session.scalars(select(Report.id)).one()
    browser, page = sit(installation, number)
    reference = pickup_of(installation, number).reference
    open_in(page, reference)
    for run_jobs in (False, True):
        api.add(receipt, {"tekst": f"Er was nog iets, {run_jobs}."})
        if run_jobs:
            installation.run_jobs()
        here = browser.get(f"/ophalen/{reference}/melding", status=303).follow()
        here.mustcontain("Er is iets bijgekomen", no=["Er was nog iets"])
        # Nor in the PDF, nor as a file.
        for path in ("melding-pdf", "melding-bijlage?nummer=1"):
            method = browser.post if path == "melding-pdf" else browser.get
            token = {"csrf_token": browser.cookies["csrf"]} if path == "melding-pdf" else None
            assert (
                method(f"/ophalen/{reference}/{path}", token, status=303).location
                == here.request.url
            )
        opened = open_in(here, reference)
        opened.mustcontain(f"Er was nog iets, {run_jobs}.")
        installation.run_jobs()
        assert pickup_of(installation, number).added_at is None
    assert len(mails(installation, "melding_aangevuld")) <= 1
    with installation.transaction(NATIONAL) as session:
        kinds = session.scalars(select(DisclosureEvent.kind)).all()
    assert kinds == ["bekeken", "bekeken"]


@pytest.mark.alles
def test_a_call_comes_before_the_mail_of_a_worker_that_was_killed(
    installation: Installation,
) -> None:
    """The row is there, its mail isn't: nothing is lost, and no mail goes for what was read."""
    agree(installation)
    number = arrive(installation)
    keys = installation.registry.key_ring
    with installation.transaction(NATIONAL) as session:
        found = session.get_one(Report, number)
        assert try_offer(session, keys, found, SYSTEM) == []
    assert pickup_of(installation, number).state == "klaar"
    _, page = sit(installation, number)
    open_in(page, pickup_of(installation, number).reference).mustcontain("Geheimwoord")
    installation.run_jobs()
    assert read(installation, number).delivery == "opgehaald"
    assert pickup_of(installation, number).state == "opgehaald"


@pytest.mark.alles
def test_an_offered_report_that_is_urgent_is_to_be_rung_about_until_it_is_picked_up(
    installation: Installation,
) -> None:
    (number,) = offered(installation, 1)
    desk = desk_of(installation)
    desk.get("/landelijk").mustcontain(no=[read(installation, number).reference])
    with installation.transaction(NATIONAL) as session:
        session.get_one(Report, number).urgent = True
    desk.get("/landelijk").mustcontain("Bel nu", read(installation, number).reference)
    _, page = sit(installation, number)
    open_in(page, pickup_of(installation, number).reference)
    desk.get("/landelijk").mustcontain(no=["Bel nu"])


def test_a_code_by_text_message_is_the_code_of_the_town(installation: Installation) -> None:
    (number,) = offered(installation, 1)
    keys = installation.registry.key_ring
    code_for(installation, number)
    with installation.transaction(NATIONAL) as session:
        agreement = agreements_services.running_agreement(session, ZWIJNDRECHT)
        assert agreement is not None
        send_code_by_text(session, agreement)
        code = spoken_code(keys, agreement)
        queued = select(MailMessage).where(MailMessage.template == CODE_TEXT.name)
        message = session.scalars(queued).one()
        assert code not in str(message.values)
        writing = Writing(session, installation.settings, installation.registry, message)
        letter = CODE_TEXT.write(writing)
    assert letter is not None
    assert str(letter.values["code"]).replace(" ", "") == code


# The digest


NIGHT = datetime(2026, 11, 30, 22, 0, tzinfo=UTC)
EIGHT = datetime(2026, 12, 1, 7, 0, tzinfo=UTC)


@pytest.mark.alles
def test_a_digest_tells_once_a_working_day_how_many_wait_and_urgent_ones_go_at_once(
    installation: Installation,
) -> None:
    friday = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
    with clock_at(friday):
        agree(installation, digest=True)
        numbers = [arrive(installation) for _ in range(3)]
        installation.run_jobs()
        assert mails(installation, "melding_klaar") == []
        assert {read(installation, number).delivery for number in numbers} == {"wacht_op_afspraak"}
        urgent = arrive(installation)
        with installation.transaction(NATIONAL) as session:
            session.get_one(Report, urgent).urgent = True
        installation.run_jobs()
        assert len(mails(installation, "melding_klaar")) == 1
    # Not in the weekend.
    with clock_at(friday + timedelta(days=2)):
        installation.run_jobs()
        assert [mail.state for mail in mails(installation, "overzicht_klaar")] == ["wacht"]
    with clock_at(datetime(2026, 11, 30, 7, 1, tzinfo=UTC)):
        installation.run_jobs()
        (mail,) = mails(installation, "overzicht_klaar")
        letter = message_from_string(mail.kept or "", policy=default)
        assert letter["Subject"] == "Er staan berichten voor u klaar"
        words = str(letter.get_content())
        assert "staan 4 berichten klaar" in words
        links = [pickup_of(installation, number).reference for number in (*numbers, urgent)]
        assert [link for link in links if f"/ophalen/{link}" in words]
        assert not any(secret in words for secret in ("Geheimwoord", "Petra"))
        assert {read(installation, number).delivery for number in numbers} == {"aangeboden"}
        _, page = sit(installation, numbers[0])
        assert len(listed(page)) == 4
    # Each is watched by itself, as without a digest.
    with clock_at(after_working_days(EIGHT, 2)):
        installation.run_jobs()
    assert all(pickup_of(installation, number).told_at for number in numbers)


@pytest.mark.alles
def test_spoed_on_a_report_that_waits_for_the_digest_sends_its_mail_once(
    installation: Installation,
) -> None:
    with clock_at(NIGHT):
        agree(installation, digest=True)
        number, other = arrive(installation), arrive(installation)
        installation.run_jobs()
        assert mails(installation, "melding_klaar") == []
        desk, reference = desk_of(installation), read(installation, number).reference
        # Marked, taken back and marked again: one mail.
        for _ in range(3):
            page = desk.get(f"/landelijk?bezorging=wacht_op_afspraak&melding={reference}")
            next(form for form in page.forms.values() if "poed" in form.text).submit(status=303)
        installation.run_jobs()
        assert len(mails(installation, "melding_klaar")) == 1
        assert read(installation, number).delivery == "aangeboden"
        assert read(installation, other).delivery == "wacht_op_afspraak"


@pytest.mark.alles
def test_a_digest_that_comes_back_ends_what_only_it_told_of(installation: Installation) -> None:
    with clock_at(NIGHT):
        agree(installation, digest=True)
        put_desk_postbox(installation)
        numbers = [arrive(installation) for _ in range(2)]
        installation.run_jobs()
    with clock_at(EIGHT + timedelta(minutes=1)):
        installation.run_jobs()
        (mail,) = mails(installation, "overzicht_klaar")
        with installation.transaction(NATIONAL) as session:
            note_bounce(installation.registry, session, mail.id)
        installation.run_jobs()
        assert {read(installation, number).delivery for number in numbers} == {"verlopen"}
        assert len(mails(installation, "bericht_terug")) == 2


@pytest.mark.alles
def test_what_was_picked_up_before_eight_is_in_no_digest(installation: Installation) -> None:
    with clock_at(NIGHT):
        agree(installation, digest=True)
        number = arrive(installation)
        installation.run_jobs()
        _, page = sit(installation, number)
        open_in(page, pickup_of(installation, number).reference)
    with clock_at(EIGHT + timedelta(minutes=1)):
        installation.run_jobs()
    assert [mail.state for mail in mails(installation, "overzicht_klaar")] == ["niet_nodig"]
