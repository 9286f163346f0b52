"""What can go wrong with a backup copy, in words for who sits at the keyboard."""

from __future__ import annotations

import errno

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

CAUSES = {
    errno.ENOENT: "bestaat niet",
    errno.EACCES: "geen toegang",
    errno.EPERM: "geen toegang",
    errno.EROFS: "de schijf is alleen te lezen",
    errno.EISDIR: "is een map",
    errno.EIO: "de schijf is kapot of losgekoppeld",
}


class BackupError(Exception):
    """Making, checking or restoring can't go on; the message says what to do."""


class DamagedError(BackupError):
    """The copy isn't whole."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"De reservekopie is beschadigd of niet compleet ({what})."
            " Gebruik haar niet; neem een andere reservekopie."
        )


def unwritable(error: OSError) -> BackupError:
    """An error of the disk as an error that says what to do."""
    if error.errno in FULL:
        return BackupError(
            "Er is geen ruimte meer op de schijf. Maak ruimte vrij, of kies een andere map, en"
            " begin opnieuw; wat half was, is al opgeruimd."
        )
    why = CAUSES.get(error.errno or 0, errno.errorcode.get(error.errno or 0, "onbekende fout"))
    where = f"{error.filename}: " if error.filename else ""
    return BackupError(
        f"Lezen of schrijven lukt niet ({where}{why}). Kijk of de naam klopt en of de dienst erbij"
        " mag, en begin opnieuw."
    )
