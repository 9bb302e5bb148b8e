"""People's effort: keys and decisions of a simulated annotator who knows the gold labels.

``python -m benchmarks.effort [--quick]``. The keys are pressed in the program itself (without a terminal,
120x40) on a real home: what is labeled from nothing is labeled by selecting words and pressing a category's
key; what is reviewed was suggested by a model that the program trained on imported labels in a runner's
process. What is saved at the end must equal the gold labels, or the measurement fails.

Counted is every key: each digit of a count, moving between documents, entering the review, saving. A decision
is a suggestion decided (accepted, rejected, mended) or a label made with no suggestion for it. Not counted is
what takes people's time besides keys: reading, finding what to label, making sure that nothing was missed,
slips. The annotator counts words and rows at a glance, so labeling from nothing is as cheap here as it can be
(but for the brush, ``benchmarks.planner``), and the shares saved are rather too low than too high.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import corpora
from benchmarks.annotator import Annotator, Gold
from benchmarks.corpora import DATA, Spans
from benchmarks.models import cut, entity_f1
from benchmarks.report import Row, print_rows
from tui_labeler.app import LabelerApp
from tui_labeler.assembly import workbench
from tui_labeler.domain.jobs import Job, JobState, Method
from tui_labeler.domain.labels import Span
from tui_labeler.domain.models import TrainOptions
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.domain.text import OffsetMap
from tui_labeler.engine.adapters.estimators import EntityRecognizer
from tui_labeler.engine.workbench import NewProject

if TYPE_CHECKING:
    from tui_labeler.engine.session import ProjectSession

COMMAND = "python -m benchmarks.effort"
PROJECT = "effort"
SENTENCES = 10
"""Sentences of a document that is put together."""
ENOUGH = 0.9
"""The F1 that is to be reached."""
TESTED = 5
"""Loan agreements that are tested on while labeled documents are counted."""

Documents = dict[str, tuple[str, Spans]]
"""Text and gold labels by location."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """Documents that a model learns from, and those that are labeled."""

    name: str
    learned: Documents
    labeled: Documents

    @property
    def gold(self) -> Gold:
        return {
            name: sorted(((category, Span(start, end)) for category, start, end in spans), key=_by_place)
            for name, (_, spans) in self.labeled.items()
        }


def _by_place(label: tuple[str, Span]) -> tuple[int, int]:
    return label[1].start, label[1].end


# --- corpora ----------------------------------------------------------------------------------------------


def _named(prefix: str, texts: Sequence[str], spans: Sequence[Spans]) -> Documents:
    labeled = (one for one in zip(texts, spans, strict=True) if one[1])
    return {f"{prefix}{number:04}.txt": one for number, one in enumerate(labeled, start=1)}


def loans(learned: int, labeled: int) -> Corpus:
    texts, spans = corpora.loans()
    order = random.Random(0).sample(range(len(texts)), learned + labeled)
    parts = order[:learned], order[learned:]
    train, rest = (([texts[i] for i in part], [spans[i] for i in part]) for part in parts)
    return Corpus("loan agreements", _named("learned", *train), _named("loan", *rest))


def joined(texts: Sequence[str], spans: Sequence[Spans]) -> tuple[list[str], list[Spans]]:
    """Documents of some sentences each, one a line."""
    documents, labels = [], []
    for first in range(0, len(texts), SENTENCES):
        text, found = "", []
        for sentence, marked in zip(
            texts[first : first + SENTENCES], spans[first : first + SENTENCES], strict=True
        ):
            found += [(name, start + len(text), end + len(text)) for name, start, end in marked]
            text += f"{sentence}\n"
        documents.append(text)
        labels.append(found)
    return documents, labels


def wnut(learned: int, labeled: int) -> Corpus:
    """WNUT-17: sentences of the training part, and a sample of the testing part.

    Documents put together of sentences without any label are left out.
    """
    parts = []
    for file, count in (("wnut17train.conll", learned), ("emerging.test.annotated", labeled)):
        texts, spans = corpora.conll(DATA / "wnut17" / file)
        chosen = random.Random(0).sample(range(len(texts)), min(count, len(texts)))
        parts.append(joined([texts[i] for i in chosen], [spans[i] for i in chosen]))
    return Corpus("WNUT-17", _named("learned", *parts[0]), _named("posts", *parts[1]))


# --- projects ---------------------------------------------------------------------------------------------


def labels_file(documents: Documents) -> bytes:
    """The labels in the Azure format."""
    kind = "CustomEntityRecognition"
    entries = []
    for name, (text, spans) in documents.items():
        units = OffsetMap.of(text)
        labels = []
        for category, start, end in spans:
            offset = units.to_utf16(start)
            labels.append({"category": category, "offset": offset, "length": units.to_utf16(end) - offset})
        region = {"regionOffset": 0, "regionLength": units.to_utf16(len(text)), "labels": labels}
        entries.append({"location": name, "language": "en-us", "dataset": "Train", "entities": [region]})
    names = sorted({category for _, spans in documents.values() for category, *_ in spans})
    assets = {"projectKind": kind, "entities": [{"category": one} for one in names], "documents": entries}
    head = {
        "projectFileVersion": "2022-05-01",
        "stringIndexType": "Utf16CodeUnit",
        "metadata": {"projectKind": kind, "projectName": PROJECT, "language": "en-us"},
    }
    return json.dumps(head | {"assets": assets}).encode()


async def project(base: Path, corpus: Corpus, *, suggestions: bool) -> Path:
    """A home with the documents to label in a project; with ``suggestions`` a trained model labeled them."""
    home, folder = base / "home", base / "texts"
    home.mkdir(parents=True)
    folder.mkdir()
    (home / "settings.toml").write_text("quota = 0\n", encoding="utf-8")
    for name, (text, _) in (corpus.labeled | (corpus.learned if suggestions else {})).items():
        (folder / name).write_bytes(text.encode())
    names = sorted({name for _, spans in corpus.labeled.values() for name, *_ in spans})
    new = NewProject(PROJECT, ProjectKind.ENTITIES, str(folder), categories=tuple(names))
    labels = labels_file(corpus.learned) if suggestions else None
    session = (await workbench(home).create(new, labels=labels, labels_name="labels.json")).session
    if suggestions:
        await _ended(session, await session.training.start(TrainOptions("m")))
        rows = [row for row in session.documents.select() if row.location in corpus.labeled]
        await _ended(session, await session.jobs.autolabel(rows, Method("model", model="m")))
    await session.close()
    return home


async def _ended(session: ProjectSession, job: Job) -> None:
    async for last in session.jobs.follow(job.id):
        job = last
    if job.state is not JobState.SUCCEEDED:
        raise RuntimeError(f"the job is {job.state}: {job.message}")


# --- keys -------------------------------------------------------------------------------------------------


async def annotated(home: Path, gold: Gold, way: str) -> Annotator:
    """Labels a home's documents from ``nothing``, by ``review`` or with ``bulk`` decisions too.

    Raises ``RuntimeError`` when what was saved is not the gold labels.
    """
    app = LabelerApp(workbench(home), open_project=PROJECT)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        person = Annotator(pilot, gold)
        await person.settle()
        if way == "nothing":
            await person.label_all()
        else:
            await person.review_all(bulk=way == "bulk")
        for name, wanted in gold.items():
            saved = person.labels(name, saved=True)
            if saved != list(wanted):
                raise RuntimeError(f"{name}: {saved} were saved, and not {wanted}")
        return person


async def corpus_rows(base: Path, corpus: Corpus) -> list[Row]:
    gold = corpus.gold
    bare = await project(base / "nothing", corpus, suggestions=False)
    home = await project(base / "review", corpus, suggestions=True)
    session = await workbench(home).open(PROJECT)
    found = await suggested_f1(session, corpus)
    await session.close()
    shutil.copytree(home, base / "bulk")
    nothing = await annotated(bare, gold, "nothing")
    review = await annotated(home, gold, "review")
    bulk = await annotated(base / "bulk", gold, "bulk")
    labels, count = sum(map(len, gold.values())), len(gold)
    about = f"{corpus.name}, {count} documents, {labels} labels"
    decided = review.decided.total()
    keys = review.keys["decide"] + review.keys["go"]
    kinds = ", ".join(f"{number} {kind}" for kind, number in review.decided.most_common())
    plain = review.decided["accepted"] + review.decided["rejected"]
    mended = review.keys["decide"] - plain
    rows = [
        Row(
            f"{about}: keys a decision in review",
            COMMAND,
            f"{keys / decided:.2f} ({(keys - mended) / max(1, plain):.2f} accepted or rejected as is): "
            f"{keys:,} keys ({review.keys['go']} to begin and save, {mended} to "
            f"mend {decided - plain}) for {decided} suggestions ({kinds}), strict F1 of them {found:.2f}",
            "≤ 1.1",
            keys / decided <= 1.1,
        )
    ]
    made = nothing.decisions
    for words, person in (("review", review), ("review with A and X", bulk)):
        before, after = nothing.keys.total() / count, person.keys.total() / count
        figure = (
            f"{before:.1f} keys a document from nothing, {after:.1f} in review: "
            f"{1 - after / before:.0%} saved; {made / count:.1f} decisions, "
            f"{person.decisions / count:.1f} in review: "
            f"{1 - person.decisions / made:.0%} saved; {person.by_hand} of {labels} labels by hand "
            f"({person.keys['by hand']} keys)"
        )
        rows.append(Row(f"{about}: {words} beside labeling from nothing", COMMAND, figure, "", None))
    return rows


async def suggested_f1(session: ProjectSession, corpus: Corpus) -> float:
    """How good the suggestions are that wait in a project."""
    names = session.store.state.categories
    said = [
        [
            (names[one.category].name, one.span.start, one.span.end)
            for one in session.documents.find(name).open_suggestions(ProjectKind.ENTITIES)
            if one.span
        ]
        for name in corpus.labeled
    ]
    return entity_f1([spans for _, spans in corpus.labeled.values()], said)


# --- documents until a model is good ----------------------------------------------------------------------


def needed(seed: int, *, confident: bool) -> int:
    """Labeled loan agreements with which F1 is first reached on five others.

    The first one is random. The next is random too, or with ``confident`` the one that the program's list
    shows first in its order of confidence: whose least confident suggestion is the lowest of all.
    """
    texts, spans = corpora.loans()
    order = random.Random(seed).sample(range(len(texts)), len(texts))
    test, pool = order[:TESTED], order[TESTED:]
    known = [pool.pop(0)]
    while True:
        rest = [text for i, text in enumerate(texts) if i not in known]
        model = EntityRecognizer(seed=seed).fit(
            [texts[i] for i in known], [spans[i] for i in known], unlabeled=rest
        )
        if entity_f1([spans[i] for i in test], cut(model, [texts[i] for i in test])) >= ENOUGH:
            return len(known)
        if not pool:
            raise RuntimeError(f"F1 {ENOUGH} is not reached with all {len(known)} documents, seed {seed}")
        place = 0
        if confident:
            said = model.predict([texts[i] for i in pool])
            lowest = [min((one.confidence for one in row), default=2.0) for row in said]
            place = lowest.index(min(lowest))
        known.append(pool.pop(place))


def order_rows(seeds: int) -> list[Row]:
    found = {way: [needed(seed, confident=way) for seed in range(seeds)] for way in (True, False)}
    words = {
        way: f"median {statistics.median(counts):g}, mean {statistics.mean(counts):.1f} ({_list(counts)})"
        for way, counts in found.items()
    }
    figure = f"least confident first: {words[True]}; random: {words[False]}"
    what = f"loan agreements: documents labeled until F1 {ENOUGH} on {TESTED} others, {seeds} seeds"
    return [Row(what, COMMAND, figure, "", None)]


def _list(counts: Sequence[int]) -> str:
    return ", ".join(map(str, counts))


def run(*, quick: bool = False) -> list[Row]:
    if not DATA.exists():
        raise SystemExit(f"there are no corpora at {DATA}; set TUI_LABELER_DATA")
    os.environ["TUI_LABELER_NAME"] = "bench"
    sizes = (loans(10, 3), wnut(300, 20)) if quick else (loans(10, 10), wnut(100_000, 120))
    rows = []
    with tempfile.TemporaryDirectory(prefix="bench-effort-") as name:
        for number, corpus in enumerate(sizes):
            rows += asyncio.run(corpus_rows(Path(name) / str(number), corpus))
    return rows + order_rows(3 if quick else 20)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    print_rows(run(quick=parser.parse_args().quick))
