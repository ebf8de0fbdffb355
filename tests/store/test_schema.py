"""A database that an unreleased version made says so at the start, not at the first request."""

import pytest
from sqlalchemy import text

from milepost.actions.runtime import Runtime
from milepost.errors import SettingError
from milepost.store.schema import migrate


def test_tables_that_lack_a_column_stop_the_start_with_a_sentence(runtime: Runtime) -> None:
    migrate(runtime.engine)
    with runtime.engine.begin() as connection:
        connection.execute(text("ALTER TABLE usage DROP COLUMN days"))
    with pytest.raises(SettingError, match="table usage lacks days"):
        migrate(runtime.engine)
