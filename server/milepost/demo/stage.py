"""What the sample vendor has set up in Milepost: catalogue, checkpoint, guides."""

from milepost.actions.checkpoints import save_checkpoint
from milepost.actions.features import push_catalogue
from milepost.actions.jobs import last_settled_day
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.demo.book.accounts import catalogue
from milepost.store import engine as db
from milepost.store import features as feature_store
from milepost.store import scores as score_store
from milepost.wire.checkpoint import Checkpoint, CheckpointPart

ACTOR = "demo"
ACTIVATION = Checkpoint(
    key="first_leave_approval",
    name="First leave approval",
    parts=[CheckpointPart(feature="leave_approve")],
    is_activation=True,
)


def publish(runtime: Runtime, tenant: Tenant) -> None:
    """Makes what is not there; what a person changed since stays as they left it."""
    with db.reading(runtime.engine) as connection:
        is_new = not feature_store.list_features(connection, tenant.id)
    if is_new:
        push_catalogue(runtime, tenant, catalogue(), ACTOR, "The sample catalogue")
        save_checkpoint(runtime, tenant, ACTIVATION, ACTOR)


def skip_daily_runs(runtime: Runtime, tenant: Tenant) -> None:
    """Closed days are settled after their history has arrived, not by the daily run that would find them empty."""
    now = runtime.clock()
    day = last_settled_day(now, tenant.zone)
    with db.writing(runtime.engine) as connection:
        if score_store.start_run(connection, tenant.id, "daily_score", day, now):
            score_store.finish_run(connection, tenant.id, "daily_score", day, now, detail="left to the demo's filling")
