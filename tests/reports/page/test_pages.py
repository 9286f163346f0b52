"""The page of a report, and the pages of its steps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.reports.fields import Contact
from stopintimidatie.reports.models import Report, ReporterMessage, ReportMove
from stopintimidatie.reports.services import move_report
from stopintimidatie.reports.vocabulary import AgeGroup, ContactWish
from tests.support.factories import DORDRECHT, EINDHOVEN, connect, make_report, make_user, user_id
from tests.support.installation import Installation
from tests.support.officers import HERE, officer, set_value, state_of, stored

on_sqlite = pytest.mark.sqlite
SOON = (local_date(utc_now()) + timedelta(days=10)).isoformat()
CONTACT = Contact(name="Noor de Wit", phone="+31612345678", email="noor@voorbeeld.example")


@pytest.fixture(autouse=True)
def connected(installation: Installation) -> None:
    connect(installation)


def in_state(installation: Installation, *steps: tuple[str, dict[str, Any]], **changes: Any) -> str:
    """The address of a report that made these steps."""
    effects = installation.registry.workflow_effects
    with installation.transaction() as session:
        report = make_report(session, installation, **changes)
        for name, values in steps:
            move_report(session, effects, report, name, values, SYSTEM)
            session.flush()
        return f"{HERE}/{report.reference}"


def test_the_page_shows_what_is_known_and_what_can_be_done(installation: Installation) -> None:
    address = stored(installation, reporter_age_group=AgeGroup.AGE_16_17)
    page = officer(installation).get(address)
    for text in ("Naroepen in Binnenstad", "Drie jongens riepen", "Minderjarig", "Nieuw"):
        assert text in page.text
    keys = [decision["data-key"] for decision in page.html.select(".wb-rail [data-key]")]
    assert "".join(keys) == "123456awuscz"
    # What can't be done stands folded below the rest, with its reason.
    shut = page.html.select_one(".wb-shut").text
    assert "Kan nu niet (2)" in shut
    assert "geen contact beloofd" in shut
    assert "Heropenen" not in page.text
    assert "intrekken" not in page.text.lower()


def test_every_link_on_the_page_leads_somewhere(installation: Installation) -> None:
    browser = officer(installation)
    page = browser.get(stored(installation))
    links = {str(link["href"]) for link in page.html.select("main a, .si-breadcrumb a, .si-nav a")}
    pages = sorted(link for link in links if link.startswith("/"))
    assert len(pages) >= 5
    for link in pages:
        browser.get(link, status=(200, 303))


def test_reading_is_recorded(installation: Installation) -> None:
    address = stored(installation)
    officer(installation).get(address)
    with installation.transaction(DORDRECHT) as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.action == "gelezen")).one()
        assert (event.task, event.fields) == ("melding bekijken", [])


@pytest.mark.parametrize(
    ("role", "sees"),
    [
        (Role.OFFICER, True),
        (Role.PRIVACY_OFFICER, True),
        (Role.DOSSIER_OWNER, False),
        (Role.DATA_PROTECTION_OFFICER, False),
    ],
)
def test_contact_data_only_for_who_may_see_it(
    installation: Installation, role: Role, sees: bool
) -> None:
    address = stored(installation, anonymous=False, contact=CONTACT, wants_contact=ContactWish.CALL)
    page = installation.browser(make_user(installation, (DORDRECHT, role))).get(address)
    for text in ("Noor de Wit", "612345678", "noor@voorbeeld.example"):
        assert (text in page.text) is sees
    assert ("geeft geen recht om die te zien" in page.text) is not sees
    with installation.transaction(DORDRECHT) as session:
        read = session.scalars(select(AuditEvent.fields).where(AuditEvent.action == "gelezen"))
        assert (["contactgegevens"] in read.all()) is sees


def test_what_looks_like_personal_data_is_pointed_out(installation: Installation) -> None:
    text = "Hij reed in 12-AB-34 en zei <b>bel</b> 06 12345678."
    page = officer(installation).get(stored(installation, description=text))
    assert "een telefoonnummer, een kenteken" in page.text
    assert (
        "<mark>12-AB-34</mark> en zei &lt;b&gt;bel&lt;/b&gt; <mark>06 12345678</mark>" in page.text
    )


@pytest.mark.parametrize("role", [Role.ADMIN])
def test_the_admin_sees_no_reports(installation: Installation, role: Role) -> None:
    browser = installation.browser(make_user(installation, (DORDRECHT, role)))
    browser.get(stored(installation), status=404)


def test_nobody_looks_into_another_municipality(installation: Installation) -> None:
    address = stored(installation)
    browser = installation.browser(make_user(installation, (EINDHOVEN, Role.OFFICER)))
    browser.get(address, status=404)
    browser.get(f"{address}/in-behandeling-nemen", status=404)


@pytest.mark.parametrize("role", [Role.PRIVACY_OFFICER, Role.DATA_PROTECTION_OFFICER])
def test_who_only_reads_has_no_buttons_and_is_refused(
    installation: Installation, role: Role
) -> None:
    address = stored(installation)
    browser = installation.browser(make_user(installation, (DORDRECHT, role)))
    page = browser.get(address)
    for step in ("triage", "in-behandeling-nemen"):
        assert not page.html.find("a", href=f"{address}/{step}")
    browser.get(f"{address}/in-behandeling-nemen", status=403)
    token = {"csrf_token": browser.cookies["csrf"]}
    browser.post(f"{address}/in-behandeling-nemen", token, status=403)
    assert state_of(installation, address) == "nieuw"
    with installation.transaction(DORDRECHT) as session:
        refused = select(AuditEvent).where(AuditEvent.action == "toegang.geweigerd")
        assert [event.fields for event in session.scalars(refused)] == [["melding behandelen"]] * 2


def test_taking_in_hand_offers_oneself_and_leaves_history(installation: Installation) -> None:
    address = stored(installation)
    browser = officer(installation)
    form = browser.get(f"{address}/in-behandeling-nemen").forms["formulier"]
    page = form.submit(None, status=303).follow()
    assert page.request.path == address
    assert "Toestand: In behandeling" in page.text
    assert page.text.count("Olga Officier") >= 3
    assert state_of(installation, address) == "in_behandeling"


@pytest.fixture
def in_hand(installation: Installation) -> tuple[str, dict[str, Any]]:
    somebody = user_id(installation, make_user(installation, (DORDRECHT, Role.OFFICER)))
    return "in_behandeling_nemen", {"behandelaar": str(somebody)}


STEPS: list[tuple[str, list[tuple[str, str]], dict[str, str], str]] = [
    (
        "vraag-melder",
        [],
        {"vraag": "Hoe laat was het?", "uiterlijk": SOON},
        "wacht_op_melder",
    ),
    (
        "vraag-partner",
        [],
        {"partner": "Politie, wijkagent", "vraag": "Bekend?", "uiterlijk": SOON},
        "wacht_op_partner",
    ),
    ("niet-in-behandeling", [], {"reden_code": "test"}, "niet_in_behandeling"),
    (
        "afhandelen",
        [],
        {"opvolging": "boa_inzet", "terugkoppeling": "gegeven", "bericht": "Er is toezicht."},
        "afgehandeld",
    ),
]


@pytest.mark.parametrize(("step", "_", "values", "target"), STEPS)
def test_each_step_asks_what_it_needs_and_then_moves(
    installation: Installation,
    in_hand: tuple[str, dict[str, Any]],
    step: str,
    _: Any,
    values: dict[str, str],
    target: str,
) -> None:
    address = in_state(installation, in_hand)
    browser = officer(installation)
    form = browser.get(f"{address}/{step}").forms["formulier"]
    refused = form.submit(None, status=422)
    assert "Er gaat nog iets niet goed" in refused.text
    assert state_of(installation, address) == "in_behandeling"
    form = refused.forms["formulier"]
    for name, value in values.items():
        set_value(form, name, value)
    form.submit(None, status=303).follow()
    assert state_of(installation, address) == target


def test_feedback_that_is_given_needs_its_text(
    installation: Installation, in_hand: tuple[str, dict[str, Any]]
) -> None:
    address = in_state(installation, in_hand)
    form = officer(installation).get(f"{address}/afhandelen").forms["formulier"]
    set_value(form, "opvolging", "boa_inzet")
    set_value(form, "terugkoppeling", "gegeven")
    page = form.submit(None, status=422)
    assert "Vul ‘Bericht aan de melder’ in." in page.text
    assert state_of(installation, address) == "in_behandeling"


@on_sqlite
@pytest.mark.parametrize(
    ("step", "filled", "field", "told"),
    [
        (
            "afhandelen",
            {"opvolging": "boa_inzet", "terugkoppeling": "niet_gegeven", "reden": "Anoniem."},
            {"bericht": "Er is toezicht."},
            "‘Bericht aan de melder’ in, maar",
        ),
        (
            "niet-in-behandeling",
            {"reden_code": "test"},
            {"dubbel_van": "M-4F7K-2QX9"},
            "‘Dubbel van’ in, maar",
        ),
        (
            "afhandelen",
            {"opvolging": "geen_opvolging_mogelijk", "terugkoppeling": "gegeven", "bericht": "Ja."},
            {"opvolging": "boa_inzet"},
            "‘Geen opvolging mogelijk’ kan niet samen",
        ),
        (
            "afhandelen",
            {"opvolging": "alleen_beeldvorming", "terugkoppeling": "gegeven", "bericht": "Ja."},
            {"opvolging": "boa_inzet"},
            "‘Alleen beeldvorming’ kan niet samen",
        ),
    ],
)
def test_what_does_not_go_together_is_refused_and_kept(
    installation: Installation,
    in_hand: tuple[str, dict[str, Any]],
    step: str,
    filled: dict[str, str],
    field: dict[str, str],
    told: str,
) -> None:
    address = in_state(installation, in_hand)
    form = officer(installation).get(f"{address}/{step}").forms["formulier"]
    for name, value in [*filled.items(), *field.items()]:
        set_value(form, name, value)
    page = form.submit(None, status=422)
    ((name, value),) = field.items()
    assert told in page.html.find(attrs={"data-veld": name}).text
    kept = dict(page.forms["formulier"].submit_fields())
    assert value in [v for n, v in page.forms["formulier"].submit_fields() if n == name]
    assert kept.keys() >= {*filled, *field}
    assert state_of(installation, address) == "in_behandeling"
    assert "In behandeling" in page.html.select_one(".si-heading").text


def test_a_double_names_an_existing_report(
    installation: Installation, in_hand: tuple[str, dict[str, Any]]
) -> None:
    address, other = in_state(installation, in_hand), stored(installation)
    browser = officer(installation)
    form = browser.get(f"{address}/niet-in-behandeling").forms["formulier"]
    set_value(form, "reden_code", "dubbel")
    form["dubbel_van"] = "M-0000-0000"
    form = form.submit(None, status=422).forms["formulier"]
    form["dubbel_van"] = other.rpartition("/")[2].lower()
    page = form.submit(None, status=303).follow()
    assert page.html.find("a", href=f"/m/{other.rpartition('/')[2]}")


def test_an_end_can_be_undone_from_the_message(
    installation: Installation, in_hand: tuple[str, dict[str, Any]]
) -> None:
    address = in_state(installation, in_hand)
    browser = officer(installation)
    form = browser.get(f"{address}/niet-in-behandeling").forms["formulier"]
    set_value(form, "reden_code", "test")
    page = form.submit(None, status=303).follow()
    form = page.click("Heropenen…").forms["formulier"]
    form["reden"] = "Toch geen test."
    form.submit(None, status=303)
    assert state_of(installation, address) == "in_behandeling"


def test_a_message_to_the_reporter_stands_on_the_page(
    installation: Installation, in_hand: tuple[str, dict[str, Any]]
) -> None:
    address = in_state(installation, in_hand)
    browser = officer(installation)
    form = browser.get(f"{address}/vraag-melder").forms["formulier"]
    form["vraag"] = "Droeg de groep iets opvallends?"
    form["uiterlijk"] = SOON
    page = form.submit(None, status=303).follow()
    assert "Droeg de groep iets opvallends?" in page.text
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(ReporterMessage.kind)).all() == ["vraag"]


def test_of_two_people_the_second_sees_what_the_first_did(
    installation: Installation, in_hand: tuple[str, dict[str, Any]]
) -> None:
    address = in_state(installation, in_hand)
    first, second = officer(installation, "Eerste"), officer(installation, "Tweede")
    form = second.get(f"{address}/vraag-melder").forms["formulier"]
    form["vraag"] = "Mijn vraag"
    form["uiterlijk"] = SOON
    done = first.get(f"{address}/niet-in-behandeling").forms["formulier"]
    set_value(done, "reden_code", "test")
    done.submit(None, status=303)
    page = form.submit(None, status=409)
    assert "‘Niet in behandeling nemen’ door Eerste" in page.text
    assert "Mijn vraag" in page.text
    assert state_of(installation, address) == "niet_in_behandeling"
    assert "nu de toestand ‘Niet in behandeling’" in page.text
    # It can be copied, and not be sent: not by a form that was opened long ago either.
    assert not page.html.select("#formulier button")
    form.submit(None, status=409)
    with installation.transaction(DORDRECHT) as session:
        assert len(session.scalars(select(ReportMove)).all()) == 3


def test_a_step_that_is_not_possible_says_what_is(installation: Installation) -> None:
    address = stored(installation)
    page = officer(installation).get(f"{address}/heropenen", status=409)
    assert "Dit kan nu niet" in page.text
    assert "In behandeling nemen" in page.text


BAD = [
    ("versie", "1_0"),
    ("versie", ""),
    ("versie", "99999999999999999999"),
    ("behandelaar", "00000000-0000-4000-8000-000000000000"),
    ("behandelaar", "' OR 1=1"),
    ("behandelaar", "\x00"),
    ("gezien", "nooit"),
    ("terug", "/" + "a" * 5000),
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_bad_input_is_refused_and_changes_nothing(
    installation: Installation, name: str, value: str
) -> None:
    address = stored(installation)
    browser = officer(installation)
    form = browser.get(f"{address}/in-behandeling-nemen").forms["formulier"]
    values = {**dict(form.submit_fields()), name: value}
    browser.post(f"{address}/in-behandeling-nemen", values, status=(400, 422))
    assert state_of(installation, address) == "nieuw"


@pytest.mark.parametrize("value", ["x" * 10_000, "\x1b[2J", "\u202e" * 5000])
def test_bad_text_is_refused(
    installation: Installation, in_hand: tuple[str, dict[str, Any]], value: str
) -> None:
    address = in_state(installation, in_hand)
    browser = officer(installation)
    form = browser.get(f"{address}/vraag-melder").forms["formulier"]
    values = {**dict(form.submit_fields()), "uiterlijk": SOON}
    values["vraag"] = value.encode("utf-8", "surrogatepass")
    browser.post(f"{address}/vraag-melder", values, status=(400, 422))
    assert state_of(installation, address) == "in_behandeling"


def test_nul_in_a_pasted_text_is_left_out(
    installation: Installation, in_hand: tuple[str, dict[str, Any]]
) -> None:
    address = in_state(installation, in_hand)
    browser = officer(installation)
    form = browser.get(f"{address}/vraag-melder").forms["formulier"]
    form["vraag"] = "Hoe laat\x00 was het?"
    form.submit("vraag_melder", status=303)
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(ReporterMessage.text)).all() == ["Hoe laat was het?"]


def test_the_way_back_stays_on_this_site(installation: Installation) -> None:
    address = stored(installation)
    browser = officer(installation)
    page = browser.get(f"{address}/in-behandeling-nemen", {"terug": "https://kwaad.example/"})
    answer = page.forms["formulier"].submit(None, status=303)
    assert answer.location == f"http://localhost:6543{address}"


def test_what_was_handed_over_shows_only_where_it_went(installation: Installation) -> None:
    address = stored(installation)
    with installation.transaction(DORDRECHT) as session:
        report = session.scalars(select(Report)).one()
        report.state, report.handed_to = "overgedragen", EINDHOVEN
    browser = officer(installation)
    page = browser.get(address)
    assert "doorgegeven aan de gemeente Eindhoven" in page.text
    assert "Drie jongens" not in page.text
    assert "Naroepen" not in page.text
    browser.get(f"{address}/in-behandeling-nemen", status=403)


def test_a_reply_is_filled_in_for_the_report_and_nothing_typed_is_lost(
    installation: Installation, in_hand: tuple[str, dict[str, Any]]
) -> None:
    address = in_state(installation, in_hand)
    browser = officer(installation)
    form = browser.get(f"{address}/vraag-melder").forms["formulier"]
    form["vraag"], form["uiterlijk"] = "Beste melder,", "2031-03-04"
    form["vraag.sjabloon"] = "plek"
    page = form.submit("vraag.invullen", status=200)
    text = page.forms["formulier"]["vraag"].value
    assert text.startswith("Beste melder,\n\nDank u wel voor uw melding M-")
    assert "uiterlijk dinsdag 4 maart 2031" in text
    assert state_of(installation, address) == "in_behandeling"
    message = browser.get(f"{address}/bericht").forms["formulier"]
    message["tekst.sjabloon"] = "gelezen"
    assert (
        "Het is niet uw schuld"
        in message.submit("tekst.invullen").forms["formulier"]["tekst"].value
    )
    finish = browser.get(f"{address}/afhandelen").forms["formulier"]
    finish["bericht.sjabloon"] = "toezicht"
    assert "in Binnenstad" in finish.submit("bericht.invullen").forms["formulier"]["bericht"].value


def test_a_report_has_no_card_for_one_link_and_folds_what_is_looked_at_seldom(
    installation: Installation,
) -> None:
    page = officer(installation).get(stored(installation)).html
    cards = {card.select_one("h2").text: card for card in page.select(".si-card")}
    assert not {"Kaart", "Vrije tekst", "Vergelijkbare meldingen"} & {*cards}
    assert "Wat gebeurde er nog meer in deze wijk?" in cards["Waar en wanneer"].text
    assert "Tekst nakijken" in cards["Wat er gebeurde"].text
    folded = [part.text for part in page.select(".wb-pane details > summary")]
    assert folded == ["Vergelijkbare meldingen", "Geschiedenis"]
