"""Sample projects that ship with the program: made-up business text, half of it labeled.

Each sample is a folder ``samples/<name>/``::

    documents/*.txt   the container: UTF-8 text, nothing else
    labels.json       Azure labels JSON with the labeled half (UTF-16 offsets over the raw text)
    gold.json         the same with the labels of every document, to measure suggestions against
    project.json      name, kind, language, description, categories: [{name, description, examples}]

All persons, companies and numbers in the documents are invented.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

SAMPLES: tuple[str, ...] = ("contracts", "tickets")
"""The samples by name: entities in business documents, and one class for each support message."""


def folder(name: str) -> Path:
    """Where the files of a sample lie. They are the package's own: copy before changing anything.

    Raises ``KeyError`` for a name that is not in :data:`SAMPLES`.
    """
    if name not in SAMPLES:
        raise KeyError(name)
    return Path(str(files(__name__))) / name
