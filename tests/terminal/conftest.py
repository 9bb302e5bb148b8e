"""Homes for programs at a terminal: empty ones, and copies of one that holds a trained model."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.terminal.driver import command
from tui_labeler import samples

COPIES = 12
"""How often each sample document is there, so that a job takes long enough to be watched."""

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
    hundreds of unlabeled documents. Copied for each test."""
    place = _place(tmp_path_factory.mktemp("trained"), "contracts")
    for path in sorted(place.documents.iterdir()):
        for number in range(COPIES):
            shutil.copy(path, place.documents / f"copy{number:02}-{path.name}")
    create = ("project", "create", "contracts", "--kind", "ner", "--container", str(place.documents))
    command(place.home, *create, "--labels", str(place.labels))
    command(place.home, "train", "contracts", "--model", "first", "--seed", "1", "--yes")
    chosen = [argument for name in FEW for argument in ("--document", name)]
    command(place.home, "autolabel", "contracts", "--model", "first", *chosen, "--yes")
    return place


@pytest.fixture
def suggested(trained: Place, tmp_path: Path) -> Place:
    """A copy of :func:`trained`'s home, on the same documents."""
    home = tmp_path / "home"
    shutil.copytree(trained.home, home)
    return Place(home, trained.documents, trained.labels)
