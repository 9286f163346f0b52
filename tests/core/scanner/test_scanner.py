"""The virus scanner: a real clamd with a signature of our own, and answers that no clamd gives."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest

from stopintimidatie.core import scanner as room
from stopintimidatie.core.clock import clock_at
from stopintimidatie.core.health.services import Check, State
from stopintimidatie.core.scanner import (
    Scanner,
    ScannerError,
    Trouble,
    _seen,
    scanner_check,
)
from stopintimidatie.core.telemetry import metrics
from tests.support.clamd import SIGNATURE, STREAM_LIMIT, Clamd, false_clamd, infected
from tests.support.installation import make_settings

GOOD = b"een gewone foto" * 9000


def trouble_of(path: Path, content: bytes = GOOD) -> Trouble:
    with pytest.raises(ScannerError) as caught:
        Scanner(path).scan(BytesIO(content))
    return caught.value.trouble


def counted(outcome: str) -> float:
    name = "stopintimidatie_scan_seconds_count"
    return metrics().registry.get_sample_value(name, {"outcome": outcome}) or 0.0


def check(path: Path | None, folder: Path, **more: str) -> Check:
    settings = make_settings("sqlite:///x", folder, scanner_socket=path, **more)
    return scanner_check(settings, None)


def saying(answer: bytes) -> Callable[[socket.socket], None]:
    """Something that hears all and answers this."""

    def act(line: socket.socket) -> None:
        heard = line.recv(64 * 1024)
        end = b"\0" if heard.startswith(b"zVERSION") else bytes(4)
        while not heard.endswith(end):
            heard += line.recv(64 * 1024)
        line.sendall(answer)

    return act


def test_a_clean_file_passes_and_can_be_read_from_its_beginning(clamd: Clamd) -> None:
    file, before = BytesIO(GOOD), counted("schoon")
    file.read(7)
    assert Scanner(clamd.socket).scan(file) is None
    assert file.read() == GOOD
    assert counted("schoon") == before + 1


def test_a_mark_at_the_end_of_a_file_of_many_pieces_is_found_by_its_name(clamd: Clamd) -> None:
    before = counted("gevonden")
    assert Scanner(clamd.socket).scan(BytesIO(infected(GOOD * 8))) == SIGNATURE
    assert counted("gevonden") == before + 1


def test_a_file_that_clamd_finds_too_large_is_never_clean(clamd: Clamd) -> None:
    assert trouble_of(clamd.socket, bytes(STREAM_LIMIT * 4)) is Trouble.TOO_LARGE


def test_a_scanner_that_is_killed_is_away_and_is_back_when_it_is_back(clamd: Clamd) -> None:
    clamd.end()
    assert trouble_of(clamd.socket) is Trouble.AWAY
    clamd.start()
    assert Scanner(clamd.socket).scan(BytesIO(GOOD)) is None


@pytest.mark.parametrize(
    "answer",
    [
        b"OK\0",
        b"stream: OK and more\0",
        b"stream: OK",
        b"stream: \xff\xfe FOUND\0",
        b"INSTREAM: Can't open file. ERROR\0",
        b"stream: OK\0stream: X FOUND\0",
        b"x" * 9000,
    ],
)
def test_an_answer_that_isnt_understood_is_never_clean(tmp_path: Path, answer: bytes) -> None:
    with false_clamd(tmp_path, saying(answer)) as path:
        assert trouble_of(path) is Trouble.ODD


def test_one_that_hangs_up_without_a_word_is_away(tmp_path: Path) -> None:
    with false_clamd(tmp_path, saying(b"")) as path:
        assert trouble_of(path) is Trouble.AWAY


@pytest.mark.parametrize("reads", [True, False])
def test_one_that_never_answers_or_never_reads_costs_no_more_than_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, reads: bool
) -> None:
    monkeypatch.setattr(room, "SCAN_SECONDS", 0.1)

    over = threading.Event()

    def linger(line: socket.socket) -> None:
        while reads and not over.is_set():
            line.recv(1024 * 1024)
        assert over.wait(5)

    with false_clamd(tmp_path, linger) as path:
        assert trouble_of(path, bytes(4 * 1024 * 1024)) is Trouble.AWAY
        over.set()


def test_no_line_of_the_log_shows_a_byte_of_a_file(
    clamd: Clamd, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(ScannerError) as caught:
        Scanner(clamd.folder / "nergens").scan(BytesIO(b"geheimwoord"))
    assert "geheimwoord" not in caplog.text + repr(caught.value)


def test_the_health_check_says_that_nothing_is_scanned_that_it_is_away_or_undated(
    clamd: Clamd, tmp_path: Path
) -> None:
    absent = check(None, tmp_path)
    assert absent.state is State.NONE
    assert "niet op virussen nagekeken" in absent.message
    away = check(tmp_path / "nergens", tmp_path)
    assert (away.state, away.numbers["scanner_away"]) == (State.NOTE, 1.0)
    assert "Kijk of clamd draait" in away.message
    assert "nemen wij geen bestanden aan" in away.message
    waits = check(tmp_path / "nergens", tmp_path, scanner_when_down="wachten").message
    assert "Kijk of clamd draait" in waits
    assert "wacht een bestand van een melder verzegeld" in waits
    assert "geen bestanden aan" not in waits
    undated = check(clamd.socket, tmp_path)
    assert (undated.state, undated.numbers["scanner_away"]) == (State.NOTE, 0.0)
    assert "zegt niet van wanneer zijn lijsten zijn" in undated.message
    assert undated.numbers["scanner_signatures_seconds"] == float("inf")


def test_signatures_older_than_a_week_are_a_warning(tmp_path: Path) -> None:
    answer = saying(b"ClamAV 1.4.6/27462/Fri Nov 20 08:46:23 2026\0")
    with false_clamd(tmp_path, answer) as path:
        with clock_at(datetime(2026, 11, 26, tzinfo=UTC)):
            good = check(path, tmp_path)
            assert (good.state, good.numbers["scanner_away"]) == (State.GOOD, 0.0)
            assert good.message == "ClamAV 1.4.6, lijsten van 20 november 2026"
            seen = {"there": True, "good": good.message, "away": False, "undated": False}
            assert _seen(Scanner(path)) == seen
        with clock_at(datetime(2026, 11, 29, tzinfo=UTC)):
            old = check(path, tmp_path)
            assert _seen(Scanner(path)) == {**seen, "good": ""}
    assert old.state is State.NOTE
    assert "20 november 2026" in old.message
    assert old.numbers["scanner_signatures_seconds"] > 8 * 24 * 3600
