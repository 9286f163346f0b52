"""Tests that cleaning a file holds no lock and no place in the application, and is limited."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from webtest import TestApp, Upload

from stopintimidatie.cli.gateway import Gateway
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.models import Holder
from stopintimidatie.core.storage.session import transaction, waiting_at_most
from stopintimidatie.core.web import limits
from stopintimidatie.core.web.limits import AT_ONCE, IN_LINE, Places
from stopintimidatie.municipalities.settings import services as settings_services
from stopintimidatie.reports.attachments import cleaner
from tests.support.api import PROBLEM, Api
from tests.support.factories import DORDRECHT, connect, make_dossier, make_user
from tests.support.filling import fill
from tests.support.following import follow_in_browser
from tests.support.installation import Installation
from tests.support.photos import layered_jpeg, photo, stored

pytestmark = pytest.mark.both_databases


@pytest.fixture
def api(installation: Installation) -> Api:
    connect(installation)
    return Api(installation)


@contextmanager
def all_places_taken(installation: Installation) -> Iterator[None]:
    """Hold all places for cleaning during the block, as another process would."""
    others = Places(installation.settings.data_dir, "schoonmaken")
    with others.hold(), others.hold():
        assert AT_ONCE == 2
        yield


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PATIENCE_SECONDS", 0)


def dossier_of(installation: Installation) -> tuple[TestApp, str]:
    """Return the browser of a dossier owner, and the address of a dossier."""
    with installation.transaction() as session:
        address = f"/gemeenten/dordrecht/binnenstad/{make_dossier(session).number}"
    owner = make_user(installation, (DORDRECHT, Role.DOSSIER_OWNER))
    return installation.browser(owner), address


@pytest.mark.short_on("sqlite")
@pytest.mark.usefixtures("impatient")
def test_an_app_hears_when_to_come_back_and_then_gets_in(api: Api) -> None:
    receipt = api.post().json
    with all_places_taken(api.installation):
        busy = api.attach(receipt, photo(), status=503)
    assert busy.content_type == PROBLEM
    assert busy.json["type"].endswith("bestanden-druk")
    assert 0 < int(busy.headers["Retry-After"]) < 60
    assert stored(api) == (0, 0)
    assert api.attach(receipt, photo()).json["nummer"] == 1


@pytest.mark.short_on("sqlite")
@pytest.mark.usefixtures("impatient")
def test_the_reporters_page_says_what_to_do(api: Api) -> None:
    form = follow_in_browser(api, api.post().json).get("/volgen/melding").forms["bijlage"]
    form["bestand"] = Upload("foto.jpg", photo())
    with all_places_taken(api.installation):
        busy = form.submit("meesturen", status=503)
    busy.mustcontain("Wacht een halve minuut, kies het bestand opnieuw")
    assert busy.headers["Retry-After"]
    form.submit("meesturen", status=303)


@pytest.mark.short_on("sqlite")
@pytest.mark.usefixtures("impatient")
def test_a_form_of_the_portal_keeps_what_was_filled_in(api: Api) -> None:
    browser, address = dossier_of(api.installation)
    form = browser.get(f"{address}/bijlage-toevoegen").forms["formulier"]
    form["waarover"], form["bestand"] = "Lamp bij de tunnel", Upload("a.jpg", photo())
    with all_places_taken(api.installation):
        busy = form.submit("toevoegen", status=503)
    assert busy.forms["formulier"]["waarover"].value == "Lamp bij de tunnel"
    busy.mustcontain("Wacht een halve minuut")
    form.submit("toevoegen", status=303).follow().mustcontain("De bijlage is toegevoegd")
    admin = api.installation.browser(make_user(api.installation, (DORDRECHT, Role.ADMIN)))
    png = BytesIO()
    Image.new("RGB", (8, 8)).save(png, "PNG")
    logo = Upload("a.png", png.getvalue())
    with all_places_taken(api.installation):
        busy = fill(admin, "uiterlijk", kleur="#00665E", logo=logo)
    assert busy.status_int == 503
    assert busy.forms["formulier"]["kleur"].value == "#00665E"
    assert fill(admin, "uiterlijk", logo=logo).status_int == 303


@pytest.mark.short_on("sqlite")
def test_a_photo_of_thousands_of_scans_is_refused_in_words(api: Api) -> None:
    refused = api.attach(api.post().json, layered_jpeg(4000), status=400)
    assert "meer dan 40 lagen" in refused.json["detail"]


def while_cleaning(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, act: Any) -> list[bool]:
    """Call `act` during each cleaning; return a list that gets one True for each."""
    done: list[bool] = []
    real: Callable[..., Any] = getattr(owner, name)

    def watched(*arguments: Any) -> Any:
        act()
        done.append(True)
        return real(*arguments)

    monkeypatch.setattr(owner, name, watched)
    return done


def test_no_lock_is_held_meanwhile(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Check that another connection can write during a cleaning without waiting."""
    engine = waiting_at_most(api.installation.engine, 1)
    written = iter(range(9))

    def write() -> None:
        with transaction(engine) as session:
            session.add(Holder(code=f"proef-{next(written)}"))

    cleanings = while_cleaning(monkeypatch, cleaner, "_clean", write)
    logos = while_cleaning(monkeypatch, settings_services, "clean_logo", write)
    receipt = api.post().json
    api.attach(receipt, photo())
    form = follow_in_browser(api, receipt).get("/volgen/melding").forms["bijlage"]
    form["bestand"] = Upload("foto.jpg", photo(size=(8, 8)))
    form.submit("meesturen", status=303)
    browser, address = dossier_of(api.installation)
    form = browser.get(f"{address}/bijlage-toevoegen").forms["formulier"]
    form["waarover"], form["bestand"] = "Lamp", Upload("a.jpg", photo())
    form.submit("toevoegen", status=303).follow().mustcontain("Lamp")
    # A refusal after the cleaning: the page is shown from rows that are read again.
    form["bestand"] = Upload("a.jpg", b"MZ")
    form.submit("toevoegen", status=422).mustcontain("Dit soort bestand nemen wij niet aan")
    admin = api.installation.browser(make_user(api.installation, (DORDRECHT, Role.ADMIN)))
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><path d="M0 0h4v4z"/></svg>'
    assert fill(admin, "uiterlijk", logo=Upload("a.svg", svg)).status_int == 303
    assert (len(cleanings), len(logos)) == (4, 1)


def test_who_waits_for_a_place_keeps_nobody_out(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Check that other pages work when all files wait and the application has one place."""
    monkeypatch.setattr(limits, "PATIENCE_SECONDS", 60)
    receipts = [api.post().json for _ in range(IN_LINE + 1)]
    visitor = {"HTTP_HOST": "localhost:6543"}
    made: Any = Gateway(api.installation.app, places=1, scheme="http")
    api.app = TestApp(made, extra_environ=visitor, lint=False)
    statuses: list[int] = []
    looking: set[int] = set()
    line_is_full = threading.Event()
    look = Places._take

    def seen(self: Places) -> Any:
        looking.add(threading.get_ident())
        if len(looking) == IN_LINE:
            line_is_full.set()
        return look(self)

    with all_places_taken(api.installation):
        monkeypatch.setattr(Places, "_take", seen)
        senders = [
            threading.Thread(
                target=lambda mine=receipt: statuses.append(api.attach(mine, photo()).status_int)
            )
            for receipt in receipts[:IN_LINE]
        ]
        for sender in senders:
            sender.start()
        assert line_is_full.wait(30)
        assert api.app.get("/health/live").status_int == 200
        assert api.app.get("/aanmelden").status_int == 200
        # One more than the queue holds is refused at once, without waiting.
        api.attach(receipts[-1], photo(), status=503)
        assert statuses == []
    for sender in senders:
        sender.join(60)
    assert statuses == [201] * IN_LINE
