"""How an element is found: several locators that agree or abstain."""

from typing import Annotated, Literal

from pydantic import Field

from milepost.wire.shape import Shape

Short = Annotated[str, Field(min_length=1, max_length=300)]


class Locator(Shape):
    """One way to find an element; which fields count depends on `by`."""

    by: Literal["testid", "role", "attribute", "structure", "text"]
    value: Short  # the test id, the role, the attribute's value, a CSS path of tags and positions, or the text
    name: Annotated[str, Field(max_length=300)] | None = None  # accessible name (role) or attribute name (attribute)


class Target(Shape):
    """An element of the host product: locators in order of trust."""

    locators: Annotated[list[Locator], Field(min_length=1, max_length=8)]
