"""Drops what is older than the environment keeps it: raw events (whole partitions where PostgreSQL has them, then slices
by key), runs of guides and answers to surveys; and sessions of the builder a week after they are over."""

import time
from collections.abc import Callable

from sqlalchemy import Connection

from milepost.actions.builder import CODE_MS, LONGEST_MS
from milepost.actions.runtime import Runtime
from milepost.rules.choose import NPS_DAYS as ASKED_AGAIN_DAYS
from milepost.rules.signals import NPS_DAYS as SHOWN_DAYS
from milepost.store import builder as builder_store
from milepost.store import engine as db
from milepost.store import environments as environment_store
from milepost.store import events as event_store
from milepost.store import ledger
from milepost.store import runs as run_store
from milepost.store import surveys as survey_store
from milepost.store import waiting as waiting_store
from milepost.store.partitions import drop_partitions_before
from milepost.wire.guide import STANDING

DAY_MS = 86_400_000
SLICE = 2_000
PAUSE_S = 0.02  # the writer's turn
RUN_DAYS = max(ASKED_AGAIN_DAYS, SHOWN_DAYS) + 2  # at least: pages count answers over 180 days, in any time zone
SESSION_MS = 7 * DAY_MS  # after a builder session is over


def apply_retention(runtime: Runtime, environment_id: int) -> int:
    """How many events went; roll-ups stay. Bad rows, and what waits for an owner, go by the same horizon.

    So do runs and answers, but never within the half year that pages count over.
    """
    with db.reading(runtime.engine) as connection:
        kept = {e["id"]: e["retention_days"] for e in environment_store.read_all_environments(connection)}
    now = runtime.clock()
    before = now - kept[environment_id] * DAY_MS
    total = drop_partitions_before(runtime.engine, environment_id, now - max(kept.values()) * DAY_MS)
    total += _in_slices(runtime, lambda c: event_store.delete_events_before(c, environment_id, before, SLICE))
    _in_slices(runtime, lambda c: waiting_store.delete_waiting_before(c, environment_id, before, SLICE))
    _in_slices(runtime, lambda c: ledger.delete_bad_rows_before(c, environment_id, before, SLICE))
    _forget_people(runtime, environment_id, now - max(kept[environment_id], RUN_DAYS) * DAY_MS)
    over = now - SESSION_MS
    made = over - CODE_MS - LONGEST_MS
    _in_slices(runtime, lambda c: builder_store.delete_sessions_before(c, environment_id, over, made, SLICE))
    return total


def _forget_people(runtime: Runtime, environment_id: int, before: int) -> None:
    """Runs and answers go; what a person said of a guide stays, so that what they finished or dismissed never returns."""
    _in_slices(runtime, lambda c: run_store.delete_runs_before(c, environment_id, before, STANDING, SLICE))
    _in_slices(runtime, lambda c: survey_store.delete_answers_before(c, environment_id, before, SLICE))


def _in_slices(runtime: Runtime, delete: Callable[[Connection], int]) -> int:
    total = 0
    while True:
        with db.writing(runtime.engine) as connection:
            gone = delete(connection)
        total += gone
        if gone < SLICE:
            return total
        time.sleep(PAUSE_S)
