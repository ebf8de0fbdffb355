"""A guide: steps made of a closed tree of typed blocks. No HTML, no code; texts are localised inline."""

import json
import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from milepost.wire.audience import Audience
from milepost.wire.event import parse_instant
from milepost.wire.shape import Misplaced, Shape
from milepost.wire.target import Target

MAX_STEPS = 40
STANDING = frozenset({"banner", "checklist", "resource_centre"})  # they neither hold nor wait for a turn
ALWAYS_FREE = frozenset({"checklist", "resource_centre"})  # they spend no attention


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


# What stands in the page by itself (and may stand beside another guide), and what takes its turn.
Kind = Literal["tour", "tooltip", "modal", "banner", "checklist", "survey", "resource_centre"]
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


class Code(Shape):
    """Lines to copy, in a fixed width."""

    type: Literal["code"]
    text: Annotated[str, Field(min_length=1, max_length=4000)]


class Choice(Shape):
    """One of the answers offered, or one dimension of a satisfaction question."""

    id: Key
    text: Words


class Question(Shape):
    """Something to answer in a survey: 0–10 with words at both ends, satisfaction by dimension, a choice, a text.

    A satisfaction answer is stored 0–10 (five faces: 0, 2.5, 5, 7.5, 10), one per dimension.
    """

    type: Literal["question"]
    id: Key
    ask: Literal["nps", "csat", "choice", "text"]
    text: Words = ""
    low: Words = ""
    high: Words = ""
    options: Annotated[list[Choice], Field(max_length=20)] = []
    many: bool = False  # a choice: more than one may be taken
    required: bool = True
    max_length: Annotated[int, Field(ge=10, le=2000)] = 500  # of a text, in characters

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> "Question":
        if self.ask == "choice" and len(self.options) < 2:
            raise ValueError("a choice needs at least two `options`")
        if self.ask in {"nps", "text"} and self.options:
            raise ValueError("`options` go with ask: choice (answers) and ask: csat (dimensions)")
        names = [option.id for option in self.options]
        if len(set(names)) < len(names):
            raise ValueError("two `options` have the same id")
        return self


Block = Annotated[Heading | Text | ItemList | Image | Video | Divider | Code | Question | Button, Field(discriminator="type")]


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


class DoneWhen(Shape):
    """When a task of a checklist is done, as the server sees it: one of the three. Nothing: when the person says so."""

    checkpoint: Annotated[str, Field(min_length=1, max_length=200)] | None = None  # reached by the person or the account
    feature: Annotated[str, Field(min_length=1, max_length=200)] | None = None  # used by the person, unguided
    guide: Key | None = None  # finished by the person

    @model_validator(mode="after")
    def _is_one(self) -> "DoneWhen":
        if sum(part is not None for part in (self.checkpoint, self.feature, self.guide)) != 1:
            raise ValueError("a task is done by one of `checkpoint`, `feature` and `guide`")
        return self


class Branch(Shape):
    """Where a survey goes on after an answer: the first that fits; without one, to the next step."""

    question: Key
    op: Literal["is", "has", "lte", "gte"]
    value: Annotated[str, Field(max_length=100)] | float
    step: Key | None = None  # none: the survey ends


class Step(Shape):
    """One card of the guide; one task of a checklist (its heading names it), one page of a survey."""

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
    done_when: DoneWhen | None = None
    branches: Annotated[list[Branch], Field(max_length=20)] = []


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
    kind: Kind
    title: Words | None = None  # what end users read at the head of a checklist or a resource centre
    place: Literal["auto", "top", "bottom", "start", "end"] = "auto"  # banner: top, bottom; what stands in a corner: start, end
    overlay: bool = False  # a banner lies over the page instead of pushing it
    ordered: bool = False  # a checklist: one task after another
    collapsed: bool = False  # a checklist begins as its pill
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
        _refuse_twins(ids, "step")
        _refuse_twins([question.id for question in self.questions()], "question")
        self._check_parts(ids)
        return self

    def questions(self) -> list[Question]:
        """Every question of every step, in order."""
        return [block for step in self.steps for block in step.blocks if isinstance(block, Question)]

    def _check_parts(self, ids: list[str]) -> None:
        names = {question.id for question in self.questions()}
        for n, step in enumerate(self.steps):
            for m, branch in enumerate(step.branches):
                place = ("steps", n, "branches", m)
                if branch.question not in names:
                    said = f"step {step.id!r}: a branch asks for {branch.question!r}, which is no question here"
                    raise Misplaced(said, *place, "question")
                if branch.step is not None and branch.step not in ids:
                    said = f"step {step.id!r}: a branch goes to {branch.step!r}, which is not there"
                    raise Misplaced(said, *place, "step")
            for m, block in enumerate(step.blocks):
                for k, action in enumerate(block.actions if isinstance(block, Button) else []):
                    if isinstance(block, Button) and action.step is not None and action.step not in ids:
                        said = f"step {step.id!r}: the button {block.id!r} goes to {action.step!r}, which is not there"
                        raise Misplaced(said, "steps", n, "blocks", m, "actions", k, "step")


def _refuse_twins(ids: list[str], noun: str) -> None:
    for name in ids:
        if ids.count(name) > 1:
            raise ValueError(f"the {noun} id {name!r} stands twice")


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
