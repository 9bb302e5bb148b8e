"""Projects as people have them, for pictures of screens: the same in every run."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.fakes import category, document, suggest, to_place
from tests.screens.conftest import LOANS, ONE, THREE, TWO, span_of
from tests.screens.job_fakes import JobHome, document_of
from tui_labeler.domain.calibration import Calibration, ConfidenceBin
from tui_labeler.domain.jobs import Answer, DocumentFailure, JobKind, JobState, Method, Proposal, Usage
from tui_labeler.domain.labels import Span
from tui_labeler.domain.performance import Counts, Performance
from tui_labeler.domain.projects import Dataset, ProjectKind
from tui_labeler.domain.resources import Prices
from tui_labeler.engine.autolabelers.options import GptOptions
from tui_labeler.engine.autolabelers.spending import BudgetError
from tui_labeler.engine.workbench import NewProject, set_settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

CATEGORIES = ("Borrower", "Lender", "Amount", "Date")
LETTERS = {
    f"letter{number:02}.txt": (
        f"Dear Ms. Field,\n\nyour loan of EUR {number},500 ends on 1 March 20{number + 20}. Please pay "
        "North Bank by then, or write to us if you can not.\n\nYours, Acme Ltd.\n"
    )
    for number in range(1, 13)
}
SCAN = "scan.txt"
"""A document that can't be read."""

TOPICS = (
    *("age limit", "balance after transfer", "card arrival", "card delivery estimate", "card linking"),
    *("card not working", "card swallowed", "cash withdrawal charge", "change pin", "contactless"),
    *(f"question {number:02} about a fee" for number in range(11, 78)),
)
"""77 classes: more than there are keys."""

BINS = (
    ConfidenceBin(0.31, 0.52, 0.44, 20, 9),
    ConfidenceBin(0.52, 0.83, 0.70, 20, 14),
    ConfidenceBin(0.83, 1.0, 0.96, 20, 20),
)


async def loans(folder: Path) -> JobHome:
    """Entities: labels, drafts, suggestions, a flag, a testing set, models, jobs and a broken document."""
    home = await JobHome().create(folder, {**LOANS, **LETTERS}, CATEGORIES)
    session = home.session
    (folder / "documents" / SCAN).write_bytes(b"\xff\xfe scanned")
    await session.documents.sync()
    await session.categories.set(
        home.ids["Borrower"], description="Who owes the money", examples=["Acme Ltd.", "Mary O'Neil"]
    )
    await session.labeling.add(document(session, ONE), home.ids["Borrower"], span_of(ONE, "Acme Ltd."))
    await session.labeling.add(document(session, TWO), home.ids["Amount"], span_of(TWO, "EUR 9,000"))
    await session.labeling.set_reviewed(document(session, THREE))
    await session.labeling.set_flag(document(session, TWO), "ask the team lead: who is the borrower?")
    for number in range(1, 5):
        location = f"letter{number:02}.txt"
        key = document(session, location)
        amount = f"EUR {number},500"
        start = LETTERS[location].index(amount)
        await session.labeling.add(key, home.ids["Amount"], Span(start, start + len(amount)))
        if number < 3:
            await session.documents.set([key], dataset=Dataset.TEST)
    await session.labeling.save()
    await session.labeling.add(document(session, ONE), home.ids["Amount"], span_of(ONE, "GBP 25,000"))
    await suggest(session, ONE, [("Lender", "North Bank", 0.97), ("Borrower", "Acme Ltd. b", 0.41)])
    await suggest(session, TWO, [("Lender", "North Bank", 0.93), ("Borrower", "Mary O'Neil", 0.62)])
    for number in range(5, 9):
        await suggest(session, f"letter{number:02}.txt", [("Lender", "North Bank", 0.9 - number / 20)])
    _models(home)
    _jobs(home)
    return home


def _models(home: JobHome) -> None:
    """Three models; the last one was measured in every way."""
    keys = home.ids
    tested = [
        document_of(
            ONE,
            [(keys["Borrower"], span_of(ONE, "Acme Ltd.")), (keys["Lender"], span_of(ONE, "North Bank"))],
            [
                (keys["Borrower"], span_of(ONE, "Acme Ltd. of Leeds")),
                (keys["Lender"], span_of(ONE, "North Bank")),
            ],
        ),
        document_of(
            TWO, [(keys["Amount"], span_of(TWO, "EUR 9,000"))], [(keys["Amount"], span_of(TWO, "EUR 9,000"))]
        ),
    ]
    for number, (documents, wrong) in enumerate([(3, 6), (6, 3)], start=1):
        home.card(
            f"loans-{number}",
            created=f"2026-11-1{number}T09:00:00.000Z",
            train_documents=tuple(range(documents)),
            performance=Performance({keys["Borrower"]: Counts(5, wrong, wrong)}),
        )
    card = home.card("loans-3", tested=tested)
    home.models.put(replace(card, performance=replace(card.performance, calibration=Calibration(BINS))))


def _jobs(home: JobHome) -> None:
    """One job that runs, one of each that ended, and two that answered differently."""
    failed = (DocumentFailure(1, SCAN, "unreadable", "It is not UTF-8 at byte 0."),)
    home.job("k3v9x2", done=6, failed=failed, seconds=4.0, suggestions=11, stage="labeling")
    home.job("job1", JobState.PARTIALLY_COMPLETED, created=_day(20), done=15, failed=failed, suggestions=8)
    home.job("m4x8d1", JobState.SUCCEEDED, created=_day(19), done=16, suggestions=3)
    home.job("stopped", JobState.INTERRUPTED, created=_day(18), done=4, suggestions=5)
    home.job(
        "nothing",
        JobState.FAILED,
        JobKind.EVALUATE,
        created=_day(17),
        message="There is no labeled document that the model has not learned from.",
    )
    home.job(
        "train1", JobState.SUCCEEDED, JobKind.TRAIN, created=_day(16), done=100, options={"model": "loans-3"}
    )
    lender, borrower = home.ids["Lender"], home.ids["Borrower"]
    mary, bank = span_of(TWO, "Mary O'Neil"), span_of(TWO, "North Bank")
    home.jobs.answered["job1"] = (
        _answer(home, ONE, [(lender, span_of(ONE, "North Bank"))]),
        _answer(home, TWO, [(lender, bank), (borrower, mary)]),
    )
    home.jobs.answered["m4x8d1"] = (
        _answer(home, ONE, [(lender, span_of(ONE, "North Bank"))]),
        _answer(home, TWO, [(borrower, bank), (borrower, span_of(TWO, "Mary"))]),
    )


def _day(day: int) -> str:
    return f"2026-11-{day}T09:00:00.000Z"


def _answer(home: JobHome, location: str, found: list[tuple[str, Span]]) -> Answer:
    state = home.session.documents.find(location)
    return Answer(
        state.id,
        location,
        state.text_hash,
        len(LOANS[location]),
        tuple(Proposal(category, span) for category, span in found),
    )


FIGURES = {"precision": 0.75, "recall": 0.5, "f1": 0.6, "support": 8}


def working(home: JobHome, _: Path) -> None:
    """A training that is begun goes on, and an evaluation is over at once."""
    home.jobs.becomes[JobKind.TRAIN] = {
        "state": JobState.RUNNING,
        "done": 40,
        "total": 100,
        "seconds": 2.0,
        "stage": "fitting",
    }
    ends = {"precision": [0.4, 0.93], "recall": [0.2, 0.8], "f1": [0.3, 0.8]}
    result = {
        **FIGURES,
        "documents": 4,
        "per_category": {name: {**FIGURES, "support": 2 + place} for place, name in enumerate(CATEGORIES)},
        "intervals": {**ends, "per_category": {"Lender": ends, "Amount": ends}},
    }
    home.jobs.becomes[JobKind.EVALUATE] = {
        "state": JobState.SUCCEEDED,
        "done": 4,
        "total": 4,
        "seconds": 2.0,
        "result": result,
    }


async def gpt_loans(folder: Path) -> JobHome:
    """The same with a deployment: a job of it used up its budget and left words to place."""
    home = await loans(folder)
    await home.deployment()
    options = GptOptions(budget_usd=0.5).as_options()
    job = home.job(
        "gpt4job",
        JobState.CANCELLED,
        created=_day(22),
        done=9,
        usage=Usage(160_000, 10_000, 4_000),
        cost=0.5,
        seconds=31.0,
        options=options,
        code=BudgetError.code,
        message="The budget of 0.50 USD is used up.",
    )
    method = Method("gpt", resource="work", deployment="gpt-4o")
    home.jobs.put(replace(job, request=replace(job.request, method=method, prices=Prices(2.5, 10.0))))
    await to_place(home.session, ONE, [("Borrower", "Acme Limited of Leeds"), ("Date", "1 May 2026")])
    return home


BROKEN = {
    "bytes.txt": b"\xff\xfe scanned",
    "empty.txt": b"",
    "long.txt": b"All of it is of interest. " * 5_000,
    "\x1b[31mred[bold].txt": b"A name that a terminal would obey.\n",
}


async def broken_documents(folder: Path) -> JobHome:
    """Documents that can't be read, are empty, too long, or have an odd name."""
    home = await JobHome().create(folder, LOANS, CATEGORIES)
    for name, content in BROKEN.items():
        (folder / "documents" / name).write_bytes(content)
    await home.session.documents.sync()
    return home


def faulty_labels(home: JobHome, folder: Path) -> None:
    """A labels file of another project, with labels that this one can't take."""
    labels = [
        {"category": "Lender", "offset": 5, "length": 4},
        {"category": "Date", "offset": 900, "length": 4},
    ]
    documents = [
        {
            "location": name,
            "language": "en-us",
            "entities": [{"regionOffset": 0, "regionLength": 40, "labels": labels}],
        }
        for name in (ONE, "gone.txt")
    ]
    assets = {
        "projectKind": "CustomEntityRecognition",
        "entities": [{"category": "Lender"}, {"category": "Date"}, {"category": "Rate"}],
        "documents": documents,
    }
    file = {
        "projectFileVersion": "2022-05-01",
        "stringIndexType": "Utf16CodeUnit",
        "metadata": {"projectKind": "CustomEntityRecognition", "projectName": "others", "language": "en-us"},
        "assets": assets,
    }
    (folder / "others.json").write_text(json.dumps(file), encoding="utf-8")


def _lines(folder: Path, name: str, *rows: Mapping[str, object]) -> None:
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def broken_labels(_: JobHome, folder: Path) -> None:
    """A file whose second line can't be read."""
    good = {"text": LOANS[ONE], "label": [[0, 4, "Lender"]]}
    _lines(folder, "broken.jsonl", good, {"text": LOANS[TWO], "label": [["x", 4, "Lender"]]})


async def twin_loans(folder: Path) -> JobHome:
    """The same with one text twice, and a file that knows it by the text alone."""
    home = await loans(folder)
    text = "North Bank lends EUR 10 to whoever asks.\n"
    for name in ("twin1.txt", "twin2.txt"):
        (folder / "documents" / name).write_text(text, encoding="utf-8")
    await home.session.documents.sync()
    _lines(folder, "twins.jsonl", {"text": text, "label": [[0, 10, "Lender"], [17, 23, "Amount"]]})
    return home


async def blind_loans(folder: Path) -> JobHome:
    """The same in blind mode, with a project beside it."""
    home = await loans(folder)
    project = home.session.project
    settings = replace(project.settings, hide_until_labeled=True)
    await set_settings(home.session, replace(project, settings=settings))
    return home


async def read_loans(folder: Path) -> JobHome:
    """Three agreements and some letters are with ann and bob: one is read differently, one alike, one by ann
    alone; and a letter is with bob and eve."""
    home = await JobHome().create(folder, {**LOANS, **LETTERS}, CATEGORIES)
    ann, bob = home.session, await home.person("bob")
    mine = [document(ann, name) for name in (ONE, TWO, THREE, "letter01.txt")]
    await ann.readings.assign(["ann", "bob"], documents=mine)
    await ann.readings.assign(["bob", "eve"], documents=[document(ann, "letter02.txt")])
    await bob.refresh()
    said = {
        "ann": {ONE: ["Borrower Acme Ltd.", "Lender North Bank"], TWO: ["Lender North Bank"], THREE: []},
        "bob": {
            ONE: ["Borrower Acme Ltd. of Leeds", "Borrower North Bank", "Amount GBP 25,000"],
            TWO: ["Lender North Bank"],
        },
    }
    for person, session in (("ann", ann), ("bob", bob)):
        await session.refresh()
        for location, found in said[person].items():
            for item in found:
                name, _, words = item.partition(" ")
                place = span_of(location, words)
                await session.labeling.add(document(session, location), home.ids[name], place)
            await session.readings.finish([document(session, location)])
    await bob.close()
    await ann.refresh()
    return home


async def read_topics(folder: Path) -> JobHome:
    """One class a document, with two readers of both of the first two."""
    home = await topics(folder)
    ann, bob = home.session, await home.person("bob")
    both = [document(ann, f"question{number}.txt") for number in (2, 3)]
    await ann.readings.assign(["ann", "bob"], documents=both)
    said = {"ann": ("card swallowed", "card arrival"), "bob": ("card arrival", "card arrival")}
    for person, session in (("ann", ann), ("bob", bob)):
        await session.refresh()
        for key, name in zip(both, said[person], strict=True):
            await session.labeling.add(key, category(session, name))
        await session.readings.finish(both)
    await bob.close()
    await ann.refresh()
    return home


async def two_projects(folder: Path) -> JobHome:
    """The entities, and classes beside them."""
    home = await loans(folder)
    new = NewProject("what a customer asks", ProjectKind.MULTI_LABEL, str(folder / "documents"))
    await (await home.workbench.create(new)).session.close()
    return home


async def topics(folder: Path, names: Sequence[str] = TOPICS) -> JobHome:
    """Many classes, one a document; one is set, one suggested."""
    texts = {
        "question1.txt": "My new card has not come yet. When will it?\n",
        "question2.txt": "The machine kept my card. What do I do?\n",
        "question3.txt": "Why was I charged for taking out cash?\n",
    }
    home = await JobHome().create(folder, texts, names, ProjectKind.SINGLE_LABEL)
    session = home.session
    await session.labeling.add(document(session, "question1.txt"), category(session, "card arrival"))
    await session.labeling.save()
    await suggest(session, "question2.txt", [("card swallowed", "", 0.91)])
    return home


async def new_project(folder: Path) -> JobHome:
    """Documents, and nothing else: no category, no label, no model, no job."""
    return await JobHome().create(folder, LOANS, ())


async def no_document(folder: Path) -> JobHome:
    """An empty folder."""
    return await JobHome().create(folder, {}, CATEGORIES)


async def no_project(folder: Path) -> JobHome:
    """A home for the first time."""
    home = await new_project(folder)
    await home.workbench.delete(home.session.project.id)
    return home
