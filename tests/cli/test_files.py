"""``import`` and ``export``."""

from __future__ import annotations

import asyncio
import io
import json
import os
import socket
import stat
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli, azure_labels, write_json
from tests.realdata import real
from tui_labeler.cli.pipes import write_pipe
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.formats import FORMATS
from tui_labeler.engine.formats.model import FileDocument, Format, LabelFile, Written


def labels_of(content: bytes | str) -> dict[str, Any]:
    documents = json.loads(content)["assets"]["documents"]
    return {document["location"]: document["entities"] for document in documents}


def test_importing_twice_changes_nothing_the_second_time(cli: Cli, project: str, labels_file: Path) -> None:
    ran = cli("import", project, str(labels_file), "--json")
    assert ran.code == 0
    assert (ran.json["documents"], ran.json["labels"], ran.json["unchanged"]) == (8, 0, 18)
    assert ran.json["skipped"] == []
    assert ran.json["drafts_pending"] == 0
    assert cli("project", "show", project, "--json").json["labeled"] == 8


def test_labels_come_from_standard_input(cli: Cli, project: str) -> None:
    data = json.dumps(azure_labels(range(8, 10))).encode()
    ran = cli("import", project, "-", "--json", stdin=data)
    assert ran.code == 0
    assert ran.json["documents"] == 2
    assert ran.json["labels"] == 5


def test_what_does_not_fit_is_left_out_and_listed(cli: Cli, project: str, tmp_path: Path) -> None:
    file = azure_labels(range(8, 10))
    first, second = file["assets"]["documents"]
    first["entities"][0]["labels"].append({"category": "Town", "offset": 9000, "length": 5})
    second["location"] = "nowhere.txt"
    ran = cli("import", project, str(write_json(tmp_path / "odd.json", file)), "--json")
    assert ran.code == 1
    assert ran.json["labels"] == 3
    assert {item["location"] for item in ran.json["skipped"]} == {"letter08.txt", "nowhere.txt"}
    assert all(item["reason"] for item in ran.json["skipped"])
    assert "nowhere.txt" in cli("import", project, str(tmp_path / "odd.json")).out


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe", b"[]", b'{"a": 1}', b'{"assets": []}', b"location,label\nx,y\n"],
)
def test_a_file_that_is_no_labels_file_changes_nothing(
    content: bytes, cli: Cli, project: str, tmp_path: Path
) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    before = cli("history", project, "--json").json["total"]
    ran = cli("import", project, str(path), "--json")
    assert ran.code == 2
    assert ran.error["message"]
    assert cli("history", project, "--json").json["total"] == before
    assert cli("import", project, str(path), "--format", "azure", "--json").code == 2
    assert cli("import", project, str(path), "--format", "papyrus", "--json").code == 2
    assert cli("import", project, str(tmp_path), "--json").code == 2


def test_exported_labels_are_those_that_were_imported(
    cli: Cli, project: str, labels_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.json"
    ran = cli("export", project, str(out), "--format", "azure", "--json")
    assert ran.code == 0
    assert (ran.json["documents"], ran.json["labels"], ran.json["skipped"]) == (8, 18, [])
    assert labels_of(out.read_bytes()) == labels_of(labels_file.read_bytes())


def test_a_file_is_not_replaced_when_the_texts_can_not_be_had(cli: Cli, project: str, tmp_path: Path) -> None:
    file = tmp_path / "backup.json"
    assert cli("export", project, str(file)).code == 0
    before = file.read_bytes()
    folder = Path(cli("project", "show", project, "--json").json["container"])
    folder.rename(folder.with_name("elsewhere"))
    ran = cli("export", project, str(file), "--overwrite", "--json")
    assert (ran.code, ran.error["code"]) == (3, "container")
    assert file.read_bytes() == before
    to_stream = cli("export", project, "-")
    assert (to_stream.code, to_stream.out) == (3, "")


@pytest.mark.parametrize("options", [["--format", "azure"], ["--format", "brat"]])
def test_no_export_takes_the_place_of_a_document(cli: Cli, project: str, options: list[str]) -> None:
    folder = Path(cli("project", "show", project, "--json").json["container"])
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    target = folder if "brat" in options else folder / "letter03.txt"
    ran = cli("export", project, str(target), *options, "--overwrite", "--json")
    assert ran.code == 2
    assert "is a document of the project" in ran.json["error"]["message"]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_match_that_contradicts_itself_or_fits_nothing_is_refused(
    cli: Cli, project: str, tmp_path: Path
) -> None:
    path = tmp_path / "l.jsonl"
    path.write_text('{"file_name": "letter03.txt", "spans": [], "text": "Dear"}\n')
    both = ["--match", "1=letter04.txt", "--match", "1=letter05.txt"]
    assert "says of 1 that" in cli("import", project, str(path), *both).err
    assert "No document of the file" in cli("import", project, str(path), "--match", "2=letter04.txt").err


def test_exporting_overwrites_only_on_purpose(cli: Cli, project: str, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    out.write_text("mine")
    ran = cli("export", project, str(out), "--json")
    assert ran.code == 2
    assert "--overwrite" in ran.error["hint"]
    assert out.read_text() == "mine"
    assert cli("export", project, str(out), "--overwrite", "--json").code == 0
    assert len(labels_of(out.read_bytes())) == 8
    assert [path.name for path in tmp_path.glob(".*")] == []


@pytest.mark.parametrize("options", [["--format", "azure"], ["--format", "conll", "--split", "80/20"]])
def test_an_export_of_a_container_that_is_empty_takes_the_place_of_nothing(
    cli: Cli, project: str, letters: Path, tmp_path: Path, options: list[str]
) -> None:
    out = tmp_path / "out"
    assert cli("export", project, str(out), *options).code in (0, 1)
    before = {path: path.read_bytes() for path in [out, *out.glob("*")] if path.is_file()}
    letters.rename(tmp_path / "mounted elsewhere")
    letters.mkdir()
    ran = cli("export", project, str(out), *options, "--overwrite")
    assert ran.code == 3
    assert "8 documents have labels, and all is left out" in ran.err
    assert {path: path.read_bytes() for path in [out, *out.glob("*")] if path.is_file()} == before
    (letters / "letter00.txt").write_bytes((tmp_path / "mounted elsewhere" / "letter00.txt").read_bytes())
    assert cli("export", project, str(out), *options, "--overwrite").code == 1


def test_standard_output_gets_the_file_and_standard_error_the_report(cli: Cli, project: str) -> None:
    ran = cli("export", project, "-", "--json")
    assert ran.code == 0
    assert len(labels_of(ran.out)) == 8
    report = json.loads(ran.err)
    assert (report["schema_version"], report["labels"]) == (1, 18)
    people = cli("export", project, "-")
    assert len(labels_of(people.out)) == 8
    assert "18 labels" in people.err


def test_a_format_that_is_not_known_is_refused_before_anything_is_written(
    cli: Cli, project: str, tmp_path: Path
) -> None:
    ran = cli("export", project, str(tmp_path / "out.papyrus"), "--format", "papyrus", "--json")
    assert ran.code == 2
    assert "papyrus" in ran.error["message"]
    assert "azure" in ran.error["hint"]
    assert not (tmp_path / "out.papyrus").exists()


@pytest.mark.parametrize("target", ["folder", "nowhere/out.json"])
def test_a_place_that_cannot_hold_a_file_is_told(target: str, cli: Cli, project: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    ran = cli("export", project, str(tmp_path / target), "--json")
    assert ran.code == 2
    assert target.partition("/")[0] in ran.error["message"]


@pytest.mark.parametrize("options", [["--format", "brat"], ["--split", "50/50"], []])
def test_an_empty_name_is_not_the_folder_that_one_is_in(
    cli: Cli, project: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    ran = cli("export", project, "", *options, "--overwrite", "--json")
    assert (ran.code, ran.error["code"]) == (2, "usage")
    assert list(here.iterdir()) == []
    (here / "l.ann").write_text("T1\tPerson 0 3\tAnn")
    (here / "l.txt").write_text("Ann")
    ran = cli("import", project, "", "--dry-run", "--json")
    assert (ran.code, ran.error["message"]) == (2, "The name of the file is empty.")


def test_a_device_is_written_to_and_not_replaced(cli: Cli, project: str) -> None:
    assert cli("export", project, "/dev/null", "--json").code == 0
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("options", [[], ["--overwrite"]])
def test_a_pipe_that_nobody_reads_from_is_refused_and_not_waited_for(
    cli: Cli, project: str, tmp_path: Path, options: list[str]
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    ran = cli("export", project, str(pipe), *options, "--json")
    assert ran.code == 2
    assert "nobody reads from it" in ran.error["message"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.timeout(60)
def test_a_pipe_that_somebody_reads_from_gets_the_labels(cli: Cli, project: str, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with open(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK), "rb") as reader:  # noqa: PTH123 - a descriptor
        assert cli("export", project, str(pipe)).code == 0
        assert len(labels_of(reader.read())) == 8


@pytest.mark.timeout(60)
async def test_a_pipe_gets_all_however_slow_its_reader_is_and_a_signal_ends_the_wait(tmp_path: Path) -> None:
    pipe, data = tmp_path / "pipe", bytes(range(256)) * 2_000
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    writer = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    try:
        writing, got = asyncio.create_task(write_pipe(writer, data)), b""
        while not writing.done():
            await asyncio.sleep(0)
            with suppress(BlockingIOError):
                got += os.read(reader, 50_000)
        with suppress(BlockingIOError):
            while True:
                got += os.read(reader, 50_000)
        assert got == data
        stuck = asyncio.create_task(write_pipe(writer, data))
        for _ in range(5):
            await asyncio.sleep(0)
        stuck.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stuck
    finally:
        os.close(writer)
        os.close(reader)


def test_a_socket_is_refused(cli: Cli, project: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket is short
    with socket.socket(socket.AF_UNIX) as held:
        held.bind("s")
        ran = cli("export", project, "s", "--overwrite", "--json")
    assert (ran.code, "it is a socket" in ran.error["message"]) == (2, True)


@pytest.mark.parametrize("leads_on", [True, False])
def test_a_link_is_there_already_and_is_replaced_on_purpose_not_what_it_leads_to(
    cli: Cli, project: str, tmp_path: Path, leads_on: bool
) -> None:
    target = tmp_path / "target.json"
    if leads_on:
        target.write_text("old")
    link = tmp_path / "link.json"
    link.symlink_to(target)
    assert "is there already" in cli("export", project, str(link)).err
    assert link.is_symlink()
    assert cli("export", project, str(link), "--overwrite").code == 0
    assert not link.is_symlink()
    assert len(labels_of(link.read_bytes())) == 8
    assert target.exists() == leads_on
    assert not leads_on or target.read_text() == "old"


def test_real_labels_come_in_and_go_out_unchanged(cli: Cli, tmp_path: Path) -> None:
    folder = real("azure-language", "custom-ner-loan-agreements")
    labels = next(
        path for path in sorted(folder.rglob("*.json")) if b"projectFileVersion" in path.read_bytes()
    )
    documents = next(path.parent for path in sorted(folder.rglob("*.txt")))
    create = ("project", "create", "loans", "--kind", "ner", "--container", str(documents), "--json")
    made = cli(*create, "--labels", str(labels))
    assert made.code == 0
    assert made.json["labels"] == 240
    out = tmp_path / "out.json"
    assert cli("export", "loans", str(out), "--json").json["labels"] == 240
    assert labels_of(out.read_bytes()) == labels_of(labels.read_bytes())


def test_an_import_of_what_is_there_says_that_nothing_is_new(
    cli: Cli, project: str, labels_file: Path
) -> None:
    ran = cli("import", project, str(labels_file))
    assert ran.code == 0
    assert ran.out.startswith("Nothing is new: of the file, 18 labels there already, in 8 documents.")


def test_a_dry_run_says_what_would_change_and_changes_nothing(cli: Cli, project: str, tmp_path: Path) -> None:
    before = cli("history", project, "--json").json["total"]
    file = azure_labels(range(7, 10))
    file["assets"]["documents"][0]["location"] = "elsewhere.txt"
    path = write_json(tmp_path / "more.json", file)
    ran = cli("import", project, str(path), "--dry-run", "--json")
    assert ran.code == 1
    assert (ran.json["dry_run"], ran.json["labels"], ran.json["documents"]) == (True, 5, 2)
    assert ran.json["matched_by"] == {"name": 2}
    assert [item["location"] for item in ran.json["unmatched"]] == ["elsewhere.txt"]
    assert cli("history", project, "--json").json["total"] == before
    assert "5 new labels" in cli("import", project, str(path), "--dry-run").out
    done = cli("import", project, str(path), "--match", "elsewhere.txt=letter10.txt", "--json")
    assert done.json["matched_by"] == {"choice": 1, "name": 2}
    assert cli("import", project, str(path), "--match", "elsewhere.txt=no=where.txt", "--json").code == 2
    assert cli("import", project, str(path), "--match", "nothing", "--json").code == 2


def test_texts_of_a_file_become_documents_when_that_is_asked_for(
    cli: Cli, project: str, tmp_path: Path, letters: Path
) -> None:
    rows = [
        {
            "text": "Zoe is in Lima.",
            "location": "zoe.txt",
            "spans": [{"start": 0, "end": 3, "label": "Person"}],
        }
    ]
    path = tmp_path / "rows.paper"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    left_out = cli("import", project, str(path), "--format", "jsonl")
    assert left_out.code == 1
    assert "--add-documents" in left_out.out
    done = cli("import", project, str(path), "--format", "jsonl", "--add-documents", "--json")
    assert (done.code, done.json["added"]) == (0, ["zoe.txt"])
    assert (letters / "zoe.txt").read_text() == "Zoe is in Lima."


def test_help_names_every_format(cli: Cli) -> None:
    for command in ("import", "export"):
        assert ", ".join(FORMATS) in " ".join(cli(command, "--help").out.split())


def test_a_split_is_written_into_a_folder_with_its_card(cli: Cli, project: str, tmp_path: Path) -> None:
    out = tmp_path / "corpus"
    ran = cli("export", project, str(out), "--split", "50/25/25", "--seed", "3", "--json")
    assert ran.code == 0
    assert sorted(path.name for path in out.iterdir()) == ran.json["files"]
    assert ran.json["files"] == ["data-card.json", "data-card.md", "dev.json", "test.json", "train.json"]
    assert sum(part["documents"] for part in ran.json["parts"].values()) == ran.json["documents"] == 8
    parts = [labels_of((out / f"{part}.json").read_bytes()) for part in ("train", "dev", "test")]
    assert len({name for part in parts for name in part}) == sum(len(part) for part in parts) == 8
    again = cli("export", project, str(out), "--split", "50/25/25", "--json")
    assert again.code == 2
    assert "not empty" in again.error["message"]
    assert cli("export", project, str(out), "--split", "50/25/25", "--overwrite", "--json").code == 0
    assert cli("export", project, str(tmp_path / "x"), "--split", "50/25", "--json").code == 2
    assert cli("export", project, "-", "--split", "50/50", "--json").code == 2


@pytest.mark.parametrize("second", ["json", "csv"])
def test_parts_of_an_earlier_split_go_with_it_and_no_document_is_in_two(
    cli: Cli, project: str, tmp_path: Path, second: str
) -> None:
    out = tmp_path / "corpus"
    split = ("export", project, str(out), "--format")
    assert cli(*split, "azure", "--split", "50/25/25").code == 0
    (out / "mine.txt").write_text("a person's own")
    before = {path.name for path in out.iterdir()}
    known = {"json": "azure", "csv": "csv"}[second]
    ran = cli(*split, known, "--split", "50/50", "--overwrite", "--json")
    assert ran.code in (0, 1)
    removed = {"dev.json"} if second == "json" else {"dev.json", "test.json", "train.json"}
    assert set(ran.json["removed"]) == removed
    assert {path.name for path in out.iterdir()} == (before - removed) | set(ran.json["files"])
    assert [note for note in ran.json["notes"] if note["location"].startswith("dev")] == []
    again = cli(*split, known, "--split", "100/0", "--overwrite")
    assert f"Removed: test.{second}, a part of the split that was there before." in again.out


@pytest.mark.parametrize(
    "card",
    [
        None,
        b"{",
        b"\xff",
        pytest.param(b"[" * 100_000, id="deep"),
        b'{"card_version": 1, "program": "another 1", "format": "azure", "parts": {"dev": {}}}',
        b'{"card_version": 2, "program": "tui-labeler 9", "format": "azure", "parts": {"dev": {}}}',
        b'{"card_version": 1, "program": "tui-labeler 1", "format": "x", "parts": {"dev": {}}}',
        b'{"card_version": 1, "program": "tui-labeler 1", "format": "azure", "parts": {"../dev": {}}}',
    ],
)
def test_a_file_named_as_a_part_that_is_not_surely_of_a_split_stays_and_is_told(
    cli: Cli, project: str, tmp_path: Path, card: bytes | None
) -> None:
    out = tmp_path / "corpus"
    out.mkdir()
    (out / "dev.json").write_text("a person's own")
    if card is not None:
        (out / "data-card.json").write_bytes(card)
    ran = cli("export", project, str(out), "--split", "50/50", "--overwrite", "--json")
    assert (ran.code, ran.json["removed"]) == (0, [])
    assert (out / "dev.json").read_text() == "a person's own"
    assert [note["location"] for note in ran.json["notes"]] == ["dev.json"]
    assert "from before" in ran.json["notes"][0]["reason"]


def test_a_link_in_the_place_of_an_earlier_part_stays_and_is_told(
    cli: Cli, project: str, tmp_path: Path
) -> None:
    out = tmp_path / "corpus"
    assert cli("export", project, str(out), "--split", "50/25/25").code == 0
    (out / "dev.json").rename(tmp_path / "kept.json")
    (out / "dev.json").symlink_to(tmp_path / "kept.json")
    ran = cli("export", project, str(out), "--split", "50/50", "--overwrite", "--json")
    assert (ran.json["removed"], [note["location"] for note in ran.json["notes"]]) == ([], ["dev.json"])
    assert (out / "dev.json").is_symlink()


@pytest.fixture
def shelf_of_papers(monkeypatch: pytest.MonkeyPatch) -> Format:
    """A format of several files: a ZIP archive with a text for each document."""

    def read(data: bytes) -> LabelFile:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found = [FileDocument(name, text=archive.read(name).decode()) for name in archive.namelist()]
        return LabelFile(ProjectKind.ENTITIES, documents=tuple(found))

    def write(file: LabelFile) -> Written:
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w") as archive:
            for document in file.documents:
                archive.writestr(zipfile.ZipInfo(f"texts/{document.location}"), document.text or "")
        return Written(held.getvalue())

    made = Format(
        "papers", "Papers", (".zip",), lambda data, _: data[:2] == b"PK", read, write, is_archive=True
    )
    monkeypatch.setitem(FORMATS, "papers", made)
    return made


def test_a_format_of_several_files_is_a_folder_or_a_zip(
    cli: Cli, project: str, tmp_path: Path, shelf_of_papers: Format
) -> None:
    folder, packed = tmp_path / "papers", tmp_path / "papers.zip"
    for out in (folder, packed):
        assert cli("export", project, str(out), "--format", "papers", "--json").code == 0
    assert len(list((folder / "texts").iterdir())) == 8
    assert zipfile.is_zipfile(packed)
    for given in (folder, packed):
        ran = cli("import", project, str(given), "--dry-run", "--json")
        assert (ran.json["format"], ran.json["documents"]) == ("papers", 8)
    assert cli("export", project, str(folder), "--format", "papers", "--json").code == 2
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_suggestions_are_exported_only_where_they_have_a_place_and_are_asked_for(
    cli: Cli, project: str, tmp_path: Path
) -> None:
    good = cli("train", project, "--model", "m", "--yes", "--json")
    assert good.code == 0, good
    made = cli("autolabel", project, "--model", "m", "--yes", "--json").json["suggestions"]
    refused = cli("export", project, str(tmp_path / "a.json"), "--suggestions", "--json")
    assert (refused.code, "no place for suggestions" in refused.error["message"]) == (2, True)
    assert not (tmp_path / "a.json").exists()
    options = ("--format", "labelstudio", "--suggestions")
    assert cli("export", project, str(tmp_path / "c"), *options, "--split", "80/20").code == 2
    ran = cli("export", project, str(tmp_path / "b.json"), *options, "--json")
    assert (ran.code, ran.json["suggestions"]) == (0, made)
    assert made > 0
    assert f"and {made} suggestions" in cli("export", project, str(tmp_path / "d.json"), *options).out
