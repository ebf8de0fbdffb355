"""`milepost openapi` prints what a server would answer."""

import json
import subprocess
import sys
from pathlib import Path

from tests.live import command_environment


def test_the_document_comes_without_a_server_or_database(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "milepost.cli.main", "openapi"]
    done = subprocess.run(command, env=command_environment(tmp_path), cwd=tmp_path, capture_output=True, text=True, check=False)
    document = json.loads(done.stdout)
    assert document["openapi"] == "3.1.0"
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert "security" in operation or "x-min-role" in operation, f"{method} {path}"
    assert list(tmp_path.iterdir()) == []
