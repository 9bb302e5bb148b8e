"""The month's text records, one TinyDB file a home."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
from tinydb import where

from tui_labeler.domain.jobs import QuotaUse
from tui_labeler.engine.adapters.store.files import make_folder
from tui_labeler.engine.adapters.store.locks import FileLock
from tui_labeler.engine.adapters.store.shards import database, rows_of
from tui_labeler.engine.errors import QuotaError, StorageError
from tui_labeler.engine.typed import convert
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from pathlib import Path


class TinyQuotaStore:
    """A :class:`~tui_labeler.engine.ports.QuotaStore`.

    A row a job and month: ``{month, job, reserved, used}``. What counts is the greater of the two, so that a
    job that was killed keeps its reservation until it is resumed, settled or deleted.
    """

    def __init__(self, home: Path, limit: int, now: Callable[[], str]) -> None:
        self._path = home / "quota.json"
        self._lock = FileLock(home / "quota.lock")
        self._limit = limit
        self._now = now

    @property
    def _month(self) -> str:
        return self._now()[:7]

    async def usage(self) -> QuotaUse:
        return await asyncio.to_thread(self._usage)

    def _usage(self) -> QuotaUse:
        month = self._month
        used = sum(use.counted for use in self._uses() if use.month == month)
        return QuotaUse(month, self._limit, used)

    def _uses(self) -> list[_Use]:
        """Raises ``StorageError``."""
        try:
            return convert(rows_of(database(self._path).table("uses")), list[_Use])
        except msgspec.ValidationError as error:
            raise StorageError(f"{self._path}: {error}", hint="Repair the file, or delete it.") from error

    async def reserve(self, job_id: str, records: int) -> None:
        await asyncio.to_thread(self._reserve, job_id, records)

    def _reserve(self, job_id: str, records: int) -> None:
        make_folder(self._path.parent)
        with self._lock.held():
            month = self._month
            uses = [use for use in self._uses() if use.month == month]
            others = sum(use.counted for use in uses if use.job != job_id)
            used = sum(use.used for use in uses if use.job == job_id)
            left = max(0, self._limit - others - used)
            if self._limit and records > left:
                raise QuotaError(
                    f"{counted(records, 'text record is', 'text records are')} needed and {left:,} of "
                    f"{self._limit:,} are left this month.",
                    hint="Take fewer documents, wait for the next month, or change `quota` in the settings.",
                )
            self._put(_Use(month, job_id, used + records, used))

    def _put(self, use: _Use) -> None:
        mine = (where("job") == use.job) & (where("month") == use.month)
        database(self._path).table("uses").upsert(msgspec.to_builtins(use), mine)

    async def reserved(self, job_id: str) -> int:
        uses = await asyncio.to_thread(self._uses)
        return sum(max(0, use.reserved - use.used) for use in uses if use.job == job_id)

    async def settle(self, job_id: str, used: int) -> None:
        await asyncio.to_thread(self._settle, job_id, used)

    def _settle(self, job_id: str, used: int) -> None:
        """What was used in earlier months stays there; the newest month takes the rest."""
        with self._lock.held():
            mine = sorted((use for use in self._uses() if use.job == job_id), key=lambda use: use.month)
            if not mine:
                return
            last = mine[-1]
            final = max(last.used, used - sum(use.used for use in mine[:-1]))
            if (final, final) != (last.reserved, last.used):
                self._put(_Use(last.month, job_id, final, final))


class _Use(msgspec.Struct, frozen=True):
    """One row."""

    month: str
    job: str
    reserved: int
    used: int

    @property
    def counted(self) -> int:
        return max(self.reserved, self.used)
