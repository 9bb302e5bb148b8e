"""What every screen looks like: as it mostly is, with nothing in it, when something went wrong, and narrow.

A picture is taken once the screen says what it must say, so that a case that ends on another screen fails by
name. A picture that changed has to be looked at before it is taken over (``--snapshot-update``).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from textual.widget import Widget

from tests.screens import typical
from tests.screens.conftest import ONE, TWO, paste, press, screen_text, settle
from tests.screens.job_fakes import JobHome
from tui_labeler.app import LabelerApp
from tui_labeler.engine.adapters.folder import FolderContainer

if TYPE_CHECKING:
    from textual.pilot import Pilot
    from textual.screen import Screen
    from textual.worker import Worker

WIDE, NORMAL, NARROW = (120, 40), (80, 24), (60, 20)
BOTH = (WIDE, NORMAL)
ALL = (WIDE, NORMAL, NARROW)
SMALL = (NORMAL, NARROW)
ONCE = (NORMAL,)

PATIENCE = 50
"""Looks at a screen whose work does not end, or that does not say what it must."""


@dataclass(frozen=True, slots=True)
class Case:
    """A screen in a certain state, and how a person gets there."""

    name: str
    keys: str
    """Pressed one by one; ``'word`` is pasted into the field that has the focus, the case's folder in it."""
    shows: str
    """Words that the screen has to say before the picture is taken."""
    sizes: tuple[tuple[int, int], ...] = ONCE
    home: Callable[[Path], Awaitable[JobHome]] = typical.loans
    options: Mapping[str, Any] = field(default_factory=dict)
    """Of the application."""
    prepare: Callable[[JobHome, Path], object] = lambda home, folder: None
    """Sets the home up further."""
    no_color: bool = False
    at: str | None = ONE
    """The document that is open; ``None`` for the list of projects."""

    def __str__(self) -> str:
        return self.name.replace(" ", "-")


def without_container(home: JobHome, _: Path) -> None:
    home.container = FolderContainer(Path("/nowhere/loans"))


def without_quota(home: JobHome, _: Path) -> None:
    home.quota.used = 4998


PLAIN = {"ascii_only": True}
IMPORT = "I '{folder}/others.json"
REVIEW = {"review": True}
TOUR = {"tour": True}
LABELING = [
    Case("labeling", "w v w w", "Lender", ALL),
    Case("labeling ascii", "w v w w", "Lender", ONCE, options=PLAIN),
    Case("labeling no color", "w v w w", "Lender", ONCE, no_color=True),
    Case("labeling compact", "semicolon", "Borrower, label by", SMALL, options={"compact": True}),
    Case("labeling brush", "B 1", "Brush: Borrower", ONCE),
    Case(
        "labeling no document",
        "",
        "No .txt file at the container's root: add some, then R.",
        SMALL,
        typical.no_document,
        at="",
    ),
    Case("labeling no category", "", "no entity to label", ONCE, typical.new_project),
    Case("unreadable document", "", "UTF-16", ALL, at=typical.SCAN),
    Case("container gone", "right_square_bracket", "there is no folder", ONCE, prepare=without_container),
    Case("flagged document", "", "team lead", (WIDE,), at=TWO),
    Case("documents on a narrow screen", "D", "letter05", SMALL),
    Case("review", "", "of 8 decided", ALL, options=REVIEW),
    Case("review ascii", "", "of 8 decided", ONCE, options={**REVIEW, **PLAIN}),
    Case("review no color", "", "of 8 decided", ONCE, options=REVIEW, no_color=True),
    Case("review of nothing", "r", "o suggestion", ONCE, typical.new_project),
    Case("classes", "", "change pin", ALL, typical.topics, at="question1.txt"),
    Case("classes ascii", "", "change pin", ONCE, typical.topics, options=PLAIN, at="question2.txt"),
    Case("classes no color", "", "change pin", ONCE, typical.topics, no_color=True, at="question2.txt"),
    Case("classes in a list", "enter", "change pin", ONCE, typical.topics, at="question1.txt"),
    Case("classes by letters", "enter c a", "cash withdrawal", ONCE, typical.topics, at="question1.txt"),
    Case("classes by letters in the pane", "C c a", "ca_", ONCE, typical.topics, at="question1.txt"),
    Case("search in the text", "slash 'bank enter", "bank", ONCE),
    Case("save", "ctrl+s", "Labels saved", ONCE),
]
DIALOGS = [
    Case("filter", "f", "Which documents", SMALL),
    Case("filter wrong", "f " + "down " * 6 + "'many ctrl+s", "number between", ONCE),
    Case("sort", "s", "confident", ONCE),
    Case("search", "slash", "Search", ONCE),
    Case("go to line", "number_sign", "1 to 5", ONCE),
    Case("go to no line", "number_sign 'x enter", "no line number", ONCE),
    Case("flag", "F", "Flag", (NARROW,), at=TWO),
    Case("change category", "semicolon c", "Change to", ONCE),
    Case("provenance", "semicolon i", "Where this label", SMALL),
    Case("leaving with drafts", "q", "is not saved", ONCE),
    Case("review filter", "r f", "Which suggestions", SMALL),
    Case("accept many", "r M ctrl+s", "Accept 8 suggestions", ONCE),
    Case("project settings", "O", "Project settings", SMALL),
    Case("import", "I", "Path of a labels file", ONCE),
    Case("import of nothing", "I 'nowhere.json enter", "nowhere.json", ONCE),
    Case("import preview", f"{IMPORT} enter", "Left out", ALL, prepare=typical.faulty_labels),
    Case(
        "import preview ascii",
        f"{IMPORT} enter",
        "Left out",
        ONCE,
        prepare=typical.faulty_labels,
        options=PLAIN,
    ),
    Case(
        "import refused",
        "I '{folder}/broken.jsonl enter",
        "It can't be imported",
        prepare=typical.broken_labels,
    ),
    Case("import of twins", "I '{folder}/twins.jsonl enter", "could be it", home=typical.twin_loans),
    Case("import report", f"{IMPORT} enter s", "Labels imported", prepare=typical.faulty_labels),
    Case("export", "ctrl+s E", "has no place", ALL),
    Case("export parted", "ctrl+s E j enter 2", "dev:"),
    Case("export of nothing", "E", "What would be written", ONCE, typical.new_project),
    Case("export to", "ctrl+s E s", "Path of the file", ONCE),
    Case("theme", "colon 'theme enter", "in use", ONCE),
    Case("palette", "colon 'palette enter", "in use", ONCE),
    Case("commands", "colon", "Accept many", SMALL),
    Case("help", "question_mark", "Data labeling", SMALL),
    Case("find in all", "ctrl+f 'bank", "16 of 16 documents looked at", (NARROW,)),
]
PROJECT = [
    Case("categories", "K", "4 categories", ALL),
    Case("categories none", "K", "a adds one", ONCE, typical.new_project),
    Case("category new", "K a", "Its name", ONCE),
    Case("category twice", "K a 'Lender enter", "already a category", ONCE),
    Case("category colour", "K o", "Colour of", ONCE),
    Case("category merge", "K m", "into which", ONCE),
    Case("category delete", "K d", "Delete Borrower?", ONCE),
    Case("agreement", "v w 2 vertical_line y", "1 blind", ALL, typical.blind_loans, at="letter05.txt"),
    Case("agreement not counted", "vertical_line", "Not counted", ONCE),
    Case("agreement of readers", "vertical_line", "2 read by two", ALL, typical.read_loans),
    Case(
        "agreement of readers waiting",
        "vertical_line",
        "bob not done",
        ONCE,
        typical.read_loans,
        at="letter01.txt",
    ),
    Case(
        "agreement of readers of classes",
        "vertical_line",
        "kappa",
        ONCE,
        typical.read_topics,
        at="question2.txt",
    ),
    Case("given to readers", "D", "yours", ONCE, typical.read_loans, at="letter01.txt"),
    Case("giving to readers", "ampersand", "Who labels", ONCE, typical.read_loans, at="letter03.txt"),
    Case("withdrawing", "ampersand", "back from its readers", ONCE, typical.read_loans, at="letter01.txt"),
    Case(
        "finishing a reading", "percent_sign", "nothing to label", ONCE, typical.read_loans, at="letter01.txt"
    ),
    Case("adjudication", "W", "3 to decide", ALL, typical.read_loans),
    Case("adjudication ascii", "W", "3 to decide", ONCE, typical.read_loans, options=PLAIN),
    Case("adjudication refused", "W b", "overlap", ONCE, typical.read_loans),
    Case("adjudication under way", "W left right", "1 to decide", ONCE, typical.read_loans),
    Case("adjudication settled", "W left right x", "is settled: 2 labels", ONCE, typical.read_loans),
    Case("adjudication of classes", "W", "1 to decide", SMALL, typical.read_topics, at="question2.txt"),
    Case("adjudication none", "W", "in a text gives it to two people.", SMALL, typical.loans),
    Case("jobs", "J", "1 running", (NARROW,)),
    Case("jobs none", "J", "L in the project", ONCE, typical.new_project),
    Case("job interrupted", "J j j j", "R resumes", ONCE),
    Case("job failed", "J j j j j", "no labeled document", ONCE),
    Case("job delete", "J j D", "Delete the job", ONCE),
    Case("comparison", "J j equals_sign j equals_sign", "1 of 2 documents differ", ALL),
    Case("training", "T", "Automatic split", ALL),
    Case("training without labels", "T", "nothing to learn from", ONCE, typical.new_project),
    Case("training with drafts", "T s", "Save labels first", ONCE),
    Case("training running", "T s t y", "40", prepare=typical.working),
    Case("models", "P", "3 models", ALL),
    Case("models none", "P", "No model yet", ONCE, typical.new_project),
    Case("model delete", "P j D", "Delete the model", ONCE),
    Case("model in use", "P D", "is in use by", ONCE),
    *(
        Case(f"performance {number}", f"P j j enter {number}", words, BOTH if number in (4, 5) else (NARROW,))
        for number, words in enumerate(
            ("Precision", "TP", "Borrower", "agreement", "testing", "by their confidence", "loans-2"), start=1
        )
    ),
]
WIZARD = [
    Case("wizard method", "L", "A trained model", BOTH),
    Case("wizard method none", "L", "No model has been", SMALL, typical.new_project),
    Case("wizard gpt", "L j", "needs a resource", ONCE),
    Case("wizard model", "L l", "loans-3", ALL),
    Case("wizard categories", "L l l", "4 of 4 selected", (NARROW,)),
    Case("wizard documents", "L l l l space", "1 text record", ALL),
    Case("wizard no document", "L l l l l", "Select at least", ONCE),
    Case("wizard start", "L l l l asterisk l", "s starts", ALL),
    Case("wizard quota", "L l l l asterisk l", "Too few", ONCE, prepare=without_quota),
    Case("evaluation", "L l l l asterisk l e e", "On 4 labeled", prepare=typical.working),
    Case("evaluation queued", "L l l l asterisk l e e", "queued", ONCE),
    Case("reading", "L l l l enter", "142 characters, 1 text record", ONCE),
]
OUTSIDE = [
    Case("projects", "", "2 projects", ALL, typical.two_projects, at=None),
    Case("projects none", "", "no project yet", SMALL, typical.no_project, at=None),
    Case("project delete", "d", "Delete the project", ONCE, at=None),
    Case("create project", "n", "Container", SMALL, at=None),
    Case("create project wrong", "n ctrl+s", "A folder is needed", ONCE, at=None),
    *(
        Case(f"tour {page}", "l " * (page - 1), f"{page} of 4", SMALL, typical.no_project, TOUR, at=None)
        for page in range(1, 5)
    ),
]
GPT = [
    Case("resources", "at", "gpt-4o", BOTH, typical.gpt_loans),
    Case("resources none", "at", "There is no resource", ONCE),
    Case("resource prices", "at e", "Price of input", ONCE, typical.gpt_loans),
    Case("wizard deployment", "L j l", "work", BOTH, typical.gpt_loans),
    Case("wizard gpt categories", "L j l l", "selected", ONCE, typical.gpt_loans),
    Case("wizard gpt start", "L j l l l space l", "work.openai.azure.com", ONCE, typical.gpt_loans),
    Case("wizard gpt budget", "L j l l l space l b", "Budget", ONCE, typical.gpt_loans),
    Case("job over budget", "J", "used up", ONCE, typical.gpt_loans),
    Case("job new budget", "J R", "A new budget", ONCE, typical.gpt_loans),
    Case("to place", "r", "To place", BOTH, typical.gpt_loans),
    Case("to place at a likely place", "r n n", "To place", ONCE, typical.gpt_loans),
]
BROKEN = [
    Case("broken documents", "D G", "empty.txt", ONCE, typical.broken_documents, at=ONE),
    Case("empty document", "", "mpty", ONCE, typical.broken_documents, at="empty.txt"),
]
CASES = [*LABELING, *DIALOGS, *PROJECT, *WIZARD, *GPT, *BROKEN, *OUTSIDE]


@pytest.fixture(autouse=True)
def _same_everywhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times are shown in the time zone of the reader, colours as the environment says."""
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.delenv("NO_COLOR", raising=False)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("case", "size"),
    [pytest.param(case, size, id=f"{case}-{size[0]}x{size[1]}") for case in CASES for size in case.sizes],
)
def test_a_screen_looks_as_it_did(
    snap_compare: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: Case, size: tuple[int, int]
) -> None:
    home = asyncio.run(made(case, tmp_path))
    if case.no_color:
        monkeypatch.setenv("NO_COLOR", "1")
    opened: dict[str, Any] = {} if case.at is None else {"open_project": "loans", "document": case.at or None}
    app = LabelerApp(home.workbench, **opened, **case.options)

    async def show(pilot: Pilot[None]) -> None:
        await settle(pilot)
        # What others do is looked for by a timer: here it is known from the start.
        await app.follower.look()
        for key in case.keys.split():
            await until_there(pilot)
            if key.startswith("'"):
                await paste(pilot, key[1:].format(folder=tmp_path))
            else:
                await press(pilot, key)
        for _ in range(PATIENCE):
            await until_there(pilot)
            if case.shows in screen_text(pilot):
                break
        assert case.shows in screen_text(pilot), screen_text(pilot)

    assert snap_compare(app, terminal_size=size, run_before=show)


async def made(case: Case, folder: Path) -> JobHome:
    """The home of a case, as it is before the application starts."""
    home = await case.home(folder)
    await home.session.close()
    case.prepare(home, folder)
    return home


async def until_there(pilot: Pilot[None]) -> None:
    """Until the screen has read what it shows; what it waits for from a screen above it may stay open."""
    await settle(pilot)
    for _ in range(PATIENCE):
        if not any(
            _is_of(worker, pilot.app.screen) for worker in pilot.app.workers if not worker.is_finished
        ):
            break
        await pilot.pause()
    await settle(pilot)


def _is_of(worker: Worker[Any], screen: Screen[Any]) -> bool:
    return isinstance(worker.node, Widget) and worker.node.screen is screen
