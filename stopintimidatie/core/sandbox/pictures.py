"""Conversion of an uploaded picture to the same picture without metadata, in a child process.

Pillow decodes and encodes it again, which drops EXIF, location, thumbnails and comments. A picture
that would take long is refused before it is decoded, where that can be seen.

Run as ``python -m stopintimidatie.core.sandbox.pictures LIMITS DRAWING SOURCE TARGET``; the last
two are numbers of files that the parent opened. Before it decodes anything it limits its memory and
time, and makes sure that it can open no other file or socket. When a picture is refused it writes
the reason, one word, to standard output.
"""

from __future__ import annotations

import os
import re
import resource
import sys
import warnings
from collections.abc import Callable
from io import BytesIO
from typing import BinaryIO, Final

from PIL import Image, ImageFile, ImageOps, MpoImagePlugin, TiffImagePlugin, WebPImagePlugin

from stopintimidatie.core.sandbox.process import (
    LOGO_BYTES,
    LOGO_PIXELS,
    MOST_PIXELS,
    MOST_PIXELS_OTHERWISE,
    MOST_SCANS,
    Limits,
    PictureError,
    Refusal,
)

REFUSED: Final = 3
LONGEST_SIDE: Final = 3_000
QUALITY: Final = 88
LOGO_WIDEST: Final = 800
# Pillow imports these when it opens such a file; too late, for by then no file can be opened.
_PARTS: Final = (MpoImagePlugin, TiffImagePlugin, WebPImagePlugin)
# A marker that begins a segment: not a stuffed FF or a restart marker, which occur within a scan.
_MARKER: Final = re.compile(rb"\xff+([^\xff\x00\x01\xd0-\xd8])", re.DOTALL)
_SCAN: Final = b"\xda"
_END: Final = b"\xd9"


Drawing = Callable[[BinaryIO, BinaryIO], None]


def draw(
    drawing: Drawing, source: BinaryIO, target: BinaryIO, then: Callable[[], None] = lambda: None
) -> None:
    """Convert a picture with this function and write it to `target`.

    `then`: called after the decoder is loaded, before the picture is decoded.

    Raises:
        PictureError: the picture is refused.
    """
    _load_decoder(source)
    then()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            drawing(source, target)
    except PictureError:
        raise
    except MemoryError:
        raise PictureError(Refusal.HEAVY) from None
    except Image.DecompressionBombError:  # Pillow's own limit, far above ours
        raise PictureError(Refusal.PIXELS) from None
    except Exception:  # decoders raise many kinds of errors on a malformed file
        raise PictureError(Refusal.BROKEN) from None
    target.flush()


def _load_decoder(source: BinaryIO) -> None:
    # WeasyPrint, in the same process, makes Pillow accept a truncated picture.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    Image.preinit()
    if source.read(8)[4:] == b"ftyp":
        import pi_heif

        pi_heif.register_heif_opener(thumbnails=False, decode_threads=1)
    source.seek(0)


def draw_photo(source: BinaryIO, target: BinaryIO) -> None:
    """Write the first picture in the file as a JPEG: upright, on white, at most `LONGEST_SIDE`.

    Raises:
        PictureError: it has too many pixels or scans.
    """
    head = source.read(2)
    source.seek(0)
    if head == b"\xff\xd8" and has_too_many_scans(source.read()):
        raise PictureError(Refusal.SCANS)
    source.seek(0)
    _drawn(source).save(target, "JPEG", quality=QUALITY)


def has_too_many_scans(jpeg: bytes) -> bool:
    """Tell whether a JPEG has more scans than any camera or program makes; each costs time."""
    position, scans = 2, 0
    while scans <= MOST_SCANS:
        marker = _MARKER.search(jpeg, position)
        if marker is None or marker[1] == _END:
            return False
        scans += marker[1] == _SCAN
        # The two bytes after a marker are the length of its segment; scan data follows a scan's
        # segment.
        position = marker.end() + int.from_bytes(jpeg[marker.end() : marker.end() + 2], "big")
    return True


def _drawn(source: BinaryIO) -> Image.Image:
    with Image.open(source, formats=("JPEG", "PNG", "WEBP", "HEIF")) as opened:
        most = MOST_PIXELS.get(opened.format or "", MOST_PIXELS_OTHERWISE)
        if opened.width * opened.height > most:
            raise PictureError(Refusal.PIXELS)
        # A JPEG is decoded at a half or a quarter of its size here, without visible loss, to save
        # memory. It is made smaller before it is rotated, so that no full-size copy is made.
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


def draw_logo(source: BinaryIO, target: BinaryIO) -> None:
    """Write a PNG again as a PNG small enough to be put in every document.

    Raises:
        PictureError: it has too many pixels, or stays too large.
    """
    with Image.open(source, formats=("PNG",)) as image:
        if max(image.size) > LOGO_PIXELS:
            raise PictureError(Refusal.PIXELS)
        pixels = image.convert("RGBA")
    for width in (LOGO_WIDEST, LOGO_WIDEST // 2, LOGO_WIDEST // 4):
        pixels.thumbnail((width, width))
        written = BytesIO()
        pixels.save(written, "PNG", optimize=True)
        if written.tell() <= LOGO_BYTES:
            target.write(written.getvalue())
            return
    raise PictureError(Refusal.TOO_LARGE)


DRAWINGS: Final[dict[str, Drawing]] = {"foto": draw_photo, "logo": draw_logo}


def main(limits: str, drawing: str, source: str, target: str) -> int:
    """Convert one picture; return the exit code: 0 when done, `REFUSED` when refused."""
    Limits.from_text(limits).bind()
    with os.fdopen(int(source), "rb") as given, os.fdopen(int(target), "wb") as made:
        try:
            draw(DRAWINGS[drawing], given, made, _close_doors)
        except PictureError as refused:
            sys.stdout.write(refused.refusal.value)
            return REFUSED
    return 0


def _close_doors() -> None:
    """Make opening any file, socket or program impossible, even if a decoder is taken over."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:5]))
