"""What the SDK asks and is told: boot and claim."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Id = Annotated[str, Field(max_length=500)]


class Asking(BaseModel):
    """Who asks; unknown fields are passed over, so that an older server takes a newer SDK."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    writeKey: Annotated[str, Field(max_length=100)] = ""
    userId: Id | None = None
    anonymousId: Id | None = None
    account: Id | None = None
    token: Annotated[str, Field(max_length=8192)] | None = None
    session: Id | None = None
    sdk: Annotated[str, Field(max_length=40)] | None = None


class BootRequest(Asking):
    """`POST /v1/boot`."""

    path: Annotated[str, Field(max_length=2000)] = "/"
    locale: Annotated[str, Field(max_length=40)] = "en"
    rules_etag: Annotated[str, Field(max_length=80)] | None = None


class ClaimRequest(Asking):
    """`POST /v1/claim`, before the first paint."""

    guide: Annotated[str, Field(max_length=80)]
    version: Annotated[int, Field(ge=1)]
    run: Annotated[str, Field(pattern=r"^run_[0-9a-zA-Z_-]{8,80}$")]
    free: bool = False


class BootAnswer(BaseModel):
    """What this person may see. `rules` and `themes` are left out when the etag is the one the SDK has."""

    now: int
    rules_etag: str
    identity: str
    rules: list[dict[str, Any]] | None = None
    themes: dict[str, Any] | None = None
    guides: list[dict[str, Any]] = []
    open_runs: list[dict[str, Any]] = []
    no_tips: bool = False


class ClaimAnswer(BaseModel):
    """`ok`, else the reason: dismissed, finished, later, busy, budget_day, budget_week, budget_modal, no_tips, gone…"""

    ok: bool
    reason: str | None = None
