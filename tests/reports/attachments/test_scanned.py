"""Files of strangers and officers, seen by a virus scanner before anything is read or kept."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from webtest import Upload

from stopintimidatie.core.sandbox import process
from stopintimidatie.core.scanner import Scanner
from stopintimidatie.core.security import Role
from tests.support.api import PROBLEM, Api
from tests.support.clamd import Clamd, infected
from tests.support.factories import DORDRECHT, connect, make_dossier, make_user
from tests.support.filling import fill
from tests.support.following import follow_in_browser
from tests.support.installation import Installation
from tests.support.photos import photo, stored


@pytest.fixture
def api(installation: Installation, clamd: Clamd) -> Api:
    connect(installation)
    installation.registry.scanner = Scanner(clamd.socket)
    return Api(installation)


@pytest.fixture
def nothing_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail when a file is given to what decodes it."""

    def opened(*arguments: object, **more: object) -> None:
        raise AssertionError("the file was opened")

    monkeypatch.setattr(process, "draw", opened)


def upload_form(api: Api) -> Any:
    form = follow_in_browser(api, api.post().json).get("/volgen/melding").forms["bijlage"]
    form["bestand"] = Upload("foto.jpg", photo())
    return form


def dossier_form(api: Api) -> Any:
    with api.installation.transaction() as session:
        address = f"/gemeenten/dordrecht/binnenstad/{make_dossier(session).number}"
    owner = make_user(api.installation, (DORDRECHT, Role.DOSSIER_OWNER))
    form = api.installation.browser(owner).get(f"{address}/bijlage-toevoegen").forms["formulier"]
    form["waarover"], form["bestand"] = "Lamp bij de tunnel", Upload("a.jpg", photo())
    return form


def logo_of(api: Api, content: bytes) -> Any:
    admin = api.installation.browser(make_user(api.installation, (DORDRECHT, Role.ADMIN)))
    return fill(admin, "uiterlijk", kleur="#00665E", logo=Upload("a.png", content))


def png() -> bytes:
    file = BytesIO()
    Image.new("RGB", (8, 8)).save(file, "PNG")
    return file.getvalue()


def test_what_is_clean_comes_in_by_each_door(api: Api) -> None:
    assert api.attach(api.post().json, photo()).json["nummer"] == 1
    upload_form(api).submit("meesturen", status=303)
    dossier_form(api).submit("toevoegen", status=303)
    assert logo_of(api, png()).status_int == 303


@pytest.mark.usefixtures("nothing_opened")
def test_what_is_stopped_is_opened_by_nothing_and_its_sender_reads_what_to_do(api: Api) -> None:
    stopped = api.attach(api.post().json, infected(photo()), status=422)
    assert stopped.content_type == PROBLEM
    assert stopped.json["type"].endswith("bestand-tegengehouden")
    assert "Uw melding is wel goed binnengekomen" in stopped.json["detail"]
    form = upload_form(api)
    form["bestand"] = Upload("foto.jpg", infected(photo()))
    form.submit("meesturen", status=422).mustcontain("Maak een schermafdruk van de foto")
    form = dossier_form(api)
    form["bestand"] = Upload("a.jpg", infected(photo()))
    form.submit("toevoegen", status=422).mustcontain("Het staat niet in het dossier")
    refused = logo_of(api, infected(png()))
    assert refused.status_int == 422
    refused.mustcontain("Vraag het logo opnieuw")


def test_without_an_answer_reports_come_in_and_files_wait_at_their_sender(
    api: Api, clamd: Clamd
) -> None:
    receipt, forms, dossier = api.post().json, upload_form(api), dossier_form(api)
    clamd.end()
    closed = api.attach(receipt, photo(), status=503)
    assert closed.json["type"].endswith("bestanden-dicht")
    assert int(closed.headers["Retry-After"]) == 900
    assert api.post().json["kenmerk"]
    forms.submit("meesturen", status=503).mustcontain("Bewaar het bestand")
    dossier.submit("toevoegen", status=503).mustcontain("Vertel het uw beheerder")
    assert logo_of(api, png()).status_int == 422
    assert stored(api) == (0, 0)
    clamd.start()
    assert api.attach(receipt, photo()).json["nummer"] == 1
