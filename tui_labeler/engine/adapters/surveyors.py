"""Surveys of jobs: in this process, or in one of its own for those that must stay quick."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from tui_labeler.domain.jobs import JobRequest, Method
from tui_labeler.engine.errors import InputError, LabelerError
from tui_labeler.engine.ports import Survey
from tui_labeler.engine.typed import convert, decode

if TYPE_CHECKING:
    from tui_labeler.engine.ports import AnswerStore, Container, JobStore, ProjectStore, Reach


class DirectSurveyor:
    """A :class:`~tui_labeler.engine.ports.Surveyor` that makes the questions by itself."""

    def __init__(
        self,
        store: ProjectStore,
        container: Container,
        answers: Callable[[], AnswerStore],
        reach: Callable[[Method], Awaitable[Reach]],
        jobs: JobStore | None = None,
    ) -> None:
        """``answers`` opens the kept answers as they are at that moment; ``jobs``: of the project."""
        self._store = store
        self._container = container
        self._answers = answers
        self._reach = reach
        self._jobs = jobs

    async def survey(self, requests: Sequence[JobRequest]) -> Sequence[Survey]:
        answers = self._answers()
        try:
            return [await self._one(request, answers) for request in requests]
        finally:
            await answers.close()

    async def _one(self, request: JobRequest, answers: AnswerStore) -> Survey:
        # What makes questions takes a while to load, and the process that draws never makes any.
        from tui_labeler.engine.deployments.chat import UnansweredError
        from tui_labeler.engine.gpt.survey import Surveying

        if request.method is None:
            raise InputError("The job does not say what labels.")
        reach = await self._reach(request.method)
        try:
            surveying = Surveying(self._store.state, self._container, answers, reach, self._jobs)
            return await surveying.survey(request)
        except UnansweredError as error:
            raise InputError(error.message, hint=error.hint) from error


class ProcessSurveyor:
    """A :class:`~tui_labeler.engine.ports.Surveyor` that leaves it to ``python -m tui_labeler.surveyor``.

    A process that draws neither loads vocabularies nor makes thousands of questions. Whoever is cancelled
    takes the other process with them.
    """

    program: ClassVar[tuple[str, ...]] = (sys.executable, "-m", "tui_labeler.surveyor")

    def __init__(self, home: Path, project_id: str) -> None:
        self._home = home.absolute()
        self._project_id = project_id

    async def survey(self, requests: Sequence[JobRequest]) -> Sequence[Survey]:
        child = await asyncio.create_subprocess_exec(
            *self.program,
            str(self._home),
            self._project_id,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            # Where the package is found, installed or not.
            cwd=Path(__file__).parents[3],
        )
        try:
            told, _ = await child.communicate(msgspec.json.encode(list(requests)))
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        return surveys_told(told)


def surveys_told(told: bytes) -> list[Survey]:
    """What the other process found out. Raises what it was refused with."""
    try:
        document = decode(told, dict[str, Any])
        if "error" in document:
            raise _error(convert(document["error"], dict[str, str]))
        return convert(document["surveys"], list[Survey])
    except (msgspec.MsgspecError, LookupError):
        raise InputError("What the job would ask could not be found out.") from None


def _error(fields: dict[str, str]) -> LabelerError:
    kind = type("SurveyError", (LabelerError,), {"title": fields["title"], "code": fields["code"]})
    error: LabelerError = kind(fields["message"], hint=fields["hint"])
    return error
