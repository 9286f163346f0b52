"""The archive of a backup copy: what was packed comes out, and every alteration is noticed."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyrage import x25519

from stopintimidatie.backup.archive import (
    CHUNK,
    compressed,
    encrypted_stream,
    open_packer,
    open_unpacker,
    read_identity,
    write_identity,
)
from stopintimidatie.backup.manifest import (
    BackupError,
    DamagedError,
    Manifest,
    Snapshot,
    TableState,
    is_signed,
    key_marks,
    sign,
    staging,
    strange_keys,
)
from stopintimidatie.core.storage.encryption import KeyRing, new_key_ring
from tests.support.installation import make_settings

RING = new_key_ring()
PARTS = {"database/000000": b"rijen " * 2000, "database/000001": os.urandom(3000)}


def quiet(text: str) -> None:
    """Progress that nobody looks at."""


def pack(path: Path, parts: dict[str, bytes], recipients: list[x25519.Recipient]) -> Path:
    snapshot = Snapshot("sqlite", "0001", {"report": TableState(7)})
    made = datetime(2026, 11, 24, tzinfo=UTC)
    with (
        path.open("wb") as handle,
        encrypted_stream(handle, recipients) as stream,
        open_packer(stream, quiet) as packer,
    ):
        for name, data in parts.items():
            packer.add_bytes(name, data)
        raw = Manifest("1", made, snapshot, key_marks(RING), {}, tuple(packer.parts)).to_json()
        packer.finish(raw, sign(RING, raw))
    return path


def unpack(path: Path, identity: Path | None = None) -> dict[str, bytes]:
    with open_unpacker(path, identity, quiet, "Lezen") as unpacker:
        found = {name: b"".join(chunks) for name, chunks in unpacker.members()}
        assert unpacker.manifest
        assert is_signed(RING, unpacker.raw_manifest, unpacker.signature)
    return found


@pytest.fixture(params=["open", "versleuteld"])
def copy(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Path | None]:
    """A small copy, and the key to it."""
    if request.param == "open":
        return pack(tmp_path / "kopie", PARTS, []), None
    public = write_identity(tmp_path / "geheim")
    recipients = [x25519.Recipient.from_str(public)]
    return pack(tmp_path / "kopie", PARTS, recipients), tmp_path / "geheim"


def test_what_went_in_comes_out(copy: tuple[Path, Path | None]) -> None:
    assert unpack(*copy) == PARTS


def test_every_altered_byte_is_noticed(copy: tuple[Path, Path | None], tmp_path: Path) -> None:
    path, identity = copy
    good = path.read_bytes()
    # The beginning and the end in full, where headers and checksums stand; the rest by steps.
    places = [*range(120), *range(120, len(good) - 120, 29), *range(len(good) - 120, len(good))]
    altered = tmp_path / "ander"
    harmless = 0
    for place in places:
        altered.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        try:
            found = unpack(altered, identity)
        except BackupError:
            continue
        # Some bits of gzip mean nothing: the content is the very same. age has none of those.
        assert identity is None
        assert found == PARTS
        assert gzip.decompress(altered.read_bytes()) == gzip.decompress(good)
        harmless += 1
    assert harmless < len(places) / 20


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"",
        lambda data: data[:5],
        lambda data: data[: len(data) // 2],
        lambda data: data[:-1],
        lambda data: data[:-20],
        lambda data: data + b"x",
        lambda data: data + data,
    ],
    ids=["leeg", "begin", "helft", "een byte", "staart", "erachter", "dubbel"],
)
def test_a_copy_of_another_length_is_noticed(
    copy: tuple[Path, Path | None], change: Callable[[bytes], bytes]
) -> None:
    path, identity = copy
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(BackupError):
        unpack(path, identity)


def rebuilt(path: Path, change: Callable[[list[tuple[str, bytes]]], None]) -> None:
    """Pack a plain copy again, as somebody with tar and gzip could."""
    with tarfile.open(path) as tar:
        members = [(m.name, tar.extractfile(m).read()) for m in tar]  # type: ignore[union-attr]
    change(members)
    with (
        path.open("wb") as handle,
        compressed(handle) as target,
        tarfile.open(fileobj=target, mode="w|") as tar,
    ):
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def swap(members: list[tuple[str, bytes]]) -> None:
    members[0], members[1] = members[1], members[0]


def exchange(members: list[tuple[str, bytes]]) -> None:
    (one, first), (two, second) = members[:2]
    members[:2] = [(one, second), (two, first)]


def leave_out(members: list[tuple[str, bytes]]) -> None:
    del members[1]


def put_in(members: list[tuple[str, bytes]]) -> None:
    members.insert(1, ("bestanden/nieuw", b"x"))


def put_behind(members: list[tuple[str, bytes]]) -> None:
    members.append(("bestanden/nieuw", b"x"))


@pytest.mark.parametrize("change", [swap, exchange, leave_out, put_in, put_behind])
def test_parts_in_another_order_or_number_are_noticed(
    tmp_path: Path, change: Callable[[list[tuple[str, bytes]]], None]
) -> None:
    path = pack(tmp_path / "kopie", PARTS, [])
    rebuilt(path, lambda members: None)
    assert unpack(path) == PARTS
    rebuilt(path, change)
    with pytest.raises(DamagedError):
        unpack(path)


def test_another_key_says_so_and_no_key_asks_for_it(tmp_path: Path) -> None:
    public = write_identity(tmp_path / "een")
    write_identity(tmp_path / "twee")
    path = pack(tmp_path / "kopie", PARTS, [x25519.Recipient.from_str(public)])
    with pytest.raises(BackupError, match="past niet"):
        unpack(path, tmp_path / "twee")
    with pytest.raises(BackupError, match="--sleutel"):
        unpack(path)
    with pytest.raises(BackupError, match="geen leesbare sleutel"):
        unpack(path, tmp_path / "kopie")


def test_each_of_several_keys_opens_it(tmp_path: Path) -> None:
    names = ("een", "twee")
    publics = [x25519.Recipient.from_str(write_identity(tmp_path / name)) for name in names]
    path = pack(tmp_path / "kopie", PARTS, publics)
    for name in names:
        assert unpack(path, tmp_path / name) == PARTS
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


def test_a_key_is_never_written_over_another(tmp_path: Path) -> None:
    write_identity(tmp_path / "geheim")
    before = read_identity(tmp_path / "geheim")
    with pytest.raises(BackupError, match="bestaat al"):
        write_identity(tmp_path / "geheim")
    assert str(read_identity(tmp_path / "geheim")[0]) == str(before[0])


def test_a_database_is_cut_into_parts_without_being_held(tmp_path: Path) -> None:
    class Rows(io.RawIOBase):
        """Three parts and a bit, never there in full."""

        left = 3 * CHUNK + 5
        largest = 0

        def read(self, size: int = -1) -> bytes:
            self.largest = max(self.largest, size)
            size = min(size, self.left)
            self.left -= size
            return bytes(size)

    rows = Rows()
    with (tmp_path / "kopie").open("wb") as handle, open_packer(handle, quiet) as packer:
        packer.add_database(rows)  # type: ignore[arg-type]
        packer.finish(b"{}", b"")
    assert [part.size for part in packer.parts] == [CHUNK, CHUNK, CHUNK, 5]
    assert [part.name[-6:] for part in packer.parts] == ["000000", "000001", "000002", "000003"]
    assert rows.largest == CHUNK


def test_keys_are_known_by_their_mark_and_by_that_alone() -> None:
    other = new_key_ring()
    more = KeyRing(2, {1: RING.masters[1], 2: other.masters[1]})
    manifest = Manifest(
        "1", datetime.now(UTC), Snapshot("sqlite", "1", {}), key_marks(RING), {}, ()
    )
    assert strange_keys(manifest, RING) == []
    assert strange_keys(manifest, more) == []
    assert strange_keys(manifest, other) == [1]
    assert RING.masters[1].hex() not in str(key_marks(RING))
    raw = manifest.to_json()
    assert is_signed(more, raw, sign(RING, raw))
    assert not is_signed(other, raw, sign(RING, raw))
    for wrong in (b"", b"1:", b"x:y", b"9:00", sign(RING, raw + b" ")):
        assert not is_signed(RING, raw, wrong)


@pytest.mark.parametrize("name", ["../buiten", "/etc/passwd", "a/../../buiten", ""])
def test_a_file_is_never_put_outside_its_folder(tmp_path: Path, name: str) -> None:
    settings = make_settings("sqlite://", tmp_path)
    with staging(settings) as files, pytest.raises(DamagedError):
        files.add(name, [b"x"])
    assert list(tmp_path.iterdir()) == []


def test_no_thread_stays_behind_when_reading_stops_halfway(tmp_path: Path) -> None:
    public = write_identity(tmp_path / "geheim")
    big = {"database/000000": os.urandom(2_000_000), "database/000001": b"x"}
    path = pack(tmp_path / "kopie", big, [x25519.Recipient.from_str(public)])

    class EnoughError(Exception):
        pass

    def stop_at_the_first() -> None:
        with open_unpacker(path, tmp_path / "geheim", quiet, "") as unpacker:
            for _ in unpacker.members():
                raise EnoughError

    with pytest.raises(EnoughError):
        stop_at_the_first()
    assert not [t for t in threading.enumerate() if t.name == "reservekopie"]
