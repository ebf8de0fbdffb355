"""Making guides: a new one from nothing or from the library, the editor, and the frame its preview stands in."""

import json
from typing import Any

from sqlalchemy import RowMapping
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from milepost.actions import guides as guide_actions
from milepost.actions.drafts import create_draft, open_draft
from milepost.actions.guide_library import count_facts, list_starters, start_guide
from milepost.actions.known_facts import list_known_facts
from milepost.errors import MilepostError
from milepost.rules.localise import locales_of, plain_text
from milepost.store import engine as db
from milepost.store import features as feature_store
from milepost.store import guides as guide_store
from milepost.web.api_shapes import runtime_of
from milepost.web.editor_words import words_of_editor
from milepost.web.guard import actor, environment_row, tenant
from milepost.web.guide_words import Words
from milepost.web.inputs import field, only_fields
from milepost.web.pages import asset, go, locale, render, theme, translations
from milepost.web.sdk_files import manifest
from milepost.web.walls import PAGE_POLICY
from milepost.wire.guide import Guide

LONGEST_NAME = 200
PLACED = ("tour", "tooltip", "modal")  # kinds whose steps point at the product
# The editor frames its own preview; the preview shows the pictures and videos of guides, from wherever they are.
EDITOR_POLICY = PAGE_POLICY + "; frame-src 'self'"
FRAME_POLICY = (
    PAGE_POLICY.replace("frame-ancestors 'none'", "frame-ancestors 'self'").replace("img-src 'self'", "img-src 'self' https:")
    + "; media-src https:"
)


def new_guide_page(request: Request) -> Response:
    """What to begin with, and a name."""
    return _show_new(request)


def create_guide(request: Request) -> Response:
    """Makes the draft and opens the editor; what is wrong stands on the form."""
    only_fields(request, "name", "start")
    said = translations(request)
    name, start = field(request, "name"), field(request, "start", longest=80)
    if not name or len(name) > LONGEST_NAME:
        return _show_new(request, error=said.gettext("Give it a name of at most 200 characters."))
    runtime, held = runtime_of(request), tenant(request)
    with db.reading(runtime.engine) as connection:
        guide = start_guide(start, name, guide_actions.known_of(connection, held))
    if guide is None:
        return _show_new(request, error=said.gettext("Choose what to begin with."))
    try:
        key = create_draft(runtime, held, guide, actor(request).public_id)
    except MilepostError as problem:
        return _show_new(request, error=said.say(problem))
    return go(request, "edit_guide", guide=key)


def _show_new(request: Request, *, error: str = "") -> Response:
    reader = locale(request)
    starters = [
        {
            "key": guide.key,
            "name": guide.name,
            "kind": guide.kind,
            "steps": len(guide.steps),
            "facts": count_facts(guide),
            "languages": sorted(locales_of(guide)),
            "title": _title(guide, reader),
        }
        for guide in list_starters()
    ]
    written, start = field(request, "name", longest=10_000)[:LONGEST_NAME], field(request, "start", longest=80) or "tour"
    status = 422 if error else 200
    return render(request, "guide_new.html", status=status, starters=starters, error=error, written=written, start=start)


def _title(guide: Guide, reader: str) -> str:
    """The first heading in the reader's language, else what the guide is called there."""
    for block in guide.steps[0].blocks:
        if block.type == "heading":
            return plain_text(block.text, reader, guide.default_locale)
    return plain_text(guide.title or guide.name, reader, guide.default_locale)


def duplicate_guide(request: Request) -> Response:
    """A copy of the draft under a key of its own, opened in the editor."""
    only_fields(request)
    runtime, held = runtime_of(request), tenant(request)
    draft = open_draft(runtime, held, request.path_params["guide"])
    name = (translations(request).gettext("Copy of %(name)s") % {"name": draft.guide.name})[:LONGEST_NAME]
    copy = draft.guide.model_copy(update={"name": name, "key": f"{draft.guide.key[:70]}-copy"})
    return go(request, "edit_guide", guide=create_draft(runtime, held, copy, actor(request).public_id))


def edit_guide(request: Request) -> Response:
    """The editor; without script its page says so and leads to the guide's own page."""
    draft = open_draft(runtime_of(request), tenant(request), request.path_params["guide"])
    said = translations(request)
    state = {
        "version": draft.row["current_version"],
        "status": draft.row["status"],
        "etag": draft.etag,
        "draft": draft.guide.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        "problems": [
            {"pointer": p.pointer, "message": said.gettext(p.template) % p.values, "blocks": p.blocks} for p in draft.problems
        ],
        "locale": locale(request),
        "dark": theme(request) == "dark",
        "words": words_of_editor(said),
        "icons": asset("icons.svg"),
        **_place(request, draft.row),
        **_known(request),
    }
    page = render(request, "editor.html", guide=draft.guide, row=draft.row, state=json.dumps(state, ensure_ascii=False))
    page.headers["Content-Security-Policy"] = EDITOR_POLICY
    return page


def _place(request: Request, row: RowMapping) -> dict[str, Any]:
    """The environment, and where the island asks and leads."""
    key = row["key"]
    environment = environment_row(request)

    def console(name: str, **more: str) -> str:
        return str(request.app.url_path_for(name, environment=environment["key"], **more))

    def api(name: str, **more: str) -> str:
        return f"{request.app.url_path_for(name, **more)}?environment={environment['key']}"

    urls = {
        "draft": api("api_draft", guide=key),
        "size": api("api_audience_size"),
        "publish": api("api_publish_guide", guide=key),
        "preview": console("guide_preview"),
        "guide": console("guide_page", guide=key),
        "changes": console("guide_changes", guide=key),
    }
    if row["kind"] in PLACED:
        urls["place"] = console("place_page", guide=key)
    return {"environment_name": environment["name"], "urls": urls}


def _known(request: Request) -> dict[str, Any]:
    """Features, guides, facts and themes that the draft may name, in words."""
    runtime, held, said = runtime_of(request), tenant(request), translations(request)
    with db.reading(runtime.engine) as connection:
        features = {r["key"]: r["name"] for r in feature_store.list_features(connection, held.id) if r["merged_into"] is None}
        guides = {r["key"]: r["name"] for r in guide_store.list_guides(connection, held.id) if r["status"] != "retired"}
        themes = {key: json.loads(text) for key, text in guide_store.list_themes(connection, held.id).items()}
    words = Words(said, features, guides)
    return {
        "features": _listed(features),
        "guides": _listed(guides),
        "themes": themes,
        "facts": [
            {"fact": known.fact, "name": words.fact(known.fact), "values": list(known.values)}
            for known in list_known_facts(runtime, held)
        ],
    }


def _listed(names: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "name": name} for key, name in sorted(names.items(), key=lambda pair: pair[1].casefold())]


def guide_preview(request: Request) -> Response:
    """The page in the editor's frame: a stand-in for the host product, over which the real renderer draws."""
    chunks = {name: chunk["path"] for name, chunk in manifest()["chunks"].items()}
    page = render(request, "guide_preview.html", chunks=json.dumps(chunks))
    page.headers["Content-Security-Policy"] = FRAME_POLICY
    return page


routes = [
    Route("/e/{environment}/guides/_new", new_guide_page, methods=["GET"], name="new_guide"),
    Route("/e/{environment}/guides/_new", create_guide, methods=["POST"], name="create_guide"),
    Route("/e/{environment}/guides/_preview", guide_preview, name="guide_preview"),
    Route("/e/{environment}/guides/{guide}/edit", edit_guide, name="edit_guide"),
    Route("/e/{environment}/guides/{guide}/duplicate", duplicate_guide, methods=["POST"], name="duplicate_guide"),
]
