"""What the builder inside the host product asks and is told."""

from typing import Annotated, Any, Literal

from pydantic import Field

from milepost.wire.feature import DetectionRule, Feature, Key
from milepost.wire.guide import Guide
from milepost.wire.shape import Shape

Secret = Annotated[str, Field(min_length=16, max_length=100)]


class OpenIn(Shape):
    """Spends a one-time code."""

    writeKey: Annotated[str, Field(max_length=100)]
    code: Secret


class TokenIn(Shape):
    """Every later question carries the token in its body: no cookie, no header that asks for a preflight."""

    writeKey: Annotated[str, Field(max_length=100)]
    token: Secret


class NewFeature(TokenIn):
    """A feature to look at before it is published, or to publish."""

    feature: Feature


class NewRule(TokenIn):
    """One more way to detect a feature that is there."""

    key: Key
    rule: DetectionRule


class DraftIn(TokenIn):
    """The draft of the session's own guide, as changed from the one that `etag` marks."""

    guide: Guide
    etag: Annotated[str, Field(max_length=80)]
    locale: Annotated[str, Field(max_length=40)] = "en"


class DraftAsked(TokenIn):
    """`locale` is the page's: the draft comes with its texts in that language."""

    locale: Annotated[str, Field(max_length=40)] = "en"


class Opened(Shape):
    """The session as the bar shows it; `token` only when the code was just spent."""

    token: str | None = None
    author: str
    locale: Literal["en", "zh-CN"]
    environment: str
    workspace: str
    guide: str | None


class Tagged(Shape):
    """One feature of the catalogue, with the uses of this clock hour and the one before."""

    key: str
    name: str
    module: str
    core: bool
    rules: list[dict[str, Any]]
    n_hour: int


class CatalogueOut(Shape):
    """The catalogue as the tagger lights it."""

    features: list[Tagged]
    modules: list[str]
    plans: list[str]


class EffectsOut(Shape):
    """What publishing would do."""

    n_accounts: int
    n_moved: int
    n_bands: int
    warnings: list[str]


class ChangedOut(Shape):
    """The version of the catalogue that was made."""

    version: int


class BuilderDraft(Shape):
    """The draft as it is stored, and `shown`: as the renderer takes it in one language."""

    etag: str
    draft: dict[str, Any]
    shown: dict[str, Any]
    locales: list[str]
    themes: dict[str, Any]
    problems: list[str]
