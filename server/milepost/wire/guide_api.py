"""Guides as the management API takes and shows them; instants are RFC 3339."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from milepost.wire.audience import Audience
from milepost.wire.guide import Guide, Theme
from milepost.wire.resource import Resource
from milepost.wire.shape import Shape

Outcome = Literal["created", "changed", "unchanged"]
Status = Literal["draft", "published", "paused", "retired"]
MAX_PUSHED = 200


class ProblemOut(Shape):
    """What is likely wrong: a JSON pointer into the guide, and whether it stops a publication."""

    pointer: str
    message: str
    blocks: bool


class PushIn(Shape):
    """Guides to save as drafts; with `publish` they go on air, with `dry_run` nothing is kept. Resources are on air at once."""

    guides: Annotated[list[Guide], Field(max_length=MAX_PUSHED)] = []
    resources: Annotated[list[Resource], Field(max_length=MAX_PUSHED)] = []
    publish: bool = False
    dry_run: bool = False

    @model_validator(mode="after")
    def _holds_something(self) -> "PushIn":
        if not self.guides and not self.resources:
            raise ValueError("nothing is pushed: name `guides` or `resources`")
        return self


class GuideDocuments(Shape):
    """Guides as code, by key."""

    guides: list[Guide]
    resources: list[Resource]


class PushedResource(Shape):
    """What became of one resource."""

    key: str
    outcome: Outcome


class PushedOut(Shape):
    """What became of one guide; `version` is the one on air, null when it never was."""

    key: str
    id: str
    outcome: Outcome
    status: Status
    version: int | None
    published: bool
    problems: list[ProblemOut]


class PushOut(Shape):
    """In the order they came."""

    guides: list[PushedOut]
    resources: list[PushedResource]
    dry_run: bool


class FunnelStepOut(Shape):
    """One step: runs that saw it, runs whose target was missing there, by reason."""

    step: str
    shown: int
    missing: dict[str, int]


class GoalOut(Shape):
    """Accounts of the funnel that used the goal feature unguided from the day they saw the guide on: not proof."""

    feature: str
    accounts: int
    of: int


class FunnelOut(Shape):
    """Runs first shown in the window; `ended` says how: finished, closed, later, never, no_tips, missing or open."""

    days: int
    shown: int
    finished: int
    people: int
    accounts: int
    never_came: int
    steps: list[FunnelStepOut]
    ended: dict[str, int]
    goal: GoalOut | None


class GuideSummary(Shape):
    """One line of the list."""

    key: str
    id: str
    name: str
    kind: str
    status: Status
    version: int | None
    goal_feature: str | None
    updated_at: str
    shown_28d: int
    finished_28d: int


class GuideList(Shape):
    """Every guide, newest change first."""

    guides: list[GuideSummary]


class VersionOut(Shape):
    """A frozen version."""

    version: int
    published_at: str
    published_by: str
    on_air: bool
    guide: Guide


class VersionList(Shape):
    """Newest first."""

    versions: list[VersionOut]


class GuideOut(Shape):
    """A guide with its draft, what lint says of it, and how it does."""

    key: str
    id: str
    status: Status
    version: int | None
    draft: Guide
    is_draft_on_air: bool
    problems: list[ProblemOut]
    funnel: FunnelOut


class PublishedOut(Shape):
    """The version that is on air now."""

    version: int


class RestoreIn(Shape):
    """Which version to publish again, under a new number."""

    version: Annotated[int, Field(ge=1)]


class StatusIn(Shape):
    """On air, off air, or out of the list."""

    status: Literal["published", "paused", "retired"]


class DraftOut(Shape):
    """A draft and its mark: send `etag` back as If-Match, and nothing of another author is ever lost."""

    key: str
    id: str
    status: Status
    version: int | None
    etag: str
    edited_by: str
    edited_by_name: str
    edited_at: str
    draft: Guide
    problems: list[ProblemOut]


class AudienceIn(Shape):
    """An audience as a guide has it; null is everybody."""

    audience: Audience | None = None


class SizeOut(Shape):
    """People the audience holds for now, and of how many accounts."""

    people: int
    accounts: int


class ThemeList(Shape):
    """Themes by key."""

    themes: dict[str, Theme]
