"""From labels in texts to tokens and IOB2 tags.

Tokens are the program's own words and single punctuation marks. A label that begins or ends within one cuts
it in two, so that no label is lost or widened; of labels that overlap, the one that begins first stays (of
those, the longest).
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import pairwise

from tui_labeler.domain.projects import ProjectKind
from tui_labeler.domain.text import sentences, words
from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats.about import REVIEWED
from tui_labeler.engine.formats.conll_read import NEWDOC
from tui_labeler.engine.formats.model import FileDocument, FormatProblem, LabelFile, Written
from tui_labeler.engine.formats.tagged import OUTSIDE
from tui_labeler.engine.formats.writing import DATASET, LANGUAGE, Cut, cuts, text_of, unheld

_NO_NAME = re.compile(r"[\t\r\n]|^ | $")
_NO_AML_NAME = re.compile(r"[^\S ]|^ | $")
_LEAST_DOCUMENTS, _LEAST_NAMES = 50, 2


def write(file: LabelFile) -> Written:
    """Tokens and tags parted by tabs, a sentence a block; ``# newdoc id =`` before each document.

    Raises ``FormatError`` for classes and for documents without their text.
    """
    problems = list(unheld(_entities(file), (LANGUAGE, DATASET, REVIEWED)))
    lines: list[str] = []
    for document in file.documents:
        lines += _heading(document, problems)
        text = text_of(document)
        chosen = _chosen(document, text, _NO_NAME, problems)
        tokens = _tokens(text, chosen)
        tags = _tags(tokens, chosen, document, problems)
        ends = _sentence_starts(text, chosen)
        for index, ((start, end), tag) in enumerate(zip(tokens, tags, strict=True)):
            if index and bisect_right(ends, start) != bisect_right(ends, tokens[index - 1][0]):
                lines.append("")
            lines.append(f"{text[start:end]}\t{tag}")
        lines.append("")
    return Written(_encoded(lines), tuple(problems))


def write_aml(file: LabelFile) -> Written:
    """One blank between token and tag, a document a block, no comments; the file ends with an empty line.

    Source: "Set up AutoML to train a natural language processing model", Azure Machine Learning. Raises
    ``FormatError`` as :func:`write` does.
    """
    problems = list(unheld(_entities(file), (REVIEWED,)))
    lines: list[str] = []
    written, names = 0, set[str]()
    for document in file.documents:
        text = text_of(document)
        chosen = _chosen(document, text, _NO_AML_NAME, problems)
        tokens = _tokens(text, chosen)
        tags = _tags(tokens, chosen, document, problems)
        if not tokens:
            problems.append(FormatProblem(document.location, "text", "it has no words and is left out"))
            continue
        lines += [f"{text[start:end]} {tag}" for (start, end), tag in zip(tokens, tags, strict=True)]
        lines.append("")
        written += 1
        names |= {tag[2:] for tag in tags if tag != OUTSIDE}
    if file.documents:
        problems.append(FormatProblem("", "documents", "the documents' names have no place"))
    if written < _LEAST_DOCUMENTS:
        reason = f"training there asks for {_LEAST_DOCUMENTS} documents, and these are {written}"
        problems.append(FormatProblem("", "documents", reason))
    if len(names) < _LEAST_NAMES:
        reason = f"training there asks for {_LEAST_NAMES} entities, and here is {len(names)}"
        problems.append(FormatProblem("", "labels", reason))
    return Written(_encoded(lines), tuple(problems))


def _entities(file: LabelFile) -> LabelFile:
    if file.kind is not ProjectKind.ENTITIES:
        raise FormatError(f"CoNLL columns hold entities, not {file.kind.nouns}")
    return file


def _encoded(lines: list[str]) -> bytes:
    try:
        return "".join(f"{line}\n" for line in lines).encode()
    except UnicodeEncodeError as error:
        shown = error.object[error.start : error.end].encode("utf-8", "backslashreplace").decode()
        raise FormatError(f"{shown!r} is not Unicode text and can't be written") from error


def _heading(document: FileDocument, problems: list[FormatProblem]) -> Iterator[str]:
    location = document.location
    plain = location.isprintable() and location == location.strip() and location[:1] != '"'
    yield f"# {NEWDOC} id = {location if plain else json.dumps(location)}" if location else f"# {NEWDOC}"
    if document.language:
        if document.language.split() == [document.language]:
            yield f"# language = {document.language}"
        else:
            problems.append(FormatProblem(location, "language", "its language can't stand in a comment"))
    if document.dataset:
        yield f"# dataset = {document.dataset}"


def _chosen(
    document: FileDocument, text: str, no_name: re.Pattern[str], problems: list[FormatProblem]
) -> list[Cut]:
    """Labels in text order that don't overlap and whose names can be written."""
    found: list[Cut] = []
    for cut in sorted(cuts(document, text, problems), key=lambda each: (each.start, -each.end)):
        name = cut.label.category
        reason = ""
        if no_name.search(name) or not name:
            reason = f"{name!r} can't be written beside a token"
        elif found and cut.start < found[-1].end:
            other = found[-1].label.category
            reason = f"{name} at {cut.start}, length {cut.end - cut.start}, overlaps {other}, which stays"
        elif not text[cut.start : cut.end].strip():
            reason = f"{name} at {cut.start}, length {cut.end - cut.start}, is white space alone"
        if reason:
            problems.append(FormatProblem(document.location, cut.field, reason, dropped=True))
        else:
            found.append(cut)
    return found


def _tokens(text: str, chosen: list[Cut]) -> list[tuple[int, int]]:
    edges = sorted({edge for cut in chosen for edge in (cut.start, cut.end)})
    tokens: list[tuple[int, int]] = []
    for start, end in words(text):
        inner = edges[bisect_right(edges, start) : bisect_left(edges, end)]
        tokens += pairwise([start, *inner, end])
    return tokens


def _tags(
    tokens: list[tuple[int, int]], chosen: list[Cut], document: FileDocument, problems: list[FormatProblem]
) -> list[str]:
    tags = [OUTSIDE] * len(tokens)
    starts = [start for start, _ in tokens]
    whole = {edge for start, end in words(document.text or "") for edge in (start, end)}
    for cut in chosen:
        first, last = bisect_left(starts, cut.start), bisect_left(starts, cut.end)
        name = cut.label.category
        tags[first:last] = [f"{'I' if index else 'B'}-{name}" for index in range(last - first)]
        where = f"{name} at {cut.start}, length {cut.end - cut.start},"
        reasons = []
        if (tokens[first][0], tokens[last - 1][1]) != (cut.start, cut.end):
            reasons.append(f"{where} has white space at its ends, which is left out")
        if not {tokens[first][0], tokens[last - 1][1]} <= whole:
            reasons.append(f"{where} ends within a word, which is written as two tokens")
        problems += [FormatProblem(document.location, cut.field, reason) for reason in reasons]
    return tags


def _sentence_starts(text: str, chosen: list[Cut]) -> list[int]:
    """Where sentences start, but for those within a label."""
    starts = [start for start, _ in sentences(text)]
    inside = [(cut.start, cut.end) for cut in chosen]
    kept: list[int] = []
    at = 0
    for start in starts:
        while at < len(inside) and inside[at][1] <= start:
            at += 1
        if at == len(inside) or not inside[at][0] < start:
            kept.append(start)
    return kept
