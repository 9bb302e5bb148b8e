"""Projects, categories and the kinds of labeling."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tui_labeler.domain.handover import Handover


class ProjectKind(StrEnum):
    """What is labeled in a project. The values are the service's own names."""

    ENTITIES = "CustomEntityRecognition"
    SINGLE_LABEL = "CustomSingleLabelClassification"
    MULTI_LABEL = "CustomMultiLabelClassification"

    @property
    def short(self) -> str:
        """The name on the command line: ``ner``, ``single`` or ``multi``."""
        return _SHORT[self]

    @property
    def is_classification(self) -> bool:
        return self is not ProjectKind.ENTITIES

    @property
    def noun(self) -> str:
        """What a category of this kind names: an entity or a class."""
        return "class" if self.is_classification else "entity"

    @property
    def nouns(self) -> str:
        return "classes" if self.is_classification else "entities"

    @classmethod
    def from_short(cls, short: str) -> ProjectKind:
        """Raises ``KeyError`` for a name that is no kind."""
        return {name: kind for kind, name in _SHORT.items()}[short]


_SHORT = {ProjectKind.ENTITIES: "ner", ProjectKind.SINGLE_LABEL: "single", ProjectKind.MULTI_LABEL: "multi"}


class Dataset(StrEnum):
    """Which set a document belongs to. The values are those of the service's label files."""

    TRAIN = "Train"
    TEST = "Test"


LONGEST_CATEGORY = 1_000
"""Characters of a category's name, wherever it comes from: it is drawn in every list and sent to every model.
The service takes 50, and what is longer is warned of."""

LONGEST_PROJECT = 1_000
"""Characters of a project's own name, by hand and in a shared ``project.json``; of the service's limit the
same holds."""


@dataclass(frozen=True, slots=True)
class Category:
    """An entity or a class: what a label says of a text."""

    id: str
    """Never changes: labels point here, so that renaming touches nothing else."""
    name: str
    description: str = ""
    examples: tuple[str, ...] = ()
    color: str | None = None
    """A colour that a person chose; ``None`` takes the palette's next."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Keys of an imported file that mean nothing here; they are written back."""

    def __post_init__(self) -> None:
        if not self.id or not self.name.strip():
            raise ValueError("a category needs an id and a name")


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """What a project's people may choose."""

    save_immediately: bool = False
    """Apply each decision at once, with no drafts."""
    hide_until_labeled: bool = False
    """Blind mode: suggestions stay hidden until a person has labeled the document and asks for them."""
    share_labels: bool = False
    """Keep labels in the folder too, for those who share it. Those of a container elsewhere always are."""


@dataclass(frozen=True, slots=True)
class Project:
    """A set of documents that are labeled with the same categories."""

    id: str
    name: str
    kind: ProjectKind
    container: str
    """A folder's path, or the address of a blob container (without any secret)."""
    language: str = "en-us"
    multilingual: bool = False
    description: str = ""
    settings: ProjectSettings = field(default_factory=ProjectSettings)
    created: str = ""
    """UTC, ISO 8601."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Unknown keys of an imported labels file, by place (``root``, ``metadata``, ``assets``)."""
    handover: Handover = field(default_factory=Handover)
    """How it stands to Azure Machine Learning, as the container was last seen to say."""
