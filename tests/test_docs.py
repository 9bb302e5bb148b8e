"""What the documentation says of keys and commands is what the program does."""

from __future__ import annotations

import configparser
import inspect
import pkgutil
import re
import shlex
from collections.abc import Iterator
from functools import partial
from importlib import import_module
from typing import Any

import pytest
from textual.binding import Binding

from docs import generate, house, screenshots, signs
from tui_labeler import screens
from tui_labeler.cli.commands.watching import watch
from tui_labeler.cli.grammar import build
from tui_labeler.cli.parser import Formatter
from tui_labeler.screens.labeling.labeling import LabelingScreen
from tui_labeler.screens.widgets.category_pane import CategoryPane

SWALLOWED = {f"ctrl+{digit}" for digit in "0123456789"} | {
    *("ctrl+h", "ctrl+i", "ctrl+m", "ctrl+j", "ctrl+space", "shift+enter", "ctrl+enter", "tab"),
    *(f"f{number}" for number in range(1, 25)),
}
"""Keys that terminals, SSH or tmux keep to themselves, or send as others."""


PICTURE = re.compile(r"!\[[^]]+\]\(([^)]+\.svg)\)")
"""A picture in Markdown."""


def test_the_page_of_keys_is_up_to_date() -> None:
    assert (generate.FOLDER / "keys.md").read_text(encoding="utf-8") == generate.keys_page()


def test_the_page_of_commands_is_up_to_date() -> None:
    page = (generate.FOLDER / "cli.md").read_text(encoding="utf-8")
    assert page == generate.cli_page()
    assert "labelstudio" in page


@pytest.mark.parametrize("command", generate.commands(build()), ids=lambda command: command.prog)
def test_what_a_command_says_of_itself_fits_the_page_and_doubles_no_sign(command: Any) -> None:
    command.formatter_class = partial(Formatter, width=80)
    words = command.format_help().partition("\nexamples:")[0]
    assert max(map(len, words.splitlines())) <= 80
    assert "%%" not in words


@pytest.mark.parametrize("where", ["tour", "labeling", "categories"])
def test_a_class_that_is_set_is_said_to_go_by_its_key_only_where_there_are_several(where: str) -> None:
    words = {
        "tour": (generate.FOLDER / "tour.md").read_text(encoding="utf-8"),
        "labeling": LabelingScreen.HELP,
        "categories": CategoryPane.HELP,
    }[where]
    parts = re.split(r"[.;:]\s", " ".join(words.split()))
    told = [part for part in parts if "takes it away" in part or "takes away one" in part]
    assert told
    assert all("may have several" in part or "`d` takes it away" in part for part in told), told


def _with_keys() -> Iterator[type[Any]]:
    """Every class of the screens that declares keys."""
    for found in pkgutil.walk_packages(screens.__path__, f"{screens.__name__}."):
        module = import_module(found.name)
        yield from (
            kind
            for _, kind in inspect.getmembers(module, inspect.isclass)
            if kind.__module__ == found.name and vars(kind).get("BINDINGS")
        )


def test_every_key_that_a_screen_or_a_part_of_one_declares_is_on_the_page() -> None:
    places = tuple(generate.PLACES.values())
    kinds = list(_with_keys())
    assert len(kinds) > len(places) / 2
    assert [kind.__name__ for kind in kinds if not any(issubclass(place, kind) for place in places)] == []


@pytest.mark.parametrize("place", generate.PLACES.values(), ids=lambda place: place.__name__)
def test_every_key_has_an_id_a_name_and_a_word_of_help(place: type[Any]) -> None:
    for binding in signs.bindings(place):
        assert binding.id, binding
        assert binding.description, binding
        assert binding.tooltip, binding


NEARER = {
    *(("enter", first, "list.open") for first in ("list.choose", "list.pick", "label.add")),
    *(("enter", first, "field.enter") for first in ("form.enter", "name.enter", "search.open")),
    ("enter", "label.add", "list.pick"),
    ("slash", "document.search", "list.name"),
}
"""Keys of all lists, all fields or the whole screen that mean something of their own where the focus is."""


@pytest.mark.parametrize("place", generate.PLACES.values(), ids=lambda place: place.__name__)
def test_no_key_of_a_place_has_two_meanings(place: type[Any]) -> None:
    assert set(signs.clashes(signs.bindings(place))) <= NEARER


def test_no_key_of_the_labeling_screen_has_two_meanings_wherever_the_focus_is() -> None:
    assert signs.labeling_clashes() <= NEARER


@pytest.mark.parametrize(
    ("key", "taken_by"),
    [("&", "document.give"), ("$", "text.line-end"), ("!", "label.replace"), ("*", "list.all")],
)
def test_a_key_that_is_taken_in_any_part_of_the_screen_is_refused(key: str, taken_by: str) -> None:
    added = Binding(key, "want('show_counts')", "Counts", id="project.counts")
    assert {taken_by, "project.counts"} in [set(each[1:]) for each in signs.labeling_clashes([added])]


def test_the_page_on_adding_names_the_signs_that_are_free() -> None:
    page = (generate.FOLDER / "adding.md").read_text(encoding="utf-8")
    assert page == generate.with_free_signs(page)
    for sign in signs.free_signs():
        added = Binding(sign, "want('show_counts')", "Counts", id="project.counts")
        assert signs.labeling_clashes([added]) == signs.labeling_clashes()


@pytest.mark.parametrize("place", generate.PLACES.values(), ids=lambda place: place.__name__)
def test_nothing_needs_a_key_that_terminals_swallow(place: type[Any]) -> None:
    for binding in signs.bindings(place):
        keys = set(binding.key.split(","))
        assert keys - SWALLOWED - {"escape"}, binding


@pytest.mark.parametrize("place", generate.PLACES.values(), ids=lambda place: place.__name__)
def test_the_key_that_is_shown_acts_at_once(place: type[Any]) -> None:
    for binding in signs.bindings(place):
        # What begins an escape sequence may be one, and is waited for.
        assert binding.key.split(",")[0] != "escape", binding


def test_pages_name_only_pictures_that_are_there_and_every_picture_is_shown() -> None:
    root = generate.FOLDER.parent
    named = {
        (page.parent / found).resolve()
        for page in (root / "README.md", *generate.FOLDER.glob("*.md"))
        for found in PICTURE.findall(page.read_text(encoding="utf-8"))
    }
    there = {path.resolve() for path in (generate.FOLDER / "pictures").iterdir()}
    assert named == there
    assert {path.stem for path in there} == {*screenshots.NAMES, "house"}


def test_the_picture_of_the_house_and_its_rooms_are_up_to_date() -> None:
    assert (generate.FOLDER / "pictures" / "house.svg").read_text(encoding="utf-8") == house.picture()
    page = (generate.FOLDER / "architecture.md").read_text(encoding="utf-8")
    assert page == house.with_rooms(page)


def test_every_room_of_screens_and_engine_is_drawn() -> None:
    drawn = {room.name for name in ("screens", "engine") for floor in house.floors(name) for room in floor}
    packages = {
        f"{name}.{path.parent.name}"
        for name in ("screens", "engine")
        for path in (house.PACKAGE / name).glob("*/__init__.py")
    }
    assert packages <= drawn
    assert all(house.room(name).about for name in packages)


NAMED = re.compile(r"`((?:[a-z_]+/)*[a-z_]+\.py|[a-z_]+/[a-z_/]+/)`")
"""A file of Python, or a folder in another, as the page on architecture names it."""


def test_the_page_on_the_house_names_what_is_there() -> None:
    page = (generate.FOLDER / "architecture.md").read_text(encoding="utf-8")
    there = [f"/{path.relative_to(house.ROOT).as_posix()}" for path in house.ROOT.glob("[dst]*/**/*")]
    gone = [
        name
        for name in NAMED.findall(page)
        if not any(path.endswith(f"/{name.rstrip('/')}") for path in there)
    ]
    assert not gone


def test_the_readme_opens_with_a_picture() -> None:
    readme = (generate.FOLDER.parent / "README.md").read_text(encoding="utf-8")
    assert PICTURE.search("\n".join(readme.splitlines()[:20]))


def test_the_readme_quotes_what_was_measured_of_the_local_model() -> None:
    readme = (generate.FOLDER.parent / "README.md").read_text(encoding="utf-8")
    measured = (generate.FOLDER / "benchmarks.md").read_text(encoding="utf-8")
    _, heading, rest = measured.partition("\n## A language model on this machine\n")
    assert heading
    lines = re.findall(
        r"^\| ([^|:]+): (F1[^|]*|seconds a text) \| ([^|]+) \|", rest.partition("\n## ")[0], re.M
    )
    assert len(lines) == 6
    _, _, quoted = readme.partition("## Label offline with a local model")
    for what, _, figure in lines:
        (row,) = re.findall(rf"^\| {re.escape(what)}.*$", quoted, re.M)
        assert f"| {figure} |" in row


@pytest.mark.parametrize("name", screenshots.NAMES)
def test_a_picture_is_of_a_whole_screen(name: str) -> None:
    picture = (generate.FOLDER / "pictures" / f"{name}.svg").read_text(encoding="utf-8")
    assert picture.count("<text") > 30


def test_commands_and_units_of_the_page_on_servers_are_what_the_program_takes() -> None:
    page = (generate.FOLDER / "watch.md").read_text(encoding="utf-8")
    commands = re.findall(r"^tui-labeler (watch [^#\n]*)", page, re.M)
    (unit,) = [block for block in re.findall(r"```ini\n(.*?)```", page, re.S) if "ExecStart" in block]
    parsed = configparser.RawConfigParser(delimiters="=", strict=True)
    parsed.optionxform = str  # type: ignore[assignment,method-assign]
    parsed.read_string(unit)
    program, *arguments = shlex.split(parsed["Service"]["ExecStart"])
    assert program.endswith("/tui-labeler")
    for command in (*map(shlex.split, commands), arguments):
        assert build().parse_args(command).run is watch
    assert len(commands) == 3
