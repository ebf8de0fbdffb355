"""The set-up list, the install page with what is copied from it, bad rows, and the environment's settings."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from milepost.actions.environments import read_identity_secret
from milepost.actions.features import push_catalogue
from milepost.actions.identity import SigningSecret, Verifier
from milepost.actions.runtime import system_clock
from milepost.store import engine as db
from milepost.web import install_code
from milepost.web.sdk_files import stub_text
from milepost.wire.event import format_instant
from milepost.wire.feature import Catalogue, EventRule, Feature
from tests.factories import DAY_MS, Sandbox
from tests.web.console import become, log_in, open_client, take_seat

SETUP = "/e/production/setup"
LIGHTS = "/e/production/setup/lights"
BAD_ROWS = "/e/production/bad-rows"
SETTINGS = "/e/production/settings"


def states(lights: dict[str, dict[str, str]]) -> dict[str, str]:
    return {key: light["state"] for key, light in lights.items()}


def test_a_new_owner_changes_the_first_password_and_lands_on_the_set_up_list(sandbox: Sandbox) -> None:
    client = open_client(sandbox.runtime)
    made = sandbox.workspace
    assert log_in(client, made.owner_email, made.owner_password).headers["location"] == "/"
    assert client.get("/").headers["location"] == "/password"
    new = "quite another sentence"
    changed = client.post("/password", data={"current": made.owner_password, "new": new, "again": new})
    assert changed.headers["location"] == "/"
    assert client.get("/").headers["location"] == SETUP
    assert "What the numbers stand on" in client.get(SETUP).text


def test_every_light_waits_in_an_empty_environment(sandbox: Sandbox) -> None:
    told = become(sandbox, "viewer").get(LIGHTS).json()
    assert set(states(told["lights"]).values()) == {"waiting"}
    assert told["done"] == "0\u00a0of\u00a08 done"
    assert told["unsigned"] == "no events yet"


def test_lights_turn_on_as_events_come_in(sandbox: Sandbox) -> None:
    push_catalogue(
        sandbox.runtime,
        sandbox.tenant,
        Catalogue(
            features=[
                Feature(key="report", name="Report", rules=[EventRule(on="event", name="Report Opened")]),
                Feature(key="roster", name="Roster", rules=[EventRule(on="event", name="Roster Opened")]),
            ]
        ),
        "test",
    )
    viewer = become(sandbox, "viewer")
    sandbox.send(sandbox.event(), secret=False)
    sandbox.send({"type": "track", "event": "X", "anonymousId": "an"}, secret=False)
    told = viewer.get(LIGHTS).json()
    got = states(told["lights"])
    assert (got["events"], got["people"], got["accounts"], got["signed"]) == ("done", "part", "part", "waiting")
    assert told["lights"]["people"]["figure"] == "50\u00a0%"
    assert told["lights"]["features"] == {"state": "part", "figure": "1\u00a0of\u00a02"}
    assert told["unsigned"] == "100\u00a0%"


def test_the_latest_event_is_told_in_words_also_when_it_has_no_time_of_its_own(sandbox: Sandbox) -> None:
    viewer = become(sandbox, "viewer")
    sandbox.send(sandbox.event("Report Opened", context={"groupId": "a1", "library": {"name": "curl", "version": "8"}}))
    sandbox.clock.turn(ms=1000)
    sandbox.send({"type": "track", "event": "<b>No Time</b>", "userId": "u9", "messageId": "nt"})
    told = viewer.get(LIGHTS).json()
    assert told["latest"].startswith("track “<b>No Time</b>” · u9")
    assert "&lt;b&gt;No Time&lt;/b&gt;" in viewer.get("/e/production/install").text
    assert "<b>No Time" not in viewer.get("/e/production/install").text


def test_refused_events_turn_the_lamp_amber_and_say_why(sandbox: Sandbox) -> None:
    viewer = become(sandbox, "viewer")
    sandbox.send({"type": "track", "event": "X", "timestamp": "1999-01-01T00:00:00Z", "userId": "u"})
    first = viewer.get(LIGHTS).json()["lights"]["first"]
    assert first["state"] == "part"
    assert "clock" in first["figure"]


def test_events_of_more_than_a_week_ago_light_nothing(sandbox: Sandbox) -> None:
    viewer = become(sandbox, "viewer")
    sandbox.send(sandbox.event())
    assert viewer.get(LIGHTS).json()["lights"]["events"]["state"] == "done"
    sandbox.clock.turn(days=8)
    assert become(sandbox, "viewer").get(LIGHTS).json()["lights"]["events"]["state"] == "waiting"


def test_the_lights_of_another_environment_stay_its_own(sandbox: Sandbox) -> None:
    owner = become(sandbox, "owner")
    made = owner.post("/e/production/environments", {"key": "staging", "time_zone": "UTC"})
    assert made.status_code == 200
    sandbox.send(sandbox.event())
    assert owner.get("/e/staging/setup/lights").json()["lights"]["events"]["state"] == "waiting"


def test_install_shows_this_environments_own_key_address_and_policy(sandbox: Sandbox) -> None:
    page = become(sandbox, "viewer").get("/e/production/install").text
    assert sandbox.workspace.write_key in page
    assert "http://127.0.0.1:8787/sdk/milepost.js" in page
    assert "connect-src http://127.0.0.1:8787;" in page
    assert sandbox.workspace.secret_key not in page
    with db.reading(sandbox.runtime.engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM identity_secrets")).scalar_one() == 1
    assert read_identity_secret(sandbox.runtime, sandbox.environment_id) not in page


def test_the_policy_names_the_hash_of_exactly_the_inline_line() -> None:
    import base64
    import hashlib

    digest = base64.b64encode(hashlib.sha256(stub_text().encode()).digest()).decode()
    assert f"'sha256-{digest}'" in install_code.policy("https://m.example.test/")
    assert f"<script>{stub_text()}</script>" in install_code.snippet("https://m.example.test", "pk_x")


def test_the_share_that_enforce_would_refuse_is_shown_and_the_mode_switched(sandbox: Sandbox) -> None:
    admin = become(sandbox, "admin")
    sandbox.send(sandbox.event(), secret=True)
    sandbox.send(sandbox.event(), secret=False)
    assert "50\u00a0%" in admin.get("/e/production/install").text
    assert admin.post("/e/production/install/mode", {"mode": "enforce"}).status_code == 303
    assert sandbox.tenant.identity_mode == "enforce"
    assert admin.post("/e/production/install/mode", {"mode": "whatever"}).status_code == 303
    assert sandbox.tenant.identity_mode == "enforce"
    assert become(sandbox, "author").post("/e/production/install/mode", {"mode": "off"}).status_code == 403


SECRET = "ids_" + "s" * 32
ODD_USER, ODD_ACCOUNT = 'u "1"\\ü', "客户/1+2?"


def check_token(token: str) -> None:
    verifier = Verifier("env_test", (SigningSecret(SECRET),))
    claims = verifier.verify(token.strip(), system_clock())
    assert claims is not None, token
    assert (claims.user, claims.account) == (ODD_USER, ODD_ACCOUNT)


def run_signing(command: list[str], folder: Path) -> str:
    kept = os.environ | {"MILEPOST_IDENTITY_SECRET": SECRET}
    done = subprocess.run(command, cwd=folder, env=kept, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def code_of(key: str) -> str:
    return install_code.signing(install_code.choose_language(key), "env_test")


def test_python_signing_verifies(tmp_path: Path) -> None:
    call = f"\nprint(milepost_token({ODD_USER!r}, {ODD_ACCOUNT!r}))\n"
    (tmp_path / "sign.py").write_text(code_of("python") + call, "utf-8")
    check_token(run_signing([sys.executable, "sign.py"], tmp_path))


def test_node_signing_verifies(tmp_path: Path) -> None:
    call = f"\nconsole.log(milepostToken({json.dumps(ODD_USER)}, {json.dumps(ODD_ACCOUNT)}));\n"
    (tmp_path / "sign.cjs").write_text(code_of("node") + call, "utf-8")
    check_token(run_signing([shutil.which("node") or "node", "sign.cjs"], tmp_path))


@pytest.mark.skipif(not shutil.which("javac"), reason="needs a JDK")
def test_java_signing_verifies(tmp_path: Path) -> None:
    (tmp_path / "MilepostToken.java").write_text(code_of("java"), "utf-8")
    call = f"System.out.println(MilepostToken.of({json.dumps(ODD_USER)}, {json.dumps(ODD_ACCOUNT)}));"
    (tmp_path / "Run.java").write_text(
        f"class Run {{ public static void main(String[] a) throws Exception {{ {call} }} }}", "utf-8"
    )
    run_signing(["javac", "-encoding", "UTF-8", "MilepostToken.java", "Run.java"], tmp_path)
    check_token(run_signing(["java", "-cp", ".", "Run"], tmp_path))


@pytest.mark.skipif(not shutil.which("go"), reason="needs Go")
def test_go_signing_verifies(tmp_path: Path) -> None:
    code = code_of("go").replace("package milepost", "package main").replace('"os"', '"fmt"\n\t"os"')
    call = f"\nfunc main() {{ t, _ := Token({json.dumps(ODD_USER)}, {json.dumps(ODD_ACCOUNT)}); fmt.Println(t) }}\n"
    (tmp_path / "main.go").write_text(code + call, "utf-8")
    check_token(run_signing(["go", "run", "main.go"], tmp_path))


@pytest.mark.skipif(not shutil.which("php"), reason="needs PHP")
def test_php_signing_verifies(tmp_path: Path) -> None:
    user, account = ODD_USER.replace("\\", "\\\\"), ODD_ACCOUNT
    (tmp_path / "sign.php").write_text(code_of("php") + f"\necho milepost_token('{user}', '{account}');\n", "utf-8")
    check_token(run_signing(["php", "sign.php"], tmp_path))


@pytest.mark.parametrize("language", install_code.LANGUAGES, ids=lambda language: language.key)
def test_every_language_signs_the_same_claims_for_an_hour(language: install_code.Language, sandbox: Sandbox) -> None:
    code = install_code.signing(language, "env_1")
    assert "ENVIRONMENT_ID" not in code
    for word in ("env_1", "sub", "account", "iat", "exp", "3600", "HS256", "MILEPOST_IDENTITY_SECRET"):
        assert word in code, word
    page = become(sandbox, "viewer").get(f"/e/production/install?sign={language.key}").text
    assert language.file in page
    assert sandbox.workspace.environment_id in page


@pytest.mark.parametrize(("name", "make"), install_code.CLIENTS, ids=lambda value: value if isinstance(value, str) else "")
def test_client_snippets_name_this_server_and_no_key(name: str, make: object) -> None:
    code = make("https://m.example.test")  # type: ignore[operator]
    assert "https://m.example.test" in code
    assert 'groupId": "acme"' in code or 'groupId: "acme"' in code
    if name.endswith("Python"):
        compile(code, name, "exec")


def refuse_one(sandbox: Sandbox, days_ago: int = 30) -> None:
    """A track event too old for the live routes: a bad row `clock`, good as history."""
    at = sandbox.clock() - days_ago * DAY_MS
    receipt = sandbox.send(sandbox.event("Old <i>One</i>", at=at), secret=False)
    assert [r.reason for r in receipt.refused] == ["clock"]


def test_bad_rows_say_why_and_show_the_raw_event_as_text(sandbox: Sandbox) -> None:
    refuse_one(sandbox)
    page = become(sandbox, "viewer").get(BAD_ROWS).text
    assert "older than 7 days" in page
    assert "<i>One" not in page
    assert "Old &lt;i&gt;One&lt;/i&gt;" in page
    assert "Balanced" in page
    assert "Send again" not in page, "a viewer changes nothing"


def test_a_bad_row_is_sent_again_as_history_and_counts(sandbox: Sandbox) -> None:
    admin = become(sandbox, "admin")
    refuse_one(sandbox)
    [(row,)] = sandbox.rows("SELECT id FROM bad_rows WHERE environment_id = :e")
    done = admin.post(f"{BAD_ROWS}/replay", {"row": str(row)})
    assert "1 stored, 0 were there before, 0 refused again." in done.text
    assert sandbox.rows("SELECT name FROM events WHERE environment_id = :e") == [("Old <i>One</i>",)]
    assert admin.post(f"{BAD_ROWS}/replay", {"row": str(row)}).text.count("0 stored") == 1
    actions = sandbox.rows("SELECT action FROM audit WHERE environment_id = :e AND action = 'bad_rows.replayed'")
    assert len(actions) == 2


def test_all_of_a_reason_are_sent_again_and_the_ledger_stays_balanced(sandbox: Sandbox) -> None:
    admin = become(sandbox, "admin")
    for _ in range(3):
        refuse_one(sandbox)
    sandbox.send({"type": "track", "event": "nobody"})
    page = admin.get(f"{BAD_ROWS}?reason=clock").text
    assert "Send all again" in page
    done = admin.post(f"{BAD_ROWS}/replay?reason=clock", {"of_reason": "clock"}).text
    assert "3 stored" in done
    assert "Balanced" in done
    assert sandbox.rows("SELECT count(*) FROM bad_rows WHERE replayed_at IS NULL") == [(1,)]
    assert admin.post(f"{BAD_ROWS}/replay", {"of_reason": "clock"}).status_code == 422


def test_a_row_refused_again_says_so(sandbox: Sandbox) -> None:
    admin = become(sandbox, "admin")
    sandbox.send({"type": "track", "event": "nobody"})
    [(row,)] = sandbox.rows("SELECT id FROM bad_rows WHERE environment_id = :e")
    done = admin.post(f"{BAD_ROWS}/replay", {"row": str(row)}).text
    assert "1 refused again" in done
    assert "userId" in done


def test_unsigned_events_are_told_where_identity_is_enforced(sandbox: Sandbox) -> None:
    admin = become(sandbox, "admin")
    admin.post("/e/production/install/mode", {"mode": "enforce"})
    sandbox.clock.turn(ms=1000)
    sandbox.send(sandbox.event(), secret=False)
    assert "1 unsigned events" in admin.get(BAD_ROWS).text


def good_settings(**changes: str) -> dict[str, str]:
    return {
        "name": "Live", "time_zone": "Asia/Shanghai", "host_url": "", "retention_days": "400", "coverage_window_days": "60",
        "plan_unknown": "all", "active_share_denominator": "seats", "holiday_country": "CN",
        "internal_domains": "@Example.test\nother.test", "internal_user_ids": "boss", "count_guided": "1",
    } | changes  # fmt: skip


def test_settings_are_saved_whole_and_reach_the_counting(sandbox: Sandbox) -> None:
    admin = become(sandbox, "admin")
    assert admin.post(SETTINGS, good_settings()).headers["location"] == f"{SETTINGS}?saved=1"
    tenant = sandbox.tenant
    assert (tenant.zone, tenant.settings.coverage_window_days, tenant.settings.count_guided) == ("Asia/Shanghai", 60, True)
    assert tenant.settings.internal_domains == ["example.test", "other.test"]
    assert tenant.is_internal("boss", None)
    page = admin.get(SETTINGS).text
    assert 'value="60"' in page
    assert "other.test" in page
    form = good_settings()
    del form["count_guided"]
    admin.post(SETTINGS, form)
    assert sandbox.tenant.settings.count_guided is False


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("time_zone", "Mars/Base"), ("retention_days", "1"), ("retention_days", "ten"), ("coverage_window_days", "3"),
        ("name", " "), ("plan_unknown", "maybe"), ("holiday_country", "Germany"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_marked_on_its_field_and_nothing_is_saved(sandbox: Sandbox, name: str, value: str) -> None:
    admin = become(sandbox, "admin")
    answer = admin.post(SETTINGS, good_settings(**{name: value}))
    assert answer.status_code == 422
    assert f'id="e-{name}"' in answer.text
    assert sandbox.tenant.zone == "UTC"


def test_a_field_the_form_does_not_have_is_refused(sandbox: Sandbox) -> None:
    admin = become(sandbox, "admin")
    answer = admin.post(SETTINGS, good_settings(workspace_id="1"))
    assert answer.status_code == 422
    assert "workspace_id" in answer.text
    assert sandbox.tenant.zone == "UTC"


def test_the_signing_secret_is_shown_to_admins_on_request_and_the_log_says_who_looked(sandbox: Sandbox) -> None:
    admin = become(sandbox, "admin")
    secret = read_identity_secret(sandbox.runtime, sandbox.environment_id)
    assert secret not in admin.get(SETTINGS).text
    shown = admin.post(f"{SETTINGS}/secret")
    assert secret in shown.text
    assert shown.headers["cache-control"] == "no-store"
    assert become(sandbox, "author").post(f"{SETTINGS}/secret").status_code == 403
    logged = sandbox.rows("SELECT actor FROM audit WHERE action = 'identity.secret_shown'")
    assert logged == [(admin.public_id,)]


def test_a_new_signing_secret_is_shown_and_the_old_one_verifies_a_day_more(sandbox: Sandbox) -> None:
    owner = take_seat(sandbox, sandbox.workspace.owner_email)
    before = read_identity_secret(sandbox.runtime, sandbox.environment_id)
    page = owner.post(f"{SETTINGS}/secret/new").text
    after = read_identity_secret(sandbox.runtime, sandbox.environment_id)
    assert before != after
    assert after in page
    assert len(sandbox.tenant.verifier.secrets) == 2


def test_instants_are_shown_in_the_environments_zone(sandbox: Sandbox) -> None:
    admin = become(sandbox, "admin")
    admin.post(SETTINGS, good_settings())
    assert format_instant(sandbox.clock()).startswith("2026-11-18T11:06")
    assert "18\u00a0Nov, 19:06" in admin.get("/e/production/audit").text


def test_reasons_speak_the_readers_language_where_the_sentence_is_known(sandbox: Sandbox) -> None:
    sandbox.send({"type": "track", "event": "nobody"})
    page = become(sandbox, "viewer", locale="zh-CN").get(BAD_ROWS).text
    assert "没有指明是谁（identity）" in page
    assert "事件需要 `userId` 或 `anonymousId`。" in page
