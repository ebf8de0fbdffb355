"""The base of every shape that crosses a border: unknown fields are refused, values are frozen."""

from pydantic import BaseModel, ConfigDict


class Misplaced(ValueError):
    """What only the whole document shows to be wrong; `place` is the way from there to the part at fault."""

    def __init__(self, sentence: str, *place: str | int) -> None:
        super().__init__(sentence)
        self.place = place


class Shape(BaseModel):
    """A closed record."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=False, allow_inf_nan=False)
