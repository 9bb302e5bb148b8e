"""Labels for training elsewhere: a file for each part of a split, and a card that says what is in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec

from tui_labeler import __version__
from tui_labeler.domain.projects import Dataset
from tui_labeler.engine.documents.carrying import text_key
from tui_labeler.engine.errors import InputError
from tui_labeler.engine.exports.data_cards import Card, PartFigures, card_json, card_markdown
from tui_labeler.engine.exports.earlier_splits import part_file
from tui_labeler.engine.exports.exporting import Exported, Exporting, Gathered
from tui_labeler.engine.exports.splitting import Group, Part, Shares, stratified
from tui_labeler.engine.imports.plans import Skipped
from tui_labeler.engine.models.samples import LabeledDocument, counts, labels_version, tallies

if TYPE_CHECKING:
    from tui_labeler.engine.documents.documents import Documents
    from tui_labeler.engine.formats.model import Format
    from tui_labeler.engine.ports import ProjectStore, Surroundings
    from tui_labeler.engine.readings.agreeing import Agreeing

CARD = "data-card"
"""The name of the card, without its ending."""

_INDEX = re.compile(r"categories\[\d+\]: ")
"""A category's place in one part's file, which says nothing to who reads of all parts."""

TWICE = "its text is in the testing set too; a model that learned from it could not be tested fairly"


@dataclass(frozen=True, slots=True)
class SplitExport:
    """The parts of a split, ready to be written."""

    files: Mapping[str, bytes]
    """By name; a card in Markdown and one in JSON are among them."""
    parts: Mapping[Part, Exported]
    skipped: tuple[Skipped, ...]
    notes: tuple[Skipped, ...]
    card: Card

    @property
    def documents(self) -> int:
        return sum(part.documents for part in self.parts.values())

    @property
    def labels(self) -> int:
        return sum(part.labels for part in self.parts.values())


def _notes(parts: Mapping[Part, Exported]) -> tuple[Skipped, ...]:
    """What is noted of documents, and what is noted of a whole part's file once, with the parts' names."""
    whole: dict[str, list[str]] = {}
    for part, exported in parts.items():
        for note in exported.notes:
            if not note.location:
                whole.setdefault(_INDEX.sub("", note.reason), []).append(part.value)
    return (
        *(note for exported in parts.values() for note in exported.notes if note.location),
        *(Skipped("", f"in {', '.join(names)}: {reason}") for reason, names in whole.items()),
    )


class SplitExporting:
    """Parts a project's labeled documents and writes each part in one format."""

    def __init__(
        self,
        store: ProjectStore,
        documents: Documents,
        surroundings: Surroundings,
        agreeing: Agreeing,
        known: Format,
        wanted: Shares,
    ) -> None:
        self._store = store
        self._documents = documents
        self._around = surroundings
        self._agreeing = agreeing
        self._format = known
        self._shares = wanted
        self._exporting = Exporting(store, documents, known)
        self._skipped: list[Skipped] = []

    async def write(self) -> SplitExport:
        """Raises ``FormatError`` for a format that can't hold these labels, ``InputError`` where nothing is
        labeled, ``UnreachableError`` for a container that is not there."""
        self._exporting.check()
        gathered = await self._exporting.gather()
        self._skipped += gathered.skipped
        labeled = self._labeled(gathered)
        if not labeled:
            Exported(b"", 0, 0, gathered.skipped, 0, left_out=gathered.left_out).check_not_hollow()
            raise InputError(
                "There is no saved label to export.",
                hint="Label some documents and save.",
            )
        keys = await self._keys(gathered, set(labeled))
        of = self._kept_sets(labeled, keys) if self._shares.keeps_sets else self._drawn(labeled, keys)
        gathered = replace(
            gathered,
            documents=tuple(
                msgspec.structs.replace(item, dataset=_dataset(of.get(number)))
                for item, number in zip(gathered.documents, gathered.ids, strict=True)
            ),
            skipped=(),
        )
        parts = {
            part: await self._exporting.written(gathered, wanted)
            for part in Part
            if (wanted := {number for number, mine in of.items() if mine is part})
        }
        for part in parts.values():
            self._skipped += part.skipped
        notes = (*_notes(parts), *self._empty(parts))
        card = await self._card(parts, labeled, len(keys) - len(set(keys.values())), notes)
        return SplitExport(self._files(parts, card), parts, tuple(self._skipped), notes, card)

    def _empty(self, parts: Mapping[Part, Exported]) -> Iterator[Skipped]:
        """One for each part that should have a share of the documents, and has none."""
        for part, share in self._shares.percent.items():
            if share and part not in parts:
                yield Skipped("", f"{part.value} has no document: there are too few of a category, or of all")

    def _labeled(self, gathered: Gathered) -> dict[int, LabeledDocument]:
        """What training would learn from the files, by number.

        Not a document whose labels are all left out: its text would teach that nothing stands there.
        """
        state, found = self._store.state, {}
        for number in gathered.ids:
            document = state.document(number)
            annotations = gathered.labels[number]
            if counts(state.project.kind, document) and (annotations or not document.saved_labels):
                found[number] = LabeledDocument(
                    number, document.location, document.dataset, "", annotations, False
                )
        return found

    async def _keys(self, gathered: Gathered, wanted: set[int]) -> dict[int, str]:
        """A key for each text: the same for two that differ in white space or spelling alone."""
        found: dict[int, str] = {}
        for item, number in zip(gathered.documents, gathered.ids, strict=True):
            if number in wanted:
                text = item.text
                if text is None:
                    text = (await self._documents.text(number)).text
                found[number] = text_key(text, is_rebuilt=True)
        return found

    # --- which part ---------------------------------------------------------------------------------

    def _drawn(self, labeled: Mapping[int, LabeledDocument], keys: Mapping[int, str]) -> dict[int, Part]:
        groups: dict[str, Group] = {}
        names = {key: category.name for key, category in self._store.state.categories.items()}
        for number, document in sorted(labeled.items(), key=lambda item: item[1].location):
            group = groups.setdefault(keys[number], Group())
            group.documents.append(number)
            group.categories.update({names.get(category, category) for category, _ in document.annotations})
        return stratified(list(groups.values()), self._shares)

    def _kept_sets(self, labeled: Mapping[int, LabeledDocument], keys: Mapping[int, str]) -> dict[int, Part]:
        tested = {keys[number] for number, item in labeled.items() if item.dataset is Dataset.TEST}
        found: dict[int, Part] = {}
        for number, item in labeled.items():
            if item.dataset is Dataset.TEST:
                found[number] = Part.TEST
            elif keys[number] in tested:
                self._skipped.append(Skipped(item.location, TWICE))
            else:
                found[number] = Part.TRAIN
        return found

    # --- what is written ----------------------------------------------------------------------------

    def _files(self, parts: Mapping[Part, Exported], card: Card) -> dict[str, bytes]:
        files = {part_file(part, self._format): exported.data for part, exported in parts.items()}
        return files | {f"{CARD}.json": card_json(card), f"{CARD}.md": card_markdown(card)}

    async def _card(
        self,
        parts: Mapping[Part, Exported],
        labeled: Mapping[int, LabeledDocument],
        duplicates: int,
        notes: Sequence[Skipped],
    ) -> Card:
        state = self._store.state
        names = {key: category.name for key, category in state.categories.items()}
        held = {
            number: replace(labeled[number], annotations=annotations)
            for exported in parts.values()
            for number, annotations in exported.held.items()
        }
        figures = {}
        for part, exported in parts.items():
            labels, containing = tallies([held[number] for number in exported.held])
            figures[part] = PartFigures(
                exported.documents,
                exported.labels,
                {names.get(key, key): (labels[key], containing[key]) for key in labels},
            )
        used = sorted(held.values(), key=lambda item: item.location)
        return Card(
            project=state.project,
            categories=tuple(state.categories.values()),
            format=self._format,
            shares=self._shares,
            parts=figures,
            duplicates=duplicates,
            labels_version=labels_version(used),
            program=__version__,
            created=self._around.now(),
            agreement=await self._agreement(),
            drafts=state.totals.drafts.total(),
            skipped=tuple(self._skipped),
            notes=tuple(notes),
        )

    async def _agreement(self) -> dict[str, Any] | None:
        """Where two people have read the same documents; of what only one has read there is nothing."""
        found = await self._agreeing.result()
        figures = found.figures
        if not figures.agreement.documents:
            return None
        return {
            "documents": figures.agreement.documents,
            "agreeing": figures.agreement.agreeing,
            "f1": figures.agreement.f1,
            "kappa": figures.kappa,
            "alpha": figures.alpha.value,
        }


def _dataset(part: Part | None) -> Dataset:
    return Dataset.TEST if part is Part.TEST else Dataset.TRAIN
