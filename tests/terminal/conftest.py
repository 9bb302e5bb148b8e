"""Homes for programs at a terminal: empty ones, and copies of one that holds a trained model."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import azure_labels, letter
from tests.terminal.driver import command
from tui_labeler import samples

if TYPE_CHECKING:
    from collections.abc import Callable

COPIES = 2
"""How often each sample document is there once more, so that a job has several batches."""

FEW = [f"{kind}{number:02}.txt" for kind in ("agreement", "amendment") for number in (2, 4, 6)]
"""Unlabeled documents of the sample."""


@dataclass(frozen=True)
class Place:
    """A home that need not exist, a container, and a labels file for it."""

    home: Path
    documents: Path
    labels: Path


def _place(folder: Path, sample: str) -> Place:
    source = samples.folder(sample)
    shutil.copytree(source / "documents", folder / "documents")
    shutil.copy(source / "labels.json", folder / "labels.json")
    return Place(folder / "home", folder / "documents", folder / "labels.json")


@pytest.fixture
def contracts(tmp_path: Path) -> Place:
    """Documents with entities, about half of them labeled by the labels file; no project yet."""
    return _place(tmp_path, "contracts")


@pytest.fixture
def tickets(tmp_path: Path) -> Place:
    """Messages of one class each; no project yet."""
    return _place(tmp_path, "tickets")


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A home with the project ``contracts``: a trained model, open suggestions in a few documents, and
    a hundred unlabeled ones. Made once for all workers of a run; copied for each test."""
    return _once(tmp_path_factory, "trained", _train)


def _once(factory: pytest.TempPathFactory, name: str, make: Callable[[Place], None]) -> Place:
    """A place that the first worker to need it makes, while the others wait."""
    common = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        common = common.parent
    folder, ready = common / name, common / f"{name} is ready"
    place = Place(folder / "home", folder / "documents", folder / "labels.json")
    with (common / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            make(place)
            ready.touch()
    return place


def _copied(place: Place, folder: Path) -> Place:
    home = folder / "home"
    shutil.copytree(place.home, home)
    return Place(home, place.documents, place.labels)


def _train(place: Place) -> None:
    _place(place.documents.parent, "contracts")
    for path in sorted(place.documents.iterdir()):
        for number in range(COPIES):
            shutil.copy(path, place.documents / f"copy{number:02}-{path.name}")
    create = ("project", "create", "contracts", "--kind", "ner", "--container", str(place.documents))
    command(place.home, *create, "--labels", str(place.labels))
    command(place.home, "train", "contracts", "--model", "first", "--seed", "1", "--yes")
    chosen = [argument for name in FEW for argument in ("--document", name)]
    command(place.home, "autolabel", "contracts", "--model", "first", *chosen, "--yes")


@pytest.fixture
def suggested(trained: Place, tmp_path: Path) -> Place:
    """A copy of :func:`trained`'s home, on the same documents."""
    return _copied(trained, tmp_path)


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A home with the project ``contracts`` of ASCII letters: a trained model, and open suggestions in four
    documents. Copied for each test."""
    return _once(tmp_path_factory, "written", make_letters)


@pytest.fixture
def letters(written: Place, tmp_path: Path) -> Place:
    """A copy of :func:`written`'s home, on the same documents."""
    return _copied(written, tmp_path)


def make_letters(place: Place) -> None:
    """What :func:`written` copies."""
    place.documents.mkdir(parents=True)
    for number in range(16):
        (place.documents / f"letter{number:02}.txt").write_text(letter(number), encoding="ascii", newline="")
    place.labels.write_text(json.dumps(azure_labels(range(12))), encoding="ascii")
    create = ("project", "create", "contracts", "--kind", "ner", "--container", str(place.documents))
    command(place.home, *create, "--labels", str(place.labels))
    command(place.home, "train", "contracts", "--model", "first", "--seed", "1", "--yes")
    command(place.home, "autolabel", "contracts", "--model", "first", "--yes")


UNLABELED = {
    "a.txt": "Ann Lee travels to Berlin on Monday.\nBo Sand stays in Berlin; Ann Lee does not.\n\n"
    "In the spring Ann Lee goes to Porto, and Berlin waits.\n",
    "b.txt": "Cleo Hart lives in Ghent.\n",
    "c.txt": "Dan Wood lives in Turin.\n",
    "long.txt": "".join(f"The letter number {number} went to Malmo.\n" for number in range(1, 201)),
}
"""Documents by name; names of people and towns are two categories without a label."""


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A home with the project ``letters``, whose documents nobody has labeled. Copied for each test."""
    return _once(tmp_path_factory, "begun", _begin)


@pytest.fixture
def unlabeled(begun: Place, tmp_path: Path) -> Place:
    """A copy of :func:`begun`'s home, on the same documents."""
    return _copied(begun, tmp_path)


def _begin(place: Place) -> None:
    place.documents.mkdir(parents=True)
    for name, text in UNLABELED.items():
        (place.documents / name).write_text(text, encoding="ascii", newline="")
    create = ("project", "create", "letters", "--kind", "ner", "--container", str(place.documents))
    command(place.home, *create)
    for category in ("Person", "Town"):
        command(place.home, "category", "add", "letters", category)
