"""The base of every shape that crosses a border: unknown fields are refused, values are frozen."""

from pydantic import BaseModel, ConfigDict


class Shape(BaseModel):
    """A closed record."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=False, allow_inf_nan=False)
