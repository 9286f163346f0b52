"""The doorgifteafspraak: by telephone, confirmed by a code, ended in time; without it, nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.mail.addresses import code_of, find_address, set_address
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.text import date_text
from stopintimidatie.municipalities.agreements import services as agreements_services
from stopintimidatie.municipalities.agreements.models import ForwardingAgreement
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.municipalities.levels.services import level_of
from stopintimidatie.municipalities.people.services import is_role_address, postbox_of
from tests.support.agreeing import PAGE, fill
from tests.support.factories import make_user
from tests.support.installation import Installation

ZWIJNDRECHT = "GM0642"


def desk(installation: Installation) -> Any:
    return installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))


def confirm(installation: Installation, browser: Any, who: str = "functionaris") -> Any:
    owner = (
        agreements_services.official_of if who == "functionaris" else agreements_services.deputy_of
    )
    with installation.transaction(NATIONAL) as session:
        row = find_address(session, owner(ZWIJNDRECHT))
        assert row is not None
        assert row.code_nonce is not None
        code = code_of(installation.registry.key_ring, str(row.id), row.code_nonce)
    form = next(
        f for f in browser.get(PAGE).forms.values() if "code" in f.fields and f["welk"].value == who
    )
    form["code"] = code
    return form.submit(status=303).follow()


def level(installation: Installation) -> ParticipationLevel:
    with installation.transaction(NATIONAL) as session:
        return level_of(session, ZWIJNDRECHT)


def messages(installation: Installation, template: str) -> list[MailMessage]:
    with installation.transaction(NATIONAL) as session:
        rows = session.scalars(select(MailMessage).where(MailMessage.template == template))
        return list(rows)


def test_an_agreement_counts_once_the_code_of_its_address_was_read_out(
    installation: Installation,
) -> None:
    browser = desk(installation)
    assert "Nog geen afspraken" in browser.get("/landelijk/afspraken")
    assert browser.get("/landelijk/afspraken?gemeente=zwijndrecht", status=303)
    browser.get("/landelijk/afspraken?gemeente=nergens", status=404)
    assert "Er is geen afspraak" in browser.get(PAGE)
    fill(browser).submit("vastleggen", status=303)
    page = browser.get(PAGE)
    assert "heeft de code nog niet teruggegeven" in page
    assert level(installation) is ParticipationLevel.NO_AGREEMENT
    installation.run_jobs()
    (mail,) = messages(installation, "adres_bevestigen")
    assert "oov@zwijndrecht.example" in (mail.kept or "")
    assert "Geheimnaam" not in (mail.kept or "")
    page = confirm(installation, browser)
    assert "Er gaat nu geen melding" not in page
    assert "Anneke Geheimnaam" in page
    assert level(installation) is ParticipationLevel.FORWARDING
    assert "geldig" in browser.get("/landelijk/afspraken")


def test_what_is_kept_of_officials_is_encrypted(installation: Installation) -> None:
    fill(desk(installation)).submit("vastleggen", status=303)
    with installation.transaction(NATIONAL) as session:
        (row,) = session.scalars(select(ForwardingAgreement)).all()
        address = find_address(session, agreements_services.official_of(ZWIJNDRECHT))
        assert address is not None
        stored = f"{row.people}{address.address}"
    for word in ("Geheimnaam", "zwijndrecht.example", "Veiligheid", "78620"):
        assert word not in stored


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"functionaris.email": "anneke@zwijndrecht.example"}, "Noem een vervanger"),
        ({"functionaris.email": "geen adres"}, "e-mailadres"),
        ({"functionaris.telefoon": "bel maar"}, "telefoonnummer"),
        ({"vervanger.naam": "Bas"}, "alles van de vervanger"),
        ({"kanaal": "smime"}, "hoort een certificaat"),
        ({"kanaal": "smime", "certificaat": "xx"}, "geen certificaat"),
        ({"geldig_tot": "2099-01-01"}, "binnen twee jaar"),
        ({"mag_sinds": "2099-01-01"}, "toekomst"),
        ({"mag_van": ""}, "namens de gemeente"),
    ],
)
def test_half_an_agreement_is_refused_and_nothing_typed_is_lost(
    installation: Installation, changes: dict[str, str], words: str
) -> None:
    answer = fill(desk(installation), **changes).submit("vastleggen", status=422)
    assert words in answer
    assert "Anneke Geheimnaam" in answer


def test_an_agreement_whose_wish_is_not_known_yet_is_kept_and_lets_nothing_go(
    installation: Installation,
) -> None:
    browser = desk(installation)
    fill(browser, wil="onbekend", mag_van="", mag_sinds="").submit("vastleggen", status=303)
    page = confirm(installation, browser)
    assert "nog niet bekend" in page.text
    assert "nog niet gezegd de meldingen te willen ontvangen" in page.text
    assert level(installation) == "zonder_afspraak"
    fill(browser).submit("vastleggen", status=303)
    assert level(installation) == "doorgifte"


def test_a_refusal_and_an_end_take_the_level_away(installation: Installation) -> None:
    browser = desk(installation)
    fill(browser).submit("vastleggen", status=303)
    confirm(installation, browser)
    form = browser.get(f"{PAGE}/weigering").forms["formulier"]
    form["reden"] = "Wij hebben hier geen mensen voor."
    form.submit("vastleggen", status=303)
    page = browser.get(PAGE)
    assert "wil geen meldingen ontvangen" in page
    assert "Wij hebben hier geen mensen voor." in page
    assert level(installation) is ParticipationLevel.NO_AGREEMENT
    # The address was confirmed before: with a new agreement there is no need to do so again.
    fill(browser).submit("vastleggen", status=303)
    assert level(installation) is ParticipationLevel.FORWARDING
    # One click ends nothing: a page says first what ends with it.
    asked = browser.get(PAGE).click("Beëindigen")
    assert "kan de gemeente niet meer ophalen" in asked
    assert level(installation) is ParticipationLevel.FORWARDING
    ended = asked.forms["formulier"].submit("beeindigen", status=303).follow()
    assert level(installation) is ParticipationLevel.NO_AGREEMENT
    assert f"De afspraak is beëindigd op {date_text(utc_now())}." in ended
    assert "nog niets afgesproken" not in ended


def test_the_desk_hears_before_an_agreement_ends_and_after_its_end_nothing_goes(
    installation: Installation,
) -> None:
    keys = installation.registry.key_ring
    with installation.transaction(NATIONAL) as session:
        box = postbox_of(NATIONAL)
        row = set_address(session, keys, NATIONAL, box, "meldpunt@landelijk.example", SYSTEM)
        row.verified_at = utc_now()
    browser = desk(installation)
    until = agreements_services.today() + timedelta(days=90)
    fill(browser, geldig_tot=str(until)).submit("vastleggen", status=303)
    confirm(installation, browser)
    installation.run_jobs()
    assert messages(installation, "afspraak_loopt_af") == []
    with clock_at(utc_now() + timedelta(days=62)):
        installation.run_jobs()
    (reminder,) = messages(installation, "afspraak_loopt_af")
    assert "/landelijk/zwijndrecht" in (reminder.kept or "")
    with clock_at(utc_now() + timedelta(days=92)):
        installation.run_jobs()
    assert level(installation) is ParticipationLevel.NO_AGREEMENT


def test_a_role_address_is_told_from_the_address_of_one_person() -> None:
    for address in ("oov@a.nl", "meldpunt-veiligheid@a.nl", "team.boa@a.nl", "Info@a.nl"):
        assert is_role_address(address)
    for address in ("j.jansen@a.nl", "anneke@a.nl", "r.oovink@a.nl"):
        assert not is_role_address(address)
