"""/melden: from the danger question to the answer of the municipality, without a script."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Final

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.personal import Subject
from stopintimidatie.core.text import AMSTERDAM
from stopintimidatie.municipalities.areas.locator import Method
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.municipalities.settings.models import MunicipalityQuestion, MunicipalitySetting
from stopintimidatie.reports.conversation.queries import follow
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.personal import find
from stopintimidatie.reports.public import services as public_services
from stopintimidatie.reports.words import AreaNames, location
from tests.support.areas import load_town
from tests.support.factories import DORDRECHT, connect, own_answer
from tests.support.installation import Installation
from tests.support.reporting import WORDS, codes, filled, yesterday

CENTRE = "WK050501"


def reports(installation: Installation, holder: str) -> list[Report]:
    with installation.transaction(holder) as session:
        found = list(session.scalars(select(Report).where(Report.holder == holder)))
        session.expunge_all()
    return found


def test_a_report_lands_with_its_municipality_and_can_be_followed(
    installation: Installation,
) -> None:
    connect(installation, antwoorden=own_answer("Dank je wel", "Wij lezen dit morgen."))
    page = filled(installation.visitor(), "/melden/dordrecht?wijk=binnenstad&c=kermis-26").submit()
    assert page.status_int == 200
    reference, code = codes(page)
    assert "Dank je wel" in page.text
    assert "Wij lezen dit morgen." in page.text
    assert "LET OP" not in page.text
    assert "112" in page.text
    (report,) = reports(installation, DORDRECHT)
    assert (report.reference, report.source, report.state) == (reference, "webformulier", "nieuw")
    assert (report.neighbourhood_code, report.located_by) == (CENTRE, "gekozen")
    assert (report.description, report.location_text) == (WORDS, "bij de bushalte")
    assert (report.campaign, report.anonymous) == ("kermis-26", True)
    assert (report.share_with_police, report.share_with_partners) == (True, False)
    local = report.incident_start.astimezone(AMSTERDAM)
    assert (local.date().isoformat(), local.hour) == (yesterday(), 18)
    assert (report.time_precision, report.part_of_day) == ("dagdeel", "avond")
    keys = installation.registry.key_ring
    assert follow(installation.engine, keys, reference, code) is not None
    with installation.transaction(DORDRECHT) as session:
        event = session.scalars(
            select(AuditEvent).where(AuditEvent.action == "melding.ontvangen")
        ).one()
        assert event.actor_kind == "melder"


HOW: Final = "Hoe de wijk is bepaald"


def test_its_page_says_who_chose_the_wijk_and_that_nobody_did(installation: Installation) -> None:
    connect(installation)
    for address in ("/melden/dordrecht", "/melden/dordrecht?wijk=binnenstad"):
        filled(installation.visitor(), address).submit(status=200)
    told = {
        r.neighbourhood_code: dict(location(r, AreaNames()))
        for r in reports(installation, DORDRECHT)
    }
    assert told["GM0505-ON"][HOW] == (
        "niet bekend: de melder koos geen wijk en geen punt op de kaart"
    )
    assert told[CENTRE][HOW] == "gekozen door de melder"


def test_an_officer_who_chose_the_wijk_is_not_called_the_reporter() -> None:
    report = Report(source="webformulier", municipality_code=DORDRECHT, located_by=Method.OFFICER)
    report.neighbourhood_code = CENTRE
    assert dict(location(report, AreaNames()))[HOW] == "gekozen door een medewerker"
    # Given a municipality by hand, and in no wijk yet.
    report.neighbourhood_code = None
    assert "niet bekend" in dict(location(report, AreaNames()))[HOW]
    report.lat, report.lon = 51.8, 4.6
    assert "geen wijk die wij kennen" in dict(location(report, AreaNames()))[HOW]


def test_nothing_about_the_report_stands_in_an_address_or_a_cookie(
    installation: Installation,
) -> None:
    connect(installation)
    browser = installation.visitor()
    page = filled(browser).submit()
    assert page.request.path_qs == "/melden/dordrecht"
    assert set(browser.cookies) == {"csrf"}
    assert page.headers["Cache-Control"] == "no-store"


def test_a_municipality_that_is_not_connected_gets_let_op_and_the_desk_the_report(
    installation: Installation,
) -> None:
    contact = {"dagen": 3, "telefoon": "14 078"}
    connect(installation, level=ParticipationLevel.FORWARDING, contact=contact)
    browser = installation.visitor()
    assert "LET OP" in browser.get("/melden/dordrecht").text, "before anything was written"
    page = filled(browser).submit()
    reference, _ = codes(page)
    assert f"Noem daarbij uw kenmerk {reference}" in page.text
    (report,) = reports(installation, NATIONAL)
    assert (report.municipality_code, report.delivery) == (DORDRECHT, "wacht_op_afspraak")


def test_the_same_form_sent_twice_is_one_report_with_one_answer(
    installation: Installation,
) -> None:
    connect(installation)
    form = filled(installation.visitor())
    first = form.submit()
    form["wat.omschrijving"] = "Toch iets anders."
    again = form.submit()
    assert codes(first) == codes(again)
    assert "kregen wij al" in again.text
    assert "kregen wij al" not in first.text
    (report,) = reports(installation, DORDRECHT)
    assert report.description == WORDS
    other = filled(installation.visitor()).submit()
    assert codes(other) != codes(first)


def test_somewhere_unknown_or_in_a_train_goes_to_the_desk(installation: Installation) -> None:
    connect(installation)
    form = filled(installation.visitor(), "/melden/onderweg", **{"waar.lijn": "bus 3"})
    form["waar.omschrijving"] = ""
    form.submit()
    filled(installation.visitor(), "/melden/onbekend").submit()
    found = {report.location_text: report for report in reports(installation, NATIONAL)}
    assert set(found) == {None, "bij de bushalte"}
    assert found[None].transit == {"line": "bus 3"}
    assert {report.delivery for report in found.values()} == {"te_routeren"}


def test_every_mistake_is_named_and_nothing_that_was_written_is_lost(
    installation: Installation,
) -> None:
    connect(installation)
    tomorrow = (utc_now().astimezone(AMSTERDAM) + timedelta(days=1)).date().isoformat()
    form = filled(
        installation.visitor(),
        **{
            "waar.datum": tomorrow,
            "waar.typePlek": "",
            "uzelf.contactGewenst": "bellen",
            "uzelf.email": "geen adres",
        },
    )
    form.set("wat.vormen", False, index=0)
    page = form.submit(status=422)
    summary = page.html.select_one(".si-error-summary").text
    for message in ("toekomst", "Wat gebeurde er?", "Wat voor plek", "e-mailadres"):
        assert message in summary, message
    assert page.forms["formulier"]["wat.omschrijving"].value == WORDS
    assert "si-steps--alle" in page.text, "all steps are open, for the mistakes are in any"
    assert reports(installation, DORDRECHT) == []


def shown_step(page: Any) -> str:
    """The heading of the step that opens."""
    (mark,) = page.html.select("#stap")
    return str(mark.find_parent("section").h2.text)


def test_the_next_step_opens_when_nothing_is_wrong_in_this_one(installation: Installation) -> None:
    connect(installation)
    form = installation.visitor().get("/melden/dordrecht").forms["formulier"]
    page = form.submit("stap", index=1, status=422)
    assert shown_step(page) == "Wat maakte u mee?"
    # Nothing of the other steps, and only this step stands open.
    summary = page.html.select_one(".si-error-summary").text
    assert "Wat gebeurde er?" in summary
    assert "Wat voor plek" not in summary
    assert "si-steps--alle" not in page.text
    page = filled(installation.visitor(), **{"waar.omschrijving": "", "waar.typePlek": ""}).submit(
        "stap", index=1, status=200
    )
    assert shown_step(page) == "Waar en wanneer was het?"
    form = page.forms["formulier"]
    assert form["wat.omschrijving"].value == WORDS
    form["waar.datum"] = (utc_now() + timedelta(days=2)).date().isoformat()
    page = form.submit("stap", index=2, status=422)
    assert shown_step(page) == "Waar en wanneer was het?"
    assert "Wat voor plek" in page.html.select_one(".si-error-summary").text
    form = page.forms["formulier"]
    form["waar.typePlek"], form["waar.datum"] = "straat_plein", yesterday()
    page = form.submit("stap", index=2, status=422)
    assert "Vertel ons waar het was" in page.html.select_one(".si-error-summary").text
    form = page.forms["formulier"]
    form["waar.omschrijving"] = "bij de brug"
    page = form.submit("stap", index=2, status=200)
    assert shown_step(page) == "Uzelf en contact"
    assert reports(installation, DORDRECHT) == []
    form = page.forms["formulier"]
    form["uzelf.contactGewenst"] = "nee"
    form["uzelf.deelPolitie"] = form["uzelf.deelPartners"] = "nee"
    codes(form.submit("versturen"))
    assert len(reports(installation, DORDRECHT)) == 1


@pytest.mark.parametrize("step", ["uzelf", "x"])
def test_a_step_that_has_none_after_it_is_not_found(installation: Installation, step: str) -> None:
    connect(installation)
    browser = installation.visitor()
    form = filled(browser)
    fields = [*form.submit_fields(), ("stap", step)]
    browser.post("/melden/dordrecht", fields, status=404)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"waar.omschrijving": ""}, "Vertel ons waar het was"),
        ({"waar.datum": "1999-12-31"}, "te lang geleden"),
        ({"waar.tijd": "25:61"}, "Vul een tijd in"),
        ({"uzelf.telefoon": "12"}, "dit telefoonnummer klopt niet"),
        ({"wat.omschrijving": "x" * 5001}, "1 teken korter"),
    ],
)
def test_what_can_not_be_is_said_at_its_field(
    installation: Installation, changes: dict[str, str], message: str
) -> None:
    connect(installation)
    page = filled(installation.visitor(), **changes).submit(status=422)
    assert message in page.html.select_one(".si-error-summary").text
    assert reports(installation, DORDRECHT) == []


def test_contact_data_is_kept_as_the_app_sends_it(installation: Installation) -> None:
    connect(installation)
    filled(
        installation.visitor(),
        **{
            "uzelf.contactGewenst": "bellen",
            "uzelf.telefoon": "06-12 34 56 78",
            "uzelf.naam": "Noor",
        },
    ).submit(status=200)
    (report,) = reports(installation, DORDRECHT)
    assert not report.anonymous
    assert report.contact_deadline is not None
    keys = installation.registry.key_ring
    with installation.transaction(DORDRECHT) as session:
        assert find(session, keys, Subject(phone="+31612345678")) == [report.id]


def test_a_form_from_elsewhere_is_refused_and_one_without_cookies_is_not(
    installation: Installation,
) -> None:
    connect(installation)
    form = filled(installation.visitor())
    sent = form.submit_fields()
    stranger = installation.visitor()
    here = {"Origin": "http://localhost:6543"}
    for headers in ({}, {"Origin": "https://elders.example"}, {"Sec-Fetch-Site": "cross-site"}):
        refused = stranger.post("/melden/dordrecht", sent, headers=headers, status=400)
        assert WORDS in refused.text, "what was written can still be sent"
    unsigned = [(name, value) for name, value in sent if name != "invoer"]
    stranger = installation.visitor()
    stranger.post("/melden/dordrecht", unsigned, headers=here, status=400)
    assert reports(installation, DORDRECHT) == []
    installation.visitor().post("/melden/dordrecht", sent, headers=here, status=200)
    assert len(reports(installation, DORDRECHT)) == 1


def test_a_form_that_stood_open_too_long_is_asked_once_more(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(installation)
    form = filled(installation.visitor())
    monkeypatch.setattr(public_services, "LONGEST_OPEN", timedelta(seconds=-1))
    page = form.submit(status=422)
    assert "Druk nog een keer op" in page.text
    monkeypatch.undo()
    assert page.forms["formulier"].submit("versturen", status=200)
    (report,) = reports(installation, DORDRECHT)
    assert report.description == WORDS


def test_a_key_counts_for_its_own_place_alone(installation: Installation) -> None:
    keys, now = installation.registry.key_ring, utc_now()
    key = public_services.sign(keys, "dordrecht", now)
    assert public_services.read(keys, key, "dordrecht", now)
    for wrong in (key[:-1], key + "0", "", "a.b.c.d", key.replace(".1.", ".9."), "." * 9):
        assert public_services.read(keys, wrong, "dordrecht", now) is None
    assert public_services.read(keys, key, "eindhoven", now) is None
    assert public_services.read(keys, key, "dordrecht", now + timedelta(hours=25)) is None


def test_a_place_is_found_by_its_words(installation: Installation) -> None:
    browser = installation.visitor()
    start = browser.get("/melden?c=zomer")
    assert start.html.select_one("a[href='tel:112']")
    form = start.forms["plaats-zoeken"]
    form["plaats"] = "Dordr"
    found = form.submit()
    assert found.request.path_qs == "/melden?c=zomer"
    link = found.html.find("a", string=re.compile("^Dordrecht$"))
    assert link["href"] == "/melden/dordrecht?c=zomer"
    form["plaats"] = "binnenstad"
    inner = form.submit().html.find("a", string=re.compile("Binnenstad .gemeente Dordrecht"))
    assert inner["href"] == "/melden/dordrecht?wijk=binnenstad&c=zomer"
    for nonsense in ("zzzzqq", "%", "_", "'; --", "x" * 300):
        form["plaats"] = nonsense
        assert "geen plek met deze naam" in form.submit().text
    form["plaats"] = ""
    form.submit(status=200)
    page = browser.get("/melden/bestaat-niet", status=404)
    assert page.html.select_one(".si-next a[href='/melden']")
    assert not page.html.select("a[href='/aanmelden']")
    browser.get("/melden/dordrecht/binnenstad", status=404)


@pytest.mark.parametrize(
    ("typed", "slug"),
    [
        ("Den Haag", "s-gravenhage"),
        ("DEN HAAG", "s-gravenhage"),
        ("gemeente Den Haag", "s-gravenhage"),
        ("Gravenhage", "s-gravenhage"),
        ("sGravenhage", "s-gravenhage"),
        ("den bosch", "s-hertogenbosch"),
        ("s-hertogenbosch", "s-hertogenbosch"),
        ("’s-Hertogenbosch", "s-hertogenbosch"),
        ("Sudwest Fryslan", "sudwest-fryslan"),
        ("de friese meren", "de-fryske-marren"),
        ("Alphen a/d Rijn", "alphen-aan-den-rijn"),
    ],
)
def test_a_municipality_is_found_by_the_name_people_use(
    installation: Installation, typed: str, slug: str
) -> None:
    form = installation.visitor().get("/melden").forms["plaats-zoeken"]
    form["plaats"] = typed
    found = form.submit().html.select("[role=status] li a")
    assert found, typed
    assert found[0]["href"] == f"/melden/{slug}"


@pytest.mark.parametrize(
    ("typed", "href"),
    [
        ("Dordrect", "/melden/dordrecht"),
        ("Dordrecht station", "/melden/dordrecht"),
        ("Voorstraat 100 Dordrecht", "/melden/dordrecht"),
        ("3311 AB Dordrecht", "/melden/dordrecht"),
        ("de kermis in Eindhovn", "/melden/eindhoven"),
        ("Lange Voorhout, den haag", "/melden/s-gravenhage"),
        ("binnenstad van Dordrecht", "/melden/dordrecht?wijk=binnenstad"),
    ],
)
def test_a_place_is_found_in_what_somebody_in_a_hurry_types(
    installation: Installation, typed: str, href: str
) -> None:
    form = installation.visitor().get("/melden").forms["plaats-zoeken"]
    form["plaats"] = typed
    found = [link["href"] for link in form.submit().html.select("[role=status] li a")]
    assert href in found[:1], found


@pytest.mark.parametrize("typed", ["3311", "3311 XE", "3311xe"])
def test_a_postcode_alone_says_what_to_type_instead(installation: Installation, typed: str) -> None:
    form = installation.visitor().get("/melden").forms["plaats-zoeken"]
    form["plaats"] = typed
    assert "niet op postcode zoeken. Typ de naam van de plaats" in form.submit().text


def test_the_list_has_the_name_people_use_too(installation: Installation) -> None:
    page = installation.visitor().get("/melden").html
    links = {link.get_text(): link["href"] for link in page.select(".si-plain-list--columns a")}
    assert links["Den Haag ('s-Gravenhage)"] == links["'s-Gravenhage"] == "/melden/s-gravenhage"
    assert len(links) == 344


def test_a_tap_on_the_map_chooses_the_wijk_and_loses_nothing(installation: Installation) -> None:
    with installation.transaction() as session:
        load_town(session)
    slug = "voorbeeldstad"
    form = filled(installation.visitor(), f"/melden/{slug}")
    picture = installation.visitor().get(f"/melden/{slug}/kaart")
    assert picture.content_type == "image/svg+xml"
    assert "<path" in picture.text
    assert "style" not in picture.text
    drawn = installation.registry.sketches
    with installation.transaction() as session:
        shape = drawn.sketch_of(session, "GM9901").shapes[0]
    middle = shape.geometry.representative_point()
    tapped = [*form.submit_fields(), ("waar.wijk.kaart.x", f"{middle.x:.0f}")]
    tapped.append(("waar.wijk.kaart.y", f"{middle.y:.0f}"))
    browser = installation.visitor()
    here = {"Origin": "http://localhost:6543"}
    page = browser.post(f"/melden/{slug}", tapped, headers=here)
    again = page.forms["formulier"]
    assert again["waar.wijk"].value == shape.code
    assert again["wat.omschrijving"].value == WORDS
    assert "si-error-summary" not in page.text
    image = page.html.select_one("input[type=image]")
    assert image["formaction"] == f"/melden/{slug}#stap-waar"
    chosen = browser.get(image["src"]).text
    assert chosen != picture.text
    again.submit("versturen", status=200)
    (report,) = reports(installation, NATIONAL)
    assert report.neighbourhood_code == shape.code


@pytest.mark.parametrize("place", [("0", "0"), ("-1", "x"), ("99999", "1e9"), ("", "")])
def test_a_tap_beside_the_map_says_so(installation: Installation, place: tuple[str, str]) -> None:
    with installation.transaction() as session:
        load_town(session)
    form = filled(installation.visitor(), "/melden/voorbeeldstad")
    x, y = place
    sent = [*form.submit_fields(), ("waar.wijk.kaart.x", x), ("waar.wijk.kaart.y", y)]
    here = {"Sec-Fetch-Site": "same-origin"}
    page = installation.visitor().post("/melden/voorbeeldstad", sent, headers=here)
    assert "Tik op de kaart, of kies een wijk uit de lijst" in page.text
    assert page.forms["formulier"]["wat.omschrijving"].value == WORDS


def test_a_municipality_asks_its_own_questions_too(installation: Installation) -> None:
    connect(installation)
    question = {"gebruik": "app", "soort": "ja_nee", "vraag": {"nl": "Was het bij de kermis?"}}
    asked = {"owner": DORDRECHT, "part": "vragen", "number": 1, "content": {"vragen": ["vraag1"]}}
    with installation.transaction() as session:
        session.add(MunicipalityQuestion(id="vraag1", owner=DORDRECHT, content=question))
        session.add(MunicipalitySetting(**asked))
    form = filled(installation.visitor(), **{"wat.vraag1": "ja"})
    form.submit(status=200)
    filled(installation.visitor()).submit(status=200)
    answers = [report.own_answers for report in reports(installation, DORDRECHT)]
    assert None in answers
    given = next(answer for answer in answers if answer)
    assert "vraag1" in str(given)
