"""The files at the root for strangers: a licence for every file, and a description.

The structures are the schema of publiccode.yml 0.7, as the standard (publiccodeyml/publiccode.yml,
docs/standard/schema.core.rst) and its reference parser (italia/publiccode-parser-go) give it: the
keys that we use, the mandatory ones, lengths and closed lists. PyPI and npm have no validator.
"""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Annotated, Literal

import deform
import msgspec
import pyramid
import yaml
from msgspec import Meta

from tests.support.installation import ROOT

LICENCE = ROOT / "LICENSE"
# Notices that other makers put in their files; with brackets, so that this file has none.
NOTICE = r"SPDX-License-Identifie[r]:|Copyrigh[t] (\(c\)|©|[12][0-9])"

Text = Annotated[str, Meta(min_length=1)]
Day = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Country = Annotated[str, Meta(pattern="^[A-Z]{2}$")]
Language = Literal["nl", "en"]


class Closed(msgspec.Struct, forbid_unknown_fields=True):
    """A part of publiccode.yml that has no other keys than these."""


class Audience(Closed):
    countries: list[Country]
    scope: list[Literal["local-authorities", "security", "society"]]


class Description(Closed):
    localisedName: Text  # noqa: N815 (the standard's)
    shortDescription: Annotated[str, Meta(min_length=1, max_length=150)]  # noqa: N815
    longDescription: Annotated[str, Meta(min_length=150, max_length=10_000)]  # noqa: N815
    features: Annotated[list[Text], Meta(min_length=1)]
    screenshots: list[Annotated[str, Meta(pattern=r"^docs/.+\.png$")]] = []


class Legal(Closed):
    license: Literal["EUPL-1.2"]
    mainCopyrightOwner: Text  # noqa: N815


class Contact(Closed):
    name: Text


class Maintenance(Closed):
    type: Literal["internal", "community"]  # `contract` asks other keys
    contacts: Annotated[list[Contact], Meta(min_length=1)]


class Localisation(Closed):
    localisationReady: bool  # noqa: N815
    availableLanguages: Annotated[list[Language], Meta(min_length=1)]  # noqa: N815


class Dependency(Closed):
    name: Text
    versionMin: str | None = None  # noqa: N815
    versionMax: str | None = None  # noqa: N815
    optional: bool = False


class Dependencies(Closed):
    open: list[Dependency]


class PublicCode(Closed):
    publiccodeYmlVersion: Literal["0.7"]  # noqa: N815
    name: Text
    url: Annotated[str, Meta(pattern=r"^https://[^/]+/.+")]
    softwareVersion: Text  # noqa: N815
    releaseDate: Day  # noqa: N815
    logo: Annotated[str, Meta(pattern=r"^[^/].*\.svg$")]
    platforms: list[Literal["web"]]
    categories: list[
        Literal[
            "data-collection",
            "document-management",
            "geographic-information-systems",
            "workflow-management",
        ]
    ]
    developmentStatus: Literal["development", "beta", "stable"]  # noqa: N815
    softwareType: Literal["standalone/web"]  # noqa: N815
    intendedAudience: Audience  # noqa: N815
    description: Annotated[dict[Language, Description], Meta(min_length=1)]
    legal: Legal
    maintenance: Maintenance
    localisation: Localisation
    dependsOn: Dependencies  # noqa: N815


def publiccode() -> PublicCode:
    text = (ROOT / "publiccode.yml").read_text(encoding="utf-8")
    return msgspec.convert(yaml.safe_load(text), PublicCode)


def test_publiccode_follows_the_schema_and_shows_pictures_that_exist() -> None:
    described = publiccode()
    pictures = [described.logo, *(p for d in described.description.values() for p in d.screenshots)]
    assert not [name for name in pictures if not (ROOT / name).is_file()]


def test_publiccode_tells_the_version_that_is_built() -> None:
    built = configparser.ConfigParser()
    built.read(ROOT / "setup.cfg", encoding="utf-8")
    assert publiccode().softwareVersion == built["metadata"]["version"]
    assert publiccode().legal.license == built["metadata"]["license"]


def test_a_public_ci_does_what_a_developer_does_and_trusts_nobodys_action() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    [job] = workflow["jobs"].values()
    assert job["steps"][-1]["run"] == ".ci/run"
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert not [step for step in job["steps"] if "uses" in step]
    assert workflow["permissions"] == {"contents": "read"}


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


def test_setuptools_is_held_back_for_as_long_as_somebody_imports_pkg_resources() -> None:
    """docs/dev/adr/0027 tells what then; both pins go together."""
    pins = [
        "setuptools<81" in (ROOT / "setup.cfg").read_text(encoding="utf-8"),
        ",<81" in (ROOT / "pyproject.toml").read_text(encoding="utf-8"),
    ]
    needed = {
        package.__name__
        for package in (pyramid, deform)
        for path in Path(package.__path__[0]).glob("*.py")
        if re.search("^(?:import|from) pkg_resources", path.read_text(encoding="utf-8"), re.M)
    }
    assert pins == [bool(needed)] * 2, f"imported by: {needed or 'nobody any more'}"
