"""The month's text records, one TinyDB file a home."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from tinydb import where

from tui_labeler.domain.jobs import QuotaUse
from tui_labeler.engine.adapters.store.files import make_folder
from tui_labeler.engine.adapters.store.locks import FileLock
from tui_labeler.engine.adapters.store.shards import database
from tui_labeler.engine.errors import QuotaError

if TYPE_CHECKING:
    from pathlib import Path

    from tinydb import TinyDB


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
        rows = database(self._path).table("uses").search(where("month") == self._month)
        used = sum(max(int(row["reserved"]), int(row["used"])) for row in rows)
        return QuotaUse(self._month, self._limit, used)

    async def reserve(self, job_id: str, records: int) -> None:
        await asyncio.to_thread(self._reserve, job_id, records)

    def _reserve(self, job_id: str, records: int) -> None:
        make_folder(self._path.parent)
        with self._lock.held():
            file = database(self._path)
            mine = (where("job") == job_id) & (where("month") == self._month)
            rows = file.table("uses").search(where("month") == self._month)
            others = sum(max(row["reserved"], row["used"]) for row in rows if row["job"] != job_id)
            used = sum(int(row["used"]) for row in rows if row["job"] == job_id)
            left = max(0, self._limit - others - used)
            if self._limit and records > left:
                raise QuotaError(
                    f"{records} text records are needed and {left} of {self._limit} are left this month.",
                    hint="Take fewer documents, wait for the next month, or change `quota` in the settings.",
                )
            row = {"month": self._month, "job": job_id, "reserved": used + records, "used": used}
            file.table("uses").upsert(row, mine)

    async def settle(self, job_id: str, used: int) -> None:
        await asyncio.to_thread(self._settle, job_id, used)

    def _settle(self, job_id: str, used: int) -> None:
        """What was used in earlier months stays there; the newest month takes the rest."""
        with self._lock.held():
            file = database(self._path)
            rows = sorted(file.table("uses").search(where("job") == job_id), key=lambda row: row["month"])
            if not rows:
                return
            earlier = sum(int(row["used"]) for row in rows[:-1])
            final = max(int(rows[-1]["used"]), used - earlier)
            self._finish(file, job_id, rows[-1]["month"], final)

    def _finish(self, file: TinyDB, job_id: str, month: str, used: int) -> None:
        mine = (where("job") == job_id) & (where("month") == month)
        file.table("uses").update({"reserved": used, "used": used}, mine)
