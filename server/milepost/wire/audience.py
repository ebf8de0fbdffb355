"""One typed tree for audiences: all / any / not / leaf, with three-valued logic (unknown is not false)."""

from typing import Annotated, Literal

from pydantic import Field

from milepost.wire.shape import Shape

Scalar = str | int | float | bool | None


class All(Shape):
    """True when every part is."""

    all: Annotated[list["Audience"], Field(max_length=50)]


class Any_(Shape):
    """True when one part is."""

    any: Annotated[list["Audience"], Field(max_length=50)]


class Not(Shape):
    """The opposite; unknown stays unknown."""

    not_: Annotated["Audience", Field(alias="not")]


class Leaf(Shape):
    """One fact compared: `account.plan`, `user.role`, `feature.<key>.uses`, `guide.<key>.state`, `locale`…"""

    fact: Annotated[str, Field(min_length=1, max_length=200)]
    op: Literal["is", "is_not", "in", "not_in", "gt", "gte", "lt", "lte", "matches", "known", "unknown"]
    value: Scalar | list[Scalar] = None


Audience = All | Any_ | Not | Leaf
for _shape in (All, Any_, Not):
    _shape.model_rebuild()
