"""Makes workspaces, environments and their first keys."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection

from milepost.actions import audit
from milepost.actions.health import install_presets
from milepost.actions.keys import create_key
from milepost.actions.passwords import HASHER
from milepost.actions.runtime import Runtime
from milepost.actions.secrets import Sealer, load_secret_key, new_secret
from milepost.errors import Conflict, Invalid
from milepost.store import engine as db
from milepost.store import environments as environment_store
from milepost.store import keys as key_store
from milepost.store import workspaces as workspace_store
from milepost.wire.ids import new_id

ROLES = ("viewer", "csm", "author", "admin", "owner")


@dataclass(frozen=True)
class CreatedEnvironment:
    """A new environment with its two keys; `secret_key` is shown this once only."""

    id: int
    public_id: str
    key: str
    write_key: str
    secret_key: str


@dataclass(frozen=True)
class CreatedWorkspace:
    """A new workspace; `password` must be changed at the first login."""

    workspace_id: str
    environment_id: str
    environment: str
    write_key: str
    secret_key: str
    owner_email: str
    owner_password: str


def check_time_zone(name: str) -> str:
    """The name itself; raises Invalid for one that no zone has."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as problem:
        raise Invalid(
            "There is no time zone %(name)s; write one such as Europe/Berlin or Asia/Shanghai.",
            code="time_zone",
            values={"name": repr(name)},
        ) from problem
    return name


def check_email(email: str) -> str:
    """Lower case and trimmed; raises Invalid when it can't be an address."""
    email = email.strip().lower()
    name, at, host = email.partition("@")
    if not (name and at and host) or " " in email or len(email) > 254:
        raise Invalid("%(email)s is not an e-mail address.", code="email", values={"email": repr(email)})
    return email


def create_workspace(
    runtime: Runtime, *, name: str, owner_email: str, environment: str = "production", time_zone: str = "UTC"
) -> CreatedWorkspace:
    """A workspace with its owner, one environment (identity in report), two keys and the health presets."""
    now = runtime.clock()
    email, password = check_email(owner_email), new_secret()
    check_time_zone(time_zone)
    sealer = Sealer(load_secret_key(runtime.settings))
    with db.writing(runtime.engine) as connection:
        public_id = new_id("wsp", now)
        workspace_id = workspace_store.insert_workspace(connection, public_id=public_id, name=name, now=now)
        workspace_store.insert_member(
            connection,
            workspace_id,
            public_id=new_id("mbr", now),
            email=email,
            name=email.partition("@")[0],
            role="owner",
            locale="",  # the browser's, until they choose
            password_hash=HASHER.hash(password),
            must_change_password=1,
            created_at=now,
        )
        made = create_environment(connection, sealer, workspace_id, key=environment, time_zone=time_zone, now=now)
        audit.record(connection, workspace_id, now=now, actor="system", action="workspace.created", subject=public_id)
    return CreatedWorkspace(public_id, made.public_id, made.key, made.write_key, made.secret_key, email, password)


def create_environment(
    connection: Connection, sealer: Sealer, workspace_id: int, *, key: str, time_zone: str, now: int
) -> CreatedEnvironment:
    """An environment with a write key, a secret key, a signing secret and the presets; raises Conflict if the key is taken."""
    if not key.replace("-", "").isalnum() or not key.isascii() or key != key.lower() or len(key) > 40:
        raise Invalid(
            "%(key)s can't name an environment; use lower-case letters, digits and hyphens.",
            code="environment_key",
            values={"key": repr(key)},
        )
    if environment_store.find_environment(connection, workspace_id, key) is not None:
        raise Conflict("This workspace already has an environment %(key)s.", code="environment_key", values={"key": repr(key)})
    public_id = new_id("env", now)
    environment_id = environment_store.insert_environment(
        connection, workspace_id, public_id=public_id, key=key, name=key.capitalize(), time_zone=time_zone, now=now
    )
    _, write_key = create_key(connection, workspace_id, environment_id, "pk", "SDK", now)
    _, secret_key = create_key(connection, workspace_id, environment_id, "sk", "server", now)
    add_identity_secret(connection, sealer, workspace_id, environment_id, now)
    install_presets(connection, environment_id, now)
    return CreatedEnvironment(environment_id, public_id, key, write_key, secret_key)


def open_all_sealed(connection: Connection, sealer: Sealer, now: int) -> int:
    """Opens every secret in force, and says how many there are; raises SettingError when the key is another."""
    n = 0
    for row in environment_store.read_all_environments(connection):
        for secret in key_store.list_identity_secrets(connection, row["id"], now):
            sealer.open(secret["sealed"], f"identity:{row['id']}")
            n += 1
    return n


def add_identity_secret(connection: Connection, sealer: Sealer, workspace_id: int, environment_id: int, now: int) -> str:
    """A new signing secret (the text itself), beside those in force; raises SettingError under another key than theirs."""
    open_all_sealed(connection, sealer, now)
    secret = new_secret("ids_")
    key_store.insert_identity_secret(
        connection,
        workspace_id,
        environment_id,
        public_id=new_id("ids", now),
        sealed=sealer.seal(secret, f"identity:{environment_id}"),
        created_at=now,
    )
    return secret
