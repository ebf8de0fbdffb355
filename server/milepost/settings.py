"""Settings, read once at start: a TOML file, then MILEPOST_* environment variables, then command-line options."""

import ipaddress
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from milepost.errors import SettingError

PREFIX = "MILEPOST_"
CONFIG = "MILEPOST_CONFIG"
LOG_LEVELS = ("debug", "info", "warning", "error", "critical")
COMMAND_NAMES = frozenset({CONFIG, "MILEPOST_URL", "MILEPOST_KEY"})  # read by commands that speak HTTP, not settings


@dataclass(frozen=True)
class Settings:
    """Every setting; field `x` is MILEPOST_X in the environment and `x` in the TOML file."""

    database: str = "milepost.db"
    host: str = "127.0.0.1"
    port: int = 8787
    public_url: str = ""  # unset: http://HOST:PORT
    secret_key: str = ""
    allow_http: bool = False
    workers: int = 1
    log_level: str = "info"
    queue_limit: int = 20_000  # events waiting for the writer before 429
    pk_events_per_s: int = 5_000
    address_events_per_s: int = 500
    new_accounts_per_hour: int = 5_000
    daily_run_at: str = "02:00"

    @property
    def url(self) -> str:
        """Where browsers reach this server, without a trailing slash."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.public_url or f"http://{host}:{self.port}").rstrip("/")


def load_settings(environment: Mapping[str, str], **options: Any) -> Settings:
    """One frozen object; raises SettingError with a sentence that names the setting and the repair."""
    known = {field.name: field.type for field in fields(Settings)}
    values: dict[str, Any] = {}
    if environment.get(CONFIG):
        for name, value in _read_toml(Path(environment[CONFIG])).items():
            values[name] = _typed(name, value, known, f"{environment[CONFIG]}: ")
    for variable, value in environment.items():
        if variable.startswith(PREFIX) and variable not in COMMAND_NAMES:
            name = variable.removeprefix(PREFIX).lower()
            values[name] = _typed(name, value, known, "", shown=variable)
    values.update({name: value for name, value in options.items() if value is not None})
    settings = replace(Settings(), **values)
    _check(settings)
    return settings


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise SettingError(f"{CONFIG} names {path}, which can't be read: {problem.strerror}.") from problem
    except tomllib.TOMLDecodeError as problem:
        raise SettingError(f"{path} is not valid TOML: {problem}.") from problem


def _typed(name: str, value: Any, known: Mapping[str, Any], source: str, shown: str = "") -> Any:
    shown = shown or name
    if name not in known:
        raise SettingError(f"{source}{shown} is not a setting. Settings are: {', '.join(sorted(known))}.")
    kind = known[name]
    if kind is bool:
        text = str(value).strip().lower()
        if text not in {"0", "1", "true", "false", "yes", "no"}:
            raise SettingError(f"{source}{shown} is {value!r}; write 1 or 0.")
        return text in {"1", "true", "yes"}
    if kind is int:
        try:
            return int(str(value))
        except ValueError as problem:
            raise SettingError(f"{source}{shown} is {value!r}; write a whole number.") from problem
    return str(value)


def _check(settings: Settings) -> None:
    if not 0 <= settings.port <= 65_535:
        raise SettingError(f"port is {settings.port}; write a number from 0 to 65535.")
    for name in ("workers", "queue_limit", "pk_events_per_s", "address_events_per_s", "new_accounts_per_hour"):
        if getattr(settings, name) < 1:
            raise SettingError(f"{name} is {getattr(settings, name)}; write 1 or more.")
    if settings.log_level.lower() not in LOG_LEVELS:
        raise SettingError(f"log_level is {settings.log_level!r}; write one of {', '.join(LOG_LEVELS)}.")
    hour, _, minute = settings.daily_run_at.partition(":")
    if not (hour.isdecimal() and minute.isdecimal() and int(hour) < 24 and int(minute) < 60):
        raise SettingError(f"daily_run_at is {settings.daily_run_at!r}; write a time such as 02:00.")
    try:
        parts = urlsplit(settings.url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a bracket that is not closed, a port that is no number
        good = False
    if not good or parts.query or parts.fragment or parts.username is not None:
        raise SettingError(f"public_url is {settings.public_url!r}; write an address such as https://milepost.example.com.")
    if parts.scheme == "http" and settings.public_url and not is_loopback(parts.hostname or "") and not settings.allow_http:
        raise SettingError(
            f"public_url is {settings.public_url}: sessions would cross the network unencrypted. "
            "Use an https address, or set MILEPOST_ALLOW_HTTP=1 if you accept that."
        )


def is_loopback(host: str) -> bool:
    """True for the names and addresses of this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
