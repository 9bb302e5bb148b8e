"""The seams of the house, guarded by a machine: what a static graph can't see is tried in a process."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "textual",
    "rich",
    "sklearn",
    "scipy",
    "numpy",
    "joblib",
    "tinydb",
    "azure",
    "aiohttp",
    "requests",
    "openai",
    "httpx2",
    "pydantic",
    "keyring",
    "onnxruntime",
    "tokenizers",
)


def modules_after(statement: str) -> set[str]:
    """The top-level packages that a fresh interpreter holds after a statement."""
    names = "sorted({m.partition('.')[0] for m in sys.modules})"
    program = f"import json, sys\n{statement}\nprint(json.dumps({names}))"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize(
    "statement",
    [
        "import tui_labeler",
        "import tui_labeler.domain.documents, tui_labeler.domain.labels, tui_labeler.domain.jobs",
        "import tui_labeler.engine",
        "import tui_labeler.engine.session, tui_labeler.engine.workbench, tui_labeler.engine.runner",
        "import tui_labeler.engine.deployments.chat, tui_labeler.engine.resources.resources",
        "import tui_labeler.engine.resources.trying",
    ],
)
def test_domain_and_engine_load_no_outside_package_but_the_one_that_validates(statement: str) -> None:
    assert not modules_after(statement) & set(HEAVY)


def test_opening_a_project_loads_nothing_heavy() -> None:
    loaded = modules_after(
        "from tui_labeler.assembly import workbench; from pathlib import Path; workbench(Path('/nowhere'))"
    )
    assert "tinydb" in loaded
    assert not loaded & {"sklearn", "scipy", "numpy", "joblib", "textual", "openai", "httpx2", "keyring"}
    assert not loaded & {"azure", "aiohttp", "requests"}


def test_looking_at_resources_loads_no_package_that_asks_them() -> None:
    loaded = modules_after(
        "import asyncio; from pathlib import Path; from tui_labeler.assembly import workbench\n"
        "resources = workbench(Path('/nowhere')).resources\n"
        "asyncio.run(resources.list())\n"
        "import tui_labeler.engine.adapters.testers"
    )
    assert not loaded & {"openai", "httpx2", "azure", "keyring", "pydantic"}


def test_the_application_draws_without_loading_an_estimator() -> None:
    loaded = modules_after(
        "import tui_labeler.app, tui_labeler.screens.labeling.labeling, tui_labeler.screens.jobs.jobs\n"
        "import tui_labeler.screens.resources.resources"
    )
    assert "textual" in loaded
    assert not loaded & {"sklearn", "scipy", "numpy", "joblib", "openai", "httpx2", "keyring"}


def test_help_loads_the_standard_library_only() -> None:
    loaded = modules_after(
        "import contextlib, io\nfrom tui_labeler.cli.main import main\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit): main(['--help'])\n"
    )
    assert not loaded & {*HEAVY, "msgspec", "asyncio"}


def test_typed_values_are_read_in_one_place() -> None:
    """Elsewhere two threads could begin with one class at once, which ends the process."""
    direct = re.compile(r"msgspec\.(?:convert\(|json\.Decoder\(|json\.decode\([^\n]*type=)")
    found = [
        path.name
        for path in (Path(__file__).parents[1] / "tui_labeler").rglob("*.py")
        if path.name != "typed.py" and direct.search(path.read_text(encoding="utf-8"))
    ]
    assert not found


def test_messages_are_shown_in_one_place() -> None:
    """``tell`` makes words from outside safe; Textual's own ``notify`` sends them as they are."""
    package = Path(__file__).parents[1] / "tui_labeler"
    found = [
        f"{path.relative_to(package)}:{number}"
        for path in package.rglob("*.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"\bnotify\b|\bNotification\b|\bNotify\(", line)
    ]
    assert [place.partition(":")[0] for place in found] == ["screens/base.py"], found
