"""The month's text records: reserved, used, given back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.builders import Clock
from tui_labeler.engine.adapters.store.quota import TinyQuotaStore
from tui_labeler.engine.errors import QuotaError, StorageError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def quota(tmp_path: Path, clock: Clock) -> TinyQuotaStore:
    return TinyQuotaStore(tmp_path, 100, clock)


async def used(quota: TinyQuotaStore) -> int:
    return (await quota.usage()).used


async def test_a_reservation_counts_until_it_is_settled(quota: TinyQuotaStore) -> None:
    await quota.reserve("j1", 60)
    assert ((await quota.usage()).used, (await quota.usage()).left) == (60, 40)
    await quota.settle("j1", 25)
    assert await used(quota) == 25
    await quota.settle("j1", 25)
    assert await used(quota) == 25


async def test_too_little_left_is_refused_with_both_numbers(quota: TinyQuotaStore) -> None:
    await quota.reserve("j1", 60)
    with pytest.raises(QuotaError, match="41 text records are needed and 40 of 100"):
        await quota.reserve("j2", 41)
    await quota.reserve("j2", 40)
    assert await used(quota) == 100


async def test_reserving_again_replaces_what_was_not_used(quota: TinyQuotaStore) -> None:
    await quota.reserve("j1", 60)
    await quota.reserve("j1", 60)
    assert await used(quota) == 60
    await quota.settle("j1", 20)
    await quota.reserve("j1", 40)
    assert await used(quota) == 60
    await quota.settle("j1", 60)
    assert await used(quota) == 60


async def test_a_new_month_starts_from_nothing_and_old_use_stays_where_it_was(
    quota: TinyQuotaStore, clock: Clock
) -> None:
    await quota.reserve("j1", 90)
    await quota.settle("j1", 30)
    clock.pass_time(days=15)
    assert (await quota.usage()).month == "2026-12"
    assert await used(quota) == 0
    await quota.reserve("j1", 60)
    await quota.settle("j1", 80)
    assert await used(quota) == 50


async def test_a_job_over_the_end_of_the_month_is_charged_to_the_month_it_began_in(
    quota: TinyQuotaStore, clock: Clock
) -> None:
    await quota.reserve("j1", 90)
    clock.pass_time(days=15)
    await quota.settle("j1", 90)
    assert await used(quota) == 0


async def test_no_limit_refuses_nothing_and_still_counts(tmp_path: Path, clock: Clock) -> None:
    quota = TinyQuotaStore(tmp_path, 0, clock)
    await quota.reserve("j1", 10_000)
    assert ((await quota.usage()).used, (await quota.usage()).left) == (10_000, None)


async def test_jobs_that_reserve_at_one_moment_do_not_pass_the_limit(tmp_path: Path, clock: Clock) -> None:
    stores = [TinyQuotaStore(tmp_path, 100, clock) for _ in range(3)]
    tries = [stores[number % 3].reserve(f"j{number}", 9) for number in range(30)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(result is None for result in results) == 11
    assert await used(stores[0]) == 99


async def test_a_job_that_never_reserved_settles_to_nothing(quota: TinyQuotaStore) -> None:
    await quota.settle("j9", 10)
    assert await used(quota) == 0


async def test_a_broken_file_is_told(quota: TinyQuotaStore, tmp_path: Path) -> None:
    (tmp_path / "quota.json").write_text('{"uses": {"1": {"month": "2026-11"}}}')
    with pytest.raises(StorageError, match=r"quota\.json"):
        await quota.usage()
