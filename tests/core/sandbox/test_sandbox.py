"""Tests of child processes with limits, and of the limit on how many run at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stopintimidatie.core.sandbox.process import (
    MEGABYTE,
    Ended,
    Limits,
    environment,
    limited_command,
    module_command,
    run,
)
from stopintimidatie.core.web import limits
from stopintimidatie.core.web.limits import AT_ONCE, IN_LINE, NoPlaceError, Places

BOUNDS = Limits(30, 30, 1024 * MEGABYTE, MEGABYTE)


def bounded(code: str, limits: Limits = BOUNDS) -> Ended:
    command = [*limited_command(limits, sys.executable), "-I", "-S", "-c", code]
    return run(command, (), limits.wall_seconds)


@pytest.mark.parametrize(
    ("code", "limits"),
    [
        ("while True: pass", Limits(60, 1, 1024 * MEGABYTE, MEGABYTE)),
        ("import time; time.sleep(60)", Limits(1, 30, 1024 * MEGABYTE, MEGABYTE)),
    ],
    ids=["processor", "time"],
)
def test_a_child_that_goes_on_and_on_is_ended(code: str, limits: Limits) -> None:
    assert bounded(code, limits).too_heavy


def test_a_child_gets_no_more_memory_than_agreed() -> None:
    ended = bounded("bytearray(900_000_000)", Limits(30, 30, 200 * MEGABYTE, MEGABYTE))
    assert ended.code == 1
    assert "MemoryError" in ended.errors


def test_a_child_lets_others_go_first() -> None:
    told = bounded("import os; print(os.nice(0))", Limits(yields=7)).said
    assert int(told) == min(19, int(subprocess.check_output(["nice"])) + 7)


def test_where_a_picture_is_drawn_no_file_socket_or_program_opens() -> None:
    code = (
        "import os, socket, subprocess\n"
        "from stopintimidatie.core.sandbox.pictures import _close_doors\n"
        "_close_doors()\n"
        "for attempt in (lambda: open('/etc/passwd'), socket.socket, os.pipe,\n"
        "                lambda: subprocess.run(['true'])):\n"
        "    try: attempt()\n"
        "    except OSError: continue\n"
        "    os._exit(9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment(), check=False)
    assert done.returncode == 0


def test_a_child_is_one_of_our_modules_with_nothing_of_our_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GEHEIM", "wachtwoord")
    assert "GEHEIM" not in environment()
    ended = run(module_command("stopintimidatie.core.sandbox.pictures"), (), 30)
    assert "missing 4 required positional arguments" in ended.errors


# --- places ------------------------------------------------------------------------------------

HOLDER = (
    "import sys\n"
    "from pathlib import Path\n"
    "from stopintimidatie.core.web.limits import Places\n"
    "with Places(Path(sys.argv[1]), 'werk').hold():\n"
    "    print('in', flush=True); sys.stdin.read()\n"
)


def test_places_are_counted_over_all_processes_and_come_back_when_one_dies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PATIENCE_SECONDS", 0)
    mine = Places(tmp_path / "nieuw", "werk")
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "nieuw")]
    holders = [
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()
        )
        for _ in range(AT_ONCE)
    ]
    try:
        for holder in holders:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "in\n"
        with pytest.raises(NoPlaceError), mine.hold():
            pass
        holders[0].kill()
        holders[0].wait()
        with mine.hold(), pytest.raises(NoPlaceError), mine.hold():
            pass
    finally:
        for holder in holders:
            holder.kill()
            holder.communicate()


def test_who_finds_the_line_full_hears_it_at_once(tmp_path: Path) -> None:
    mine = Places(tmp_path, "werk")
    waiting = [mine.in_line() for _ in range(IN_LINE)]
    for one in waiting:
        one.__enter__()
    with pytest.raises(NoPlaceError), mine.in_line():
        pass
    waiting.pop().__exit__(None, None, None)
    with mine.in_line():
        pass
