"""A file of a stranger → the same photo, sound or video without anything else in it.

Photos are drawn anew by Pillow: no EXIF, no place, no thumbnail, no comment survives. Sound and
video are packed anew by ffmpeg, without decoding, in a process that is bounded and can reach
nothing. What we can't clean we don't take. No file with a name is made: a killed process leaves
nothing behind.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import BinaryIO, Final

from PIL import Image, ImageFile, ImageOps

from stopintimidatie.reports.media import HEAD_BYTES, Container, MediaKind, container_of, is_photo

LIMIT: Final = 25_000_000
# What a file may ask of us, seen before it is decoded. The largest photo of a telephone has some
# 50 million points; a JPEG is decoded at a half then, and costs a second at most. The others can
# only be decoded whole: at twice this bound some seconds and 700 MB.
MOST_PIXELS: Final = {"JPEG": 52_000_000, "PNG": 25_000_000, "WEBP": 25_000_000}
LONGEST_SIDE: Final = 3_000
QUALITY: Final = 88
SECONDS: Final = 30
MEMORY: Final = 1024 * 1024 * 1024
AT_ONCE: Final = 2
CODECS: Final = {
    "mp4": {"h264", "hevc", "mpeg4", "av1", "vp9", "aac", "mp3", "alac", "opus"},
    "webm": {"vp8", "vp9", "av1", "opus", "vorbis"},
    "ogg": {"opus", "vorbis", "flac", "speex"},
    "mp3": {"mp3"},
    "wav": {"pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_u8", "pcm_f32le", "pcm_alaw", "pcm_mulaw"},
}
# In these streams a camera can leave notes of its own; those units go.
NOTES: Final = {"h264": "filter_units=remove_types=6", "hevc": "filter_units=remove_types=39-40"}
_STREAM: Final = re.compile(r"^\s+Stream #0:\d+\S*: (Video|Audio): (\w+)(.*)$", re.MULTILINE)
# Run by a Python of its own: takes away from itself what ffmpeg may not use, and becomes ffmpeg.
_BOUND: Final = """
import os, resource as r, sys
memory, seconds, size = map(int, sys.argv[1:4])
for what, most in ((r.RLIMIT_AS, memory), (r.RLIMIT_CPU, seconds), (r.RLIMIT_FSIZE, size),
                   (r.RLIMIT_NOFILE, 64), (r.RLIMIT_CORE, 0)):
    hard = r.getrlimit(what)[1]
    bound = most if hard == r.RLIM_INFINITY else min(most, hard)
    r.setrlimit(what, (bound, bound))
os.execv(sys.argv[4], sys.argv[4:])
"""
_places: Final = threading.BoundedSemaphore(AT_ONCE)


class Fault(Enum):
    """Why a file isn't taken."""

    TYPE = "soort"
    TOO_LARGE = "te groot"
    BROKEN = "onleesbaar"


class CleaningError(Exception):
    """The file isn't taken; the message tells the reporter why and what to do."""

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(message)
        self.fault = fault


@dataclass(frozen=True)
class Cleaned:
    """A file with nothing in it but what is seen and heard."""

    kind: MediaKind
    media_type: str
    content: BinaryIO
    size: int


_UNKNOWN: Final = (
    "Dit soort bestand nemen wij niet aan. Stuur een foto (JPEG, PNG, WebP), geluid (MP3, M4A, WAV,"
    " Ogg) of een video (MP4, MOV, WebM)."
)
_UNREADABLE: Final = "Dit bestand is niet te lezen. Maak het opnieuw, of kies een ander bestand."
_NO_FFMPEG: Final = (
    "Hier kunt u nu alleen foto's meesturen, geen geluid of video. Beschrijf in woorden wat erop"
    " staat; de gemeente kan ernaar vragen."
)


def too_large() -> CleaningError:
    return CleaningError(
        Fault.TOO_LARGE,
        f"Dit bestand is groter dan {LIMIT // 1_000_000} MB. Stuur een korter stuk of een kleinere"
        " foto.",
    )


def _too_many_pixels() -> CleaningError:
    most, other = MOST_PIXELS["JPEG"] // 1_000_000, MOST_PIXELS["PNG"] // 1_000_000
    return CleaningError(
        Fault.TOO_LARGE,
        f"Deze foto heeft te veel punten (pixels). Een JPEG mag er hoogstens {most} miljoen hebben,"
        f" een PNG of WebP hoogstens {other} miljoen. Maak de foto kleiner, of stuur een JPEG.",
    )


@contextmanager
def memory_file() -> Iterator[BinaryIO]:
    """A file that is only in memory, and that a child process can open."""
    with os.fdopen(os.memfd_create("bijlage", os.MFD_CLOEXEC), "w+b") as file:
        yield file


@contextmanager
def cleaned(source: BinaryIO, ffmpeg: str | None) -> Iterator[Cleaned]:
    """The file, cleaned.

    :param source: from `memory_file`, filled.
    :param ffmpeg: the programme; None where there is none.
    :raises CleaningError: it isn't taken.
    """
    source.flush()
    source.seek(0)
    head = source.read(HEAD_BYTES)
    source.seek(0)
    with _places, memory_file() as target:
        if is_photo(head):
            _draw_photo(source, target)
            kind, media_type = MediaKind.PHOTO, "image/jpeg"
        else:
            kind, media_type = _pack_clip(source, target, container_of(head), ffmpeg)
        size = target.seek(0, os.SEEK_END)
        if not size:
            raise CleaningError(Fault.BROKEN, _UNREADABLE)
        target.seek(0)
        yield Cleaned(kind, media_type, target, size)


def _draw_photo(source: BinaryIO, target: BinaryIO) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            photo = _drawn(source)
    except CleaningError:
        raise
    except Image.DecompressionBombError:  # Pillow has a bound of its own, far above ours
        raise _too_many_pixels() from None
    except Exception:  # decoders fail in many ways on what a stranger made up; none is ours
        raise CleaningError(Fault.BROKEN, _UNREADABLE) from None
    photo.save(target, "JPEG", quality=QUALITY)
    target.flush()


def _drawn(source: BinaryIO) -> Image.Image:
    """The first picture, upright, without transparency and no larger than is useful."""
    # WeasyPrint, where it shares the process, lets Pillow take half a picture for a whole one.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    with Image.open(source, formats=("JPEG", "PNG", "WEBP")) as opened:
        if opened.width * opened.height > MOST_PIXELS[opened.format or "PNG"]:
            raise _too_many_pixels()
        # A JPEG is then decoded at a half or a quarter: less memory, nothing lost. And made smaller
        # before it is turned, so that no copy is made of it as large as it came.
        factor = LONGEST_SIDE / max(opened.size)
        opened.draft("RGB", (int(opened.width * factor), int(opened.height * factor)))
        opened.load()
        opened.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        upright = ImageOps.exif_transpose(opened) or opened
        flat = Image.new("RGB", upright.size, "white")
        clear = (
            upright.convert("RGBA")
            if "A" in upright.getbands() or "transparency" in (upright.info)
            else None
        )
        flat.paste(clear or upright.convert("RGB"), mask=clear)
        return flat


def ffmpeg_path(wanted: str) -> str | None:
    """Where the programme is; None when it isn't on this machine."""
    return shutil.which(wanted) if wanted else None


def _pack_clip(
    source: BinaryIO, target: BinaryIO, container: Container | None, ffmpeg: str | None
) -> tuple[MediaKind, str]:
    if container is None:
        raise CleaningError(Fault.TYPE, _UNKNOWN)
    if ffmpeg is None:
        raise CleaningError(Fault.TYPE, _NO_FFMPEG)
    with _own_clip(source) as given:
        streams = _streams(ffmpeg, given, container)
        video, sound = streams.get("Video"), streams.get("Audio")
        if not {name for name in (video, sound) if name} <= CODECS[container.writes]:
            raise CleaningError(Fault.TYPE, _UNKNOWN)
        if video is None and sound is None:
            raise CleaningError(Fault.BROKEN, _UNREADABLE)
        arguments = _packing(container, video, sound)
        _run(ffmpeg, [*_reading(given, container), *arguments, _path(target)], (given, target))
    if video is not None:
        return MediaKind.VIDEO, container.video_type
    return MediaKind.SOUND, container.sound_type


@contextmanager
def _own_clip(source: BinaryIO) -> Iterator[BinaryIO]:
    """The source as a file of its own, should it be one that a child can't open."""
    try:
        source.fileno()
    except OSError:
        with memory_file() as copy:
            shutil.copyfileobj(source, copy)
            copy.flush()
            yield copy
        return
    yield source


def _path(file: BinaryIO) -> str:
    return f"/proc/self/fd/{file.fileno()}"


def _reading(given: BinaryIO, container: Container) -> list[str]:
    """The reader is named: nothing that ffmpeg would guess (a playlist, say) is opened."""
    return [
        *("-hide_banner", "-nostdin", "-y", "-threads", "1"),
        *("-protocol_whitelist", "file"),
        *("-f", container.reads, "-i", _path(given)),
    ]


def _streams(ffmpeg: str, given: BinaryIO, container: Container) -> dict[str, str]:
    """The first video and the first sound, by the name of their coding."""
    told = _run(ffmpeg, _reading(given, container), (given,), looking=True)
    found: dict[str, str] = {}
    for what, codec, more in _STREAM.findall(told):
        if what == "Video" and (container.sound_only or "attached pic" in more):
            continue
        found.setdefault(what, codec)
    return found


def _packing(container: Container, video: str | None, sound: str | None) -> list[str]:
    """Copied as it is; all that stands around it left out."""
    chosen = [*(("-map", "0:v:0") if video else ()), *(("-map", "0:a:0") if sound else ())]
    notes = ["-bsf:v", NOTES[video]] if video in NOTES else []
    own = ("-id3v2_version", "0", "-write_xing", "0") if container.writes == "mp3" else ()
    return [
        *chosen,
        *("-map_metadata", "-1", "-map_metadata:s", "-1", "-map_chapters", "-1", "-dn", "-sn"),
        *("-c", "copy", *notes, "-fflags", "+bitexact", "-flags:v", "+bitexact"),
        *("-flags:a", "+bitexact", *own, "-fs", str(2 * LIMIT), "-f", container.writes),
    ]


def _run(
    ffmpeg: str, arguments: Sequence[str], files: Sequence[BinaryIO], *, looking: bool = False
) -> str:
    """Run ffmpeg within its bounds; what it said.

    :param looking: only to hear what is in a file, for which ffmpeg always ends with 1.
    """
    bounds = [str(MEMORY), str(SECONDS), str(3 * LIMIT)]
    child = subprocess.Popen(  # noqa: S603
        [sys.executable, "-I", "-S", "-c", _BOUND, *bounds, ffmpeg, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=[file.fileno() for file in files],
        env={"PATH": os.defpath, "LANG": "C.UTF-8"},
        cwd="/",
        start_new_session=True,
    )
    try:
        _, told = child.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        raise CleaningError(Fault.BROKEN, _UNREADABLE) from None
    if child.returncode != (1 if looking else 0):
        raise CleaningError(Fault.BROKEN, _UNREADABLE)
    return told.decode("utf-8", "replace")
