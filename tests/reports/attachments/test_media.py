"""What a file is, is seen by its bytes; and what comes out holds nothing but sight and sound."""

from __future__ import annotations

import struct
import subprocess
import zlib
from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pi_heif
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from stopintimidatie.core.sandbox import pictures, process
from stopintimidatie.core.sandbox.process import (
    MEGABYTE,
    Limits,
    PictureError,
    Refusal,
    memory_file,
)
from stopintimidatie.reports.attachments import cleaner
from stopintimidatie.reports.attachments.cleaner import (
    CleaningError,
    Fault,
    MediaKind,
    cleaned,
    container_of,
    is_photo,
)
from tests.support.installation import DATA, FFMPEG
from tests.support.photos import SECRET, layered_jpeg, photo

PLACE = "+51.8133+004.6690/"
WORDS = (SECRET.encode(), PLACE.encode(), b"51.8133")


def clean(data: bytes, ffmpeg: str | None = FFMPEG) -> tuple[MediaKind, str, bytes]:
    with memory_file() as file:
        file.write(data)
        with cleaned(file, ffmpeg) as made:
            content = made.content.read()
            assert len(content) == made.size
            return made.kind, made.media_type, content


def refusal(data: bytes, ffmpeg: str | None = FFMPEG) -> CleaningError:
    with pytest.raises(CleaningError) as caught:
        clean(data, ffmpeg)
    assert str(caught.value).endswith(".")
    return caught.value


def drawn_here(data: bytes) -> bytes:
    """Convert a photo as the child process does, but in this process."""
    made = BytesIO()
    pictures.draw(pictures.draw_photo, BytesIO(data), made)
    return made.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_drawn_anew_upright_and_without_a_word(kind: str) -> None:
    given_photo = photo(kind)
    assert SECRET.encode() in given_photo
    made, media_type, content = clean(given_photo)
    assert (made, media_type) == (MediaKind.PHOTO, "image/jpeg")
    assert SECRET.encode() not in content
    drawn = Image.open(BytesIO(content))
    assert drawn.size == (60, 80)  # turned as its EXIF said
    assert not drawn.getexif()
    assert set(drawn.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_what_shines_through_becomes_white() -> None:
    _, _, content = clean(photo("PNG", mode="RGBA"))
    pixel = Image.open(BytesIO(content)).getpixel((5, 5))
    assert isinstance(pixel, tuple)
    assert min(pixel) > 180


def test_a_large_photo_is_made_smaller() -> None:
    _, _, content = clean(photo(size=(4000, 1000)))
    assert max(Image.open(BytesIO(content)).size) <= pictures.LONGEST_SIDE


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be enormous."""

    def chunk(name: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + check

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize(
    "size", [(7000, 7000), (8000, 8000), (20_000, 20_000), (2**31 - 1, 2**31 - 1)]
)
def test_a_decompression_bomb_is_refused_by_its_size_alone(size: tuple[int, int]) -> None:
    refused = refusal(bomb(*size))
    assert refused.fault is Fault.TOO_LARGE
    assert "hoogstens 52 miljoen" in str(refused)
    assert "hoogstens 25 miljoen" in str(refused)


def test_what_is_too_large_is_never_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    def decoded(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(ImageFile.ImageFile, "load", decoded)
    for data in (bomb(5001, 5000), large_jpeg(8200, 6400)):
        with pytest.raises(PictureError) as caught:
            drawn_here(data)
        assert caught.value.refusal is Refusal.PIXELS


def large_jpeg(width: int, height: int) -> bytes:
    file = BytesIO()
    Image.new("L", (width, height), 90).save(file, "JPEG")
    return file.getvalue()


@pytest.mark.parametrize("size", [(8192, 6144), (24_000, 2_000)])
def test_the_largest_photo_of_a_telephone_is_taken_and_never_decoded_whole(
    monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    decoded = []
    load = ImageFile.ImageFile.load

    def watched(self: ImageFile.ImageFile) -> object:
        decoded.append(self.size)
        return load(self)

    monkeypatch.setattr(ImageFile.ImageFile, "load", watched)
    content = drawn_here(large_jpeg(*size))
    assert max(side for seen in decoded for side in seen) <= max(size) / 2
    assert max(Image.open(BytesIO(content)).size) == pictures.LONGEST_SIDE


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a" + b"\0" * 60,
        b"%PDF-1.7",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"PK\x03\x04" + b"\0" * 60,
        b"\x7fELF" + b"\0" * 60,
        b"#EXTM3U\nfile:///etc/passwd\n",
        b"\0\0\0\x18ftypavif" + b"\0" * 60,
        b"RIFF\0\0\0\0AVI " + b"\0" * 60,
        b"tekst",
    ],
)
def test_what_is_no_photo_sound_or_video_is_refused_whatever_it_is_called(data: bytes) -> None:
    assert refusal(data).fault is Fault.TYPE


def test_half_a_photo_is_refused() -> None:
    whole = photo(size=(500, 400))
    assert refusal(whole[: len(whole) // 3]).fault is Fault.BROKEN


def test_a_photo_of_a_telephone_in_heic_becomes_a_jpeg_without_a_word() -> None:
    given_photo = (DATA / "foto.heic").read_bytes()
    assert SECRET.encode() in given_photo
    assert 0x8825 in _exif_of_heic(given_photo)
    made, media_type, content = clean(given_photo)
    assert (made, media_type) == (MediaKind.PHOTO, "image/jpeg")
    assert SECRET.encode() not in content
    with Image.open(BytesIO(content)) as drawn:
        assert (drawn.format, drawn.size) == ("JPEG", (80, 60))
        assert not drawn.getexif()
        red, _, blue = drawn.convert("RGB").split()
        assert red.getpixel((60, 45)) > 150  # type: ignore[operator]
        assert blue.getpixel((10, 10)) > 150  # type: ignore[operator]
    assert refusal(given_photo[:600]).fault is Fault.BROKEN


def _exif_of_heic(data: bytes) -> dict[int, object]:
    pi_heif.register_heif_opener()
    with Image.open(BytesIO(data)) as opened:
        return dict(opened.getexif())


def test_a_photo_with_a_second_one_behind_it_is_taken_for_its_first() -> None:
    """Check a JPEG that is followed by another JPEG (MPO), as telephones save depth."""
    file = BytesIO()
    first, second = (Image.new("RGB", (80, 60), colour) for colour in ("red", "blue"))
    first.save(file, "MPO", save_all=True, append_images=[second])
    with Image.open(BytesIO(clean(file.getvalue())[2])) as drawn:
        assert drawn.getpixel((5, 5))[0] > 200  # type: ignore[index]


# --- photos that cost too much -----------------------------------------------------------------


def test_a_jpeg_of_thousands_of_scans_is_refused_before_it_is_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    attack = layered_jpeg(4000)
    assert len(attack) < 600_000
    refused = refusal(attack)
    assert refused.fault is Fault.BROKEN
    assert "meer dan 40 lagen" in str(refused)
    monkeypatch.setattr(ImageFile.ImageFile, "load", None)
    with pytest.raises(PictureError):
        drawn_here(attack)


def test_scans_are_counted_as_the_decoder_meets_them() -> None:
    few, many = layered_jpeg(20, (64, 64)), layered_jpeg(50, (64, 64))
    assert clean(few)[0] is MediaKind.PHOTO
    # Scan markers in a comment and after the end of the picture don't count.
    comment = b"\xff\xfe" + (2 + 2 * 60).to_bytes(2, "big") + b"\xff\xda" * 60
    assert not pictures.has_too_many_scans(few[:2] + comment + few[2:] + many)
    # Bytes between markers, which the decoder skips, don't hide a scan.
    assert pictures.has_too_many_scans(many.replace(b"\xff\xda", b"\x00\x01\xff\xff\xda"))
    assert not pictures.has_too_many_scans(b"\xff\xd8\xff")


@pytest.mark.parametrize(
    "bounds",
    [
        Limits(0, 10, 1024 * MEGABYTE, 50 * MEGABYTE),
        Limits(30, 10, 150 * MEGABYTE, 50 * MEGABYTE),
    ],
    ids=["time", "memory"],
)
def test_a_photo_that_asks_too_much_ends_with_its_process(
    bounds: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "LIMITS", bounds)
    refused = refusal(large_png())
    assert refused.fault is Fault.BROKEN
    assert "te veel rekenwerk" in str(refused)


def large_png() -> bytes:
    file = BytesIO()
    Image.new("RGB", (5000, 4900), "green").save(file, "PNG", compress_level=1)
    return file.getvalue()


# --- sound and video ---------------------------------------------------------------------------

PICTURE = ("-f", "lavfi", "-i", "testsrc=d=1:s=64x64:r=5")
TONE = ("-f", "lavfi", "-i", "sine=d=1:f=300")
CLIPS = {
    "film.mp4": (*PICTURE, *TONE, "-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac"),
    "film.mov": (*PICTURE, "-c:v", "libx264", "-pix_fmt", "yuv420p"),
    "film.webm": (*PICTURE, *TONE, "-c:v", "libvpx", "-c:a", "libopus"),
    "stem.m4a": (*TONE, "-c:a", "aac"),
    "stem.mp3": (*TONE, "-c:a", "libmp3lame"),
    "stem.ogg": (*TONE, "-c:a", "libopus"),
    "stem.wav": (*TONE, "-c:a", "pcm_s16le"),
    "stem.aac": (*TONE, "-c:a", "aac"),
}
EXPECTED = {
    "film.mp4": (MediaKind.VIDEO, "video/mp4"),
    "film.mov": (MediaKind.VIDEO, "video/mp4"),
    "film.webm": (MediaKind.VIDEO, "video/webm"),
    "stem.m4a": (MediaKind.SOUND, "audio/mp4"),
    "stem.mp3": (MediaKind.SOUND, "audio/mpeg"),
    "stem.ogg": (MediaKind.SOUND, "audio/ogg"),
    "stem.wav": (MediaKind.SOUND, "audio/wav"),
    "stem.aac": (MediaKind.SOUND, "audio/mp4"),
}


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """One of each, with a title, a place and a maker in it, in the file and in each stream."""
    folder, made = tmp_path_factory.mktemp("clips"), {}
    told = ("title", "comment", "artist", "com.apple.quicktime.make")
    words = [part for name in told for part in ("-metadata", f"{name}={SECRET}")]
    words += ["-metadata:s", f"handler_name={SECRET}", "-metadata:s", f"title={SECRET}"]
    words += ["-metadata", f"location={PLACE}", "-movflags", "use_metadata_tags"]
    for name, arguments in CLIPS.items():
        path = folder / name
        flags = words if name.endswith((".mp4", ".mov", ".m4a")) else words[:-2]
        command = [FFMPEG, "-loglevel", "error", *arguments, *flags, "-shortest", str(path)]
        subprocess.run(command, check=True)
        made[name] = path.read_bytes()
    return made


def look(data: bytes, folder: Path) -> str:
    """What ffmpeg tells of a file, after playing it to its end."""
    path = folder / "gemaakt"
    path.write_bytes(data)
    command = [FFMPEG, "-hide_banner", "-i", str(path), "-f", "null", "-"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stderr


@pytest.mark.parametrize(
    "name",
    [
        name if number % 4 == 0 else pytest.param(name, marks=pytest.mark.alles)
        for number, name in enumerate(CLIPS)
    ],
)
def test_a_clip_is_packed_anew_without_title_place_or_maker(
    clips: dict[str, bytes], name: str, tmp_path: Path
) -> None:
    if name != "stem.aac":
        assert SECRET.encode() in clips[name]
    kind, media_type, content = clean(clips[name])
    assert (kind, media_type) == EXPECTED[name]
    assert not [word for word in WORDS if word in content]
    told = look(content, tmp_path)
    assert SECRET not in told
    assert ("Video:" in told.partition("Output")[0]) is (kind is MediaKind.VIDEO)


def test_notes_of_the_coder_inside_the_stream_go_too(clips: dict[str, bytes]) -> None:
    assert b"x264 - core" in clips["film.mp4"]
    assert b"x264 - core" not in clean(clips["film.mp4"])[2]


def test_without_ffmpeg_photos_are_taken_and_clips_refused_in_words(
    clips: dict[str, bytes],
) -> None:
    assert clean(photo(), None)[0] is MediaKind.PHOTO
    refused = refusal(clips["film.mp4"], None)
    assert refused.fault is Fault.TYPE
    assert "alleen foto's" in str(refused)


def test_a_machine_without_ffmpeg_uses_that_of_our_own_packages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/nergens")
    assert cleaner.ffmpeg_path("ffmpeg") == FFMPEG
    assert cleaner.ffmpeg_path("ffmpeg-anders") is None
    assert cleaner.ffmpeg_path("") is None


def test_half_a_clip_is_refused_or_whole_as_far_as_it_goes(clips: dict[str, bytes]) -> None:
    for name in ("film.mp4", "stem.m4a"):
        assert refusal(clips[name][:400]).fault is Fault.BROKEN


def test_a_clip_that_takes_too_long_is_stopped(
    clips: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleaner, "BOUNDS", replace(cleaner.BOUNDS, wall_seconds=0))
    assert refusal(clips["film.mp4"]).fault is Fault.BROKEN


@given(st.binary(max_size=200), st.sampled_from(["jpeg", "png", "webp"]))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_photo_that_somebody_tampered_with_never_brings_more_than_a_refusal(
    noise: bytes, kind: str
) -> None:
    data = bytearray(photo(kind.upper(), size=(16, 16)))
    middle = len(data) // 3
    data[middle : middle + len(noise)] = noise
    with suppress(PictureError):
        drawn_here(bytes(data))


@pytest.mark.parametrize("seed", range(4))
def test_a_clip_that_somebody_tampered_with_never_brings_more_than_a_refusal(
    clips: dict[str, bytes], seed: int
) -> None:
    data = bytearray(clips["film.mp4"])
    for place in range(32 + seed, len(data), 97):
        data[place] ^= 0x55
    with suppress(CleaningError):
        clean(bytes(data))


@given(st.binary(max_size=64))
def test_sniffing_takes_any_bytes(head: bytes) -> None:
    assert not (is_photo(head) and container_of(head))
