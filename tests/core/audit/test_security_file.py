"""The file of security events: a line each once it is committed, with nobody's data, for a
collector. A file that can't be written stops nobody."""

from __future__ import annotations

import json
import logging
import os
import stat
import threading
from dataclasses import fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from stopintimidatie.core import audit
from stopintimidatie.core.audit import SECURITY, SYSTEM, record
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.privacy.log.queries import ACTIONS
from stopintimidatie.settings import Settings, SettingsError, parse_settings
from tests.support.factories import DORDRECHT, EINDHOVEN, connect, make_report, make_user, user_id
from tests.support.installation import PASSWORD, ROOT, Installation, Variant

pytestmark = pytest.mark.both_databases

BLOCKED = "gebruiker.geblokkeerd"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "beveiliging.jsonl"


@pytest.fixture
def watched(variant: Variant, path: Path) -> Installation:
    return variant(security_file=path)


def lines(path: Path) -> list[dict[str, Any]]:
    text = path.read_text(encoding="ascii") if path.exists() else ""
    return [json.loads(line) for line in text.splitlines() if line]


@pytest.mark.short_on("postgresql")
def test_refused_and_accepted_sign_ins_and_refusals_are_told_without_anybodys_data(
    watched: Installation, path: Path
) -> None:
    connect(watched)
    connect(watched, EINDHOVEN)
    name = make_user(watched, (DORDRECHT, Role.OFFICER), name="Zoë Achternaam")
    person = str(user_id(watched, name))
    path.unlink()
    with watched.transaction(EINDHOVEN) as session:
        report = make_report(session, watched, holder=EINDHOVEN, neighbourhood="WK077211")
        reference, number = report.reference, report.id
    visitor = watched.visitor()
    form = visitor.get("/aanmelden").forms["formulier"]
    form["gebruikersnaam"], form["wachtwoord"] = name, "verkeerd"
    refused = form.submit("aanmelden", status="*")
    browser = watched.browser(name)
    seen = browser.get(f"/m/{reference}", status="*")
    browser.get("/gemeenten/eindhoven/postvak", status="*")
    told = lines(path)
    actions = [line["handeling"] for line in told]
    assert actions[0] == "aanmelden.mislukt"
    assert set(actions) == {"aanmelden.mislukt", "aanmelden.gelukt", "toegang.geweigerd"}
    first, *_, last = told
    assert first["accounts"] == [person]
    assert (first["soort"], first["uitkomst"]) == ("bezoeker", "geweigerd")
    assert first["verzoek"] == refused.headers["X-Request-ID"] != seen.headers["X-Request-ID"]
    assert (last["wie"], last["soort"], last["uitkomst"]) == (person, "gebruiker", "geweigerd")
    (came_in,) = {line["uitkomst"] for line in told if line["handeling"] == "aanmelden.gelukt"}
    assert came_in == "gedaan"
    for line in told:
        assert datetime.fromisoformat(line["tijd"]).utcoffset() == timedelta(0)
        assert line["houder"] in (NATIONAL, DORDRECHT, EINDHOVEN)
    text = path.read_text(encoding="ascii")
    assert not [
        word
        for word in (name, "Achternaam", PASSWORD, "verkeerd", reference, str(number), "127.0.0.1")
        if word in text
    ]


@pytest.mark.short_on("sqlite")
def test_off_by_default_and_nothing_else_of_the_log_goes_there(
    installation: Installation, watched: Installation, path: Path
) -> None:
    assert {f.name: f.default for f in fields(Settings)}["security_file"] is None
    with installation.transaction(NATIONAL) as session:
        record(session, SYSTEM, BLOCKED, NATIONAL, "gebruiker")
    with watched.transaction(NATIONAL) as session:
        record(session, SYSTEM, "melding.ontvangen", NATIONAL, "melding")
    assert not path.exists()


def test_what_is_rolled_back_isnt_told_and_what_is_committed_is_told_once(
    watched: Installation, path: Path
) -> None:
    with watched.transaction(NATIONAL) as session:
        record(session, SYSTEM, BLOCKED, NATIONAL, "gebruiker")
        session.rollback()
    with watched.transaction(NATIONAL) as session:
        with session.begin_nested() as savepoint:
            record(session, SYSTEM, "gebruiker.rol", NATIONAL, "gebruiker")
            savepoint.rollback()
        with session.begin_nested():
            record(session, SYSTEM, "gebruiker.rol_weg", NATIONAL, "gebruiker")
        assert not path.exists()
        record(session, SYSTEM, BLOCKED, NATIONAL, "gebruiker")
    assert [line["handeling"] for line in lines(path)] == ["gebruiker.rol_weg", BLOCKED]


@pytest.mark.sqlite
def test_a_file_that_cant_be_written_stops_nobody_and_is_logged_once(
    watched: Installation, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def block() -> None:
        with watched.transaction(NATIONAL) as session:
            record(session, SYSTEM, BLOCKED, NATIONAL, "gebruiker")

    # A folder in its place: also the administrator can't write that.
    path.mkdir()
    with caplog.at_level(logging.ERROR, audit.__name__):
        block()
        block()
    assert [r.getMessage() for r in caplog.records if r.name == audit.__name__] == [
        "security events aren't written to their file: Is a directory"
    ]
    path.rmdir()
    block()
    assert len(lines(path)) == 1


@pytest.mark.sqlite
def test_a_file_that_was_rotated_away_is_made_anew_for_the_group_to_read(
    watched: Installation, path: Path, tmp_path: Path
) -> None:
    before = os.umask(0o077)
    try:
        for _ in range(2):
            with watched.transaction(NATIONAL) as session:
                record(session, SYSTEM, BLOCKED, NATIONAL, "gebruiker")
            assert stat.S_IMODE(path.stat().st_mode) == 0o640
            path.rename(path.with_suffix(f".{len(list(tmp_path.iterdir()))}"))
    finally:
        os.umask(before)
    assert [len(lines(file)) for file in tmp_path.iterdir()] == [1, 1]


@pytest.mark.sqlite
def test_many_at_once_write_whole_lines(path: Path) -> None:
    text = json.dumps({"tijd": "x" * 300}) + "\n"

    def write() -> None:
        for _ in range(100):
            audit._append(path, text)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_text(encoding="ascii") == text * 400


@pytest.mark.sqlite
@pytest.mark.parametrize("place", ["nergens/x.jsonl", "."])
def test_a_place_that_cant_be_is_told_at_the_start(tmp_path: Path, place: str) -> None:
    given = {
        "sqlalchemy.url": f"sqlite:///{tmp_path}/x.sqlite",
        "data_dir": str(tmp_path),
        "key_file": str(tmp_path / "x.json"),
        "public_address": "http://localhost:6543",
    }
    with pytest.raises(SettingsError, match=r"log\.security_file: in de map .* niet schrijven"):
        parse_settings({**given, "log.security_file": str(tmp_path / place)})
    good = parse_settings({**given, "log.security_file": str(tmp_path / "x.jsonl")})
    assert good.security_file == tmp_path / "x.jsonl"


@pytest.mark.sqlite
def test_the_list_is_of_actions_that_exist_and_the_docs_have_it() -> None:
    assert set(ACTIONS) >= SECURITY
    text = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
    _, _, part = text.partition("## Naar een verzamelaar")
    listed = [word for line in part.splitlines() if line.startswith("`") for word in line.split()]
    assert {word.strip("`") for word in listed} == SECURITY
