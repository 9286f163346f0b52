"""What a picture may ask of us, and why one isn't drawn. Plain values, for parent and child."""

from enum import StrEnum
from typing import Final

# Points, seen before the picture is decoded. The largest photo of a telephone has some 50 million;
# a JPEG is decoded at a half then, and costs a second at most. PNG and WebP can only be decoded
# whole, with more bytes a point: at twice this bound some seconds and 700 MB.
MOST_PIXELS: Final = {"JPEG": 52_000_000, "MPO": 52_000_000, "HEIF": 52_000_000}
MOST_PIXELS_OTHERWISE: Final = 25_000_000
# A progressive JPEG has ten or so. Each is a walk over the whole picture, for some eighty bytes.
MOST_SCANS: Final = 40
LOGO_PIXELS: Final = 4_000
# The exports carry the logo in their content, and refuse a larger one.
LOGO_BYTES: Final = 300_000


class Refusal(StrEnum):
    """Why a picture isn't drawn."""

    PIXELS = "punten"
    SCANS = "lagen"
    HEAVY = "zwaar"
    BROKEN = "onleesbaar"
    TOO_LARGE = "te-groot"


class PictureError(Exception):
    """The picture isn't drawn."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal
