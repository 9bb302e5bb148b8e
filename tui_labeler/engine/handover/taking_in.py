"""Labels that Azure Machine Learning has exported into the container, taken in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from tui_labeler.engine.actions import TAKEN_IN
from tui_labeler.engine.errors import InputError, NotFoundError, RefusedError
from tui_labeler.engine.handover.replacing import Replaced, replaces, replacing
from tui_labeler.engine.imports.plans import Ambiguous
from tui_labeler.engine.label_files import NO_CHOICES, Imported, Merging
from tui_labeler.engine.sharing.shared_form import ROOT
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from tui_labeler.domain.handover import Handover
    from tui_labeler.engine.imports.plans import Skipped
    from tui_labeler.engine.label_files import LabelFiles
    from tui_labeler.engine.ports import Blob, Shelf

FORMAT = "aml"
"""The one format that Azure Machine Learning exports labels in and that is read here."""

SUFFIX = ".jsonl"

Doing = Callable[[str], None]
"""Hears what is being done."""


class HandoverError(RefusedError):
    """A rule of the connection."""

    title = "The connection forbids it"
    code = "handover"


@dataclass(frozen=True, slots=True)
class Unclear:
    """What a file leaves open: which documents of the project some of its rows are."""

    name: str
    """Of the file in the container."""
    rows: tuple[Ambiguous, ...]


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What came from Azure Machine Learning."""

    name: str
    """Of the file in the container."""
    imported: Imported
    removed: int
    """Labels that were here and that it does not have; each has its tombstone, and undo brings them back."""
    unlabeled: int
    """Documents that it says hold nothing to label."""
    kept: int = 0
    """Documents that kept all labels of here, as some of their labels there can't be used."""

    @property
    def words(self) -> str:
        """What came of it, in a sentence."""
        imported = self.imported
        parts = [
            counted(imported.labels, "new label"),
            f"{imported.unchanged:,} as here",
            f"{self.removed:,} of here removed",
            f"{counted(self.unlabeled, 'document')} with nothing to label",
        ]
        if imported.suggestions:
            parts.append(counted(imported.suggestions, "suggestion"))
        if self.kept:
            parts.append(
                f"{counted(self.kept, 'document')} from which nothing was removed, for labels there "
                "that can't be used"
            )
        return f"{self.name}: {', '.join(parts)}."


def _merging(replaced: Replaced) -> Merging:
    return Merging(TAKEN_IN, partial(replacing, replaced), replaces)


def _line(item: Skipped) -> tuple[bool, int]:
    """In the file's order; what is of no line last."""
    return not item.line, item.line


class TakingIn:
    """Finds exports, and takes their labels in."""

    def __init__(self, shelf: Shelf, label_files: LabelFiles) -> None:
        self._shelf = shelf
        self._label_files = label_files
        label_files.journal.know(TAKEN_IN, lambda: _merging(Replaced()))

    async def exports(self, on: Handover) -> tuple[Blob, ...]:
        """JSON Lines under the prefix of the connection, the newest first by the container's clock.

        That counts whole seconds; of one second, the last by name goes first.
        """
        found = await self._shelf.dated(on.terms.prefix if on.terms else "")
        mine = [
            blob
            for blob in found
            if blob.name.lower().endswith(SUFFIX) and not blob.name.startswith(f"{ROOT}/")
        ]
        mine.sort(key=lambda blob: blob.name, reverse=True)
        return tuple(sorted(mine, key=lambda blob: blob.age or 0.0))

    async def take_in(
        self, on: Handover, name: str, doing: Doing, choices: Mapping[str, str] = NO_CHOICES
    ) -> TakenIn:
        """The labels of a file, or of the newest export, in the place of those here.

        ``choices`` are locations by what a document is called in the file, or by its line. Raises
        ``HandoverError`` where there is no export, ``InputError`` for a file or a location that is not there;
        as an import does for a file that can't be read.
        """
        name, data = await self._read(on, name, doing)
        replaced = Replaced()
        imported = await self._label_files.read(
            data, name, FORMAT, choices=choices, merging=_merging(replaced), say=doing
        )
        imported = replace(
            imported,
            skipped=tuple(sorted(imported.skipped, key=_line)),
            notes=tuple(sorted(imported.notes, key=_line)),
        )
        return TakenIn(name, imported, replaced.removed, replaced.unlabeled, replaced.kept)

    async def unclear(self, on: Handover, name: str, doing: Doing) -> Unclear:
        """What a file leaves open, or the newest export; nothing is changed. Raises as :meth:`take_in`."""
        name, data = await self._read(on, name, doing)
        plan = await self._label_files.plan(data, name, FORMAT)
        return Unclear(name, plan.ambiguous)

    async def _read(self, on: Handover, name: str, doing: Doing) -> tuple[str, bytes]:
        """A file of the container, or the newest export: its name and what it holds."""
        prefix = on.terms.prefix if on.terms else ""
        if not name:
            found = await self.exports(on)
            if not found:
                where = f"under {prefix!r}" if prefix else "in the container"
                raise HandoverError(
                    f"There is no export of Azure Machine Learning {where}: no file that ends in {SUFFIX}.",
                    hint="Export the labels there first, or name the file with --file; --without-labels "
                    "takes the pen back without any.",
                    on_screen="Export the labels there first, or choose another file.",
                )
            name = found[0].name
        doing(f"reading {name}")
        try:
            data, _ = await self._shelf.get(name)
        except NotFoundError:
            raise InputError(
                f"There is no file {name!r} in the container.", hint="`tui-labeler aml status` lists exports."
            ) from None
        return name, data
