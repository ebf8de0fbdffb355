"""What the sample vendor has set up in Milepost: catalogue, checkpoint, guides."""

from importlib import resources

from milepost.actions.checkpoints import save_checkpoint
from milepost.actions.features import push_catalogue
from milepost.actions.guides import push, save_theme
from milepost.actions.jobs import last_settled_day
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.demo.book.accounts import catalogue
from milepost.demo.book.ledger import Book
from milepost.rules.days import date_of
from milepost.store import engine as db
from milepost.store import features as feature_store
from milepost.store import guides as guide_store
from milepost.store import resources as resource_store
from milepost.store import scores as score_store
from milepost.wire.checkpoint import Checkpoint, CheckpointPart
from milepost.wire.codecs.yaml_text import parse_yaml
from milepost.wire.feature import Catalogue
from milepost.wire.guide import Guide, Theme
from milepost.wire.resource import Resource

ACTOR = "demo"
ACTIVATION = Checkpoint(
    key="first_leave_approval",
    name="First leave approval",
    parts=[CheckpointPart(feature="leave_approve")],
    is_activation=True,
)

THEME = Theme(
    mode="light",
    light={
        "accent": "#2c6a4d", "on-accent": "#ffffff", "text": "#1f2a24", "muted": "#59655d", "border": "#e6e0d4",
        "radius": "14px", "spot": "#14211b",
    },
)  # fmt: skip


def publish(runtime: Runtime, tenant: Tenant, book: Book) -> None:
    """Makes what is not there; what a person changed since stays as they left it."""
    with db.reading(runtime.engine) as connection:
        is_new = not feature_store.list_features(connection, tenant.id)
    if is_new:
        push_catalogue(runtime, tenant, dated_catalogue(book), ACTOR, "The sample catalogue")
        save_checkpoint(runtime, tenant, ACTIVATION, ACTOR)
    publish_guides(runtime, tenant)


def dated_catalogue(book: Book) -> Catalogue:
    """The catalogue with the day on which terminals were released."""
    released = date_of(book.terminals_from).isoformat()
    features = [f.model_copy(update={"introduced_on": released}) if f.plans is None else f for f in catalogue().features]
    return catalogue().model_copy(update={"features": features})


def sample_guides() -> list[Guide]:
    """The three guides of the sample vendor's authors."""
    return [parse_yaml(text, Guide, name) for name, text in _read_folder("guides")]


def further_guides() -> list[Guide]:
    """One of each kind that stands in the page or asks: a checklist, a banner, a survey, the resource centre."""
    return [parse_yaml(text, Guide, name) for name, text in _read_folder("kinds")]


def sample_resources() -> list[Resource]:
    """What Linden HR's resource centre offers."""
    return [parse_yaml(text, Resource, name) for name, text in _read_folder("resources")]


def _read_folder(folder: str) -> list[tuple[str, str]]:
    files = (resources.files("milepost.demo.book") / folder).iterdir()
    return [(f.name, f.read_text(encoding="utf-8")) for f in sorted(files, key=lambda f: f.name) if f.name.endswith(".yaml")]


def publish_guides(runtime: Runtime, tenant: Tenant) -> None:
    """Each as version 1, once, in Linden HR's colours."""
    every = sample_guides() + further_guides()
    with db.reading(runtime.engine) as connection:
        missing = [guide for guide in every if guide_store.find_guide(connection, tenant.id, guide.key) is None]
        held = resource_store.list_resources(connection, tenant.id)
    fresh = [resource for resource in sample_resources() if resource.key not in held]
    if missing or fresh:
        save_theme(runtime, tenant, "default", THEME, ACTOR)
        push(runtime, tenant, missing, fresh, ACTOR, publish=True)


def skip_daily_runs(runtime: Runtime, tenant: Tenant) -> None:
    """Closed days are settled after their history has arrived, not by the daily run that would find them empty."""
    now = runtime.clock()
    day = last_settled_day(now, tenant.zone, runtime.settings.daily_run_at)
    with db.writing(runtime.engine) as connection:
        if score_store.start_run(connection, tenant.id, "daily_score", day, now):
            score_store.finish_run(connection, tenant.id, "daily_score", day, now, detail="left to the demo's filling")
