"""Linden HR's pages: each asks the data and renders."""

from datetime import date, timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from milepost.demo.host.data import SHIFTS
from milepost.demo.host.visit import COOKIE, PASSWORD, Visit, find_visit, locale_of, need, render

LEAVE = "SELECT l.*, p.name FROM leave l JOIN people p ON p.id = l.person WHERE l.account = ?"


def week() -> list[str]:
    """Monday to Friday of this week."""
    monday = date.today() - timedelta(date.today().weekday())  # noqa: DTZ011  (the machine's own day)
    return [str(monday + timedelta(d)) for d in range(5)]


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
        people = data.rows("SELECT * FROM people WHERE account = ? ORDER BY id", account["key"])
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
    """What waits today."""
    days = week()
    waiting = visit.rows(LEAVE + " AND state = 'open' ORDER BY l.id")
    away = visit.rows(LEAVE + " AND state = 'approved' ORDER BY first")
    shifts = visit.rows("SELECT count(*) AS n FROM shifts WHERE account = ? AND day BETWEEN ? AND ?", days[0], days[-1])
    return visit.page("home.html", waiting=waiting, away=away, n_shifts=shifts[0]["n"])


def leave(visit: Visit) -> Response:
    """My requests and a form for a new one."""
    mine = visit.rows(LEAVE + " AND l.person = ? ORDER BY l.id DESC", visit.person["id"])
    return visit.page("leave.html", mine=mine, soon=date.today() + timedelta(7))  # noqa: DTZ011


def balance(visit: Visit) -> Response:
    """Days left this year."""
    sql = "SELECT coalesce(sum(days), 0) AS n FROM leave WHERE account = ? AND person = ? AND state = 'approved'"
    return visit.page("balance.html", taken=visit.rows(sql, visit.person["id"])[0]["n"])


def calendar(visit: Visit) -> Response:
    """Who is away."""
    return visit.page("calendar.html", away=visit.rows(LEAVE + " AND state = 'approved' ORDER BY first"))


def approvals(visit: Visit) -> Response:
    """Requests that wait for a manager."""
    return visit.page("approvals.html", waiting=visit.rows(LEAVE + " AND state = 'open' ORDER BY l.id"))


def approval(visit: Visit) -> Response:
    """One request, to decide."""
    found = visit.rows(LEAVE + " AND l.id = ?", visit.request.path_params["id"])
    need(bool(found), "This page does not exist.", 404)
    return visit.page("approval.html", asked=found[0])


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
    people = visit.rows("SELECT * FROM people WHERE account = ? ORDER BY id")
    return visit.page("roster.html", days=days, grid=grid, people=people, shifts=SHIFTS)


def attendance(visit: Visit) -> Response:
    """This week's days of the person who looks."""
    fixed = {r["day"]: r for r in visit.rows("SELECT * FROM corrections WHERE account = ? AND person = ?", visit.person["id"])}
    today = str(date.today())  # noqa: DTZ011
    return visit.page("attendance.html", days=[d for d in week() if d <= today], fixed=fixed)


def alerts(visit: Visit) -> Response:
    """Who to speak to about time."""
    need(visit.is_pro, "This belongs to the Pro plan.")
    return visit.page("alerts.html", people=visit.rows("SELECT * FROM people WHERE account = ? ORDER BY id DESC LIMIT 4"))


def reports(visit: Visit) -> Response:
    """Absence by kind, and the ways on."""
    sql = "SELECT kind, sum(days) AS n FROM leave WHERE account = ? GROUP BY kind ORDER BY n DESC"
    return visit.page("reports.html", table=visit.rows(sql))


def advanced(visit: Visit) -> Response:
    """Absence by what the person chose."""
    need(visit.is_pro, "This belongs to the Pro plan.")
    by = {"team": "p.role", "month": "substr(l.first, 1, 7)", "kind": "l.kind"}
    group = visit.request.query_params.get("group", "")
    table = []
    if group in by:
        joined = "FROM leave l JOIN people p ON p.id = l.person WHERE l.account = ? GROUP BY 1"
        sql = f"SELECT {by[group]} AS name, sum(l.days) AS n {joined}"
        table = visit.rows(sql)
    return visit.page("advanced.html", groups=list(by), group=group, table=table)


def people(visit: Visit) -> Response:
    """The directory."""
    return visit.page("people.html", people=visit.rows("SELECT * FROM people WHERE account = ? ORDER BY id"))


def person(visit: Visit) -> Response:
    """One person's profile."""
    found = visit.rows("SELECT * FROM people WHERE account = ? AND id = ?", visit.request.path_params["id"])
    need(bool(found), "This page does not exist.", 404)
    return visit.page("person.html", shown=found[0])


def leads(visit: Visit) -> Response:
    """Candidates, and how many the plan still holds."""
    sql = "SELECT * FROM leads WHERE account = ? ORDER BY id DESC LIMIT 12"
    return visit.page("leads.html", leads=visit.rows(sql), share=visit.account["leads_used"] / visit.account["leads_limit"])


def settings(visit: Visit) -> Response:
    """Notifications, policy, integrations, language."""
    return visit.page("settings.html", notes=visit.rows("SELECT * FROM notes WHERE account = ? ORDER BY id DESC LIMIT 6"))


PAGES = {
    "/": home, "/leave": leave, "/leave/balance": balance, "/leave/calendar": calendar, "/approvals": approvals,
    "/approvals/{id:int}": approval, "/roster": roster, "/attendance": attendance, "/attendance/alerts": alerts,
    "/reports": reports, "/reports/advanced": advanced, "/people": people, "/people/{id}": person, "/leads": leads,
    "/settings": settings,
}  # fmt: skip
DOORS = {"/login": sign_in, "/logout": sign_out, "/locale": choose_locale}
__all__ = ["DOORS", "PAGES", "find_visit", "show_login"]
