"""Where a report goes that has no point: by its stop, by its address, else to the desk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.jobs import OutboxJob
from stopintimidatie.core.security import Role
from stopintimidatie.municipalities.areas.geocoder import (
    FoundAddress,
    GeocoderError,
    WantedAddress,
    load_stops,
)
from stopintimidatie.municipalities.areas.locator import Method
from stopintimidatie.reports.arrival.services import ARRIVALS
from stopintimidatie.reports.models import Report
from tests.support.api import Api, report
from tests.support.factories import DORDRECHT, connect, make_report, make_user
from tests.support.installation import Installation

NATIONAL = "landelijk"
STOP = 'stop_id,stop_name,stop_lat,stop_lon\n1,"Dordrecht, Centraal Station",51.8075,4.6685\n'
HOUSE = {"straat": "Spuiboulevard", "huisnummer": "300", "woonplaats": "Dordrecht"}


class KnownHouse:
    """A geocoder that knows one house."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.broken = False

    def find(self, address: WantedAddress) -> FoundAddress | None:
        self.asked.append(address.question)
        if self.broken:
            raise GeocoderError("weg")
        return FoundAddress(51.8090, 4.6650, DORDRECHT) if "300" in address.question else None


@pytest.fixture
def api(installation: Installation) -> Api:
    connect(installation)
    return Api(installation)


@pytest.fixture
def geocoder(installation: Installation) -> KnownHouse:
    geocoder = KnownHouse()
    installation.registry.geocoder = geocoder
    installation.registry.locator_cache.geocoding = True
    return geocoder


def stored(installation: Installation, holder: str) -> Report:
    with installation.transaction(holder) as session:
        return session.scalars(select(Report)).one()


def placed(**place: Any) -> dict[str, Any]:
    return report(locatie=place)


def test_a_report_from_a_train_goes_to_the_municipality_of_its_stop(
    api: Api, installation: Installation, tmp_path: Path
) -> None:
    (tmp_path / "stops.txt").write_text(STOP, encoding="utf-8")
    with installation.transaction(NATIONAL) as session:
        load_stops(session, tmp_path / "stops.txt", actor=SYSTEM)
    ride = {"vervoerder": "NS", "halte": "Dordrecht, Centraal Station"}
    answer = api.post(placed(ov=ride)).json
    assert answer["gemeente"]["code"] == DORDRECHT
    found = stored(installation, DORDRECHT)
    assert (found.located_by, found.lat) == (Method.STOP, None)
    assert str(found.neighbourhood_code).startswith("WK0505")
    assert api.post(placed(ov={"halte": "Nergenshuizen"})).json["gemeente"] is None


def test_an_address_is_looked_up_after_the_intake_and_its_report_passed_on(
    api: Api, installation: Installation, geocoder: KnownHouse
) -> None:
    answer = api.post(placed(adres=HOUSE)).json
    assert (answer["gemeente"], geocoder.asked) == (None, [])
    installation.run_jobs()
    assert geocoder.asked == ["Spuiboulevard 300 Dordrecht"]
    found = stored(installation, DORDRECHT)
    assert (found.reference, found.located_by) == (answer["kenmerk"], Method.ADDRESS)
    assert str(found.neighbourhood_code).startswith("WK0505")
    assert stored(installation, NATIONAL).state == "overgedragen"
    assert api.follow(answer["kenmerk"], answer["volgcode"]).json["status"] == "ontvangen"


def test_what_is_not_found_or_not_connected_stays_at_the_desk(
    installation: Installation, geocoder: KnownHouse
) -> None:
    api = Api(installation)
    told: list[str | None] = []
    ARRIVALS.of(installation.registry)["proef"] = lambda context, session, report: told.append(
        report.municipality_code
    )
    api.post(placed(adres=HOUSE))
    installation.run_jobs()
    # Once when it came in, and again when its municipality was known: an agreement may hold there.
    assert (len(told), told[-1]) == (2, DORDRECHT)
    found = stored(installation, NATIONAL)
    assert (found.municipality_code, found.delivery) == (DORDRECHT, "wacht_op_afspraak")
    api.post(placed(adres={**HOUSE, "huisnummer": "7"}))
    api.post(placed(adres={"woonplaats": "Dordrecht"}))
    installation.run_jobs()
    with installation.transaction(NATIONAL) as session:
        states = session.scalars(select(Report.delivery).order_by(Report.received_at)).all()
        logged = session.scalars(select(AuditEvent).where(AuditEvent.action == "melding.adres"))
        assert "Spui" not in str([(event.fields, event.reason) for event in logged])
    assert states == ["wacht_op_afspraak", "te_routeren", "te_routeren"]
    assert len(geocoder.asked) == 2


def test_no_address_leaves_the_system_unasked(api: Api, installation: Installation) -> None:
    assert installation.registry.geocoder is None
    api.post(placed(adres=HOUSE))
    with installation.transaction() as session:
        assert "melding.adres" not in session.scalars(select(OutboxJob.kind)).all()


def test_an_officer_sees_that_a_place_lies_on_a_border(installation: Installation) -> None:
    connect(installation)
    with installation.transaction() as session:
        found = make_report(session, installation)
        found.near_municipality_code = "GM0642"
        reference = found.reference
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    page = browser.get(f"/m/{reference}").follow()
    assert "Vlak bij de grens met" in page
    assert "Zwijndrecht" in page
