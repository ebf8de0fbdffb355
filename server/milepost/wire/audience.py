"""One typed tree for audiences: all / any / not / leaf, with three-valued logic (unknown is not false)."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

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

    @model_validator(mode="after")
    def _compares_what_can_be_compared(self) -> "Leaf":
        value = self.value
        if self.op in {"in", "not_in"}:
            fits, wanted = isinstance(value, list), "a list of values"
        elif self.op in {"known", "unknown"}:
            fits, wanted = value is None, "no value"
        elif self.op == "matches":
            fits, wanted = isinstance(value, str), "a glob"
        elif self.op in {"gt", "gte", "lt", "lte"}:
            fits, wanted = isinstance(value, int | float | str) and not isinstance(value, bool), "a number or a text"
        else:
            fits, wanted = value is not None and not isinstance(value, list), "one value (for nothing at all, use unknown)"
        if not fits:
            raise ValueError(f"`{self.op}` takes {wanted}")
        return self


Audience = All | Any_ | Not | Leaf
for _shape in (All, Any_, Not):
    _shape.model_rebuild()
