"""Articles of the resource centre: the list, and one in the editor of blocks. They are on air as soon as they are saved."""

import json
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from milepost.actions import resources as actions
from milepost.actions.guide_library import free_key, key_of
from milepost.errors import NotFound
from milepost.rules.localise import plain_text
from milepost.store import engine as db
from milepost.store import features as feature_store
from milepost.store import guides as guide_store
from milepost.web.api_shapes import runtime_of
from milepost.web.editor_words import words_of_editor
from milepost.web.guard import actor, environment_row, tenant
from milepost.web.inputs import field, only_fields
from milepost.web.pages import asset, go, locale, render, translations
from milepost.wire.resource import Resource

LONGEST = 200


def articles_page(request: Request) -> Response:
    """Every article, by kind and order."""
    return _show(request)


def _show(request: Request, *, error: str = "", title: str = "") -> Response:
    reader = locale(request)
    lines = [
        {"key": one.key, "kind": one.kind, "title": plain_text(one.title, reader, one.default_locale), "feature": one.feature,
         "languages": sorted(_languages(one)), "pages": one.pages, "news_at": one.news_at}
        for one in sorted(_held(request), key=lambda one: (one.kind, one.order, one.key))
    ]  # fmt: skip
    names = dict(_features(request))
    return render(request, "articles.html", status=422 if error else 200, lines=lines, names=names, error=error, heading=title)


def create_article(request: Request) -> Response:
    """Only a key is made; nothing is kept before it is saved in the editor."""
    only_fields(request, "title")
    title = field(request, "title", longest=8_000)
    if not title or len(title) > LONGEST:
        said = translations(request).gettext("Give it a title of at most 200 characters.")
        return _show(request, error=said, title=title[:LONGEST])
    taken = {one.key for one in _held(request)}
    answer = go(request, "edit_article", article=free_key(key_of(title, "article"), taken))
    answer.headers["Location"] += f"?title={quote(title, safe='')}"
    return answer


def edit_article(request: Request) -> Response:
    """The editor of one article; a new one has only the title that was asked for."""
    key, title = request.path_params["article"], request.query_params.get("title", "")[:LONGEST]
    held = next((one for one in _held(request) if one.key == key), None)
    if held is None and not title:
        raise NotFound(f"There is no article {key[:80]!r}.")
    fresh = {"apiVersion": "resource/v1", "key": key, "kind": "faq", "title": title, "blocks": [{"type": "text", "text": ""}]}
    document = held.model_dump(mode="json", by_alias=True, exclude_defaults=True) if held is not None else fresh
    state = _state(request) | {"key": key, "draft": document, "is_new": held is None}
    shown = plain_text(held.title, locale(request), held.default_locale) if held is not None else title
    return render(
        request, "article.html", state=json.dumps(state, ensure_ascii=False), key=key, heading=shown, is_new=held is None
    )


def delete_article(request: Request) -> Response:
    """Takes it off the air."""
    only_fields(request)
    actions.delete_resource(runtime_of(request), tenant(request), request.path_params["article"], actor(request).public_id)
    return go(request, "articles_page")


def _state(request: Request) -> dict[str, Any]:
    environment, said = environment_row(request), translations(request)
    with db.reading(runtime_of(request).engine) as connection:
        rows = guide_store.list_guides(connection, tenant(request).id)
    return {
        "locale": locale(request),
        "words": words_of_editor(said),
        "icons": asset("icons.svg"),
        "problems": [],
        "themes": {},
        "facts": [],
        "features": [{"key": key, "name": name} for key, name in _features(request)],
        "guides": [{"key": row["key"], "name": row["name"]} for row in rows if row["status"] != "retired"],
        "urls": {"save": f"{request.app.url_path_for('api_push_guides')}?environment={environment['key']}"},
    }


def _held(request: Request) -> list[Resource]:
    with db.reading(runtime_of(request).engine) as connection:
        return actions.list_resources(connection, tenant(request).id)


def _features(request: Request) -> list[tuple[str, str]]:
    with db.reading(runtime_of(request).engine) as connection:
        rows = feature_store.list_features(connection, tenant(request).id)
    return sorted(((row["key"], row["name"]) for row in rows if row["merged_into"] is None), key=lambda one: one[1].casefold())


def _languages(one: Resource) -> set[str]:
    return set(one.title) if isinstance(one.title, dict) else {one.default_locale}


routes = [
    Route("/e/{environment}/guides/_articles", articles_page, methods=["GET"], name="articles_page"),
    Route("/e/{environment}/guides/_articles", create_article, methods=["POST"], name="create_article"),
    Route("/e/{environment}/guides/_articles/{article}", edit_article, name="edit_article"),
    Route("/e/{environment}/guides/_articles/{article}/delete", delete_article, methods=["POST"], name="delete_article"),
]
