"""What ships: no way to make script of content, nothing of the place it was built in, templates without inline code."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "server" / "milepost" / "web"
FORBIDDEN = re.compile(
    r"\binnerHTML\b|\bouterHTML\b|\binsertAdjacentHTML\b|document\.write|\beval\s*\(|new\s+Function\b|\bsrcdoc\b"
    r"|setAttribute\(\s*[\"'`](?:on\w*|style)[\"'`]|\bsetHTMLUnsafe\b|createContextualFragment"
)
SKIPPED_FOLDERS = {".git", ".venv", "node_modules", "__pycache__", "demo-data"}


def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if done.returncode == 0:
        return [ROOT / name for name in done.stdout.decode().split("\0") if name and (ROOT / name).is_file()]
    every = (p for p in ROOT.rglob("*") if p.is_file())
    return [p for p in every if not SKIPPED_FOLDERS & set(p.relative_to(ROOT).parts)]


def shipped_scripts() -> list[Path]:
    sources = [*(ROOT / "sdk_js" / "src").rglob("*.ts"), *(ROOT / "server" / "milepost").rglob("*.js")]
    return sorted(p for p in sources if "node_modules" not in p.parts)


def test_no_shipped_script_can_make_markup_or_code_of_text() -> None:
    scripts = shipped_scripts()
    assert len(scripts) > 5
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in scripts
        for match in [FORBIDDEN.search(path.read_text(encoding="utf-8"))]
        if match
    ]
    assert not found, "\n".join(found)


def test_the_search_for_forbidden_calls_finds_them() -> None:
    for call in ("a.innerHTML=b", "eval (x)", "new Function('x')", "e.setAttribute('onclick', x)", 'e.setAttribute("style",x)'):
        assert FORBIDDEN.search(call), call
    assert not FORBIDDEN.search("e.setAttribute('aria-label', x); medieval(x)")


def templates() -> list[Path]:
    return sorted((ROOT / "server" / "milepost").rglob("*.html"))


@pytest.mark.parametrize("path", templates(), ids=lambda p: p.name)
def test_a_template_has_no_inline_script_style_or_raw_output(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)", text), "inline script"
    assert not re.search(r"<style\b|\sstyle\s*=", text), "inline style"
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text), "inline handler"
    assert not re.search(r"\|\s*safe\b|autoescape\s+false|javascript:", text), "unescaped output"


def test_nothing_tells_where_it_was_built() -> None:
    """No paths of a workplace, no addresses of a package registry, no tool that wrote it."""
    words = [
        "/wo" + "rk/", "/tm" + "p/mp", "registry." + "npmjs.org", "registry." + "yarnpkg", "pypi.org/" + "simple",
        "files." + "pythonhosted", "index" + "-url", "Co-Authored" + "-By", "Generated" + " with",
        "Clau" + "de", "Anth" + "ropic",
    ]  # fmt: skip
    found = []
    for path in tracked():
        if path.suffix in {".png", ".woff2", ".ico", ".gz", ".db"}:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{path.relative_to(ROOT)}: {word}" for word in words if word in text]
    assert not found, "\n".join(found)


def test_lock_files_carry_hashes_and_no_addresses() -> None:
    for name in ("requirements.txt", "requirements-test.txt"):
        text = (ROOT / name).read_text(encoding="utf-8")
        pins = re.findall(r"^[a-z0-9][^\s=]*==", text, re.MULTILINE | re.IGNORECASE)
        assert len(pins) > 20
        assert text.count("--hash=sha256:") >= len(pins)
        assert "://" not in text
    for lock in ("sdk_js/package-lock.json", "tests/clients/package-lock.json"):
        text = (ROOT / lock).read_text(encoding="utf-8")
        assert '"resolved"' not in text
        assert '"integrity"' in text


def test_secrets_and_data_are_not_tracked() -> None:
    bad = [p for p in tracked() if p.suffix in {".db", ".env", ".pem"} or p.name.endswith((".secret-key", "-wal", "-shm"))]
    assert bad == []


# -- words ------------------------------------------------------------------------------------------------------------

TRAPS = [
    (re.compile(r"\baccounts?\b", re.IGNORECASE), re.compile("账号|账户"), "an account is 客户"),
    (re.compile(r"\btried\b", re.IGNORECASE), re.compile("试用"), "tried is 已尝试"),
    (re.compile(r"\bfeatures?\b", re.IGNORECASE), re.compile("流失"), "only customers churn; a feature is 已放弃"),
    (re.compile(r"\bend users?\b", re.IGNORECASE), re.compile("(?<!终端)用户"), "an end user is 终端用户"),
]


def test_translations_use_the_words_of_the_glossary() -> None:
    from babel.messages.pofile import read_po

    found = []
    for path in sorted((WEB / "locales").rglob("*.po")):
        with path.open("rb") as file:
            catalogue = read_po(file)
        for message in catalogue:
            english, chinese = str(message.id), str(message.string)
            if not message.id:
                continue
            found += [f"{path.name}: {english!r}: {why}" for en, zh, why in TRAPS if en.search(english) and zh.search(chinese)]
    assert not found, "\n".join(found)
