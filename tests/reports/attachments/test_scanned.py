"""Files of strangers and officers, seen by a virus scanner before anything opens them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select
from webtest import Upload

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.sandbox import process
from stopintimidatie.core.scanner import Scanner, scanner_of
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.encryption import DecryptionError
from stopintimidatie.reports.attachments.jobs import give, receive
from stopintimidatie.reports.attachments.services import content_of
from stopintimidatie.reports.models import AttachmentPart, Report, ReportAttachment
from tests.support.api import PROBLEM, Api
from tests.support.clamd import MARK, SIGNATURE, Clamd, infected
from tests.support.factories import DORDRECHT, connect, make_dossier, make_user
from tests.support.filling import fill
from tests.support.following import follow_in_browser, page_of
from tests.support.installation import Installation
from tests.support.keyboard import Keyboard
from tests.support.photos import SECRET, photo, stored
from tests.support.queries import count_queries


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
    assert "na 30 dagen wordt het vernietigd" in stopped.json["detail"]
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


def sealed_of(api: Api) -> list[tuple[str | None, int, str]]:
    with api.installation.transaction(DORDRECHT) as session:
        rows = session.scalars(select(ReportAttachment).order_by(ReportAttachment.at)).all()
        return [(row.sealed, row.parts, row.kind) for row in rows]


def lines_of(api: Api, action: str) -> list[str | None]:
    with api.installation.transaction(DORDRECHT) as session:
        mine = select(AuditEvent.task).where(AuditEvent.action == action)
        return list(session.scalars(mine.order_by(AuditEvent.at)))


def later(api: Api, delay: timedelta) -> None:
    """Let the worker do what is due at a later moment."""
    with clock_at(utc_now() + delay):
        api.installation.run_jobs()


@pytest.mark.usefixtures("nothing_opened")
def test_what_is_stopped_lies_sealed_for_thirty_days_and_no_page_gives_it(api: Api) -> None:
    receipt = api.post().json
    api.attach(receipt, infected(photo()), status=422)
    assert sealed_of(api) == [("tegengehouden", 1, "bestand")]
    officer = api.installation.browser(make_user(api.installation, (DORDRECHT, Role.OFFICER)))
    page = officer.get(page_of(receipt))
    page.mustcontain("Bestand 1", "tegengehouden door de virusscanner; niemand kan het openen")
    page.mustcontain("Bestand tegengehouden door de virusscanner")
    assert "bijlage?nummer=1" not in page.text
    officer.get(f"{page_of(receipt)}/bijlage?nummer=1", status=404)
    follow_in_browser(api, receipt).get("/volgen/melding").mustcontain("niemand kan het openen")
    assert lines_of(api, "melding.bestand_tegengehouden") == [f"herkend als {SIGNATURE}"]
    with api.installation.transaction(DORDRECHT) as session:
        row = session.scalars(select(ReportAttachment)).one()
        with pytest.raises(DecryptionError, match="sealed"):
            list(content_of(session, api.installation.registry.key_ring, row))
        kept = session.scalars(select(AttachmentPart.content)).one()
    assert MARK not in kept
    later(api, timedelta(days=29))
    assert sealed_of(api) == [("tegengehouden", 1, "bestand")]
    later(api, timedelta(days=31))
    assert sealed_of(api) == [("tegengehouden", 0, "bestand")]


@pytest.mark.alles
def test_stopped_files_take_no_place_of_good_ones_and_only_five_of_them_are_kept(api: Api) -> None:
    receipt, small = api.post().json, [photo(size=(8, height)) for height in range(1, 7)]
    for content in small[:5]:
        stopped = api.attach(receipt, infected(content), status=422)
        assert "na 30 dagen wordt het vernietigd" in stopped.json["detail"]
    sixth = api.attach(receipt, infected(small[5]), status=422)
    assert "wij bewaren het niet" in sixth.json["detail"]
    assert "bijlage" in follow_in_browser(api, receipt).get("/volgen/melding").forms
    for number, content in enumerate(small[:5], 6):
        assert api.attach(receipt, content).json["nummer"] == number
    api.attach(receipt, small[5], status=409)
    assert "bijlage" not in follow_in_browser(api, receipt).get("/volgen/melding").forms
    assert [sealed for sealed, _, _ in sealed_of(api)] == ["tegengehouden"] * 5 + [None] * 5
    assert lines_of(api, "melding.bestand_tegengehouden") == [f"herkend als {SIGNATURE}"] * 6


def test_who_looks_into_it_gets_the_file_as_it_came_on_the_command_line_and_with_a_reason(
    api: Api, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    receipt, sample = api.post().json, tmp_path / "monster"
    content = infected(photo())
    api.attach(receipt, content, status=422)
    keyboard = Keyboard(api.installation, capsys)
    words = ("bijlage", "uitpakken", receipt["kenmerk"])
    assert keyboard.type(*words, "1", str(sample))[0] == 2
    code, _, err = keyboard.type(*words, "2", str(sample), "--reden", "onderzoek")
    assert (code, "niet tegengehouden" in err) == (1, True)
    assert keyboard.type(*words, "1", str(sample), "--reden", "onderzoek")[0] == 0
    assert sample.read_bytes() == content
    assert sample.stat().st_mode & 0o777 == 0o400
    assert keyboard.type(*words, "1", str(sample), "--reden", "nog eens")[0] == 1
    assert len(lines_of(api, "melding.bestand_uitgepakt")) == 2


def test_a_stopped_file_of_an_officer_is_a_line_in_the_log_and_nothing_else(api: Api) -> None:
    form = dossier_form(api)
    form["bestand"] = Upload("a.jpg", infected(photo()))
    form.submit("toevoegen", status=422)
    assert lines_of(api, "dossier.bestand_tegengehouden") == [f"herkend als {SIGNATURE}"]
    assert stored(api) == (0, 0)


@pytest.fixture
def waiting(api: Api, clamd: Clamd) -> Api:
    """The API of an installation where files wait, with a scanner that is away."""
    api.installation.registry.scanner = Scanner(clamd.socket, files_wait=True)
    clamd.end()
    return api


def test_a_file_that_waits_is_opened_by_nobody_until_the_scanner_has_seen_it(
    waiting: Api, clamd: Clamd
) -> None:
    receipt = waiting.post().json
    answer = waiting.attach(receipt, photo(), status=202)
    assert (answer.json["nummer"], answer.json["soort"]) == (1, "bestand")
    officer = waiting.installation.browser(
        make_user(waiting.installation, (DORDRECHT, Role.OFFICER))
    )
    officer.get(page_of(receipt)).mustcontain("wacht op de virusscanner; nog niet te openen")
    officer.get(f"{page_of(receipt)}/bijlage?nummer=1", status=404)
    later(waiting, timedelta(minutes=6))
    assert sealed_of(waiting) == [("wacht", 1, "bestand")]
    clamd.start()
    later(waiting, timedelta(minutes=12))
    assert sealed_of(waiting) == [(None, 1, "foto")]
    opened = officer.get(f"{page_of(receipt)}/bijlage?nummer=1")
    assert SECRET.encode() not in opened.body
    assert Image.open(BytesIO(opened.body)).size == (60, 80)


def test_a_file_that_waited_is_stopped_or_thrown_away_when_it_must(
    waiting: Api, clamd: Clamd
) -> None:
    for content in (infected(photo()), b"geen foto"):
        waiting.attach(waiting.post().json, content, status=202)
    form = upload_form(waiting)
    form.submit("meesturen", status=303)
    clamd.start()
    later(waiting, timedelta(minutes=6))
    assert sealed_of(waiting) == [
        ("tegengehouden", 1, "bestand"),
        ("onleesbaar", 0, "bestand"),
        (None, 1, "foto"),
    ]


@pytest.mark.alles
def test_the_app_reads_what_became_of_each_file_at_one_question_more(
    waiting: Api, clamd: Clamd
) -> None:
    receipt = waiting.post().json

    def files() -> tuple[list[tuple[int, str, str]], int]:
        with count_queries(waiting.installation) as queries:
            body = waiting.follow(receipt["kenmerk"], receipt["volgcode"]).json
        shown = [(file["nummer"], file["soort"], file["status"]) for file in body["bijlagen"]]
        return shown, sum("FROM report_attachment" in asked for asked in queries.statements)

    assert files() == ([], 1)
    small = photo(size=(8, 8))
    for content in (infected(small), b"geen foto", small):
        answer = waiting.attach(receipt, content, status=202)
        assert answer.json["status"] == "wacht"
    assert files() == ([(n, "bestand", "wacht") for n in (1, 2, 3)], 1)
    clamd.start()
    later(waiting, timedelta(minutes=6))
    sent = waiting.attach(receipt, photo(size=(8, 9))).json
    body = waiting.follow(receipt["kenmerk"], receipt["volgcode"]).json
    assert body["bijlagen"][-1] == sent
    assert files() == (
        [
            (1, "bestand", "tegengehouden"),
            (2, "bestand", "onleesbaar"),
            (3, "foto", "opgeslagen"),
            (4, "foto", "opgeslagen"),
        ],
        1,
    )


def test_a_handed_over_file_is_as_sealed_there_and_still_waits(waiting: Api, clamd: Clamd) -> None:
    receipt = waiting.post().json
    waiting.attach(receipt, photo(), status=202)
    registry = waiting.installation.registry
    with waiting.installation.transaction(DORDRECHT) as session:
        report = session.scalars(select(Report)).one()
        given = give(session, registry.key_ring, report, DORDRECHT)
        assert given[0]["sealed"] == "wacht"
        receive(session, registry.key_ring, report, given)
    clamd.start()
    later(waiting, timedelta(minutes=6))
    assert sealed_of(waiting) == [(None, 1, "foto")]


def test_the_administrator_reads_whether_files_are_scanned_and_how_many_were_stopped(
    api: Api, clamd: Clamd
) -> None:
    api.attach(api.post().json, infected(photo()), status=422)
    admin = api.installation.browser(make_user(api.installation, (DORDRECHT, Role.ADMIN)))
    page = "/gemeenten/dordrecht/beheer"
    admin.get(page).mustcontain("maar zegt niet van wanneer zijn lijsten zijn", "1 bestand tegen")
    clamd.end()
    admin.get(page).mustcontain("De virusscanner antwoordt nu niet")
    api.installation.registry.scanner = None
    admin.get(page).mustcontain("Bestanden worden niet op virussen nagekeken", "1 bestand tegen")


def test_the_settings_say_where_the_scanner_is_and_what_waits(api: Api, tmp_path: Path) -> None:
    settings = replace(api.installation.settings, scanner_socket=tmp_path / "clamd")
    assert scanner_of(settings) == Scanner(tmp_path / "clamd")
    waits = replace(settings, scanner_when_down="wachten")
    assert scanner_of(waits) == Scanner(tmp_path / "clamd", files_wait=True)
    assert scanner_of(api.installation.settings) is None
