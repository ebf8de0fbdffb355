"""The rooms: imports point down, SQL has one home, Playwright too, and every store function names its tenant."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "server" / "milepost"

# Whatever has no tenant yet: the credential itself is what names it. Each with the reason it may.
WITHOUT_TENANT = {
    "environments.read_all_environments": "jobs walk the installation and carry each row's tenant on",
    "environments.read_generations": "numbers only, for the caches of a process",
    "job_lock.take_job_lock": "one lock for the installation",
    "job_lock.holds_job_lock": "one lock for the installation",
    "keys.find_key": "the key names the tenant",
    "ledger.read_installation_ledger": "sums for /metrics",
    "workspaces.insert_workspace": "makes the tenant",
    "workspaces.find_login_candidates": "the password decides whose login it is",
    "workspaces.find_session": "the session names the tenant",
    "workspaces.touch_session": "the session names the tenant",
    "workspaces.revoke_session": "the session names the tenant",
    "workspaces.find_invite": "the invitation's code names the tenant",
    "workspaces.lock_login_subjects": "before anybody is known",
    "workspaces.note_login_failure": "before anybody is known",
    "workspaces.count_login_failures": "before anybody is known",
    "workspaces.forget_login_failures": "before anybody is known",
    "workspaces.forgive_login_attempt": "before anybody is known",
}
NO_TENANT_IN_THE_ROOM = {"driver", "engine", "schema"}  # they know databases, not tables


def test_imports_point_down() -> None:
    lint = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def test_only_the_probe_knows_playwright() -> None:
    assert [p for p in sources() if "playwright" in imported(p) and "probe" not in p.parts] == []


@pytest.mark.parametrize("room", ["rules", "wire"])
def test_a_pure_room_reads_no_clock_and_speaks_no_sql(room: str) -> None:
    for path in (PACKAGE / room).rglob("*.py"):
        assert not imported(path) & {"time", "sqlalchemy", "starlette", "os", "random", "socket", "subprocess"}, path
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\.(now|today|utcnow)\(", text), f"{path} reads the clock"


def test_sql_is_spoken_in_the_store_only() -> None:
    spoken = re.compile(r"""["'](SELECT |INSERT INTO |UPDATE \w+ SET |DELETE FROM )""")
    rooms = [p for p in sources() if "store" not in p.relative_to(PACKAGE).parts and "host" not in p.parts]
    assert [str(p.relative_to(ROOT)) for p in rooms if spoken.search(p.read_text(encoding="utf-8"))] == []


def store_functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    for path in sorted((PACKAGE / "store").glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and path.stem not in NO_TENANT_IN_THE_ROOM:
                yield f"{path.stem}.{node.name}", node


def test_every_store_function_names_its_tenant_and_uses_it() -> None:
    faults, seen = [], set()
    for name, node in store_functions():
        arguments = [a.arg for a in (*node.args.args, *node.args.kwonlyargs)]
        if not arguments or arguments[0] != "connection":
            continue
        seen.add(name)
        tenants = [a for a in arguments if a in {"environment_id", "workspace_id"}]
        if name in WITHOUT_TENANT:
            continue
        used = {n.id for statement in node.body for n in ast.walk(statement) if isinstance(n, ast.Name)}
        if not tenants:
            faults.append(f"{name} takes no environment_id or workspace_id")
        faults += [f"{name} takes {t} and does nothing with it" for t in tenants if t not in used]
    assert not faults, "\n".join(faults)
    assert set(WITHOUT_TENANT) <= seen, "the list of exceptions names functions that are gone"


def test_every_table_is_keyed_by_a_tenant() -> None:
    from milepost.store.tables import metadata

    free = {"workspaces", "login_failures"}
    for table in metadata.sorted_tables:
        if table.name not in free:
            assert {"environment_id", "workspace_id"} & set(table.c.keys()), f"{table.name} belongs to nobody"


def test_every_constraint_has_a_name() -> None:
    from milepost.store.tables import metadata

    for table in metadata.sorted_tables:
        for constraint in (*table.constraints, *table.indexes):
            assert constraint.name, f"a constraint of {table.name} has no name"


def test_no_room_is_called_after_nothing() -> None:
    bad = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}
    assert [p for p in sources() if p.stem in bad and "tables" not in p.parts] == []
