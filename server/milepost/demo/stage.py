"""What the sample vendor has set up in Milepost: catalogue, checkpoint, guides."""

from importlib import resources

from milepost.actions.checkpoints import save_checkpoint
from milepost.actions.features import push_catalogue
from milepost.actions.jobs import last_settled_day
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.demo.book.accounts import catalogue
from milepost.store import engine as db
from milepost.store import environments as environment_store
from milepost.store import features as feature_store
from milepost.store import guides as guide_store
from milepost.store import scores as score_store
from milepost.wire.checkpoint import Checkpoint, CheckpointPart
from milepost.wire.codecs.yaml_text import parse_yaml
from milepost.wire.guide import Guide
from milepost.wire.ids import new_id

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
    publish_guides(runtime, tenant)


def sample_guides() -> list[Guide]:
    """The three guides of the sample vendor's authors."""
    folder = resources.files("milepost.demo.book") / "guides"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)
    return [parse_yaml(f.read_text(encoding="utf-8"), Guide, f.name) for f in files]


def publish_guides(runtime: Runtime, tenant: Tenant) -> None:
    """Each as version 1, once."""
    now = runtime.clock()
    with db.writing(runtime.engine) as connection:
        for guide in sample_guides():
            if guide_store.find_guide(connection, tenant.id, guide.key) is not None:
                continue
            text = guide.model_dump_json(by_alias=True)
            guide_id = guide_store.insert_guide(
                connection, tenant.id, public_id=new_id("gde", now), key=guide.key, name=guide.name, kind=guide.kind,
                goal_feature=guide.goal_feature, draft=text, status="published", current_version=1, created_at=now,
                updated_at=now,
            )  # fmt: skip
            guide_store.insert_version(
                connection, tenant.id, guide_id, version=1, document=text, published_at=now, published_by=ACTOR
            )
            environment_store.raise_generation(connection, tenant.id)


def skip_daily_runs(runtime: Runtime, tenant: Tenant) -> None:
    """Closed days are settled after their history has arrived, not by the daily run that would find them empty."""
    now = runtime.clock()
    day = last_settled_day(now, tenant.zone)
    with db.writing(runtime.engine) as connection:
        if score_store.start_run(connection, tenant.id, "daily_score", day, now):
            score_store.finish_run(connection, tenant.id, "daily_score", day, now, detail="left to the demo's filling")
