"""The wheel: `pip install .`, not editable, into a fresh environment, is a whole product."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with our wheel; third-party packages are lent from the one the tests run in."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip"]
    run([*pip, "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)], folder)
    venv.create(folder / "fresh", with_pip=False, symlinks=True)
    python = folder / "fresh" / "bin" / "python"
    wheel = next(folder.glob("milepost-*.whl"))
    run([*pip, "--python", str(python), "install", "--quiet", "--no-deps", "--no-index", str(wheel)], folder)
    own = next((folder / "fresh" / "lib").glob("python*/site-packages"))
    (own / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def run(command: list[str], folder: Path) -> str:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MILEPOST_", "PYTHON"))}
    done = subprocess.run(
        command, cwd=folder, env=kept | {"HOME": str(folder)}, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_the_wheel_holds_everything_the_product_reads(installed: Path, tmp_path: Path) -> None:
    home = Path(run([str(installed), "-c", "import milepost; print(milepost.__path__[0])"], tmp_path).strip())
    assert str(home).startswith(str(installed.parents[1])), "the installed package, not the checkout"
    for pattern in (
        "_data/migrations/env.py", "_data/migrations/versions/*.py", "_data/guides/library/health/*.yaml",
        "_data/guides/cases/*.json", "web/templates/*.html", "web/static/*.css", "web/static/sdk/milepost.js",
        "web/static/sdk/*/*.js", "web/locales/zh_CN/*.po", "py.typed",
    ):  # fmt: skip
        assert list(home.glob(pattern)), f"the wheel lacks {pattern}"
    for folder in ("web/templates", "web/static", "web/locales", "demo"):
        ours = {p.relative_to(ROOT / "server/milepost") for p in (ROOT / "server/milepost" / folder).rglob("*") if is_kept(p)}
        assert not {p for p in ours if not (home / p).exists()}


def is_kept(path: Path) -> bool:
    return path.is_file() and path.suffix not in {".pyc"} and "__pycache__" not in path.parts


def test_the_installed_commands_work(installed: Path, tmp_path: Path) -> None:
    milepost = [str(installed), "-m", "milepost.cli.main"]
    database = ["--database", str(tmp_path / "m.db")]
    assert json.loads(run([*milepost, "migrate", "--json", *database], tmp_path))["after"]
    made = run([*milepost, "workspace", "create", "--name", "T", "--owner-email", "o@x.test", "--json", *database], tmp_path)
    assert json.loads(made)["write_key"].startswith("pk_")
    assert json.loads(run([*milepost, "doctor", "--json", *database], tmp_path))["ok"] is True
    assert (installed.parent / "milepost").exists(), "the console script"
