"""A feature of the host product as the catalogue holds it, in YAML, JSON and the API."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from milepost.wire.shape import Shape
from milepost.wire.target import Target

Key = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,79}$")]
Glob = Annotated[str, Field(min_length=1, max_length=300)]


def _is_day(value: str) -> str:
    try:
        dt.date.fromisoformat(value)
    except ValueError as problem:
        raise ValueError("there is no such day; write one such as 2026-11-24") from problem
    return value


Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), AfterValidator(_is_day)]
Cadence = Literal["daily", "weekly", "monthly", "quarterly", "once"]


class Condition(Shape):
    """A property of the event compared with a value."""

    property: Annotated[str, Field(min_length=1, max_length=200)]
    op: Literal["is", "is_not", "gt", "gte", "lt", "lte", "known"] = "is"
    value: str | int | float | bool | None = None


class EventRule(Shape):
    """Used when an event of this name arrives, and every condition holds."""

    on: Literal["event"]
    name: Annotated[str, Field(min_length=1, max_length=300)]
    where: Annotated[list[Condition], Field(max_length=10)] = []


class PageRule(Shape):
    """Used when a page whose path fits the glob is seen."""

    on: Literal["page"]
    path: Glob


class ElementRule(Shape):
    """Used when the element is clicked on a page whose path fits; found by the SDK."""

    on: Literal["element"]
    target: Target
    path: Glob = "/**"


DetectionRule = Annotated[EventRule | PageRule | ElementRule, Field(discriminator="on")]


class Feature(Shape):
    """One feature; the key is stable, a rename changes only the name."""

    key: Key
    name: Annotated[str, Field(min_length=1, max_length=200)]
    description: Annotated[str, Field(max_length=2000)] = ""
    module: Annotated[str, Field(max_length=100)] = ""
    core: bool = False
    weight: Annotated[float, Field(gt=0, le=100)] = 1.0
    level: Literal["basic", "advanced"] = "basic"
    cadence: Cadence = "daily"
    audience_role: Annotated[str, Field(max_length=100)] | None = None
    rules: Annotated[list[DetectionRule], Field(max_length=20)] = []
    plans: Annotated[list[str], Field(max_length=50)] | None = None
    add_ons: Annotated[list[str], Field(max_length=50)] | None = None
    introduced_on: Day | None = None
    retired_on: Day | None = None
    aliases: Annotated[list[Key], Field(max_length=50)] = []


class Catalogue(Shape):
    """The whole catalogue as one file."""

    apiVersion: Literal["features/v1"] = "features/v1"
    features: Annotated[list[Feature], Field(max_length=2000)]

    @model_validator(mode="after")
    def _keys_are_unique(self) -> "Catalogue":
        seen: set[str] = set()
        for feature in self.features:
            for key in (feature.key, *feature.aliases):
                if key in seen:
                    raise ValueError(f"the key {key!r} stands twice; keys and aliases are unique")
                seen.add(key)
        return self
