"""Linden HR's forms: each changes the data, then sends the person on with a notice and the event's name for Milepost."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from starlette.responses import Response

from milepost.demo.host.data import KINDS, SHIFTS
from milepost.demo.host.pages import week
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
    return visit.done("/approvals", "Requests approved.")


def assign_shift(visit: Visit, form: Form) -> Response:
    """One person, one day, one shift."""
    need(visit.is_manager, "Only managers approve leave.")
    who, shift, day = str(form.get("person")), str(form.get("shift")), as_day(form.get("day"))
    known = visit.rows("SELECT 1 FROM people WHERE account = ? AND id = ?", who)
    need(bool(known) and shift in SHIFTS, MISFIT, 400)
    visit.data.write("DELETE FROM shifts WHERE account = ? AND person = ? AND day = ?", visit.account["key"], who, day)
    sql = "INSERT INTO shifts (account, person, day, shift, published) VALUES (?, ?, ?, ?, 0)"
    visit.data.write(sql, visit.account["key"], who, day, shift)
    return visit.done("/roster", "Shift assigned.", "Shift Assigned", shift=shift)


def publish_roster(visit: Visit, form: Form) -> Response:  # noqa: ARG001
    """What is drafted becomes visible."""
    need(visit.is_manager, "Only managers approve leave.")
    n = visit.data.write("UPDATE shifts SET published = 1 WHERE account = ? AND published = 0", visit.account["key"])
    return visit.done("/roster", "Roster published.", "Roster Published", shifts=n)


def apply_template(visit: Visit, form: Form) -> Response:  # noqa: ARG001
    """Early shifts for everybody who has none this week."""
    need(visit.is_manager, "Only managers approve leave.")
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
    came, went = str(form.get("came", ""))[:5], str(form.get("went", ""))[:5]
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
    visit.data.write("INSERT INTO people VALUES (?, ?, ?, 'employee', ?, '')", id_, key, name, f"{id_}@{key}.example")
    return visit.done("/people", "Joiner added.", "Joiner Added")


def import_leads(visit: Visit, form: Form) -> Response:
    """So many rows, up to the limit of the plan."""
    need(visit.person["role"] == "hr_admin", "Only HR administrators do this.")
    need(visit.is_pro, "This belongs to the Pro plan.")
    rows = whole(form.get("rows", ""), 1, 5_000)
    sql = "UPDATE accounts SET leads_used = leads_used + ? WHERE key = ? AND leads_used + ? <= leads_limit"
    need(visit.data.write(sql, rows, visit.account["key"], rows) == 1, "The limit of your plan is reached.", 409)
    return visit.done("/leads", "Leads imported.", "Leads Imported", rows=rows)


def noted(path: str, notice: str, event: str, *, pro: bool = False, role: str = "") -> Callable[[Visit, Form], Response]:
    """A form whose only trace is a note."""

    def run(visit: Visit, form: Form) -> Response:
        need(
            not role or visit.person["role"] == role or (role == "manager" and visit.is_manager),
            "Only HR administrators do this.",
        )
        need(not pro or visit.is_pro, "This belongs to the Pro plan.")
        visit.note(event, ", ".join(f"{k}: {v}" for k, v in form.items()))
        return visit.done(path, notice, event)

    return run


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
    "/roster/swap": noted("/roster", "Swap asked for.", "Shift Swap Requested"),
    "/roster/print": noted("/roster", "Exported.", ""),
    "/attendance/correct": correct_attendance,
    "/attendance/overtime": noted("/attendance", "Overtime approved.", "Overtime Approved", pro=True, role="manager"),
    "/attendance/export": noted("/attendance", "Exported.", "", pro=True),
    "/reports/advanced": run_report,
    "/reports/schedule": noted("/reports/advanced", "Report scheduled.", "Report Scheduled", pro=True, role="manager"),
    "/reports/share": noted("/reports", "Report shared.", "Report Shared"),
    "/reports/export": noted("/reports", "Exported.", ""),
    "/people/joiner": add_joiner,
    "/people/document": noted("/people", "Document signed.", "Document Signed", pro=True),
    "/people/{id}": update_profile,
    "/leads/import": import_leads,
    "/settings/notifications": noted("/settings", "Notifications saved.", "Notifications Changed"),
    "/settings/policy": noted("/settings", "Policy saved.", "Leave Policy Changed", pro=True, role="hr_admin"),
    "/settings/integration": noted("/settings", "Integration connected.", "Integration Connected", pro=True, role="hr_admin"),
}
