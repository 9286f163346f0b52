"""The tests' own services: one server for all, databases of one's own, nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy
from playwright.sync_api import sync_playwright

from tests.support import postgres_guard
from tests.support.services import Chromium, Postgres

ROOT = Path(__file__).resolve().parents[2]
RUN_THAT_HANGS = """
import sys, pathlib, pytest
sys.path.insert(0, {root!r})
class Plugin:
    @pytest.fixture(autouse=True)
    def note(self, postgres):
        print("\\nfolder", postgres.folder, flush=True)
        input()
pathlib.Path("test_it.py").write_text("def test_it(): pass")
pytest.main(["-p", "tests.support.services", "-s", "--rootdir=.", "test_it.py"], plugins=[Plugin()])
"""


def _fill(url: str) -> None:
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("create table street (name text)")
        connection.exec_driver_sql("insert into street values ('Spuiboulevard')")
    engine.dispose()


def _names(url: str) -> list[str]:
    engine = sqlalchemy.create_engine(url)
    with engine.connect() as connection:
        names = list(connection.exec_driver_sql("select name from street").scalars())
    engine.dispose()
    return names


def test_a_new_database_is_empty_and_speaks_utf8(postgres_url: str) -> None:
    engine = sqlalchemy.create_engine(postgres_url)
    with engine.connect() as connection:
        tables = sqlalchemy.inspect(connection).get_table_names()
        encoding = connection.exec_driver_sql("show server_encoding").scalar()
    engine.dispose()
    assert (tables, encoding) == ([], "UTF8")


def test_a_template_is_built_once_and_each_copy_stands_alone(postgres: Postgres) -> None:
    built: list[str] = []

    def build(url: str) -> None:
        built.append(url)
        _fill(url)

    name = postgres.template("services_test", build)
    postgres.template("services_test", build)
    with postgres.database(name) as first, postgres.database(name) as second:
        engine = sqlalchemy.create_engine(first)
        with engine.begin() as connection:
            connection.exec_driver_sql("delete from street")
        engine.dispose()
        assert (_names(first), _names(second)) == ([], ["Spuiboulevard"])
    assert len(built) == 1


def test_the_server_from_the_wheel_starts_where_it_is_put(tmp_path: Path) -> None:
    programs = postgres_guard.from_wheel(tmp_path)
    for name in ("initdb", "postgres"):
        asked = subprocess.run([programs / name, "--version"], capture_output=True, text=True)
        assert asked.stdout.split()[-1].startswith("18"), asked.stderr


@pytest.mark.alles
@pytest.mark.parametrize(
    "how", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.alles)]
)
def test_a_run_that_is_killed_leaves_no_server_behind(how: int, tmp_path: Path) -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", RUN_THAT_HANGS.format(root=str(ROOT))],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert run.stdin is not None
    assert run.stdout is not None
    with run.stdin, run.stdout as lines:
        folder = next(Path(line.split()[1]) for line in lines if line.startswith("folder"))
        assert (folder / "data" / "postmaster.pid").exists()
        run.send_signal(how)
        run.wait(timeout=10)
    _eventually(lambda: not folder.parent.exists() and str(folder) not in _command_lines())


def test_the_browser_shows_a_page(chromium: Chromium) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium.launch_options)
        page = browser.new_page()
        page.set_content("<title>Melding</title>")
        assert page.title() == "Melding"
        browser.close()


def _eventually(settled: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not settled() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert settled()


def _command_lines() -> str:
    processes = (path for path in Path("/proc").iterdir() if path.name.isdigit())
    lines = []
    for process in processes:
        try:
            lines.append((process / "cmdline").read_bytes().decode(errors="replace"))
        except OSError:  # it ended meanwhile
            continue
    return "\n".join(line for line in lines if str(os.getpid()) not in line)
