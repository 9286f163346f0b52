"""Commands of curl, as the pages for builders of apps show them."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from uuid import uuid4

# The shell makes a new one of this.
NEW_KEY = "$(cat /proc/sys/kernel/random/uuid)"


@dataclass
class Command:
    """Read the request out of a curl command; knows only the options that the page uses."""

    method: str = "GET"
    url: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    file: str = ""


def read(command: str) -> Command:
    """Read a command of which the file is always the field `bestand`."""
    made = Command()
    words = iter(shlex.split(command.replace("\\\n", " "))[1:])
    for word in words:
        if word == "-X":
            made.method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            made.headers[name] = value.replace(NEW_KEY, str(uuid4()))
        elif word == "-F":
            made.file = next(words).removeprefix("bestand=@")
        elif word == "-d":
            made.body = next(words).encode()
        else:
            made.url = word
    return made
