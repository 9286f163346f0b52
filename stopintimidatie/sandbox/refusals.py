"""Limits on pictures, and the reasons to refuse one. Plain values, for parent and child process."""

from enum import StrEnum
from typing import Final

# Most pixels, checked before a picture is decoded. The largest photo of a telephone has some 50
# million. A JPEG of that size is decoded at half its size and takes a second at most. PNG and WebP
# can only be decoded at full size, with more bytes for each pixel: at twice this bound that takes
# some seconds and 700 MB.
MOST_PIXELS: Final = {"JPEG": 52_000_000, "MPO": 52_000_000, "HEIF": 52_000_000}
MOST_PIXELS_OTHERWISE: Final = 25_000_000
# A progressive JPEG has some ten scans. Even one of eighty bytes is decoded over the whole picture.
MOST_SCANS: Final = 40
LOGO_PIXELS: Final = 4_000
# The exports include the logo in their content, and refuse a larger one.
LOGO_BYTES: Final = 300_000


class Refusal(StrEnum):
    """The reason to refuse a picture."""

    PIXELS = "punten"
    SCANS = "lagen"
    HEAVY = "zwaar"
    BROKEN = "onleesbaar"
    TOO_LARGE = "te-groot"


class PictureError(Exception):
    """The picture is refused; `refusal` says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal
