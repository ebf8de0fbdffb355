"""Linden HR's forms: each changes the data, then sends the person on with a notice and the event's name for Milepost."""

import csv
import io
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from starlette.responses import Response

from milepost.demo.host.data import KINDS, SHIFTS
from milepost.demo.host.pages import ABSENCE, EVERYONE, times_of, today, week
from milepost.demo.host.samples import LEAD_NAMES, WANTED
from milepost.demo.host.visit import Visit, need, whole

Form = Mapping[str, Any]
MISFIT = "Something in the form does not fit."


def request_leave(visit: Visit, form: Form) -> Response:
    """A new request of the person."""
    days, kind = whole(form.get("days", ""), 1, 60), str(form.get("kind"))
    need(kind in KINDS, MISFIT, 400)
    sql = "INSERT INTO leave (account, person, first, days, kind, state, note) VALUES (?, ?, ?, ?, ?, 'open', ?)"
    values = (as_day(form.get("first")), days, kind, str(form.get("note", ""))[:200])
    visit.data.write(sql, visit.account["key"], visit.person["id"], *values)
    return visit.done("/leave", "Your leave request was sent.", "Leave Requested", days=days, kind=kind)


def decide(visit: Visit, state: str, notice: str, event: str, **properties: Any) -> Response:
    """Approve or reject one open request."""
    need(visit.is_manager, "Only managers approve leave.")
    sql = "UPDATE leave SET state = ?, decided_by = ? WHERE account = ? AND id = ? AND state = 'open'"
    changed = visit.data.write(sql, state, visit.person["id"], visit.account["key"], visit.request.path_params["id"])
    return visit.done("/approvals", notice, event if changed else "", **properties)


def approve(visit: Visit, form: Form) -> Response:  # noqa: ARG001
    """Yes."""
    return decide(visit, "approved", "Leave approved.", "Leave Approved")


def reject(visit: Visit, form: Form) -> Response:
    """No, with a reason."""
    return decide(visit, "rejected", "Leave rejected.", "Leave Rejected", with_reason=bool(form.get("reason")))


def approve_many(visit: Visit, form: Form) -> Response:
    """All that were ticked; Milepost hears of it by the button."""
    need(visit.is_manager, "Only managers approve leave.")
    need(visit.is_pro, "This belongs to the Pro plan.")
    sql = "UPDATE leave SET state = 'approved', decided_by = ? WHERE account = ? AND id = ? AND state = 'open'"
    ids = [int(i) for i in form.getlist("id") if str(i).isdecimal() and len(str(i)) < 18]  # type: ignore[attr-defined]
    visit.data.write_many(sql, [(visit.person["id"], visit.account["key"], i) for i in ids])
    return visit.done("/approvals", "Requests approved." if ids else "Nothing was selected.")


def assign_shift(visit: Visit, form: Form) -> Response:
    """One person, one day, one shift."""
    need(visit.is_manager, "Only managers plan the roster.")
    who, shift, day = str(form.get("person")), str(form.get("shift")), as_day(form.get("day"))
    known = visit.rows("SELECT 1 FROM people WHERE account = ? AND id = ?", who)
    need(bool(known) and shift in SHIFTS, MISFIT, 400)
    visit.data.write("DELETE FROM shifts WHERE account = ? AND person = ? AND day = ?", visit.account["key"], who, day)
    sql = "INSERT INTO shifts (account, person, day, shift, published) VALUES (?, ?, ?, ?, 0)"
    visit.data.write(sql, visit.account["key"], who, day, shift)
    return visit.done("/roster", "Shift assigned.", "Shift Assigned", shift=shift)


def publish_roster(visit: Visit, form: Form) -> Response:  # noqa: ARG001
    """What is drafted becomes visible."""
    need(visit.is_manager, "Only managers plan the roster.")
    n = visit.data.write("UPDATE shifts SET published = 1 WHERE account = ? AND published = 0", visit.account["key"])
    return visit.done("/roster", "Roster published.", "Roster Published", shifts=n)


def apply_template(visit: Visit, form: Form) -> Response:  # noqa: ARG001
    """Early shifts for everybody who has none this week."""
    need(visit.is_manager, "Only managers plan the roster.")
    need(visit.is_pro, "This belongs to the Pro plan.")
    people = visit.rows("SELECT id FROM people WHERE account = ? AND role = 'employee' ORDER BY id LIMIT 8")
    sql = (
        "INSERT INTO shifts (account, person, day, shift, published) SELECT ?1, ?2, ?3, 'early', 0 "
        "WHERE NOT EXISTS (SELECT 1 FROM shifts WHERE account = ?1 AND person = ?2 AND day = ?3)"
    )
    visit.data.write_many(sql, [(visit.account["key"], p["id"], day) for p in people for day in week()])
    return visit.done("/roster", "Template applied.", "Roster Template Applied")


def correct_attendance(visit: Visit, form: Form) -> Response:
    """The person's own day, put right."""
    came, went = as_clock(form.get("came")), as_clock(form.get("went"))
    sql = "INSERT INTO corrections (account, person, day, came, went) VALUES (?, ?, ?, ?, ?)"
    visit.data.write(sql, visit.account["key"], visit.person["id"], as_day(form.get("day")), came, went)
    return visit.done("/attendance", "Attendance corrected.", "Attendance Corrected")


def run_report(visit: Visit, form: Form) -> Response:
    """The advanced report, grouped."""
    need(visit.is_pro, "This belongs to the Pro plan.")
    group = str(form.get("group"))
    need(group in {"team", "month", "kind"}, MISFIT, 400)
    return visit.done(f"/reports/advanced?group={group}", "Report is ready.", "Advanced Report Run", groups=1, group=group)


def update_profile(visit: Visit, form: Form) -> Response:
    """A phone number."""
    id_ = visit.request.path_params["id"]
    need(visit.is_manager or id_ == visit.person["id"], "Only HR administrators do this.")
    visit.data.write(
        "UPDATE people SET phone = ? WHERE account = ? AND id = ?", str(form.get("phone", ""))[:40], visit.account["key"], id_
    )
    return visit.done(f"/people/{id_}", "Profile saved.", "Profile Updated")


def add_joiner(visit: Visit, form: Form) -> Response:
    """A new employee."""
    need(visit.person["role"] == "hr_admin", "Only HR administrators do this.")
    name = str(form.get("name", "")).strip()[:80]
    need(bool(name), MISFIT, 400)
    key = visit.account["key"]
    id_ = f"{key}-j{visit.rows('SELECT count(*) AS n FROM people WHERE account = ?')[0]['n']}"
    visit.data.write("INSERT INTO people VALUES (?, ?, ?, 'employee', ?, '', 1)", id_, key, name, f"{id_}@{key}.example")
    return visit.done("/people", "Joiner added.", "Joiner Added")


def import_leads(visit: Visit, form: Form) -> Response:
    """So many rows, up to the limit of the plan."""
    need(visit.person["role"] == "hr_admin", "Only HR administrators do this.")
    need(visit.is_pro, "This belongs to the Pro plan.")
    rows = whole(form.get("rows", ""), 1, 5_000)
    sql = "UPDATE accounts SET leads_used = leads_used + ? WHERE key = ? AND leads_used + ? <= leads_limit"
    need(visit.data.write(sql, rows, visit.account["key"], rows) == 1, "The limit of your plan is reached.", 409)
    used = visit.account["leads_used"]
    sql = "INSERT INTO leads (account, name, wanted, came) VALUES (?, ?, ?, ?)"
    names = (f"{LEAD_NAMES[(used + i) % len(LEAD_NAMES)]} (sample)" for i in range(min(rows, 12)))
    visit.data.write_many(sql, [(visit.account["key"], name, WANTED[i % 4], str(today())) for i, name in enumerate(names)])
    return visit.done("/leads", "Leads imported.", "Leads Imported", rows=rows)


def approve_overtime(visit: Visit, form: Form) -> Response:
    """So many hours of one person."""
    need(visit.is_manager, "Only managers approve overtime.")
    need(visit.is_pro, "This belongs to the Pro plan.")
    who, hours = str(form.get("person")), whole(form.get("hours", ""), 1, 20)
    need(bool(visit.rows("SELECT 1 FROM people WHERE account = ? AND id = ?", who)), MISFIT, 400)
    visit.note("overtime", str(hours), who)
    return visit.done("/attendance", "Overtime approved.", "Overtime Approved", hours=hours)


def save_notifications(visit: Visit, form: Form) -> Response:
    """Mail about requests, or none."""
    sql = "UPDATE people SET mail = ? WHERE account = ? AND id = ?"
    visit.data.write(sql, int(form.get("mail") == "1"), visit.account["key"], visit.person["id"])
    return visit.done("/settings", "Notifications saved.", "Notifications Changed")


def save_policy(visit: Visit, form: Form) -> Response:
    """Leave days a year, for everybody."""
    need(visit.person["role"] == "hr_admin", "Only HR administrators do this.")
    need(visit.is_pro, "This belongs to the Pro plan.")
    days = whole(form.get("days", ""), 20, 60)
    visit.data.write("UPDATE accounts SET leave_days = ? WHERE key = ?", days, visit.account["key"])
    return visit.done("/settings", "Policy saved.", "Leave Policy Changed", days=days)


def export_attendance(visit: Visit, form: Form) -> Response:  # noqa: ARG001
    """Everybody's clock times of this week."""
    need(visit.is_pro, "This belongs to the Pro plan.")
    lines = [["name", "day", "came", "went"]]
    for person in visit.rows(EVERYONE) if visit.is_manager else [visit.person]:
        for line in times_of(visit, person["id"], [d for d in week() if d <= str(today())]):
            lines.append([person["name"], line["day"], line["came"], line["went"]])
    return as_file("attendance.csv", lines)


def export_report(visit: Visit, form: Form) -> Response:  # noqa: ARG001
    """Absence by kind."""
    table = visit.rows(ABSENCE)
    return as_file("absence.csv", [["kind", "days", "requests"], *([r["kind"], r["n"], r["n_requests"]] for r in table)])


def as_file(name: str, lines: list[list[Any]]) -> Response:
    """A CSV download."""
    file = io.StringIO()
    csv.writer(file).writerows(
        [f"'{cell}" if str(cell).startswith(("=", "+", "-", "@")) else cell for cell in row] for row in lines
    )
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(file.getvalue(), media_type="text/csv", headers=headers)


def noted(
    path: str, kind: str, field: str, notice: str, event: str, *, pro: bool = False, role: str = ""
) -> Callable[[Visit, Form], Response]:
    """A form whose trace is a note with the text of one field."""

    def run(visit: Visit, form: Form) -> Response:
        allowed = not role or visit.person["role"] == role or (role == "manager" and visit.is_manager)
        need(allowed, "Only managers do this." if role == "manager" else "Only HR administrators do this.")
        need(not pro or visit.is_pro, "This belongs to the Pro plan.")
        said = str(form.get(field, "")).strip()
        need(bool(said), MISFIT, 400)
        visit.note(kind, said, visit.person["id"])
        return visit.done(path, notice, event)

    return run


def as_clock(value: Any) -> str:
    """`09:00` from a form."""
    hours, _, minutes = str(value).partition(":")
    need(hours.isdecimal() and minutes.isdecimal() and int(hours) < 24 and int(minutes) < 60, MISFIT, 400)
    return f"{int(hours):02d}:{int(minutes):02d}"


def as_day(value: Any) -> str:
    """A day from a form; raises the page that says it does not fit."""
    try:
        return str(date.fromisoformat(str(value)))
    except ValueError:
        need(False, MISFIT, 400)
        raise AssertionError("unreachable") from None


FORMS: dict[str, Callable[[Visit, Form], Response]] = {
    "/leave": request_leave,
    "/approvals/{id:int}/approve": approve,
    "/approvals/{id:int}/reject": reject,
    "/approvals/bulk": approve_many,
    "/roster/assign": assign_shift,
    "/roster/publish": publish_roster,
    "/roster/template": apply_template,
    "/roster/swap": noted("/roster", "swap", "day", "Swap asked for.", "Shift Swap Requested"),
    "/attendance/correct": correct_attendance,
    "/attendance/overtime": approve_overtime,
    "/attendance/export": export_attendance,
    "/reports/advanced": run_report,
    "/reports/schedule": noted(
        "/reports/advanced", "schedule", "every", "Report scheduled.", "Report Scheduled", pro=True, role="manager"
    ),
    "/reports/share": noted("/reports", "share", "to", "Report shared.", "Report Shared"),
    "/reports/export": export_report,
    "/people/joiner": add_joiner,
    "/people/document": noted("/people", "document", "document", "Document signed.", "Document Signed", pro=True),
    "/people/{id}": update_profile,
    "/leads/import": import_leads,
    "/settings/notifications": save_notifications,
    "/settings/policy": save_policy,
    "/settings/integration": noted(
        "/settings", "integration", "with", "Integration connected.", "Integration Connected", pro=True, role="hr_admin"
    ),
}
