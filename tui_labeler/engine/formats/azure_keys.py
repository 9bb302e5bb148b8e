"""The names in an Azure labels file, in the order in which they are written."""

from __future__ import annotations

from dataclasses import dataclass

from tui_labeler.domain.projects import ProjectKind

VERSION = "2022-05-01"
STRING_INDEX_TYPE = "Utf16CodeUnit"

ROOT = ("projectFileVersion", "stringIndexType", "metadata", "assets")
METADATA = (
    "projectKind",
    "storageInputContainerName",
    "projectName",
    "multilingual",
    "description",
    "language",
    "settings",
)
REGION_KEYS = ("regionOffset", "regionLength", "labels")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one version names the categories and labels of one kind of project."""

    schema: str
    """The list of categories, in the assets."""
    schema_name: str
    """A category's name there."""
    payload: str
    """What a document is labeled with."""
    label_name: str
    """A category's name in a label."""
    languages: tuple[str, ...] = ("language",)
    """Where a document's language stands."""
    one_class: bool = False
    """A document's class stands by itself, not in a list."""
    keeps_order: bool = True
    """Files are written back in this form."""
    foreign: frozenset[str] = frozenset()
    """Keys of another form that can't stand beside these."""

    @property
    def assets(self) -> tuple[str, ...]:
        return ("projectKind", self.schema, "documents")

    @property
    def document(self) -> tuple[str, ...]:
        return ("location", *self.languages, "dataset", self.payload)

    @property
    def label(self) -> tuple[str, ...]:
        """The keys of an entity's label."""
        return (self.label_name, "offset", "length")


DIALECTS = {
    ProjectKind.ENTITIES: Dialect("entities", "category", "entities", "category"),
    ProjectKind.SINGLE_LABEL: Dialect("classes", "category", "class", "category", one_class=True),
    ProjectKind.MULTI_LABEL: Dialect("classes", "category", "classes", "category"),
}
