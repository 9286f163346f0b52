"""The folder of one holder's index: generations, locks, and whether the files are whole.

    zoekindex/<holder>/
        huidig                  the name of the generation in use; replaced in one move
        in-aanbouw              the name of the generation that a rebuild is filling
        <name>/                 a generation: one Whoosh index and `staat.json`
        <name>.journaal         what changed while that generation was being filled
    zoekindex/.sloten/          locks, outside: they outlive an index that is thrown away

A lock is a `flock` on a file: it holds between processes and threads and ends with its process,
whatever ends that. Whoosh keeps no checksums, so each segment gets a list of its files with their
sizes and CRC (`.maat`), written before the segment becomes visible.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast
from uuid import uuid4

from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC

from stopintimidatie.core.search import analysis
from stopintimidatie.core.search.backend import (
    Health,
    HealthState,
    IndexBusyError,
    IndexUnusableError,
)
from stopintimidatie.core.search.whoosh.schema import SCHEMA, SCHEMA_VERSION

NAME: Final = "MAIN"
_HOLDER: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
_POLL: Final = 0.005
_ATTEMPTS: Final = 10
_SIZES: Final = ".maat"
_REBUILD: Final = "Herbouw de index: stopintimidatie zoekindex herbouwen."


@contextmanager
def locked(path: Path, timeout: float) -> Iterator[None]:
    """Hold the lock of this file, waiting at most `timeout` seconds."""
    end = time.monotonic() + timeout
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if _take(handle, path):
                break
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)
        if time.monotonic() >= end:
            raise IndexBusyError
        time.sleep(_POLL)
    try:
        yield
    finally:
        os.close(handle)


def _take(handle: int, path: Path) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    try:  # somebody may have thrown the file away: then this lock is nobody else's
        return os.fstat(handle).st_ino == path.stat().st_ino
    except FileNotFoundError:
        return False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One committed state of an index: which generation, which commit, which segments."""

    folder: Path
    commit: int
    segments: Sequence[Any]

    @property
    def storage(self) -> FileStorage:
        """Where Whoosh reads the files."""
        return FileStorage(str(self.folder))


class HolderFolder:
    """Everything on disk for one holder."""

    def __init__(self, root: Path, holder: str, lock_timeout: float) -> None:
        if not _HOLDER.fullmatch(holder):
            raise ValueError(f"not a holder: {holder!r}")
        self.holder = holder
        self.path = root / holder
        self._locks = root / ".sloten"
        self._timeout = lock_timeout

    # locks

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the lock of the one writer of this index, over all processes."""
        with locked(self._locks / f"{self.holder}.schrijven", self._timeout):
            yield

    @contextmanager
    def rebuilding(self, timeout: float = 0.1) -> Iterator[None]:
        """Hold the lock of the one rebuild, over all processes. A second one isn't waited for."""
        with locked(self._locks / f"{self.holder}.herbouwen", timeout):
            yield

    # generations

    def current(self) -> Path | None:
        """Return the generation in use."""
        name = _read(self.path / "huidig")
        folder = self.path / name if name else None
        return folder if folder and folder.is_dir() else None

    def new_generation(self) -> Path:
        """Make an empty index, not yet in use, with the mark that it is being filled."""
        folder = self.path / f"g{time.time_ns():x}{uuid4().hex[:6]}"
        folder.mkdir(parents=True, mode=0o700)
        TOC.create(FileStorage(str(folder)), SCHEMA, NAME)
        state = {"schema": SCHEMA_VERSION, "analyser": analysis.FINGERPRINT}
        (folder / "staat.json").write_text(json.dumps(state))
        _replace(self.path / "in-aanbouw", folder.name)
        return folder

    def swap_in(self, folder: Path) -> None:
        """Use this generation from now on: one move, no search sees half of it."""
        _replace(self.path / "huidig", folder.name)
        (self.path / "in-aanbouw").unlink(missing_ok=True)

    def clean(self) -> None:
        """Throw away what is neither in use nor being filled. Only while holding both locks."""
        current = self.current()
        (self.path / "in-aanbouw").unlink(missing_ok=True)
        for entry in self.path.iterdir() if self.path.is_dir() else ():
            if entry.is_dir() and entry != current:
                shutil.rmtree(entry, ignore_errors=True)
            elif entry.suffix == ".journaal":
                entry.unlink(missing_ok=True)

    # the journal of a rebuild

    def journal(self) -> Path | None:
        """Return where a running rebuild wants to hear of changes.

        Only while holding the write lock.
        """
        name = _read(self.path / "in-aanbouw")
        if not name:
            return None
        try:
            with self.rebuilding(timeout=0):
                return None  # nobody holds it: that rebuild died; the next one cleans up
        except IndexBusyError:
            return self.path / f"{name}.journaal"

    # how it is

    def snapshot(self) -> Snapshot:
        """Return the committed state to read from."""
        health = _missing()
        for _ in range(_ATTEMPTS):
            folder = self.current()
            if folder is None:
                raise IndexUnusableError(_missing())
            read = read_commit(folder)
            if isinstance(read, Snapshot):
                problem = sizes_problem(read)
                if problem is None:
                    return read
                health = damaged(problem)
            else:
                health = read
            if not self._moved_on(folder, read.commit if isinstance(read, Snapshot) else None):
                break  # nothing changed meanwhile: it is the files, not bad luck
        raise IndexUnusableError(health)

    def moved_on(self, snapshot: Snapshot) -> bool:
        """Tell whether a commit or a rebuild came after this: then its files may be gone."""
        return self._moved_on(snapshot.folder, snapshot.commit)

    def _moved_on(self, folder: Path, commit: int | None) -> bool:
        if self.current() != folder:
            return True
        latest = TOC._latest_generation(FileStorage(str(folder)), NAME)
        return bool(commit is not None and latest != commit)

    def mark_damaged(self, snapshot: Snapshot, problem: str) -> None:
        """Remember damage that the sizes don't show, so that it is repaired and not forgotten."""
        if snapshot.folder.is_dir():
            (snapshot.folder / "beschadigd").write_text(problem)

    def health(self) -> Health:
        """Return how this index is."""
        try:
            snapshot = self.snapshot()
        except IndexUnusableError as unusable:
            return unusable.health
        if problem := _read(snapshot.folder / "beschadigd"):
            return damaged(problem)
        count = sum(part.doc_count_all() - part.deleted_count() for part in snapshot.segments)
        if schema_of(snapshot.folder).get("analyser") != analysis.FINGERPRINT:
            message = f"De index is gemaakt met oudere taalregels. {_REBUILD}"
            return Health(HealthState.OUTDATED, message, count)
        return Health(HealthState.GOOD, "De index is in orde.", count)


class ClosingStorage(FileStorage):
    """Closes, at the end of its block, what Whoosh opened through it and left open.

    Whoosh leaves files open when it stops halfway: a damaged file, a folder that disappears.
    """

    def __init__(self, path: str, opened: list[Any] | None = None) -> None:
        super().__init__(path)
        self._opened: list[Any] = [] if opened is None else opened

    def __enter__(self) -> ClosingStorage:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._opened:
            if not file.is_closed:
                file.close()

    def open_file(self, name: str, **options: Any) -> Any:
        """Open as Whoosh does, and remember the file."""
        self._opened.append(super().open_file(name, **options))
        return self._opened[-1]

    def create_file(self, name: str, *args: Any, **options: Any) -> Any:
        """Create as Whoosh does, and remember the file."""
        self._opened.append(super().create_file(name, *args, **options))
        return self._opened[-1]

    def temp_storage(self, name: str | None = None) -> ClosingStorage:
        """Return Whoosh's temporary storage, whose files are remembered here too."""
        folder = Path(self.folder) / (name or f"{uuid4().hex}.tmp")
        return cast(ClosingStorage, ClosingStorage(str(folder), self._opened).create())


def read_commit(folder: Path) -> Snapshot | Health:
    """Read the latest commit of a generation, or what is wrong with it."""
    if schema_of(folder).get("schema") != SCHEMA_VERSION:
        return _outdated() if (folder / "staat.json").exists() else damaged("geen staat.json")
    for attempt in range(_ATTEMPTS):
        try:
            with ClosingStorage(str(folder)) as storage:
                toc = TOC.read(storage, NAME, schema=SCHEMA)
            return Snapshot(folder, toc.generation, toc.segments)
        except FileNotFoundError as error:  # the next commit may just have replaced it
            if attempt == _ATTEMPTS - 1:
                return damaged(str(error))
        except Exception as error:  # a damaged pickle can raise anything
            return damaged(repr(error))
    raise AssertionError("unreachable")


def damaged(problem: str) -> Health:
    """Say that there are files, but not as they were written."""
    return Health(HealthState.DAMAGED, f"De index is beschadigd ({problem}). {_REBUILD}")


def _missing() -> Health:
    return Health(HealthState.MISSING, f"Er is geen index. {_REBUILD}")


def _outdated() -> Health:
    return Health(HealthState.OUTDATED, f"De index heeft een oudere opbouw. {_REBUILD}")


def schema_of(folder: Path) -> dict[str, Any]:
    """Return the rules by which a generation was made; nothing when that can't be read."""
    try:
        state = json.loads((folder / "staat.json").read_text())
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def write_sizes(folder: Path, segment: str) -> None:
    """List the files of a segment, with size and CRC, before it becomes visible."""
    files = sorted(path for path in folder.iterdir() if path.name.startswith(f"{segment}."))
    listed = {path.name: (path.stat().st_size, _crc(path)) for path in files}
    (folder / f"{segment}{_SIZES}").write_text(json.dumps(listed))


def sizes_problem(snapshot: Snapshot, *, deep: bool = False) -> str | None:
    """Return what is wrong with the files of this state; `deep` reads them whole."""
    present = _sizes(snapshot.folder)
    for segment in snapshot.segments:
        listed = _listed(snapshot.folder, segment.segment_id())
        if listed is None:
            return f"{segment.segment_id()}: de lijst met bestanden ontbreekt"
        for name, (size, crc) in listed.items():
            if present.get(name) != size:
                return f"{name}: {present.get(name, 'geen')} in plaats van {size} bytes"
            if deep and _crc(snapshot.folder / name) != crc:
                return f"{name}: de inhoud is veranderd"
    return None


def _sizes(folder: Path) -> dict[str, int]:
    sizes = {}
    try:
        for entry in os.scandir(folder):
            with suppress(FileNotFoundError):  # a writer's own temporary file
                sizes[entry.name] = entry.stat().st_size
    except OSError:
        return {}
    return sizes


_known_sizes: dict[Path, dict[str, tuple[int, int]]] = {}


def _listed(folder: Path, segment: str) -> dict[str, tuple[int, int]] | None:
    path = folder / f"{segment}{_SIZES}"
    if (known := _known_sizes.get(path)) is not None:
        return known
    try:
        read = {name: (int(size), int(crc)) for name, (size, crc) in _json(path).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return None
    if len(_known_sizes) > 5_000:
        _known_sizes.clear()
    _known_sizes[path] = read
    return read


def _json(path: Path) -> Any:
    return json.loads(path.read_text())


def _crc(path: Path) -> int:
    crc = 0
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            crc = zlib.crc32(block, crc)
    return crc


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except (OSError, ValueError):
        return ""


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = path.with_name(f"{path.name}.{uuid4().hex}")
    aside.write_text(text)
    aside.replace(path)
