"""A named condition over usage, reached once by an account."""

from typing import Annotated

from pydantic import Field

from milepost.wire.feature import Key
from milepost.wire.shape import Shape


class CheckpointPart(Shape):
    """So many people used the feature so often, unguided, inside the window."""

    feature: Key
    uses: Annotated[int, Field(ge=1)] = 1
    people: Annotated[int, Field(ge=1)] = 1


class Checkpoint(Shape):
    """Reached when every part holds within `window_days` days ending on one day."""

    key: Key
    name: Annotated[str, Field(min_length=1, max_length=200)]
    parts: Annotated[list[CheckpointPart], Field(min_length=1, max_length=10)]
    window_days: Annotated[int, Field(ge=1, le=365)] = 14
    is_activation: bool = False
