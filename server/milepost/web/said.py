"""What a form has just done, said once on the page it leads to, with a way to take it back."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse

from milepost.web import inputs
from milepost.web.guard import environment_row
from milepost.web.pages import translations

ID = re.compile(r"[a-z]{3}_[0-9a-f]{32}")


def _(message: str) -> str:
    """Marks a text for the catalogue; the template translates it."""
    return message


# what happened → (text, the route whose form takes it back, the name of its parameter)
SAID: dict[str, tuple[str, str, str]] = {
    "touch-logged": (_("Touch logged."), "delete_touch", "touch"),
    "touch-changed": (_("Touch changed."), "undo_touch", "touch"),
    "touch-deleted": (_("Touch deleted."), "undo_touch", "touch"),
    "contact-added": (_("Contact added."), "delete_contact", "contact"),
    "contact-changed": (_("Contact changed."), "undo_contact", "contact"),
    "contact-deleted": (_("Contact deleted."), "undo_contact", "contact"),
    "task-added": (_("Task added."), "delete_task", "task"),
    "task-changed": (_("Task changed."), "undo_task", "task"),
    "task-done": (_("Task done."), "undo_task", "task"),
    "task-snoozed": (_("Task snoozed."), "undo_task", "task"),
    "task-deleted": (_("Task deleted."), "undo_task", "task"),
    "undone": (_("Taken back."), "", ""),
}


@dataclass(frozen=True)
class Said:
    """`words` are in the reader's language; `undo_route` is empty when there is nothing to take back."""

    words: str
    undo_route: str
    parameter: str
    of: str


def read_said(request: Request) -> Said | None:
    """From the address: `?said=touch-logged&of=tch_…`; anything else says nothing."""
    what, of = request.query_params.get("said", ""), request.query_params.get("of", "")
    found = SAID.get(what)
    if found is None or not (ID.fullmatch(of) or what == "undone"):
        return None
    return Said(translations(request).gettext(found[0]), found[1], found[2], of)


def way_back(request: Request) -> dict[str, Any]:
    """`back` and `keep` for a form's hidden fields, from the form posted or the address that opened it."""
    most = {"back": 20, "keep": 2_000}
    return {n: (inputs.field(request, n) or request.query_params.get(n, ""))[:size] for n, size in most.items()}


def go_back(request: Request, account: str, what: str, of: str = "") -> RedirectResponse:
    """303 to where the form was opened: the account's page, or the list that its `back` names with its query `keep`."""
    back, keep = way_back(request).values()
    routes = {"portfolio": "accounts_page", "touches": "touches_page", "contacts": "contacts_page", "tasks": "tasks_page"}
    names = {"environment": environment_row(request)["key"]}
    if back in routes:
        address = str(request.app.url_path_for(routes[back], **names))
    else:
        keep = ""
        address = str(request.app.url_path_for("account_page", account="-", **names))[:-1] + quote(account, safe="")
    query = [(k, v) for k, v in parse_qsl(keep) if k not in {"said", "of"}]
    query += [("said", what)] + ([("of", of)] if of else [])
    return RedirectResponse(address + (f"?{urlencode(query)}" if query else ""), 303)
