"""Sealing, the secret key beside the database, and the keys of an environment."""

import base64
import os
import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from milepost.actions.environments import add_environment, revoke_key, rotate_identity_secret
from milepost.actions.feature_history import read_author_names
from milepost.actions.identity import sign
from milepost.actions.keys import KeyRing, create_key
from milepost.actions.secrets import Sealer, hash_secret, load_secret_key, new_secret, secret_key_file
from milepost.actions.workspaces import create_workspace
from milepost.errors import Invalid, SettingError, Unavailable
from milepost.settings import Settings
from milepost.store import engine as db
from milepost.store import keys as key_store
from tests.factories import Sandbox

KEY = bytes(range(32))


def test_what_is_sealed_opens_only_in_its_context() -> None:
    sealer = Sealer(KEY)
    sealed = sealer.seal("ids_秘密", "identity:1")
    assert "ids_" not in sealed
    assert sealer.seal("ids_秘密", "identity:1") != sealed
    assert sealer.open(sealed, "identity:1") == "ids_秘密"
    for other, context in ((sealer, "identity:2"), (Sealer(bytes(32)), "identity:1")):
        with pytest.raises(SettingError, match="not the key it was sealed with"):
            other.open(sealed, context)


@pytest.mark.parametrize("broken", ["", "AAAA", "%%%", "A" * 40])
def test_a_broken_seal_is_a_sentence(broken: str) -> None:
    with pytest.raises(SettingError):
        Sealer(KEY).open(broken, "identity:1")


def test_secrets_are_random_and_kept_as_hashes() -> None:
    assert len({new_secret("sk_") for _ in range(100)}) == 100
    assert hash_secret("x") == "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"


def test_the_first_start_on_sqlite_makes_a_private_key_file(tmp_path: Path) -> None:
    settings = Settings(database=str(tmp_path / "new" / "m.db"))
    key = load_secret_key(settings)
    path = secret_key_file(settings)
    assert path is not None
    assert (len(key), load_secret_key(settings)) == (32, key)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == [path.name]


def test_processes_that_start_at_once_agree_on_the_key(tmp_path: Path) -> None:
    settings, found = Settings(database=str(tmp_path / "m.db")), []
    barrier = threading.Barrier(8)

    def start() -> None:
        barrier.wait()
        found.append(load_secret_key(settings))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_postgresql_must_be_told_the_key() -> None:
    with pytest.raises(SettingError, match="must be set on PostgreSQL"):
        load_secret_key(Settings(database="postgresql://x/y"))


@pytest.mark.parametrize("text", ["not base64!", base64.b64encode(b"short").decode()])
def test_a_wrong_key_is_a_sentence(text: str) -> None:
    with pytest.raises(SettingError, match="32 random bytes"):
        load_secret_key(Settings(secret_key=text))


# -- keys -------------------------------------------------------------------------------------------------------------


def test_a_presented_key_finds_its_tenant(sandbox: Sandbox) -> None:
    public, secret = sandbox.holder(secret=False), sandbox.holder()
    assert (public.kind, secret.kind, secret.is_secret) == ("pk", "sk", True)
    assert public.environment_id == secret.environment_id == sandbox.environment_id


@pytest.mark.parametrize("presented", ["", "sk_", "sk_nobody", "xx_" + "a" * 32, "sk_" + "a" * 200, "sk_\x00", "sk_密"])
def test_an_unknown_key_finds_nobody(sandbox: Sandbox, presented: str) -> None:
    assert sandbox.runtime.keys.find(presented, sandbox.clock()) is None


def test_only_the_public_key_can_be_read_again(sandbox: Sandbox) -> None:
    rows = sandbox.rows("SELECT kind, shown, key_hash FROM keys WHERE environment_id = :e ORDER BY kind")
    assert rows == [
        ("pk", sandbox.workspace.write_key, hash_secret(sandbox.workspace.write_key)),
        ("sk", None, hash_secret(sandbox.workspace.secret_key)),
    ]


def test_a_revoked_key_is_refused_within_a_second(sandbox: Sandbox) -> None:
    holder = sandbox.holder()
    revoke_key(sandbox.runtime, holder.workspace_id, holder.environment_id, "mbr_1", holder.public_id)
    sandbox.clock.turn(ms=1_000)
    assert sandbox.runtime.keys.find(sandbox.workspace.secret_key, sandbox.clock()) is None


def test_a_key_expires_even_when_its_revocation_lies_ahead(sandbox: Sandbox) -> None:
    holder, now = sandbox.holder(), sandbox.clock()
    with db.writing(sandbox.runtime.engine) as connection:
        public_id, value = create_key(connection, holder.workspace_id, holder.environment_id, "sk", "soon", now)
        key_store.update_key(connection, holder.workspace_id, public_id, expires_at=now + 10, revoked_at=now + 9_000)
    assert KeyRing(sandbox.runtime.engine).find(value, now) is not None
    assert KeyRing(sandbox.runtime.engine).find(value, now + 10) is None


def test_a_key_look_up_that_fails_is_503_and_never_401() -> None:
    ring = KeyRing(create_engine("sqlite:////nonexistent/folder/x.db"))
    with pytest.raises(Unavailable):
        ring.find("sk_" + "a" * 32, 0)


def test_guessing_keys_does_not_fill_the_memory(sandbox: Sandbox) -> None:
    ring = KeyRing(sandbox.runtime.engine)
    for number in range(10_050):
        ring.find(f"guess{number}", number)
    assert len(ring._held) <= 10_001


def test_a_rotated_signing_secret_overlaps_for_a_day_and_then_ends(sandbox: Sandbox) -> None:
    holder, runtime = sandbox.holder(), sandbox.runtime
    before = sandbox.tenant.verifier.secrets[0].text
    after = rotate_identity_secret(runtime, holder.workspace_id, holder.environment_id, "mbr_1")
    environment = sandbox.tenant.public_id

    def accepts(secret: str) -> bool:
        now = sandbox.clock()
        return sandbox.tenant.verifier.verify(sign(secret, environment, "u1", "a1", now), now) is not None

    assert accepts(before)
    assert accepts(after)
    sandbox.clock.turn(days=1)
    assert not accepts(before)  # although nothing has raised the generation since
    assert accepts(after)


def test_another_master_key_stops_with_a_sentence(sandbox: Sandbox) -> None:
    settings = replace(sandbox.runtime.settings, secret_key=base64.b64encode(bytes(32)).decode())
    other = replace(sandbox.runtime, settings=settings)
    with db.reading(other.engine) as connection, pytest.raises(SettingError, match="can't be opened"):
        other.tenants.within(connection, sandbox.environment_id, sandbox.clock())


def test_nothing_is_sealed_under_another_key_than_the_rest(sandbox: Sandbox) -> None:
    """Else the server could not start again, neither with this key nor with that one."""
    runtime, workspace_id = sandbox.runtime, sandbox.holder().workspace_id
    other = replace(runtime, settings=replace(runtime.settings, secret_key=base64.b64encode(bytes(32)).decode()))
    count = "SELECT (SELECT count(*) FROM workspaces) + (SELECT count(*) FROM environments), count(*) FROM identity_secrets"
    before = sandbox.rows(count)
    with pytest.raises(SettingError, match="can't be opened"):
        create_workspace(other, name="Second", owner_email="second@example.test")
    with pytest.raises(SettingError, match="can't be opened"):
        add_environment(other, workspace_id, "test", key="staging", time_zone="UTC")
    with pytest.raises(SettingError, match="can't be opened"):
        rotate_identity_secret(other, workspace_id, sandbox.environment_id, "test")
    assert sandbox.rows(count) == before
    create_workspace(runtime, name="Second", owner_email="second@example.test")


def test_a_label_of_a_key_is_short(sandbox: Sandbox) -> None:
    with db.writing(sandbox.runtime.engine) as connection, pytest.raises(Invalid, match="81 characters; 80 are enough"):
        create_key(connection, sandbox.holder().workspace_id, sandbox.environment_id, "sk", "x" * 81, sandbox.clock())


def test_who_published_with_a_key_is_shown_by_its_label(sandbox: Sandbox) -> None:
    holder = sandbox.holder()
    with db.reading(sandbox.runtime.engine) as connection:
        before = read_author_names(connection, holder.workspace_id)[holder.public_id]
    assert before
    assert not before.startswith("key_")
    with db.writing(sandbox.runtime.engine) as connection:
        key_store.update_key(connection, holder.workspace_id, holder.public_id, label="", revoked_at=sandbox.clock())
        unnamed = read_author_names(connection, holder.workspace_id)[holder.public_id]
        key_store.update_key(connection, holder.workspace_id, holder.public_id, label="billing service")
        assert read_author_names(connection, holder.workspace_id)[holder.public_id] == "billing service"
    assert unnamed == f"sk_…{sandbox.workspace.secret_key[-4:]}"
