"""How well a language model on this machine labels: the figures that the README states.

``python -m benchmarks.local_llm [--model FILE.gguf] [--quick]`` starts the server of the extra ``local-llm``
and asks it as a job does: the program's own prompts, few-shot examples, a strict schema, temperature as the
server has it, spans placed in the raw text. Seed 1 chooses texts and
examples. It takes a quarter of an hour on two cores.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from benchmarks.corpora import DATA, classified, conll, loans
from benchmarks.report import Row, print_rows
from tui_labeler.domain.labels import Span
from tui_labeler.domain.projects import Category, ProjectKind
from tui_labeler.domain.resources import Capabilities, Deployment, Resource, ResourceKind, Structured
from tui_labeler.engine.adapters.chat.openai_chat import OpenAIResource
from tui_labeler.engine.autolabelers.placing import place
from tui_labeler.engine.autolabelers.prompts.passages import Passage
from tui_labeler.engine.autolabelers.prompts.tasks import PromptTask
from tui_labeler.engine.deployments.chat import ChatModel, Finish
from tui_labeler.engine.deployments.tokens import estimate, messages_tokens

SEED = 1
EXAMPLES = 5
MOST = 500
"""Tokens of an answer: a small model that repeats itself is stopped there."""

BEGINNING = 600
"""Characters of an abstract that are classified, so that a small machine gets done."""

STRICT = Capabilities(Structured.SCHEMA, logprobs=True, reasoning=False, seconds=0.1, tested="")


class Labeled(NamedTuple):
    text: str
    labels: frozenset[tuple[str, Span | None]]


class Tally(NamedTuple):
    """What came of asking about texts, counted."""

    right: int = 0
    said: int = 0
    true: int = 0
    not_there: int = 0
    """Mentions whose words are not in the text."""
    cut: int = 0
    seconds: float = 0.0
    estimated: int = 0
    real: int = 0

    @property
    def f1(self) -> float:
        return 2 * self.right / (self.said + self.true) if self.said + self.true else 0.0


@contextlib.contextmanager
def serving(model: str) -> Iterator[str]:
    """The endpoint of a server that ends with the block."""
    command = [sys.executable, "-m", "tui_labeler.cli.local_llm", "--port", "0"]
    command += ["--model", model] if model else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        try:
            address = child.stdout.readline().strip()
            if not address:
                raise SystemExit("the local model did not start")
            yield f"{address}/v1"
        finally:
            child.terminate()


async def labeled(
    kind: ProjectKind, endpoint: str, texts: Sequence[Labeled], shown: Sequence[Labeled]
) -> Tally:
    names = sorted({name for item in (*texts, *shown) for name, _ in item.labels})
    examples = [Passage(-1 - n, 0, item.text, tuple(item.labels)) for n, item in enumerate(shown)]
    task = PromptTask(
        kind, [Category(name, name) for name in names], structured=Structured.SCHEMA, passages=examples
    )
    resource = Resource("local", ResourceKind.OPENAI, endpoint, (Deployment("local", STRICT),))
    connected = OpenAIResource(resource, "", seconds=600.0)
    try:
        deployment = connected.deployment(resource.deployments[0])
        tally = Tally()
        for number, item in enumerate(texts):
            tally = await _asked(task, deployment, number, item, tally)
        return tally
    finally:
        await connected.close()


async def _asked(task: PromptTask, model: ChatModel, number: int, item: Labeled, tally: Tally) -> Tally:
    most = min(MOST, task.answer_tokens(estimate(item.text)))
    question = task.question(item.text, document=number, max_tokens=most, seed=SEED)
    began = time.perf_counter()
    reply = await model.ask(question)
    seconds = time.perf_counter() - began
    parsed = task.parse(reply.text, reply.finish)
    found: set[tuple[str, Span | None]] = set()
    not_there = 0
    if task.kind is ProjectKind.ENTITIES:
        placed = place(item.text, parsed.mentions)
        found = {(category, spot.span) for category, spot in placed.spots}
        not_there = len(placed.to_place)
    else:
        found = {(entry.category, None) for entry in parsed.items}
    return Tally(
        tally.right + len(found & item.labels),
        tally.said + len(found),
        tally.true + len(item.labels),
        tally.not_there + not_there,
        tally.cut + (reply.finish is Finish.LENGTH),
        tally.seconds + seconds,
        # The server does not show the schema to the model; it only holds the answer to it.
        tally.estimated + messages_tokens(question.messages, estimate),
        tally.real + reply.usage.prompt_tokens,
    )


def sentences(count: int) -> tuple[list[Labeled], list[Labeled]]:
    """WNUT-17: sentences of the test part, and of the training part as examples, each with an entity."""

    def read(name: str) -> list[Labeled]:
        texts, spans = conll(DATA / "wnut17" / name)
        found = [
            Labeled(text, frozenset((category, Span(start, end)) for category, start, end in labels))
            for text, labels in zip(texts, spans, strict=True)
        ]
        return random.Random(SEED).sample(found, len(found))

    shown = [item for item in read("wnut17train.conll") if item.labels][:EXAMPLES]
    return read("emerging.test.annotated")[:count], shown


def agreements(count: int) -> tuple[list[Labeled], list[Labeled]]:
    """The loan agreements, two of them as examples."""
    texts, spans = loans()
    found = [
        Labeled(text, frozenset((category, Span(start, end)) for category, start, end in labels))
        for text, labels in zip(texts, spans, strict=True)
    ]
    found = random.Random(SEED).sample([item for item in found if item.labels], sum(map(bool, spans)))
    return found[2:][:count], found[:2]


def abstracts(count: int) -> tuple[list[Labeled], list[Labeled]]:
    """Beginnings of abstracts in seven classes: some to classify, and one example of each class."""
    texts, classes = classified("single-label-webofscience")
    found = [
        Labeled(text[:BEGINNING], frozenset((name, None) for name in names))
        for text, names in zip(texts, classes, strict=True)
    ]
    found = random.Random(SEED).sample(found, len(found))
    shown = list({item.labels: item for item in found}.values())
    return [item for item in found if item not in shown][:count], shown


def _rows(name: str, command: str, tally: Tally, texts: int, measure: str) -> list[Row]:
    more = f", {tally.not_there} mentions of what is not there" if tally.not_there else ""
    cut = f", {tally.cut} answers cut" if tally.cut else ""
    off = tally.estimated / tally.real - 1
    return [
        Row(f"{name}: {measure}", command, f"{tally.f1:.2f} ({texts} texts{more}{cut})", "", None),
        Row(f"{name}: seconds a text", command, f"{tally.seconds / texts:.1f}", "", None),
        Row(f"{name}: tokens of the prompts, estimated and real", command, f"{off:+.0%}", "", None),
    ]


def run(*, quick: bool = False, model: str = "") -> list[Row]:
    command = "python -m benchmarks.local_llm" + (" --quick" if quick else "")
    rows: list[Row] = []
    with serving(model) as endpoint:
        texts, shown = agreements(2 if quick else 6)
        tally = asyncio.run(labeled(ProjectKind.ENTITIES, endpoint, texts, shown))
        rows += _rows(
            "loan agreements, 12 entities, 2 examples", command, tally, len(texts), "F1 of exact spans"
        )
        texts, shown = sentences(10 if quick else 60)
        tally = asyncio.run(labeled(ProjectKind.ENTITIES, endpoint, texts, shown))
        rows += _rows("WNUT-17, 6 entities, 5 examples", command, tally, len(texts), "F1 of exact spans")
        texts, shown = abstracts(10 if quick else 60)
        tally = asyncio.run(labeled(ProjectKind.SINGLE_LABEL, endpoint, texts, shown))
        rows += _rows("Web of Science, 7 classes, 7 examples", command, tally, len(texts), "F1")
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="", metavar="FILE")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    print_rows(run(quick=options.quick, model=options.model))
