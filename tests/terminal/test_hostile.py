"""Nothing that a document, a name or a category holds reaches the terminal as anything but words."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.openai_server import Answer, OpenAIServer, Request
from tests.terminal.driver import Terminal, command, is_so
from tests.terminal.sent import unfit
from tests.terminal.steps import go

ESC = "\x1b"

ATTACKS = {
    "clipboard": f"{ESC}]52;c;cm0gLXJmIC8=\x07",
    "clipboard, C1": "\x9d52;c;cm0gLXJmIC8=\x9c",
    "title": f"{ESC}]0;owned\x07",
    "hyperlink": f"{ESC}]8;;http://example.invalid\x07click{ESC}]8;;\x07",
    "other screen": f"{ESC}[?1049l{ESC}[?1049h",
    "end of a paste": f"{ESC}[201~",
    "mouse off": f"{ESC}[?1000l",
    "answer": f"{ESC}[6n{ESC}[c{ESC}[21t",
    "clear": f"{ESC}[2J{ESC}[3J{ESC}c",
    "colours": f"{ESC}[35;46;6m",
    "place": f"{ESC}[777;777H",
    "pointer": f"{ESC}]22;wait\x07",
    "held picture": f"{ESC}[?2026h",
    "device control": f"{ESC}P+q544e{ESC}\\",
    "C1 CSI": "\x9b31m\x9b2J\x90q\x9c",
    "signs": "\x00\x07\x08\x0b\x0c\x0e\x0f\x7f\x85",
    "lines": "one\rtwo\u2028three\u2029four",
    "bidi": "\u202egnp.exe\u202c \u2066abc\u2069 \u200f\u061c",
    "nothing seen": "zero\u200bwidth\ufeff\u2060 jo\u200din\u200cer se\ufe00lec\U000e0100tor fil\u3164ler",
    "markup": "[blink]red[/blink] [@click=app.quit]quit[/] [bold on white]x[/] \\[",
}
"""What each does where it gets through."""

TEXT = "\n".join(f"{name}: {attack} after {name}" for name, attack in ATTACKS.items()) + "\n"

NAMES = (
    "clip \x1b]52;c;cm0=\x07 board\u200c\u200d.txt",
    "two\nlines\r.txt",
    "\u202egnp.txt",
    "[red]markup [@click=app.quit]x.txt",
    "title \x9b2J \x9d0;x\x9c \x1bc.txt",
    "zero\u200bwidth \ud83d\ude00.txt".encode("utf-16", "surrogatepass").decode("utf-16"),
)

CATEGORIES = ("A\x1b]0;owned\x07", "[blink]B[/] [@click=app.quit]go[/]", "C\u202e\x9b31m")


PROJECT = "host\x1b]0;x\x07\x9b31m[blink]\u202e"

MODEL = "first\x1b]52;c;cm0=\x07[@click=app.quit]\u2066"


DEPLOYMENT = "gpt \x1b]0;x\x07[blink]x[/]\u202e\x9b2J"

PERSON = "ana\x1b]0;x\x07[blink]\u202e"

SAID = "no answer: " + " and ".join(ATTACKS.values())
"""What the model says of each document."""


@dataclass(frozen=True)
class Hostile:
    """A home with a project in which everything that others wrote is an attack."""

    home: Path
    texts: dict[str, str]
    """The documents' names and what was written to them."""


@pytest.fixture
def hostile(tmp_path: Path) -> Hostile:
    documents = tmp_path / "docu\x1b]0;ments\x07\u202e"
    documents.mkdir()
    texts = {name: f"{name}\n{TEXT}" for name in NAMES}
    texts["a long line.txt"] = ATTACKS["clipboard"] + "x\u202e\x9b2J " * 200_000
    for name, text in texts.items():
        (documents / name).write_text(text, encoding="utf-8", newline="")
    (documents / "no text.txt").write_bytes(b"\xff\xfe\x1b]52;c;cm0=\x07")
    (documents / "other\x1b[2J.bin").write_bytes(b"")
    labels = tmp_path / "labels\x1b[2J.json"
    labels.write_text(json.dumps(_labels()), encoding="utf-8")
    home = tmp_path / "home"
    chosen = ("--kind", "ner", "--container", str(documents), "--labels", str(labels))
    command(home, "project", "create", PROJECT, *chosen, "--description", ATTACKS["title"])
    about = ("--description", ATTACKS["clear"], "--example", ATTACKS["C1 CSI"])
    command(home, "category", "set", PROJECT, CATEGORIES[0], *about)
    command(home, "document", "set", PROJECT, NAMES[3], "--language", "x\x1b[2J")
    return Hostile(home, texts)


def _labels() -> object:
    """An Azure labels file with categories that are attacks, and labels on words that are."""
    documents = []
    for name in NAMES:
        units = len(name.encode("utf-16-le")) // 2
        labels = [
            {"category": category, "offset": 2 * number, "length": 2}
            for number, category in enumerate(CATEGORIES)
        ]
        region = {"regionOffset": 0, "regionLength": units, "labels": labels}
        documents.append({"location": name, "language": "en-us", "dataset": "Train", "entities": [region]})
    return {
        "projectFileVersion": "2022-05-01",
        "stringIndexType": "Utf16CodeUnit",
        f"unknown {ATTACKS['clipboard']}": ATTACKS["title"],
        "metadata": {
            "projectKind": "CustomEntityRecognition",
            "storageInputContainerName": ATTACKS["bidi"],
            "projectName": PROJECT,
            "multilingual": False,
            "description": ATTACKS["clipboard"],
            "language": "en-us",
        },
        "assets": {
            "projectKind": "CustomEntityRecognition",
            "entities": [{"category": category} for category in CATEGORIES],
            "documents": documents,
        },
    }


WAY: tuple[tuple[str, str], ...] = (
    *((";", "label by"), ("i", "Where this label"), ("q", "-Where this label")),
    *(("K", "> Entities"), ("q", "-> Entities")),
    *(("f", "Which documents?"), ("ctrl+g", "-Which documents?")),
    *(("ctrl+f", "Type words"), ("2", "hits in 7 documents"), ("ctrl+g", "-hits in 7 documents")),
    *(("c", "Change to"), ("c", "Which category instead?"), ("q", "-Which category instead?")),
    *(("d", "1 unsaved"), ("u", "Took back"), ("v", "Selected"), ("1", "In the way"), ("v", "-Selected")),
    *(("E", "Export saved labels"), ("ctrl+g", "-Export saved labels")),
    *(("?", "Page back"), ("q", "-Page back")),
    *((":", "A command of this screen"), ("ctrl+g", "-A command of this screen")),
    *(("T", "Start training"), ("enter", "Which model?"), ("q", "-Which model?"), ("q", "-Start training")),
    *(("P", "2 models"), ("D", "n Keep"), ("n", "-n Keep"), ("enter", "[1 Overview]"), ("2", "all (micro)")),
    *(("3", "rows: actual"), ("4", "[4 Test set]"), ("5", "[5 Distribution]"), ("q", "-[5 Distribution]")),
    *(("q", "-D Delete"), ("L", "[1 Method]"), ("l", "[2 Model]"), ("l", "[3 Entities]")),
    *(("l", "[4 Documents]"), ("f", "documents in all"), ("*", "selected: 7 documents")),
    *(("enter", "-selected: 7"), ("q", "selected: 7"), ("l", "s starts the job")),
    *(("s", "0 running, 2 in all"), ("q", "-2 in all"), ("r", "Accept all"), ("i", "Where this")),
    *(
        ("q", "-Where this"),
        ("q", "The review is over"),
        ("q", "1 project"),
        ("d", "n Keep"),
        ("n", "-n Keep"),
    ),
)
"""Keys that lead over the screens, and words that each brings, or takes away where they start with ``-``."""

WAY_TO_OTHERS: tuple[tuple[str, str], ...] = (
    *(("@", "not tried yet"), ("t", "schema"), ("q", "-USD in")),
    *(("&", "Who labels"), ("ctrl+g", "-Who labels"), ("F", "Flag"), ("ctrl+g", "-Flag ")),
    *(("W", "Nothing to settle"), ("q", "-Nothing to settle")),
    *(("O", "Project settings"), ("ctrl+g", "-Project settings")),
    *(("H", "What it needs"), ("q", "-What it needs")),
    *(("L", "[1 Method]"), ("j", "> GPT"), ("l", "[2 Deployment]"), ("l", "[3 Entities]")),
    *(("l", "[4 Documents]"), ("f", "documents in all"), ("G", "documents in all")),
    *(("space", "selected: 1 document"), ("l", "[5 "), ("s", "0 running, 1 in all")),
    *(("end", "answer not understood"), ("q", "-1 in all")),
)
"""The same, over screens that show what servers and other people say, and what files are to bring."""


def test_nothing_hostile_reaches_the_terminal_and_it_is_stored_as_it_was(hostile: Hostile) -> None:
    add_models(hostile)
    with Terminal(hostile.home, "open", PROJECT, "--document", "a long line.txt") as terminal:
        terminal.until("> a long line.txt")
        terminal.press("pagedown", "G", "g", "$", "w")
        for key in ("[", *"]]]]]]]"):
            title = terminal.rows[0]
            terminal.press(key).until(partial(is_so, f"-{title}"))
            terminal.press("pagedown")
        terminal.press("]").until("This is the last document")
        terminal.press("g")
        go(terminal, WAY)
        terminal.press("q")
        assert terminal.ended() == 0
        assert unfit(bytes(terminal.received)) == []
    check_what_is_stored(hostile)


def add_models(hostile: Hostile) -> None:
    """A trained model, and a copy of it with a name that only its maker's program would have taken."""
    command(hostile.home, "train", PROJECT, "--model", "first", "--seed", "1", "--yes")
    (first,) = hostile.home.glob("projects/*/models/first")
    second = shutil.copytree(first, first.with_name("second"))
    card = json.loads((second / "card.json").read_bytes())
    (second / "card.json").write_text(
        json.dumps({**card, "card": {**card["card"], "name": MODEL}}), encoding="utf-8"
    )


def check_what_is_stored(hostile: Hostile) -> None:
    """Every name and text is what it was before it was shown."""
    project = command(hostile.home, "project", "show", PROJECT)
    assert (project["name"], project["description"]) == (PROJECT, ATTACKS["title"])
    assert {category["name"] for category in project["categories"]} == set(CATEGORIES)
    first = next(category for category in project["categories"] if category["name"] == CATEGORIES[0])
    assert first["description"] == ATTACKS["clear"]
    assert MODEL in [model["model"] for model in command(hostile.home, "models", PROJECT)["items"]]
    for name, text in hostile.texts.items():
        assert command(hostile.home, "show", PROJECT, name)["text"] == text


def add_deployment(hostile: Hostile, server: OpenAIServer) -> None:
    """A deployment under a name that no command takes, as it stands in a home that somebody wrote to."""
    endpoint = ("--kind", "openai", "--endpoint", server.url, "--deployment", "good")
    command(hostile.home, "resource", "add", "work", *endpoint)
    resources = hostile.home / "resources.json"
    resources.write_text(resources.read_text().replace('"good"', json.dumps(DEPLOYMENT)))


def write_faulty_labels(file: Path) -> None:
    """Labels in documents that there are not, and outside of their texts."""
    labels: Any = _labels()
    first, second, *_ = labels["assets"]["documents"]
    first["location"] = f"gone {ATTACKS['clear']}.txt"
    second["entities"][0]["labels"][0]["offset"] = 10**6
    file.write_text(json.dumps(labels), encoding="utf-8")


def look_through_an_import(terminal: Terminal, file: Path) -> None:
    terminal.press("I").until("Path of a labels file")
    terminal.type(str(file)).press("enter").until("Left out")
    terminal.press("q").until(partial(is_so, "-Left out"))


def answer_hostile(request: Request) -> Answer | None:
    return Answer(SAID) if "after clear" in str(request.body) else None


def test_what_is_hostile_is_shown_as_words(hostile: Hostile, tmp_path: Path) -> None:
    environment = {"OPENAI_API_KEY": "sk-sentinel-4444", "TUI_LABELER_NAME": PERSON}
    write_faulty_labels(tmp_path / "faulty.json")
    with (
        OpenAIServer(deployments=(DEPLOYMENT,), plan=answer_hostile) as server,
        Terminal(
            hostile.home, "open", PROJECT, "--document", NAMES[3], size=(160, 60), environment=environment
        ) as terminal,
    ):
        add_deployment(hostile, server)
        for words in (
            "[blink]red[/blink] [@click=app.quit]quit[/] [bold on white]x[/]",
            "␛]52;c;",
            "clear: ",
            "␛[2J␛[3J␛c",
            "[blink]B[/]",
            " host␛]0;x␇�31m[blink]␣ > [red]markup [@click=app.quit]x.txt",
        ):
            terminal.until(words)
        look_through_an_import(terminal, tmp_path / "faulty.json")
        go(terminal, WAY_TO_OTHERS)
        terminal.press("q").until("1 project")
        terminal.until("host␛]0;x␇�31m[blink]␣")
        terminal.press("q")
        assert terminal.ended() == 0
        assert unfit(bytes(terminal.received)) == []
