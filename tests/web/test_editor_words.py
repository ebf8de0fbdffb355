"""Every word of the editor's island is in the list the page hands over, and nothing else is."""

import re
from pathlib import Path

from milepost.web.editor_words import TEXTS

SOURCES = Path(__file__).resolve().parents[2] / "sdk_js" / "src" / "console"
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')


def said(source: str) -> set[str]:
    """The texts in the first argument of each `say(…)`."""
    found = set()
    for call in re.finditer(r"\bsay\(", source):
        depth, at, start = 1, call.end(), call.end()
        while depth and not (source[at] == "," and depth == 1):
            if source[at] == '"':
                at = QUOTED.match(source, at).end()  # type: ignore[union-attr]
                continue
            depth += (source[at] in "([{") - (source[at] in ")]}")
            at += 1
        found |= set(QUOTED.findall(source[start:at]))
    return found


def test_the_page_brings_every_word_the_editor_says() -> None:
    texts = {text for path in SOURCES.glob("*.ts") for text in said(path.read_text("utf-8"))}
    assert len(texts) > 200
    assert texts == set(TEXTS)
