"""What the SDK asks and is told: boot and claim."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType

Id = Annotated[str, Meta(max_length=500)]


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks; unknown fields are passed over, so that an older server takes a newer SDK."""

    writeKey: Annotated[str, Meta(max_length=100)] = ""
    userId: Id | None = None
    anonymousId: Id | None = None
    account: Id | None = None
    token: Annotated[str, Meta(max_length=8192)] | None = None
    session: Id | None = None
    sdk: Annotated[str, Meta(max_length=40)] | None = None


class BootRequest(Asking, frozen=True, kw_only=True):
    """`POST /v1/boot`."""

    path: Annotated[str, Meta(max_length=2000)] = "/"
    locale: Annotated[str, Meta(max_length=40)] = "en"
    rules_etag: Annotated[str, Meta(max_length=80)] | None = None


class ClaimRequest(Asking, frozen=True, kw_only=True):
    """`POST /v1/claim`, before the first paint."""

    guide: Annotated[str, Meta(max_length=80)]
    version: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    run: Annotated[str, Meta(pattern=r"^run_[0-9a-zA-Z_-]{8,80}$")]
    free: bool = False
    linked: bool = False  # a link asked for it


class HelpRequest(Asking, frozen=True, kw_only=True):
    """`POST /v1/help`: without `query`, `article` or `all`, what the resource centre shows first."""

    path: Annotated[str, Meta(max_length=2000)] = "/"
    locale: Annotated[str, Meta(max_length=40)] = "en"
    query: Annotated[str, Meta(max_length=200)] | None = None
    article: Annotated[str, Meta(max_length=80)] | None = None
    all: bool = False


class HelpAnswer(msgspec.Struct, omit_defaults=True):
    """For this page, news, guides on offer; or what was found; or one article with its blocks."""

    page: list[dict[str, Any]] | None = None
    news: list[dict[str, Any]] | None = None
    guides: list[dict[str, Any]] | None = None
    found: list[dict[str, Any]] | None = None
    article: dict[str, Any] | None = None


class OpenRun(msgspec.Struct, frozen=True):
    """A run that goes on where it was."""

    run: str
    guide: str
    version: int
    step: str | None


class BootAnswer(msgspec.Struct):
    """What this person may see. `rules` and `themes` are left out when the etag is the one the SDK has."""

    now: int
    rules_etag: str
    identity: str
    rules: Raw | UnsetType = UNSET  # list of {feature, path?, target}
    themes: Raw | UnsetType = UNSET  # {key: theme}
    guides: list[Raw] = []  # as `rules.localise` writes them, encoded once per publication
    standing: list[dict[str, Any]] | UnsetType = UNSET  # what stands in the page by itself: banner, checklist, resource centre
    open_runs: list[OpenRun] = []
    no_tips: bool = False


class ClaimAnswer(msgspec.Struct, omit_defaults=True):
    """`ok`, else the reason: dismissed, finished, later, busy, budget_day, budget_week, budget_modal, no_tips, gone…"""

    ok: bool
    reason: str | None = None
