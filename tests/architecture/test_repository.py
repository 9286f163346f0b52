"""What a stranger finds at the root: a licence for every file, and what this software is."""

from __future__ import annotations

import re
import shutil
import subprocess

from tests.support.installation import ROOT

LICENCE = ROOT / "LICENSE"
# What another's file says of itself; with brackets, so that this file isn't found itself.
NOTICE = r"SPDX-License-Identifie[r]:|Copyrigh[t] (\(c\)|©|[12][0-9])"


def test_every_file_has_a_licence_and_somebody_who_made_it() -> None:
    reuse = shutil.which("reuse")
    assert reuse, "scripts/test installs it"
    done = subprocess.run([reuse, "lint", "--lines"], cwd=ROOT, capture_output=True, text=True)
    assert not done.returncode, done.stdout + done.stderr


def test_no_file_names_another_maker_than_the_list_of_licences_does() -> None:
    command = ["git", "grep", "-lIE", NOTICE, "--", ".", ":!LICENSES", ":!REUSE.toml"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert not done.stdout.split(), "give it a block of its own in REUSE.toml"


def test_the_licence_is_the_whole_text() -> None:
    text = LICENCE.read_text(encoding="utf-8")
    articles = [int(number) for number in re.findall(r"^(\d+)\.[A-Z]", text, re.M)]
    assert articles == list(range(1, 16))
    assert re.search("^ *Appendix$", text, re.M)
    assert text == (ROOT / "LICENSES" / "EUPL-1.2.txt").read_text(encoding="utf-8")
