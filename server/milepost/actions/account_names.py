"""What an account is called, for pages and answers that stand beside its numbers."""

from sqlalchemy import Connection

from milepost.actions.account import require_account
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.store import coverage as coverage_store
from milepost.store import engine as db


def read_account_names(connection: Connection, environment_id: int, ids: set[int]) -> dict[int, tuple[str, str]]:
    """{account: (vendor's id, name)}."""
    return {a.id: (a.key, a.name or a.key) for a in coverage_store.read_accounts(connection, environment_id, ids)}


def account_key(connection: Connection, environment_id: int, account_id: int) -> str:
    """The vendor's id of one that is there."""
    return read_account_names(connection, environment_id, {account_id})[account_id][0]


def name_account(runtime: Runtime, tenant: Tenant, key: str) -> str:
    """By the vendor's id; raises NotFound."""
    with db.reading(runtime.engine) as connection:
        account = require_account(connection, tenant.id, key)
    return account.name or account.key
