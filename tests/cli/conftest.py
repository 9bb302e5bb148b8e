"""Running commands in this process, and a project with a trained model to run them on."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

import pytest

from tui_labeler.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from azure.storage.blob import ContainerClient

    from tests.azurite import Azurite

PEOPLE = ("Ann Lee", "Bo Sand", "Cleo Hart", "Dan Wood", "Eve Moss", "Finn Rode", "Gus Bell", "Ida Falk")
TOWNS = ("Berlin", "Bergen", "Ghent", "Lisbon", "Malmo", "Porto", "Turin", "Vaduz")


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on standard output."""
        document = json.loads(self.out)
        assert document["schema_version"] == 1
        return document

    @property
    def error(self) -> Any:
        return self.json["error"]


class Cli(Protocol):
    """Runs a command in a home of the test's own."""

    home: Path

    def __call__(self, *arguments: str, stdin: bytes = b"") -> Ran: ...


@pytest.fixture
def cli(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    monkeypatch.setenv("TUI_LABELER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TUI_LABELER_NAME", "tester")

    class Runner:
        home = tmp_path / "home"

        def __call__(self, *arguments: str, stdin: bytes = b"") -> Ran:
            monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
            capfd.readouterr()
            code = main(list(arguments))
            captured = capfd.readouterr()
            return Ran(code, captured.out, captured.err)

    return Runner()


def letter(number: int) -> str:
    """A short text with one person and one town; the latter stands twice in every fourth."""
    person, town = PEOPLE[number % 8], TOWNS[(number * 3) % 8]
    again = f" The train to {town} leaves at noon.\n" if number % 4 == 0 else ""
    return f"Letter {number}.\r\n{person} travels to {town} on Monday, with {number + 2} bags.\n{again}"


def azure_labels(numbers: range) -> dict[str, Any]:
    """Labels of the letters, as an Azure labels file."""

    def of(number: int) -> dict[str, Any]:
        text = letter(number)
        labels = []
        for category, words in (("Person", PEOPLE[number % 8]), ("Town", TOWNS[(number * 3) % 8])):
            at = text.find(words)
            while at >= 0:
                labels.append({"category": category, "offset": at, "length": len(words)})
                at = text.find(words, at + 1)
        return {
            "location": f"letter{number:02}.txt",
            "language": "en-us",
            "dataset": "Train",
            "entities": [{"regionOffset": 0, "regionLength": len(text), "labels": labels}],
        }

    return {
        "projectFileVersion": "2022-05-01",
        "stringIndexType": "Utf16CodeUnit",
        "metadata": {
            "projectKind": "CustomEntityRecognition",
            "storageInputContainerName": "letters",
            "projectName": "letters",
            "multilingual": False,
            "description": "",
            "language": "en-us",
        },
        "assets": {
            "projectKind": "CustomEntityRecognition",
            "entities": [{"category": "Person"}, {"category": "Town"}],
            "documents": [of(number) for number in numbers],
        },
    }


def write_letters(folder: Path, count: int) -> Path:
    folder.mkdir()
    for number in range(count):
        (folder / f"letter{number:02}.txt").write_bytes(letter(number).encode())
    return folder


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    """A folder of twelve letters."""
    return write_letters(tmp_path / "letters", 12)


@pytest.fixture
def labels_file(tmp_path: Path) -> Path:
    """Labels of the first eight letters."""
    path = tmp_path / "labels.json"
    path.write_text(json.dumps(azure_labels(range(8))), encoding="utf-8")
    return path


@pytest.fixture
def project(cli: Cli, letters: Path, labels_file: Path) -> str:
    """``letters``: twelve documents, eight of them labeled."""
    made = cli(
        *("project", "create", "letters", "--kind", "ner", "--container", str(letters)),
        *("--labels", str(labels_file), "--json"),
    )
    assert made.code == 0, made
    return "letters"


@pytest.fixture(scope="session")
def trained_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the project ``letters``: 24 documents, 16 labeled, the model ``first``."""
    folder = tmp_path_factory.mktemp("trained")
    write_letters(folder / "letters", 24)
    labels = folder / "labels.json"
    labels.write_text(json.dumps(azure_labels(range(16))), encoding="utf-8")
    home = ("--home", str(folder / "home"), "--progress", "none")
    create = ("project", "create", "letters", "--kind", "ner", "--container", str(folder / "letters"))
    assert main([*home, *create, "--labels", str(labels)]) == 0
    assert main([*home, "train", "letters", "--model", "first"]) == 0
    return folder / "home"


@pytest.fixture
def trained(cli: Cli, trained_home: Path) -> str:
    """The project ``letters`` with its model, in the test's own home."""
    shutil.copytree(trained_home, cli.home)
    return "letters"


@pytest.fixture(scope="session")
def suggested_home(trained_home: Path) -> Path:
    """The same, with the suggestions of a job for the other eight documents."""
    home = trained_home.with_name("suggested")
    shutil.copytree(trained_home, home)
    assert main(["--home", str(home), "--progress", "none", "autolabel", "letters", "--model", "first"]) == 0
    return home


@pytest.fixture
def suggested(cli: Cli, suggested_home: Path) -> str:
    """The project ``letters`` with suggestions, in the test's own home."""
    shutil.copytree(suggested_home, cli.home)
    return "letters"


def write_json(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


COUNT, LABELED = 24, 16
"""Letters in the container in Blob storage, and how many of them the labels file knows."""


@pytest.fixture
def blobs(azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> Iterator[ContainerClient]:
    """A container of letters in Blob storage, which the environment opens."""
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", azurite.connection_string)
    with azurite.plain_client(f"c{uuid4().hex[:16]}") as client:
        client.create_container()
        for number in range(COUNT):
            client.upload_blob(f"letter{number:02}.txt", letter(number).encode())
        yield client


@pytest.fixture
def labeled(cli: Cli, blobs: ContainerClient, tmp_path: Path) -> str:
    """A project on that container, with its labels."""
    labels = write_json(tmp_path / "labels.json", azure_labels(range(LABELED)))
    create = ("project", "create", "letters", "--kind", "ner", "--labels", str(labels), "--json")
    made = cli(*create, "--container", f"az://{blobs.container_name}")
    assert made.code == 0, made
    assert made.json["documents"] == COUNT
    return "letters"
