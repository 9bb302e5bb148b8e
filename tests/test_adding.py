"""The page on adding something: its code is taken from there, added, and used."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from textual import work
from textual.binding import BindingType

from docs import signs
from tests.builders import Bench
from tests.fakes import fixed_surroundings, home_workbench, make_project, write_documents
from tests.screens.conftest import press, screen_text, settle
from tui_labeler.app import LabelerApp
from tui_labeler.domain.jobs import Job, JobState, Method
from tui_labeler.domain.labels import Span
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine import formats, runner
from tui_labeler.engine.autolabelers.autolabeler import Task
from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats.model import FileDocument, FileLabel, LabelFile
from tui_labeler.screens.labeling import keys
from tui_labeler.screens.wizard.categories import CategoriesStep
from tui_labeler.screens.wizard.documents import DocumentsStep
from tui_labeler.screens.wizard.flow import STEPS
from tui_labeler.screens.wizard.method import METHODS, MethodStep
from tui_labeler.screens.wizard.start import StartStep
from tui_labeler.screens.wizard.step import Choices

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tui_labeler.engine.session import ProjectSession

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "adding.md"


FORMAT = "tui_labeler/engine/formats/tabs.py"
METHOD = "tui_labeler/engine/autolabelers/wordlist.py"
SCREEN = "tui_labeler/screens/labeling/counts.py"


def source_of(path: str) -> str:
    """What the page would put at ``path``."""
    blocks: list[str] = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return next(block for block in blocks if block.startswith(f"# {path}\n"))


def lines_for(path: str) -> str:
    """What the page puts into a module that is there, as it stands in that."""
    (block,) = re.findall(
        rf"^   ```python\n   # {re.escape(path)}\n(.*?)^   ```",
        PAGE.read_text(encoding="utf-8"),
        re.DOTALL | re.MULTILINE,
    )
    return textwrap.indent(textwrap.dedent(block), "    ")


def module(path: str) -> ModuleType:
    """The module that the page would put at ``path``."""
    source = source_of(path)
    made = ModuleType(path.removesuffix(".py").replace("/", "."))
    exec(compile(source, path, "exec"), made.__dict__)
    return made


@pytest.mark.parametrize("path", [FORMAT, METHOD, SCREEN])
@pytest.mark.parametrize("check", ["check", "format --check"])
def test_what_is_added_is_as_the_house_writes_it(path: str, check: str) -> None:
    pytest.importorskip("ruff", reason="the extra `check` is not installed")
    command = [sys.executable, "-m", "ruff", *check.split(), "--stdin-filename", path, "-"]
    found = subprocess.run(
        command, input=source_of(path), capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert found.returncode == 0, found.stdout + found.stderr


def test_a_format_is_found_read_and_written(monkeypatch: pytest.MonkeyPatch) -> None:
    tabs = module(FORMAT)
    monkeypatch.setitem(formats.FORMATS, "tabs", tabs.FORMAT)
    known, file = formats.read_file(b"a.txt\tbilling\nb.txt\tdelivery\n", "some.tabs")
    assert known is tabs.FORMAT
    assert known.write(file).data == b"a.txt\tbilling\nb.txt\tdelivery\n"
    with pytest.raises(FormatError, match="no tab"):
        formats.read_file(b"a.txt billing\n", "some.tabs")
    both = FileDocument("a.txt", labels=(FileLabel("billing"), FileLabel("delivery")))
    written = known.write(LabelFile(ProjectKind.SINGLE_LABEL, documents=(both,)))
    assert [problem.dropped for problem in written.problems] == [True]


async def test_a_method_proposes_places_in_documents() -> None:
    wordlist = module(METHOD)

    async def tasks() -> AsyncIterator[Task]:
        yield Task(1, "a.txt", "en", "Leeds and Porto, not Leedsville.", "hash")

    method = wordlist.WordListAutolabeler({"town": ["Leeds", "Porto"]})
    answers = [answer for batch in [part async for part in method.label(tasks())] for answer in batch]
    assert [proposal.span for proposal in answers[0].proposals] == [Span(0, 5), Span(10, 15)]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A home whose runner knows the page's method."""
    wordlist = module(METHOD)
    source = inspect.getsource(runner)
    before = '        await journal.stage("loading the model", 0, 0)\n'
    assert source.count(before) == 1
    made = ModuleType("made")
    made.__dict__["WordListAutolabeler"] = wordlist.WordListAutolabeler
    lines = textwrap.indent(lines_for("tui_labeler/engine/runner.py"), "    ")
    monkeypatch.setitem(sys.modules, "made", made)
    exec(compile(source.replace(before, lines + before), "made", "exec"), made.__dict__)
    monkeypatch.setattr(runner.Runner, "_autolabel", made.__dict__["Runner"]._autolabel)
    return Bench(tmp_path)


async def check_what_came(bench: Bench, session: ProjectSession, job: Job) -> None:
    """The job ends well, with the places of the category's name."""
    ended = await bench.run(job)
    assert ended.state is JobState.SUCCEEDED
    await session.refresh()
    (found,) = session.rows
    proposed = session.store.state.document(found).suggestions.values()
    assert [item.span for item in proposed] == [Span(2, 7), Span(17, 22)]
    assert (await session.quota.usage()).used == 0


TEXTS = {"a.txt": "A Place, another Place and a Placebo."}


async def test_a_job_uses_a_method(bench: Bench) -> None:
    session = await bench.create(TEXTS)
    job = await session.jobs.autolabel(session.documents.select(), Method("wordlist"))
    await check_what_came(bench, session, job)


def entry_for(path: str) -> dict[str, Any]:
    """What the page puts into a dictionary of a module that is there."""
    names = {kind.__name__: kind for kind in (MethodStep, CategoriesStep, DocumentsStep, StartStep)}
    made: dict[str, Any] = eval(f"{{{textwrap.dedent(lines_for(path))}}}", dict(names))
    return made


async def test_a_method_that_the_runner_does_not_know_is_told_in_words(bench: Bench) -> None:
    session = await bench.create(TEXTS, immediate=True)
    (row,) = session.documents.select()
    await session.labeling.add(row.id, session.categories.by_name("Place").id, Span(2, 7))
    ended = await bench.run(await session.jobs.evaluate(Method("unheard-of"), {}))
    assert (ended.state, ended.code) == (JobState.FAILED, "bad_input")
    assert ended.message == "A job of this kind can't use the method 'unheard-of'."


@pytest.mark.parametrize("first", [False, True], ids=["behind the others", "before them"])
async def test_the_wizard_starts_a_job_with_a_method(
    first: bool, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = entry_for("tui_labeler/screens/wizard/method.py")
    others = {name: words for name, words in METHODS.items() if name not in added}
    offered = {**added, **others} if first else {**others, **added}
    for name in [*METHODS]:
        monkeypatch.delitem(METHODS, name)
    for name, words in offered.items():
        monkeypatch.setitem(METHODS, name, words)
    for name, steps in entry_for("tui_labeler/screens/wizard/flow.py").items():
        monkeypatch.setitem(STEPS, name, steps)
    session = await bench.create(TEXTS)
    async with LabelerApp(bench.workbench(), open_project="Test").run_test(size=(80, 24)) as pilot:
        names = list(METHODS)
        rows_down = names.index("wordlist") - names.index(Choices().method)
        await press(pilot, "L", *("j" * rows_down), *("k" * -rows_down))
        assert "A list of words" in screen_text(pilot)
        await press(pilot, "enter")
        assert "1 Method [2 Entities] 3 Documents  4 Review and start" in screen_text(pilot)
        await press(pilot, "space", "l", "space", "h", "h", "l", "l", "l")
        assert "1 of 2: Place" in screen_text(pilot)
        await press(pilot, "s")
        (job,) = await session.jobs.list()
        assert job.request.method == Method("wordlist")
        assert job.request.categories == (session.categories.by_name("Place").id,)
    await check_what_came(bench, session, job)


def test_the_key_of_a_screen_is_free_and_asks_for_it_by_the_name_of_its_method() -> None:
    made: dict[str, Any] = {"_key": keys._key, "BindingType": BindingType}
    exec(textwrap.dedent(lines_for("tui_labeler/screens/labeling/keys.py")), made)
    (added,) = made["PROJECT_KEYS"][1:]
    # Whoever has added the page's own screen has this key already.
    new = signs.labeling_clashes([added]) - signs.labeling_clashes()
    assert {clash for clash in new if clash[1:] != (added.id, added.id)} == set()
    assert f"def {added.action.split(chr(39))[1]}(" in lines_for("tui_labeler/screens/project_screens.py")


async def test_a_screen_shows_what_the_project_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = module(SCREEN)
    # Textual looks up where a screen's class was written.
    monkeypatch.setitem(sys.modules, counts.__name__, counts)
    container = write_documents(tmp_path / "texts", {"a.txt": "Leeds and Porto"})
    workbench = home_workbench(tmp_path / "home", fixed_surroundings())
    session = await make_project(workbench, container, categories=["Town", "\x1b[31mFirm"])
    town = session.categories.by_name("Town").id
    await session.labeling.add(session.documents.find("a.txt").id, town, Span(0, 5))
    async with LabelerApp(workbench).run_test(size=(80, 24)) as pilot:
        pilot.app.push_screen(counts.CountsScreen(session))
        await settle(pilot)
        shown = screen_text(pilot)
        assert "Loans > Counts" in shown
        assert "1 Town" in shown
        assert "\x1b" not in shown
        await pilot.press("q")
        await settle(pilot)
        assert not isinstance(pilot.app.screen, counts.CountsScreen)
        opener: dict[str, Any] = {"work": work, "ProjectSession": object}
        exec(textwrap.dedent(lines_for("tui_labeler/screens/project_screens.py")), opener)
        opener["show_counts"](pilot.app, session)
        await settle(pilot)
        assert isinstance(pilot.app.screen, counts.CountsScreen)
    await session.close()
