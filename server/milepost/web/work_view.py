"""What the work with an account adds to its page and to the portfolio: touches, contacts, the form of two clicks."""

from typing import Any

from starlette.requests import Request

from milepost.actions.contacts import list_contact_lines
from milepost.actions.portfolio import read_owner_names
from milepost.actions.tasks import list_task_lines
from milepost.actions.touches import list_touch_lines
from milepost.rules.touches import REACHING
from milepost.web.api_shapes import runtime_of
from milepost.web.guard import tenant
from milepost.web.pages import translations
from milepost.web.said import read_said
from milepost.web.work_forms import new_touch_draft
from milepost.web.work_words import WorkWords

TIMELINE_TOUCHES = 50


def account_work(request: Request, account_key: str) -> dict[str, Any]:
    """For the account's page: contacts, touches by id, the last one that reached somebody, an empty form."""
    runtime, held = runtime_of(request), tenant(request)
    touches = list_touch_lines(runtime, held, account_key, TIMELINE_TOUCHES)
    return {
        "tasks": [line for line in list_task_lines(runtime, held, account_key) if line.place != "done"],
        "contacts": list_contact_lines(runtime, held, account_key),
        "touches": {line.row.public_id: line for line in touches},
        "last_touch": next((line for line in touches if line.row.outcome in REACHING), None),
        "touch_draft": new_touch_draft(request),
        "people_names": read_owner_names(runtime, held),
        "work": WorkWords(translations(request)),
        "said": read_said(request),
    }


def portfolio_work(request: Request) -> dict[str, Any]:
    """For the portfolio: what a form has just done, and the query to come back to."""
    return {
        "said": read_said(request),
        "keep": request.url.query,
    }
