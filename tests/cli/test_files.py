"""``import`` and ``export``."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli, azure_labels, write_json
from tests.realdata import real


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
    ran = cli("export", project, str(tmp_path / "out.conll"), "--format", "conll", "--json")
    assert ran.code == 2
    assert "conll" in ran.error["message"]
    assert "azure" in ran.error["hint"]
    assert not (tmp_path / "out.conll").exists()


@pytest.mark.parametrize("target", ["folder", "nowhere/out.json"])
def test_a_place_that_cannot_hold_a_file_is_told(target: str, cli: Cli, project: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    ran = cli("export", project, str(tmp_path / target), "--json")
    assert ran.code == 2
    assert target.partition("/")[0] in ran.error["message"]


def test_a_device_is_written_to_and_not_replaced(cli: Cli, project: str) -> None:
    assert cli("export", project, "/dev/null", "--json").code == 0
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_link_is_followed(cli: Cli, project: str, tmp_path: Path) -> None:
    target = tmp_path / "target.json"
    target.write_text("old")
    link = tmp_path / "link.json"
    link.symlink_to(target)
    assert cli("export", project, str(link), "--overwrite").code == 0
    assert link.is_symlink()
    assert len(labels_of(target.read_bytes())) == 8


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
