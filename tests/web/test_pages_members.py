"""Members by invite link, environments, keys and the audit log, as forms."""

import csv
import io
import re
from pathlib import Path

from milepost.actions.login import LONG_MS
from milepost.actions.members import INVITE_MS
from milepost.web import audit_words
from milepost.web.translations import catalogue
from tests.factories import DAY_MS, Sandbox
from tests.web.console import COOKIE, PASSWORD, Somebody, become, log_in, open_client, take_seat

MEMBERS = "/e/production/members"
KEYS = "/e/production/keys"
AUDIT = "/e/production/audit"
CODE = re.compile(r"/invite#([\w-]{32})")


def make_link(by: Somebody, email: str, role: str = "csm") -> str:
    """The code of a fresh invite link."""
    page = by.post(f"{MEMBERS}/invite", {"email": email, "role": role})
    assert page.status_code == 200, page.text
    found = CODE.search(page.text)
    assert found is not None
    return found.group(1)


def join(sandbox: Sandbox, code: str, password: str = PASSWORD, name: str = "Ann") -> Somebody:
    """Through the page behind the link."""
    client = open_client(sandbox.runtime)
    first = client.post("/invite", data={"code": code})
    assert first.status_code == 200, first.text
    joined = client.post("/invite", data={"code": code, "name": name, "password": password, "again": password})
    assert joined.status_code == 303, joined.text
    return Somebody(client, "", "", "")


def test_a_member_joins_by_a_link_whose_code_no_server_sees(sandbox: Sandbox) -> None:
    admin = become(sandbox, "admin")
    code = make_link(admin, "Ann@Example.test")
    assert sandbox.rows("SELECT count(*) FROM invites WHERE code_hash = :code OR email = :code", code=code) == [(0,)]
    assert code not in admin.get(MEMBERS).text, "shown once"
    client = open_client(sandbox.runtime)
    page = client.post("/invite", data={"code": code}).text
    assert "Join Test" in page
    assert "ann@example.test, as Customer success" in page
    ann = join(sandbox, code)
    assert ann.get(MEMBERS).status_code == 200
    assert log_in(open_client(sandbox.runtime), "ann@example.test", PASSWORD).status_code == 303


def test_a_whole_link_may_be_pasted_where_there_is_no_script(sandbox: Sandbox) -> None:
    code = make_link(become(sandbox, "admin"), "ann@example.test")
    page = open_client(sandbox.runtime).post("/invite", data={"code": f"https://m.example.test/invite#{code}"})
    assert "Join Test" in page.text


def test_an_invite_link_works_once(sandbox: Sandbox) -> None:
    code = make_link(become(sandbox, "admin"), "ann@example.test")
    join(sandbox, code)
    again = open_client(sandbox.runtime).post("/invite", data={"code": code})
    assert again.status_code == 404
    assert "was used" in again.text


def test_an_invite_link_ends_after_seven_days_or_when_revoked(sandbox: Sandbox) -> None:
    admin = become(sandbox, "admin")
    old = make_link(admin, "old@example.test")
    sandbox.clock.turn(ms=INVITE_MS)
    admin = take_seat(sandbox, admin.email)
    assert open_client(sandbox.runtime).post("/invite", data={"code": old}).status_code == 404
    code = make_link(admin, "ann@example.test")
    assert "ann@example.test" in admin.get(MEMBERS).text
    [(public_id,)] = sandbox.rows("SELECT public_id FROM invites WHERE email = 'ann@example.test'")
    assert admin.post(f"{MEMBERS}/invites/{public_id}/revoke").status_code == 303
    assert open_client(sandbox.runtime).post("/invite", data={"code": code}).status_code == 404


def test_what_is_wrong_with_a_password_is_said_on_the_form(sandbox: Sandbox) -> None:
    code = make_link(become(sandbox, "admin"), "ann@example.test")
    client = open_client(sandbox.runtime)
    short = client.post("/invite", data={"code": code, "name": "Ann", "password": "short", "again": "short"})
    assert (short.status_code, "12 characters or more" in short.text, 'value="Ann"' in short.text) == (422, True, True)
    differing = client.post("/invite", data={"code": code, "name": "A", "password": PASSWORD, "again": PASSWORD + "!"})
    assert (differing.status_code, "differ" in differing.text) == (422, True)
    assert sandbox.rows("SELECT count(*) FROM members WHERE email = 'ann@example.test'") == [(0,)]


def test_a_member_who_forgot_the_password_gets_a_new_link_and_every_old_session_ends(sandbox: Sandbox) -> None:
    admin, csm = become(sandbox, "admin"), become(sandbox, "csm")
    page = admin.post(f"{MEMBERS}/{csm.public_id}/link").text
    found = CODE.search(page)
    assert found is not None
    assert csm.get(MEMBERS).status_code == 200, "until the link is used"
    join(sandbox, found.group(1), password="a new sentence it is")
    assert csm.get(MEMBERS).status_code == 303
    assert log_in(open_client(sandbox.runtime), csm.email, "a new sentence it is").status_code == 303
    assert log_in(open_client(sandbox.runtime), csm.email, PASSWORD).status_code == 401


def test_a_changed_role_holds_at_once_and_ends_the_sessions(sandbox: Sandbox) -> None:
    admin, csm = become(sandbox, "admin"), become(sandbox, "csm")
    assert admin.post(f"{MEMBERS}/{csm.public_id}/role", {"role": "viewer"}).status_code == 303
    assert csm.get(MEMBERS).headers["location"].startswith("/login")
    assert take_seat(sandbox, csm.email).role == "viewer"


def test_a_removed_member_is_out_at_once_and_for_good(sandbox: Sandbox) -> None:
    admin, csm = become(sandbox, "admin"), become(sandbox, "csm")
    assert admin.post(f"{MEMBERS}/{csm.public_id}/remove").status_code == 303
    assert csm.get(MEMBERS).status_code == 303
    assert csm.email not in admin.get(MEMBERS).text
    assert log_in(open_client(sandbox.runtime), csm.email, PASSWORD).status_code == 401


def test_admins_neither_make_nor_touch_owners(sandbox: Sandbox) -> None:
    admin = become(sandbox, "admin")
    [(owner,)] = sandbox.rows("SELECT public_id FROM members WHERE role = 'owner'")
    for path, data in (
        (f"{MEMBERS}/invite", {"email": "x@example.test", "role": "owner"}),
        (f"{MEMBERS}/{owner}/role", {"role": "viewer"}),
        (f"{MEMBERS}/{owner}/remove", {}),
        (f"{MEMBERS}/{owner}/link", {}),
        (f"{MEMBERS}/{admin.public_id}/role", {"role": "owner"}),
    ):
        assert admin.post(path, data).status_code in {403, 409}, path
    assert sandbox.rows("SELECT count(*) FROM members WHERE role = 'owner' AND disabled_at IS NULL") == [(1,)]


def test_nobody_changes_or_removes_themselves(sandbox: Sandbox) -> None:
    owner = take_seat(sandbox, sandbox.workspace.owner_email)
    assert owner.post(f"{MEMBERS}/{owner.public_id}/remove").status_code == 409
    assert owner.post(f"{MEMBERS}/{owner.public_id}/role", {"role": "viewer"}).status_code == 409


def test_a_wrong_address_is_said_beside_the_field(sandbox: Sandbox) -> None:
    answer = become(sandbox, "admin").post(f"{MEMBERS}/invite", {"email": "not an address", "role": "csm"})
    assert answer.status_code == 422
    assert 'id="e-email"' in answer.text
    assert 'value="not an address"' in answer.text
    chinese = become(sandbox, "admin", locale="zh-CN").post(f"{MEMBERS}/invite", {"email": "nope", "role": "csm"}).text
    assert "不是邮箱地址" in chinese


def test_viewers_read_the_list_and_find_no_buttons(sandbox: Sandbox) -> None:
    page = become(sandbox, "viewer").get(MEMBERS).text
    assert "Who can log in" in page
    assert "Remove" not in page
    assert "Make the invite link" not in page


def test_a_new_environment_has_keys_of_its_own_and_shows_the_secret_one_once(sandbox: Sandbox) -> None:
    admin = become(sandbox, "admin")
    made = admin.post("/e/production/environments", {"key": "staging", "time_zone": "Europe/Berlin"}).text
    secret = re.search(r"sk_[\w-]{32}", made)
    assert secret is not None
    assert admin.get("/e/staging/settings").status_code == 200
    assert secret.group() not in admin.get("/e/production/environments").text
    again = admin.post("/e/production/environments", {"key": "staging", "time_zone": "UTC"})
    assert (again.status_code, 'id="e-key"' in again.text) == (409, True)
    zone = admin.post("/e/production/environments", {"key": "other", "time_zone": "Nowhere"})
    assert (zone.status_code, 'id="e-time_zone"' in zone.text, 'value="other"' in zone.text) == (422, True, True)


def test_a_secret_key_is_shown_once_works_and_stops_within_a_second_of_its_revocation(sandbox: Sandbox) -> None:
    admin = become(sandbox, "admin")
    made = admin.post(KEYS, {"kind": "sk", "label": "billing <b>"}).text
    found = re.search(r"sk_[\w-]{32}", made)
    assert found is not None
    page = admin.get(KEYS).text
    assert found.group() not in page
    assert sandbox.workspace.write_key in page, "a write key is public and always shown"
    assert "billing &lt;b&gt;" in page
    api = {"Authorization": f"Bearer {found.group()}"}
    client = open_client(sandbox.runtime)
    assert client.get("/api/v1/features", headers=api).status_code == 200
    [(public_id,)] = sandbox.rows("SELECT public_id FROM keys WHERE label = 'billing <b>'")
    assert admin.post(f"{KEYS}/{public_id}/revoke").status_code == 303
    sandbox.clock.turn(ms=1000)
    assert client.get("/api/v1/features", headers=api).status_code == 401


def test_a_rotated_key_and_its_successor_both_work_for_a_day(sandbox: Sandbox) -> None:
    admin = become(sandbox, "admin")
    [(public_id,)] = sandbox.rows("SELECT public_id FROM keys WHERE kind = 'sk'")
    found = re.search(r"sk_[\w-]{32}", admin.post(f"{KEYS}/{public_id}/rotate").text)
    assert found is not None
    client = open_client(sandbox.runtime)
    answers = lambda: [  # noqa: E731
        client.get("/api/v1/features", headers={"Authorization": f"Bearer {key}"}).status_code
        for key in (sandbox.workspace.secret_key, found.group())
    ]
    assert answers() == [200, 200]
    assert admin.post(f"{KEYS}/{public_id}/rotate").status_code == 409
    sandbox.clock.turn(days=1, ms=1000)
    assert answers() == [401, 200]


def test_the_day_a_key_was_last_used_is_shown(sandbox: Sandbox) -> None:
    admin = become(sandbox, "admin")
    sandbox.clock.turn(days=2)
    sandbox.holder(secret=False)
    days = dict(sandbox.rows("SELECT kind, last_used_on FROM keys WHERE environment_id = :e"))
    assert days["pk"] == sandbox.clock() // DAY_MS
    assert "20\u00a0Nov" in take_seat(sandbox, admin.email).get(KEYS).text


def test_the_audit_log_says_who_did_what_and_filters(sandbox: Sandbox) -> None:
    admin = become(sandbox, "admin")
    make_link(admin, "ann@example.test")
    admin.post(KEYS, {"kind": "pk", "label": "x"})
    page = admin.get(AUDIT).text
    assert "Made a key" in page
    assert "key.created</span>" not in page
    assert "email: ann@example.test" in page
    only = admin.get(f"{AUDIT}?what=key.created").text
    assert only.count("Made a key") > 1
    assert "email: ann@example.test" not in only
    assert "No line of the log fits" in admin.get(f"{AUDIT}?who=mbr_nobody").text


def test_the_audit_log_pages_back_to_its_beginning(sandbox: Sandbox) -> None:
    admin = become(sandbox, "admin")
    for i in range(105):
        admin.post(KEYS, {"kind": "pk", "label": f"k{i}"})
    page = admin.get(AUDIT).text
    assert "Made the workspace" not in page.partition("<tbody")[2]
    older = re.search(r"before=(\d+)", page)
    assert older is not None
    assert "Made the workspace" in admin.get(f"{AUDIT}?before={older.group(1)}").text.partition("<tbody")[2]


def test_every_act_the_code_writes_down_has_its_words_in_both_languages() -> None:
    written = re.compile(
        r"""\"((?:accounts|bad_rows|catalogue|checkpoint|environment|feature|guide|health_model|identity|key|member|theme|"""
        r"""tracking|unmatched|workspace)\.(?!(?:id|age_days|state)\b)[a-z_]+)\"[,)\s]"""
    )
    source = Path(audit_words.__file__).parents[1]
    rooms = [path for room in ("actions", "web", "cli") for path in (source / room).glob("*.py")]
    found = {action for path in rooms for action in written.findall(path.read_text()) if not action.endswith((".html", ".py"))}
    assert len(found) > 25
    assert found <= audit_words.ACTIONS.keys()
    chinese = catalogue("zh-CN")
    for text in {*audit_words.ACTIONS.values(), *audit_words.DETAILS.values(), *audit_words.WHO.values()}:
        assert chinese.pgettext("audit", text) != text, text


def test_the_audit_log_leaves_as_csv_without_formulas(sandbox: Sandbox) -> None:
    admin = become(sandbox, "admin")
    admin.post("/e/production/settings", {"name": "x"})
    code = make_link(admin, "=cmd@example.test")
    join(sandbox, code, name="=1+1")
    answer = admin.get(f"{AUDIT}.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert rows[0] == ["at", "who", "action", "subject", "environment", "detail"]
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "@", "-"))]
    assert any(row[1] == "'=1+1" for row in rows)
    assert code not in answer.text


def test_a_long_session_lasts_fourteen_days_and_a_short_one_half_a_day(sandbox: Sandbox) -> None:
    csm = become(sandbox, "csm")
    client = open_client(sandbox.runtime)
    long = log_in(client, csm.email, PASSWORD, stay="1").headers["set-cookie"]
    assert f"Max-Age={LONG_MS // 1000}" in long
    short = log_in(open_client(sandbox.runtime), csm.email, PASSWORD).headers["set-cookie"]
    assert "Max-Age" not in short
    assert short.startswith(COOKIE)
    sandbox.clock.turn(days=0.6)
    assert client.get("/").status_code == 303


def test_pages_speak_chinese_to_who_chose_it(sandbox: Sandbox) -> None:
    admin = become(sandbox, "admin", locale="zh-CN")
    for path in ("setup", "install", "bad-rows", "settings", "members", "environments", "keys", "audit"):
        page = admin.get(f"/e/production/{path}").text
        assert '<html lang="zh-CN"' in page
        heading = re.search(r"<h1>(.*?)</h1>", page)
        assert heading is not None
        assert path == "settings" or re.search(r"[\u4e00-\u9fff]", heading.group(1)), path
    assert catalogue("zh-CN").gettext("Members") == "成员"


def test_members_keys_and_environments_sort_by_their_heads(sandbox: Sandbox) -> None:
    admin = become(sandbox, "admin")
    become(sandbox, "viewer")
    up = re.findall(r'<span class="name">(\w+)', admin.get(f"{MEMBERS}?sort=name&way=up").text)
    down = re.findall(r'<span class="name">(\w+)', admin.get(f"{MEMBERS}?sort=name&way=down").text)
    assert up == ["Admin", "owner", "Viewer"]
    assert down == up[::-1]
    kinds = re.findall(r"<code class=\"key-text\">(\w\w)_", admin.get(f"{KEYS}?sort=kind&way=down").text)
    assert kinds == ["sk", "pk"]
    assert 'aria-sort="descending"' in admin.get("/e/production/environments?sort=stored&way=down").text


def accept(code: str, sandbox: Sandbox) -> int:
    """The status of an attempt to set a password of one's own through an old link."""
    data = {"code": code, "name": "Eve", "password": "taken over at last", "again": "taken over at last"}
    return open_client(sandbox.runtime).post("/invite", data=data).status_code


def renewal_link(by: Somebody, of: Somebody) -> str:
    """The code of a link that lets a member set a new password."""
    found = CODE.search(by.post(f"{MEMBERS}/{of.public_id}/link").text)
    assert found is not None
    return found.group(1)


def member_row(sandbox: Sandbox, email: str) -> tuple[str, bool, str]:
    """(role, is out, password hash) as stored."""
    [(role, disabled_at, password)] = sandbox.rows(
        "SELECT role, disabled_at, password_hash FROM members WHERE email = :email", email=email
    )
    return role, disabled_at is not None, password


def test_a_link_from_before_a_demotion_gives_the_old_role_to_nobody(sandbox: Sandbox) -> None:
    admin, vic = become(sandbox, "admin"), become(sandbox, "admin")
    code = renewal_link(admin, vic)
    admin.post(f"{MEMBERS}/{vic.public_id}/role", {"role": "viewer"})
    before = member_row(sandbox, vic.email)
    assert accept(code, sandbox) == 404
    assert member_row(sandbox, vic.email) == before
    assert before[0] == "viewer"
    assert vic.email not in admin.get(MEMBERS).text.partition("Invited, not here yet")[2]


def test_a_link_from_before_a_removal_lets_nobody_back_in(sandbox: Sandbox) -> None:
    admin, vic = become(sandbox, "admin"), become(sandbox, "admin")
    code = renewal_link(admin, vic)
    admin.post(f"{MEMBERS}/{vic.public_id}/remove")
    before = member_row(sandbox, vic.email)
    assert accept(code, sandbox) == 404
    assert member_row(sandbox, vic.email) == before
    join(sandbox, make_link(admin, vic.email, "csm"))
    assert member_row(sandbox, vic.email)[:2] == ("csm", False), "a new link does"


def test_an_admin_s_link_kept_from_before_does_not_replace_an_owner_s_password(sandbox: Sandbox) -> None:
    owner, admin = become(sandbox, "owner"), become(sandbox, "admin")
    kept = make_link(admin, "boss@example.test", "viewer")
    join(sandbox, make_link(owner, "boss@example.test", "owner"))
    before = member_row(sandbox, "boss@example.test")
    assert accept(kept, sandbox) == 404
    assert member_row(sandbox, "boss@example.test") == before
    assert before[0] == "owner"


def test_an_invitation_is_worth_what_its_maker_may_give_today(sandbox: Sandbox) -> None:
    owner, admin, second = become(sandbox, "owner"), become(sandbox, "admin"), become(sandbox, "owner")
    of_admin, of_second = make_link(admin, "ann@example.test"), make_link(second, "boss@example.test", "owner")
    below = make_link(second, "bob@example.test", "csm")
    owner.post(f"{MEMBERS}/{admin.public_id}/role", {"role": "csm"})
    owner.post(f"{MEMBERS}/{second.public_id}/role", {"role": "admin"})
    assert "ann@example.test" not in owner.get(MEMBERS).text, "it is not shown as open"
    assert (accept(of_admin, sandbox), accept(of_second, sandbox), accept(below, sandbox)) == (404, 404, 303)
    assert sandbox.rows("SELECT email, role FROM members WHERE email IN ('ann@example.test', 'boss@example.test')") == []


def test_links_of_others_stay_good_when_one_member_leaves_or_joins(sandbox: Sandbox) -> None:
    admin, vic = become(sandbox, "admin"), become(sandbox, "csm")
    other = make_link(admin, "ann@example.test")
    admin.post(f"{MEMBERS}/{vic.public_id}/remove")
    join(sandbox, make_link(admin, "bob@example.test"))
    assert accept(other, sandbox) == 303
