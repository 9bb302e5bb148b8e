"""Commands that are ended before their work is done say what that means, and leave nothing half made."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.conftest import azure_labels, write_json
from tui_labeler.cli import main
from tui_labeler.cli.following import job_error
from tui_labeler.cli.output import Output
from tui_labeler.domain.jobs import Job, JobKind, JobRequest, JobState
from tui_labeler.engine.adapters.folder import FolderContainer
from tui_labeler.engine.documents.documents import Documents, DocumentText
from tui_labeler.engine.errors import ContainerError
from tui_labeler.engine.label_files import LabelFiles
from tui_labeler.engine.workbench import CreatedProject, Workbench

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli

SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


@SIGNALS
def test_an_interrupted_creation_makes_no_project_and_says_so(
    number: signal.Signals, cli: Cli, letters: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = ("project", "create", "letters", "--kind", "ner", "--container", str(letters))

    def once(_: Output, stage: str, count: int) -> None:
        if count == 1:  # a second signal would ask to leave things as they are
            os.kill(os.getpid(), number)

    with monkeypatch.context() as patch:
        patch.setattr(Output, "step", once)
        ran = cli(*create, "--json")
        people = cli(*create)
    assert ran.code == people.code == 130
    assert (ran.error["code"], ran.error["message"]) == ("interrupted", "No project was made.")
    assert "No project was made." in people.err
    assert people.out == ""
    assert list(cli.home.glob("making/*")) == []
    assert cli("project", "list", "--json").json["items"] == []
    assert cli(*create).code == 0


@SIGNALS
@pytest.mark.parametrize("stage", ["build", "Context"])
def test_a_command_that_is_interrupted_before_it_has_begun_says_so(
    number: signal.Signals, stage: str, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = getattr(main, stage)

    def interrupted(*arguments: Any) -> Any:
        os.kill(os.getpid(), number)
        return real(*arguments)

    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(main, stage, interrupted)
    ran = cli("project", "list", "--json")
    assert (ran.code, ran.error["code"]) == (130, "interrupted")
    assert signal.getsignal(signal.SIGTERM) is before


@SIGNALS
def test_an_import_that_is_interrupted_while_the_file_is_checked_brings_nothing(
    number: signal.Signals, cli: Cli, project: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_json(tmp_path / "more.json", azure_labels(range(12)))
    read = Documents.text

    async def interrupted(self: Documents, document_id: int) -> DocumentText:
        os.kill(os.getpid(), number)
        return await read(self, document_id)

    with monkeypatch.context() as patch:
        patch.setattr(Documents, "text", interrupted)
        ran = cli("import", project, str(file), "--json")
    assert (ran.code, ran.error["message"]) == (130, "No label was imported.")
    assert cli("project", "show", project, "--json").json["labeled"] == 8


def test_an_import_that_has_begun_to_write_is_finished(
    cli: Cli, project: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_json(tmp_path / "more.json", azure_labels(range(12)))
    commit = LabelFiles._commit

    async def interrupted(self: LabelFiles, *arguments: Any) -> None:
        await commit(self, *arguments)
        os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(LabelFiles, "_commit", interrupted)
        ran = cli("import", project, str(file), "--json")
    assert (ran.code, ran.json["documents"]) == (0, 12)
    assert cli("project", "show", project, "--json").json["labeled"] == 12


TEXTS = 6


def signal_on_text(monkeypatch: pytest.MonkeyPatch, number: signal.Signals, *texts: int) -> None:
    """The process is interrupted while it writes some of the texts that it adds."""
    add, count = FolderContainer.add, [0]

    async def interrupted(self: FolderContainer, name: str, content: bytes) -> str:
        count[0] += 1
        if count[0] in texts:
            os.kill(os.getpid(), number)
            await asyncio.sleep(0)
        return await add(self, name, content)

    monkeypatch.setattr(FolderContainer, "add", interrupted)


def new_texts(folder: Path) -> str:
    rows = [
        {"text": f"Ann number {n}", "spans": [{"start": 0, "end": 3, "label": "Person"}]}
        for n in range(TEXTS)
    ]
    path = folder / "new.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


@SIGNALS
def test_an_import_that_is_interrupted_while_it_writes_texts_goes_on_to_its_end_and_says_so(
    number: signal.Signals, cli: Cli, project: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        signal_on_text(patch, number, 3)
        ran = cli("import", project, new_texts(tmp_path), "--add-documents", "--json")
    assert (ran.code, ran.json["labels"], len(ran.json["added"])) == (0, TEXTS, TEXTS)
    assert "goes on to its end" in ran.err
    assert cli("project", "show", project, "--json").json["labeled"] == 8 + TEXTS


@SIGNALS
def test_an_import_that_is_interrupted_twice_stops_and_the_next_command_finishes_it(
    number: signal.Signals, cli: Cli, project: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        signal_on_text(patch, number, 2, 4)
        ran = cli("import", project, new_texts(tmp_path), "--add-documents", "--json")
    assert (ran.code, ran.error["code"]) == (130, "interrupted")
    assert "finished when the project is opened next" in ran.err + ran.out
    assert "No label was imported" not in ran.out
    after = cli("project", "show", project, "--json")
    assert "An import that was interrupted is finished" in after.err
    assert (after.json["labeled"], after.json["documents"]) == (8 + TEXTS, 12 + TEXTS)
    assert cli("undo", project, "--json").code == 0
    assert cli("project", "show", project, "--json").json["labeled"] == 8


CREATE = ("project", "create", "letters", "--kind", "ner", "--json")


def test_a_project_whose_making_is_interrupted_twice_while_texts_are_written_is_there_and_finished_next(
    cli: Cli, letters: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = (*CREATE, "--container", str(letters), "--labels", new_texts(tmp_path), "--add-documents")
    with monkeypatch.context() as patch:
        signal_on_text(patch, signal.SIGTERM, 2, 4)
        ran = cli(*create)
    assert (ran.code, ran.error["code"]) == (130, "interrupted")
    assert "The project is made" in ran.error["message"]
    after = cli("project", "show", "letters", "--json").json
    assert (after["labeled"], after["documents"]) == (TEXTS, 12 + TEXTS)


def test_there_is_no_project_where_its_texts_can_not_be_written(
    cli: Cli, letters: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = (*CREATE, "--container", str(letters), "--labels", new_texts(tmp_path), "--add-documents")

    async def full(self: FolderContainer, name: str, content: bytes) -> str:
        raise ContainerError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(FolderContainer, "add", full)
        assert cli(*create).error["message"] == "the disk is full"
    assert cli("project", "list", "--json").json["items"] == []
    made = cli(*create).json
    assert (made["labeled"], made["documents"]) == (TEXTS, 12 + TEXTS)


KILLED = """
import os, signal, sys
from tui_labeler.engine.adapters.folder import FolderContainer
from tui_labeler.cli.main import main
add, left = FolderContainer.add, [int(sys.argv.pop(1))]
async def dying(self, name, content):
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    return await add(self, name, content)
FolderContainer.add = dying
sys.exit(main())
"""


@pytest.mark.parametrize("count", [0, 3])
def test_a_creation_that_is_killed_while_it_writes_texts_leaves_none_without_a_project(
    count: int, cli: Cli, letters: Path, tmp_path: Path
) -> None:
    create = (*CREATE, "--container", str(letters), "--labels", new_texts(tmp_path), "--add-documents")
    ended = subprocess.run([sys.executable, "-c", KILLED, str(count), *create], check=False, timeout=50)
    assert ended.returncode == -signal.SIGKILL
    after = cli("project", "show", "letters", "--json").json
    assert (after["labeled"], after["documents"]) == (TEXTS, 12 + TEXTS)
    assert len([path for path in letters.iterdir() if path.suffix == ".txt"]) == 12 + TEXTS


@SIGNALS
def test_any_other_command_says_that_it_was_interrupted(
    number: signal.Signals, cli: Cli, project: str, letters: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in letters.iterdir():
        path.write_text("another text")
    before = signal.getsignal(number)
    monkeypatch.setattr(Output, "step", lambda *_: os.kill(os.getpid(), number))
    ran = cli("sync", project, "--json")
    assert (ran.code, ran.error["code"]) == (130, "interrupted")
    assert cli("sync", project).err.startswith("Interrupted")
    assert signal.getsignal(number) is before


def test_a_job_whose_process_is_gone_is_told_as_an_error() -> None:
    job = Job(JobRequest("j1", JobKind.TRAIN, "ana", "2026-11-21T09:00:00Z"), state=JobState.INTERRUPTED)
    error = job_error(job)
    assert error is not None
    assert (error.code, error.exit_code) == ("interrupted", 130)
    assert "job resume" in error.hint


def test_a_job_whose_batch_is_being_cancelled_asks_for_no_larger_budget() -> None:
    request = JobRequest("j1", JobKind.AUTOLABEL, "ana", "2026-11-21T09:00:00Z")
    words = "1 batch is not cancelled at the service yet. Resume the job to collect it."
    error = job_error(Job(request, state=JobState.CANCELLED, code="cancelled", message=words))
    assert error is not None
    assert "job resume PROJECT j1" in error.hint
    assert "budget" not in error.hint


@SIGNALS
def test_an_interrupted_demo_ends_like_any_other_command(
    number: signal.Signals, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = Workbench.create

    async def interrupted(self: Workbench, *arguments: Any, **options: Any) -> CreatedProject:
        os.kill(os.getpid(), number)
        return await create(self, *arguments, **options)

    monkeypatch.setattr(Workbench, "create", interrupted)
    ran = cli("demo", "--home", str(tmp_path / "demo"), "--json")
    assert (ran.code, ran.error["code"]) == (130, "interrupted")
    assert list((tmp_path / "demo").glob("projects/*")) == []


@SIGNALS
def test_resuming_a_job_that_is_ended_before_it_is_found_says_what_to_do(
    number: signal.Signals, cli: Cli, trained: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = cli("jobs", trained, "--json").json["items"][0]["job_id"]
    opened = Workbench.open

    async def interrupted(self: Workbench, name: str) -> Any:
        os.kill(os.getpid(), number)
        await asyncio.sleep(0)
        return await opened(self, name)

    monkeypatch.setattr(Workbench, "open", interrupted)
    ran = cli("job", "resume", trained, job_id, "--json")
    assert (ran.code, ran.error["code"]) == (130, "interrupted")
    assert "Run it again" in ran.error["hint"]
