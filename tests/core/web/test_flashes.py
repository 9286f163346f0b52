"""Messages that wait for the next page: shown once, and no trouble for a page that fails."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.accounts.sessions import Current
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.home import views as home_views
from tests.support.factories import DORDRECHT, connect, make_dossier, make_user
from tests.support.installation import Installation

pytestmark = pytest.mark.both_databases

HOME = "/gemeenten/dordrecht"
SAID = "De notitie is opgeslagen."


@pytest.mark.short_on("postgresql")
def test_what_waits_is_shown_once_and_a_page_that_fails_takes_it_from_nobody(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(installation)
    with installation.transaction(DORDRECHT) as session:
        number = make_dossier(session).number
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.DOSSIER_OWNER)))
    form = browser.get(f"{HOME}/binnenstad/{number}/notitie").forms["formulier"]
    form["tekst"] = "Vaker langs."
    form.submit(status=303)

    def broken(session: Session, *_: object) -> None:
        session.execute(text("SELECT wat_er_niet_is"))

    with monkeypatch.context() as patched:
        patched.setattr(home_views, "presets", broken)
        assert "Er ging iets mis bij ons" in browser.get(HOME, status=500)
    assert SAID not in browser.get("/bestaat-niet", status=404)
    assert SAID in browser.get(HOME)
    assert SAID not in browser.get(HOME)


@pytest.mark.short_on("postgresql")
def test_to_take_what_waits_saves_nothing_else(installation: Installation) -> None:
    with installation.transaction() as session:
        half = User(name="Zonder gebruikersnaam", password_hash="x")
        session.add(half)
        Current("f" * 64, utc_now(), utc_now(), []).keep(session, flashes=[])
        assert half in session.new
        session.expunge(half)
