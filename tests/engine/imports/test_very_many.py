"""Files that say very much of little: the work of an import grows with the file, not with its square."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.formats import fuzz
from tui_labeler.domain.projects import ProjectKind

if TYPE_CHECKING:
    from tests.builders import Bench


async def test_the_work_grows_with_the_places_and_not_with_their_square(
    bench: Bench,
) -> None:
    session = await bench.create({"a.txt": "x"}, kind=ProjectKind.MULTI_LABEL)
    calls = []
    for places in (100, 200, 800):
        data = b"".join(b'{"text":"x","label":"C%d"}\n' % number for number in range(places))
        with fuzz.bounded(10**7) as count:
            plan = await session.label_files.plan(data, "labels.jsonl")
            calls.append(count())
        assert plan.labels == places
    assert calls[2] - calls[1] < 8 * (calls[1] - calls[0])
