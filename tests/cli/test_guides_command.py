"""`milepost guides push|pull|schema` against a running server: files in, files out, words that name file and line."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from milepost.cli.main import app
from milepost.wire.codecs.guide_yaml import dump_guide_yaml
from milepost.wire.guide import Guide
from tests.guide_factories import a_guide
from tests.live import LiveServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("guides")
    live = LiveServer(database=str(folder / "guides.db"), folder=folder).create().start()
    yield live
    live.stop()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for key in ("first", "second"):
        write(tmp_path, a_guide(key, goal_feature=None))
    return tmp_path


def write(folder: Path, guide: Guide) -> Path:
    file = folder / f"{guide.key}.yaml"
    file.write_text(dump_guide_yaml(guide), encoding="utf-8")
    return file


def run(server: LiveServer, *arguments: object) -> Result:
    env = {"MILEPOST_URL": server.url, "MILEPOST_KEY": server.secret_key, "COLUMNS": "400", "TERM": "dumb"}
    return CliRunner().invoke(app, ["guides", *map(str, arguments)], env=env)


def said(result: Result) -> str:
    return result.stdout + result.stderr


def test_a_folder_is_pushed_as_drafts_then_published_then_unchanged(server: LiveServer, folder: Path) -> None:
    assert run(server, "push", folder, "--dry-run").stdout == "first: would be created, draft\nsecond: would be created, draft\n"
    assert run(server, "push", folder).stdout == "first: created, draft\nsecond: created, draft\n"
    published = run(server, "push", folder, "--publish")
    named = [f"{key}: draft unchanged, published as version 1\n" for key in ("first", "second")]
    assert published.stdout == "".join(named)
    assert f"Published 2 new versions at {server.url}." in said(published)
    assert f"warning: {folder / 'first.yaml'}: No goal feature" in said(published)
    told = json.loads(run(server, "push", folder / "first.yaml", "--publish", "--json").stdout)
    assert [(g["key"], g["outcome"], g["published"]) for g in told["guides"]] == [("first", "unchanged", False)]
    again = run(server, "push", folder / "first.yaml", "--publish")
    assert again.stdout == "first: equals version 1, which is on air; nothing new was published\n"
    assert "Published" not in said(again)
    assert run(server, "push", folder / "first.yaml").stdout == "first: unchanged, version 1 on air\n"


def test_what_was_pushed_is_pulled_as_the_same_files(server: LiveServer, folder: Path, tmp_path: Path) -> None:
    write(folder, a_guide("third", audience={"not": {"fact": "user.role", "op": "is", "value": "是"}}))
    assert run(server, "push", folder).exit_code == 0
    out = tmp_path / "out"
    assert run(server, "pull", out).exit_code == 0
    for file in folder.glob("*.yaml"):
        assert (out / file.name).read_text("utf-8") == file.read_text("utf-8")
    assert run(server, "pull", "--guide", "third").stdout == (folder / "third.yaml").read_text("utf-8")
    documents = json.loads(run(server, "pull", "--json").stdout)["guides"]
    assert "third" in [document["key"] for document in documents]


def test_a_fault_in_a_file_is_named_by_line_before_anything_is_sent(server: LiveServer, folder: Path) -> None:
    (folder / "broken.yaml").write_text("apiVersion: guide/v1\nkey: broken\nname: Broken\nkind: fax\n", "utf-8")
    (folder / "twin.yaml").write_text((folder / "first.yaml").read_text("utf-8"), "utf-8")
    result = run(server, "push", folder)
    assert result.exit_code == 1
    assert f"{folder / 'broken.yaml'}, line 4, kind" in said(result)
    assert f"{folder / 'twin.yaml'}: the key 'first' stands in {folder / 'first.yaml'} already." in said(result)


def test_what_stops_a_publication_is_named_by_file_and_line(server: LiveServer, tmp_path: Path) -> None:
    file = write(tmp_path, a_guide("blocked", goal_feature="nowhere"))
    line = 1 + file.read_text("utf-8").splitlines().index("goal_feature: nowhere")
    place = f"{file}, line {line}: The catalogue has no feature “nowhere”."
    refused = run(server, "push", file, "--publish")
    assert (refused.exit_code, place in said(refused)) == (1, True)
    tried = run(server, "push", file, "--publish", "--dry-run")
    assert (tried.exit_code, place in said(tried)) == (1, True)
    assert run(server, "pull", "--guide", "blocked").exit_code == 1  # nothing was saved


def test_a_missing_file_an_empty_folder_and_a_missing_key_are_said_in_a_sentence(server: LiveServer, tmp_path: Path) -> None:
    assert f"There is no file {tmp_path / 'no.yaml'}." in said(run(server, "push", tmp_path / "no.yaml"))
    assert "holds no guide" in said(run(server, "push", tmp_path))
    alone = CliRunner().invoke(app, ["guides", "pull"], env={"MILEPOST_URL": "", "MILEPOST_KEY": ""})
    assert alone.exit_code == 2
    assert "MILEPOST_URL" in alone.stderr


def test_the_schema_is_written_for_editors(server: LiveServer, tmp_path: Path) -> None:
    assert run(server, "schema", tmp_path / "guide.json").exit_code == 0
    assert json.loads((tmp_path / "guide.json").read_text("utf-8"))["title"] == "Milepost guide"
