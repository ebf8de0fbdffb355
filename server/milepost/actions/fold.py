"""Folds usage older than 90 days into one row per month, once a month, in small transactions beside the writer."""

import time
from itertools import islice

from milepost.actions.runtime import Runtime
from milepost.rules.days import day_of
from milepost.store import coverage as coverage_store
from milepost.store import engine as db
from milepost.store import environments as environment_store
from milepost.store import months

KEEP_DAYS = 90  # windows that ask for sums of uses reach no further back, see `guide_facts.WINDOW_DAYS`
FEATURES_AT_ONCE = 10
PAUSE_S = 0.02  # the writer's turn


def fold_before(runtime: Runtime, environment_id: int) -> int:
    """The first day that stays a row of its own: the first of the month in which day 90 before today lies."""
    with db.reading(runtime.engine) as connection:
        zone = environment_store.read_environment(connection, environment_id)["time_zone"]
    return months.month_of(day_of(runtime.clock(), zone) - KEEP_DAYS)[0]


def fold_usage(runtime: Runtime, environment_id: int, before_day: int) -> int:
    """How many rows it saved; what was folded before is left alone."""
    with db.reading(runtime.engine) as connection:
        accounts = coverage_store.list_account_ids(connection, environment_id)
    return sum(_fold_account(runtime, environment_id, account, before_day) for account in accounts)


def _fold_account(runtime: Runtime, environment_id: int, account_id: int, before_day: int) -> int:
    with db.reading(runtime.engine) as connection:
        waiting = iter(months.find_unfolded(connection, environment_id, account_id, before_day))
    n_gone = 0
    while ordinals := list(islice(waiting, FEATURES_AT_ONCE)):
        with db.writing(runtime.engine) as connection:
            n_gone += months.fold(connection, environment_id, account_id, ordinals, before_day)
        time.sleep(PAUSE_S)
    return n_gone
