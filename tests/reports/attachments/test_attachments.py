"""A reporter's photo from the app to the officer: cleaned, encrypted, noted, gone when it must."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select
from webtest import TestApp, Upload

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.encryption import KeyRing, reseal_some
from stopintimidatie.core.web.limits import PUBLIC_UPLOAD
from stopintimidatie.reports.attachments.services import MOST, PART
from stopintimidatie.reports.models import AttachmentPart, Report
from stopintimidatie.reports.personal import erase
from stopintimidatie.reports.services import move_report
from tests.support.api import PROBLEM, REPORTS, Api
from tests.support.factories import DORDRECHT, connect, make_user
from tests.support.following import follow_in_browser, page_of
from tests.support.installation import Installation
from tests.support.officers import OFFICER
from tests.support.photos import SECRET, photo, stored


@pytest.fixture
def api(installation: Installation) -> Api:
    connect(installation)
    return Api(installation)


@pytest.fixture
def officer(installation: Installation) -> TestApp:
    return installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))


def noisy_photo() -> bytes:
    """One that is larger than a part, also when it has been drawn anew."""
    file = BytesIO()
    Image.effect_noise((1800, 1200), 100).convert("RGB").save(file, "PNG", compress_level=1)
    return file.getvalue()


def test_a_photo_reaches_the_officer_without_what_the_camera_told(
    api: Api, officer: TestApp
) -> None:
    receipt = api.post().json
    answer = api.attach(receipt, photo())
    assert (answer.json["nummer"], answer.json["soort"]) == (1, "foto")
    page = officer.get(page_of(receipt))
    page.mustcontain("Foto 1", "Bijlage van de melder", no="Nieuw van de melder")
    opened = page.click("Foto 1")
    assert opened.content_type == "image/jpeg"
    assert opened.headers["X-Content-Type-Options"] == "nosniff"
    assert opened.headers["Cache-Control"] == "no-store"
    name = f"{receipt['kenmerk']}-bijlage-1.jpg"
    assert opened.headers["Content-Disposition"] == f'inline; filename="{name}"'
    assert len(opened.body) == answer.json["grootte"] == opened.content_length
    assert SECRET.encode() not in opened.body
    assert Image.open(BytesIO(opened.body)).size == (60, 80)
    with api.installation.transaction(DORDRECHT) as session:
        tasks = set(session.scalars(select(AuditEvent.task).where(AuditEvent.action == "gelezen")))
    assert "bijlage 1 openen" in tasks


def test_a_photo_is_news_when_it_comes_long_after_the_report_or_once_that_is_in_hand(
    api: Api, officer: TestApp
) -> None:
    at_once, later, in_hand = (api.post().json for _ in range(3))
    with api.installation.transaction(DORDRECHT) as session:
        rows = {row.reference: row for row in session.scalars(select(Report))}
        rows[later["kenmerk"]].received_at -= timedelta(minutes=16)
        rows[in_hand["kenmerk"]].state = "in_behandeling"
    news = []
    for receipt in (at_once, later, in_hand):
        api.attach(receipt, photo())
        news.append("Nieuw van de melder" in officer.get(page_of(receipt)))
    assert news == [False, True, True]


def test_a_photo_of_more_than_one_part_comes_back_whole_and_lies_encrypted(
    api: Api, officer: TestApp
) -> None:
    receipt = api.post().json
    size = api.attach(receipt, noisy_photo()).json["grootte"]
    assert stored(api) == (1, -(-size // PART))
    assert size > PART
    opened = officer.get(f"{page_of(receipt)}/bijlage?nummer=1")
    Image.open(BytesIO(opened.body)).load()
    with api.installation.transaction(DORDRECHT) as session:
        contents = session.scalars(select(AttachmentPart.content)).all()
    assert not any(content[12:16].startswith(b"\xff\xd8") for content in contents)
    assert not any(opened.body[:64] in content for content in contents)


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.ADMIN, 404), (Role.PRIVACY_OFFICER, 200), (Role.DATA_PROTECTION_OFFICER, 200)],
)
def test_an_attachment_opens_for_who_has_the_right_to_it(api: Api, role: Role, status: int) -> None:
    receipt = api.post().json
    api.attach(receipt, photo())
    browser = api.installation.browser(make_user(api.installation, (DORDRECHT, role)))
    browser.get(f"{page_of(receipt)}/bijlage?nummer=1", status=status)


@pytest.mark.parametrize("number", ["2", "0", "", "x", "-1", "99999999999", "%D9%A1"])
def test_an_attachment_that_is_not_there_is_404(api: Api, officer: TestApp, number: str) -> None:
    receipt = api.post().json
    api.attach(receipt, photo())
    officer.get(f"{page_of(receipt)}/bijlage?nummer={number}", status=404)


def test_five_and_no_more(api: Api) -> None:
    receipt = api.post().json
    for number in range(1, MOST + 1):
        assert api.attach(receipt, photo(size=(8, number))).json["nummer"] == number
    refused = api.attach(receipt, photo(size=(8, 8)), status=409)
    assert refused.json["type"].endswith("kan-nu-niet")
    assert stored(api)[0] == MOST


def test_only_the_code_opens_the_door_to_so_many_bytes(api: Api) -> None:
    receipt = api.post().json
    wrong = {**receipt, "volgcode": "0000 0000 0000 0000"}
    assert api.attach(wrong, photo(), status=404).content_type == PROBLEM
    api.withdraw(receipt["kenmerk"], receipt["volgcode"])
    api.attach(receipt, photo(), status=409)
    assert stored(api) == (0, 0)


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 400, "bestand-ontbreekt"),
        (b"MZ\x90\x00 geen foto", 415, "bestand-soort"),
        (photo()[:200], 400, "bestand-onleesbaar"),
        (b"\xff\xd8\xff" + b"\0" * (PUBLIC_UPLOAD + 1), 413, "bestand-te-groot"),
        (b"\xff\xd8\xff" + b"\0" * (PUBLIC_UPLOAD + 200_000), 413, "bestand-te-groot"),
    ],
    ids=["empty", "programme", "half a photo", "just too large", "says it is too large"],
)
def test_a_file_that_is_not_taken_is_refused_in_words(
    api: Api, content: bytes, status: int, code: str
) -> None:
    refused = api.attach(api.post().json, content, name="leuk.jpg", status=status)
    assert refused.json["type"].endswith(code)
    assert refused.json["detail"].endswith(".")
    assert stored(api) == (0, 0)


BOUNDARY = "multipart/form-data; boundary=grens"
PART_HEAD = b'Content-Disposition: form-data; name="bestand"; filename="a.jpg"\r\n\r\n'


@pytest.mark.parametrize(
    ("media_type", "body", "status"),
    [
        ("application/json", b"{}", 415),
        ("multipart/form-data", b"x", 415),
        ("multipart/form-data; boundary=", b"x", 415),
        ("multipart/form-data; boundary=%s" % ("x" * 200), b"x", 415),
        ('multipart/form-data; boundary="a\xe9"', b"x", 415),
        (BOUNDARY, b"", 400),
        (BOUNDARY, b"niets", 400),
        (BOUNDARY, b"--grens\r\n\r\nx\r\n--grens--\r\n", 400),
        (BOUNDARY, b"--grens\r\n" + PART_HEAD + b"afgebroken", 400),
        (BOUNDARY, b"--grens\r\nContent-Disposition: \xff\r\n\r\nx\r\n--grens--\r\n", 400),
        (BOUNDARY, b"--grens\r\n" + b"X: " + b"y" * 9000 + b"\r\n\r\nx\r\n--grens--\r\n", 400),
        (BOUNDARY, (b"--grens\r\n" + PART_HEAD + b"x\r\n") * 2 + b"--grens--\r\n", 400),
        (
            BOUNDARY,
            b'--grens\r\nContent-Disposition: form-data; name="bestand"\r\n\r\nx\r\n--grens--\r\n',
            400,
        ),
        (
            BOUNDARY,
            b'--grens\r\nContent-Disposition: form-data; name="x"; filename="x"\r\n\r\nx'
            b"\r\n--grens--\r\n",
            400,
        ),
    ],
)
def test_a_body_that_holds_no_file_is_refused(
    api: Api, media_type: str, body: bytes, status: int
) -> None:
    receipt = api.post().json
    headers = api.headers(
        Content_Type=media_type, Idempotency_Key=None, Volgcode=receipt["volgcode"]
    )
    path = f"{REPORTS}/{receipt['kenmerk']}/bijlagen"
    refused = api.app.post(path, body, headers=headers, status=status)
    assert refused.content_type == PROBLEM


def test_at_a_hand_over_the_attachment_goes_along_and_the_giver_keeps_nothing(
    api: Api, officer: TestApp
) -> None:
    receipt = api.post({**_report_nowhere(), "locatie": {"omschrijving": "ergens"}}).json
    api.attach(receipt, photo())
    with api.installation.transaction(NATIONAL) as session:
        report = session.scalars(select(Report)).one()
        values = {"gemeente": DORDRECHT, "reden": "De plek ligt in Dordrecht."}
        effects = api.installation.registry.workflow_effects
        move_report(session, effects, report, "doorgeven", values, OFFICER)
    assert stored(api, NATIONAL)[0] == 0
    api.installation.run_jobs()
    assert stored(api, NATIONAL) == (0, 0)
    opened = officer.get(f"/m/{receipt['kenmerk']}").follow().click("Foto 1")
    Image.open(BytesIO(opened.body)).load()
    assert api.attach(receipt, photo(size=(8, 8))).json["nummer"] == 2


def _report_nowhere() -> dict[str, Any]:
    from stopintimidatie.reports.api.openapi import SMALL_REPORT

    return dict(SMALL_REPORT)


def test_erasing_a_report_destroys_key_and_content(api: Api) -> None:
    api.attach(api.post().json, photo())
    assert stored(api) == (1, 1)
    with api.installation.transaction(DORDRECHT) as session:
        erase(session, session.scalars(select(Report.id)).one())
    assert stored(api) == (0, 0)


def test_after_a_change_of_keys_an_attachment_still_opens(api: Api, officer: TestApp) -> None:
    receipt = api.post().json
    api.attach(receipt, photo())
    ring: KeyRing = api.installation.registry.key_ring
    fresh = KeyRing(2, {**ring.masters, 2: b"2" * 32})
    with api.installation.transaction(DORDRECHT) as session:
        assert reseal_some(
            session, fresh, api.installation.registry.sealed_tables["report_attachment"]
        )
    api.installation.registry.key_ring = KeyRing(2, {2: b"2" * 32, 1: ring.masters[1]})
    officer.get(f"{page_of(receipt)}/bijlage?nummer=1")


def test_by_the_page_too_and_a_refusal_stands_at_the_file(api: Api) -> None:
    receipt = api.post().json
    browser = follow_in_browser(api, receipt)
    form = browser.get("/volgen/melding").forms["bijlage"]
    form["bestand"] = Upload("foto.jpg", photo())
    form.submit("meesturen", status=303).follow().mustcontain("Uw bestand is verstuurd", "Foto 1")
    form = browser.get("/volgen/melding").forms["bijlage"]
    form["bestand"] = Upload("foto.jpg", b"MZ geen foto")
    form.submit("meesturen", status=422).mustcontain("Dit soort bestand nemen wij niet aan")
    assert stored(api) == (1, 1)


def test_where_clips_can_not_be_cleaned_the_page_asks_for_a_photo_only(api: Api) -> None:
    registry = api.installation.registry
    registry.app_settings = replace(registry.app_settings, ffmpeg="")
    page = follow_in_browser(api, api.post().json).get("/volgen/melding")
    card = page.html.select_one("#bestanden")
    assert "video" not in card.text
    assert "video" not in card.select_one("input[type=file]")["accept"]
