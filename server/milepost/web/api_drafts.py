"""Management API of drafts in the making: what the editor and the visual builder read and save, piece by piece."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from milepost.actions.drafts import Draft, open_draft, save_draft
from milepost.actions.feature_history import read_author_names
from milepost.actions.guide_audience import read_size
from milepost.errors import BadRequest
from milepost.store import engine as db
from milepost.web.api_shapes import answer, runtime_of
from milepost.web.describe import describe
from milepost.web.guard import actor, tenant
from milepost.web.inputs import read_json
from milepost.web.pages import translations
from milepost.wire.event import format_instant
from milepost.wire.guide import Guide
from milepost.wire.guide_api import AudienceIn, DraftOut, ProblemOut, SizeOut

TAG = "guides"


@describe(answer=DraftOut, tag=TAG)
def read_draft(request: Request) -> Response:
    """Answers the draft with its mark, who edited it last, and what lint says of it."""
    return _answer(request, open_draft(runtime_of(request), tenant(request), request.path_params["guide"]))


@describe(body=Guide, answer=DraftOut, tag=TAG, may_fail_with=(409,))
def write_draft(request: Request) -> Response:
    """Saves the draft; with If-Match, only over the draft that mark was given for.

    409 `draft_changed` when somebody else has saved in between: read the draft again, it names them.
    """
    guide, name = read_json(request, Guide), request.path_params["guide"]
    draft = save_draft(runtime_of(request), tenant(request), name, guide, actor(request).public_id, _mark(request))
    return _answer(request, draft)


@describe(body=AudienceIn, answer=SizeOut, tag=TAG)
def count_audience(request: Request) -> Response:
    """Counts whom an audience holds for now, by the rules of boot; your own people are left out."""
    asked = read_json(request, AudienceIn)
    guide = Guide.model_construct(audience=asked.audience)
    size = read_size(runtime_of(request), tenant(request), guide)
    return answer(SizeOut(people=size.people, accounts=size.accounts))


def _mark(request: Request) -> str | None:
    """What If-Match names; None when any draft may be written over."""
    given = request.headers.get("if-match")
    if given is None or given == "*":
        return None
    given = given.strip().removeprefix("W/")  # compared weakly: a proxy that compresses the answer weakens its mark
    if len(given) < 3 or given[0] != '"' or given[-1] != '"':
        raise BadRequest('If-Match is the draft\'s etag in quotes, such as "3f0c…".')
    return given[1:-1]


def _answer(request: Request, draft: Draft) -> Response:
    said = translations(request)
    out = DraftOut(
        key=draft.row["key"],
        id=draft.row["public_id"],
        status=draft.row["status"],
        version=draft.row["current_version"],
        etag=draft.etag,
        edited_by=draft.edited_by,
        edited_by_name=_name(request, draft.edited_by),
        edited_at=format_instant(draft.edited_at),
        draft=draft.guide,
        problems=[
            ProblemOut(pointer=found.pointer, message=said.gettext(found.template) % found.values, blocks=found.blocks)
            for found in draft.problems
        ],
    )
    sent = answer(out)
    sent.headers["ETag"] = f'"{draft.etag}"'
    return sent


def _name(request: Request, public_id: str) -> str:
    """The member's name, else what kind of hand it was."""
    with db.reading(runtime_of(request).engine) as connection:
        names = read_author_names(connection, tenant(request).workspace_id)
    return translations(request).gettext("API key") if public_id.startswith("key_") else names.get(public_id, public_id)


routes = [
    Route("/api/v1/guides/{guide}/draft", read_draft, methods=["GET"], name="api_draft"),
    Route("/api/v1/guides/{guide}/draft", write_draft, methods=["PUT"], name="api_save_draft"),
    Route("/api/v1/audience-size", count_audience, methods=["POST"], name="api_audience_size"),
]
