"""Checkpoints: who reached them, decided in the transaction of the events that made it true."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping

from milepost.actions import audit
from milepost.actions.intake_group import Counted
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.errors import Invalid, NotFound
from milepost.rules.checkpoints import Use, reached_on
from milepost.rules.days import day_of, start_of_day
from milepost.store import checkpoints as checkpoint_store
from milepost.store import coverage as coverage_store
from milepost.store import engine as db
from milepost.store import environments as environment_store
from milepost.store import features as feature_store
from milepost.store import rollups
from milepost.wire.checkpoint import Checkpoint

Touched = set[tuple[int, int | None]]
Uses = Mapping[str, Sequence[Use]]


def follow_checkpoints(connection: Connection, tenant: Tenant, counted: Sequence[Counted], now: int) -> None:
    """In the writer's transaction: looks at accounts whose people used something unguided."""
    if not tenant.has_checkpoints:
        return
    touched: Touched = set()
    for item in counted:
        reading = item.reading
        if item.excluded is None and item.account_id is not None and not reading.guide_run and _is_use(tenant, item):
            touched.add((item.account_id, item.end_user_id))
    if touched:
        apply_checkpoints(connection, tenant.id, touched, now)


def apply_checkpoints(connection: Connection, environment_id: int, touched: Touched, now: int) -> int:
    """Records accounts and end users that have reached a checkpoint now; how many. `touched` = (account, end user)."""
    rows = feature_store.list_checkpoints(connection, environment_id)
    checkpoints = {row["id"]: Checkpoint.model_validate_json(row["condition"]) for row in rows}
    if not checkpoints or not touched:
        return 0
    keys = _ordinals(connection, environment_id)
    wanted = {keys[part.feature] for c in checkpoints.values() for part in c.parts if part.feature in keys}
    done_accounts = checkpoint_store.list_reached_by(connection, environment_id, "account", {a for a, _ in touched})
    done_people = checkpoint_store.list_reached_by(connection, environment_id, "end_user", {u for _, u in touched if u})
    waiting = {a for a, _ in touched if any((c, a) not in done_accounts for c in checkpoints)}
    single = {c for c, checkpoint in checkpoints.items() if all(part.people == 1 for part in checkpoint.parts)}
    waiting |= {a for a, u in touched if u is not None and any((c, u) not in done_people for c in single)}
    uses = coverage_store.read_feature_people(connection, environment_id, waiting, wanted)
    reached: list[tuple[int, str, int, int]] = []  # (checkpoint, subject, subject id, day)
    for account in sorted(waiting):
        held = {key: uses.get(account, {}).get(ordinal, []) for key, ordinal in keys.items()}
        people = {u for a, u in touched if a == account and u is not None}
        for checkpoint_id, checkpoint in checkpoints.items():
            if (checkpoint_id, account) not in done_accounts:
                reached += _reach(checkpoint_id, checkpoint, "account", account, held)
            if checkpoint_id in single:
                for person in sorted(people):
                    if (checkpoint_id, person) not in done_people:
                        reached += _reach(checkpoint_id, checkpoint, "end_user", person, _of_person(held, person))
    if reached:
        _record(connection, environment_id, reached, now)
        rollups.mark_dirty(connection, environment_id, waiting, now)
    return len(reached)


@dataclass(frozen=True)
class CheckpointLine:
    """A checkpoint in force with the accounts that reached it, of those that are not lost."""

    checkpoint: Checkpoint
    n_reached: int
    n_accounts: int


def list_checkpoint_lines(runtime: Runtime, tenant: Tenant) -> list[CheckpointLine]:
    """The activation first, then by age."""
    today = day_of(runtime.clock(), tenant.zone)
    with db.reading(runtime.engine) as connection:
        rows = feature_store.list_checkpoints(connection, tenant.id)
        accounts = coverage_store.list_plain_accounts(connection, tenant.id)
        there = {a.id for a in accounts if a.ended_on is None or a.ended_on >= today}
        reached = feature_store.list_reached(connection, tenant.id)
    counts = Counter(r["checkpoint_id"] for r in reached if r["subject_id"] in there)
    rows.sort(key=lambda row: (not row["is_activation"], row["id"]))
    return [CheckpointLine(to_checkpoint(row), counts[row["id"]], len(there)) for row in rows]


def to_checkpoint(row: RowMapping) -> Checkpoint:
    """A row as files and the API show it; another that became the activation took this one's mark."""
    return Checkpoint.model_validate_json(row["condition"]).model_copy(update={"is_activation": bool(row["is_activation"])})


def save_checkpoint(runtime: Runtime, tenant: Tenant, checkpoint: Checkpoint, actor_name: str) -> None:
    """Makes or changes a checkpoint; who reached it is worked out again over all usage that is there."""
    now = runtime.clock()
    with db.writing(runtime.engine) as connection:
        keys = _ordinals(connection, tenant.id)
        missing = sorted({part.feature for part in checkpoint.parts} - set(keys))
        if missing:
            raise Invalid(f"The catalogue has no feature {', '.join(missing)}; a checkpoint is made of features.")
        feature_store.upsert_checkpoint(
            connection,
            tenant.id,
            checkpoint.key,
            now,
            name=checkpoint.name,
            condition=checkpoint.model_dump_json(),
            is_activation=int(checkpoint.is_activation),
        )
        rows = feature_store.list_checkpoints(connection, tenant.id)
        made = next(row["id"] for row in rows if row["key"] == checkpoint.key)
        checkpoint_store.forget_reached(connection, tenant.id, made)
        rollups.mark_all_dirty(connection, tenant.id, now)
        environment_store.raise_generation(connection, tenant.id)
        audit.record(
            connection, tenant.workspace_id, now=now, actor=actor_name, action="checkpoint.saved",
            subject=checkpoint.key, environment_id=tenant.id,
        )  # fmt: skip
    check_everyone(runtime, tenant.id)


def retire_checkpoint(runtime: Runtime, tenant: Tenant, key: str, actor_name: str) -> None:
    """It is looked at no longer; who reached it stays known."""
    now = runtime.clock()
    with db.writing(runtime.engine) as connection:
        if not checkpoint_store.retire_checkpoint(connection, tenant.id, key, now):
            raise NotFound(f"There is no checkpoint {key!r}.")
        environment_store.raise_generation(connection, tenant.id)
        rollups.mark_all_dirty(connection, tenant.id, now)
        audit.record(
            connection, tenant.workspace_id, now=now, actor=actor_name, action="checkpoint.retired",
            subject=key, environment_id=tenant.id,
        )  # fmt: skip


def check_everyone(runtime: Runtime, environment_id: int, group: int = 50) -> int:
    """Every account and person once, in short transactions: after a change, and by the daily run for what came in late."""
    with db.reading(runtime.engine) as connection:
        if not feature_store.has_checkpoints(connection, environment_id):
            return 0
        ids = coverage_store.list_account_ids(connection, environment_id)
    n = 0
    for start in range(0, len(ids), group):
        with db.writing(runtime.engine) as connection:
            touched: Touched = {(account, None) for account in ids[start : start + group]}
            touched |= coverage_store.list_people_of(connection, environment_id, ids[start : start + group])
            n += apply_checkpoints(connection, environment_id, touched, runtime.clock())
    return n


def _is_use(tenant: Tenant, item: Counted) -> bool:
    reading, catalogue = item.reading, tenant.catalogue
    if reading.type == "page":
        return bool(reading.path and catalogue.match_page(reading.path))
    if reading.type != "track" or reading.name is None:
        return False
    if reading.name == "$feature":
        return bool(catalogue.match_key(str(reading.properties.get("feature"))))
    return bool(catalogue.match_event(reading.name, reading.properties))


def _ordinals(connection: Connection, environment_id: int) -> dict[str, int]:
    keys: dict[str, int] = {}
    for row in feature_store.list_features(connection, environment_id):
        if row["merged_into"] is None:
            keys |= dict.fromkeys((row["key"], *json.loads(row["aliases"])), row["ordinal"])
    return keys


def _of_person(uses: Uses, person: int) -> dict[str, list[Use]]:
    return {key: [use for use in held if use[1] == person] for key, held in uses.items()}


def _reach(
    checkpoint_id: int, checkpoint: Checkpoint, subject: str, subject_id: int, uses: Uses
) -> list[tuple[int, str, int, int]]:
    day = reached_on(checkpoint, uses)
    return [] if day is None else [(checkpoint_id, subject, subject_id, day)]


def _record(connection: Connection, environment_id: int, reached: Iterable[tuple[int, str, int, int]], now: int) -> None:
    """The instant is now when it happened today, else noon of the day it names: roll-ups know days, not hours."""
    zone = environment_store.read_environment(connection, environment_id)["time_zone"]
    version = feature_store.newest_version(connection, environment_id)
    rows = []
    for checkpoint_id, subject, subject_id, day in reached:
        start, end = start_of_day(day, zone), start_of_day(day + 1, zone)
        at = now if start <= now < end else (start + end) // 2
        rows.append((checkpoint_id, subject, subject_id, at, version))
    checkpoint_store.add_reached(connection, environment_id, rows)
