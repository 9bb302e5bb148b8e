"""``watch``: labeling by itself on a server, round after round, a line of JSON each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui_labeler.cli.commands.autolabel import add_choice, chosen_documents, named_documents
from tui_labeler.cli.methods import COSTS, add_method, check_method, terms_words
from tui_labeler.cli.output import Report, error_fields
from tui_labeler.cli.parser import UsageError, add_command, positive
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    import asyncio

    from tui_labeler.cli.context import Context
    from tui_labeler.domain.jobs import Job
    from tui_labeler.engine.errors import LabelerError
    from tui_labeler.engine.session import ProjectSession
    from tui_labeler.engine.watching import Round, Watch, Watched

EVERY = 60
"""Seconds between two rounds, unless a person says otherwise."""

LONGEST_PAUSE = 15 * 60
"""Seconds after a round that failed, at most, where rounds do not come more rarely anyway."""


def register(parsers: Any) -> None:
    parser = add_command(
        parsers,
        "watch",
        watch,
        "have what comes new into the container labeled, until interrupted",
        details="Each round syncs, has a model or a deployment label the documents that it was never asked "
        "about (of the unlabeled ones, without a choice), and syncs again; it prints one line of JSON. What "
        "people do meanwhile is left alone. A round that fails says so, and the next one goes on, later "
        f"each time. There is one watcher a project. {COSTS} For a deployment it asks before it begins; "
        "--yes or a budget, which is for the whole watch, agrees beforehand. Interrupting it cancels a job "
        "that is at work (exit code 130); between two rounds it just ends (0). docs/watch.md says how to "
        "run it as a service; with --once a job that an earlier watcher left is the round.",
        examples="""
            tui-labeler watch letters --model first
            tui-labeler watch letters --model first --once
            tui-labeler watch letters --resource work --deployment gpt-4o --budget 5 --every 300
        """,
    )
    parser.add_argument("project", metavar="PROJECT")
    add_method(parser)
    add_choice(parser, limit="N documents a round, at most")
    parser.add_argument(
        "--every",
        type=positive,
        metavar="SECONDS",
        default=EVERY,
        help=f"from one round to the next (default: {EVERY})",
    )
    parser.add_argument("--once", action="store_true", help="one round, and its exit code: for cron")
    parser.add_argument("--yes", action="store_true", help="start without asking; a model never asks")


async def watch(context: Context) -> Report:
    from tui_labeler.cli.following import follow, interruptions
    from tui_labeler.engine.watching import Watch

    options = context.options
    check_method(options)
    if options.batch and options.resource is None:
        raise UsageError("--batch goes with --resource, not with --model.", hint="Leave it out.")
    named = named_documents(options)
    async with context.project() as session:
        if session.watch_lock is None:
            raise UsageError("The project can't be watched.", hint="Open it from its home.")
        watched = await _watched(context, session)
        with interruptions() as asked:
            watching = Watch(
                session,
                session.watch_lock,
                watched,
                lambda: chosen_documents(session, options.filters, named),
                lambda job: follow(session, job, context.out, asked),
            )
            async with watching.held():
                return await _Rounds(context, session, watching, asked).run()


async def _watched(context: Context, session: ProjectSession) -> Watched:
    """What labels, agreed to. Raises ``NotFoundError``, and as consent does."""
    from tui_labeler.cli.asking import asked_deployment, tried
    from tui_labeler.domain.jobs import Method
    from tui_labeler.engine.autolabelers.options import check_budget
    from tui_labeler.engine.models.models import find_model
    from tui_labeler.engine.watching import Watched

    options = context.options
    names = dict.fromkeys(options.category)
    categories = tuple(session.categories.by_name(name).id for name in names) or None
    if options.resource is None:
        await find_model(session.models, options.model)
        return Watched(Method("model", model=options.model), categories, options.limit)
    terms = await asked_deployment(context, batch=options.batch)
    told = f"{terms.where('new documents')} {terms_words(terms.options)}"
    if options.yes or options.budget is not None or options.budget_tokens is not None:
        context.out.note(told)
    else:
        context.out.consent(f"{told} Start?", yes=False)
    terms = await tried(context, terms, agreed=True)
    check_budget(terms.options, terms.prices)
    return Watched(terms.method, categories, options.limit, terms.options, terms.prices)


class _Rounds:
    """Rounds, one after the other, and what is told of them."""

    def __init__(
        self, context: Context, session: ProjectSession, watching: Watch, asked: asyncio.Event
    ) -> None:
        self._context = context
        self._session = session
        self._watching = watching
        self._asked = asked
        self._number = 0
        self._failures = 0

    async def run(self) -> Report:
        """Until somebody asks for the end, or what ends a watch happens: raises that."""
        options = self._context.options
        while True:
            found = await self._round()
            if found is None:
                return self._ended(130, "The watch was ended in the middle of a round.")
            is_behind = found.is_behind and not self._asked.is_set()
            self._failures = self._failures + 1 if _is_failed(found) else 0
            pause = 0 if is_behind else self._pause()
            code = self._end(found)
            is_last = code is not None or options.once
            await self._tell(found, None if is_last else pause)
            if code is not None:
                return self._ended(code)
            if is_last:
                return self._ended(_code(found))
            if await self._interrupted(pause):
                return self._ended(0, "The watch was ended.")

    def _ended(self, code: int, words: str = "") -> Report:
        """Both streams have all that there is to say, and get no document more."""
        if words:
            self._context.out.note(words)
        return Report({}, code=code, is_told=True)

    async def _round(self) -> Round | None:
        """``None`` where it was ended before there was anything to tell."""
        import asyncio

        self._number += 1
        at_work = asyncio.ensure_future(self._watching.round())
        asking = asyncio.ensure_future(self._asked.wait())
        try:
            await asyncio.wait({at_work, asking}, return_when=asyncio.FIRST_COMPLETED)
            if not at_work.done() and not self._watching.is_labeling:
                return None
            found = await at_work
        finally:
            for task in (asking, at_work):
                task.cancel()
            await asyncio.gather(asking, at_work, return_exceptions=True)
            self._context.out.clear()
        if found.job is not None or found.synced.added or found.synced.changed or found.synced.gone:
            await self._session.store.checkpoint()
        return found

    def _end(self, found: Round) -> int | None:
        """The exit code of a watch that ends with this round: somebody, or its budget, stopped the job."""
        from tui_labeler.cli.following import exit_code
        from tui_labeler.domain.jobs import JobState

        if found.job is None or found.job.state is not JobState.CANCELLED:
            return None
        if not found.job.code and not self._asked.is_set():
            self._context.out.note(f"Job {found.job.id} was cancelled elsewhere: the watch ends.")
        return exit_code(found.job)

    def _pause(self) -> int:
        """Seconds to the next round: more after each one that failed."""
        every: int = self._context.options.every
        return min(every << min(self._failures, 20), max(every, LONGEST_PAUSE))

    async def _interrupted(self, pause: int) -> bool:
        import asyncio

        try:
            async with asyncio.timeout(pause):
                await self._asked.wait()
        except TimeoutError:
            return False
        return True

    # --- telling ------------------------------------------------------------------------------------

    async def _tell(self, found: Round, pause: int | None) -> None:
        from tui_labeler.cli.following import job_error

        out = self._context.out
        error = found.error
        if error is None and found.job is not None:
            error = job_error(found.job)
        out.line(await self._fields(found, error, pause))
        synced = found.synced
        for name, problem in synced.unreadable if synced.added or synced.changed else ():
            out.note(f"{name} can't be read: {problem}")
        for warning in synced.warnings:
            out.note(f"warning: {warning}")
        if found.job is not None:
            job = found.job
            out.note(
                f"Round {self._number}: job {job.id} {job.state.value}, "
                f"{job.done:,} of {counted(len(job.request.documents), 'document')}, "
                f"{counted(job.suggestions, 'suggestion')}."
            )
        if error is not None:
            later = "" if pause is None else f" The next round is in {counted(pause, 'second')}."
            out.note(f"Round {self._number}: {error.title}: {error.message}{later}")
            if error.hint:
                out.note(f"  {error.hint}")

    async def _fields(self, found: Round, error: LabelerError | None, pause: int | None) -> dict[str, Any]:
        synced, shared = found.synced, found.shared
        fields = {
            "round": self._number,
            "time": self._session.surroundings.now(),
            **await self._job_fields(found.job),
            "new": found.new,
            "left": found.left,
            "sync": {
                "added": synced.added,
                "changed": synced.changed,
                "gone": synced.gone,
                "downloaded": synced.added + synced.changed + shared.downloaded,
                "uploaded": shared.uploaded,
                "conflicts": len(shared.conflicts),
                "unreadable": len(synced.unreadable),
            },
            "next_in": pause,
        }
        return {**fields, "error": error_fields(error)} if error else fields

    async def _job_fields(self, job: Job | None) -> dict[str, Any]:
        from tui_labeler.cli.shapes import job_not_started, shown_job
        from tui_labeler.engine.jobs.counts import counts_of

        if job is not None:
            store = self._session.store
            return shown_job(job, store.state, await counts_of(store, job))
        return job_not_started()


def _is_failed(found: Round) -> bool:
    """Whether the next round comes later: where the same is likely to fail again."""
    from tui_labeler.cli.following import SOME_FAILED
    from tui_labeler.domain.jobs import JobState

    if found.job is not None and found.job.state is JobState.FAILED:
        return True
    return _code(found) > SOME_FAILED


def _code(found: Round) -> int:
    """The exit code of one round."""
    from tui_labeler.cli.following import exit_code

    code = 0 if found.job is None else exit_code(found.job)
    return code if found.error is None or code > 1 else found.error.exit_code
