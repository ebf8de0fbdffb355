"""The inbox, checkpoints, health models and the import of accounts, as people click them."""

import re
from html import unescape
from typing import Any

import pytest

from milepost.actions.features import push_catalogue
from milepost.actions.health import read_preset
from milepost.actions.score import refresh_dirty
from milepost.actions.unmatched import list_unmatched
from milepost.wire.feature import Catalogue, EventRule, Feature
from tests.factories import Sandbox
from tests.web.console import Somebody, become

BASE = "/e/production"
HOSTILE = "<script>alert(1)</script>\"'<img src=x onerror=alert(2)>"
HEAD = "account_id,name,plan,arr,renewal_on,seats\n"
CSV = HEAD + "a1,Acme Castings,pro,48000,2027-03-31,20\na2,Bolt,basic,not money,,\n,Nobody,,,,\n"


def words(html: str) -> str:
    """The page's text with plain spaces."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)).replace("\u00a0", " "))


@pytest.fixture
def author(sandbox: Sandbox) -> Somebody:
    return become(sandbox, "author")


@pytest.fixture
def csm(sandbox: Sandbox) -> Somebody:
    return become(sandbox, "csm")


def push(sandbox: Sandbox, *keys: str) -> None:
    features = [Feature(key=k, name=k.title(), rules=[EventRule(on="event", name=k.title())]) for k in keys]
    push_catalogue(sandbox.runtime, sandbox.tenant, Catalogue(features=features), "test")


# -- the inbox --------------------------------------------------------------------------------------------------------


def test_an_inbox_line_becomes_a_feature_and_the_past_is_counted_after_the_difference(sandbox: Sandbox, author: Somebody) -> None:
    for user in ("u1", "u2", "u3"):
        sandbox.send(sandbox.event("Report Exported", user=user))
    html = author.get(f"{BASE}/unmatched").text
    assert "Report Exported" in html
    assert 'value="report_exported"' in html
    posted = {"kind": "event", "name": "Report Exported", "key": "exports", "title": "Exports"}
    made = author.post(f"{BASE}/unmatched/make", posted)
    assert made.headers["location"] == f"{BASE}/unmatched?made=exports"
    assert "Exports is a feature now." in words(author.get(made.headers["location"]).text)
    shown = words(author.post(f"{BASE}/unmatched/recount", {"days": "7"}).text)
    assert "3 events of 3 are decided differently" in shown
    assert "Exports +3 0" in shown
    assert sandbox.rows("SELECT count(*) FROM usage") == [(0,)]
    done = words(author.post(f"{BASE}/unmatched/recount", {"days": "7", "do": "apply"}).text)
    assert "Applied." in done
    assert sandbox.rows("SELECT sum(n) FROM usage") == [(3,)]
    assert sandbox.rows("SELECT count(*) FROM audit WHERE action = 'catalogue.recounted'") == [(1,)]


def test_putting_a_name_aside_can_be_undone(sandbox: Sandbox, author: Somebody) -> None:
    sandbox.send(sandbox.event("Noise"))
    which = {"kind": "event", "name": "Noise"}
    assert "Undo" in author.post(f"{BASE}/unmatched/ignore", which).text
    assert list_unmatched(sandbox.runtime, sandbox.tenant) == []
    author.post(f"{BASE}/unmatched/restore", which)
    assert [u.name for u in list_unmatched(sandbox.runtime, sandbox.tenant)] == ["Noise"]


def test_a_taken_or_bad_key_is_said_beside_the_field(sandbox: Sandbox, author: Somebody) -> None:
    push(sandbox, "leave")
    sandbox.send(sandbox.event("Report Exported"))
    which = {"kind": "event", "name": "Report Exported", "title": "R"}
    for key, status in (("leave", 409), ("Bad Key", 422), ("", 422)):
        answer = author.post(f"{BASE}/unmatched/make", which | {"key": key})
        assert answer.status_code == status
        assert 'id="key-error"' in answer.text


def test_hostile_names_in_the_inbox_are_text_and_become_features(sandbox: Sandbox, author: Somebody) -> None:
    sandbox.send(sandbox.event(HOSTILE), sandbox.event("  spaces around  "))
    html = author.get(f"{BASE}/unmatched").text
    assert "<script>alert" not in html
    for name, key in ((HOSTILE, "evil"), ("  spaces around  ", "spaces")):
        answer = author.post(f"{BASE}/unmatched/make", {"kind": "event", "name": name, "key": key, "title": key})
        assert answer.status_code == 303
    assert list_unmatched(sandbox.runtime, sandbox.tenant) == []


def test_a_csm_reads_the_inbox_and_changes_nothing(sandbox: Sandbox, csm: Somebody) -> None:
    sandbox.send(sandbox.event("Report Exported"))
    assert "Make a feature" not in csm.get(f"{BASE}/unmatched").text
    for path in ("make", "ignore", "restore", "recount"):
        assert csm.post(f"{BASE}/unmatched/{path}", {"kind": "event", "name": "Report Exported"}).status_code == 403


# -- checkpoints ------------------------------------------------------------------------------------------------------


def test_a_checkpoint_is_described_reached_changed_and_retired(sandbox: Sandbox, author: Somebody) -> None:
    push(sandbox, "leave", "roster")
    sandbox.use("leave", user="u1", account="a1")
    sandbox.use("leave", user="u2", account="a1")
    sandbox.use("leave", user="v1", account="a2")
    base = f"{BASE}/features/_checkpoints"
    assert "Describe the activation" in author.get(base).text
    form: dict[str, Any] = {
        "key": "first_value", "name": "First value", "window_days": "14", "is_activation": "1",
        "part-0-feature": "leave", "part-0-people": "2", "part-0-uses": "2",
    }  # fmt: skip
    assert 'name="part-1-feature"' in author.post(f"{base}/_new", form | {"do": "add"}).text
    bad = author.post(f"{base}/_new", form | {"part-0-people": "0", "window_days": "x", "do": "save"})
    assert bad.status_code == 422
    assert 'id="part-0-people-error"' in bad.text
    assert 'id="window_days-error"' in bad.text
    assert author.post(f"{base}/_new", form | {"do": "save"}).status_code == 303
    shown = words(author.get(base).text)
    assert "First value Activation first_value 2 people used Leave 2 times within 14 days 1 of 2" in shown
    author.post(f"{base}/first_value", form | {"part-0-people": "1", "part-0-uses": "1", "do": "save"})
    assert "2 of 2" in words(author.get(base).text)
    author.post(f"{base}/first_value/retire")
    assert "Describe the activation" in author.get(base).text


def test_only_one_checkpoint_is_the_activation(sandbox: Sandbox, author: Somebody) -> None:
    push(sandbox, "leave")
    for key in ("one", "two"):
        form = {"key": key, "name": key, "window_days": "14", "is_activation": "1", "part-0-feature": "leave",
                "part-0-people": "1", "part-0-uses": "1", "do": "save"}  # fmt: skip
        author.post(f"{BASE}/features/_checkpoints/_new", form)
    html = author.get(f"{BASE}/features/_checkpoints").text
    assert html.count("Activation</span>") == 1
    assert html.index("<code>two</code>") < html.index("<code>one</code>")
    listed = author.get("/api/v1/checkpoints").json()["checkpoints"]
    assert {c["key"]: c["is_activation"] for c in listed} == {"one": False, "two": True}


# -- health models ----------------------------------------------------------------------------------------------------


def test_models_show_what_validation_says_and_what_is_not_connected(sandbox: Sandbox, csm: Somebody) -> None:
    sandbox.use("leave")
    shown = words(csm.get(f"{BASE}/health").text)
    assert "adoption v1 scores every account" in shown
    assert re.search(r"A dead account no use, no tickets, no answers 11\.1 A perfect account 100", shown)
    assert "Playbook call_and_help not connected" in shown
    assert "Channel wecom not connected" in shown
    starter = words(csm.get(f"{BASE}/health?model=starter&version=1").text)
    assert "scores 50, which is not below 50: it would never alarm" in starter


def test_a_new_version_is_checked_then_published_and_scores(sandbox: Sandbox, csm: Somebody) -> None:
    source = read_preset("adoption").replace("weight: 50", "weight: 60")
    checked = csm.post(f"{BASE}/health", {"source": source.replace("\n", "\r\n"), "do": "check"})
    assert "It reads well." in checked.text
    assert sandbox.rows("SELECT count(*) FROM health_models WHERE key = 'adoption'") == [(1,)]
    done = csm.post(f"{BASE}/health", {"source": source.replace("\n", "\r\n"), "do": "publish", "activate": "1"})
    assert done.headers["location"] == f"{BASE}/health?model=adoption&version=2"
    assert sandbox.rows("SELECT version, active, source FROM health_models WHERE key = 'adoption' ORDER BY version") == [
        (1, 0, read_preset("adoption")),
        (2, 1, source),
    ]
    csm.post(f"{BASE}/health/adoption/activate", {"version": "1"})
    assert sandbox.rows("SELECT version FROM health_models WHERE active = 1") == [(1,)]


def test_a_faulty_model_is_told_at_its_line_and_what_was_typed_stays(sandbox: Sandbox, csm: Somebody) -> None:
    source = read_preset("adoption").replace("weight: 30", "weight: much")
    line = source.splitlines().index("    weight: much") + 1
    answer = csm.post(f"{BASE}/health", {"source": source, "do": "publish", "activate": "1"})
    assert answer.status_code == 422
    assert f"line {line}" in answer.text
    assert re.search(rf'class="marked">\s*{line}      weight: much', answer.text)
    assert "weight: much" in unescape(re.findall(r"<textarea.*?</textarea>", answer.text, re.S)[-1])
    assert sandbox.rows("SELECT count(*) FROM health_models") == [(2,)]


def test_an_author_reads_models_and_publishes_none(sandbox: Sandbox, author: Somebody) -> None:
    assert "New version from YAML" not in author.get(f"{BASE}/health").text
    assert author.post(f"{BASE}/health", {"source": "x"}).status_code == 403
    assert author.post(f"{BASE}/health/starter/activate", {"version": "1"}).status_code == 403


# -- import of accounts -----------------------------------------------------------------------------------------------


def test_accounts_are_imported_in_four_steps_and_nothing_changes_before_the_last(sandbox: Sandbox, csm: Somebody) -> None:
    path = f"{BASE}/import-accounts"
    read = csm.client.post(path, files={"file": ("a.csv", CSV.encode())}, data={"do": "mapping"})
    assert '<option value="renewal_on" selected>' in read.text
    text = unescape(re.search(r"<textarea[^>]*>\n?(.*?)</textarea>", read.text, re.S).group(1))  # type: ignore[union-attr]
    mapping = {f"map-{name}": name for name in ("account_id", "name", "plan", "arr", "renewal_on", "seats")}
    # a browser sends the line ends of a text area as CR LF
    carried = {"text": text.replace("\n", "\r\n"), **mapping}
    dry = csm.client.post(path, data=carried | {"do": "check"}, files={"none": ("", b"")})
    shown = words(dry.text)
    assert "New accounts 1 Changed 0 The same already 0 Refused rows 2" in shown
    assert "3 arr must be a number of at least 0 (it is 'not money')" in shown
    assert "plan pro arr 48,000 seats 20 renewal_on 31 Mar 2027" in shown
    assert sandbox.rows("SELECT count(*) FROM accounts") == [(0,)]
    done = csm.client.post(path, data=carried | {"do": "apply"}, files={"none": ("", b"")})
    assert "Applied." in done.text
    assert sandbox.rows("SELECT key, name, plan, arr, seats FROM accounts") == [("a1", "Acme Castings", "pro", 48000.0, 20)]
    assert sandbox.rows("SELECT count(*) FROM audit WHERE action = 'accounts.imported'") == [(1,)]
    again = csm.client.post(path, data=carried | {"do": "check"}, files={"none": ("", b"")})
    assert "New accounts 0 Changed 0 The same already 1" in words(again.text)


def test_a_file_parted_by_semicolons_is_read_so_and_every_bad_field_of_a_row_is_told(sandbox: Sandbox, csm: Somebody) -> None:
    path = f"{BASE}/import-accounts"
    file = "account_id;name;arr;seats\na1;Acme, Castings;48000;20\na2;Beta;much;many\n"
    read = csm.client.post(path, files={"file": ("a.csv", file.encode())}, data={"do": "mapping"})
    assert "4 columns, about 2 rows." in words(read.text)
    assert "parted by semicolons" in read.text
    mapping = {f"map-{name}": name for name in ("account_id", "name", "arr", "seats")}
    done = csm.client.post(path, data={"text": file, "do": "apply", **mapping}, files={"none": ("", b"")})
    assert "(it is 'much'); seats must be a whole number of at least 0 (it is 'many')" in words(done.text)
    assert sandbox.rows("SELECT name, arr, seats FROM accounts") == [("Acme, Castings", 48000.0, 20)]


def test_the_mapping_guesses_other_heads_and_asks_for_the_key(sandbox: Sandbox, csm: Somebody) -> None:
    path = f"{BASE}/import-accounts"
    html = csm.post(path, {"text": "Customer ID,Company,Renewal Date\nx,y,2027-01-01", "do": "mapping"}).text
    for head in ("Customer ID", "Company", "Renewal Date"):
        assert f'<option value="{head}" selected>' in html
    answer = csm.post(path, {"text": "a,b\n1,2", "do": "check"})
    assert answer.status_code == 422
    assert "Say which column holds the account&#39;s id." in answer.text


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00a", b"   \n"])
def test_a_file_that_is_no_text_gets_a_sentence(sandbox: Sandbox, csm: Somebody, content: bytes) -> None:
    answer = csm.client.post(f"{BASE}/import-accounts", files={"file": ("a.csv", content)}, data={"do": "mapping"})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_hostile_cells_are_text_and_an_author_may_not_import(sandbox: Sandbox, csm: Somebody, author: Somebody) -> None:
    text = f'account_id,name\n"{HOSTILE.replace(chr(34), chr(34) * 2)}","{HOSTILE.replace(chr(34), chr(34) * 2)}"\n'
    for do in ("mapping", "check", "apply"):
        html = csm.post(
            f"{BASE}/import-accounts", {"text": text, "do": do, "map-account_id": "account_id", "map-name": "name"}
        ).text
        assert "<script>alert" not in html
        assert "<img src=x" not in html
    refresh_dirty(sandbox.runtime, sandbox.environment_id)
    assert author.get(f"{BASE}/import-accounts").status_code == 403


def test_a_model_about_a_feature_that_is_not_there_is_judged_without_it_and_refused(sandbox: Sandbox, csm: Somebody) -> None:
    source = read_preset("starter")
    facts = words(csm.post(f"{BASE}/health", {"source": source, "do": "check"}).text)
    refused = csm.post(f"{BASE}/health", {"source": source, "do": "publish", "activate": "1"})
    assert refused.status_code == 422
    assert "signals.adv_report_users: the catalogue has no feature 'advanced_report'" in words(refused.text)
    assert sandbox.rows("SELECT count(*), max(version) FROM health_models") == [(2, 1)]
    push(sandbox, "advanced_report")
    after = words(csm.post(f"{BASE}/health", {"source": source, "do": "check"}).text)
    reach = [float(re.findall(r"Scores reach \S+ to ([\d.]+)", text)[-1]) for text in (facts, after)]
    assert reach[0] < reach[1]
    done = csm.post(f"{BASE}/health", {"source": source, "do": "publish", "activate": "1"})
    assert done.headers["location"] == f"{BASE}/health?model=starter&version=2"
