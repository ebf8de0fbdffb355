"""kill −9 at random moments loses nothing that was acknowledged and counts nothing twice.

`python -m tests.faults --kills 200` is the long form of the same.
"""

from pathlib import Path

import pytest

from tests.faults.trial import Trial
from tests.postgresql import find_programs, make_cluster

N_KILLS = 12


def test_a_server_on_sqlite_killed_again_and_again_loses_and_repeats_nothing(tmp_path: Path) -> None:
    found = Trial(tmp_path).run(N_KILLS)
    assert found.is_clean(), found
    assert found.n_acknowledged == found.n_made > 0
    assert found.books["duplicate"] > 0


def test_a_server_and_a_postgresql_killed_again_and_again_lose_and_repeat_nothing(tmp_path: Path) -> None:
    programs = find_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    cluster = make_cluster(programs)
    try:
        found = Trial(tmp_path, cluster).run(N_KILLS)
    finally:
        cluster.stop()
    assert found.is_clean(), found
    assert found.n_acknowledged == found.n_made > 0
    assert len(found.n_kills) > 1
