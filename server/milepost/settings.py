"""Settings, read once at start: a TOML file, then MILEPOST_* environment variables, then command-line options."""

import ipaddress
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from milepost.errors import SettingError

T = TypeVar("T")
PREFIX = "MILEPOST_"
CONFIG = "MILEPOST_CONFIG"
AT_LEAST_ONE = (
    "workers", "queue_limit", "pk_events_per_s", "address_events_per_s", "identity_events_per_s", "new_accounts_per_hour",
)  # fmt: skip
LOG_LEVELS = ("debug", "info", "warning", "error", "critical")
COMMAND_NAMES = frozenset({CONFIG, "MILEPOST_URL", "MILEPOST_KEY"})  # read by commands that speak HTTP, not settings


def setting(default: T, says: str) -> T:
    """A field with the sentence that stands for it in the reference."""
    return field(default=default, metadata={"says": says})


@dataclass(frozen=True)
class Settings:
    """Every setting; field `x` is MILEPOST_X in the environment and `x` in the TOML file."""

    database: str = setting(
        "milepost.db", "A SQLite file, or a `postgresql://user:password@host/name` address of PostgreSQL 15 or newer."
    )
    host: str = setting("127.0.0.1", "The address to listen on. Behind a proxy on the same machine leave it as it is.")
    port: int = setting(8787, "The port to listen on; 0 takes a free one.")
    public_url: str = setting(
        "", "Where browsers reach this server, such as `https://milepost.example.com`. Unset: `http://HOST:PORT`."
    )
    secret_key: str = setting(
        "",
        "32 random bytes in base64; seals the secrets that must be used again. Unset on SQLite: the first start makes "
        "a file `DATABASE.secret-key` (mode 0600). On PostgreSQL it must be set.",
    )
    allow_http: bool = setting(
        False, "Accept a `public_url` without encryption on another machine; sessions then cross the network in the open."
    )
    trusted_proxies: str = setting(
        "",
        "Addresses or networks of your proxies, separated by commas, such as `127.0.0.1, 10.0.0.0/8`. Only their "
        "`X-Forwarded-For` names the client; unset, everybody behind a proxy shares its limits for logins and events.",
    )
    workers: int = setting(1, "Processes of `serve`. More than one needs PostgreSQL.")
    log_level: str = setting("info", "debug, info, warning, error or critical. Logs are JSON lines on stderr.")
    queue_limit: int = setting(20_000, "Events that may wait for the writer; beyond it clients get 429 and send again later.")
    pk_events_per_s: int = setting(5_000, "Events per second one public key may send; bursts of ten times that.")
    address_events_per_s: int = setting(500, "Events per second one network address may send with public keys; bursts likewise.")
    identity_events_per_s: int = setting(
        100, "Events per second one person (user id, else anonymous id) may send with public keys; bursts likewise."
    )
    new_accounts_per_hour: int = setting(
        5_000, "New accounts per hour and environment; what comes beyond is counted as overflow."
    )
    drain_s: int = setting(
        1,
        "Seconds between SIGTERM, when `/readyz` begins to fail, and the moment when no new connection is taken. Give your "
        "load balancer the time it needs to notice; 0 stops at once.",
    )
    daily_run_at: str = setting("02:00", "When yesterday is settled, such as `03:30`, in the time zone of each environment.")

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
    except UnicodeDecodeError as problem:
        raise SettingError(f"{CONFIG} names {path}, which is not UTF-8 text; save it as UTF-8.") from problem
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
    if not isinstance(value, str):
        raise SettingError(f"{source}{shown} is {value!r}; write a text in quotes.")
    return value


def _check(settings: Settings) -> None:
    _check_said(settings)
    if not 0 <= settings.port <= 65_535:
        raise SettingError(f"port is {settings.port}; write a number from 0 to 65535.")
    for name in AT_LEAST_ONE:
        if getattr(settings, name) < 1:
            raise SettingError(f"{name} is {getattr(settings, name)}; write 1 or more.")
    if not 0 <= settings.drain_s <= 600:
        raise SettingError(f"drain_s is {settings.drain_s}; write a number from 0 to 600.")
    if settings.log_level.lower() not in LOG_LEVELS:
        raise SettingError(f"log_level is {settings.log_level!r}; write one of {', '.join(LOG_LEVELS)}.")
    for proxy in settings.trusted_proxies.split(",") if settings.trusted_proxies.strip() else ():
        if not is_network(proxy.strip()):
            raise SettingError(f"trusted_proxies names {proxy.strip()!r}; write addresses or networks such as 10.0.0.0/8.")
    hour, _, minute = settings.daily_run_at.partition(":")
    if not (hour.isdecimal() and minute.isdecimal() and int(hour) < 24 and int(minute) < 60):
        raise SettingError(f"daily_run_at is {settings.daily_run_at!r}; write a time such as 02:00.")
    try:
        parts = urlsplit(settings.url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port != 0 or not settings.public_url)
    except ValueError:  # a bracket that is not closed, a port that is no number
        good = False
    if not good or parts.query or parts.fragment or parts.username is not None:
        raise SettingError(f"public_url is {settings.public_url!r}; write an address such as https://milepost.example.com.")
    if parts.scheme == "http" and settings.public_url and not is_loopback(parts.hostname or "") and not settings.allow_http:
        raise SettingError(
            f"public_url is {settings.public_url}: sessions would cross the network unencrypted. "
            "Use an https address, or set MILEPOST_ALLOW_HTTP=1 if you accept that."
        )


def is_network(text: str) -> bool:
    """True for an address, or a network without bits set behind its prefix."""
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


def _check_said(settings: Settings) -> None:
    """An empty text is a slip, not a wish for the default."""
    if not settings.database.strip():
        raise SettingError("database is empty; write a SQLite path or a postgresql:// URL, or leave MILEPOST_DATABASE unset.")
    if not settings.host.strip():
        raise SettingError("host is empty; write an address such as 127.0.0.1, or leave MILEPOST_HOST unset.")


def is_loopback(host: str) -> bool:
    """True for the names and addresses of this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
