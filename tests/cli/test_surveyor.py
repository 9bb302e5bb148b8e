"""The process that tells the application what jobs would ask."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import azure_labels, write_json
from tests.cli.test_gpt_jobs import make_project
from tui_labeler.assembly import surveyor, workbench
from tui_labeler.domain.jobs import Method
from tui_labeler.engine.autolabelers.options import GptOptions
from tui_labeler.engine.errors import LabelerError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli


def test_the_other_process_finds_what_this_one_finds_and_says_what_is_wrong(cli: Cli, tmp_path: Path) -> None:
    labels = write_json(tmp_path / "labels.json", azure_labels(range(8)))
    make_project(cli, tmp_path / "letters", 12, "--labels", str(labels))
    add = ("resource", "add", "work", "--kind", "openai", "--endpoint", "http://127.0.0.1:9/v1")
    assert cli(*add, "--deployment", "good").code == 0

    async def compare() -> None:
        # A process that draws leaves the questions to another.
        session = await workbench(cli.home).open("letters")
        method = Method("gpt", resource="work", deployment="good")
        rows = session.documents.select()
        requests = [
            await session.jobs.requests.autolabel(rows, method, gpt=GptOptions(samples=2)),
            await session.jobs.requests.evaluate(method, {**GptOptions().as_options(), "limit": 3}),
        ]
        told = await session.surveyor.survey(requests)
        async with surveyor(cli.home, session.project.id) as here:
            assert type(here) is not type(session.surveyor)
            assert told == await here.survey(requests)
        assert [found.documents for found in told] == [12, 3]
        assert len(told[0].characters) == 24
        gone = Method("gpt", resource="none", deployment="good")
        with pytest.raises(LabelerError, match="none") as refused:
            await session.surveyor.survey([await session.jobs.requests.autolabel(rows, gone)])
        assert refused.value.code == "not_found"
        await session.close()

    asyncio.run(compare())
