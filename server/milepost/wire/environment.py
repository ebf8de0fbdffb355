"""Settings of one environment that shape its numbers; every choice is printed where it counts."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from milepost.wire.shape import Shape


class EnvironmentSettings(Shape):
    """Stored as JSON with the environment."""

    plan_unknown: Literal["unknown", "all"] = "unknown"
    count_guided: bool = False
    coverage_window_days: Annotated[int, Field(ge=7, le=365)] = 90
    active_share_denominator: Literal["employees", "seats"] = "employees"
    internal_domains: list[Annotated[str, Field(max_length=200)]] = []
    internal_user_ids: list[Annotated[str, Field(max_length=200)]] = []
    holiday_country: Annotated[str, Field(max_length=2)] = ""
    host_url: Annotated[str, Field(max_length=500)] = ""

    @field_validator("internal_domains")
    @classmethod
    def _domains_are_lower_case(cls, domains: list[str]) -> list[str]:
        return [d.strip().lower().removeprefix("@") for d in domains if d.strip()]
