"""Syncing with a real server of Blob storage, over lines that break."""

from __future__ import annotations

import os
import random
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.azurite import KEY, Azurite
from tests.cutting_proxy import CuttingProxy, Fault, busy, cut_answer, cut_request, refuse
from tests.engine.sharing.homes import Home, Pair
from tests.fakes import document
from tui_labeler.engine.adapters.blob.access import Access
from tui_labeler.engine.adapters.blob.addresses import parse_url
from tui_labeler.engine.adapters.blob.container import BlobContainer
from tui_labeler.engine.adapters.blob.patience import Patience
from tui_labeler.engine.errors import ContainerError
from tui_labeler.engine.sharing.syncing import Syncing

if TYPE_CHECKING:
    from pathlib import Path

CUTS = int(os.environ.get("TUI_LABELER_CUTS", "5"))
"""As many as there is time for; ``make kill`` takes more."""
SOON = Patience(first=1.0, probe=0.5, busy=(0.01, 0.02))


@pytest.fixture
def proxy(azurite: Azurite) -> Iterator[CuttingProxy]:
    with CuttingProxy(azurite.port) as proxy:
        yield proxy


@pytest.fixture
async def homes(azurite: Azurite, proxy: CuttingProxy, tmp_path: Path) -> AsyncIterator[tuple[Home, Home]]:
    """Ana is at the server, Bo behind the proxy."""
    pair = Pair(tmp_path)
    async with azurite.new_container() as client:
        found: list[Home] = []
        lines: list[BlobContainer] = []
        for name, server in (("ana", azurite), ("bo", azurite.behind(proxy.port))):
            home = await pair.home(name, documents=6)
            address = parse_url(server.url(client.container_name))[0]
            shelf = BlobContainer(address, lambda: Access("a key", key=KEY), SOON)
            home.syncing = Syncing(home.session.store, shelf, home.base, home.around)
            found.append(home)
            lines.append(shelf)
        ana, bo = found
        for category in ("Person", "Town"):
            await ana.session.categories.add(category)
        await ana.sync()
        await bo.sync()
        yield ana, bo
        for shelf in lines:
            await shelf.close()


async def test_a_sync_without_news_is_one_request(homes: tuple[Home, Home], proxy: CuttingProxy) -> None:
    ana, bo = homes
    for number, row in enumerate(list(ana.session.rows.values())):
        await ana.label("Person", number, number + 2, row.location)
    await ana.sync()
    assert (await bo.sync()).downloaded == 6
    proxy.requests.clear()
    assert (await bo.sync()).unchanged == 6
    assert [request.is_listing for request in proxy.requests] == [True]
    await ana.label("Town", 15, 19)
    await ana.sync()
    proxy.requests.clear()
    assert (await bo.sync()).downloaded == 1
    assert len(proxy.requests) == 2


async def test_two_who_write_the_same_file_at_once_are_merged(homes: tuple[Home, Home]) -> None:
    ana, bo = homes
    await ana.label("Person", 0, 3)
    await bo.label("Town", 15, 19)
    await bo.label("Person", 0, 3)
    await ana.sync()
    await bo.sync()
    await ana.sync()
    assert ana.labels() == bo.labels() == [("Person", 0, 3), ("Town", 15, 19)]


async def test_a_line_that_breaks_again_and_again_loses_no_decision(
    homes: tuple[Home, Home], proxy: CuttingProxy
) -> None:
    ana, bo = homes
    chance = random.Random(20261121)
    cut = 0
    for step in range(400):
        location = f"{chance.choice('abcdef')}.txt"
        place = chance.randrange(40)
        if not taken(bo, location, place):
            await bo.label("Town", place, place + 2, location)
        other = chance.randrange(40)
        if not taken(ana, location, other):
            await ana.label("Person", other, other + 2, location)
        await ana.session.labeling.set_flag(document(ana.session, location), f"step {step}")
        if step % 2:
            await ana.sync()
        fault = chance.choice([cut_request(40), cut_answer(0), cut_answer(90), refuse(), busy()])
        # After a few requests that get through, no retry helps.
        proxy.next(*[Fault()] * chance.randrange(5))
        proxy.fault = fault
        try:
            await bo.sync()
        except ContainerError:
            cut += 1
        proxy.fault = Fault()
        if cut >= CUTS:
            break
    assert cut >= CUTS
    for location in {conflict.location for conflict in (await bo.sync()).conflicts}:
        await bo.resolve(location, "ours")
    for home in (bo, ana, bo):
        assert (await home.sync()).conflicts == ()
    for row in ana.session.rows.values():
        mine, theirs = (home.session.documents.find(row.location) for home in homes)
        assert dict(mine.labels) == dict(theirs.labels)
        assert mine.flag == theirs.flag


def taken(home: Home, location: str, place: int) -> bool:
    return any(abs(start - place) < 2 for _, start, _ in home.labels(location))
