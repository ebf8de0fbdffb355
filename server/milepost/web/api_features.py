"""Management API of the catalogue: features, versions, inbox, recount, checkpoints, suspicions."""

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from milepost.actions.checkpoints import retire_checkpoint, save_checkpoint, to_checkpoint
from milepost.actions.feature_board import read_feature_board, read_feature_page
from milepost.actions.features import list_catalogue, merge_feature, push_catalogue, retire_feature, save_feature
from milepost.actions.preview import preview_catalogue
from milepost.actions.recount import recount
from milepost.actions.tracking import confirm_fault
from milepost.actions.unmatched import accept_unmatched, ignore_unmatched, list_unmatched
from milepost.errors import Invalid
from milepost.rules.days import day_number
from milepost.store import engine as db
from milepost.store import features as feature_store
from milepost.web.api_shapes import answer, ratio, runtime_of, show_change, show_feature
from milepost.web.describe import describe
from milepost.web.guard import actor, tenant
from milepost.web.inputs import read_json
from milepost.wire.checkpoint import Checkpoint
from milepost.wire.event import format_instant
from milepost.wire.feature import Catalogue, Feature
from milepost.wire.numbers import (
    BandChange,
    BeforeAfter,
    ChangeResult,
    CheckpointList,
    EffectOut,
    FeatureList,
    FeatureOut,
    MergeIn,
    PreviewOut,
    RecountIn,
    RecountOut,
    RetireIn,
    UnmatchedIn,
    UnmatchedOut,
)

TAG = "features"


class UnmatchedList(BaseModel):
    """The inbox, most seen first."""

    unmatched: list[UnmatchedOut]


@describe(answer=FeatureList, tag=TAG)
def list_features(request: Request) -> Response:
    """Lists features with live counts, and the catalogue's reach."""
    board = read_feature_board(runtime_of(request), tenant(request))
    return answer(
        FeatureList(
            version=board.version,
            reach=ratio(board.reach_matched, board.reach_total),
            warnings=board.warnings,
            features=[show_feature(line) for line in board.lines],
        )
    )


@describe(answer=FeatureOut, tag=TAG)
def show_one(request: Request) -> Response:
    """Shows one feature by key or alias."""
    return answer(show_feature(read_feature_page(runtime_of(request), tenant(request), request.path_params["feature"]).line))


@describe(body=Feature, answer=ChangeResult, status=201, tag=TAG, may_fail_with=(409,))
def create_feature(request: Request) -> Response:
    """Makes a feature; its ordinal is permanent."""
    feature = read_json(request, Feature)
    change = save_feature(runtime_of(request), tenant(request), feature, actor(request).public_id, create=True)
    return answer(show_change(change), 201)


@describe(body=Feature, answer=ChangeResult, tag=TAG, may_fail_with=(409,))
def change_feature(request: Request) -> Response:
    """Changes a feature; the key in the path and in the body must be the same, for keys are stable."""
    feature = read_json(request, Feature)
    if feature.key != request.path_params["feature"]:
        raise Invalid("A feature's key never changes; rename it by its name, or merge it into another.")
    return answer(show_change(save_feature(runtime_of(request), tenant(request), feature, actor(request).public_id)))


@describe(body=RetireIn, answer=ChangeResult, tag=TAG, may_fail_with=(409,))
def retire(request: Request) -> Response:
    """Retires a feature from a day on; history before it stays."""
    asked = read_json(request, RetireIn)
    day = day_number(asked.on) if asked.on else None
    key = request.path_params["feature"]
    return answer(show_change(retire_feature(runtime_of(request), tenant(request), key, day, actor(request).public_id)))


@describe(body=MergeIn, answer=ChangeResult, tag=TAG, may_fail_with=(409,))
def merge(request: Request) -> Response:
    """Merges a feature into another from a day on."""
    asked = read_json(request, MergeIn)
    day = day_number(asked.on) if asked.on else None
    key = request.path_params["feature"]
    change = merge_feature(runtime_of(request), tenant(request), key, asked.into, day, actor(request).public_id)
    return answer(show_change(change))


@describe(answer=Catalogue, tag=TAG)
def show_catalogue(request: Request) -> Response:
    """The catalogue as code, what `features pull` writes."""
    with db.reading(runtime_of(request).engine) as connection:
        return answer(list_catalogue(connection, tenant(request).id))


@describe(body=Catalogue, answer=ChangeResult, tag=TAG, may_fail_with=(409,))
def replace_catalogue(request: Request) -> Response:
    """Makes what the file has and changes what differs, as one version; features not in it stay as they are."""
    document = read_json(request, Catalogue)
    return answer(show_change(push_catalogue(runtime_of(request), tenant(request), document, actor(request).public_id)))


@describe(body=Catalogue, answer=PreviewOut, tag=TAG)
def preview(request: Request) -> Response:
    """Tells what publishing would do to every account's coverage, core coverage and score; nothing is stored."""
    document = read_json(request, Catalogue)
    found = preview_catalogue(runtime_of(request), tenant(request), document.features)
    effects = [
        EffectOut(
            account_id=e.account,
            name=e.name,
            before=ratio(e.before.used, e.before.eligible),
            after=ratio(e.after.used, e.after.eligible),
            core_coverage=BeforeAfter(before=e.before.core, after=e.after.core),
            score=BeforeAfter(before=e.before.score, after=e.after.score),
            band=BandChange(before=e.before.band, after=e.after.band),
        )
        for e in found.effects
    ]
    return answer(
        PreviewOut(
            accounts=found.n_accounts,
            moved=found.n_moved,
            band_changes=found.n_band_changes,
            joining=found.n_joining,
            created=found.created,
            changed=found.changed,
            warnings=found.warnings,
            effects=effects,
        )
    )


@describe(answer=UnmatchedList, tag=TAG)
def inbox(request: Request) -> Response:
    """Event names and page templates no feature covers."""
    found = [
        UnmatchedOut(
            kind="event" if u.kind == "event" else "page",
            name=u.name,
            n=u.n,
            first_at=format_instant(u.first_at),
            last_at=format_instant(u.last_at),
            suggested_key=u.key,
            suggested_name=u.title,
        )
        for u in list_unmatched(runtime_of(request), tenant(request))
    ]
    return answer(UnmatchedList(unmatched=found))


@describe(body=UnmatchedIn, answer=ChangeResult, status=201, tag=TAG, may_fail_with=(409,))
def accept(request: Request) -> Response:
    """Makes a feature of a line of the inbox; offer a recount next."""
    asked = read_json(request, UnmatchedIn)
    change = accept_unmatched(
        runtime_of(request), tenant(request), asked.kind, asked.name, actor(request).public_id,
        key=asked.key or "", title=asked.title,
    )  # fmt: skip
    return answer(show_change(change), 201)


@describe(body=UnmatchedIn, status=204, tag=TAG)
def ignore(request: Request) -> Response:
    """Takes a line out of the inbox; it is counted on and shown no more."""
    asked = read_json(request, UnmatchedIn)
    ignore_unmatched(runtime_of(request), tenant(request), asked.kind, asked.name, actor(request).public_id)
    return Response(status_code=204)


@describe(body=RecountIn, answer=RecountOut, tag=TAG)
def recount_events(request: Request) -> Response:
    """Decides event and page rules again over the raw events; without `apply` only the difference is told."""
    asked = read_json(request, RecountIn)
    found = recount(runtime_of(request), tenant(request), day_number(asked.from_), actor(request).public_id, apply=asked.apply)
    return answer(RecountOut.model_validate(found.as_dict()))


@describe(answer=CheckpointList, tag=TAG)
def list_checkpoints(request: Request) -> Response:
    """Checkpoints in force."""
    with db.reading(runtime_of(request).engine) as connection:
        rows = feature_store.list_checkpoints(connection, tenant(request).id)
    return answer(CheckpointList(checkpoints=[to_checkpoint(row) for row in rows]))


@describe(body=Checkpoint, answer=Checkpoint, tag=TAG)
def write_checkpoint(request: Request) -> Response:
    """Makes or changes a checkpoint; who reached it is worked out again."""
    checkpoint = read_json(request, Checkpoint)
    if checkpoint.key != request.path_params["checkpoint"]:
        raise Invalid("The key in the path and in the body must be the same.")
    save_checkpoint(runtime_of(request), tenant(request), checkpoint, actor(request).public_id)
    return answer(checkpoint)


@describe(status=204, tag=TAG)
def delete_checkpoint(request: Request) -> Response:
    """Retires a checkpoint; who reached it stays known."""
    retire_checkpoint(runtime_of(request), tenant(request), request.path_params["checkpoint"], actor(request).public_id)
    return Response(status_code=204)


@describe(status=204, tag=TAG)
def confirm(request: Request) -> Response:
    """Says that a feature's silence is real; `_environment` stands for all events."""
    key = request.path_params["feature"]
    ordinal = -1
    if key != "_environment":
        ordinal = read_feature_page(runtime_of(request), tenant(request), key).line.ordinal
    confirm_fault(runtime_of(request), tenant(request), ordinal, actor(request).public_id)
    return Response(status_code=204)


routes = [
    Route("/api/v1/features", list_features, methods=["GET"], name="api_features"),
    Route("/api/v1/features", create_feature, methods=["POST"], name="api_create_feature"),
    Route("/api/v1/features/{feature}", show_one, methods=["GET"], name="api_feature"),
    Route("/api/v1/features/{feature}", change_feature, methods=["PUT"], name="api_change_feature"),
    Route("/api/v1/features/{feature}/retire", retire, methods=["POST"], name="api_retire_feature"),
    Route("/api/v1/features/{feature}/merge", merge, methods=["POST"], name="api_merge_feature"),
    Route("/api/v1/features/{feature}/confirm-silence", confirm, methods=["POST"], name="api_confirm_silence"),
    Route("/api/v1/catalogue", show_catalogue, methods=["GET"], name="api_catalogue"),
    Route("/api/v1/catalogue", replace_catalogue, methods=["PUT"], name="api_push_catalogue"),
    Route("/api/v1/catalogue/preview", preview, methods=["POST"], name="api_preview_catalogue"),
    Route("/api/v1/catalogue/recount", recount_events, methods=["POST"], name="api_recount"),
    Route("/api/v1/unmatched", inbox, methods=["GET"], name="api_unmatched"),
    Route("/api/v1/unmatched/accept", accept, methods=["POST"], name="api_accept_unmatched"),
    Route("/api/v1/unmatched/ignore", ignore, methods=["POST"], name="api_ignore_unmatched"),
    Route("/api/v1/checkpoints", list_checkpoints, methods=["GET"], name="api_checkpoints"),
    Route("/api/v1/checkpoints/{checkpoint}", write_checkpoint, methods=["PUT"], name="api_save_checkpoint"),
    Route("/api/v1/checkpoints/{checkpoint}", delete_checkpoint, methods=["DELETE"], name="api_retire_checkpoint"),
]
