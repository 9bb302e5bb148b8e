"""CoNLL files: a token a line, its tag in the last column, an empty line between sentences.

Source: the shared tasks of CoNLL 2002 and 2003 (columns, ``-DOCSTART-``) and CoNLL-U (``# newdoc id =``). The
texts are put together from the tokens. Documents begin at ``-DOCSTART-`` or ``# newdoc``; a file with neither
has one document a sentence. The file that is written has two columns and IOB2 tags.
"""

from __future__ import annotations

from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.formats.conll_read import read, sniff
from tui_labeler.engine.formats.conll_write import write, write_aml
from tui_labeler.engine.formats.model import Format

_ENTITIES = frozenset({ProjectKind.ENTITIES})


def _never(data: bytes, filename: str) -> bool:
    """Its files are found to be ``conll``."""
    return False


FORMAT = Format("conll", "CoNLL columns", (".conll", ".txt", ".tsv"), sniff, read, write, kinds=_ENTITIES)

AML_FORMAT = Format(
    "aml-conll", "CoNLL for Azure ML training", (".txt",), _never, read, write_aml, kinds=_ENTITIES
)
"""As AutoML's training asks for it: one blank between columns, a document a block, no comments."""
