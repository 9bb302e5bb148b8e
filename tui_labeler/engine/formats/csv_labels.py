"""Tables of labels (CSV, TSV): a document a row for classes, a span a row for entities.

Columns are found by their names. Several classes of a document stand in one ``labels`` column, parted by
``|``; a separator within a name has a backslash before it. A row of entities has ``start`` and ``end``
(exclusive, code points); the text stands on the first row of a document alone. Values that begin with ``=``,
``+``, ``-`` or ``@`` are text and are written as they are: a spreadsheet has to be told to import them so.
"""

from __future__ import annotations

from tui_labeler.engine.formats.conll_read import NEWDOC
from tui_labeler.engine.formats.csv_read import read
from tui_labeler.engine.formats.csv_table import header_of
from tui_labeler.engine.formats.csv_write import write
from tui_labeler.engine.formats.fasttext import PREFIX
from tui_labeler.engine.formats.model import Format

_OTHERS = (b"{", b"[", PREFIX.encode(), f"# {NEWDOC}".encode())


def sniff(data: bytes, filename: str) -> bool:
    """The first line names a column of texts or documents, and one of labels."""
    # The first line of another format may hold a name or a text that reads like a header.
    return not data.startswith(_OTHERS) and header_of(data) is not None


FORMAT = Format("csv", "CSV table of labels", (".csv", ".tsv"), sniff, read, write)
