"""Settings: three sources, one frozen object, and a sentence for whatever is wrong."""

from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

from milepost.cli.listening import with_port
from milepost.errors import SettingError
from milepost.settings import Settings, is_loopback, load_settings


def test_nothing_set_is_a_working_installation() -> None:
    settings = load_settings({})
    assert (settings.database, settings.url) == ("milepost.db", "http://127.0.0.1:8787")


def test_the_environment_wins_over_the_file_and_an_option_over_both(tmp_path: Path) -> None:
    file = tmp_path / "milepost.toml"
    file.write_text('port = 1\nhost = "127.0.0.2"\ndatabase = "a.db"\n', encoding="utf-8")
    settings = load_settings(
        {"MILEPOST_CONFIG": str(file), "MILEPOST_PORT": "2", "MILEPOST_HOST": "127.0.0.3"}, port=3, host=None
    )
    assert (settings.port, settings.host, settings.database) == (3, "127.0.0.3", "a.db")


def test_settings_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("MILEPOST_PROT", "1", "MILEPOST_PROT is not a setting. Settings are: "),
        ("MILEPOST_HOST", "", "host is empty; write an address such as 127.0.0.1"),
        ("MILEPOST_DATABASE", "", "database is empty; write a SQLite path"),
        ("MILEPOST_PORT", "many", "MILEPOST_PORT is 'many'; write a whole number"),
        ("MILEPOST_PORT", "70000", "port is 70000"),
        ("MILEPOST_TRUSTED_PROXIES", "127.0.0.1, *", "trusted_proxies names '*'; write addresses or networks"),
        ("MILEPOST_WORKERS", "0", "workers is 0; write 1 or more"),
        ("MILEPOST_QUEUE_LIMIT", "-1", "queue_limit is -1"),
        ("MILEPOST_PK_EVENTS_PER_S", "0", "pk_events_per_s is 0"),
        ("MILEPOST_LOG_LEVEL", "loud", "log_level is 'loud'; write one of debug, info"),
        ("MILEPOST_DAILY_RUN_AT", "25:00", "daily_run_at is '25:00'"),
        ("MILEPOST_DAILY_RUN_AT", "²:00", "daily_run_at is"),
        ("MILEPOST_ALLOW_HTTP", "perhaps", "MILEPOST_ALLOW_HTTP is 'perhaps'; write 1 or 0"),
        ("MILEPOST_PUBLIC_URL", "milepost.example.com", "public_url is 'milepost.example.com'"),
        ("MILEPOST_PUBLIC_URL", "ftp://x.test", "public_url is"),
        ("MILEPOST_PUBLIC_URL", "https://[x", "public_url is"),
        ("MILEPOST_PUBLIC_URL", "https://x.test:port", "public_url is"),
        ("MILEPOST_PUBLIC_URL", "https://x.test/?a=b", "public_url is"),
        ("MILEPOST_PUBLIC_URL", "http://milepost.example.com", "sessions would cross the network unencrypted"),
        ("MILEPOST_PUBLIC_URL", "http://127.evil.example.com", "sessions would cross the network unencrypted"),
    ],
)
def test_a_wrong_setting_is_named_with_its_repair(variable: str, value: str, says: str) -> None:
    with pytest.raises(SettingError) as caught:
        load_settings({variable: value})
    assert says in caught.value.detail


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'log_level = "\xe9"\n', "which is not UTF-8 text; save it as UTF-8"),
        (b'log_level = ["info"]\n', r"log_level is \['info'\]; write a text in quotes"),
        (b"daily_run_at = 02:00:00\n", "daily_run_at is .*; write a text in quotes"),
    ],
)
def test_what_a_file_holds_wrong_is_named(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "milepost.toml"
    file.write_bytes(content)
    with pytest.raises(SettingError, match=says):
        load_settings({"MILEPOST_CONFIG": str(file)})


def test_a_wrong_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="can't be read"):
        load_settings({"MILEPOST_CONFIG": str(tmp_path / "none.toml")})
    file = tmp_path / "bad.toml"
    file.write_text("port =", encoding="utf-8")
    with pytest.raises(SettingError, match=r"bad\.toml is not valid TOML"):
        load_settings({"MILEPOST_CONFIG": str(file)})
    file.write_text("speed = 3", encoding="utf-8")
    with pytest.raises(SettingError, match=r"bad\.toml: speed is not a setting"):
        load_settings({"MILEPOST_CONFIG": str(file)})


def test_http_on_another_host_is_possible_when_somebody_accepts_it() -> None:
    settings = load_settings({"MILEPOST_PUBLIC_URL": "http://milepost.example.com/", "MILEPOST_ALLOW_HTTP": "1"})
    assert settings.url == "http://milepost.example.com"
    assert load_settings({"MILEPOST_PUBLIC_URL": "http://localhost:9"}).url == "http://localhost:9"


def test_an_ipv6_host_makes_a_good_address() -> None:
    assert load_settings({"MILEPOST_HOST": "::1"}).url == "http://[::1]:8787"


def test_what_is_loopback() -> None:
    assert all(map(is_loopback, ("localhost", "127.0.0.1", "127.1.2.3", "::1")))
    assert not any(map(is_loopback, ("127.evil.test", "10.0.0.1", "", "localhost.evil.test")))


def test_names_that_only_commands_read_are_no_fault() -> None:
    assert load_settings({"MILEPOST_URL": "https://x.test", "MILEPOST_KEY": "sk_x"}) == Settings()


def test_every_setting_has_a_type_the_loader_knows() -> None:
    assert {field.type for field in fields(Settings)} <= {str, int, bool}


def test_port_0_is_a_free_port_of_the_host_and_links_name_it() -> None:
    asked = load_settings({"MILEPOST_PORT": "0"})
    settings = with_port(asked)
    assert settings.port > 0
    assert settings.url == f"http://127.0.0.1:{settings.port}"
    assert with_port(settings) is settings
    assert load_settings({"MILEPOST_PORT": "0", "MILEPOST_PUBLIC_URL": "https://m.example"}).url == "https://m.example"
    with pytest.raises(SettingError, match="public_url"):
        load_settings({"MILEPOST_PUBLIC_URL": "http://127.0.0.1:0"})
