"""Cleaning of uploaded files: the same photo, sound or video, without any metadata.

The kind of a file is recognised by its bytes; the name and type that a client gives are ignored.
Pillow decodes and encodes photos again, which drops EXIF, location, thumbnails and comments. ffmpeg
puts sound and video in a new container, without decoding. Both run in a child process with limits
and without access to anything else. A file that can't be cleaned is refused. No file with a name
is made, so a killed process leaves nothing behind.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, BinaryIO, Final

from imageio_ffmpeg import get_ffmpeg_exe

from stopintimidatie.core.sandbox import process
from stopintimidatie.core.sandbox.process import (
    MOST_PIXELS,
    MOST_PIXELS_OTHERWISE,
    MOST_SCANS,
    Limits,
    PictureError,
    Refusal,
    limited_command,
    memory_file,
    run,
)
from stopintimidatie.core.scanner import Scanner, ScannerError, Trouble
from stopintimidatie.core.storage.files import free_megabytes
from stopintimidatie.core.text import _, file_size
from stopintimidatie.core.web.limits import PUBLIC_UPLOAD, heavy_work
from stopintimidatie.core.web.translation import gettext

log = logging.getLogger(__name__)

HEAD_BYTES: Final = 64
# Offered by the file dialog of a browser; HEIC by extension too: not every system knows its type.
PHOTO_TYPES: Final = "image/jpeg,image/heic,image/heif,.heic,.heif,image/png,image/webp"


class MediaKind(StrEnum):
    """The kinds of file that a reporter can send along."""

    PHOTO = "foto"
    SOUND = "geluid"
    VIDEO = "video"
    # A file that nobody opened.
    RAW = "bestand"


@dataclass(frozen=True, slots=True)
class Container:
    """The format of a clip: how it is read and written again, and the type that we give it.

    `sound_only`: cover art and the like are left out.
    """

    reads: str
    writes: str
    video_type: str
    sound_type: str
    sound_only: bool = False


MP4: Final = Container("mov", "mp4", "video/mp4", "audio/mp4")
M4A: Final = Container("mov", "mp4", "video/mp4", "audio/mp4", sound_only=True)
WEBM: Final = Container("matroska", "webm", "video/webm", "audio/webm")
OGG: Final = Container("ogg", "ogg", "video/ogg", "audio/ogg", sound_only=True)
MP3: Final = Container("mp3", "mp3", "video/mp4", "audio/mpeg", sound_only=True)
WAV: Final = Container("wav", "wav", "video/mp4", "audio/wav", sound_only=True)
AAC: Final = Container("aac", "mp4", "video/mp4", "audio/mp4", sound_only=True)

_M4A_BRANDS: Final = (b"M4A ", b"M4B ", b"M4P ")
# Brands of HEIC photos, as telephones take them; such a file begins with the same box as video.
_HEIC_BRANDS: Final = (b"heic", b"heix", b"heim", b"heis", b"mif1")
_PHOTO_BRANDS: Final = (*_HEIC_BRANDS, b"msf1", b"hevc", b"hevx", b"avif", b"avis")
EXTENSIONS: Final = {
    "image/jpeg": "jpg",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "audio/mp4": "m4a",
    "audio/webm": "weba",
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
}


def is_photo(head: bytes) -> bool:
    """Tell whether a file begins as JPEG, HEIC, PNG or WebP does."""
    webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    heic = head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS
    return head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or webp or heic


def container_of(head: bytes) -> Container | None:
    """Return the kind of clip, or None when it is none that we take."""
    if head[4:8] == b"ftyp" and head[8:12] not in _PHOTO_BRANDS:
        return M4A if head[8:12] in _M4A_BRANDS else MP4
    if head[4:8] in (b"moov", b"mdat", b"wide", b"free") and len(head) >= 16:
        return MP4  # an old QuickTime film
    if head.startswith(b"\x1aE\xdf\xa3"):
        return WEBM
    if head.startswith(b"OggS"):
        return OGG
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return WAV
    return _raw_sound(head)


def _raw_sound(head: bytes) -> Container | None:
    """Recognise MP3 (with or without ID3 in front) and AAC in ADTS by their first frame."""
    if head.startswith(b"ID3"):
        return MP3
    if len(head) < 2 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    layer = head[1] & 0x06
    if layer == 0:
        return AAC if head[1] & 0xF0 == 0xF0 else None
    return MP3 if layer == 0x02 else None


# Limits of ffmpeg, which copies the streams and decodes nothing.
BOUNDS: Final = Limits(30, 30, 1024 * 1024 * 1024, 3 * PUBLIC_UPLOAD, yields=5)
CODECS: Final = {
    "mp4": {"h264", "hevc", "mpeg4", "av1", "vp9", "aac", "mp3", "alac", "opus"},
    "webm": {"vp8", "vp9", "av1", "opus", "vorbis"},
    "ogg": {"opus", "vorbis", "flac", "speex"},
    "mp3": {"mp3"},
    "wav": {"pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_u8", "pcm_f32le", "pcm_alaw", "pcm_mulaw"},
}
# Filters that drop the units of a stream in which a camera can leave notes.
NOTES: Final = {"h264": "filter_units=remove_types=6", "hevc": "filter_units=remove_types=39-40"}
_STREAM: Final = re.compile(r"^[ \t]+Stream #0:\d+\S*: (Video|Audio): (\w+)(.*)$", re.MULTILINE)


class Fault(Enum):
    """The reasons to refuse a file."""

    TYPE = "soort"
    TOO_LARGE = "te groot"
    BROKEN = "onleesbaar"
    STOPPED = "tegengehouden"
    NOT_SCANNED = "niet nagekeken"
    NO_ROOM = "schijf vol"
    SPENT = "te veel vandaag"
    OTHER_FILE = "ander bestand"


class CleaningError(Exception):
    """Refusal of a file; the message tells the reporter why and what to do."""

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(message)
        self.fault = fault


class StoppedError(CleaningError):
    """Refusal of a file in which the virus scanner knew something; nobody opened it.

    `kept`: it lies sealed with its report for a while.
    """

    def __init__(self, signature: str, *, kept: bool = True) -> None:
        super().__init__(Fault.STOPPED, _STOPPED if kept else _STOPPED_TOO_OFTEN)
        self.signature = signature


# Refusals of what may be sent again, later.
LATER: Final = (Fault.NOT_SCANNED, Fault.NO_ROOM)


@dataclass(frozen=True)
class Cleaned:
    """A cleaned file: nothing in it but picture and sound."""

    kind: MediaKind
    media_type: str
    content: BinaryIO
    size: int


_STOPPED: Final = _(
    "Dit bestand kunnen wij niet aannemen: de virusscanner houdt het tegen. Dat kan gebeuren zonder"
    " dat u er iets van weet. Uw melding is wel goed binnengekomen. Maak een schermafdruk van de"
    " foto en stuur die, of beschrijf in woorden wat erop staat. De gemeente kan het bestand niet"
    " openen; na 30 dagen wordt het vernietigd."
)
_STOPPED_TOO_OFTEN: Final = _(
    "Dit bestand kunnen wij niet aannemen: de virusscanner houdt het tegen, net als de bestanden"
    " hiervoor. Uw melding is wel goed binnengekomen. Beschrijf in woorden wat er op de foto staat."
    " Niemand opent het bestand, en wij bewaren het niet."
)
_NOT_SCANNED: Final = _(
    "Wij kunnen nu geen bestanden nakijken. Daarom nemen wij er even geen aan. Uw melding is wel"
    " goed binnengekomen. Bewaar het bestand en stuur het over een kwartier nog een keer."
)
_NO_ROOM: Final = _(
    "Er is nu te weinig ruimte om bestanden te bewaren. Meldingen en berichten komen gewoon binnen."
    " Bewaar het bestand en stuur het later nog een keer."
)
_UNKNOWN: Final = _(
    "Dit soort bestand nemen wij niet aan. Stuur een foto (JPEG, HEIC, PNG, WebP), geluid (MP3,"
    " M4A, AAC, WAV, Ogg) of een video (MP4, MOV, WebM)."
)
_UNREADABLE: Final = _("Dit bestand is niet te lezen. Maak het opnieuw, of kies een ander bestand.")
_TOO_HEAVY: Final = _(
    "Dit bestand kost te veel rekenwerk. Maak het kleiner, of sla een foto opnieuw op als gewone"
    " JPEG, en stuur het dan."
)
_MOST: Final = {
    "jpeg": MOST_PIXELS["JPEG"] // 1_000_000,
    "png": MOST_PIXELS_OTHERWISE // 1_000_000,
    "scans": MOST_SCANS,
}
_NO_FFMPEG: Final = _(
    "Hier kunt u nu alleen foto's meesturen, geen geluid of video. Beschrijf in woorden wat erop"
    " staat; de gemeente kan ernaar vragen."
)


def too_large() -> CleaningError:
    """Return the refusal of a file that is too large, with what to do."""
    return CleaningError(
        Fault.TOO_LARGE,
        gettext(
            "Dit bestand is groter dan %(most)s. Stuur een korter stuk of een kleinere foto.",
            most=file_size(PUBLIC_UPLOAD),
        ),
    )


_REFUSALS: Final = {
    Refusal.PIXELS: (
        Fault.TOO_LARGE,
        _(
            "Deze foto heeft te veel punten (pixels). Een JPEG of HEIC mag er hoogstens %(jpeg)s"
            " miljoen hebben, een PNG of WebP hoogstens %(png)s miljoen. Maak de foto kleiner, of"
            " stuur een JPEG."
        ),
    ),
    Refusal.SCANS: (
        Fault.BROKEN,
        _(
            "Deze foto is in meer dan %(scans)s lagen opgeslagen. Zo nemen wij hem niet aan. Sla"
            " hem opnieuw op als gewone JPEG, of maak er een schermafdruk van, en stuur die."
        ),
    ),
    Refusal.HEAVY: (Fault.BROKEN, _TOO_HEAVY),
}


@contextmanager
def cleaned(source: BinaryIO, ffmpeg: str | None) -> Iterator[Cleaned]:
    """Yield the file, cleaned.

    Args:
        source: from `memory_file`, filled.
        ffmpeg: the programme; None where there is none.

    Raises:
        CleaningError: It isn't taken.
    """
    with memory_file() as target:
        yield _clean(source, target, ffmpeg)


@contextmanager
def cleaned_apart(
    request: Any, source: BinaryIO, note: Callable[[StoppedError], None] | None = None
) -> Iterator[Cleaned]:
    """Clean the file for a request, outside its transaction and its place in the application.

    The virus scanner looks first: what it stops is never decoded. `note` is told of that, while
    the request has no transaction.

    Raises:
        StoppedError: The virus scanner knows something that is in it.
        CleaningError: The file is refused, there is a scanner that couldn't look, or so little
            room is left that it is kept for reports.
        NoPlaceError: Too many files are being cleaned.
    """
    registry = request.registry
    if free_megabytes(registry.app_settings) < registry.app_settings.disk_floor_megabytes:
        raise CleaningError(Fault.NO_ROOM, _NO_ROOM)
    ffmpeg = ffmpeg_path(registry.app_settings.ffmpeg)
    with memory_file() as target:
        with heavy_work(request):
            try:
                scan(registry.scanner, source)
            except StoppedError as stopped:
                if note is not None:
                    note(stopped)
                raise
            made = _clean(source, target, ffmpeg)
        yield made


def scan(scanner: Scanner | None, source: BinaryIO) -> None:
    """Have the virus scanner look at a file, where there is one.

    Raises:
        StoppedError: It knows something that is in it.
        CleaningError: It couldn't look.
    """
    if scanner is None:
        return
    try:
        signature = scanner.scan(source)
    except ScannerError as error:
        log.warning("a file was not scanned: %s", error.trouble.value)
        if error.trouble is Trouble.TOO_LARGE:
            raise too_large() from None
        raise CleaningError(Fault.NOT_SCANNED, _NOT_SCANNED) from None
    if signature is not None:
        raise StoppedError(signature)


def _clean(source: BinaryIO, target: BinaryIO, ffmpeg: str | None) -> Cleaned:
    source.flush()
    source.seek(0)
    head = source.read(HEAD_BYTES)
    source.seek(0)
    if is_photo(head):
        _draw_photo(source, target)
        kind, media_type = MediaKind.PHOTO, "image/jpeg"
    else:
        kind, media_type = _pack_clip(source, target, container_of(head), ffmpeg)
    size = target.seek(0, os.SEEK_END)
    if not size:
        raise CleaningError(Fault.BROKEN, _UNREADABLE)
    target.seek(0)
    return Cleaned(kind, media_type, target, size)


def _draw_photo(source: BinaryIO, target: BinaryIO) -> None:
    try:
        process.draw(process.PHOTO, source, target)
    except PictureError as refused:
        fault, words = _REFUSALS.get(refused.refusal, (Fault.BROKEN, _UNREADABLE))
        raise CleaningError(fault, gettext(words, **_MOST)) from None


def ffmpeg_path(wanted: str) -> str | None:
    """Return where the programme is; None when it isn't on this machine.

    For `ffmpeg` there is always one: where the machine has none, that of our own packages.
    """
    if not wanted:
        return None
    return shutil.which(wanted) or (get_ffmpeg_exe() if wanted == "ffmpeg" else None)


def _pack_clip(
    source: BinaryIO, target: BinaryIO, container: Container | None, ffmpeg: str | None
) -> tuple[MediaKind, str]:
    if container is None:
        raise CleaningError(Fault.TYPE, _UNKNOWN)
    if ffmpeg is None:
        raise CleaningError(Fault.TYPE, _NO_FFMPEG)
    streams = _streams(ffmpeg, source, container)
    video, sound = streams.get("Video"), streams.get("Audio")
    if not {name for name in (video, sound) if name} <= CODECS[container.writes]:
        raise CleaningError(Fault.TYPE, _UNKNOWN)
    if video is None and sound is None:
        raise CleaningError(Fault.BROKEN, _UNREADABLE)
    arguments = _packing(container, video, sound)
    _run(ffmpeg, [*_reading(source, container), *arguments, _path(target)], (source, target))
    if video is not None:
        return MediaKind.VIDEO, container.video_type
    return MediaKind.SOUND, container.sound_type


def _path(file: BinaryIO) -> str:
    return f"/proc/self/fd/{file.fileno()}"


def _reading(given: BinaryIO, container: Container) -> list[str]:
    """Return the options that name the reader, so that ffmpeg guesses nothing (a playlist, say)."""
    return [
        *("-hide_banner", "-nostdin", "-y", "-threads", "1"),
        *("-protocol_whitelist", "file"),
        *("-f", container.reads, "-i", _path(given)),
    ]


def _streams(ffmpeg: str, given: BinaryIO, container: Container) -> dict[str, str]:
    """Return the first video and the first sound, by the name of their coding."""
    report = _run(ffmpeg, _reading(given, container), (given,), looking=True)
    streams: dict[str, str] = {}
    for kind, codec, more in _STREAM.findall(report):
        if kind == "Video" and (container.sound_only or "attached pic" in more):
            continue
        streams.setdefault(kind, codec)
    return streams


def _packing(container: Container, video: str | None, sound: str | None) -> list[str]:
    """Return the options that copy the streams as they are, without all that stands around them."""
    chosen = [*(("-map", "0:v:0") if video else ()), *(("-map", "0:a:0") if sound else ())]
    notes = ["-bsf:v", NOTES[video]] if video in NOTES else []
    own = ("-id3v2_version", "0", "-write_xing", "0") if container.writes == "mp3" else ()
    return [
        *chosen,
        *("-map_metadata", "-1", "-map_metadata:s", "-1", "-map_chapters", "-1", "-dn", "-sn"),
        *("-c", "copy", *notes, *own, "-fflags", "+bitexact", "-flags:v", "+bitexact"),
        *("-flags:a", "+bitexact", "-fs", str(2 * PUBLIC_UPLOAD), "-f", container.writes),
    ]


def _run(
    ffmpeg: str, arguments: Sequence[str], files: Sequence[BinaryIO], *, looking: bool = False
) -> str:
    """Run ffmpeg within its limits; return its messages.

    `looking`: only to hear what is in a file, for which ffmpeg always ends with 1.
    """
    ended = run([*limited_command(BOUNDS, ffmpeg), *arguments], files, BOUNDS.wall_seconds)
    if ended.too_heavy:
        raise CleaningError(Fault.BROKEN, _TOO_HEAVY)
    if ended.code != (1 if looking else 0):
        raise CleaningError(Fault.BROKEN, _UNREADABLE)
    return ended.errors
