"""The admin's pages: what is saved there is what the app answers; wrong input loses nothing."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image
from webtest import TestApp, Upload

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.text import AMSTERDAM
from stopintimidatie.core.web.responses import PICTURE_CSP
from tests.support.api import Api, report
from tests.support.factories import DORDRECHT, connect, make_user
from tests.support.filling import HERE, fill
from tests.support.installation import Installation

SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><path d="M0 0h4v4z"'
    b' fill="#9b1c31" onclick="alert(1)"/></svg>'
)


@pytest.fixture
def admin(installation: Installation) -> TestApp:
    connect(installation)
    return installation.browser(make_user(installation, (DORDRECHT, Role.ADMIN)))


@pytest.fixture
def api(installation: Installation, admin: TestApp) -> Api:
    return Api(installation)


def test_a_text_is_seen_first_then_saved_then_answered(admin: TestApp, api: Api) -> None:
    page = "teksten?taal=nl&vorm=hinderlijk_volgen"
    seen = fill(
        admin, page, "voorbeeld", titel="Fijn dat je meldt", tekst="Hoi {gemeente}.\n\nDag."
    )
    assert "Er is nog niets opgeslagen" in seen
    assert "Hoi Dordrecht." in seen
    assert "Fijn" not in api.post().json["reactie"]["titel"]
    assert seen.forms["formulier"].submit("opslaan").status_int == 303
    answer = api.post().json["reactie"]
    assert answer["titel"] == "Fijn dat je meldt"
    assert answer["tekst"].startswith("Hoi Dordrecht.\n\nDag.")
    assert fill(admin, page).status_int == 422
    assert fill(admin, page, "weghalen").status_int == 303
    assert "niet uw schuld" in api.post().json["reactie"]["tekst"]


def test_a_blank_that_cant_be_filled_in_is_named_and_nothing_is_lost(admin: TestApp) -> None:
    answer = fill(admin, "teksten", titel="T", tekst="Beste {naam}")
    assert answer.status_int == 422
    assert "{naam} kunnen wij niet invullen" in answer
    assert answer.forms["formulier"]["tekst"].value == "Beste {naam}"


def test_a_planned_change_waits_and_can_be_withdrawn(admin: TestApp) -> None:
    tomorrow = (utc_now() + timedelta(days=1)).astimezone(AMSTERDAM)
    when = tomorrow.strftime("%Y-%m-%dT%H:%M")
    assert fill(admin, "termijn", dagen="5", vanaf=when).status_int == 303
    assert "Een wijziging geldt vanaf" in admin.get(HERE)
    again = fill(admin, "termijn", dagen="6")
    assert (again.status_int, "staat al een wijziging klaar" in again) == (422, True)
    versions = admin.get(f"{HERE}/versies")
    taken_back = next(f for f in versions.forms.values() if "versie" in f.fields)
    assert "is ingetrokken" in taken_back.submit().follow()
    assert fill(admin, "termijn", dagen="6").status_int == 303
    past = fill(admin, "termijn", dagen="7", vanaf="2024-01-01T10:00")
    assert (past.status_int, "Dit moment is voorbij" in past) == (422, True)


def test_of_two_who_change_one_part_the_second_is_told(admin: TestApp) -> None:
    first, second = (admin.get(f"{HERE}/termijn").forms["formulier"] for _ in range(2))
    first["dagen"], second["dagen"] = "4", "9"
    assert first.submit("opslaan").status_int == 303
    answer = second.submit("opslaan", status=409)
    assert (answer.status_int, "net gewijzigd" in answer) == (409, True)
    assert answer.forms["formulier"]["dagen"].value == "9"


def test_a_logo_is_made_harmless_seen_first_and_served_safely(admin: TestApp, api: Api) -> None:
    seen = fill(admin, "uiterlijk", "voorbeeld", kleur="#00665E", logo=Upload("logo.svg", SVG))
    assert "data:image/svg+xml;base64," in seen
    api.get(f"/api/v1/gemeenten/{DORDRECHT}/logo", status=404)
    assert seen.forms["formulier"].submit("opslaan").status_int == 303
    served = api.get(f"/api/v1/gemeenten/{DORDRECHT}/logo")
    assert served.content_type == "image/svg+xml"
    assert b"M0 0h4v4z" in served.body
    assert b"alert" not in served.body
    assert served.headers["Content-Security-Policy"] == PICTURE_CSP
    assert served.headers["X-Content-Type-Options"] == "nosniff"
    assert "/huisstijl/00665e.css" in admin.get(HERE)
    assert api.post().json["gemeente"]["logo"] == f"/api/v1/gemeenten/{DORDRECHT}/logo"
    assert fill(admin, "uiterlijk", logo_weg=True).status_int == 303
    assert api.post().json["gemeente"]["logo"] is None


def test_a_png_is_written_anew_and_what_is_no_picture_is_refused(admin: TestApp, api: Api) -> None:
    written = BytesIO()
    Image.new("RGB", (8, 8)).save(written, "PNG")
    png = written.getvalue()
    assert fill(admin, "uiterlijk", logo=Upload("a.png", png + b"<script>")).status_int == 303
    assert b"script" not in api.get(f"/api/v1/gemeenten/{DORDRECHT}/logo").body
    for name, content in (("a.png", b"GIF89a"), ("b.svg", SVG.replace(b"path", b"script"))):
        refused = fill(admin, "uiterlijk", logo=Upload(name, content))
        assert (refused.status_int, "Kies een" in refused) == (422, True)


def test_a_colour_on_which_letters_cant_be_read_is_refused_with_a_better_one(
    admin: TestApp,
) -> None:
    light = fill(admin, "uiterlijk", kleur="#ffcc00")
    assert light.status_int == 422
    assert "niet goed te lezen" in light
    assert fill(admin, "uiterlijk", kleur="geel").status_int == 422


def test_a_help_line_is_shown_to_whom_it_is_for(admin: TestApp, api: Api) -> None:
    added = fill(
        admin,
        "hulplijn?nummer=nieuw",
        naam="Jongerenwerk",
        telefoon="078-1234567",
        leeftijden=["onder_16"],
    )
    assert added.status_int == 303
    young = report(melder={"leeftijdsgroep": "onder_16"}, anoniem=True, contactGewenst="nee")
    names = [line["naam"] for line in api.post(young).json["hulp"]]
    assert names[:2] == ["Politie (spoed)", "Jongerenwerk"]
    assert "Jongerenwerk" not in str(api.post().json["hulp"])
    assert fill(admin, "hulplijn?nummer=1", telefoon="112").status_int == 422
    assert fill(admin, "hulplijn?nummer=1", "weghalen").status_int == 303
    admin.get(f"{HERE}/hulplijn?nummer=1", status=404)


def test_periods_of_empowered_boas_follow_each_other(admin: TestApp) -> None:
    good = {"periode1__van": "2024-07-01", "periode1__tot": "2025-06-30"}
    assert fill(admin, "boas", **good, periode2__van="2026-01-01").status_int == 303
    assert "Nu: bevoegd." in admin.get(HERE)
    assert fill(admin, "boas", **good, periode2__van="2025-06-30").status_int == 422
    wrong = fill(admin, "boas", periode1__van="2025-01-01", periode1__tot="2024-01-01")
    assert (wrong.status_int, "ligt voor de eerste dag" in wrong) == (422, True)


def test_the_desk_writes_what_all_get_that_wrote_nothing(installation: Installation) -> None:
    desk = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))
    assert desk.get("/beheer").location.endswith("/landelijk/beheer")
    form = desk.get("/landelijk/beheer/teksten?taal=nl&vorm=niet_aangesloten").forms["formulier"]
    form["titel"], form["tekst"] = "Van het meldpunt", "Wij bellen {gemeente}."
    assert form.submit("opslaan").status_int == 303
    form = desk.get("/landelijk/beheer/let-op").forms["formulier"]
    form["werkdagen"], form["tekst_en"] = "7", "Wait {werkdagen} days."
    assert form.submit("opslaan").status_int == 303
    api = Api(installation)
    answer = api.post().json
    assert answer["reactie"]["tekst"] == "Wij bellen Dordrecht."
    assert "7 werkdagen" in answer["letOp"]
    assert api.post(report(taal="en")).json["letOp"].startswith("Wait 7 days.")
    for page in ("uiterlijk", "termijn", "boas"):
        desk.get(f"/landelijk/beheer/{page}", status=404)
