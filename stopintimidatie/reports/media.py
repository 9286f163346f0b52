"""Which photo, sound or video some bytes are, by the bytes themselves. Pure.

What a client says of a file (its name, its type) is never looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

HEAD_BYTES: Final = 64
# Offered by the file dialog of a browser; HEIC by extension too: not every system knows its type.
PHOTO_TYPES: Final = "image/jpeg,image/heic,image/heif,.heic,.heif,image/png,image/webp"


class MediaKind(StrEnum):
    """What a reporter can send along."""

    PHOTO = "foto"
    SOUND = "geluid"
    VIDEO = "video"


@dataclass(frozen=True, slots=True)
class Container:
    """How a clip is read and written again: ffmpeg's names, and the type that we give it.

    :param sound_only: cover art and the like are left out.
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
    """The kind of clip, or None when it is none that we take."""
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
    """MP3 (with or without ID3 in front) and AAC in ADTS frames, by their first frame."""
    if head.startswith(b"ID3"):
        return MP3
    if len(head) < 2 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    layer = head[1] & 0x06
    if layer == 0:
        return AAC if head[1] & 0xF0 == 0xF0 else None
    return MP3 if layer == 0x02 else None
