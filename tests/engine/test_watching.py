"""A watcher labels what is new, once, within what it may use, and goes on after what goes wrong."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import TEXT, Bench, document, suggestions
from tui_labeler.domain.document_filters import DocumentFilter
from tui_labeler.domain.documents import Document, DocumentState
from tui_labeler.domain.jobs import Job, JobState, Method, Usage
from tui_labeler.domain.labels import Span
from tui_labeler.domain.resources import Prices
from tui_labeler.engine import watching
from tui_labeler.engine.adapters.store.watch_lock import FileWatchLock
from tui_labeler.engine.autolabelers import asking
from tui_labeler.engine.autolabelers.options import GptOptions
from tui_labeler.engine.autolabelers.spending import BudgetError
from tui_labeler.engine.deployments.chat import Finish, Reply, TroubleError, UnansweredError
from tui_labeler.engine.errors import DeletedError, LabelerError, LockedError, UnreachableError
from tui_labeler.engine.jobs import answered
from tui_labeler.engine.sharing.synced import Shared
from tui_labeler.engine.watching import Watch, Watched

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.ports.watching import Holder
    from tui_labeler.engine.session import ProjectSession

MODEL = Method("model", "rules")
GPT = Method("gpt", resource="work", deployment="gpt")
NOTHING = "Nobody is here.\n"


class NoLock:
    """Whoever asks has it."""

    @asynccontextmanager
    async def held(self, holder: Holder) -> AsyncIterator[str]:
        yield ""


def watch_of(
    bench: Bench,
    session: ProjectSession,
    watched: Watched | None = None,
    *,
    follow: Callable[[Job], Awaitable[Job]] | None = None,
    states: frozenset[DocumentState] = frozenset({DocumentState.UNLABELED}),
) -> Watch:
    async def choose() -> list[object]:
        return session.documents.select(DocumentFilter(states=states))  # type: ignore[return-value]

    async def run(job: Job) -> Job:
        ended = job if job.state.is_over else await bench.run(job)
        await session.refresh()
        return ended

    return Watch(session, NoLock(), watched or Watched(MODEL), choose, follow or run)  # type: ignore[arg-type]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Jobs do not wait before they ask again."""
    monkeypatch.setattr(asking, "FIRST_WAIT", 0.001)
    monkeypatch.setattr(asking, "LOOK_AGAIN", (0.001, 0.002))
    return Bench(tmp_path)


async def test_what_is_new_is_labeled_and_nothing_twice(bench: Bench) -> None:
    session = await bench.create({"a.txt": TEXT, "b.txt": NOTHING})
    model = await bench.add_model(session)
    watch = watch_of(bench, session)
    first = await watch.round()
    assert first.job is not None
    assert (first.job.state, first.job.done, first.new) == (JobState.SUCCEEDED, 2, 2)
    assert len(suggestions(session, "a.txt")) == 5
    second = await watch.round()
    assert (second.job, second.new, second.error) == (None, 0, None)
    bench.write({"c.txt": TEXT})
    third = await watch.round()
    assert third.job is not None
    assert (third.synced.added, third.job.done) == (1, 1)
    assert len(model.seen) == 3
    assert len(suggestions(session, "c.txt")) == 5


async def test_another_watcher_knows_what_the_one_before_it_asked(bench: Bench) -> None:
    session = await bench.create({"a.txt": NOTHING})
    model = await bench.add_model(session)
    await watch_of(bench, session).round()
    again = await bench.session("bo")
    assert (await watch_of(bench, again).round()).new == 0
    assert len(model.seen) == 1


async def test_a_text_that_has_changed_and_a_model_that_was_trained_anew_are_new(bench: Bench) -> None:
    session = await bench.create({"a.txt": NOTHING, "b.txt": NOTHING})
    await bench.add_model(session)
    watch = watch_of(bench, session)
    await watch.round()
    bench.write({"a.txt": TEXT})
    found = await watch.round()
    assert found.job is not None
    assert (found.new, found.job.suggestions) == (1, 5)
    await bench.add_model(session, confidence=0.8)
    anew = await watch.round()
    assert anew.job is not None
    assert anew.new == 1
    assert [session.rows[key].location for key in anew.job.request.documents] == ["b.txt"]


async def test_a_category_that_was_not_asked_for_makes_documents_new(bench: Bench) -> None:
    session = await bench.create({"a.txt": NOTHING})
    await bench.add_model(session)
    person, place = (session.categories.by_name(name).id for name in ("Person", "Place"))
    await watch_of(bench, session, Watched(MODEL, (person,))).round()
    assert (await watch_of(bench, session, Watched(MODEL, (person,))).round()).new == 0
    assert (await watch_of(bench, session, Watched(MODEL, (person, place))).round()).new == 1


async def test_what_another_home_has_asked_is_known_by_its_suggestions(bench: Bench) -> None:
    session = await bench.create({"a.txt": TEXT})
    await bench.add_model(session)
    every = frozenset[DocumentState]()
    assert (await watch_of(bench, session, states=every).round()).new == 1
    for job in await session.jobs.list():
        await session.jobs.delete(job.id)
    assert (await watch_of(bench, session, states=every).round()).new == 0


async def test_people_s_drafts_and_labels_stay_as_they_are(bench: Bench) -> None:
    session = await bench.create({"a.txt": TEXT, "b.txt": TEXT})
    await bench.add_model(session)
    person = session.categories.by_name("Person").id
    bo = await bench.session("bo")
    await bo.labeling.add(document(bo, "a.txt").id, person, Span(8, 11))
    before = document(bo, "a.txt").labels
    every = frozenset[DocumentState]()
    await watch_of(bench, session, states=every).round()
    await bo.refresh()
    assert document(bo, "a.txt").labels == before
    assert [item.draft and item.draft.actor for item in before.values()] == ["bo"]
    assert Span(8, 11) not in {item.span for item in suggestions(bo, "a.txt")}


async def test_as_many_documents_are_taken_as_the_quota_allows_and_the_rest_is_told(bench: Bench) -> None:
    bench.quota = 2
    session = await bench.create(3)
    await bench.add_model(session)
    watch = watch_of(bench, session)
    first = await watch.round()
    assert first.job is not None
    assert (first.job.done, first.new, first.left) == (2, 3, 1)
    assert first.error is not None
    assert first.error.code == "quota"
    second = await watch.round()
    assert (second.job, second.left) == (None, 1)
    assert not second.is_behind
    bench.clock.pass_time(days=31)
    third = await watch.round()
    assert (third.left, third.error) == (0, None)


async def test_a_limit_cuts_rounds_and_not_documents(bench: Bench) -> None:
    session = await bench.create(5)
    await bench.add_model(session)
    watch = watch_of(bench, session, Watched(MODEL, limit=2))
    found = [await watch.round() for _ in range(4)]
    assert [round_.job.done if round_.job else 0 for round_ in found] == [2, 2, 1, 0]
    assert [round_.is_behind for round_ in found] == [True, True, False, False]


async def test_a_model_that_is_gone_fails_the_round_and_one_that_is_back_mends_it(bench: Bench) -> None:
    session = await bench.create(1)
    await bench.add_model(session)
    watch = watch_of(bench, session)
    await watch.round()
    await bench.models.delete("rules")
    bench.write({"new.txt": TEXT})
    failed = await watch.round()
    assert failed.job is None
    assert failed.error is not None
    assert failed.error.code == "not_found"
    assert failed.synced.added == 1
    await bench.add_model(session)
    mended = await watch.round()
    assert mended.job is not None
    assert mended.job.done == 1


async def test_a_project_that_was_deleted_ends_the_watch(bench: Bench) -> None:
    session = await bench.create(1)
    await bench.add_model(session)
    watch = watch_of(bench, session)
    await bench.workbench().delete("Test", purge=False)
    with pytest.raises(DeletedError):
        await watch.round()


async def test_the_budget_is_for_all_rounds_together(bench: Bench) -> None:
    session = await bench.create({"a.txt": TEXT})
    bench.chat.says = lambda text: Reply('{"entities": []}', Finish.STOP, Usage(1000, 100))
    prices = Prices(100.0, 100.0)
    watched = Watched(GPT, gpt=GptOptions(budget_usd=0.5, budget_tokens=100_000), prices=prices)
    watch = watch_of(bench, session, watched)
    await watch.round()
    bench.write({"b.txt": TEXT + "B"})
    found = await watch.round()
    assert found.job is not None
    options = GptOptions.of(found.job.request.options)
    assert options.budget_usd == pytest.approx(0.5 - 1100 * 100 / 1e6)
    assert options.budget_tokens == 100_000 - 1100
    for number in range(5):
        bench.write({f"more{number}.txt": f"{TEXT}{number}"})
    last = await watch.round()
    assert last.job is not None
    assert (last.job.state, last.job.code) == (JobState.CANCELLED, "budget")


async def test_a_watch_whose_budget_is_all_spent_ends(bench: Bench) -> None:
    session = await bench.create({"a.txt": TEXT})
    bench.chat.says = lambda text: Reply('{"entities": []}', Finish.STOP, Usage(90_000, 20_000))
    watched = Watched(GPT, gpt=GptOptions(budget_tokens=100_000))
    watch = watch_of(bench, session, watched)
    await watch.round()
    bench.write({"b.txt": TEXT + "B"})
    with pytest.raises(BudgetError, match="110,000 tokens"):
        await watch.round()


async def test_a_document_that_can_t_be_answered_is_asked_about_once(bench: Bench) -> None:
    session = await bench.create({"a.txt": TEXT, "b.txt": NOTHING})

    def says(text: str) -> str | Exception:
        refused = UnansweredError("The content filter refused it.", reason="content_filter")
        return refused if "Nobody" in text else '{"entities": []}'

    bench.chat.says = says
    watch = watch_of(bench, session, Watched(GPT, gpt=GptOptions()))
    first = await watch.round()
    assert first.job is not None
    assert [item.error for item in first.job.failed] == ["content_filter"]
    assert (await watch.round()).new == 0
    bench.write({"b.txt": "Nobody at all.\n"})
    assert (await watch.round()).new == 1


async def test_a_document_that_met_trouble_is_tried_a_few_times(bench: Bench) -> None:
    session = await bench.create({"a.txt": NOTHING})
    bench.chat.says = lambda text: TroubleError("broken") if "Nobody" in text else '{"entities": []}'
    watch = watch_of(bench, session, Watched(GPT, gpt=GptOptions()))
    tries = []
    for number in range(6):
        bench.write({f"good{number}.txt": f"{TEXT}{number}"})
        found = await watch.round()
        assert found.job is not None
        tries.append(len(found.job.failed))
    assert tries == [1, 1, 1, 0, 0, 0]


async def test_a_night_without_the_deployment_leaves_one_failed_job_and_loses_no_document(
    bench: Bench,
) -> None:
    session = await bench.create({"a.txt": TEXT})
    bench.chat.says = lambda text: TroubleError("away")
    watch = watch_of(bench, session, Watched(GPT, gpt=GptOptions()))
    for _ in range(5):
        failed = await watch.round()
        assert failed.job is not None
        assert failed.job.state is JobState.FAILED
    assert len(await session.jobs.list()) == 1
    bench.chat.says = lambda text: '{"entities": []}'
    mended = await watch.round()
    assert mended.job is not None
    assert mended.job.done == 1


async def test_a_job_whose_watcher_and_runner_died_is_gone_on_with(bench: Bench) -> None:
    session = await bench.create(3)
    model = await bench.add_model(session)
    met: list[str] = []

    async def dies(job: Job) -> Job:
        met.append(job.id)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await watch_of(bench, session, follow=dies).round()
    bench.clock.pass_time(seconds=60)
    (job,) = await session.jobs.list()
    assert job.state is JobState.INTERRUPTED
    again = await bench.session()
    found = await watch_of(bench, again).round()
    assert found.job is not None
    assert (found.job.id, found.job.done, found.is_behind) == (met[0], 3, True)
    assert (await watch_of(bench, again).round()).new == 0
    assert len(model.seen) == 3
    assert (await again.quota.usage()).used == 3


async def test_a_job_that_is_at_work_is_followed_and_nothing_begun_beside_it(bench: Bench) -> None:
    session = await bench.create(2)
    await bench.add_model(session)
    rows = session.documents.select()
    begun = await session.jobs.autolabel(rows, MODEL, watched=True)
    found = await watch_of(bench, session).round()
    assert found.job is not None
    assert (found.job.id, found.job.state) == (begun.id, JobState.SUCCEEDED)
    assert len(await session.jobs.list()) == 1


async def test_documents_of_somebody_s_own_job_are_left_to_it(bench: Bench) -> None:
    session = await bench.create(2)
    await bench.add_model(session)
    await bench.start(session, "d0000.txt")
    found = await watch_of(bench, session).round()
    assert found.job is not None
    assert [session.rows[key].location for key in found.job.request.documents] == ["d0001.txt"]


async def test_the_second_watcher_of_a_home_is_told_who_is_the_first(tmp_path: Path, bench: Bench) -> None:
    session = await bench.create(1)
    folder = await bench.project_folder()
    around = replace(session.surroundings, host="server7", pid=4711, session="one")
    session.surroundings = around
    async with FileWatchLock(folder).held(session.holder("watching with first")):
        with pytest.raises(LockedError, match=r"ana on server7 \(process 4711\)"):
            async with FileWatchLock(folder).held(session.holder()):
                pass
    async with FileWatchLock(folder).held(session.holder()):
        pass


async def test_watchers_of_a_home_share_a_name_that_a_copy_of_it_does_not_have(
    tmp_path: Path, bench: Bench
) -> None:
    session = await bench.create(1)
    folder = await bench.project_folder()

    async def name(folder: Path) -> str:
        async with FileWatchLock(folder).held(session.holder()) as home:
            return home

    first = await name(folder)
    assert first
    assert await name(folder) == first
    shutil.copytree(folder, tmp_path / "copy")
    assert await name(tmp_path / "copy") != first
    (folder / "watch.json").unlink()
    assert await name(folder) != first


async def test_a_round_without_news_opens_no_document(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    session = await bench.create({f"{number}.txt": NOTHING for number in range(20)})
    await bench.add_model(session)
    watch = watch_of(bench, session)
    await watch.round()
    opened: list[int] = []
    real = answered._is_settled

    def counting(document: Document, *others: Any) -> bool:
        opened.append(document.id)
        return real(document, *others)

    monkeypatch.setattr(answered, "_is_settled", counting)
    await watch.round()
    opened.clear()
    assert (await watch.round()).new == 0
    assert opened == []
    bench.write({"7.txt": TEXT})
    assert (await watch.round()).new == 1
    assert [session.rows[key].location for key in opened] == ["7.txt"]


class Exchange:
    """Sharing that is busy, or broken, when a test says so."""

    is_on = True

    def __init__(self, *raises: LabelerError | None) -> None:
        self.raises = list(raises)
        self.synced = 0

    async def sync(self) -> Shared:
        error = self.raises.pop(0) if self.raises else None
        if error is not None:
            raise error
        self.synced += 1
        return Shared(downloaded=1, uploaded=2)


async def test_a_sync_of_somebody_else_in_the_home_is_waited_for(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "PAUSES", (0.0, 0.0, 0.0))
    session = await bench.create(1)
    await bench.add_model(session)
    busy = LockedError("The project is being synced in this home already.")
    session.sharing = exchange = Exchange(busy, busy)  # type: ignore[assignment]
    found = await watch_of(bench, session).round()
    assert (found.error, exchange.synced) == (None, 2)
    assert (found.shared.downloaded, found.shared.uploaded) == (2, 4)


async def test_a_line_that_breaks_after_the_job_takes_nothing_from_what_it_did(bench: Bench) -> None:
    session = await bench.create(1)
    await bench.add_model(session)
    session.sharing = exchange = Exchange(None, UnreachableError("the line is cut"))  # type: ignore[assignment]
    watch = watch_of(bench, session)
    found = await watch.round()
    assert found.job is not None
    assert (found.job.state, found.job.done) == (JobState.SUCCEEDED, 1)
    assert found.error is not None
    assert found.error.code == "container"
    after = await watch.round()
    assert (after.job, after.error, exchange.synced) == (None, None, 2)
