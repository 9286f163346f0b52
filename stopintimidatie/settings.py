"""The configuration of one installation: an ini file read once into a frozen, typed value.

Every mistake in the file is reported at once, in Dutch, and a key that isn't known is refused:
a typing error in a privacy setting must not silently mean "default".
"""

from __future__ import annotations

import configparser
import os
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

SECTION: Final = "app:main"
INI_ENVIRONMENT_VARIABLE: Final = "STOPINTIMIDATIE_INI"
PYRAMID_PREFIX: Final = "pyramid."
LOOPBACK_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
SEARCH_BACKENDS: Final = frozenset({"whoosh"})


class SettingsError(Exception):
    """The configuration can't be used; the message lists every mistake."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = mistakes
        super().__init__("De instellingen kloppen niet:\n" + "\n".join(f"- {m}" for m in mistakes))


def _boolean(text: str) -> bool:
    values = {"true": True, "ja": True, "1": True, "false": False, "nee": False, "0": False}
    try:
        return values[text.strip().lower()]
    except KeyError:
        raise ValueError("schrijf true of false") from None


def _text(text: str) -> str:
    if not text.strip():
        raise ValueError("mag niet leeg zijn")
    return text.strip()


def _path(text: str) -> Path:
    return Path(_text(text)).expanduser().absolute()


def _whole_number(low: int, high: int) -> Callable[[str], int]:
    def convert(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise ValueError("schrijf een geheel getal") from None
        if not low <= number <= high:
            raise ValueError(f"kies een getal van {low} tot en met {high}")
        return number

    return convert


def _address(text: str) -> str:
    address = _text(text).rstrip("/")
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path:
        raise ValueError("schrijf een adres zoals https://meldpunt.example.nl, zonder pad")
    return address


def _search_backend(text: str) -> str:
    if text.strip() not in SEARCH_BACKENDS:
        raise ValueError(f"kies uit: {', '.join(sorted(SEARCH_BACKENDS))}")
    return text.strip()


def _setting(key: str, convert: Callable[[str], Any], default: Any = MISSING) -> Any:
    metadata = {"key": key, "convert": convert}
    if default is MISSING:
        return field(metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings, typed. The ini key of each stands beside it; docs/settings.md explains them."""

    database_url: str = _setting("sqlalchemy.url", _text)
    data_dir: Path = _setting("data_dir", _path)
    public_address: str = _setting("public_address", _address)
    demo: bool = _setting("demo", _boolean, False)
    key_file: Path = _setting("key_file", _path)
    migrations: Path = _setting("migrations", _path)
    search_backend: str = _setting("search.backend", _search_backend, "whoosh")
    web_host: str = _setting("web.host", _text, "127.0.0.1")
    web_port: int = _setting("web.port", _whole_number(1, 65535), 6543)
    web_threads: int = _setting("web.threads", _whole_number(1, 64), 4)
    worker_poll_milliseconds: int = _setting(
        "worker.poll_milliseconds", _whole_number(20, 60_000), 200
    )
    session_idle_minutes: int = _setting("session.idle_minutes", _whole_number(5, 24 * 60), 60)
    session_absolute_hours: int = _setting("session.absolute_hours", _whole_number(1, 24), 12)
    pdf_memory_megabytes: int = _setting("pdf.memory_megabytes", _whole_number(256, 16_384), 2048)
    pdf_timeout_seconds: int = _setting("pdf.timeout_seconds", _whole_number(5, 3600), 300)

    @property
    def sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def https(self) -> bool:
        return self.public_address.startswith("https://")


def setting_keys() -> tuple[str, ...]:
    """The ini keys that exist, in order."""
    return tuple(f.metadata["key"] for f in fields(Settings))


def _convert(item: Field[Any], raw: Mapping[str, str], mistakes: list[str]) -> Any:
    key = item.metadata["key"]
    if key not in raw:
        if item.default is MISSING:
            mistakes.append(f"{key}: ontbreekt")
        return item.default
    try:
        return item.metadata["convert"](raw[key])
    except ValueError as error:
        mistakes.append(f"{key}: {error}")
        return None


def _rules_between(settings: Settings) -> list[str]:
    mistakes = []
    if not settings.https and not settings.demo:
        host = urlsplit(settings.public_address).hostname or ""
        if host not in LOOPBACK_HOSTS:
            mistakes.append(
                "public_address: zonder https mag alleen op deze machine zelf of met demo = true"
            )
    return mistakes


def parse_settings(raw: Mapping[str, str]) -> Settings:
    """Make `Settings` of ini keys and values.

    :raises SettingsError: with every mistake at once.
    """
    known = set(setting_keys())
    mistakes = [
        f"{key}: deze instelling bestaat niet"
        for key in sorted(raw)
        if key not in known and not key.startswith(PYRAMID_PREFIX)
    ]
    values = {item.name: _convert(item, raw, mistakes) for item in fields(Settings)}
    if not mistakes:
        settings = Settings(**values)
        mistakes = _rules_between(settings)
        if not mistakes:
            return settings
    raise SettingsError(mistakes)


def _environment(ini: Path) -> dict[str, str]:
    """What `%(NAME)s` may refer to in the ini file."""
    data_dir = os.environ.get("DATA_DIR") or "var"
    return {
        "HERE": str(ini.parent.absolute()).replace("%", "%%"),
        "DATA_DIR": str((ini.parent / data_dir).absolute()).replace("%", "%%"),
        "PORT": os.environ.get("PORT") or "6543",
    }


class _CasedParser(configparser.ConfigParser):
    """Keeps the case of names, so that DATA_DIR and data_dir differ."""

    def optionxform(self, optionstr: str) -> str:
        return optionstr


def load_settings(ini: str | Path) -> Settings:
    """Read the settings of an ini file.

    :raises SettingsError: when the file isn't there, isn't an ini file, or holds mistakes.
    """
    path = Path(ini)
    # `=` alone: a colon stands in every database address.
    parser = _CasedParser(defaults=_environment(path), delimiters=("=",))
    try:
        with path.open(encoding="utf-8") as handle:
            parser.read_file(handle)
        section = dict(parser[SECTION])
    except OSError as error:
        raise SettingsError([f"{path}: kan het bestand niet lezen ({error.strerror})"]) from None
    except (configparser.Error, UnicodeDecodeError) as error:
        raise SettingsError([f"{path}: geen geldig ini-bestand ({error})"]) from None
    except KeyError:
        raise SettingsError([f"{path}: het kopje [{SECTION}] ontbreekt"]) from None
    return parse_settings({k: v for k, v in section.items() if k not in parser.defaults()})
