"""From nothing to exported labels and a reviewed project, in one run of the program, with keys alone."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING

from tests.terminal.driver import Terminal, command
from tests.terminal.steps import create_project, leave, open_the_last_step, save_and_export, train

if TYPE_CHECKING:
    from pathlib import Path

    from tests.terminal.conftest import Place


def decided(screen: str) -> tuple[int, int] | None:
    """How many suggestions are decided, of how many, as the review's last line says."""
    found = re.search(r"([\d,]+) of ([\d,]+) decided", screen)
    return (int(found[1].replace(",", "")), int(found[2].replace(",", ""))) if found else None


def open_suggestions(place: Place) -> int:
    return sum(row["suggestions"] for row in command(place.home, "documents", "contracts")["items"])


def review(terminal: Terminal, place: Place) -> Counter[str]:
    """Goes through suggestions with every key of the review; what came of it."""
    first = decided(terminal.until(decided))
    assert first is not None
    assert first[0] == 0
    terminal.press("a").until(lambda screen: decided(screen) == (1, first[1]))
    terminal.press("x").until(lambda screen: decided(screen) == (2, first[1]))
    terminal.press("n", "N", "x").until(lambda screen: decided(screen) == (3, first[1]))
    terminal.press("u").until("Took back")
    before = open_suggestions(place)
    assert before == first[1] - 2
    document = terminal.rows[0].split(" > ")[1].split()[0]
    terminal.press("A").until("accepted. u takes it back")
    accepted = before - open_suggestions(place)
    assert accepted > 0
    terminal.until(lambda screen: document not in screen.splitlines()[0])
    terminal.press("X").until("rejected. u takes it back")
    rejected = before - accepted - open_suggestions(place)
    assert rejected > 0
    return Counter(accepted=1 + accepted, rejected=1 + rejected)


def test_a_project_goes_from_nothing_to_exported_labels_with_keys_alone(
    contracts: Place, tmp_path: Path
) -> None:
    place, exported = contracts, tmp_path / "exported labels.json"
    with Terminal(place.home) as terminal:
        create_project(terminal, place.documents, "contracts", labels=str(place.labels))

        terminal.press("U").until("contracts > agreement02.txt")
        terminal.press("w", "w", "v", "w").until("Selected")
        terminal.press("1").until("1 unsaved")
        terminal.press("ctrl+s").until("1 label in 1 document")

        train(terminal)
        terminal.until("contracts > agreement02.txt")
        open_the_last_step(terminal, "model-1", selected="selected: 28 documents")
        terminal.press("s").until("0 running, 2 in all")
        terminal.until(lambda screen: "succeeded  autolabel" in screen and "model-1" in screen)

        terminal.press("enter")
        counts = review(terminal, place)
        save_and_export(terminal, exported)
        terminal.press("q").until("The review is over")
        leave(terminal)

    check_what_came_of_it(place, exported, counts)


def check_what_came_of_it(place: Place, exported: Path, counts: Counter[str]) -> None:
    """The file and the state say what the screen said."""
    imported = json.loads(place.labels.read_text(encoding="utf-8"))["assets"]["documents"]
    before = sum(len(r["labels"]) for document in imported for r in document.get("entities", []))
    shown = command(place.home, "project", "show", "contracts")
    labels = sum(category["labels"] for category in shown["categories"])
    assert labels == before + 1 + counts["accepted"]
    job, training = command(place.home, "jobs", "contracts")["items"]
    assert (job["state"], job["documents"], training["state"]) == ("succeeded", 28, "succeeded")
    assert job["suggestions"] == open_suggestions(place) + counts.total()
    assert [model["model"] for model in command(place.home, "models", "contracts")["items"]] == ["model-1"]

    file = json.loads(exported.read_text(encoding="utf-8"))
    written = {document["location"]: document for document in file["assets"]["documents"]}
    assert sum(len(r["labels"]) for d in written.values() for r in d.get("entities", [])) == labels
    text = (place.documents / "agreement02.txt").read_bytes().decode()
    spans = [label for region in written["agreement02.txt"]["entities"] for label in region["labels"]]
    units = text.encode("utf-16-le")
    cut = [units[2 * s["offset"] : 2 * (s["offset"] + s["length"])].decode("utf-16-le") for s in spans]
    assert any(words.startswith("AGREEMENT") for words in cut)
    actions = {item["action"] for item in command(place.home, "history", "contracts")["items"]}
    assert actions >= {
        "documents.sync",
        "labels.import",
        "label.add",
        "labels.save",
        "job.suggest",
        "suggestion.accept",
        "suggestion.reject",
        "undo",
        "suggestion.accept_all",
        "suggestion.reject_all",
    }


def test_a_small_terminal_is_enough_for_classes(tickets: Place, tmp_path: Path) -> None:
    exported = tmp_path / "out.json"
    with Terminal(tickets.home, size=(80, 24)) as terminal:
        create_project(terminal, tickets.documents, "tickets", kind=1, labels=str(tickets.labels))
        title = terminal.press("U", "1").until("1 unsaved").splitlines()[0]
        first = title.split(" > ")[1].split()[0]
        terminal.press("]").until(lambda screen: first not in screen.splitlines()[0])
        terminal.press("[").until(lambda screen: first in screen.splitlines()[0])
        save_and_export(terminal, exported)
        leave(terminal)
    shown = command(tickets.home, "show", "tickets", first)
    category = command(tickets.home, "project", "show", "tickets")["categories"][0]["name"]
    assert [label["category"] for label in shown["labels"]] == [category]
    written = json.loads(exported.read_text(encoding="utf-8"))["assets"]["documents"]
    assert {d["location"]: d["class"]["category"] for d in written if "class" in d}[first] == category
