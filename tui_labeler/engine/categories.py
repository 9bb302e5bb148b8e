"""Entities and classes: add, describe, rename, merge, delete."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from tui_labeler.domain.projects import LONGEST_CATEGORY, Category, Dataset
from tui_labeler.engine.actions import DELETE, MERGE
from tui_labeler.engine.category_going import Going, by_id, labels_of
from tui_labeler.engine.changes import put_category
from tui_labeler.engine.errors import InputError, NotFoundError
from tui_labeler.engine.ports import Plan
from tui_labeler.engine.turns import BATCH, Progress
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tui_labeler.engine.labeling.labeling import Labeling
    from tui_labeler.engine.ports import ProjectStore, State, Surroundings


_BREATH = 50
"""Documents that are opened before others get their turn."""

NAMELESS, NAME_IT = "A category needs a name.", "Say in a word or two what it stands for."


@dataclass(frozen=True, slots=True)
class CategoryCount:
    """How much there is of one category."""

    labels: int = 0
    documents: int = 0
    """Documents with at least one label of it."""
    suggestions: int = 0
    in_readings: int = 0
    """Of the labels, those in readings of anybody."""

    @property
    def label_words(self) -> str:
        """``3 labels``, ``3 labels (2 of them in readings)``."""
        told = f" ({self.in_readings:,} of them in readings)" if self.in_readings else ""
        return counted(self.labels, "label") + told


class Categories:
    """The project's categories. Each call is one undoable step."""

    def __init__(self, store: ProjectStore, surroundings: Surroundings, labeling: Labeling) -> None:
        self._store = store
        self._surroundings = surroundings
        self._labeling = labeling

    def by_name(self, name: str) -> Category:
        """Raises ``NotFoundError`` naming those there are."""
        return by_name(self._store.state, name)

    def counts(self, dataset: Dataset | None = None) -> Mapping[str, CategoryCount]:
        """Active labels and open suggestions by category id, of all documents or of one set."""
        totals = self._store.state.totals
        sets = (dataset,) if dataset is not None else tuple(Dataset)
        return {
            key: CategoryCount(
                sum(totals.labels[each][key] for each in sets),
                sum(totals.documents[each][key] for each in sets),
                sum(totals.suggestions[each][key] for each in sets),
            )
            for key in self._store.state.categories
        }

    async def touched(self, category_id: str) -> CategoryCount:
        """What deleting a category, or merging it into another, would touch: the labels of all readings too,
        as a number that does not tell whose they are. Others get their turn while documents are opened.
        """
        state = self._store.state
        count = self.counts()[category_id]
        in_readings = documents = 0
        for number, row in enumerate([row for row in state.rows.values() if row.readers], 1):
            if number % _BREATH == 0:
                await asyncio.sleep(0)
            found = sum(bool(label.reader) for label in labels_of(state, row.id, category_id))
            in_readings += found
            documents += bool(found) and category_id not in dict(row.labels)
        return replace(
            count,
            labels=count.labels + in_readings,
            documents=count.documents + documents,
            in_readings=in_readings,
        )

    async def add(
        self, name: str, *, description: str = "", examples: Sequence[str] = (), color: str | None = None
    ) -> Category:
        """Raises ``InputError`` when the name is empty, has white space around it, or is taken."""
        made = Category(
            id=self._surroundings.new_id(),
            name=check_name(name),
            description=description,
            examples=tuple(examples),
            color=color,
        )

        def plan(state: State) -> Plan:
            _free(state.categories.values(), made.name, "Use the one that is there, or choose another name.")
            return Plan("category.add", [put_category(state, made)])

        await self._store.commit(self._surroundings.actor, plan)
        return made

    async def set(
        self,
        category_id: str,
        *,
        description: str | None = None,
        examples: Sequence[str] | None = None,
        color: str | None = None,
    ) -> Category:
        """Changes what is given and leaves the rest."""

        def plan(state: State) -> Plan:
            category = by_id(state, category_id)
            changed = replace(
                category,
                description=category.description if description is None else description,
                examples=category.examples if examples is None else tuple(examples),
                color=category.color if color is None else color,
            )
            return Plan("category.set", [put_category(state, changed)])

        await self._store.commit(self._surroundings.actor, plan)
        return self._store.state.categories[category_id]

    async def rename(self, category_id: str, name: str) -> Category:
        """Labels follow: they point at the id. Raises ``InputError`` when the name is taken."""

        def plan(state: State) -> Plan:
            category = by_id(state, category_id)
            if category.name != name:
                others = [other for other in state.categories.values() if other.id != category_id]
                _free(others, check_name(name), "Merge the two if they mean the same.")
            return Plan("category.rename", [put_category(state, replace(category, name=check_name(name)))])

        await self._store.commit(self._surroundings.actor, plan)
        return self._store.state.categories[category_id]

    async def merge(self, category_id: str, into: str, progress: Progress | None = None) -> CategoryCount:
        """Turns labels and suggestions of one category into another's, and deletes the first.

        Where the other category holds already (the same span, the same class) one label is left. Once
        ``progress`` was stopped the category stays, with the labels that were not turned until then.
        """
        if category_id == into:
            raise InputError(
                "A category can't be merged into itself.", hint="Choose another one, which is left."
            )
        return await self._remake(MERGE, category_id, into, progress or Progress())

    async def delete(self, category_id: str, progress: Progress | None = None) -> CategoryCount:
        """Deletes a category with all its labels and suggestions; one undo brings everything back.

        Once ``progress`` was stopped the category stays, with the labels that were not deleted until then.
        """
        return await self._remake(DELETE, category_id, None, progress or Progress())

    async def _remake(
        self, action: str, category_id: str, into: str | None, progress: Progress
    ) -> CategoryCount:
        """Documents first, step by step in one group; with the last of them goes the category itself."""
        await self._store.refresh()
        ids = list(self._store.state.rows)
        progress.total = len(ids)
        group = self._surroundings.new_id()
        going = Going(category_id, into, self._labeling)
        for start in range(0, max(1, len(ids)), BATCH):
            if progress.stopped:
                break
            note: dict[str, Any] = {"continues": True} if going.committed else {}
            shell = Plan(action, (), group=group, note=note)
            last = start + BATCH >= len(ids)
            plan = partial(going.step, shell, ids[start : start + BATCH], last)
            going.after(await self._store.commit(self._surroundings.actor, plan), self._store)
            progress.done = min(start + BATCH, len(ids))
            await asyncio.sleep(0)
        return CategoryCount(going.labels, going.documents, going.suggestions, going.in_readings)


def by_name(state: State, name: str) -> Category:
    """The category of that name. Raises ``NotFoundError`` naming those there are."""
    for category in state.categories.values():
        if category.name == name:
            return category
    known = ", ".join(category.name for category in state.categories.values()) or "none yet"
    raise NotFoundError(
        f"There is no {state.project.kind.noun} named {name!r}.",
        hint=f"The project's {state.project.kind.nouns}: {known}.",
    )


def check_name(name: str) -> str:
    """The name. Raises ``InputError`` for one that is empty, too long, or has white space around it."""
    if not name.strip():
        raise InputError(NAMELESS, hint=NAME_IT)
    if name != name.strip():
        raise InputError("A category's name has no white space around it.", hint=f"Call it {name.strip()!r}.")
    if len(name) > LONGEST_CATEGORY:
        raise InputError(
            f"A category's name has at most {LONGEST_CATEGORY:,} characters, not {len(name):,}.",
            hint="Put what more there is to say into its description.",
        )
    return name


def _free(others: Iterable[Category], name: str, hint: str) -> None:
    """Names that differ by case alone are taken for the same: people mix them up."""
    known = next((other.name for other in others if other.name.casefold() == name.casefold()), None)
    if known is not None:
        more = "" if known == name else f"; {name!r} would differ by case alone"
        raise InputError(f"There is already a category named {known!r}{more}.", hint=hint)


_SAYS_LITTLE = re.compile(
    r"(?:label|class|category|entity|tag|type|item|field|other|misc|new|test|[a-z])?[\s_.-]*[0-9]*",
    re.IGNORECASE,
)


def says_little(category: Category) -> bool:
    """Whether a language model learns nothing from it: ``Label1``, without description or examples."""
    told = category.description.strip() or any(example.strip() for example in category.examples)
    return not told and _SAYS_LITTLE.fullmatch(category.name.strip()) is not None
