"""Two questions about one guide: what changes with a version, and why a person is not shown it."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from milepost.actions.guide_report import Report, read_report, read_shown
from milepost.actions.why_not import explain_why_not, find_people
from milepost.errors import NotFound
from milepost.rules.guide_diff import compare_guides
from milepost.store import engine as db
from milepost.store import features as feature_store
from milepost.store import guides as guide_store
from milepost.web.api_shapes import runtime_of
from milepost.web.diff_words import say_difference
from milepost.web.guard import tenant
from milepost.web.guide_words import Words
from milepost.web.pages import render, translations
from milepost.wire.guide import Guide

LONGEST = 500


def words_of_guides(request: Request) -> Words:
    """The reader's language, with the names of features and guides."""
    held = tenant(request)
    with db.reading(runtime_of(request).engine) as connection:
        features = {row["key"]: row["name"] for row in feature_store.list_features(connection, held.id)}
        guides = {row["key"]: row["name"] for row in guide_store.list_guides(connection, held.id)}
    return Words(translations(request), features, guides)


def guide_changes(request: Request) -> Response:
    """Two versions beside each other: by default the newest one and the draft."""
    report = read_report(runtime_of(request), tenant(request), request.path_params["guide"])
    numbers = [held.version for held in report.versions]
    before = request.query_params.get("from", str(report.row["current_version"] or ""))
    after = request.query_params.get("to", "draft")
    old, new = _choose(report, before), _choose(report, after)
    words = words_of_guides(request)
    rows = [say_difference(found, words) for found in compare_guides(old, new)] if old is not None and new is not None else []
    return render(
        request, "guide_changes.html", guide=report.draft, row=report.row, numbers=numbers, before=before, after=after,
        rows=rows, has_both=old is not None and new is not None,
    )  # fmt: skip


def _choose(report: Report, name: str) -> Guide | None:
    if name == "draft":
        return report.draft
    found = next((held.guide for held in report.versions if str(held.version) == name), None)
    if found is None and name:
        raise NotFound(f"{report.row['key']} has no version {name[:20]}.")
    return found


def guide_why(request: Request) -> Response:
    """The gates between one person and this guide, asked now."""
    runtime, held, name = runtime_of(request), tenant(request), request.path_params["guide"]
    row, guide = read_shown(runtime, held, name)
    text = request.query_params.get("user", "").strip()[:LONGEST]
    why = explain_why_not(runtime, held, name, text) if text else None
    found = find_people(runtime, held, text) if text and why is None else []
    words = words_of_guides(request)
    context: dict[str, Any] = {
        "guide": guide,
        "row": row,
        "text": text,
        "why": why,
        "found": found,
        "reasons": [(words.condition(reason), words.value(reason.value), reason.verdict) for reason in why.reasons]
        if why
        else [],
        "page_facts": [words.fact(fact) for fact in why.of_the_page] if why else [],
        "because": words.reason(why.stopped_by.reason) if why and why.stopped_by else "",
    }
    return render(request, "guide_why.html", **context)


routes = [
    Route("/e/{environment}/guides/{guide}/changes", guide_changes, name="guide_changes"),
    Route("/e/{environment}/guides/{guide}/why", guide_why, name="guide_why"),
]
