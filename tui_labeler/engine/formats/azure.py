"""The labels file of Azure AI Language, for all three kinds of project.

Source: "Accepted data formats" of custom named entity recognition and custom text classification, and
the authoring API's specification: every key of a document is optional there. Offsets count UTF-16 code
units over the raw text, line ends included, from the start of the document. Version ``2022-05-01`` is
read and written, the form of 2021 is read.
"""

from __future__ import annotations

import re

from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats import azure_2021
from tui_labeler.engine.formats.azure_read import NO_ASSETS, read_envelope
from tui_labeler.engine.formats.azure_write import write
from tui_labeler.engine.formats.fields import UTF8_MARK, Node, decode_json
from tui_labeler.engine.formats.model import Format, LabelFile, Unit

__all__ = ["FORMAT", "read", "sniff", "write"]

_MARKS = re.compile(rb'"(?:projectFileVersion|stringIndexType|extractors|classifiers)"\s*:')


def sniff(data: bytes, filename: str) -> bool:
    """One JSON object with a word that only these files have."""
    return data.removeprefix(UTF8_MARK).lstrip()[:1] == b"{" and (
        _MARKS.search(data) is not None or (b'"assets"' in data and b'"documents"' in data)
    )


def read(data: bytes) -> LabelFile:
    """The values in a labels file; nothing is checked against the documents' texts.

    Raises ``FormatError`` with the line of what is no JSON, or the field that is not as it should be.
    """
    root = Node(decode_json(data))
    if not isinstance(root.value, dict):
        raise FormatError(f"an Azure labels file is one JSON object, and this is {root.kind}", hint=NO_ASSETS)
    if azure_2021.is_2021(root):
        return azure_2021.read(root)
    if not root.value.keys() & {"assets", "metadata", "projectFileVersion"}:
        raise FormatError(
            "this is JSON, but no Azure labels file: it has no assets",
            hint="Export the labels from Language Studio again, or say which format it is with --format.",
            on_screen="Export the labels from Language Studio again.",
        )
    return read_envelope(root)


FORMAT = Format(
    "azure", "Azure AI Language labels", (".json",), sniff, read, write, unit=Unit.UTF16, carries_text=False
)
