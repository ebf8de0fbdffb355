"""A resource: what the resource centre offers. A question and its answer, a guide, a manual, a video, a piece of news."""

import json
from typing import Annotated, Literal

from pydantic import Field, model_validator

from milepost.wire.audience import Audience
from milepost.wire.guide import Address, Block, Glob, Instant, Key, Locale, Words
from milepost.wire.shape import Shape


class Resource(Shape):
    """An article of typed blocks, an address, or a guide to start; offered for a feature, or for pages."""

    apiVersion: Literal["resource/v1"]
    key: Key
    kind: Literal["faq", "guide", "manual", "video", "news"]
    title: Words
    summary: Words = ""
    default_locale: Locale = "en"
    feature: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    pages: Annotated[list[Glob], Field(max_length=50)] = []  # none: wherever its feature is, or everywhere
    audience: Audience | None = None
    news_at: Instant | None = None  # then it stands under "What's new", newest first
    order: Annotated[int, Field(ge=0, le=1000)] = 100  # among its kind, smaller first
    url: Address | None = None
    guide: Key | None = None
    blocks: Annotated[list[Block], Field(max_length=60)] = []

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> "Resource":
        if (self.kind == "guide") != (self.guide is not None):
            raise ValueError("`guide` goes with kind: guide, and nothing else does")
        if self.kind != "guide" and (self.url is None) == (not self.blocks):
            raise ValueError("a resource has either `url` or `blocks`")
        if any(block.type in {"question", "button"} for block in self.blocks):
            raise ValueError("an article has no buttons and asks no questions")
        return self


def resource_schema_text() -> str:
    """JSON Schema of a resource file, for editors and for `guides/schema/resource.json`."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Resource.model_json_schema(by_alias=True),
        "title": "Milepost resource",
    }
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
