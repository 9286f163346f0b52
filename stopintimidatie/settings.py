"""Configuration of one installation: an ini file read once into a frozen, typed value.

Every mistake in the file is reported at once, in Dutch, and a key that isn't known is refused:
a typing error in a privacy setting must not silently mean "default".
"""

from __future__ import annotations

import configparser
import os
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from datetime import date
from email.utils import parseaddr
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

SECTION: Final = "app:main"
INI_ENVIRONMENT_VARIABLE: Final = "STOPINTIMIDATIE_INI"
PYRAMID_PREFIX: Final = "pyramid."
LOOPBACK_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
GEOCODER_ADDRESS: Final = "https://api.pdok.nl/bzk/locatieserver/search/v3_1"
ARCHIVE_LAW: Final = "1996-01-01 Archiefwet 1995, artikel 15, eerste lid, onder a"
BACKGROUND: Final = re.compile(r"https://[a-z0-9.:-]+/\S*\{z\}\S*\{[xy]\}\S*\{[xy]\}\S*")
CONTACT: Final = re.compile(r"mailto:[^@\s]+@[A-Za-z0-9.-]+|https://[^/\s]+/\S*")
AGE_RECIPIENT: Final = re.compile(r"age1[02-9ac-hj-np-z]{58}")
# Beside the data, and in no backup copy: where no other place was chosen for the ledger.
LEDGER_FOLDER: Final = "grootboek"
# Number of ports for figures: one for each process of a kind on a machine.
METRICS_PORTS: Final = 64
# A wheel has the migrations in the package, a clone beside it.
_IN_WHEEL: Final = Path(__file__).parent / "migrations"
MIGRATIONS: Final = _IN_WHEEL if _IN_WHEEL.is_dir() else _IN_WHEEL.parent.parent / "alembic"
# Our commands as they are called here: in a clone by their place, unless they are on the path.
_IN_CLONE: Final = not _IN_WHEEL.is_dir() and shutil.which("stopintimidatie") is None
PROGRAM: Final = f"{'.venv/bin/' * _IN_CLONE}stopintimidatie"


class OperatorError(Exception):
    """Refusal that a person at the keyboard can act on; the message says what to do."""


class SettingsError(Exception):
    """Refusal of a configuration; the message lists every mistake."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = mistakes
        super().__init__("De instellingen kloppen niet:\n" + "\n".join(f"- {m}" for m in mistakes))


def _boolean(text: str) -> bool:
    values = {"true": True, "ja": True, "1": True, "false": False, "nee": False, "0": False}
    if text.strip().lower() not in values:
        raise ValueError("schrijf true of false")
    return values[text.strip().lower()]


def _text(text: str) -> str:
    if not text.strip():
        raise ValueError("mag niet leeg zijn")
    return text.strip()


def _one_of(*names: str, why: str = "") -> Callable[[str], str]:
    def convert(text: str) -> str:
        if text.strip() not in names:
            raise ValueError(f"kies uit: {', '.join(names)}{why}")
        return text.strip()

    return convert


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


def _age_recipients(text: str) -> tuple[str, ...]:
    keys = tuple(text.split())
    if not all(AGE_RECIPIENT.fullmatch(key) for key in keys):
        raise ValueError("schrijf publieke sleutels van age (age1…), met een spatie ertussen")
    return keys


def _optional_path(text: str) -> Path | None:
    return _path(text) if text.strip() else None


def _appendable(text: str) -> Path | None:
    path = _optional_path(text)
    if path and (path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK)):
        raise ValueError(f"in de map {path.parent} kan dit programma dat bestand niet schrijven")
    return path


def _secure_url(text: str) -> str:
    if text.strip() and not re.fullmatch(r"https://[^/\s]+/\S*", text.strip()):
        raise ValueError("schrijf een heel adres met https://")
    return text.strip()


def _contacts(text: str) -> tuple[str, ...]:
    contacts = tuple(text.split())
    if not all(CONTACT.fullmatch(contact) for contact in contacts):
        raise ValueError("schrijf mailto:iemand@example.nl, of een heel adres met https://")
    return contacts


def _optional_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise ValueError("schrijf een dag zoals 2027-06-01") from None


def _laws_by_day(text: str) -> list[tuple[date, str]]:
    parts = [part.strip().split(maxsplit=1) for part in text.split(";")]
    return sorted((date.fromisoformat(day), words) for day, words in parts)


def _dated_laws(text: str) -> str:
    try:
        _laws_by_day(text)
    except ValueError:
        raise ValueError(
            "schrijf de dag waarop de wet ingaat, en dan de wet met haar artikel, zoals in"
            " docs/settings.md; een puntkomma tussen twee wetten"
        ) from None
    return text.strip()


def _sender(text: str) -> str:
    address = parseaddr(text)[1]
    if text.strip() and not re.fullmatch(r"[^@\s<>]+@[A-Za-z0-9.-]+", address):
        raise ValueError("schrijf een adres, of Naam <meldpunt@example.nl>")
    return text.strip()


def _service(text: str) -> str:
    address = _text(text).rstrip("/")
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("schrijf een adres dat met https:// begint")
    return address


def _background(text: str) -> str:
    if text.strip() not in ("geen", "pdok") and not BACKGROUND.fullmatch(text.strip()):
        raise ValueError("schrijf geen, pdok, of een adres met https:// en {z}, {x} en {y}")
    return text.strip()


def _time_stamp_service(text: str) -> str:
    parts = urlsplit(text.strip())
    near = parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS
    if text.strip() and not (parts.hostname and (parts.scheme == "https" or near)):
        raise ValueError("schrijf een adres met https://; http mag alleen op deze machine zelf")
    return text.strip()


def _setting(key: str, convert: Callable[[str], Any], default: Any = MISSING) -> Any:
    metadata = {"key": key, "convert": convert}
    if default is MISSING:
        return field(metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings, typed. The ini key of each stands beside it; docs/settings.md explains them."""

    database_url: str = _setting("sqlalchemy.url", _text)
    database_owner_url: str = _setting("database.owner_url", str.strip, "")
    database_backup_url: str = _setting("database.backup_url", str.strip, "")
    database_maintenance_url: str = _setting("database.maintenance_url", str.strip, "")
    destruction_rewrite: bool = _setting("destruction.rewrite", _boolean, False)
    data_dir: Path = _setting("data_dir", _path)
    public_address: str = _setting("public_address", _address)
    contact_email: str = _setting("contact.email", _sender, "")
    security_contact: tuple[str, ...] = _setting("security.contact", _contacts, ())
    security_expires: date | None = _setting("security.expires", _optional_day, None)
    security_policy: str = _setting("security.policy", _secure_url, "")
    price: str = _setting("programme.price", str.strip, "")
    demo: bool = _setting("demo", _boolean, False)
    key_file: Path = _setting("key_file", _path)
    migrations: Path = _setting(
        "migrations", lambda text: _optional_path(text) or MIGRATIONS, MIGRATIONS
    )
    search_backend: str = _setting("search.backend", _one_of("postgresql", "whoosh"), "whoosh")
    web_host: str = _setting("web.host", _text, "127.0.0.1")
    web_port: int = _setting("web.port", _whole_number(1, 65535), 6543)
    web_processes: int = _setting("web.processes", _whole_number(1, 64), 1)
    web_threads: int = _setting("web.threads", _whole_number(1, 64), 4)
    worker_poll_milliseconds: int = _setting(
        "worker.poll_milliseconds", _whole_number(20, 60_000), 100
    )
    session_idle_minutes: int = _setting("session.idle_minutes", _whole_number(5, 24 * 60), 60)
    session_confirm_minutes: int = _setting("session.confirm_minutes", _whole_number(1, 720), 10)
    session_absolute_hours: int = _setting("session.absolute_hours", _whole_number(1, 24), 12)
    silence_days: int = _setting("accounts.silence_days", _whole_number(1, 3650), 90)
    pdf_memory_megabytes: int = _setting("pdf.memory_megabytes", _whole_number(256, 16_384), 1024)
    pdf_timeout_seconds: int = _setting("pdf.timeout_seconds", _whole_number(5, 3600), 300)
    pdf_full_reports: int = _setting("pdf.full_reports", _whole_number(1, 200), 60)
    time_stamp_service: str = _setting("signature.timestamp_url", _time_stamp_service, "")
    archive_laws: str = _setting("archive.law", _dated_laws, ARCHIVE_LAW)
    sender_header: str = _setting("sender.header", str.strip, "")
    flood_reports_per_sender: int = _setting(
        "flood.reports_per_sender", _whole_number(1, 1_000_000), 30
    )
    flood_reports_per_app: int = _setting("flood.reports_per_app", _whole_number(1, 10**7), 6000)
    flood_reads_per_sender: int = _setting("flood.reads_per_sender", _whole_number(10, 10**6), 600)
    ffmpeg: str = _setting("attachments.ffmpeg", str.strip, "ffmpeg")
    sender_megabytes: int = _setting("attachments.sender_megabytes", _whole_number(25, 10**6), 250)
    app_megabytes: int = _setting("attachments.app_megabytes", _whole_number(25, 10**7), 10_000)
    report_megabytes: int = _setting("attachments.report_megabytes", _whole_number(1, 1_000), 125)
    disk_floor_megabytes: int = _setting("disk.floor_megabytes", _whole_number(0, 10**8), 1_000)
    disk_folder: Path | None = _setting("disk.folder", _optional_path, None)
    scanner_socket: Path | None = _setting("scanner.socket", _optional_path, None)
    scanner_when_down: str = _setting(
        "scanner.when_down", _one_of("weigeren", "wachten"), "weigeren"
    )
    log_format: str = _setting("log.format", _one_of("json", "tekst"), "tekst")
    metrics_host: str = _setting("metrics.host", str.strip, "127.0.0.1")
    metrics_port: int = _setting("metrics.port", _whole_number(0, 65_000), 0)
    metrics_worker_port: int = _setting("metrics.worker_port", _whole_number(0, 65_000), 0)
    health_queue_seconds: int = _setting("health.queue_seconds", _whole_number(0, 604_800), 3600)
    health_index_seconds: int = _setting("health.index_seconds", _whole_number(0, 604_800), 3600)
    mail_host: str = _setting("mail.host", str.strip, "")
    mail_port: int = _setting("mail.port", _whole_number(1, 65535), 587)
    mail_tls: str = _setting(
        "mail.tls",
        _one_of("starttls", "tls", why="; zonder TLS gaat er geen mail uit"),
        "starttls",
    )
    mail_user: str = _setting("mail.user", str.strip, "")
    mail_password_file: Path | None = _setting("mail.password_file", _optional_path, None)
    mail_ca_file: Path | None = _setting("mail.ca_file", _optional_path, None)
    mail_sender: str = _setting("mail.sender", _sender, "Stopintimidatie <post@localhost>")
    mail_neutral_sender: str = _setting("mail.neutral_sender", _sender, "")
    mail_dkim_key: Path | None = _setting("mail.dkim_key", _optional_path, None)
    mail_dkim_selector: str = _setting("mail.dkim_selector", str.strip, "")
    mail_dkim_domain: str = _setting("mail.dkim_domain", str.strip, "")
    mail_timeout_seconds: int = _setting("mail.timeout_seconds", _whole_number(1, 600), 30)
    desk_keep_days: int = _setting("desk.keep_days", _whole_number(1, 365), 30)
    log_keep_years: int = _setting("log.keep_years", _whole_number(1, 100), 5)
    log_keep_sign_in_years: int = _setting("log.keep_sign_in_years", _whole_number(1, 100), 3)
    security_file: Path | None = _setting("log.security_file", _appendable, None)
    sms_url: str = _setting("sms.url", _secure_url, "")
    sms_token_file: Path | None = _setting("sms.token_file", _optional_path, None)
    sms_sender: str = _setting("sms.sender", str.strip, "Meldpunt")
    geocoder: str = _setting("geocoder", _one_of("geen", "pdok"), "geen")
    geocoder_address: str = _setting("geocoder.address", _service, GEOCODER_ADDRESS)
    map_background: str = _setting("map.background", _background, "geen")
    backup_recipients: tuple[str, ...] = _setting("backup.recipient", _age_recipients, ())
    backup_programs: Path | None = _setting("backup.programs", _optional_path, None)
    backup_folder: Path | None = _setting("backup.folder", _optional_path, None)
    backup_keep_days: int = _setting("backup.keep_days", _whole_number(1, 3650), 90)
    backup_ledger: Path | None = _setting("backup.ledger", _optional_path, None)

    def archive_law(self, day: date) -> str:
        """Return the archive law in force on a day, with its article about limited openness."""
        laws = _laws_by_day(self.archive_laws)
        return [words for begins, words in laws if begins <= max(day, laws[0][0])][-1]

    @property
    def contact(self) -> str:
        """Return the address that people from outside can write to."""
        return parseaddr(self.contact_email or self.mail_sender)[1]

    @property
    def sqlite(self) -> bool:
        """Tell whether the database is SQLite."""
        return self.database_url.startswith("sqlite")

    @property
    def owner_url(self) -> str:
        """Return the database for who owns the tables: migrations."""
        return self.database_owner_url or self.database_url

    @property
    def backup_url(self) -> str:
        """Return the database for who reads everything: the backup."""
        return self.database_backup_url or self.database_url

    @property
    def maintenance_url(self) -> str:
        """Return the database for who prunes the log."""
        return self.database_maintenance_url or self.database_url

    @property
    def ledger(self) -> Path:
        """Return the file of the ledger: what was destroyed or erased, outside the database."""
        return self.backup_ledger or self.data_dir / LEDGER_FOLDER / "grootboek.jsonl"

    @property
    def https(self) -> bool:
        """Tell whether browsers come over https."""
        return self.public_address.startswith("https://")


def setting_keys() -> tuple[str, ...]:
    """Return the ini keys that exist, in order."""
    return tuple(f.metadata["key"] for f in fields(Settings))


def setting_values(settings: Settings) -> dict[str, str]:
    """Return every setting as text, by its ini key."""
    return {f.metadata["key"]: str(getattr(settings, f.name)) for f in fields(Settings)}


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
    if settings.search_backend == "postgresql" and settings.sqlite:
        mistakes.append(
            "search.backend: postgresql zoekt in de database zelf, en die is hier SQLite;"
            " kies whoosh, of zet de gegevens in PostgreSQL"
        )
    if not settings.https and not settings.demo:
        host = urlsplit(settings.public_address).hostname or ""
        if host not in LOOPBACK_HOSTS:
            mistakes.append(
                "public_address: zonder https mag alleen op deze machine zelf of met demo = true"
            )
    for port in (settings.metrics_port, settings.metrics_worker_port):
        if port and port <= settings.web_port < port + METRICS_PORTS:
            mistakes.append(
                f"metrics: de poorten {port} tot en met {port + METRICS_PORTS - 1} zijn voor"
                " cijfers, web.port moet daarbuiten liggen: cijfers zijn niet voor bezoekers"
            )
    if bool(settings.security_contact) != (settings.security_expires is not None):
        mistakes.append("security.contact en security.expires: vul beide in, of geen van beide")
    return mistakes + _addresses_of_one_database(settings) + _mail_rules(settings)


def _mail_rules(settings: Settings) -> list[str]:
    mistakes = []
    if settings.mail_user and settings.mail_password_file is None:
        mistakes.append("mail.password_file: nodig bij mail.user")
    if settings.mail_host and not settings.mail_sender:
        mistakes.append("mail.sender: nodig bij mail.host")
    if settings.mail_dkim_key and not (settings.mail_dkim_selector and settings.mail_dkim_domain):
        mistakes.append("mail.dkim_key: vraagt ook mail.dkim_selector en mail.dkim_domain")
    return mistakes


def _addresses_of_one_database(settings: Settings) -> list[str]:
    kind = settings.database_url.partition(":")[0].partition("+")[0]
    return [
        f"database.{name}: moet dezelfde database zijn als sqlalchemy.url"
        for name in ("owner_url", "backup_url", "maintenance_url")
        if getattr(settings, name).partition(":")[0].partition("+")[0] != kind
    ]


def parse_settings(raw: Mapping[str, str]) -> Settings:
    """Make `Settings` of ini keys and values.

    Raises:
        SettingsError: With every mistake at once.
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
    """Return the names that the ini file may refer to as `%(NAME)s`."""
    data_dir = os.environ.get("DATA_DIR") or "var"
    return {
        "HERE": str(ini.parent.absolute()).replace("%", "%%"),
        "DATA_DIR": str((ini.parent / data_dir).absolute()).replace("%", "%%"),
        "PORT": os.environ.get("PORT") or "6543",
    }


class _CasedParser(configparser.ConfigParser):
    """Parser that keeps the case of names, so that DATA_DIR and data_dir differ."""

    def optionxform(self, optionstr: str) -> str:
        """Return a name as it is."""
        return optionstr


def load_settings(ini: str | Path) -> Settings:
    """Read the settings of an ini file.

    Raises:
        SettingsError: The file isn't there, isn't an ini file, or holds mistakes.
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
