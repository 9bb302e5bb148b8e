"""What a user installs: the wheel, opened."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tui_labeler import __version__

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


def test_what_is_packed_of_the_source_holds_all_that_make_and_the_tests_need(tmp_path: Path) -> None:
    program = f"from hatchling.build import build_sdist; print(build_sdist({str(tmp_path)!r}))"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, capture_output=True)
    (path,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    rooms = ("tui_labeler", "styles", "tests", "benchmarks", "docs")
    code = {each.relative_to(ROOT).as_posix() for room in rooms for each in (ROOT / room).rglob("*.py")}
    others = {"Makefile", "pyproject.toml", "README.md", "LICENSE", "tests/azurite/package.json"}
    assert (code | others) - packed == set()


def test_the_version_is_that_of_the_changelog() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.findall(r"(?m)^## \[(.+?)\]", changelog)[0]
    assert re.fullmatch(r"\d+\.\d+\.\d+\.dev0" if newest == "Unreleased" else re.escape(newest), __version__)
