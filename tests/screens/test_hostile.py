"""Screens that show what others wrote, with attacks in all of it: a terminal gets words, and shows them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.fakes import (
    category,
    document,
    fixed_surroundings,
    home_workbench,
    make_project,
    to_place,
    write_documents,
)
from tests.screens import conftest, sharing, typical
from tests.screens.conftest import LOANS, paste, press, screen_text, settle
from tests.screens.sent import sent
from tests.screens.sharing import Person, Team
from tests.screens.test_every_screen import until_there
from tests.screens.test_handover import connect
from tests.shelves import FakeShelf
from tui_labeler import assembly
from tui_labeler.app import LabelerApp
from tui_labeler.engine.ports.imports import BegunImport
from tui_labeler.engine.sharing.shared_form import file_name

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

    from tests.screens.job_fakes import JobHome

__all__ = ["sent"]

EVIL = "\x1b]52;c;eA==\x07\x9b31m\u202e\u200b\u200c[blink]x"
SEEN = "␛]52;c;eA==␇�31m␣␣␣[blink]x"
"""The attack as it is shown."""

START = SEEN[:5]
"""What is left of it where there is little room."""

pytestmark = pytest.mark.usefixtures("sent")


def evil(name: str) -> str:
    return f"{EVIL}{name}"


ONE, TWO, THREE = (evil(name) for name in LOANS)


@pytest.fixture(autouse=True)
def _texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The documents of all helpers have attacks for names, and attacks around their words."""
    texts = {evil(name): f"{EVIL} {text}{EVIL}\n" for name, text in LOANS.items()}
    for module in (conftest, sharing, typical):
        monkeypatch.setattr(module, "LOANS", texts)
    for name, location in zip(("ONE", "TWO", "THREE"), texts, strict=True):
        monkeypatch.setattr(typical, name, location)
    monkeypatch.setattr(sharing, "CATEGORIES", tuple(map(evil, sharing.CATEGORIES)))


async def walk(pilot: Pilot[None], way: Iterable[tuple[str, str]]) -> None:
    """Keys, several with spaces between them, what the screen shows then, and the attack beside it.

    ``'words`` are pasted.
    """
    for keys, shows in way:
        for key in keys.split(" "):
            await (paste(pilot, key[1:]) if key.startswith("'") else press(pilot, *[key] * bool(key)))
            await until_there(pilot)
        screen = screen_text(pilot)
        for words in (shows, START):
            assert words in screen, f"{keys}: {words} is not in\n{screen}"


# --- with others ------------------------------------------------------------------------------------


async def person(team: Team, name: str) -> Person:
    """Somebody whose name is an attack."""
    made = Person(name, team.root, FakeShelf(team.stored))
    made.around = replace(made.around, actor=evil(name))
    await made.make()
    return made


async def at_odds(root: Path) -> Person:
    """Ana, whom Bo has contradicted in two documents and in what a category means; a file is broken."""
    team = Team(root)
    ana, bo = await person(team, "ana"), await person(team, "bo")
    for one, words in ((bo, evil("How much")), (ana, evil("A sum"))):
        session = await one.workbench.open("Loans")
        await session.categories.set(category(session, evil("Amount")), description=words)
        await session.close()
    await bo.label(ONE, evil("Lender"), "North Bank")
    await bo.label(TWO, evil("Borrower"), EVIL)
    await bo.label(THREE, evil("Amount"), "Nothing")
    broken = next(name for name in team.stored.files if name.endswith(f"labels/{file_name(THREE)}"))
    team.stored.write(broken, f'{{"version":1, {EVIL}'.encode())
    await ana.label(ONE, evil("Borrower"), "North Bank", sharing=False)
    await ana.label(TWO, evil("Lender"), EVIL, sharing=False)
    return ana


async def test_conflicts_and_what_a_sync_brought(tmp_path: Path) -> None:
    ana = await at_odds(tmp_path)
    async with ana.running(document=THREE) as pilot:
        await walk(
            pilot,
            [
                ("S", f"{START}"),
                ("q Y", "The entity"),
                ("j", f"{SEEN}Borrower at"),
                ("j", f"“{START}"),
                ("j", START),
                ("g t", "theirs stands"),
                ("u", "is open again"),
                ("enter", START),
            ],
        )


async def test_a_document_that_somebody_else_has(tmp_path: Path) -> None:
    home, people = tmp_path / "home", {}
    for name in ("ana", "bob"):
        around = replace(fixed_surroundings(name), session=f"s{name}", host=evil("host"), pid=4711)
        people[name] = home_workbench(home, replace(around, actor=evil(name)), takes=True)
    texts = write_documents(tmp_path / evil("texts"), conftest.LOANS)
    made = await make_project(people["ana"], texts, name=evil("Loans"), categories=[evil("Amount")])
    await made.close()
    bob = await people["bob"].open(evil("Loans"))
    assert bob.taking is not None
    bob.taking.want(document(bob, TWO))
    await bob.taking.look_near()
    app = LabelerApp(people["ana"], open_project=evil("Loans"), document=TWO)
    async with app.run_test(size=(160, 40), notifications=True) as pilot:
        await settle(pilot)
        labeling = conftest.session_of(pilot)
        assert labeling.taking is not None
        await labeling.taking.look_near()
        await settle(pilot)
        way = [("v w 1", f"with {START}"), ("D", f"@   {START}"), ("D", START)]
        await walk(pilot, [*way, ("ctrl+t y", START), ("ctrl+f", START), ("2", "hits")])
    await bob.taking._near.close()
    await bob.close()


async def test_a_project_that_is_labeled_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    team = Team(tmp_path)
    ana = await person(team, "ana")
    await ana.label(TWO, evil("Lender"), "North Bank")
    async with ana.running(document=TWO) as pilot:
        await connect(pilot, f"\x9b31m\u202e{START}", "\x9b2Jws")
        await walk(pilot, [("", "�31m␣"), ("s y", "has the pen"), ("q", "pen: AML")])
        rows = [
            {"image_url": f"AmlDatastore://store/{name}", "label": [label], "label_confidence": [1.0]}
            for name, label in (
                (evil("gone.txt"), {"label": evil("Lender"), "offsetStart": 0, "offsetEnd": 4}),
                (TWO, {"label": evil("new"), "offsetStart": 0, "offsetEnd": 10}),
                (ONE, {"label": evil("Amount"), "offsetStart": 10**5, "offsetEnd": 10**5 + 1}),
            )
        ]
        team.stored.now += 60
        team.stored.write(f"Labeling/{EVIL}.jsonl", "\n".join(map(json.dumps, rows)).encode())
        await walk(pilot, [("H i", START), ("G", START), ("r D", "switches back first"), ("q", "pen: AML")])


# --- two readers ------------------------------------------------------------------------------------


async def read_loans(folder: Path) -> JobHome:
    """Two people have read three documents, one of them differently; the name of one is an attack.

    No command takes such a name. It stands in files that somebody wrote to.
    """
    home = await typical.read_loans(folder)
    for name, key in home.ids.items():
        await home.session.categories.rename(key, evil(name))
    await home.session.close()
    for file in home.folder.rglob("*.json*"):
        file.write_text(file.read_text().replace('"bob"', json.dumps(evil("bob"))))
    return home


async def test_what_two_readers_have_differently(tmp_path: Path) -> None:
    home = await read_loans(tmp_path)
    app = LabelerApp(home.workbench, open_project="loans", document=ONE)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        way = [("vertical_line", f"1 only {SEEN}bob"), ("G", START), ("q W", f"{SEEN}bob: 3 labels")]
        await walk(pilot, [*way, ("b", "overlap"), ("left l x", "is settled"), ("q", START)])


# --- jobs, models, files ----------------------------------------------------------------------------


async def loans(folder: Path) -> JobHome:
    """A project with all that screens show, in which all names are attacks."""
    home = await typical.gpt_loans(folder)
    await to_place(home.session, ONE, [("Lender", evil("North Bank"))], job=evil("job"))
    for name, key in home.ids.items():
        await home.session.categories.rename(key, evil(name))
        await home.session.categories.set(key, description=evil("what"), examples=[EVIL])
    for job in list(home.jobs.jobs.values()):
        failed = tuple(replace(item, message=evil(item.message)) for item in job.failed)
        home.jobs.put(replace(job, failed=failed, message=evil(job.message), stage=evil(job.stage)))
    home.models.put(replace(home.models.cards["loans-3"], name=EVIL))
    await home.session.close()
    return home


async def test_jobs_models_files_and_words_to_place(tmp_path: Path) -> None:
    home = await loans(tmp_path)
    app = LabelerApp(home.workbench, open_project="loans", document=ONE)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        await walk(
            pilot,
            [
                ("J", "0.50 USD"),
                ("j", SEEN),
                ("j", "1 document failed"),
                ("equals_sign j equals_sign", "documents differ"),
                ("tab G", "F1 of exact spans"),
                ("q", "in all"),
                ("j j j D", "Delete the job"),
                ("n q", "loans > "),
                ("K", "4 categories"),
                ("o", "Colour of"),
                ("q m", "into which"),
                ("q d", f"Delete {START}"),
                ("n q", "loans > "),
                ("P", "4 models"),
                ("D", "Delete the model"),
                ("n q r", f"To place (1/3): {START}"),
                ("plus", "To place ("),
                ("r ctrl+f 2", "hits"),
                ("ctrl+g F", "Flag"),
            ],
        )


async def test_files_and_what_a_job_would_read(tmp_path: Path) -> None:
    home = await loans(tmp_path)
    typical.faulty_labels(home, tmp_path)
    file = tmp_path / evil("labels.json")
    labels = (tmp_path / "others.json").read_text()
    for name in (*sharing.CATEGORIES, evil("Rate"), evil("gone.txt"), evil("others")):
        labels = labels.replace(f'"{name.removeprefix(EVIL)}"', json.dumps(name))
    file.write_text(labels)
    typical.working(home, tmp_path)
    app = LabelerApp(home.workbench, open_project="loans", document=ONE)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        await walk(
            pilot,
            [
                (f"I '{tmp_path}/none{EVIL} enter", "No such file"),
                (f"ctrl+g I '{file} enter", "Left out"),
                ("s", "Labels imported"),
                (f"q ctrl+s E s ctrl+u '{tmp_path}/out{EVIL} enter", "Labels exported"),
                (f"E s ctrl+u '{tmp_path}/out{EVIL} enter", "is there already"),
                (f"ctrl+g ctrl+g E s ctrl+u '{tmp_path}/none/out{EVIL} enter", "No such"),
                ("ctrl+g ctrl+g L l l", "selected"),
                ("l f", " documents in all"),
                ("g enter", "characters"),
                ("q asterisk l", "s starts"),
                ("e", "On 4 labeled"),
            ],
        )


async def test_what_becomes_of_an_import_that_was_interrupted(tmp_path: Path) -> None:
    container = write_documents(tmp_path / evil("docs"), LOANS)
    workbench = assembly.workbench(tmp_path / "home")
    session = await make_project(workbench, container, categories=["A"])
    assert await session.label_files.journal.intend(BegunImport("x.jsonl", "jsonl", b"{}"))
    await session.close()
    container.rename(tmp_path / "elsewhere")
    app = LabelerApp(workbench, open_project="Loans")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        told = [note.message for note in app._notifications]
        waits = [words for words in told if "waits to be finished" in words]
        assert waits, told
        assert SEEN in waits[0]
