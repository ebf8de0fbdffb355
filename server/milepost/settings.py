"""Settings, read once at start: TOML file, then MILEPOST_* environment variables, then command-line options."""

from dataclasses import dataclass


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
