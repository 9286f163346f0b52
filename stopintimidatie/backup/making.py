"""Making a backup copy while the product runs."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from io import FileIO
from pathlib import Path
from types import ModuleType
from typing import Final

from sqlalchemy import Engine

from stopintimidatie.audit import Actor, record
from stopintimidatie.backup import postgresql, sqlite
from stopintimidatie.backup.archive import KEYS, Packer, Progress, packing
from stopintimidatie.backup.errors import BackupError, unwritable
from stopintimidatie.backup.files import COPY_PREFIX, WORK_PREFIX, kept_files
from stopintimidatie.backup.manifest import Manifest, kept_settings, key_marks, sign
from stopintimidatie.backup.sealing import recipients_of, sealed
from stopintimidatie.clock import utc_now
from stopintimidatie.home.version import VERSION
from stopintimidatie.settings import Settings
from stopintimidatie.storage import NATIONAL, transaction
from stopintimidatie.storage.encryption import load_key_ring

UNFINISHED: Final = ".deel"
CHECKSUM: Final = ".sha256"
LOCK: Final = ".reservekopie.lock"
# What a killed attempt left behind is cleared by a later one.
LEFTOVER_SECONDS: Final = 24 * 3600


@dataclass(frozen=True)
class Made:
    """A finished copy."""

    path: Path
    size: int
    sha256: str
    manifest: Manifest
    encrypted: bool


class _Target(FileIO):
    """The file under its temporary name; hashes what is written."""

    def __init__(self, path: Path) -> None:
        super().__init__(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self.sha256 = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:  # type: ignore[override]
        view = memoryview(data)
        while view:
            # A raw file may take less than it was offered.
            view = view[super().write(view) :]
        self.sha256.update(data)
        self.size += len(data)
        return len(data)


def database_module(settings: Settings) -> ModuleType:
    """The module that knows this installation's kind of database."""
    return sqlite if settings.sqlite else postgresql


def make_backup(
    settings: Settings,
    engine: Engine,
    folder: Path,
    actor: Actor,
    progress: Progress,
    *,
    with_keys: bool = False,
) -> Made:
    """Make a copy in a folder; it gets its name only when it is complete.

    :raises BackupError: it couldn't be made; nothing is left behind.
    """
    if with_keys and not settings.backup_recipients:
        raise BackupError(
            "Sleutels gaan alleen mee in een versleutelde reservekopie. Vul eerst backup.recipient"
            " in, of bewaar het sleutelbestand apart."
        )
    if not folder.is_dir():
        raise BackupError(
            f"De map {folder} bestaat niet. Maak haar, of koppel de schijf aan, en begin opnieuw."
        )
    moment = utc_now()
    try:
        with alone(settings), _new_file(folder, _name(settings, moment)) as (target, path):
            manifest = _write(settings, target, moment, progress, with_keys=with_keys)
            _log(engine, actor, path)
        return Made(path, target.size, target.sha256.hexdigest(), manifest, _is_sealed(settings))
    except OSError as error:
        raise unwritable(error) from None


def _is_sealed(settings: Settings) -> bool:
    return bool(settings.backup_recipients)


def _name(settings: Settings, moment: datetime) -> str:
    ending = ".tar.gz.age" if _is_sealed(settings) else ".tar.gz"
    return f"{COPY_PREFIX}{moment:%Y%m%dT%H%M%SZ}{ending}"


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """One copy at a time; the kernel lets go when a process dies."""
    descriptor = os.open(settings.data_dir / LOCK, os.O_WRONLY | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError(
                "Er wordt al een reservekopie gemaakt. Wacht tot die klaar is."
            ) from None
        # A snapshot that a killed attempt left: nobody else is making one now.
        for left in settings.data_dir.glob(f"{WORK_PREFIX}*/"):
            shutil.rmtree(left)
        yield


@contextmanager
def _new_file(folder: Path, name: str) -> Iterator[tuple[_Target, Path]]:
    """A file that appears under its name when it is complete, and never over another."""
    path = folder / name
    if path.exists():
        raise BackupError(f"{path} bestaat al. Begin over een seconde opnieuw.")
    _clear_leftovers(folder)
    unfinished = folder / f".{name}{UNFINISHED}"
    target = _Target(unfinished)
    try:
        with target:
            yield target, path
            os.fsync(target.fileno())
        _publish(unfinished, path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    checksum = f"{target.sha256.hexdigest()}  {name}\n".encode("ascii")
    with _Target(path.with_name(name + CHECKSUM)) as handle:
        handle.write(checksum)


def _publish(unfinished: Path, path: Path) -> None:
    # Taking the name first makes overwriting impossible, also where there are no hard links.
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    unfinished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _clear_leftovers(folder: Path) -> None:
    for path in folder.glob(f".{COPY_PREFIX}*{UNFINISHED}"):
        if time.time() - path.stat().st_mtime > LEFTOVER_SECONDS:
            path.unlink()


def _write(
    settings: Settings, target: _Target, moment: datetime, progress: Progress, *, with_keys: bool
) -> Manifest:
    load_key_ring(settings.key_file)  # without keys there is no use in beginning
    recipients = recipients_of(settings.backup_recipients)
    with sealed(target, recipients) as stream, packing(stream, progress) as packer:
        snapshot = database_module(settings).pack(settings, packer, progress)
        _add_files(settings, packer)
        # After the snapshot: a key that was added meanwhile may be in use in it.
        ring = load_key_ring(settings.key_file)
        if with_keys:
            packer.add_bytes(KEYS, settings.key_file.read_bytes())
        manifest = Manifest(VERSION, moment, snapshot, key_marks(ring), kept_settings(settings))
        manifest = replace(manifest, parts=tuple(packer.parts))
        raw = manifest.to_json()
        packer.finish(raw, sign(ring, raw))
    return manifest


def _add_files(settings: Settings, packer: Packer) -> None:
    for name, path in kept_files(settings):
        packer.add_file(name, path)


def _log(engine: Engine, actor: Actor, path: Path) -> None:
    """Before the copy gets its name: what isn't in the log isn't made."""
    with transaction(engine, NATIONAL) as session:
        record(session, actor, "reservekopie.gemaakt", NATIONAL, "reservekopie", reason=path.name)
