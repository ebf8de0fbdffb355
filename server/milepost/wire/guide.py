"""A guide: steps made of a closed tree of typed blocks. No HTML, no code; texts are localised inline."""

import json
import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from milepost.wire.audience import Audience
from milepost.wire.event import parse_instant
from milepost.wire.shape import Shape
from milepost.wire.target import Target

MAX_STEPS = 40


UNSEEN = re.compile(r"[\x00-\x1f\x7f\\]")  # browsers drop the first and read the last as a slash


def _check_address(value: str) -> str:
    if UNSEEN.search(value):
        raise ValueError("an address holds no line breaks, no control characters and no backslash")
    parts = urlsplit(value)
    if parts.scheme == "mailto" and parts.path:
        return value
    if parts.scheme == "https" and parts.netloc:
        return value
    if not parts.scheme and not parts.netloc and value.startswith("/") and not value.startswith("//"):
        return value
    raise ValueError("an address must begin with https://, mailto: or / (a path of the host product)")


def _check_media(value: str) -> str:
    if not UNSEEN.search(value) and urlsplit(value).scheme == "https" and urlsplit(value).netloc:
        return value
    raise ValueError("an image or video must be an https:// address")


def _check_instant(value: str) -> str:
    try:
        found = parse_instant(value)
    except ValueError:
        found = None
    if found is None:
        raise ValueError("there is no such instant; write one such as 2026-11-24T09:30:00Z")
    return value


def _check_colour(value: str) -> str:
    if "url" in value.lower() or "image" in value.lower():
        raise ValueError("a theme holds colours and sizes, no addresses")
    return value


Key = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,79}$")]
Instant = Annotated[str, Field(max_length=40), AfterValidator(_check_instant)]
Look = Annotated[str, Field(max_length=80, pattern=r"^[#(),.%\w\s/-]*$"), AfterValidator(_check_colour)]
Glob = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[/*]")]
Address = Annotated[str, Field(max_length=2000), AfterValidator(_check_address)]
MediaAddress = Annotated[str, Field(max_length=2000), AfterValidator(_check_media)]
Locale = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]


class Span(Shape):
    """A run of text with marks."""

    text: Annotated[str, Field(max_length=4000)]
    bold: bool = False
    italic: bool = False
    code: bool = False
    link: Address | None = None


Rich = Annotated[str, Field(max_length=4000)] | Annotated[list[Span], Field(max_length=100)]
# One text in one language (the guide's default_locale), or {locale: text}.
Words = Rich | Annotated[dict[Locale, Rich], Field(min_length=1, max_length=40)]


class Heading(Shape):
    """A step's title."""

    type: Literal["heading"]
    text: Words


class Text(Shape):
    """A paragraph."""

    type: Literal["text"]
    text: Words


class ItemList(Shape):
    """Bullets or numbers."""

    type: Literal["list"]
    ordered: bool = False
    items: Annotated[list[Words], Field(min_length=1, max_length=30)]


class Image(Shape):
    """A picture; `alt` is asked for by the lint."""

    type: Literal["image"]
    src: MediaAddress
    alt: Words = ""
    width: Annotated[int, Field(ge=1, le=4000)] | None = None
    height: Annotated[int, Field(ge=1, le=4000)] | None = None


class Video(Shape):
    """A video that loads when it is clicked."""

    type: Literal["video"]
    src: MediaAddress
    title: Words = ""
    poster: MediaAddress | None = None


class Divider(Shape):
    """A line."""

    type: Literal["divider"]


class Action(Shape):
    """What a button does; `go_to` needs a step, `open` an address, `start` a guide."""

    do: Literal["next", "back", "finish", "close", "later", "never", "no_tips", "go_to", "open", "start"]
    step: Key | None = None
    url: Address | None = None
    guide: Key | None = None

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> "Action":
        for verb, name in (("go_to", "step"), ("open", "url"), ("start", "guide")):
            if (self.do == verb) != (getattr(self, name) is not None):
                raise ValueError(f"{verb} goes with `{name}`, and nothing else does")
        return self


class Button(Shape):
    """A button; its actions run in order."""

    type: Literal["button"]
    id: Key
    text: Words
    style: Literal["primary", "secondary", "quiet"] = "primary"
    actions: Annotated[list[Action], Field(min_length=1, max_length=5)]


Block = Annotated[Heading | Text | ItemList | Image | Video | Divider | Button, Field(discriminator="type")]


class Advance(Shape):
    """What moves on besides the buttons: a real click or input on the target, an address, an event."""

    on: Literal["click", "input", "url", "event"]
    target: Target | None = None  # default: the step's own
    value: Annotated[str, Field(max_length=300)] | None = None
    path: Glob | None = None
    event: Annotated[str, Field(min_length=1, max_length=300)] | None = None

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> "Advance":
        if (self.on == "url") != (self.path is not None):
            raise ValueError("`path` goes with on: url, and nothing else does")
        if (self.on == "event") != (self.event is not None):
            raise ValueError("`event` goes with on: event, and nothing else does")
        return self


class Step(Shape):
    """One card of the guide."""

    id: Key
    kind: Literal["tooltip", "modal"] = "tooltip"
    pages: Annotated[list[Glob], Field(min_length=1, max_length=20)] | None = None
    target: Target | None = None
    placement: Literal["auto", "top", "bottom", "left", "right"] = "auto"
    blocks: Annotated[list[Block], Field(min_length=1, max_length=30)]
    advance: Annotated[list[Advance], Field(max_length=5)] = []
    missing: Literal["skip", "centre", "wait", "end"] = "skip"
    wait_ms: Annotated[int, Field(ge=0, le=60_000)] = 6_000
    interaction: Literal["allow", "block"] = "allow"
    backdrop: Literal["spotlight", "dim", "none"] = "none"
    escape: bool = True
    arrows: bool = True
    overlay_click: Literal["nothing", "next", "close"] = "nothing"


class Trigger(Shape):
    """When the page starts it: on arrival, when an element is there, on an event, or only by hand."""

    on: Literal["page", "element", "event", "manual"] = "page"
    target: Target | None = None
    event: Annotated[str, Field(min_length=1, max_length=300)] | None = None

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> "Trigger":
        if (self.on == "element") != (self.target is not None):
            raise ValueError("`target` goes with on: element, and nothing else does")
        if (self.on == "event") != (self.event is not None):
            raise ValueError("`event` goes with on: event, and nothing else does")
        return self


class Frequency(Shape):
    """How often one person may see it; dismissed with *never* is always for ever."""

    repeat: Literal["once", "until_finished", "always"] = "once"
    wait_days: Annotated[int, Field(ge=0, le=365)] = 7


class Schedule(Shape):
    """From and until, RFC 3339."""

    from_at: Instant | None = None
    until_at: Instant | None = None


class Guide(Shape):
    """What an author writes, in the console or as YAML."""

    apiVersion: Literal["guide/v1"]
    key: Key
    name: Annotated[str, Field(min_length=1, max_length=200)]
    kind: Literal["tour", "tooltip", "modal"]
    goal_feature: Annotated[str, Field(max_length=200)] | None = None
    priority: Annotated[int, Field(ge=0, le=100)] = 50
    linkable: bool = False
    budget: Literal["spend", "free"] = "spend"
    theme: Key | None = None
    default_locale: Locale = "en"
    pages: Annotated[list[Glob], Field(max_length=50)] = []
    trigger: Trigger = Trigger()
    audience: Audience | None = None
    frequency: Frequency = Frequency()
    schedule: Schedule = Schedule()
    steps: Annotated[list[Step], Field(min_length=1, max_length=MAX_STEPS)]

    @model_validator(mode="after")
    def _is_whole(self) -> "Guide":
        if self.key.startswith("gde_"):
            raise ValueError("a key can't begin with gde_: that is how ids begin")
        ids = [step.id for step in self.steps]
        for name in ids:
            if ids.count(name) > 1:
                raise ValueError(f"the step id {name!r} stands twice")
        for step in self.steps:
            for block in step.blocks:
                if isinstance(block, Button):
                    for action in block.actions:
                        if action.step is not None and action.step not in ids:
                            raise ValueError(
                                f"step {step.id!r}: the button {block.id!r} goes to {action.step!r}, which is not there"
                            )
        return self


class Theme(Shape):
    """Colours and sizes of the guide look, by property name without its prefix."""

    mode: Literal["light", "dark", "auto"] = "auto"
    light: Annotated[dict[Key, Look], Field(max_length=40)] = {}
    dark: Annotated[dict[Key, Look], Field(max_length=40)] = {}


def schema_text() -> str:
    """JSON Schema of a guide file, for editors and for `guides/schema/guide.json`."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Guide.model_json_schema(by_alias=True),
        "title": "Milepost guide",
    }
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
