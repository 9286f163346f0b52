"""Photos for tests and measurements: an honest one, and one that is made to cost time."""

from __future__ import annotations

from io import BytesIO
from typing import Final

from PIL import Image
from sqlalchemy import func, select

from stopintimidatie.reports.models import AttachmentPart, ReportAttachment
from tests.support.api import Api
from tests.support.factories import DORDRECHT

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


SECRET = "merkgeheim77x"


def photo(kind: str = "JPEG", size: tuple[int, int] = (80, 60), mode: str = "RGB") -> bytes:
    """A photo that tells where it was taken, by which camera, of whom."""
    exif = Image.Exif()
    exif[0x010E], exif[0x0110], exif[0x0112] = SECRET, SECRET, 6
    exif.get_ifd(0x8825).update({1: "N", 2: (51.0, 48.0, 47.9), 3: "E", 4: (4.0, 40.0, 8.4)})
    file = BytesIO()
    picture = Image.new(mode, size, (200, 30, 30, 40)[: len(mode)])
    more = {"comment": SECRET.encode()} if kind == "JPEG" else {}
    picture.save(file, kind, exif=exif, **more)
    return file.getvalue()


def stored(api: Api, holder: str = DORDRECHT) -> tuple[int, int]:
    """How many attachments and parts a holder sees."""
    with api.installation.transaction(holder) as session:
        rows = session.scalar(select(func.count(ReportAttachment.id)))
        parts = session.scalar(select(func.count(AttachmentPart.number)))
        return int(rows or 0), int(parts or 0)
