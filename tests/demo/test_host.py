"""Linden HR as a browser without scripts sees it."""

import base64
import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterator
from html import unescape
from importlib import resources
from pathlib import Path

import jwt
import pytest
from starlette.testclient import TestClient

from milepost.demo.book.ledger import make_book
from milepost.demo.book.stories import CASTINGS, LOGISTICS, RETAILER
from milepost.demo.host.app import create_host
from milepost.demo.host.data import KINDS, SHIFTS, Data
from milepost.demo.host.forms import FORMS
from milepost.demo.host.pages import PAGES
from milepost.demo.host.samples import WANTED
from milepost.demo.host.visit import Install
from milepost.demo.host.words import ZH
from milepost.rules.days import day_number
from milepost.web import install_code

SECRET = "ids_" + "0" * 32
INSTALL = Install("http://127.0.0.1:8787", "pk_sample", "env_sample", SECRET)
TODAY = dt.date(2026, 11, 24)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[TestClient]:
    data = Data(tmp_path / "linden.db")
    book = make_book(day_number(TODAY))
    data.fill((book.account(key) for key in (CASTINGS, LOGISTICS, RETAILER)), TODAY)
    with TestClient(create_host(data, INSTALL), base_url="http://localhost:8788") as client:
        yield client
    data.close()


def sign_in(browser: TestClient, who: str) -> None:
    role, account = who.split("@")
    answer = browser.post("/login", data={"email": f"{role}@{account}.example", "password": "linden"})
    assert answer.url.path == "/"


def meta(page: str, name: str) -> str:
    found = re.search(rf'<meta name="{name}" content="([^"]*)">', page)
    return unescape(found.group(1)) if found else ""


def test_nobody_sees_a_page_without_signing_in(browser: TestClient) -> None:
    for path in PAGES:
        assert browser.get(path.replace("{id:int}", "1").replace("{id}", "x")).url.path == "/login"


def test_every_page_answers_under_a_policy_that_lets_only_the_snippet_run_inline(browser: TestClient) -> None:
    sign_in(browser, f"manager01@{CASTINGS}")
    for path in PAGES:
        answer = browser.get(path.replace("{id:int}", "1").replace("{id}", f"{CASTINGS}-01"))
        assert answer.status_code == 200, path
        assert install_code.snippet(INSTALL.console_url, INSTALL.write_key) in answer.text
        allowed = answer.headers["content-security-policy"]
        assert "'unsafe" not in allowed
        inline = re.findall(r"<script>(.+?)</script>", answer.text)
        hashes = [base64.b64encode(hashlib.sha256(code.encode()).digest()).decode() for code in inline]
        assert len(hashes) == 1
        assert f"'sha256-{hashes[0]}'" in allowed
        assert not re.search(r"<style|\son\w+=|\sstyle=", answer.text), path


def test_identity_is_signed_with_the_account_inside(browser: TestClient) -> None:
    sign_in(browser, f"manager01@{CASTINGS}")
    token = meta(browser.get("/").text, "milepost:token")
    claims = jwt.decode(token, SECRET, algorithms=["HS256"], audience="env_sample", options={"verify_iat": False})
    assert (claims["sub"], claims["account"], claims["traits"]["role"]) == (f"{CASTINGS}-01", CASTINGS, "manager")
    assert claims["exp"] - claims["iat"] <= 24 * 3600


def test_an_approval_is_told_to_milepost_once(browser: TestClient) -> None:
    sign_in(browser, f"manager01@{CASTINGS}")
    after = browser.post("/approvals/1/approve")
    assert (after.url.path, meta(after.text, "linden:event")) == ("/approvals", "Leave Approved")
    assert meta(browser.get("/approvals").text, "linden:event") == ""
    assert meta(browser.post("/approvals/1/approve").text, "linden:event") == ""  # decided already


def test_a_leave_request_brings_what_the_rule_asks_for(browser: TestClient) -> None:
    sign_in(browser, f"employee29@{CASTINGS}")
    after = browser.post("/leave", data={"first": "2026-12-01", "days": "3", "kind": "annual"})
    assert meta(after.text, "linden:event") == "Leave Requested"
    assert json.loads(meta(after.text, "linden:properties"))["days"] == 3


def test_an_employee_approves_nothing(browser: TestClient) -> None:
    sign_in(browser, f"employee29@{CASTINGS}")
    assert browser.post("/approvals/1/approve").status_code == 403
    assert "approve-leave" not in browser.get("/approvals/1").text


def test_accounts_do_not_see_each_other(browser: TestClient) -> None:
    sign_in(browser, f"manager01@{LOGISTICS}")
    assert browser.get("/approvals/1").status_code == 404
    assert browser.get(f"/people/{CASTINGS}-01").status_code == 404


def test_the_basic_plan_lacks_what_only_pro_has(browser: TestClient) -> None:
    sign_in(browser, f"manager01@{RETAILER}")
    assert browser.get("/reports/advanced").status_code == 403
    assert "bulk-approve" not in browser.get("/approvals").text
    assert "9,400" in browser.get("/leads").text


def test_leads_stop_at_the_limit(browser: TestClient) -> None:
    sign_in(browser, f"hradmin00@{CASTINGS}")
    assert browser.post("/leads/import", data={"rows": "4000"}).status_code == 200
    assert browser.post("/leads/import", data={"rows": "4000"}).status_code == 409


def test_forms_from_another_site_are_refused(browser: TestClient) -> None:
    sign_in(browser, f"manager01@{CASTINGS}")
    assert browser.post("/approvals/1/approve", headers={"origin": "http://evil.example"}).status_code == 403


def test_wrong_forms_are_explained(browser: TestClient) -> None:
    sign_in(browser, f"hradmin00@{CASTINGS}")
    for path in FORMS:
        answer = browser.post(path.replace("{id:int}", "99999").replace("{id}", "x"), data={"days": "x", "first": "never"})
        assert answer.status_code in {200, 400, 403, 404}, path


def test_what_people_type_is_shown_as_text(browser: TestClient) -> None:
    sign_in(browser, f"hradmin00@{CASTINGS}")
    page = browser.post("/people/joiner", data={"name": "<script>alert(1)</script>"}).text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


def test_chinese_is_one_click_away(browser: TestClient) -> None:
    sign_in(browser, f"manager01@{LOGISTICS}")
    page = browser.post("/locale", data={"locale": "zh-CN", "back": "/approvals"}).text
    assert '<html lang="zh-CN">' in page
    assert "审批" in page
    assert browser.post("/locale", data={"locale": "en", "back": "//evil.example"}).url.path == "/"


def test_every_word_of_linden_hr_is_there_in_chinese() -> None:
    folder = resources.files("milepost.demo.host")
    pages = "\n".join(f.read_text(encoding="utf-8") for f in (folder / "templates").iterdir())
    code = "\n".join((folder / name).read_text(encoding="utf-8") for name in ("forms.py", "pages.py"))
    said = set(re.findall(r"""\bt\(\s*["']([^"']+)["']\s*\)""", pages))
    said |= {word for a, b in re.findall(r"""t\("([^"]+)" if [^")]+? else "([^"]+)"\)""", pages) for word in (a, b)}
    said |= set(re.findall(r'(?<!")"([A-Z][^"{}]+\.)"(?!")', code)) | {
        *KINDS,
        *SHIFTS,
        *WANTED,
        "employee",
        "manager",
        "hr_admin",
        "late ",
    }
    assert len(said) > 120
    assert sorted(word for word in said if word not in ZH) == []


def test_files_to_download_hold_what_the_pages_show(browser: TestClient) -> None:
    sign_in(browser, f"hradmin00@{CASTINGS}")
    browser.post("/people/joiner", data={"name": "=1+1"})
    report, times = browser.post("/reports/export"), browser.post("/attendance/export")
    assert report.headers["content-disposition"] == 'attachment; filename="absence.csv"'
    assert report.text.splitlines()[0] == "kind,days,requests"
    assert times.text.count("\n") > 30
    assert "\n'=1+1," in times.text


def test_what_is_saved_is_shown_again(browser: TestClient) -> None:
    sign_in(browser, f"hradmin00@{CASTINGS}")
    browser.post("/settings/policy", data={"days": "42"})
    assert "42" in browser.get("/leave/balance").text
    assert "checked" not in browser.post("/settings/notifications", data={}).text
    assert "Connected since" in browser.post("/settings/integration", data={"with": "payroll"}).text
    assert "ann@x.example" in browser.post("/reports/share", data={"to": "ann@x.example"}).text
    assert "corrected" in browser.post("/attendance/correct", data={"day": today(), "came": "09:00", "went": "17:00"}).text


def today() -> str:
    return str(dt.date.today())  # noqa: DTZ011


def test_a_later_start_has_requests_and_a_roster_again(tmp_path: Path) -> None:
    account = make_book(day_number(TODAY)).account(CASTINGS)
    data = Data(tmp_path / "linden.db")
    data.fill([account], TODAY)
    data.write("UPDATE leave SET state = 'approved'")
    later = TODAY + dt.timedelta(days=10)
    data.fill([account], later)
    assert data.rows("SELECT count(*) AS n FROM leave WHERE state = 'open'")[0]["n"] >= 5
    assert data.rows("SELECT count(*) AS n FROM shifts WHERE day >= ?", str(later - dt.timedelta(later.weekday())))[0]["n"] > 20
    data.fill([account], later)
    assert data.rows("SELECT count(*) AS n FROM leave")[0]["n"] == 20
    data.close()
