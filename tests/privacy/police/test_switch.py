"""The compartment is a switch of the municipality: off, there is no page, no role and no line."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from stopintimidatie.cli.people import add_role
from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.municipalities.people.proposals import OFFERED_ROLES
from stopintimidatie.municipalities.settings.models import MunicipalitySetting
from stopintimidatie.privacy.police import switch
from stopintimidatie.privacy.police.models import PoliceItem
from stopintimidatie.privacy.police.services import destroy_item
from stopintimidatie.privacy.police.switch import is_on
from tests.support.factories import DORDRECHT, connect, make_dossier, make_report, make_user
from tests.support.installation import Installation
from tests.support.policing import HERE, SWITCHED_ON, keep_something

PLACE = "/gemeenten/dordrecht"
SWITCH = f"{PLACE}/beheer/politie"
ROLES = tuple(role for role in OFFERED_ROLES if role not in (Role.POLICE_DATA, Role.DEPUTY))


def test_off_it_is_on_no_page_of_anybody_and_its_addresses_are_not_there(
    installation: Installation,
) -> None:
    connect(installation)
    with installation.transaction(DORDRECHT) as session:
        report, dossier = make_report(session, installation), make_dossier(session)
        papers = f"{PLACE}/binnenstad/{report.reference}", f"{PLACE}/binnenstad/{dossier.number}"
    away = [HERE, f"{HERE}/vastleggen", f"{HERE}/logboek", "/politiegegevens"]
    marks = [f"{paper}/van-de-politie" for paper in papers]
    pages = [PLACE, *papers, f"{PLACE}/gebruiker-uitnodigen", f"{PLACE}/gebruikers"]
    for role in ROLES:
        browser = installation.browser(make_user(installation, (DORDRECHT, role)))
        for address in away:
            browser.get(address, status=404)
        works = role in (Role.OFFICER, Role.DOSSIER_OWNER)
        for address in marks if works else ():
            browser.get(address, status=404)
        for address in pages:
            page = browser.get(address, status="*").text
            for words in ("olitiegegevens", "van de politie?", "Van de politie"):
                assert words not in page, (role, address, words)
    assert "Wet politiegegevens" not in installation.visitor().get("/privacy/dordrecht")


def test_who_was_named_before_it_went_off_finds_nothing(installation: Installation) -> None:
    connect(installation)
    roles = (DORDRECHT, Role.OFFICER), (DORDRECHT, Role.POLICE_DATA)
    named = installation.browser(make_user(installation, *roles))
    named.get(HERE, status=404)


def test_the_admin_switches_it_on_with_day_and_source_and_then_the_role_can_be_given(
    installation: Installation,
) -> None:
    connect(installation)
    name = make_user(installation, (DORDRECHT, Role.ADMIN), name="Bob Heer")
    admin = installation.browser(name)
    form = admin.get(SWITCH).forms["formulier"]
    form["stand"] = "aan"
    refused = form.submit("opslaan", status=422)
    refused.mustcontain("Sinds wanneer", "Waar dat staat")
    form["op"], form["bron"] = utc_now().date().isoformat(), "brief van 3 mei, zaak 2026-17"
    assert "Politiegegevens: opgeslagen als versie 1" in form.submit("opslaan").follow()
    admin.get(f"{PLACE}/gebruiker-uitnodigen").mustcontain("gemachtigde politiegegevens")
    assert "Er is geen gemachtigde voor politiegegevens" in admin.get(PLACE)
    with installation.transaction(DORDRECHT) as session:
        setting = session.scalars(select(MunicipalitySetting).filter_by(part="politie")).one()
        line = session.scalars(select(AuditEvent).filter_by(action="instelling.gewijzigd")).one()
        assert setting.content["bron"] == "brief van 3 mei, zaak 2026-17"
        assert (line.actor_name, line.fields) == ("Bob Heer", ["politie"])


def test_it_stays_on_while_somebody_may_read_or_anything_is_kept(
    installation: Installation,
) -> None:
    connect(installation, politie=SWITCHED_ON)
    admin = installation.browser(make_user(installation, (DORDRECHT, Role.ADMIN)))

    def switch_off() -> Any:
        form = admin.get(SWITCH).forms["formulier"]
        form["stand"] = "uit"
        return form.submit("opslaan", status="*")

    with installation.transaction(DORDRECHT) as session:
        item = keep_something(session, installation.registry.key_ring).id
    assert "Dit kan nog niet uit" in switch_off()
    with installation.transaction(DORDRECHT) as session:
        destroy_item(session, session.get_one(PoliceItem, item), SYSTEM)
    assert switch_off().status_int == 303
    with installation.transaction(DORDRECHT) as session:
        assert not is_on(session, DORDRECHT)


def test_it_stays_on_while_somebody_has_the_role(installation: Installation) -> None:
    connect(installation, politie=SWITCHED_ON)
    make_user(installation, (DORDRECHT, Role.POLICE_DATA))
    admin = installation.browser(make_user(installation, (DORDRECHT, Role.ADMIN)))
    form = admin.get(SWITCH).forms["formulier"]
    form["stand"] = "uit"
    form.submit("opslaan", status=422).mustcontain("iemand heeft de rol")


def test_the_switch_stays_as_it_is_while_a_role_is_proposed(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(installation, politie=SWITCHED_ON)
    admin = installation.browser(make_user(installation, (DORDRECHT, Role.ADMIN)))
    locked = []
    monkeypatch.setattr(switch, "lock_switch", lambda _, holder: locked.append(holder))
    for page in ("gebruiker-uitnodigen", "groep-toevoegen"):
        form = admin.get(f"{PLACE}/{page}").forms["formulier"]
        assert locked == []
        form["rol"] = "politiegegevens"
        form.submit("voorstellen", status="*")
        assert locked == [DORDRECHT]
        locked.clear()


def test_the_command_gives_no_role_where_it_is_off(installation: Installation) -> None:
    connect(installation)
    name = make_user(installation, (DORDRECHT, Role.OFFICER))
    role = "--gemeente", "dordrecht", "--rol", "politiegegevens"
    outcome = CliRunner().invoke(add_role, [name, *role], obj=installation.settings)
    assert outcome.exit_code == 1
    assert "Politiegegevens staan hier uit" in outcome.output
