"""The embedded engine passes the suite; and what only files can suffer: loss and damage."""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.synchronize import Event
from pathlib import Path
from uuid import uuid4

import pytest

from stopintimidatie.core.search import analysis
from stopintimidatie.core.search.backend import (
    HealthState,
    IndexBusyError,
    IndexUnusableError,
    Page,
    Scope,
    SearchDocument,
    SearchTooBroadError,
)
from stopintimidatie.core.search.whoosh import files
from stopintimidatie.core.search.whoosh.backend import WhooshBackend
from tests.contract.search_backend_conformance import Opener, SearchBackendConformance
from tests.contract.search_documents import EVERYTHING_OPEN, HOLDER, document, query

# Whoosh leaves its files to the garbage collector when it stops halfway: at a damaged file, or in a
# folder that disappears.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Let go of such files before the next test.

    Only what the test made is looked through: all else of a worker took a second each time.
    """
    gc.freeze()
    yield
    gc.collect()


class TestWhoosh(SearchBackendConformance):
    """Whoosh on files."""

    @pytest.fixture
    def opener(self, tmp_path: Path) -> Opener:
        return partial(WhooshBackend, tmp_path / "zoekindex")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "zoekindex"


@pytest.fixture
def backend(root: Path) -> WhooshBackend:
    made = WhooshBackend(root)
    made.rebuild(HOLDER, [document(f"fluiten nummer{number}") for number in range(30)])
    made.index([document("fluiten daarna")])
    return made


def total(backend: WhooshBackend, text: str = "") -> int:
    """How many rows a query finds."""
    return backend.search(query(text), Scope(HOLDER), EVERYTHING_OPEN).total


def generation(root: Path) -> Path:
    """The folder of the index in use."""
    return root / HOLDER / (root / HOLDER / "huidig").read_text()


# loss and damage


def _truncate(path: Path) -> None:
    with path.open("r+b") as stream:
        stream.truncate(path.stat().st_size // 2)


def _overwrite(path: Path) -> None:
    size = path.stat().st_size
    path.write_bytes(b"\xa5" * size)


_HARM: dict[str, Callable[[Path], object]] = {
    "removed": Path.unlink,
    "truncated": _truncate,
    "emptied": lambda path: path.write_bytes(b""),
}


@pytest.mark.parametrize("harm", list(_HARM))
@pytest.mark.parametrize("suffix", [".seg", ".toc", "staat.json"])
@pytest.mark.parametrize("fresh", [True, False])
def test_a_damaged_file_is_noticed_at_once_and_a_rebuild_repairs_it(
    backend: WhooshBackend, root: Path, harm: str, suffix: str, fresh: bool
) -> None:
    if not fresh:
        assert total(backend, "fluiten") == 31
    victim = max(
        (path for path in generation(root).iterdir() if path.name.endswith(suffix)),
        key=lambda path: path.stat().st_size,
    )
    _HARM[harm](victim)
    user = WhooshBackend(root) if fresh else backend
    assert user.health(HOLDER).state is HealthState.DAMAGED
    assert "herbouwen" in user.health(HOLDER).message
    with pytest.raises(IndexUnusableError, match="hersteld"):
        total(user, "fluiten")
    with pytest.raises(IndexUnusableError):
        user.index([document("fluiten nooit half")])
    report = user.check(HOLDER, iter([]))
    assert not report.clean
    assert report.to_repair == ()
    user.rebuild(HOLDER, [document("fluiten hersteld")])
    assert user.health(HOLDER).good
    assert total(user, "fluiten") == 1


@pytest.mark.parametrize("suffix", [".seg", ".toc"])
def test_damage_that_keeps_the_size_is_found_by_a_check(
    backend: WhooshBackend, root: Path, suffix: str
) -> None:
    for path in generation(root).iterdir():
        if path.suffix == suffix:
            _overwrite(path)
    assert not backend.check(HOLDER, iter([])).clean
    with pytest.raises(IndexUnusableError):
        total(WhooshBackend(root), "fluiten")
    assert backend.health(HOLDER).state is HealthState.DAMAGED


def test_damage_that_a_search_met_is_not_forgotten_by_the_next_change(
    backend: WhooshBackend, root: Path
) -> None:
    for path in generation(root).glob("*.seg"):
        _overwrite(path)
    with pytest.raises(IndexUnusableError):
        total(backend, "fluiten")
    with pytest.raises(IndexUnusableError):
        backend.index([document("fluiten later")])
    assert backend.health(HOLDER).state is HealthState.DAMAGED
    backend.rebuild(HOLDER, [document("fluiten")])
    assert backend.health(HOLDER).good


def test_an_index_that_was_thrown_away_is_missing_and_cannot_come_back_half(
    backend: WhooshBackend, root: Path
) -> None:
    shutil.rmtree(root / HOLDER)
    assert backend.health(HOLDER).state is HealthState.MISSING
    with pytest.raises(IndexUnusableError):
        total(backend)
    with pytest.raises(IndexUnusableError):
        backend.index([document("fluiten")])
    assert backend.health(HOLDER).state is HealthState.MISSING
    backend.rebuild(HOLDER, [document("fluiten")])
    assert total(backend) == 1


def test_a_reader_that_commits_overtook_reads_the_newest_index(
    backend: WhooshBackend, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    overtaken = iter([generation(root).name])
    for _ in range(2):
        backend.index([document("fluiten later")])
    read = files._read
    monkeypatch.setattr(files, "_read", lambda path: next(overtaken, None) or read(path))
    assert total(backend) == 33


def test_a_holder_that_never_had_an_index_is_missing(backend: WhooshBackend) -> None:
    assert backend.health("GM0001").state is HealthState.MISSING


@pytest.mark.parametrize("name", ["", "..", "a/b", "../GM0505", "GM0505\x00", "x" * 41])
def test_a_holder_never_becomes_another_folder(backend: WhooshBackend, name: str) -> None:
    with pytest.raises(ValueError, match="not a holder"):
        backend.health(name)


@pytest.mark.alles
def test_an_index_thrown_away_under_load_is_noticed_and_rebuilt(
    backend: WhooshBackend, root: Path
) -> None:
    made = [document(f"fluiten {number}") for number in range(30)]
    stop = threading.Event()
    surprises: list[BaseException] = []

    def work(act: Callable[[], object]) -> None:
        while not stop.is_set():
            try:
                act()
            except IndexUnusableError:
                time.sleep(0.001)
            except BaseException as surprise:
                surprises.append(surprise)
                return

    acts: list[Callable[[], object]] = [
        lambda: total(backend, "fluiten"),
        lambda: backend.index([made[0]]),
    ]
    threads = [threading.Thread(target=work, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for _ in range(5):
        time.sleep(0.05)
        shutil.rmtree(root / HOLDER, ignore_errors=True)
        backend.rebuild(HOLDER, iter(made))
        assert total(backend) == 30
    stop.set()
    for thread in threads:
        thread.join()
    assert surprises == []
    assert backend.check(HOLDER, ((row.id, row.version) for row in made)).clean


# rules that changed


def test_another_schema_asks_for_a_rebuild_and_is_never_read(
    backend: WhooshBackend, root: Path
) -> None:
    (generation(root) / "staat.json").write_text(json.dumps({"schema": 0}))
    assert backend.health(HOLDER).state is HealthState.OUTDATED
    with pytest.raises(IndexUnusableError):
        total(backend)


def test_other_language_rules_ask_for_a_rebuild_and_work_meanwhile(
    backend: WhooshBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analysis, "FINGERPRINT", "anders")
    assert backend.health(HOLDER).state is HealthState.OUTDATED
    assert total(backend) == 31
    backend.rebuild(HOLDER, [document()])
    assert backend.health(HOLDER).good


# forgetting


def test_purging_takes_the_words_out_of_the_files(backend: WhooshBackend, root: Path) -> None:
    secret = document("zeergeheimwoord", title="Zeergeheimetitel")
    backend.index([secret])
    assert _in_files(root, b"zeergeheimwoord")
    backend.remove(HOLDER, [secret.id])
    backend.purge(HOLDER)
    assert not _in_files(root, b"zeergeheim")
    assert total(backend) == 31


def test_a_rebuild_leaves_nothing_of_the_old_index_or_its_journal(
    backend: WhooshBackend, root: Path
) -> None:
    def reading() -> Iterator[SearchDocument]:
        backend.index([document("tussendoor")])
        yield document("blijft")

    backend.rebuild(HOLDER, reading())
    assert not _in_files(root, b"nummer7")
    left = {path.name for path in (root / HOLDER).iterdir()}
    assert left == {"huidig", generation(root).name}
    assert total(backend) == 2


def _in_files(root: Path, word: bytes) -> bool:
    return any(word in path.read_bytes() for path in root.rglob("*.seg"))


# one writer, one rebuild


def test_a_writer_waits_for_another_one_but_not_forever(backend: WhooshBackend, root: Path) -> None:
    hasty = WhooshBackend(root, lock_timeout=0.05)
    with files.HolderFolder(root, HOLDER).lock(files.WRITING, 1):
        with pytest.raises(IndexBusyError):
            hasty.index([document()])
        assert total(hasty) == 31
    hasty.index([document()])
    assert total(hasty) == 32


def test_a_second_rebuild_at_once_is_refused(backend: WhooshBackend) -> None:
    def reading() -> Iterator[SearchDocument]:
        with pytest.raises(IndexBusyError):
            backend.rebuild(HOLDER, ())
        yield document("fluiten")

    backend.rebuild(HOLDER, reading())
    assert total(backend) == 1


def _rebuild_and_hang(root: Path, hanging: Event) -> None:
    def reading() -> Iterator[SearchDocument]:
        yield document("half")
        hanging.set()
        time.sleep(60)

    WhooshBackend(root).rebuild(HOLDER, reading())


def _write_until_killed(root: Path, writing: Event) -> None:
    backend = WhooshBackend(root)
    while True:
        # A new process numbers its documents from the start: these would replace the test's own.
        backend.index([document("fluiten en sterven", id=uuid4())])
        writing.set()


def _killed(target: Callable[[Path, Event], None], root: Path, after: float) -> None:
    spawn = multiprocessing.get_context("spawn")
    ready = spawn.Event()
    process = spawn.Process(target=target, args=(root, ready))
    process.start()
    assert ready.wait(30)
    time.sleep(after)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()


def test_a_rebuild_that_was_killed_leaves_no_lock_and_no_mess(
    backend: WhooshBackend, root: Path
) -> None:
    _killed(_rebuild_and_hang, root, 0)
    backend.index([document("fluiten later")])
    assert total(backend) == 32
    backend.rebuild(HOLDER, [document("fluiten")])
    assert total(backend) == 1
    assert {path.name for path in (root / HOLDER).iterdir()} == {"huidig", generation(root).name}


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(0.0, marks=pytest.mark.alles),
        0.013,
        pytest.param(0.031, marks=pytest.mark.alles),
    ],
)
def test_a_writer_that_was_killed_leaves_a_sound_index(
    backend: WhooshBackend, root: Path, after: float
) -> None:
    _killed(_write_until_killed, root, after)
    assert backend.health(HOLDER).good
    before = total(backend)
    assert before > 31
    backend.index([document("fluiten later")])
    assert total(backend) == before + 1


# cost


@pytest.mark.alles
def test_many_commits_leave_few_segments(backend: WhooshBackend, root: Path) -> None:
    for number in range(200):
        backend.index([document(f"fluiten {number}")])
    assert len(list(generation(root).glob("*.seg"))) < 24
    assert total(backend) == 231


def test_a_search_that_takes_too_long_stops_and_says_what_to_do(
    backend: WhooshBackend, root: Path
) -> None:
    impatient = WhooshBackend(root, time_limit=-1)
    with pytest.raises(SearchTooBroadError, match="voeg een woord toe"):
        impatient.search(query("fluiten"), Scope(HOLDER), EVERYTHING_OPEN, page=Page(1, 5))
