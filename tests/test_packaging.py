"""What a user installs: the wheel, opened."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names in a wheel that is built from the checkout, through the build backend itself."""
    folder = tmp_path_factory.mktemp("wheel")
    program = f"from hatchling.build import build_wheel; print(build_wheel({str(folder)!r}))"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, capture_output=True)
    (path,) = folder.glob("*.whl")
    return set(zipfile.ZipFile(path).namelist())


def test_the_wheel_holds_every_style_sheet(wheel: set[str]) -> None:
    sheets = {path.relative_to(ROOT / "styles").as_posix() for path in (ROOT / "styles").rglob("*.tcss")}
    assert "app.tcss" in sheets
    assert {f"tui_labeler/styles/{sheet}" for sheet in sheets} <= wheel


def test_the_wheel_holds_the_table_of_prices(wheel: set[str]) -> None:
    assert "tui_labeler/engine/deployments/prices.toml" in wheel


def test_the_wheel_holds_the_vocabulary_of_embeddings_with_its_licence(wheel: set[str]) -> None:
    folder = "tui_labeler/engine/adapters/estimators/bert_uncased"
    assert {f"{folder}/vocabulary.txt", f"{folder}/LICENSE.txt"} <= wheel


def test_the_wheel_holds_the_sample_projects(wheel: set[str]) -> None:
    for sample in ("contracts", "tickets"):
        assert f"tui_labeler/samples/{sample}/labels.json" in wheel
        assert any(
            name.startswith(f"tui_labeler/samples/{sample}/documents/") and name.endswith(".txt")
            for name in wheel
        )


def test_the_wheel_holds_no_tests_and_no_code_beside_the_package(wheel: set[str]) -> None:
    outside = {name for name in wheel if not name.startswith("tui_labeler/") and ".dist-info/" not in name}
    assert not outside
    assert not {name for name in wheel if name.startswith("tui_labeler/styles/") and name.endswith(".py")}
