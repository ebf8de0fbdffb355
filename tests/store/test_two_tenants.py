"""Every reading function of the store, asked for another tenant's rows, answers as if there were none."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import NoResultFound

import milepost.store
from milepost.actions.workspaces import create_workspace
from milepost.store import engine as db
from milepost.store.tables import metadata
from tests.factories import Sandbox

READS = ("find_", "list_", "read_", "count_", "load_", "iterate_", "has_", "is_", "newest_", "open_", "sum_", "days_", "uses_")
WRITES = (
    "add_", "append_", "apply_", "claim_", "clear_", "close_", "delete_", "end_", "finish_", "insert_", "mark_", "move_",
    "prove_", "publish_", "raise_", "record_", "remove_", "replace_", "restore_", "retire_", "revoke_", "save_", "set_", "start_",
    "store_", "take_", "touch_", "update_", "upsert_", "widen_", "write_",
)  # fmt: skip
# Answers about the tenant itself, which has presets and keys of its own from the first minute.
OF_ONES_OWN = {
    "environments.list_environments", "environments.find_environment", "environments.read_environment",
    "environments.read_generation", "keys.list_keys", "keys.read_labels", "keys.list_identity_secrets",
    "workspaces.read_workspace",
    "audit.list_audit", "audit.list_actions", "workspaces.list_members", "workspaces.find_member_by_email",
}  # fmt: skip


def functions(prefixes: tuple[str, ...]) -> list[tuple[str, Callable[..., Any]]]:
    """Public functions of the store that begin so and name a tenant."""
    found = []
    for module_info in pkgutil.iter_modules(milepost.store.__path__, "milepost.store."):
        if module_info.ispkg:
            continue
        module = importlib.import_module(module_info.name)
        for name, function in vars(module).items():
            if not inspect.isfunction(function) or function.__module__ != module.__name__ or not name.startswith(prefixes):
                continue
            arguments = list(inspect.signature(function).parameters)
            if arguments[:1] == ["connection"] and {"environment_id", "workspace_id"} & set(arguments):
                found.append((f"{module_info.name.rpartition('.')[2]}.{name}", function))
    return found


def fill(sandbox: Sandbox) -> None:
    """One row at least in every table of the first tenant: through the front door, then straight for the rest."""
    sandbox.send(sandbox.event(), sandbox.event(user="u2", account="a2"))
    sandbox.send({"type": "identify", "userId": "u1", "anonymousId": "anon1", "traits": {"email": "u1@a.test"}})
    sandbox.send({"type": "track", "event": ""})
    with db.writing(sandbox.runtime.engine) as connection:
        for table in metadata.sorted_tables:
            tenant = {"environment_id", "workspace_id"} & set(table.c.keys())
            if tenant and connection.execute(text(f"SELECT count(*) FROM {table.name}")).scalar_one() == 0:
                insert_anything(connection, sandbox, table.name)


def insert_anything(connection: Connection, sandbox: Sandbox, name: str) -> None:
    table = metadata.tables[name]
    holder = sandbox.holder()
    values: dict[str, Any] = {}
    for column in table.c:
        if column.name == "id" and column.autoincrement is True:
            continue
        if column.foreign_keys and column.nullable:
            continue
        kind = column.type.python_type
        values[column.name] = {int: 1, float: 1.0, bytes: b"\x01" * 16}.get(
            kind, "{}" if column.server_default is not None or column.name == "days" else "x"
        )
        if column.server_default is not None:
            values.pop(column.name)
    values |= {
        k: v for k, v in {"environment_id": holder.environment_id, "workspace_id": holder.workspace_id}.items() if k in values
    }
    with connection.begin_nested() as savepoint:
        try:
            connection.execute(table.insert().values(**values))
        except Exception:  # a check or a reference we can't guess: this table stays as it is
            savepoint.rollback()


def arguments_for(function: Callable[..., Any], tenant: Mapping[str, int], sandbox: Sandbox) -> Iterator[dict[str, Any]]:
    """The first tenant's own ids and keys, in every form an argument may want them."""
    texts = ["a1", "u1", "x", "anon1", "production"]
    for value in texts:
        filled: dict[str, Any] = {}
        for name, parameter in inspect.signature(function).parameters.items():
            if name == "connection":
                continue
            annotation = str(parameter.annotation)
            if name in tenant:
                filled[name] = tenant[name]
            elif parameter.default is not inspect.Parameter.empty:
                continue
            elif name in {"now", "until", "at", "now_ms", "before_ms"}:
                filled[name] = sandbox.clock() + 10**9
            elif name == "limit":
                filled[name] = 100
            elif "bytes" in annotation:
                filled[name] = [b"\x01" * 16] if "Iterable" in annotation or "list" in annotation else b""
            elif parameter.kind is inspect.Parameter.VAR_KEYWORD:
                filled |= {"name": "reached"}
            elif "Mapping" in annotation or "dict" in annotation:
                filled[name] = {1: 1} if "Mapping[int, int]" in annotation else {"name": "reached"}
            elif any(word in annotation for word in ("Iterable", "Sequence", "list", "set", "Collection", "tuple[")):
                filled[name] = [1, 2] if "int" in annotation else [value]
            elif "None" in annotation:
                filled[name] = None
            elif "int" in annotation:
                filled[name] = 1
            else:
                filled[name] = value
        yield filled


def is_nothing(answer: Any) -> bool:
    if inspect.isgenerator(answer):
        answer = list(answer)
    if isinstance(answer, Mapping):
        return all(is_nothing(v) for v in answer.values())
    if isinstance(answer, tuple):
        return all(is_nothing(v) for v in answer)
    return not answer


@pytest.fixture
def stranger(sandbox: Sandbox) -> dict[str, int]:
    """The second tenant's ids; the first one's tables are filled."""
    fill(sandbox)
    create_workspace(sandbox.runtime, name="Other", owner_email="other@example.test")
    with db.reading(sandbox.runtime.engine) as connection:
        query = text("SELECT id, workspace_id FROM environments WHERE id != :e")
        row = connection.execute(query, {"e": sandbox.environment_id}).one()
    return {"environment_id": int(row[0]), "workspace_id": int(row[1])}


ABSENT = (NoResultFound, IndexError, KeyError)  # an internal id that is not there


def answers(function: Callable[..., Any], tenant: Mapping[str, int], sandbox: Sandbox) -> Iterator[tuple[dict[str, Any], Any]]:
    """What the function says to each try, when it says anything."""
    for filled in arguments_for(function, tenant, sandbox):
        with db.reading(sandbox.runtime.engine) as connection:
            try:
                found = function(connection, **filled)
                yield filled, list(found) if inspect.isgenerator(found) else found
            except ABSENT:
                continue


def test_another_tenants_rows_are_as_if_they_were_not_there(sandbox: Sandbox, stranger: dict[str, int]) -> None:
    leaks = [
        f"{name}({filled}) → {answer!r}"
        for name, function in functions(READS)
        if name not in OF_ONES_OWN and "model" not in name  # every environment has the shipped models from the start
        for filled, answer in answers(function, stranger, sandbox)
        if not is_nothing(answer)
    ]
    assert not leaks, "\n".join(leaks)


def test_the_same_questions_find_the_first_tenants_rows(sandbox: Sandbox, stranger: dict[str, int]) -> None:
    """Else the test above would prove nothing."""
    holder = sandbox.holder()
    own = {"environment_id": holder.environment_id, "workspace_id": holder.workspace_id}
    asked = functions(READS)
    found = [n for n, function in asked if any(not is_nothing(a) for _, a in answers(function, own, sandbox))]
    assert len(found) > len(asked) / 2, sorted({n for n, _ in asked} - set(found))


def everything_of(connection: Connection, environment_id: int) -> dict[str, list[str]]:
    """Every row of a tenant's environment, as text."""
    found: dict[str, list[str]] = {}
    for table in metadata.sorted_tables:
        if "environment_id" in table.c:
            rows = connection.execute(table.select().where(table.c.environment_id == environment_id))
            found[table.name] = sorted(map(repr, rows))
    return found


def test_writing_with_another_tenants_ids_changes_nothing_of_theirs(sandbox: Sandbox, stranger: dict[str, int]) -> None:
    victim, ran = sandbox.environment_id, []
    with db.writing(sandbox.runtime.engine) as connection:
        before = everything_of(connection, victim)
        for name, function in functions(WRITES):
            for filled in arguments_for(function, stranger, sandbox):
                savepoint = connection.begin_nested()
                try:
                    function(connection, **filled)
                except Exception:  # our guess at its arguments was wrong, or the rows are not there
                    savepoint.rollback()
                    continue
                ran.append(name)
                assert everything_of(connection, victim) == before, f"{name}({filled}) reached across"
                savepoint.rollback()
    assert len(set(ran)) > 15, sorted(set(ran))
