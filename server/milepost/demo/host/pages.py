"""Linden HR's pages: each asks the data and renders."""

from datetime import date, timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from milepost.demo.host.data import KINDS, SHIFTS
from milepost.demo.host.samples import LATE_AFTER, clock_times, week_of
from milepost.demo.host.visit import COOKIE, PASSWORD, Visit, find_visit, locale_of, need, render

LEAVE = "SELECT l.*, p.name FROM leave l JOIN people p ON p.id = l.person WHERE l.account = ?"
OPEN, GRANTED = " AND state = 'open' ORDER BY l.first, l.id", " AND state = 'approved' AND l.first >= ? ORDER BY first, l.id"
EVERYONE = "SELECT * FROM people WHERE account = ? ORDER BY id"


def today() -> date:
    """The machine's own day."""
    return date.today()  # noqa: DTZ011  (Linden HR lives where its machine does)


def week() -> list[str]:
    """Monday to Friday of this week."""
    return week_of(today())


def show_login(request: Request) -> Response:
    """The door, with the sample people."""
    return render(
        request, "login.html", locale_of(request, None), people=sample_people(request), wrong="wrong" in request.query_params
    )


def sample_people(request: Request) -> list[dict[str, object]]:
    """Some people of each account."""
    data = request.app.state.data
    shown = []
    for account in data.rows("SELECT * FROM accounts ORDER BY rowid"):
        people = data.rows(EVERYONE, account["key"])
        shown.append({"account": account, "people": [*people[:3], *people[-1:]]})
    return shown


async def sign_in(request: Request) -> Response:
    """Address and password of a sample person."""
    form, data = await request.form(), request.app.state.data
    person = data.row("SELECT * FROM people WHERE email = ?", str(form.get("email", "")).strip().lower())
    if person is None or form.get("password") != PASSWORD:
        return RedirectResponse("/login?wrong", 303)
    answer = RedirectResponse("/", 303)
    answer.set_cookie(COOKIE, data.sign_in(person["id"], locale_of(request, None)), httponly=True, samesite="lax")
    return answer


async def sign_out(request: Request) -> Response:
    """Ends the session."""
    request.app.state.data.write("DELETE FROM sessions WHERE token = ?", request.cookies.get(COOKIE, ""))
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(COOKIE)
    return answer


async def choose_locale(request: Request) -> Response:
    """English or Chinese, for this session."""
    form = await request.form()
    locale = "zh-CN" if form.get("locale") == "zh-CN" else "en"
    request.app.state.data.write("UPDATE sessions SET locale = ? WHERE token = ?", locale, request.cookies.get(COOKIE, ""))
    back = str(form.get("back", "/"))
    return RedirectResponse(back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/", 303)


def home(visit: Visit) -> Response:
    """What waits, who works and who is away."""
    sql = "SELECT s.shift, p.name FROM shifts s JOIN people p ON p.id = s.person WHERE s.account = ? AND day = ? ORDER BY p.id"
    shifts: dict[str, list[str]] = {name: [] for name in SHIFTS}
    for row in visit.rows(sql, str(today())):
        shifts[row["shift"]].append(row["name"])
    return visit.page(
        "home.html", waiting=visit.rows(LEAVE + OPEN), away=visit.rows(LEAVE + GRANTED, str(today())), shifts=shifts,
        today=str(today()), taken=days_taken(visit), mine=visit.rows(LEAVE + " AND l.person = ? ORDER BY l.id DESC LIMIT 3",
        visit.person["id"]),
    )  # fmt: skip


def leave(visit: Visit) -> Response:
    """My requests and a form for a new one."""
    mine = visit.rows(LEAVE + " AND l.person = ? ORDER BY l.id DESC", visit.person["id"])
    return visit.page("leave.html", mine=mine, kinds=KINDS, soon=today() + timedelta(7))


def days_taken(visit: Visit) -> int:
    """Approved days of the person who looks."""
    sql = "SELECT coalesce(sum(days), 0) AS n FROM leave WHERE account = ? AND person = ? AND state = 'approved'"
    return int(visit.rows(sql, visit.person["id"])[0]["n"])


def balance(visit: Visit) -> Response:
    """Days left this year."""
    mine = visit.rows(LEAVE + " AND l.person = ? AND state = 'approved' ORDER BY first DESC", visit.person["id"])
    return visit.page("balance.html", taken=days_taken(visit), mine=mine)


def calendar(visit: Visit) -> Response:
    """Who is away, from today on."""
    return visit.page("calendar.html", away=visit.rows(LEAVE + GRANTED, str(today())))


def approvals(visit: Visit) -> Response:
    """Requests that wait for a manager."""
    return visit.page("approvals.html", waiting=visit.rows(LEAVE + OPEN))


def approval(visit: Visit) -> Response:
    """One request, to decide."""
    found = visit.rows(LEAVE + " AND l.id = ?", visit.request.path_params["id"])
    need(bool(found), "This page does not exist.", 404)
    same = visit.rows(LEAVE + GRANTED, str(today()))
    return visit.page("approval.html", asked=found[0], away=[row for row in same if row["first"][:7] == found[0]["first"][:7]])


def roster(visit: Visit) -> Response:
    """The week's shifts by person."""
    days = week()
    sql = (
        "SELECT s.*, p.name FROM shifts s JOIN people p ON p.id = s.person WHERE s.account = ? AND day BETWEEN ? AND ? "
        "ORDER BY p.id, day"
    )
    grid: dict[str, dict[str, object]] = {}
    for shift in visit.rows(sql, days[0], days[-1]):
        grid.setdefault(shift["name"], {})[shift["day"]] = shift
    drafts = sum(not shift["published"] for row in grid.values() for shift in row.values())  # type: ignore[index]
    return visit.page(
        "roster.html", days=days, grid=grid, people=visit.rows(EVERYONE), shifts=SHIFTS, drafts=drafts, today=str(today()),
        swaps=visit.notes("swap"),
    )  # fmt: skip


def times_of(visit: Visit, person: str, days: list[str]) -> list[dict[str, str]]:
    """Clock times of a person's days, corrected where somebody put them right."""
    sql = "SELECT * FROM corrections WHERE account = ? AND person = ? ORDER BY id"
    fixed = {r["day"]: (r["came"], r["went"]) for r in visit.rows(sql, person)}
    lines = []
    for day in days:
        came, went = fixed.get(day) or clock_times(person, day)
        state = "corrected" if day in fixed else "late" if came > LATE_AFTER else "on time"
        if day == str(today()) and day not in fixed:
            went = ""
        lines.append({"day": day, "came": came, "went": went, "state": state})
    return lines


def attendance(visit: Visit) -> Response:
    """This week's days of the person who looks."""
    lines = times_of(visit, visit.person["id"], [d for d in week() if d <= str(today())])
    overtime = visit.notes("overtime") if visit.is_manager else []
    return visit.page("attendance.html", lines=lines, today=today(), people=visit.rows(EVERYONE), overtime=overtime)


def alerts(visit: Visit) -> Response:
    """Who to speak to about time: this week and the last."""
    need(visit.is_pro, "This belongs to the Pro plan.")
    past = week_of(today() - timedelta(7)) + [d for d in week() if d < str(today())]
    found = []
    for person in visit.rows(EVERYONE):
        lines = times_of(visit, person["id"], past)
        n_late, missing = sum(line["state"] == "late" for line in lines), [line["day"] for line in lines if not line["went"]]
        if n_late > 1 or missing:
            found.append({"person": person, "n_late": n_late, "missing": missing})
    return visit.page("alerts.html", found=found[:8])


ABSENCE = "SELECT kind, sum(days) AS n, count(*) AS n_requests FROM leave WHERE account = ? AND state != 'rejected' GROUP BY kind"


def reports(visit: Visit) -> Response:
    """Absence by kind, and the ways on."""
    return visit.page(
        "reports.html", table=visit.rows(ABSENCE + " ORDER BY n DESC, kind"), shares=visit.notes("share", mine=True)
    )


def advanced(visit: Visit) -> Response:
    """Absence by what the person chose."""
    need(visit.is_pro, "This belongs to the Pro plan.")
    by = {"team": "p.role", "month": "substr(l.first, 1, 7)", "kind": "l.kind"}
    group = visit.request.query_params.get("group", "")
    table = []
    if group in by:
        joined = "FROM leave l JOIN people p ON p.id = l.person WHERE l.account = ? AND state != 'rejected' GROUP BY 1"
        table = visit.rows(f"SELECT {by[group]} AS name, sum(l.days) AS n, count(*) AS n_requests {joined}")
    return visit.page(
        "advanced.html", groups=list(by), group=group, table=table, most=max((row["n"] for row in table), default=1),
        scheduled=visit.notes("schedule", mine=True),
    )  # fmt: skip


def people(visit: Visit) -> Response:
    """The directory."""
    return visit.page("people.html", people=visit.rows(EVERYONE), signed=visit.notes("document", mine=True))


def person(visit: Visit) -> Response:
    """One person's profile."""
    found = visit.rows("SELECT * FROM people WHERE account = ? AND id = ?", visit.request.path_params["id"])
    need(bool(found), "This page does not exist.", 404)
    shifts = visit.rows("SELECT * FROM shifts WHERE account = ? AND person = ? AND day >= ? ORDER BY day LIMIT 5", found[0]["id"],
                        week()[0])  # fmt: skip
    return visit.page("person.html", shown=found[0], shifts=shifts)


def leads(visit: Visit) -> Response:
    """Candidates, and how many the plan still holds."""
    sql = "SELECT * FROM leads WHERE account = ? ORDER BY id DESC LIMIT 12"
    return visit.page("leads.html", leads=visit.rows(sql), share=visit.account["leads_used"] / visit.account["leads_limit"])


def settings(visit: Visit) -> Response:
    """Notifications, policy, integrations."""
    return visit.page("settings.html", connected=visit.notes("integration"))


PAGES = {
    "/": home, "/leave": leave, "/leave/balance": balance, "/leave/calendar": calendar, "/approvals": approvals,
    "/approvals/{id:int}": approval, "/roster": roster, "/attendance": attendance, "/attendance/alerts": alerts,
    "/reports": reports, "/reports/advanced": advanced, "/people": people, "/people/{id}": person, "/leads": leads,
    "/settings": settings,
}  # fmt: skip
DOORS = {"/login": sign_in, "/logout": sign_out, "/locale": choose_locale}
__all__ = ["DOORS", "PAGES", "find_visit", "show_login"]
