"""What a project needs before it can be connected to Azure Machine Learning, one prerequisite at a time."""

from __future__ import annotations

from dataclasses import dataclass

from tui_labeler.domain.aml_languages import aml_language


@dataclass(frozen=True, slots=True)
class Need:
    """One prerequisite of a connection."""

    name: str
    met: bool
    detail: str
    """How it stands."""
    todo: str = ""
    """What to do where it is not met."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a project that is to be connected."""

    least: int
    """Categories that there must be."""
    nouns: str
    """What they are called."""
    is_blob: bool
    container: str
    documents: int
    categories: int
    multilingual: bool
    language: str


CONFIRMED: tuple[str, ...] = (
    "the workspace was linked to this very storage account when it was made, in the same subscription",
    "the workspace has the role Storage Blob Data Contributor on the storage account",
    "its Azure Machine Learning account has a plan that pays for labeling",
)
"""What can't be checked from here: whoever connects confirms it."""

PERMANENT = (
    "Connecting is permanent: once disconnected, this project and that labeling project can never be joined "
    "again, and that labeling project with no other project either."
)

PREFIX = "Labeling/"
"""Where exports land unless somebody says otherwise."""


def needs(facts: Facts) -> tuple[Need, ...]:
    """The prerequisites, one by one."""
    code = aml_language(facts.language)
    return (
        Need(
            "container",
            facts.is_blob,
            facts.container,
            "Keep the documents in a container of Azure Blob Storage: a folder can't be reached from there.",
        ),
        Need(
            "documents",
            facts.documents > 0,
            f"{facts.documents:,} in the project",
            "Upload .txt files to the container, then read it again.",
        ),
        Need(
            "categories",
            facts.categories >= facts.least,
            f"{facts.categories:,} of at least {facts.least}",
            f"Add {facts.nouns}: it takes at least {facts.least}.",
        ),
        Need(
            "one language",
            not facts.multilingual,
            "several (multilingual)" if facts.multilingual else "one",
            "A multilingual project can't be connected: make one for each language.",
        ),
        Need(
            "language",
            code is not None,
            f"{facts.language}, there {code}"
            if code
            else f"{facts.language}, not in the lists of both sides",
            "Text of that language can't be labeled there; choose another where it was the wrong one.",
        ),
    )
