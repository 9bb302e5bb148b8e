"""A question that another job is asking is waited for, and not paid for twice."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.engine.autolabelers.test_asking import ESTIMATE, PRICES, Model, Requests, question, reply
from tests.engine.autolabelers.test_reusing import GPT
from tests.jumping_clock import jumping
from tui_labeler.domain.jobs import Usage
from tui_labeler.engine.adapters.store.answers import FileAnswerStore
from tui_labeler.engine.autolabelers.asking import Asker
from tui_labeler.engine.autolabelers.estimate import estimate_job
from tui_labeler.engine.autolabelers.options import GptOptions
from tui_labeler.engine.autolabelers.pacing import Pacer
from tui_labeler.engine.autolabelers.reusing import question_key
from tui_labeler.engine.autolabelers.spending import Spending
from tui_labeler.engine.autolabelers.under_way import PATIENCE, UNDER_WAY
from tui_labeler.engine.autolabelers.work import Made, Work
from tui_labeler.engine.deployments.chat import KeptReply, ResourceError, UnansweredError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.builders import Bench
    from tui_labeler.engine.autolabelers.asks import Asked

KEY = question_key("azure/gpt", question())

HOLDING = """
import sys
from pathlib import Path
from tui_labeler.engine.adapters.store.claims import ClaimFile
print(ClaimFile(Path(sys.argv[1])).take(sys.argv[2]), flush=True)
sys.stdin.read()
"""


class Slow(Model):
    """Answers when it is told to."""

    def __init__(self, *steps: Exception) -> None:
        super().__init__(*steps)
        self.begun, self.answers = asyncio.Event(), asyncio.Event()

    async def ask(self, question):  # type: ignore[no-untyped-def]
        self.begun.set()
        await self.answers.wait()
        return await super().ask(question)


def asker(model: Model, store: FileAnswerStore, job: str) -> Asker:
    return Asker(model, "azure/gpt", job, Pacer(8), Spending(PRICES, None), store, Requests())


async def both(one: Slow, other: Model, folder: Path) -> tuple[asyncio.Task[Asked], asyncio.Task[Asked]]:
    """Two jobs that ask the same, the second while the first is at it."""
    stores = [FileAnswerStore(folder, name) for name in ("one", "other")]
    first = asyncio.create_task(asker(one, stores[0], "job1").ask(question(), ESTIMATE))
    await one.begun.wait()
    assert stores[1].is_claimed(KEY)
    second = asyncio.create_task(asker(other, stores[1], "job2").ask(question(), ESTIMATE))
    await asyncio.sleep(0.3)
    assert not second.done()
    return first, second


async def test_two_jobs_at_once_ask_a_question_once(tmp_path: Path) -> None:
    one, other = Slow(), Model()
    first, second = await both(one, other, tmp_path)
    one.answers.set()
    assert (await first).usage == reply().usage
    found = await second
    assert (found.from_cache, found.usage, other.asked) == (True, Usage(), [])


async def test_a_question_that_failed_in_another_job_is_asked_by_the_one_that_waits(tmp_path: Path) -> None:
    one, other = Slow(UnansweredError("no", reason="bad_request")), Model()
    first, second = await both(one, other, tmp_path)
    one.answers.set()
    with pytest.raises(UnansweredError):
        await first
    assert ((await second).from_cache, len(other.asked)) == (False, 1)


async def test_whoever_waits_for_another_job_hears_at_once_of_a_cancel(tmp_path: Path) -> None:
    one, other = Slow(), Model()
    first, second = await both(one, other, tmp_path)
    begun = asyncio.get_running_loop().time()
    second.cancel()
    await asyncio.wait([second])
    assert asyncio.get_running_loop().time() - begun < 0.5
    one.answers.set()
    assert not (await first).from_cache


async def test_whoever_waits_for_another_job_hears_that_its_own_has_ended(tmp_path: Path) -> None:
    store, holder = FileAnswerStore(tmp_path, "one"), FileAnswerStore(tmp_path, "other")
    assert holder.claim(KEY)
    mine = asker(Model(ResourceError("no money")), store, "job1")
    waiting = asyncio.create_task(mine.ask(question(), ESTIMATE))
    with pytest.raises(ResourceError):
        await mine.ask(question("Another?"), ESTIMATE)
    with pytest.raises(ResourceError):
        await asyncio.wait_for(waiting, 1)


@jumping
async def test_a_job_that_gets_no_answers_is_not_waited_for_without_end(tmp_path: Path) -> None:
    store, holder = FileAnswerStore(tmp_path, "one"), FileAnswerStore(tmp_path, "other")
    assert holder.claim(KEY)
    model = Model()
    begun = asyncio.get_running_loop().time()
    with pytest.raises(UnansweredError) as caught:
        await asker(model, store, "job1").ask(question(), ESTIMATE)
    assert (caught.value.reason, model.asked) == (UNDER_WAY, [])
    assert PATIENCE <= asyncio.get_running_loop().time() - begun < PATIENCE + 2


@jumping
async def test_a_job_that_gets_answers_is_waited_for_longer(tmp_path: Path) -> None:
    store, holder = FileAnswerStore(tmp_path, "one"), FileAnswerStore(tmp_path, "other")
    assert holder.claim(KEY)
    model = Model()
    waiting = asyncio.create_task(asker(model, store, "job1").ask(question(), ESTIMATE))
    for number in range(3):
        await asyncio.sleep(PATIENCE * 0.7)
        await holder.keep(question_key("azure/gpt", question(f"{number}")), KeptReply(reply(), "job2"))
    await holder.keep(KEY, KeptReply(reply("late"), "job2"))
    holder.release(KEY)
    assert ((await waiting).reply.text, model.asked) == ("late", [])


async def test_the_next_question_is_this_jobs_too_until_the_last_is_answered(tmp_path: Path) -> None:
    store, other = FileAnswerStore(tmp_path, "one"), FileAnswerStore(tmp_path, "other")
    with ExitStack() as until:
        await asker(Model(), store, "job1").ask(question(), ESTIMATE, until=until)
        assert other.is_claimed(KEY)
    assert not other.is_claimed(KEY)


async def test_what_another_job_is_asking_is_told_before_a_job_starts(bench: Bench) -> None:
    session = await bench.create({"a.txt": "Ann is in Rome.", "b.txt": "Bob is in Oslo."})
    job = await session.jobs.autolabel(
        list(session.rows.values()), GPT, gpt=GptOptions(at_once=1), prices=PRICES
    )
    slow = Slow()
    slow.otherwise_reply = reply('{"entities": []}')
    bench.chat.ask = slow.ask  # type: ignore[method-assign]
    running = asyncio.create_task(bench.run(job))
    await slow.begun.wait()
    (found,) = await session.surveyor.survey([replace(job.request, id="")])
    assert (found.under_way, len(found.characters), found.answered) == (1, 1, 0)
    told = estimate_job(
        Work(session.project.kind, [], 2, 100), made=Made(2, [20], 5, is_estimate=True, under_way=1)
    )
    assert told.under_way == 1
    assert told.notes[-1].startswith("1 question is being asked by another job at the moment")
    slow.answers.set()
    assert (await running).done == 2


def test_a_claim_ends_with_the_process_that_has_it(tmp_path: Path) -> None:
    held = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(tmp_path / "asking"), KEY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert held.stdout is not None
    assert held.stdout.readline() == b"True\n"
    store = FileAnswerStore(tmp_path, "mine")
    assert store.is_claimed(KEY)
    assert not store.claim(KEY)
    held.kill()
    held.communicate()
    assert store.claim(KEY)


async def test_what_another_run_keeps_is_found_after_a_look(tmp_path: Path) -> None:
    one, other = FileAnswerStore(tmp_path, "one"), FileAnswerStore(tmp_path, "other")
    assert await one.find(KEY) is None
    await other.keep(KEY, KeptReply(reply("first"), "job2"))
    assert await one.refresh() == 1
    second = question_key("azure/gpt", question("Second?"))
    with (tmp_path / "other.jsonl").open("ab") as file:
        file.write(b'{"key":"' + second.encode()[:9])
    # A line that is being written is not read before it is whole.
    assert (await one.refresh(), await one.find(second)) == (1, None)
    await other.keep(second, KeptReply(reply("second"), "job2"))
    assert await one.refresh() == 2
    found = [await one.find(key) for key in (KEY, second)]
    assert [item.reply.text for item in found if item] == ["first", "second"]
    (tmp_path / "other.jsonl").unlink()
    await one.refresh()
    assert await one.find(KEY) is None


async def test_a_look_where_nobody_else_wrote_takes_no_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is one before each question."""
    one, other = FileAnswerStore(tmp_path, "one"), FileAnswerStore(tmp_path, "other")
    await other.keep(KEY, KeptReply(reply("first"), "job2"))
    assert await one.find(KEY)
    second = question_key("azure/gpt", question("Second?"))
    await one.keep(second, KeptReply(reply("second"), "job1"))
    with monkeypatch.context() as patched:
        patched.setattr(asyncio, "to_thread", None)
        assert await one.refresh() == 0
    third = question_key("azure/gpt", question("Third?"))
    await other.keep(third, KeptReply(reply("third"), "job2"))
    assert await one.refresh() == 1
    found = await one.find(third)
    assert found
    assert found.reply.text == "third"
