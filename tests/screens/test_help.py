"""What help and the palette tell of keys: those that a terminal sends, in words of this program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Input

from docs.generate import PLACES
from tests.screens.conftest import Opened, palette_searched, press, screen_text, session_of, settle
from tui_labeler.screens.commands import Commands, bound_commands
from tui_labeler.screens.help import help_text
from tui_labeler.screens.help_page import help_page
from tui_labeler.screens.widgets.glyphs import UNICODE

if TYPE_CHECKING:
    from textual.pilot import Pilot

TEXTUALS = {binding.description for binding in Binding.make_bindings([*Screen.BINDINGS, *Input.BINDINGS])}


def words(pilot: Pilot[None]) -> str:
    """All that help and the palette say where one is."""
    app = pilot.app
    commands = [f"| {item.title} |{item.help}" for item in bound_commands(app, app.screen)]
    return "\n".join([help_text(app, app.screen), *commands])


async def test_help_and_palette_use_words_of_the_program_alone(opened: Opened) -> None:
    async with opened() as pilot:
        for keys in ((), ("f",), ("escape", "slash"), ("escape", "L"), ("q", "K")):
            await press(pilot, *keys)
            lines = words(pilot).splitlines()
            assert not [line for line in lines for foreign in TEXTUALS if f"| {foreign} |" in line]


async def test_only_keys_that_a_terminal_sends_are_told(opened: Opened) -> None:
    async with opened() as pilot:
        assert "| `tab` | To the next part of the screen |" in words(pilot)
        for keys in ((), ("slash",)):
            await press(pilot, *keys)
            shown = words(pilot)
            assert "Copy" not in shown
            assert not any(part in shown for part in ("super+", "meta+", "ctrl+shift", "^⇧"))
        assert "Delete all before the cursor" in shown


def test_every_binding_of_the_program_has_a_name_to_be_told_by() -> None:
    for place in PLACES.values():
        for kind in place.__mro__:
            if kind.__module__.startswith("tui_labeler"):
                made = Binding.make_bindings(vars(kind).get("BINDINGS", []))
                assert all(binding.id and binding.description for binding in made), kind


async def test_the_palette_of_another_screen_tells_the_way_to_the_projects_screens(opened: Opened) -> None:
    async with opened(size=(80, 24)) as pilot:
        await press(pilot, "P", "colon")
        assert "A command of this screen" in screen_text(pilot)
        await press(pilot, *"autol")
        await palette_searched(pilot)
        await settle(pilot)
        assert "once this screen is left" in screen_text(pilot)
        await press(pilot, "enter", "enter")
        (told,) = pilot.app._notifications
        assert told.message == "Leave this screen first; L leads there from the project's texts."


async def test_the_palette_of_the_texts_has_their_commands_once(opened: Opened) -> None:
    async with opened() as pilot:
        titles = [command.title for command in pilot.app.get_system_commands(pilot.app.screen)]
        assert titles.count("Jobs") == 1


async def test_help_says_that_the_palette_holds_the_keys_of_where_one_is(opened: Opened) -> None:
    async with opened() as pilot:
        assert "`:` finds any of these by a part of its name. Other screens have others." in words(pilot)


async def found(pilot: Pilot[None], typed: str) -> list[str]:
    """What the palette finds for what is typed, line by line, best first."""
    await press(pilot, "colon", *typed)
    listed = await palette_searched(pilot)
    prompts = [str(option.prompt) for option in listed.options]
    await press(pilot, "ctrl+g")
    return prompts


async def test_the_palette_finds_by_what_a_command_does_behind_those_called_that(opened: Opened) -> None:
    async with opened() as pilot:
        blind = await found(pilot, "blind")
        assert blind[0].startswith("Blind mode\n")
        assert any(line.startswith("Settings\nO: Drafts, blind mode") for line in blind)
        assert (await found(pilot, "key"))[0].startswith("Keymap\n")
        assert any(line.startswith("Help\n") for line in await found(pilot, "keys and"))


async def test_the_palette_says_what_to_do_where_it_finds_nothing(opened: Opened) -> None:
    async with opened() as pilot:
        (line,) = await found(pilot, "zzyzx")
        assert line == (
            "No command here is called that, or does that\n"
            "Fewer letters find more; enter shows the keys of where you are"
        )


async def take(pilot: Pilot[None], typed: str) -> None:
    """Takes the first command that the palette finds."""
    await press(pilot, "colon", *typed)
    await palette_searched(pilot)
    while isinstance(pilot.app.screen, Commands):
        await press(pilot, "enter")


async def test_the_palette_leads_to_blind_mode_and_to_the_keymap(opened: Opened) -> None:
    async with opened() as pilot:
        await take(pilot, "blind")
        await press(pilot, "space", "ctrl+s")
        assert session_of(pilot).project.settings.hide_until_labeled
        await take(pilot, "keymap")
        assert '"review.accept" = "y"' in screen_text(pilot)


def page(text: str, width: int) -> list[str]:
    """The lines of help, each with the looks of its parts that have one."""
    lines = help_page(text)(width, UNICODE)
    return [
        "".join(f"<{look}:{words}>" if look else words for words, look in line).rstrip() for line in lines
    ]


def test_help_is_laid_out_in_lines() -> None:
    text = (
        "## A title\n\nPress (`x`, then `ctrl+g`)\nfor **all of it**.\n\n- one two three\n- **four**: five\n"
    )
    assert page(text, 14) == [
        *(
            "<title:A> <title:title>",
            "",
            "Press (<key:x>, then",
            "<key:ctrl+g>) for",
            "<title:all> <title:of> <title:it>.",
            "",
        ),
        *("- one two", "  three", "- <title:four>: five"),
    ]


def test_the_keys_are_a_table_whose_second_column_flows() -> None:
    text = "| keys | what they do |\n| --- | --- |\n| `j` `down` | One row down |\n| `\\|` | Agreement |\n"
    assert page(text, 17) == [
        *(
            "keys   what they",
            "       do",
            "<key:j>      One row",
            "<key:down>   down",
            "<key:|>      Agreement",
        ),
    ]


async def test_help_scrolls_by_its_own_keys(opened: Opened) -> None:
    async with opened(size=(80, 24)) as pilot:
        await press(pilot, "question_mark")
        assert "Data labeling" in screen_text(pilot)
        first = screen_text(pilot)
        await press(pilot, "j", "j", "k", "k")
        assert screen_text(pilot) == first
        await press(pilot, *["space"] * 30)
        assert "Other screens have others." in screen_text(pilot)
        await press(pilot, *["b"] * 30)
        assert screen_text(pilot) == first
