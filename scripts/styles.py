"""Puts together stopintimidatie/core/web/static/vendor/ from the pinned npm packages.

One style sheet with the fonts, the rules of the classes that we use and only the design tokens that
those reach, htmx, Leaflet, and everybody's licence. Nothing here is pasted into the
repository.
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from bootstrap.common import ROOT, fingerprint, read_stamp, say
from bootstrap.environment import install_npm_packages

LOCK = ROOT / "package-lock.json"
MODULES = ROOT / "node_modules"
OWN = ROOT / "stopintimidatie"
VENDOR = OWN / "core" / "web" / "static" / "vendor"
TOKENS = "@nl-design-system-unstable/voorbeeld-design-tokens"
THEME_CLASS = "voorbeeld-theme"
FONT = "@fontsource/source-sans-3"
FACES = ("400", "400-italic", "600", "700")
SUBSETS = ("latin", "latin-ext")
# Of the Arabic fonts the one whose letters can be copied out of a PDF as they were written.
ARABIC = "@fontsource/vazirmatn"
# What people may write a report in besides; in a PDF only where somebody did. A browser has them.
SCRIPTS = {
    "greek": (FONT, FACES),
    "cyrillic": (FONT, FACES),
    "cyrillic-ext": (FONT, FACES),
    "arabic": (ARABIC, ("400", "600", "700")),
}

USES_TOKEN = re.compile(r"var\(\s*(--[\w-]+)")
TOKEN = re.compile(r"(--[\w-]+)\s*:\s*([^;{}]+);")
CLASS = re.compile(r"\butrecht-[\w-]+")
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
NEGATION = re.compile(r":not\([^)]*\)")
EMPTY_MEDIA = re.compile(r"@media[^{}]*\{\s*\}")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
FONT_FACE = re.compile(r"@font-face\s*\{.*?\}", re.DOTALL)
FAMILY = re.compile(r"font-family:\s*'[^']+'")
RANGE = re.compile(r"\s*unicode-range:[^;]*;")
FONT_FILE = re.compile(r"url\(\./files/([\w.-]+\.woff2)\) format\('woff2'\)")


def build(*, for_tests: bool = False) -> bool:
    """Make vendor/ up to date; False when it already was.

    `for_tests`: node_modules gets what only the tests need as well.
    """
    if for_tests:
        _fetch(for_tests=True)
    own = sorted({*_own_tokens(), *_own_classes()})
    stamp = fingerprint([LOCK, Path(__file__)], extra=" ".join(own))
    if read_stamp(VENDOR / ".stamp") == stamp:
        return False
    _fetch()
    say("Stijlen, lettertypen, htmx en Leaflet klaarzetten…")
    fresh = VENDOR.with_name("vendor.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    _write_styles(fresh)
    _write_fonts(fresh)
    shutil.copyfile(MODULES / "htmx.org/dist/htmx.min.js", fresh / "htmx.min.js")
    _write_map(fresh)
    _write_licences(fresh / "licenties")
    _compress(fresh)
    (fresh / ".stamp").write_text(stamp + "\n", encoding="utf-8")
    shutil.rmtree(VENDOR, ignore_errors=True)
    fresh.rename(VENDOR)
    return True


def _fetch(*, for_tests: bool = False) -> None:
    """The packages themselves, unless they are the ones of this lock file already."""
    bare, whole = fingerprint([LOCK]), fingerprint([LOCK], extra="tests")
    # What the tests need holds what everybody needs.
    if read_stamp(MODULES / ".stamp") in ((whole,) if for_tests else (bare, whole)):
        return
    say("Stijlen, lettertypen, htmx en Leaflet ophalen (npm, zo'n tien seconden)…")
    install_npm_packages(for_tests=for_tests)
    stamp = whole if for_tests else bare
    (MODULES / ".stamp").write_text(stamp + "\n", encoding="utf-8")


def _components() -> list[Path]:
    packages = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["dependencies"]
    return [MODULES / name for name in sorted(packages) if name.startswith("@utrecht/")]


def _own_tokens() -> set[str]:
    """Tokens that our own style sheets and templates name: they must be in the sheet as well."""
    own = [*OWN.glob("core/web/static/*.css"), *OWN.glob("**/templates/**/*.jinja2")]
    return {name for path in own for name in USES_TOKEN.findall(path.read_text(encoding="utf-8"))}


def _own_classes() -> set[str]:
    """Classes of the components that we use; one that ends with a dash begins several."""
    places = (
        "**/templates/**/*.jinja2",
        "**/*.py",
        "core/web/static/*.css",
        "core/web/static/js/*",
    )
    own = [path for place in places for path in OWN.glob(place)]
    return {name for path in own for name in CLASS.findall(path.read_text(encoding="utf-8"))}


def used_rules(css: str, classes: set[str]) -> str:
    """The rules, without selectors of which a class is none of these, and without what is empty."""
    begins = tuple(name for name in classes if name.endswith("-"))

    def is_used(selector: str) -> bool:
        names = CLASS.findall(NEGATION.sub("", selector))
        return all(name in classes or name.startswith(begins) for name in names)

    def rule(found: re.Match[str]) -> str:
        selectors = [one for one in re.split(r",(?![^(]*\))", found[1]) if is_used(one)]
        return f"{','.join(selectors)}{{{found[2]}}}" if selectors else ""

    return EMPTY_MEDIA.sub("", RULE.sub(rule, css))


def reachable(tokens: dict[str, str], wanted: Iterable[str]) -> dict[str, str]:
    """The wanted tokens and those they are defined with, in the order of the theme."""
    found: set[str] = set()
    ahead = [name for name in wanted if name in tokens]
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += [used for used in USES_TOKEN.findall(tokens[name]) if used in tokens]
    return {name: value for name, value in tokens.items() if name in found}


def _write_styles(target: Path) -> None:
    rules, classes = [], _own_classes()
    for package in _components():
        css = (package / "dist/index.min.css").read_text(encoding="utf-8")
        css = COMMENT.sub("", css).replace('@charset "UTF-8";', "").strip()
        rules.append(used_rules(css, classes))
    theme = (MODULES / TOKENS / "dist/theme.css").read_text(encoding="utf-8")
    tokens = dict(TOKEN.findall(COMMENT.sub("", theme)))
    used = USES_TOKEN.findall("".join(rules))
    kept = reachable(tokens, {*used, *_own_tokens()})
    declared = ";".join(f"{name}:{value.strip()}" for name, value in kept.items())
    # The byte order mark that a compressed sheet may start with would break the next rule.
    body = "\n".join(rule.lstrip("\ufeff") for rule in rules)
    head = "/*! NL Design System, EUPL-1.2; makers, versions and licences: licenties/ */"
    faces = "\n".join(_with_source(face, f"{name}2", "woff2") for face, name in _own_faces())
    sheet = f"{head}\n{faces}\n.{THEME_CLASS}{{{declared}}}\n{body}\n"
    (target / "nlds.css").write_text(sheet, encoding="utf-8")


def _write_fonts(target: Path) -> None:
    """The faces as files, a sheet for PDF, and one for each other script in a PDF; every address is
    relative."""
    (target / "fonts").mkdir()
    for _, name in _own_faces():
        _copy_font(target, FONT, name)
    for_pdf = [_face_for_pdf(block, name) for block, name in _own_faces()]
    _write_sheet(target / "fonts-pdf.css", [RANGE.sub("", face) for face in for_pdf])
    for script, (package, weights) in SCRIPTS.items():
        found = [(b, name) for b, name in _faces(package, weights) if _subset(name) == script]
        for _, name in found:
            shutil.copyfile(MODULES / package / "files" / name, target / "fonts" / name)
        _write_sheet(target / f"fonts-pdf-{script}.css", [_face_for_pdf(*one) for one in found])


def _own_faces() -> list[tuple[str, str]]:
    return [(face, name) for face, name in _faces(FONT, FACES) if _subset(name) in SUBSETS]


def _faces(package: str, weights: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each @font-face rule, with the name of its file in the older packing: to unpack woff2 took a
    quarter of the time of a PDF."""
    for weight in weights:
        css = (MODULES / package / f"{weight}.css").read_text(encoding="utf-8")
        for block in FONT_FACE.findall(css):
            if file := FONT_FILE.search(block):
                yield block, file[1].removesuffix("2")


def _copy_font(target: Path, package: str, name: str) -> None:
    for each in (name, f"{name}2"):
        shutil.copyfile(MODULES / package / "files" / each, target / "fonts" / each)


def _with_source(block: str, name: str, kind: str) -> str:
    return re.sub(r"src:[^;]*;", f"src: url(fonts/{name}) format('{kind}');", block)


def _face_for_pdf(block: str, name: str) -> str:
    """WeasyPrint takes files of one family and weight for one font and mixes up their glyphs: in a
    PDF each subset is a family of its own, and all are in the font stack."""
    subset = _subset(name)
    family = "dossier" if subset == "latin" else f"dossier-{subset}"
    return FAMILY.sub(f"font-family: '{family}'", _with_source(block, name, "woff"))


def _write_sheet(path: Path, rules: Iterable[str]) -> None:
    path.write_text("\n".join(rules) + "\n", encoding="utf-8")


def _subset(file_name: str) -> str:
    """source-sans-3-latin-ext-400-normal.woff -> latin-ext"""
    return re.sub(r"^(source-sans-3|vazirmatn)-|-\d{3}-\w+\.woff$", "", file_name)


def _write_map(target: Path) -> None:
    """Leaflet, without the rules that fetch its pictures: the map has shapes and words alone."""
    shutil.copyfile(MODULES / "leaflet/dist/leaflet.js", target / "leaflet.js")
    css = COMMENT.sub("", (MODULES / "leaflet/dist/leaflet.css").read_text(encoding="utf-8"))
    kept = RULE.sub(lambda found: "" if "url(" in found[2] else found[0], css)
    (target / "leaflet.css").write_text(
        f"/*! Leaflet, BSD-2-Clause: licenties/ */\n{kept.strip()}\n"
    )


def _write_licences(target: Path) -> None:
    """Each package's licence text, and one list of who made what."""
    target.mkdir()
    lines = []
    packages = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["dependencies"]
    for name in sorted(packages):
        about = json.loads((MODULES / name / "package.json").read_text(encoding="utf-8"))
        lines.append(f"{name} {about['version']}: {about['license']}")
        for path in sorted((MODULES / name).glob("LICEN[CS]E*")):
            shutil.copyfile(path, target / f"{name.strip('@').replace('/', '-')}.txt")
    (target / "overzicht.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _compress(target: Path) -> None:
    """A gzip beside each text file, for a server that sends it as it is; same input, same bytes."""
    for path in [*target.glob("*.css"), *target.glob("*.js")]:
        packed = gzip.compress(path.read_bytes(), compresslevel=9, mtime=0)
        path.with_name(path.name + ".gz").write_bytes(packed)
