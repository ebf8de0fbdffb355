"""Writes the first revisions from the tables, one room of tables each; only until the first release.

Run: python migrations/regenerate.py
"""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "server"))

from sqlalchemy import Table  # noqa: E402
from sqlalchemy.dialects import postgresql, sqlite  # noqa: E402
from sqlalchemy.schema import CreateIndex, CreateTable  # noqa: E402

from milepost.store.tables import accounts, builder, catalogue, contacts, events, guides, metadata, scores, tasks, workspaces  # noqa: E402

IDEAS = [
    ("20261124_01_workspaces", workspaces, "The vendor's team: workspaces, members, environments, keys, audit."),
    ("20261124_02_events", events, "What comes in: raw events, ledger, bad rows and roll-ups."),
    ("20261124_03_accounts", accounts, "Accounts, end users, entitlement history, signals."),
    ("20261124_04_catalogue", catalogue, "Features, catalogue versions, checkpoints, tracking faults."),
    ("20261124_05_scores", scores, "States, live and settled scores, health models."),
    ("20261124_06_guides", guides, "Guides, versions, runs."),
    ("20261125_07_contacts", contacts, "Contacts of accounts, and the touches logged with them."),
    ("20261125_08_tasks", tasks, "Tasks of accounts: owner, due day, snooze."),
    ("20261125_09_builder", builder, "Sessions of the builder inside the host product."),
]
PARTITIONED = {"events": " PARTITION BY RANGE (key)"}


def statements(table: Table, dialect_name: str) -> list[str]:
    """CREATE TABLE and CREATE INDEX as this database wants them."""
    dialect = sqlite.dialect() if dialect_name == "sqlite" else postgresql.dialect()
    create = str(CreateTable(table).compile(dialect=dialect)).strip()
    if dialect_name != "sqlite":
        create += PARTITIONED.get(table.name, "")
    indexes = [str(CreateIndex(i).compile(dialect=dialect)) for i in sorted(table.indexes, key=lambda i: str(i.name))]
    lines = [create, *indexes]
    return ["\n".join(line.rstrip() for line in text.replace("\t", "    ").splitlines()) for text in lines]


def revision_text(number: int, name: str, module: object, idea: str) -> str:
    """One Alembic revision as Python."""
    own = [t for t in metadata.sorted_tables if any(t is value for value in vars(module).values())]
    down = IDEAS[number - 1][0] if number else None
    blocks = {d: [s for t in own for s in statements(t, d)] for d in ("sqlite", "postgresql")}
    body = "\n".join(f"{d.upper()} = [\n" + "".join(f'    """{s}""",\n' for s in texts) + "]\n" for d, texts in blocks.items())
    drops = [t.name for t in reversed(own)]
    return f'''"""{idea}

Old code sees nothing of these tables during the deploy: they are new.
"""

from alembic import op

revision = "{name}"
down_revision = {down!r}
branch_labels = None
depends_on = None

{body}

def upgrade() -> None:
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.get_bind().exec_driver_sql(statement.replace("%", "%%") if False else statement)


def downgrade() -> None:
    for name in {drops!r}:
        op.drop_table(name)
'''.replace('statement.replace("%", "%%") if False else statement', "statement")


def main() -> None:
    """Rewrites every revision file."""
    folder = HERE / "versions"
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.py"):
        old.unlink()
    for number, (name, module, idea) in enumerate(IDEAS):
        (folder / f"{name}.py").write_text(revision_text(number, name, module, idea), encoding="utf-8")


if __name__ == "__main__":
    main()
