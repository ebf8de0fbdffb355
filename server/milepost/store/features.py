"""The catalogue: features by permanent ordinal, its frozen versions, checkpoints, tracking faults, the inbox."""

from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from milepost.store import driver
from milepost.store.engine import is_sqlite
from milepost.store.tables.catalogue import (
    catalogue_versions,
    checkpoint_reached,
    checkpoints,
    features,
    tracking_faults,
)
from milepost.store.tables.events import reach_day, rule_hour, unmatched

FeatureRow = RowMapping


def list_features(connection: Connection, environment_id: int) -> list[FeatureRow]:
    """Every feature there ever was, by ordinal."""
    query = select(features).where(features.c.environment_id == environment_id).order_by(features.c.ordinal)
    return list(connection.execute(query).mappings())


def lock_catalogue(connection: Connection, environment_id: int) -> None:
    """Whoever changes features after reading them waits until this transaction ends. SQLite has one writer at a time as it is."""
    if not is_sqlite(connection):
        connection.execute(select(features.c.ordinal).where(features.c.environment_id == environment_id).with_for_update()).all()


def find_feature(connection: Connection, environment_id: int, key: str) -> FeatureRow | None:
    """By key."""
    query = select(features).where(features.c.environment_id == environment_id, features.c.key == key)
    return connection.execute(query).mappings().first()


def insert_feature(connection: Connection, environment_id: int, **values: Any) -> int:
    """The new feature's ordinal: one above the highest ever given."""
    query = select(func.coalesce(func.max(features.c.ordinal), -1)).where(features.c.environment_id == environment_id)
    ordinal = int(connection.execute(query).scalar_one()) + 1
    connection.execute(insert(features).values(environment_id=environment_id, ordinal=ordinal, **values))
    return ordinal


def update_feature(connection: Connection, environment_id: int, ordinal: int, **values: Any) -> None:
    """Changes columns of one feature."""
    connection.execute(
        update(features).where(features.c.environment_id == environment_id, features.c.ordinal == ordinal).values(**values)
    )


def record_offer(
    connection: Connection, environment_id: int, ordinal: int, on: int, plans: str | None, add_ons: str | None
) -> None:
    """Whom the feature is offered to from this day on; JSON lists. Of two changes on one day the last stands."""
    driver.execute(
        connection,
        "INSERT INTO feature_entitlements (environment_id, ordinal, from_on, plans, add_ons) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (environment_id, ordinal, from_on) DO UPDATE SET plans = excluded.plans, add_ons = excluded.add_ons",
        (environment_id, ordinal, on, plans, add_ons),
    )


def read_offers(connection: Connection, environment_id: int) -> dict[int, list[tuple[int, str | None, str | None]]]:
    """{ordinal: [(from day, plans, add-ons)]} ascending; JSON lists."""
    sql = "SELECT ordinal, from_on, plans, add_ons FROM feature_entitlements WHERE environment_id = ? ORDER BY ordinal, from_on"
    found: dict[int, list[tuple[int, str | None, str | None]]] = {}
    for ordinal, from_on, plans, add_ons in driver.fetch(connection, sql, (environment_id,)):
        found.setdefault(ordinal, []).append((from_on, plans, add_ons))
    return found


def newest_version(connection: Connection, environment_id: int) -> int:
    """0 before the first."""
    query = select(func.coalesce(func.max(catalogue_versions.c.version), 0)).where(
        catalogue_versions.c.environment_id == environment_id
    )
    return int(connection.execute(query).scalar_one())


def insert_version(connection: Connection, environment_id: int, **values: Any) -> None:
    """A frozen copy of the catalogue."""
    connection.execute(insert(catalogue_versions).values(environment_id=environment_id, **values))


def list_versions(connection: Connection, environment_id: int, limit: int = 50) -> list[RowMapping]:
    """Newest first, without the documents."""
    c = catalogue_versions.c
    query = select(c.version, c.at, c.actor, c.note).where(c.environment_id == environment_id)
    return list(connection.execute(query.order_by(c.version.desc()).limit(limit)).mappings())


def list_version_documents(connection: Connection, environment_id: int, limit: int) -> list[RowMapping]:
    """The newest versions with their documents, oldest of them first."""
    query = select(catalogue_versions).where(catalogue_versions.c.environment_id == environment_id)
    rows = connection.execute(query.order_by(catalogue_versions.c.version.desc()).limit(limit)).mappings()
    return list(reversed(list(rows)))


def has_checkpoints(connection: Connection, environment_id: int) -> bool:
    """Is there any checkpoint to look at?"""
    query = select(checkpoints.c.id).where(checkpoints.c.environment_id == environment_id, checkpoints.c.retired_at.is_(None))
    return connection.execute(query.limit(1)).first() is not None


def list_checkpoints(connection: Connection, environment_id: int) -> list[RowMapping]:
    """Checkpoints in force."""
    query = select(checkpoints).where(checkpoints.c.environment_id == environment_id, checkpoints.c.retired_at.is_(None))
    return list(connection.execute(query.order_by(checkpoints.c.id)).mappings())


def upsert_checkpoint(connection: Connection, environment_id: int, key: str, now: int, **values: Any) -> None:
    """Makes the checkpoint or changes it; only one is the activation."""
    mine = (checkpoints.c.environment_id == environment_id) & (checkpoints.c.key == key)
    if values.get("is_activation"):
        connection.execute(update(checkpoints).where(checkpoints.c.environment_id == environment_id).values(is_activation=0))
    if connection.execute(update(checkpoints).where(mine).values(retired_at=None, **values)).rowcount == 0:
        connection.execute(insert(checkpoints).values(environment_id=environment_id, key=key, created_at=now, **values))


def list_reached(connection: Connection, environment_id: int, account_id: int | None = None) -> list[RowMapping]:
    """(checkpoint_id, subject_id, reached_at) of accounts, with the checkpoint's is_activation."""
    c = checkpoint_reached.c
    query = (
        select(c.checkpoint_id, c.subject_id, c.reached_at, checkpoints.c.is_activation, checkpoints.c.name)
        .join(checkpoints, (checkpoints.c.environment_id == c.environment_id) & (checkpoints.c.id == c.checkpoint_id))
        .where(c.environment_id == environment_id, c.subject == "account")
    )
    if account_id is not None:
        query = query.where(c.subject_id == account_id)
    return list(connection.execute(query).mappings())


def list_open_faults(connection: Connection, environment_id: int) -> list[RowMapping]:
    """Suspect rules (ordinal −1 = the environment) not repaired and not confirmed."""
    query = select(tracking_faults).where(
        tracking_faults.c.environment_id == environment_id,
        tracking_faults.c.repaired_at.is_(None),
        tracking_faults.c.confirmed_at.is_(None),
    )
    return list(connection.execute(query.order_by(tracking_faults.c.id)).mappings())


def insert_fault(connection: Connection, environment_id: int, **values: Any) -> None:
    """A new suspicion."""
    connection.execute(insert(tracking_faults).values(environment_id=environment_id, **values))


def update_fault(connection: Connection, environment_id: int, fault_id: int, **values: Any) -> None:
    """Repaired or confirmed."""
    connection.execute(
        update(tracking_faults)
        .where(tracking_faults.c.environment_id == environment_id, tracking_faults.c.id == fault_id)
        .values(**values)
    )


def read_rule_hours(connection: Connection, environment_id: int, from_hour: int) -> dict[int, dict[int, int]]:
    """{ordinal: {hour: uses}} from an hour on; ordinal −1 = every event."""
    query = select(rule_hour.c.ordinal, rule_hour.c.hour, rule_hour.c.n).where(
        rule_hour.c.environment_id == environment_id, rule_hour.c.hour >= from_hour
    )
    found: dict[int, dict[int, int]] = {}
    for row in connection.execute(query):
        found.setdefault(row.ordinal, {})[row.hour] = row.n
    return found


def sum_rule_hours(connection: Connection, environment_id: int, from_hour: int, of: int | None = None) -> dict[int, int]:
    """{ordinal: uses} from an hour on, of all features or of one; ordinal −1 = every event."""
    only, marks = ("", ()) if of is None else (" AND ordinal = ?", (of,))
    sql = f"SELECT ordinal, sum(n) FROM rule_hour WHERE environment_id = ? AND hour >= ?{only} GROUP BY ordinal"
    return {int(ordinal): int(n) for ordinal, n in driver.fetch(connection, sql, (environment_id, from_hour, *marks))}


def read_reach(connection: Connection, environment_id: int, from_day: int, to_day: int) -> tuple[int, int]:
    """(matched, all) views and events of these days."""
    query = select(func.coalesce(func.sum(reach_day.c.matched), 0), func.coalesce(func.sum(reach_day.c.total), 0)).where(
        reach_day.c.environment_id == environment_id, reach_day.c.day >= from_day, reach_day.c.day <= to_day
    )
    matched, total = connection.execute(query).one()
    return int(matched), int(total)


def list_unmatched(connection: Connection, environment_id: int, limit: int = 200) -> list[RowMapping]:
    """The inbox: names not ignored, most seen first."""
    query = select(unmatched).where(unmatched.c.environment_id == environment_id, unmatched.c.ignored_at.is_(None))
    return list(connection.execute(query.order_by(unmatched.c.n.desc(), unmatched.c.name).limit(limit)).mappings())


def ignore_unmatched(connection: Connection, environment_id: int, kind: str, name: str, now: int) -> int:
    """How many rows changed."""
    statement = update(unmatched).where(
        unmatched.c.environment_id == environment_id, unmatched.c.kind == kind, unmatched.c.name == name
    )
    return connection.execute(statement.values(ignored_at=now)).rowcount


def restore_unmatched(connection: Connection, environment_id: int, kind: str, name: str) -> int:
    """Takes back an ignoring; how many rows changed."""
    c = unmatched.c
    statement = update(unmatched).where(
        c.environment_id == environment_id, c.kind == kind, c.name == name, c.ignored_at.is_not(None)
    )
    return connection.execute(statement.values(ignored_at=None)).rowcount


def list_ignored(connection: Connection, environment_id: int, limit: int = 200) -> list[RowMapping]:
    """Names a person has put aside, the latest first."""
    query = select(unmatched).where(unmatched.c.environment_id == environment_id, unmatched.c.ignored_at.is_not(None))
    return list(connection.execute(query.order_by(unmatched.c.ignored_at.desc(), unmatched.c.name).limit(limit)).mappings())


def forget_unmatched(connection: Connection, environment_id: int, kind: str, name: str) -> None:
    """The name is covered now."""
    connection.execute(
        unmatched.delete().where(unmatched.c.environment_id == environment_id, unmatched.c.kind == kind, unmatched.c.name == name)
    )


def list_confirmed_faults(connection: Connection, environment_id: int) -> list[RowMapping]:
    """Silences a person has called real; the same silence is not suspected again."""
    query = select(tracking_faults).where(
        tracking_faults.c.environment_id == environment_id, tracking_faults.c.confirmed_at.is_not(None)
    )
    return list(connection.execute(query.order_by(tracking_faults.c.id)).mappings())
