"""The form of an officer who is told a report: what is filled in already, and each mistake."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.clock import AMSTERDAM, local_date, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.municipalities.areas.models import Landmark, LandmarkLoad
from stopintimidatie.municipalities.areas.names import slugify
from stopintimidatie.reports.models import Report
from tests.support.areas import load_town
from tests.support.factories import DORDRECHT, connect, make_user
from tests.support.installation import Installation
from tests.support.officers import set_value

ENTRY = "/gemeenten/dordrecht/melding-invoeren"
TOLD = "Hij riep iets naar mij. Ik liep door."


def entry_form(installation: Installation, code: str = DORDRECHT, entry: str = ENTRY) -> Any:
    connect(installation, code)
    browser = installation.browser(make_user(installation, (code, Role.OFFICER)))
    form = browser.get(entry).forms["formulier"]
    form["wat.omschrijving"], form["wat.plek"] = TOLD, "bij de brug"
    for name, value in (
        ("vormen", "naroepen"),
        ("typePlek", "straat_plein"),
        ("contactGewenst", "nee"),
        ("delen", "niemand"),
    ):
        set_value(form, f"hoe.{name}", value)
    return form


def kept(installation: Installation, code: str = DORDRECHT) -> Report:
    with installation.transaction(code) as session:
        return session.scalars(select(Report)).one()


def test_telephone_victim_and_today_are_filled_in(installation: Installation) -> None:
    entry_form(installation).submit("bewaren", status=303)
    report = kept(installation)
    assert (report.source, report.role, report.time_precision) == (
        "telefonisch",
        "slachtoffer",
        "dag",
    )
    assert local_date(report.incident_start) == local_date(utc_now())


@pytest.mark.parametrize(
    ("clock", "part", "begun", "precision"),
    [
        ("22:40", "", "22:40", "uur"),
        ("22:40", "avond", "22:40", "uur"),
        ("", "nacht", "00:00", "dagdeel"),
        ("", "", "12:00", "dag"),
    ],
)
def test_day_hour_and_part_of_day_are_kept_as_melden_keeps_them(
    installation: Installation, clock: str, part: str, begun: str, precision: str
) -> None:
    form = entry_form(installation)
    form["wat.datum"] = str(local_date(utc_now()) - timedelta(days=1))
    form["wat.tijd"] = clock
    if part:
        form["wat.dagdeel"] = part
    form.submit("bewaren", status=303)
    report = kept(installation)
    start = report.incident_start.astimezone(AMSTERDAM)
    assert (f"{start:%H:%M}", report.time_precision) == (begun, precision)


def test_each_mistake_stands_at_its_field_and_nothing_typed_is_lost(
    installation: Installation,
) -> None:
    form = entry_form(installation)
    form["wat.plek"], form["wat.tijd"] = "", "25:99"
    form["hoe.contactGewenst"] = "mailen"
    form["hoe.naam"], form["plegers.signalement"] = "Noor", "grijze jas"
    form["hoe.typePlek"].force_value(None)
    page = form.submit("bewaren", status=422)
    wrong = {tag["data-veld"] for tag in page.html.select("[data-veld]:has(.si-error)")}
    assert wrong == {"wat.tijd", "hoe.typePlek"}
    form = page.forms["formulier"]
    form["wat.tijd"], form["hoe.typePlek"] = "00:01", "straat_plein"
    page = form.submit("bewaren", status=422)
    wrong = {tag["data-veld"] for tag in page.html.select("[data-veld]:has(.si-error)")}
    assert wrong == {"wat.plek", "hoe.email"}
    form = page.forms["formulier"]
    typed = ("wat.omschrijving", "hoe.naam", "plegers.signalement", "hoe.delen")
    assert [form[name].value for name in typed] == [TOLD, "Noor", "grijze jas", "niemand"]
    form["wat.plek"], form["hoe.email"] = "de brug", "noor@voorbeeld.example"
    form.submit("bewaren", status=303)
    assert kept(installation).offender_appearance == "grijze jas"


def test_who_wants_no_contact_leaves_no_name_or_number(installation: Installation) -> None:
    form = entry_form(installation)
    form["hoe.telefoon"] = "06 12345678"
    page = form.submit("bewaren", status=422)
    assert "De melder wil geen contact" in page.html.select_one("[data-veld='hoe.telefoon']").text
    form = page.forms["formulier"]
    form["hoe.telefoon"] = ""
    form.submit("bewaren", status=303)
    assert kept(installation).anonymous


@pytest.mark.parametrize(
    ("chosen", "police", "partners"),
    [("beide", True, True), ("politie", True, False), ("partners", False, True)],
)
def test_one_question_asks_both_wishes_to_share(
    installation: Installation, chosen: str, police: bool, partners: bool
) -> None:
    form = entry_form(installation)
    form["hoe.delen"] = chosen
    form.submit("bewaren", status=303)
    report = kept(installation)
    assert (report.share_with_police, report.share_with_partners) == (police, partners)


def test_a_moment_that_is_still_to_come_is_refused_at_its_field(installation: Installation) -> None:
    form = entry_form(installation)
    later = utc_now().astimezone(AMSTERDAM) + timedelta(hours=2)
    form["wat.datum"], form["wat.tijd"] = f"{later:%Y-%m-%d}", f"{later:%H:%M}"
    page = form.submit("bewaren", status=422)
    assert page.html.select("[data-veld='wat.tijd'] .si-error, [data-veld='wat.datum'] .si-error")


# A town with outlines, of which the names of places are known.
TOWN, IN_TOWN = "GM9901", "/gemeenten/voorbeeldstad/melding-invoeren"
NAMED: tuple[tuple[str, str, list[tuple[float, float]]], ...] = (
    ("straat", "Grote Pluimstraat", [(3.305, 52.005), (3.307, 52.005), (3.309, 52.005)]),
    # In two villages, and beyond the border of the town.
    ("straat", "Kerkpad", [(3.301, 52.001), (3.329, 52.039)]),
    ("straat", "Grensweg", [(3.38, 52.02)]),
    ("park", "Dubbelhof", [(3.305, 52.005)]),
    ("straat", "Dubbelhof", [(3.305, 52.005)]),
)


def town_form(installation: Installation, where: str) -> Any:
    with installation.transaction() as session:
        load_town(session)
        load = LandmarkLoad(source="test", loaded_at=utc_now())
        session.add(load)
        session.flush()
        for kind, name, points in NAMED:
            words = {"kind": kind, "name": name, "name_key": slugify(name)}
            wkb = shapely.MultiPoint(points).wkb
            session.add(Landmark(load=load.number, municipality_code=TOWN, wkb=wkb, **words))
    form = entry_form(installation, TOWN, IN_TOWN)
    form["wat.plek"] = where
    return form


def test_a_name_that_exists_once_gives_the_wijk_and_a_point_as_coarse_as_a_street(
    installation: Installation,
) -> None:
    form = town_form(installation, "grote pluimstraat ")
    page = form.submit("bewaren", status=303).follow()
    report = kept(installation, TOWN)
    assert (report.neighbourhood_code, report.location_source) == ("WK990101", "adres")
    assert (report.lat, report.lon, report.located_by) == (52.005, 3.307, "grens")
    assert report.accuracy_m
    assert 120 < report.accuracy_m < 160
    assert report.location_text == "grote pluimstraat"
    assert "Binnenstad" in page.html.main.text


@pytest.mark.parametrize("where", ["Kerkpad", "Grensweg", "Dubbelhof", "Pluimstraat", "de brug"])
def test_words_that_are_no_name_or_several_refuse_nothing_and_give_no_wijk(
    installation: Installation, where: str
) -> None:
    page = town_form(installation, where).submit("bewaren", status=303).follow()
    report = kept(installation, TOWN)
    assert (report.lat, report.location_text) == (None, where)
    assert report.neighbourhood_code not in {"WK990101", "WK990102", "WK990103", "WK990104"}
    assert "De wijk is nog onbekend" in page.html.main.text


def test_the_wijk_that_was_chosen_counts_and_not_the_name(installation: Installation) -> None:
    form = town_form(installation, "Grote Pluimstraat")
    form["wat.wijk"] = "WK990102"
    page = form.submit("bewaren", status=303).follow()
    report = kept(installation, TOWN)
    assert (report.neighbourhood_code, report.lat) == ("WK990102", None)
    assert "nog onbekend" not in page.html.main.text


def test_names_are_proposed_while_somebody_types_and_stand_in_no_address(
    installation: Installation,
) -> None:
    form = town_form(installation, "")
    names = form.response.html.select_one("datalist#plekken")
    assert form["wat.plek"].attrs["list"] == "plekken"
    browser, sent = form.response.test_app, {"csrf_token": form["csrf_token"].value}
    for typed, options in (("PLUIM", ["Grote Pluimstraat"]), ("", []), ("\0", []), ("x" * 999, [])):
        page = browser.post(names["hx-post"], {**sent, "wat.plek": typed})
        assert [tag["value"] for tag in page.html.select("option")] == options
    browser.get(f"{names['hx-post']}?wat.plek=PLUIM", status=404)
    # Of what was filled in only these two are sent.
    assert names["hx-include"] == "#formulier-wat-plek, #formulier [name='csrf_token']"


def test_a_tap_on_the_map_without_a_script_keeps_all_that_was_typed(
    installation: Installation,
) -> None:
    form = town_form(installation, "bij de sluis")
    form["hoe.naam"] = "Noor"
    image = form.response.html.select_one("details:not([open]) input[type=image]")
    with installation.transaction() as session:
        shape = installation.registry.sketches.sketch_of(session, TOWN).shapes[1]
    middle, browser = shape.exact.representative_point(), form.response.test_app
    at = (("wat.wijk.kaart.x", f"{middle.x:.0f}"), ("wat.wijk.kaart.y", f"{middle.y:.0f}"))
    page = browser.post(IN_TOWN, [*form.submit_fields(), *at])
    form = page.forms["formulier"]
    assert form["wat.wijk"].value == shape.code
    typed = [form[name].value for name in ("wat.omschrijving", "wat.plek", "hoe.naam")]
    assert typed == [TOLD, "bij de sluis", "Noor"]
    shown = page.html.select_one("details[open] input[type=image]")
    assert browser.get(shown["src"]).text != browser.get(image["src"]).text
    form["hoe.naam"] = ""
    form.submit("bewaren", status=303)
    report = kept(installation, TOWN)
    assert (report.neighbourhood_code, report.location_source) == (shape.code, "pin")
    assert report.lat
    assert report.accuracy_m
    assert report.accuracy_m >= 25


def test_a_tap_beside_the_map_says_so_and_enter_never_taps(installation: Installation) -> None:
    form = town_form(installation, "bij de sluis")
    first = form.response.html.select_one("#formulier [type=submit], #formulier [type=image]")
    assert first["type"] == "submit"
    at = (("wat.wijk.kaart.x", "0"), ("wat.wijk.kaart.y", "x"))
    page = form.response.test_app.post(IN_TOWN, [*form.submit_fields(), *at])
    assert "Daar ligt geen wijk" in page.html.select_one("[data-veld='wat.wijk']").text
    assert page.forms["formulier"]["wat.omschrijving"].value == TOLD


def test_a_form_that_is_sent_twice_at_once_is_one_report(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    form, get, asked = entry_form(installation), Session.get, []
    first = form.submit("bewaren", status=303)

    def get_too_early(session: Session, entity: Any, *way: Any, **more: Any) -> Any:
        """Find no report the first time: the other one isn't stored yet."""
        if entity is Report:
            asked.append(way)
        early = entity is Report and len(asked) == 1
        return None if early else get(session, entity, *way, **more)

    monkeypatch.setattr(Session, "get", get_too_early)
    assert form.submit("bewaren", status=303).location == first.location
    assert len(asked) > 1
    assert kept(installation).reference
