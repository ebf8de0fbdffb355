"""Management API of guides: drafts as documents, publication, versions, reports, themes."""

import json

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from milepost.actions import guides as actions
from milepost.actions import resources as actions_resources
from milepost.actions.guide_report import ENDINGS, Report, list_guide_lines, read_report
from milepost.actions.guides import Saved
from milepost.errors import Invalid
from milepost.rules.lint import Problem
from milepost.store import engine as db
from milepost.store import guides as guide_store
from milepost.web.api_shapes import answer, runtime_of
from milepost.web.describe import describe
from milepost.web.guard import actor, tenant
from milepost.web.inputs import body, check_storable, read_json
from milepost.wire.codecs.yaml_text import parse_yaml
from milepost.wire.event import format_instant
from milepost.wire.guide import Guide, Key, Theme
from milepost.wire.guide_api import (
    FunnelOut,
    FunnelStepOut,
    GoalOut,
    GuideDocuments,
    GuideList,
    GuideOut,
    GuideSummary,
    ProblemOut,
    PublishedOut,
    PushedOut,
    PushedResource,
    PushIn,
    PushOut,
    RestoreIn,
    StatusIn,
    ThemeList,
    VersionList,
    VersionOut,
)

TAG = "guides"
KEY: TypeAdapter[str] = TypeAdapter(Key)
YAML = ("application/yaml", "application/x-yaml", "text/yaml")


@describe(answer=GuideList, tag=TAG)
def list_all(request: Request) -> Response:
    """Lists guides, newest change first, with what they did in 28 days."""
    lines = [
        GuideSummary(
            key=line.row["key"],
            id=line.row["public_id"],
            name=line.guide.name,
            kind=line.row["kind"],
            status=line.row["status"],
            version=line.row["current_version"],
            goal_feature=line.guide.goal_feature,
            updated_at=format_instant(line.row["updated_at"]),
            shown_28d=line.funnel.shown,
            finished_28d=line.funnel.finished,
        )
        for line in list_guide_lines(runtime_of(request), tenant(request))
    ]
    return answer(GuideList(guides=lines))


@describe(answer=GuideOut, tag=TAG)
def show_one(request: Request) -> Response:
    """Shows a guide by key or id: draft, problems, and its funnel over 28 days."""
    report = read_report(runtime_of(request), tenant(request), request.path_params["guide"])
    return answer(
        GuideOut(
            key=report.row["key"],
            id=report.row["public_id"],
            status=report.row["status"],
            version=report.row["current_version"],
            draft=report.draft,
            is_draft_on_air=report.row["status"] == "published" and not report.drifted,
            problems=[_show_problem(problem) for problem in report.problems],
            funnel=_show_funnel(report),
        )
    )


@describe(body=PushIn, answer=PushOut, tag=TAG, may_fail_with=(409,))
def push(request: Request) -> Response:
    """Saves drafts and, if asked, publishes them: all or nothing. A dry run tells the same and keeps nothing."""
    asked = read_json(request, PushIn)
    saved = actions.push(
        runtime_of(request), tenant(request), asked.guides, asked.resources, actor(request).public_id, publish=asked.publish,
        dry_run=asked.dry_run,
    )  # fmt: skip
    kept = [PushedResource.model_validate({"key": key, "outcome": outcome}) for key, outcome in saved.resources.items()]
    return answer(PushOut(guides=[_show_saved(one) for one in saved.guides], resources=kept, dry_run=asked.dry_run))


@describe(answer=GuideDocuments, tag=TAG)
def list_documents(request: Request) -> Response:
    """Answers every draft that is not retired as a document, what `guides pull` writes."""
    with db.reading(runtime_of(request).engine) as connection:
        rows = guide_store.list_guides(connection, tenant(request).id)
        resources = actions_resources.list_resources(connection, tenant(request).id)
    drafts = [actions.read_draft(row) for row in rows if row["status"] != "retired"]
    return answer(GuideDocuments(guides=sorted(drafts, key=lambda guide: guide.key), resources=resources))


@describe(status=204, tag=TAG)
def delete_resource(request: Request) -> Response:
    """Takes a resource off the air, by key."""
    actions_resources.delete_resource(
        runtime_of(request), tenant(request), request.path_params["resource"], actor(request).public_id
    )
    return Response(status_code=204)


@describe(body=Guide, answer=PushedOut, tag=TAG, may_fail_with=(409,))
def save_draft(request: Request) -> Response:
    """Saves one draft, as JSON or (by content type application/yaml) as YAML."""
    guide = _read_guide(request)
    if guide.key != request.path_params["guide"]:
        raise Invalid("A guide's key never changes: the key in the path and in the body must be the same.")
    saved = actions.push_guides(runtime_of(request), tenant(request), [guide], actor(request).public_id)
    return answer(_show_saved(saved[0]))


@describe(answer=PublishedOut, tag=TAG, may_fail_with=(409, 422))
def publish(request: Request) -> Response:
    """Publishes the draft as the next version; unchanged, it stays the version it is."""
    name = request.path_params["guide"]
    version = actions.publish_guide(runtime_of(request), tenant(request), name, actor(request).public_id).version
    return answer(PublishedOut(version=version))


@describe(body=RestoreIn, answer=PublishedOut, tag=TAG)
def restore(request: Request) -> Response:
    """Publishes an old version again, under a new number."""
    asked = read_json(request, RestoreIn)
    name = request.path_params["guide"]
    found = actions.restore_version(runtime_of(request), tenant(request), name, asked.version, actor(request).public_id)
    version = found.version
    return answer(PublishedOut(version=version))


@describe(body=StatusIn, status=204, tag=TAG, may_fail_with=(409,))
def set_status(request: Request) -> Response:
    """Pauses, resumes or retires a guide."""
    asked = read_json(request, StatusIn)
    change = {"paused": actions.pause_guide, "published": actions.resume_guide, "retired": actions.retire_guide}[asked.status]
    change(runtime_of(request), tenant(request), request.path_params["guide"], actor(request).public_id)
    return Response(status_code=204)


@describe(answer=VersionList, tag=TAG)
def list_versions(request: Request) -> Response:
    """Lists the frozen versions of a guide, newest first."""
    report = read_report(runtime_of(request), tenant(request), request.path_params["guide"])
    current = report.row["current_version"] if report.row["status"] == "published" else None
    versions = [
        VersionOut(
            version=held.version,
            published_at=format_instant(held.published_at),
            published_by=held.published_by,
            on_air=held.version == current,
            guide=held.guide,
        )
        for held in report.versions
    ]
    return answer(VersionList(versions=versions))


@describe(answer=ThemeList, tag=TAG)
def list_themes(request: Request) -> Response:
    """Lists the themes guides may name."""
    with db.reading(runtime_of(request).engine) as connection:
        held = guide_store.list_themes(connection, tenant(request).id)
    return answer(ThemeList(themes={key: Theme.model_validate(json.loads(text)) for key, text in held.items()}))


@describe(body=Theme, answer=Theme, tag=TAG)
def save_theme(request: Request) -> Response:
    """Makes or changes a theme; guides that name it change at once."""
    theme = read_json(request, Theme)
    key = KEY.validate_python(request.path_params["theme"])
    actions.save_theme(runtime_of(request), tenant(request), key, theme, actor(request).public_id)
    return answer(theme)


def _read_guide(request: Request) -> Guide:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in YAML:
        return read_json(request, Guide)
    try:
        guide = parse_yaml(body(request).decode(), Guide, "the guide", by_hand=True)
    except UnicodeDecodeError as problem:
        raise Invalid("The YAML is not UTF-8.") from problem
    check_storable(guide.model_dump(mode="python"))
    return guide


def _show_problem(problem: Problem) -> ProblemOut:
    return ProblemOut(pointer=problem.pointer, message=problem.sentence, blocks=problem.blocks)


def _show_saved(saved: Saved) -> PushedOut:
    return PushedOut.model_validate(
        {
            "key": saved.key,
            "id": saved.public_id,
            "outcome": saved.outcome,
            "status": saved.status,
            "version": saved.version,
            "published": saved.published,
            "problems": [_show_problem(problem) for problem in saved.problems],
        }
    )


def _show_funnel(report: Report) -> FunnelOut:
    goal = (report.on_air or report.draft).goal_feature
    return FunnelOut(
        days=report.days,
        **report.funnel._asdict(),
        never_came=report.never_came,
        steps=[FunnelStepOut(step=line.step, shown=line.shown, missing=line.missing) for line in report.steps],
        ended={name: report.ended.get(name, 0) for name in ENDINGS},
        goal=GoalOut(feature=goal, accounts=report.followed, of=report.seen_by) if goal else None,
    )


routes = [
    Route("/api/v1/guides", list_all, methods=["GET"], name="api_guides"),
    Route("/api/v1/guide-documents", list_documents, methods=["GET"], name="api_guide_documents"),
    Route("/api/v1/guides/push", push, methods=["POST"], name="api_push_guides"),
    Route("/api/v1/guides/{guide}", show_one, methods=["GET"], name="api_guide"),
    Route("/api/v1/guides/{guide}", save_draft, methods=["PUT"], name="api_save_guide"),
    Route("/api/v1/guides/{guide}/publish", publish, methods=["POST"], name="api_publish_guide"),
    Route("/api/v1/guides/{guide}/restore", restore, methods=["POST"], name="api_restore_guide"),
    Route("/api/v1/guides/{guide}/status", set_status, methods=["POST"], name="api_set_guide_status"),
    Route("/api/v1/guides/{guide}/versions", list_versions, methods=["GET"], name="api_guide_versions"),
    Route("/api/v1/resources/{resource}", delete_resource, methods=["DELETE"], name="api_delete_resource"),
    Route("/api/v1/themes", list_themes, methods=["GET"], name="api_themes"),
    Route("/api/v1/themes/{theme}", save_theme, methods=["PUT"], name="api_save_theme"),
]
