"""Log lines: one per request, its id in each, nobody's data in any, also when all goes wrong."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from webtest import TestApp

from stopintimidatie import cli
from stopintimidatie.core.jobs import Job, enqueue
from stopintimidatie.core.security import Role
from stopintimidatie.core.telemetry import log_error
from stopintimidatie.exports.request import jobs as request_jobs
from stopintimidatie.reports.api import views as api_views
from stopintimidatie.reports.page import views as page_views
from tests.support.api import Api
from tests.support.factories import DORDRECHT, make_report, make_user
from tests.support.installation import ROOT, Installation
from tests.support.log_lines import logged

SECRET = "Grietje Geheim-De Vries"
ADDRESS = "203.0.113.77"
DEVICE = "Wapperfoon/9"


def test_a_request_has_one_line_with_its_view_and_not_its_address(
    installation: Installation,
) -> None:
    with installation.transaction() as session:
        report = make_report(session, installation)
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    with logged() as lines:
        answer = browser.get(
            f"/m/{report.reference}",
            {"q": SECRET},
            headers={"User-Agent": DEVICE},
            extra_environ={"REMOTE_ADDR": ADDRESS},
        ).follow()
    first, second = lines.access
    assert (first["methode"], first["weergave"], first["status"]) == ("GET", "ShortAddress", 303)
    assert (second["weergave"], second["status"]) == ("ReportResource", 200)
    assert second["bytes"] == len(answer.body)
    assert second["ms"] > 0
    assert set(second) == {
        *("tijd", "niveau", "naam", "melding", "verzoek"),
        *("methode", "weergave", "status", "ms", "bytes"),
    }
    for hidden in (report.reference, "Grietje", ADDRESS, DEVICE, "/m/", "/gemeenten"):
        assert hidden not in lines.text


def test_who_watches_over_the_service_does_not_fill_the_log(installation: Installation) -> None:
    with logged() as lines:
        installation.visitor().get("/health/live")
        installation.visitor().get("/health/ready", status="*")
        installation.visitor().get("/version")
    assert [row["weergave"] for row in lines.access] == ["Version"]


def test_names_that_a_visitor_makes_up_stand_in_no_line(installation: Installation) -> None:
    visitor = installation.visitor()
    with logged() as lines:
        for path in ("/grietje-geheim", "/health/grietje-geheim", "/gemeenten/grietje-geheim/x"):
            visitor.get(path, expect_errors=True)
        visitor.get("/version", headers={"X-Request-ID": "grietje-geheim@example.nl"})
        odd = TestApp(installation.app, {"HTTP_HOST": "localhost:6543"}, lint=False)
        odd.request("/", method="GRIETJE-GEHEIM", expect_errors=True)
    assert "grietje" not in lines.text.lower()
    assert len(lines.access) == 5


def test_the_id_of_a_request_is_taken_over_when_it_is_one(installation: Installation) -> None:
    visitor = installation.visitor()
    for good in (str(uuid4()), uuid4().hex):
        with logged() as lines:
            answer = visitor.get("/version", headers={"X-Request-ID": good})
        assert answer.headers["X-Request-ID"] == good == lines.access[0]["verzoek"]
    for bad in ("", "x", "1" * 31, "z" * 32, "1" * 500, f"{uuid4()} {uuid4()}", "' OR 1=1 --"):
        answer = visitor.get("/version", headers={"X-Request-ID": bad})
        assert len(answer.headers["X-Request-ID"]) == 32
        assert answer.headers["X-Request-ID"] != bad


@pytest.fixture(params=["json", "tekst"])
def form(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


def crash_plainly(*args: Any, **kw: Any) -> Any:
    raise ValueError(f"could not read {SECRET}")


def crash_in_a_chain(*args: Any, **kw: Any) -> Any:
    try:
        crash_plainly()
    except ValueError as error:
        raise KeyError(SECRET) from error


def crash_in_the_database(context: Any, request: Any, *rest: Any) -> Any:
    request.db.execute(text("SELECT * FROM nergens WHERE naam = :naam"), {"naam": SECRET})


CRASHES = [crash_plainly, crash_in_a_chain, crash_in_the_database]


@pytest.mark.parametrize("crash", CRASHES)
def test_a_crash_in_a_view_tells_where_and_not_what(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, crash: Callable[..., Any]
) -> None:
    with installation.transaction() as session:
        report = make_report(session, installation)
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    monkeypatch.setattr(page_views, "_known", crash)
    with logged(level=logging.DEBUG) as lines, logged("tekst", logging.DEBUG) as told:
        answer = browser.get(f"/m/{report.reference}").follow(status=500)
    for text_of in (lines.text, told.text):
        assert "Geheim" not in text_of
        assert crash.__name__ in text_of
        assert "reports/page/views.py:" in text_of
    request_id = answer.headers["X-Request-ID"]
    (row,) = [row for row in lines.rows if row["niveau"] == "ERROR"]
    assert row["verzoek"] == request_id
    assert row["melding"].split()[2].rstrip(":") in answer.text
    assert lines.access[-1]["status"] == 500
    assert f"[{request_id}] unhandled error" in told.text


def test_a_crash_in_the_intake_tells_where_and_not_what(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = Api(installation)
    monkeypatch.setattr(api_views, "submit", crash_in_a_chain)
    with logged(level=logging.DEBUG) as lines:
        api.post({"omschrijving": SECRET}, status=400)
        api.post(status=500)
    assert "Geheim" not in lines.text
    (row,) = [row for row in lines.rows if row["niveau"] == "ERROR"]
    assert row["fout"] == "KeyError"
    assert any("crash_in_a_chain" in place for place in row["plekken"])
    assert "ValueError" in row["plekken"]


def test_no_logger_of_a_library_can_quote_either(form: str) -> None:
    """Whoever logs an exception in the usual way loses its text at our handler."""
    other = logging.getLogger("een.bibliotheek")
    with logged(form) as lines:
        try:
            crash_in_a_chain()
        except KeyError as error:
            other.exception("it went wrong")
            other.error("it went wrong: %s", error)
            other.warning("again", exc_info=True, stack_info=True)
            log_error(other, "ours", SQLAlchemyError(SECRET))
    assert lines.text.count("went wrong") == 2
    assert "Geheim" not in lines.text
    assert "KeyError" in lines.text


def test_a_line_stays_one_line(form: str) -> None:
    with logged(form) as lines:
        logging.getLogger("x").warning("een\nERROR nagemaakt\r\nregel")
    assert len(lines.text.splitlines()) == 1


def test_a_job_that_fails_tells_where_and_not_what(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_jobs, "make", crash_in_a_chain)
    with installation.transaction() as session:
        enqueue(session, Job("uitvoer.maken"), DORDRECHT, {"id": str(uuid4())})
    with logged(level=logging.DEBUG) as lines:
        installation.run_jobs()
    assert "Geheim" not in lines.text
    (row,) = [row for row in lines.rows if row.get("fout") == "KeyError"]
    assert any("exports/request/jobs.py" in place for place in row["plekken"])
    assert any("crash_in_a_chain" in place for place in row["plekken"])


CRASH = """
from stopintimidatie.core.telemetry import silence_tracebacks
def crash():
    raise ValueError("kan Geheim niet lezen")
silence_tracebacks()
crash()
"""


def test_a_command_that_crashes_shows_no_text_of_the_error_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Commands run under systemd too: what they print is kept."""
    done = subprocess.run(
        [sys.executable, "-c", CRASH], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 1
    assert "ValueError" in done.stderr
    assert " crash" in done.stderr
    assert "Geheim" not in done.stderr
    assert "Traceback" not in done.stderr
    silenced: list[bool] = []
    monkeypatch.setattr(cli, "silence_tracebacks", lambda: silenced.append(True))
    monkeypatch.setattr(cli, "run", lambda *args, **kw: 0)
    monkeypatch.setattr("os.umask", lambda mask: mask)
    with pytest.raises(SystemExit):
        cli.main()
    assert silenced == [True]
