"""The sample workspace: made once, found again at every start; what must be kept stands in the data folder (0600)."""

import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random

from milepost.actions.passwords import HASHER
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.actions.workspaces import create_workspace
from milepost.demo.book.history import COUNTRY, ZONE, csm_email
from milepost.demo.book.ledger import SEED
from milepost.demo.book.names import person_name
from milepost.demo.host.visit import Install
from milepost.errors import SettingError
from milepost.rules.days import day_of
from milepost.store import engine as db
from milepost.store import environments as environment_store
from milepost.store import keys as key_store
from milepost.store import workspaces as workspace_store
from milepost.wire.environment import EnvironmentSettings
from milepost.wire.ids import new_id

STATE_FILE = "demo.json"
OWNER = "owner@linden.example"
N_CSMS = 6


@dataclass(frozen=True)
class State:
    """What the demo remembers between starts; secrets among it."""

    seed: int
    anchor: int  # the day of the first start
    environment: str
    write_key: str
    secret_key: str
    owner_email: str
    owner_password: str
    loaded_until: int = 0  # ms: every event until then was sent
    settled_until: int = 0  # day: settled scores stand until then
    signals_sent: bool = False
    work_sent: bool = False  # contacts, touches and what follows from them


def read_state(folder: Path) -> State | None:
    """None before the first start."""
    path = folder / STATE_FILE
    if not path.exists():
        return None
    try:
        return State(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as problem:
        raise SettingError(f"{path} can't be read; start once with --fresh to make the demo anew.") from problem


def write_state(folder: Path, state: State) -> State:
    """Whole or not at all, readable by the owner only."""
    path = folder / STATE_FILE
    fresh = path.with_suffix(".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(asdict(state), file, indent=1)
    fresh.replace(path)
    return state


def find_or_make(runtime: Runtime, folder: Path, host_url: str) -> State:
    """The state of this folder; makes the workspace at the first start."""
    state = read_state(folder)
    if state is None:
        made = create_workspace(runtime, name="Linden HR (sample)", owner_email=OWNER, time_zone=ZONE)
        state = State(
            SEED, day_of(runtime.clock(), ZONE), made.environment_id, made.write_key, made.secret_key, made.owner_email,
            made.owner_password,
        )  # fmt: skip
        _settle_in(runtime, state)
        write_state(folder, state)
    _point_at_host(runtime, state, host_url)
    return state


def find_tenant(runtime: Runtime, state: State) -> Tenant:
    """The demo's environment."""
    with db.reading(runtime.engine) as connection:
        rows = environment_store.read_all_environments(connection)
    found = next((row["id"] for row in rows if row["public_id"] == state.environment), None)
    if found is None:
        raise SettingError("The demo's workspace is not in its database; start once with --fresh to make it anew.")
    return runtime.tenants.current(found, runtime.clock())


def read_install(runtime: Runtime, tenant: Tenant, state: State) -> Install:
    """What the host product's makers copied from the install page."""
    with db.reading(runtime.engine) as connection:
        secret = key_store.list_identity_secrets(connection, tenant.id, runtime.clock())[0]
    text = runtime.sealer.open(secret["sealed"], f"identity:{tenant.id}")
    return Install(runtime.settings.url, state.write_key, state.environment, text)


def _settle_in(runtime: Runtime, state: State) -> None:
    """Signed identity enforced, the owner's password kept as printed, six sample CSMs with the same password."""
    tenant = find_tenant(runtime, state)
    now, password_hash = runtime.clock(), HASHER.hash(state.owner_password)
    rng = Random(f"csms:{state.seed}")
    with db.writing(runtime.engine) as connection:
        environment_store.update_environment(connection, tenant.id, identity_mode="enforce")
        owner = workspace_store.find_member_by_email(connection, tenant.workspace_id, OWNER)
        if owner is not None:
            values = {"must_change_password": 0, "name": "Owner (sample)"}
            workspace_store.update_member(connection, tenant.workspace_id, owner["id"], **values)
        for i in range(N_CSMS):
            workspace_store.insert_member(
                connection, tenant.workspace_id, public_id=new_id("mbr", now), email=csm_email(i),
                name=f"{person_name(rng, chinese=i % 2 == 1)} (sample)", role="csm", password_hash=password_hash,
                must_change_password=0, locale="", created_at=now,
            )  # fmt: skip


def _point_at_host(runtime: Runtime, state: State, host_url: str) -> None:
    tenant = find_tenant(runtime, state)
    wanted = EnvironmentSettings.model_validate(tenant.settings.model_dump() | {"holiday_country": COUNTRY, "host_url": host_url})
    if wanted != tenant.settings:
        with db.writing(runtime.engine) as connection:
            environment_store.update_environment(connection, tenant.id, settings=wanted.model_dump_json())


def remember(folder: Path, state: State, **changes: object) -> State:
    """The state with changes, written."""
    return write_state(folder, replace(state, **changes))  # type: ignore[arg-type]
