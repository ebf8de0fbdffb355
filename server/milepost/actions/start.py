"""Builds what a process holds: for `serve`, for commands, for tests."""

from dataclasses import replace

from milepost.actions.follow import FOLLOWERS
from milepost.actions.intake import Intake
from milepost.actions.runtime import Clock, Runtime, system_clock
from milepost.settings import Settings
from milepost.store.engine import open_engine


def open_runtime(settings: Settings, clock: Clock = system_clock) -> Runtime:
    """For commands that take no events."""
    return Runtime(settings, open_engine(settings.database), clock)


def open_serving_runtime(settings: Settings, clock: Clock = system_clock) -> Runtime:
    """With an intake writer; whoever serves starts and stops it."""
    runtime = open_runtime(settings, clock)
    intake = Intake(runtime.engine, settings, clock, runtime.tenants, FOLLOWERS)
    return replace(runtime, intake=intake)
