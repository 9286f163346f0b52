"""Child process, with limits, that decodes a picture and encodes it again."""

from __future__ import annotations

import os
from typing import BinaryIO, Final

from stopintimidatie.sandbox import process
from stopintimidatie.sandbox.limits import MEGABYTE, Limits
from stopintimidatie.sandbox.refusals import PictureError, Refusal

CHILD: Final = "stopintimidatie.sandbox.picture_child"
# The heaviest photo that is accepted (HEIC, 48 megapixels) needs a third of this time.
LIMITS: Final = Limits(30, 15, 1024 * MEGABYTE, 50 * MEGABYTE, yields=5)
PHOTO: Final = "foto"
LOGO: Final = "logo"


def draw(drawing: str, source: BinaryIO, target: BinaryIO, limits: Limits | None = None) -> None:
    """Decode a picture in a child process and write it, encoded again, to `target`.

    :param drawing: `PHOTO` or `LOGO`.
    :param source: file with the picture; it and `target`, which is empty, must have a file number.
    :raises PictureError: the picture is refused; its `refusal` says why.
    """
    bounds = limits or LIMITS
    source.flush()
    source.seek(0)
    numbers = (str(source.fileno()), str(target.fileno()))
    command = [*process.module_command(CHILD), bounds.as_text(), drawing, *numbers]
    ended = process.run(command, (source, target), bounds.wall_seconds)
    if ended.too_heavy:
        raise PictureError(Refusal.HEAVY)
    if ended.code != 0 or not target.seek(0, os.SEEK_END):
        raise PictureError(Refusal(ended.said or Refusal.BROKEN))
    target.seek(0)
