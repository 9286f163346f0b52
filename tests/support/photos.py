"""Photos for tests and measurements: an honest one, and one that is made to cost time."""

from __future__ import annotations

from io import BytesIO
from typing import Final

from PIL import Image

# Width and height of a photo of twelve megapixels, as most telephones take.
TELEPHONE: Final = (4032, 3024)
_END: Final = b"\xff\xd9"
_SCAN: Final = b"\xff\xda"


def telephone_photo(size: tuple[int, int] = TELEPHONE) -> bytes:
    """Make a JPEG with the size and the detail of a telephone's photo."""
    noise = Image.effect_noise((size[0] // 4, size[1] // 4), 60).resize(size)
    file = BytesIO()
    noise.convert("RGB").save(file, "JPEG", quality=88)
    return file.getvalue()


def layered_jpeg(scans: int, size: tuple[int, int] = (7168, 7168)) -> bytes:
    """Make a progressive JPEG of one grey plane whose last scan is repeated `scans` times.

    Each scan is about eighty bytes, and makes the decoder go over the whole picture.
    """
    file = BytesIO()
    Image.new("L", size, 90).save(file, "JPEG", progressive=True)
    whole = file.getvalue()
    last = whole[whole.rindex(_SCAN) : -len(_END)]
    return whole[: -len(_END)] + last * scans + _END
