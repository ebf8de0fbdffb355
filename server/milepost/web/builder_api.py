"""What the builder in the host product asks: one code, then a narrow token, from one site only.

It stands beside boot and claim, not in the management API: plain text bodies, no cookie, no preflight, and an answer
that only the session's own site may read. Nothing here listens to messages of other windows.
"""

import json
import logging
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, TypeVar

import msgspec
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from milepost.actions import builder as actions
from milepost.actions.builder import BuilderOver, Session
from milepost.actions.drafts import Draft, open_draft, save_draft
from milepost.actions.feature_board import read_feature_board
from milepost.actions.features import save_feature
from milepost.actions.preview import preview_catalogue
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.errors import Forbidden, Invalid, MilepostError, Unavailable
from milepost.rules.localise import locales_of, resolve
from milepost.store import engine as db
from milepost.store import environments as environment_store
from milepost.store import guides as guide_store
from milepost.store import workspaces as workspace_store
from milepost.web.bodies import read_body
from milepost.web.inputs import check_storable
from milepost.web.sdk_api import read_asking
from milepost.web.segment_api import PREFLIGHT, find_holder, find_tenant, limit_flood
from milepost.web.translations import catalogue
from milepost.wire.boot import Asking
from milepost.wire.builder import (
    BuilderDraft,
    CatalogueOut,
    ChangedOut,
    DraftAsked,
    DraftIn,
    EffectsOut,
    NewFeature,
    NewRule,
    Opened,
    OpenIn,
    Tagged,
    TokenIn,
)

log = logging.getLogger(__name__)
LIMIT, CODE_LIMIT = 512 * 1024, 4 * 1024
ON_LOOP_BYTES = 16 * 1024
BEARER = msgspec.json.Decoder(Asking)
S = TypeVar("S", TokenIn, OpenIn)
Asked = Callable[[Runtime, Tenant, Session, Any], BaseModel | None]
Endpoint = Callable[[Request], Awaitable[Response]]


def guarded(endpoint: Endpoint) -> Endpoint:
    """Errors as JSON. A site that has not shown a good code or token can read no answer at all."""

    @wraps(endpoint)
    async def run(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=PREFLIGHT)
        try:
            return await endpoint(request)
        except MilepostError as problem:
            return _refuse(request, problem)
        except Exception:
            log.exception("a builder request failed")
            return _refuse(request, Unavailable("The server could not answer; try again.", retry_after_s=2))

    return run


@guarded
async def open_builder(request: Request) -> Response:
    """Spends the code of the link; the answer holds the token, this once only."""
    body, _, tenant = await _admit(request, CODE_LIMIT)
    asking = await _validate(body, OpenIn)
    runtime: Runtime = request.app.state.runtime
    token, session = await run_in_threadpool(actions.open_builder, runtime, tenant, asking.code, _origin(request))
    request.state.site = _origin(request)
    return _answer(request, await run_in_threadpool(_show, runtime, tenant, session, token))


def _show(runtime: Runtime, tenant: Tenant, session: Session, token: str | None = None) -> Opened:
    with db.reading(runtime.engine) as connection:
        environment = environment_store.read_environment(connection, tenant.id)["name"]
        workspace = workspace_store.read_workspace(connection, tenant.workspace_id)["name"]
    return Opened(
        token=token, author=session.name, locale="zh-CN" if session.locale == "zh-CN" else "en",
        environment=environment, workspace=workspace, guide=session.guide,
    )  # fmt: skip


def _resume(runtime: Runtime, tenant: Tenant, session: Session, _asking: TokenIn) -> Opened:
    """The same session on the next page."""
    return _show(runtime, tenant, session)


def _end(runtime: Runtime, tenant: Tenant, session: Session, _asking: TokenIn) -> None:
    """The token is worth nothing any more."""
    actions.end_builder(runtime, tenant, session)


def _list(runtime: Runtime, tenant: Tenant, session: Session, _asking: TokenIn) -> CatalogueOut:
    """The live catalogue with this hour's uses."""
    _only_catalogue(session)
    lines = [line for line in read_feature_board(runtime, tenant).lines if line.is_live]
    return CatalogueOut(
        features=[
            Tagged(
                key=line.feature.key, name=line.feature.name, module=line.feature.module, core=line.feature.core,
                rules=[rule.model_dump(mode="json", exclude_none=True) for rule in line.feature.rules],
                n_hour=line.uses_last_hour,
            )
            for line in lines
        ],
        modules=sorted({line.feature.module for line in lines if line.feature.module}),
        plans=sorted({plan for line in lines for plan in line.feature.plans or []}),
    )  # fmt: skip


def _preview(runtime: Runtime, tenant: Tenant, session: Session, asking: NewFeature) -> EffectsOut:
    """What publishing this feature would move."""
    _only_catalogue(session)
    found = preview_catalogue(runtime, tenant, [asking.feature])
    return EffectsOut(n_accounts=found.n_accounts, n_moved=found.n_moved, n_bands=found.n_band_changes, warnings=found.warnings)


def _create(runtime: Runtime, tenant: Tenant, session: Session, asking: NewFeature) -> ChangedOut:
    """Publishes a new feature."""
    _only_catalogue(session)
    return ChangedOut(version=save_feature(runtime, tenant, asking.feature, session.author, create=True).version)


def _add_rule(runtime: Runtime, tenant: Tenant, session: Session, asking: NewRule) -> ChangedOut:
    """One more rule of a feature that is there."""
    _only_catalogue(session)
    return ChangedOut(version=actions.add_rule(runtime, tenant, asking.key, asking.rule, session.author))


def _read_draft(runtime: Runtime, tenant: Tenant, session: Session, asking: DraftAsked) -> BuilderDraft:
    """The draft of the session's guide."""
    return _show_draft(runtime, tenant, session, open_draft(runtime, tenant, _only_guide(session)), asking.locale)


def _write_draft(runtime: Runtime, tenant: Tenant, session: Session, asking: DraftIn) -> BuilderDraft:
    """Saves it, unless somebody else has in between."""
    saved = save_draft(runtime, tenant, _only_guide(session), asking.guide, session.author, asking.etag)
    return _show_draft(runtime, tenant, session, saved, asking.locale)


def _show_draft(runtime: Runtime, tenant: Tenant, session: Session, draft: Draft, locale: str) -> BuilderDraft:
    said = catalogue(session.locale)
    with db.reading(runtime.engine) as connection:
        themes = {key: json.loads(text) for key, text in guide_store.list_themes(connection, tenant.id).items()}
    return BuilderDraft(
        etag=draft.etag,
        draft=draft.guide.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        shown=resolve(draft.guide, locale) | {"guide": draft.row["public_id"], "version": draft.row["current_version"] or 1},
        locales=sorted(locales_of(draft.guide)),
        themes=themes,
        problems=[said.gettext(found.template) % found.values for found in draft.problems],
    )


def _only_catalogue(session: Session) -> None:
    if session.guide is not None:
        raise Forbidden("This session was opened for a guide; open one from the Features page to name features.")


def _only_guide(session: Session) -> str:
    if session.guide is None:
        raise Forbidden("This session was opened for features; open one from the guide's page to place its steps.")
    return session.guide


def _for_session(shape: type[TokenIn], act: Asked) -> Endpoint:
    """An endpoint that acts for an open session of this very site."""

    async def run(request: Request) -> Response:
        body, bearer, tenant = await _admit(request, LIMIT)
        runtime: Runtime = request.app.state.runtime
        session = await run_in_threadpool(actions.find_session, runtime, tenant, bearer.token or "", _origin(request))
        request.state.site = _origin(request)
        asking = await _validate(body, shape)
        return _answer(request, await run_in_threadpool(act, runtime, tenant, session, asking))

    run.__name__, run.__doc__ = act.__name__.strip("_"), act.__doc__
    return guarded(run)


async def _admit(request: Request, limit: int) -> tuple[bytes, Asking, Tenant]:
    """The body, who asks, and the environment of the write key: known and charged before more of the body is read."""
    if not _origin(request):
        raise BuilderOver
    body = await read_body(request, limit)
    asking = read_asking(body, BEARER)
    holder = await find_holder(request, asking.writeKey)
    limit_flood(request, holder, 1)
    return body, asking, await find_tenant(request.app.state.runtime, holder.environment_id)


async def _validate(body: bytes, shape: type[S]) -> S:
    """The question in its shape; a large one is looked at beside the event loop."""
    return _validated(body, shape) if len(body) <= ON_LOOP_BYTES else await run_in_threadpool(_validated, body, shape)


def _validated(body: bytes, shape: type[S]) -> S:
    try:
        asking = shape.model_validate_json(body)
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_input=False, include_context=False)[0]
        raise Invalid(f"{'.'.join(str(part) for part in first['loc']) or 'the body'}: {first['msg']}.") from problem
    check_storable(asking.model_dump(mode="python"))
    return asking


def _origin(request: Request) -> str:
    return request.headers.get("origin", "")


def _headers(request: Request) -> dict[str, str]:
    """Readable by the session's own site, once it has proved to be it."""
    site = getattr(request.state, "site", None)
    own = {"Access-Control-Allow-Origin": site} if site else {}
    return {"Cache-Control": "no-store", "Vary": "Origin"} | own


def _answer(request: Request, content: BaseModel | None) -> Response:
    body = (content or _Done()).model_dump_json(exclude_none=True)
    return Response(body, headers=_headers(request), media_type="application/json")


class _Done(BaseModel):
    """Nothing more to say."""


def _refuse(request: Request, problem: MilepostError) -> Response:
    body = json.dumps({"success": False, "code": problem.error_code, "message": problem.detail}, ensure_ascii=False)
    return Response(body, problem.status, headers=_headers(request), media_type="application/json")


ASKED: tuple[tuple[str, type[TokenIn], Asked], ...] = (
    ("resume", TokenIn, _resume),
    ("end", TokenIn, _end),
    ("catalogue", TokenIn, _list),
    ("preview", NewFeature, _preview),
    ("feature", NewFeature, _create),
    ("rule", NewRule, _add_rule),
    ("draft", DraftAsked, _read_draft),
    ("save", DraftIn, _write_draft),
)
routes = [
    Route("/v1/builder/open", open_builder, methods=["POST", "OPTIONS"], name="builder_open"),
    *(
        Route(f"/v1/builder/{name}", _for_session(shape, act), methods=["POST", "OPTIONS"], name=f"builder_{name}")
        for name, shape, act in ASKED
    ),
]
