"""Builds what a process holds: for `serve`, for commands, for tests."""

from dataclasses import replace

from milepost.actions.follow import FOLLOWERS
from milepost.actions.intake import Intake
from milepost.actions.runtime import Clock, Runtime, system_clock
from milepost.actions.workspaces import open_all_sealed
from milepost.settings import Settings
from milepost.store import engine as db
from milepost.store.engine import open_engine


def open_runtime(settings: Settings, clock: Clock = system_clock) -> Runtime:
    """For commands that take no events."""
    return Runtime(settings, open_engine(settings.database), clock)


def open_serving_runtime(settings: Settings, clock: Clock = system_clock) -> Runtime:
    """With an intake writer; whoever serves starts and stops it."""
    runtime = open_runtime(settings, clock)
    intake = Intake(runtime.engine, settings, clock, runtime.tenants, FOLLOWERS)
    return replace(runtime, intake=intake)


def check_sealed(runtime: Runtime) -> int:
    """Opens every secret in force, and says how many there are; raises SettingError when the key is missing or another."""
    with db.reading(runtime.engine) as connection:
        return open_all_sealed(connection, runtime.sealer, runtime.clock())
