"""What a command works with: its options, its output, and the projects of the home."""

from __future__ import annotations

import argparse
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tui_labeler.cli.output import Output
from tui_labeler.engine.errors import InputError, StorageError
from tui_labeler.locations import home_folder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tui_labeler.engine.session import ProjectSession
    from tui_labeler.engine.workbench import Workbench


def check_home(home: Path) -> None:
    """Raises ``InputError`` for a file in its place, ``StorageError`` where it can't be looked at."""
    try:
        if home.exists() and not home.is_dir():
            raise InputError(f"{home} is no folder.", hint="Name a folder with --home.")
    except OSError as error:
        raise StorageError(
            f"{home}: {error.strerror}", hint="Make it accessible, or choose another with --home."
        ) from error


@dataclass
class Context:
    """One command, as it was asked for."""

    options: argparse.Namespace
    out: Output

    @property
    def home(self) -> Path:
        return home_folder(self.options.home)

    @cached_property
    def workbench(self) -> Workbench:
        """The projects of the home. Decisions made here apply at once."""
        from tui_labeler.assembly import workbench
        from tui_labeler.settings import unknown_settings_note

        check_home(self.home)
        found = workbench(self.home, immediate=True)
        if note := unknown_settings_note(self.home):
            self.out.note(note)
        return found

    @asynccontextmanager
    async def project(self) -> AsyncIterator[ProjectSession]:
        """The project that the command names. Raises ``NotFoundError``."""
        session = await self.workbench.open(self.options.project)
        try:
            await session.label_files.finish_begun(self.out.step, self.out.note)
            yield session
        finally:
            await session.close()

    def page(self, items: list[dict[str, Any]], key: str) -> dict[str, Any]:
        """The part of a sorted list that ``--limit`` and ``--after`` ask for, ready to be printed.

        Raises ``InputError`` when nothing has the key to go on behind.
        """
        total = len(items)
        after = self.options.after
        if after is not None:
            places = [number for number, item in enumerate(items) if str(item[key]) == after]
            if not places:
                raise InputError(
                    f"Nothing in the list has the {key.replace('_', ' ')} {after!r}.",
                    hint="`next_after` in the page before says what to go on behind.",
                )
            items = items[places[0] + 1 :]
        limit = self.options.limit
        shown = items if limit is None else items[:limit]
        more = len(items) > len(shown)
        return {"items": shown, "total": total, "next_after": str(shown[-1][key]) if more and shown else None}
