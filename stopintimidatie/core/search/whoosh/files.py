"""The folder of one holder's index: generations, locks, and whether the files are whole.

    zoekindex/<holder>/
        huidig                  the name of the generation in use; replaced in one move
        in-aanbouw              the name of the generation that a rebuild is filling
        <name>/                 a generation: one Whoosh index and `staat.json`
        <name>.journaal         what changed while that generation was being filled
    zoekindex/.sloten/          locks, outside: they outlive an index that is thrown away

A generation in use never changes. A commit works in a folder of its own, which begins with hard
links to the files of the one before (Whoosh never changes a file), and is then put in use. A
reader therefore sees a commit whole or not at all, and a killed writer leaves a folder that
nobody uses. Whoosh keeps no checksums: `staat.json` lists the files with their sizes and CRC.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import msgspec
from whoosh.filedb.filestore import FileStorage

from stopintimidatie.core.search import analysis
from stopintimidatie.core.search import backend as contract
from stopintimidatie.core.search.backend import Health, HealthState
from stopintimidatie.core.search.whoosh.schema import SCHEMA, SCHEMA_VERSION
from stopintimidatie.core.storage.files import checksum, locked, replace_text
from stopintimidatie.settings import PROGRAM

WRITING: Final = "schrijven"
REBUILDING: Final = "herbouwen"
STATE: Final = "staat.json"
_HOLDER: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
_REBUILD: Final = f"Herbouw de index: {PROGRAM} zoekindex herbouwen."
_MISSING: Final = Health(HealthState.MISSING, f"Er is geen index. {_REBUILD}")
_OLDER: Final = Health(HealthState.OUTDATED, f"De index heeft een oudere opbouw. {_REBUILD}")


def open_index(folder: Path) -> Any:
    """Open the Whoosh index in a folder."""
    return FileStorage(str(folder)).open_index(schema=SCHEMA)


class State(msgspec.Struct, frozen=True):
    """State of a generation, as `staat.json` has it."""

    schema: int
    analyser: str = ""
    """Fingerprint of the language rules it was made by."""
    documents: int = 0
    files: dict[str, tuple[int, int]] = {}
    """Size and CRC of each file."""


@dataclass(frozen=True, slots=True)
class Generation:
    """Generation that is whole."""

    folder: Path
    state: State


class HolderFolder:
    """Folder with everything on disk for one holder."""

    def __init__(self, root: Path, holder: str) -> None:
        if not _HOLDER.fullmatch(holder):
            raise ValueError(f"not a holder: {holder!r}")
        self.path = root / holder

    @contextmanager
    def lock(self, purpose: str, patience: float) -> Iterator[None]:
        """Hold this lock of the index, over all processes.

        Raises:
            IndexBusyError: another one takes longer than `patience` seconds.
        """
        try:
            with locked(self.path.parent / ".sloten" / f"{self.path.name}.{purpose}", patience):
                yield
        except TimeoutError as error:
            raise contract.IndexBusyError from error

    def current(self) -> Path | None:
        """Return the folder in use."""
        name = _read(self.path / "huidig")
        return self.path / name if name else None

    def generation(self) -> Generation:
        """Return the generation in use.

        Raises:
            IndexUnusableError: there is none, or its files aren't as they were written.
        """
        while folder := self.current():
            try:
                return _read_generation(folder)
            except contract.IndexUnusableError:
                if self.current() == folder:  # not just replaced
                    raise
        raise contract.IndexUnusableError(_MISSING)

    def new_folder(self, base: Generation | None = None) -> Path:
        """Make a folder for a generation: an empty index, or what is in another one."""
        folder = self.path / f"g{time.time_ns():x}{uuid4().hex[:6]}"
        folder.mkdir(parents=True, mode=0o700)
        if base is None:
            FileStorage(str(folder)).create_index(SCHEMA)
            return folder
        for name in base.state.files:
            os.link(base.folder / name, folder / name)
        return folder

    def use(self, folder: Path, base: Generation | None = None) -> None:
        """List the files of a folder, have it read from now on, and clean up all but its base."""
        known = base.state.files if base else {}
        files = {
            path.name: known.get(path.name) or (path.stat().st_size, checksum(path))
            for path in folder.iterdir()
            if path.suffix in (".seg", ".toc")
        }
        analyser = base.state.analyser if base else analysis.FINGERPRINT
        state = State(SCHEMA_VERSION, analyser, open_index(folder).doc_count(), files)
        (folder / STATE).write_bytes(msgspec.json.encode(state))
        replace_text(self.path / "huidig", folder.name)
        self.clean(base.folder.name if base else "")  # somebody may have just begun to read it

    def clean(self, kept: str = "") -> None:
        """Remove what is neither in use, nor kept, nor being filled. Only while writing."""
        keep = {"huidig", _read(self.path / "huidig"), kept}
        if journal := self.journal():
            keep |= {"in-aanbouw", journal.stem, journal.name}
        for entry in self.path.iterdir() if self.path.is_dir() else ():
            if entry.name not in keep:
                shutil.rmtree(entry, ignore_errors=True) if entry.is_dir() else entry.unlink()

    def begin_journal(self, folder: Path) -> Path:
        """Have writers note their changes while a rebuild fills this folder."""
        replace_text(self.path / "in-aanbouw", folder.name)
        return self.path / f"{folder.name}.journaal"

    def end_journal(self) -> None:
        """End the journal of a rebuild: the folder is full."""
        (self.path / "in-aanbouw").unlink(missing_ok=True)

    def journal(self) -> Path | None:
        """Return where a running rebuild wants to hear of changes. Only while writing."""
        name = _read(self.path / "in-aanbouw")
        try:
            with self.lock(REBUILDING, 0):
                return None  # nobody holds it: no rebuild, or one that died
        except contract.IndexBusyError:
            return self.path / f"{name}.journaal" if name else None

    def health(self) -> Health:
        """Return the health of this index."""
        try:
            generation = self.generation()
        except contract.IndexUnusableError as unusable:
            return unusable.health
        documents = generation.state.documents
        if generation.state.analyser != analysis.FINGERPRINT:
            message = f"De index is gemaakt met oudere taalregels. {_REBUILD}"
            return Health(HealthState.OUTDATED, message, documents)
        return Health(HealthState.GOOD, "De index is in orde.", documents)


def damaged(problem: str) -> contract.IndexUnusableError:
    """Return the error that says: there are files, but not as they were written."""
    message = f"De index is beschadigd ({problem}). {_REBUILD}"
    return contract.IndexUnusableError(Health(HealthState.DAMAGED, message))


def _read_generation(folder: Path) -> Generation:
    try:
        state = msgspec.json.decode((folder / STATE).read_bytes(), type=State)
        if state.schema != SCHEMA_VERSION:
            raise contract.IndexUnusableError(_OLDER)
        for name, (size, _) in state.files.items():
            if (actual := (folder / name).stat().st_size) != size:
                raise damaged(f"{name}: {actual} in plaats van {size} bytes")
    except (OSError, msgspec.MsgspecError) as error:
        raise damaged(repr(error)) from error
    return Generation(folder, state)


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except (OSError, ValueError):
        return ""
