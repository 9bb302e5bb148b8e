"""The list of models and how a model performs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.screens.job_fakes import NOW, JobHome, ScreenApp, document_of, settle, shown
from tui_labeler.domain.jobs import Job, JobKind, JobRequest, JobState, Method
from tui_labeler.domain.labels import Span
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.errors import StorageError
from tui_labeler.screens.dialogs import ConfirmScreen
from tui_labeler.screens.models.models import ModelsScreen
from tui_labeler.screens.performance.performance import PerformanceScreen, Sections
from tui_labeler.screens.performance.tested import compare
from tui_labeler.screens.widgets.picker import Picker
from tui_labeler.screens.widgets.sheet import Sheet

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.domain.models import ModelCard

SIZE = (120, 40)
HOSTILE = "\x1b]52;c;ZXZpbA==\x07[red]x[/red]\u202egnp"


@pytest.fixture
async def home(tmp_path: Path) -> JobHome:
    texts = {f"loan{number:02}.txt": "Ann Bob at an ox on it, and more." for number in range(6)}
    return await JobHome().create(tmp_path, texts, ["Borrower", "Lender", "Date"])


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (40, 12)])
async def test_a_click_on_a_section_shows_it(home: JobHome, size: tuple[int, int]) -> None:
    app = ScreenApp()
    async with app.run_test(size=size) as pilot:
        app.ask(PerformanceScreen(home.session, home.card()))
        await settle(pilot)
        pages = set()
        for number in (3, 2, 1):
            sections = app.screen.query_one(Sections)
            place = str(sections.render()).index(f" {number}") + 1
            await pilot.click(sections, offset=(place, 0))
            await settle(pilot)
            assert isinstance(app.screen, PerformanceScreen)
            assert f"[{number} " in str(sections.render())
            pages.add(sheet_text(app))
        assert len(pages) == 3


def sheet_text(app: ScreenApp, selector: str = "#page") -> str:
    return app.screen.query_one(selector, Sheet).text


async def test_the_list_shows_each_model_with_its_figures_and_opens_its_performance(home: JobHome) -> None:
    home.card("loans-1")
    home.card("loans-2")
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(ModelsScreen(home.session))
        await settle(pilot)
        words = app.screen.query_one(Picker).text
        assert "loans-1" in words
        assert "60.0%" in words
        await pilot.press("j", "enter")
        await settle(pilot)
        shown(app, PerformanceScreen)
        assert "Macro F1" in sheet_text(app)
        await pilot.press("q")
        await settle(pilot)
        shown(app, ModelsScreen)
        await pilot.press("q")
        assert app.results == [None]


async def test_a_model_is_deleted_only_after_a_yes(home: JobHome) -> None:
    home.card("loans-1")
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(ModelsScreen(home.session))
        await settle(pilot)
        await pilot.press("D")
        await pilot.pause()
        shown(app, ConfirmScreen)
        await pilot.press("n")
        await settle(pilot)
        assert list(home.models.cards) == ["loans-1"]
        await pilot.press("D")
        await pilot.pause()
        await pilot.press("y")
        await settle(pilot)
        assert home.models.cards == {}
        assert app.screen.query_one(Picker).row_count == 0


async def test_a_model_that_a_job_works_with_is_kept_and_the_job_named(home: JobHome) -> None:
    home.card("loans-1")
    request = JobRequest("j7", JobKind.AUTOLABEL, "bob", NOW, Method("model", model="loans-1"))
    home.jobs.put(Job(request, JobState.RUNNING))
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(ModelsScreen(home.session))
        await settle(pilot)
        await pilot.press("D")
        await settle(pilot)
        shown(app, ModelsScreen)
        (told,) = app._notifications
        assert "in use by the running job j7" in told.message
        assert list(home.models.cards) == ["loans-1"]


async def test_a_model_that_can_not_be_read_says_why_and_can_be_deleted(home: JobHome) -> None:
    home.card("loans-1")
    home.models.unreadable["torn"] = StorageError("card.json is cut off")
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(ModelsScreen(home.session))
        await settle(pilot)
        await pilot.press("j", "enter")
        await settle(pilot)
        shown(app, ModelsScreen)
        assert app.screen.query_one(Picker).current == "torn"
        await pilot.press("D")
        await pilot.pause()
        await pilot.press("y")
        await settle(pilot)
        assert home.models.unreadable == {}
        assert list(home.models.cards) == ["loans-1"]
    assert [entry.action async for entry in home.session.history.entries(limit=1)] == ["model.delete"]


async def test_no_model_yet_is_said_and_nothing_can_be_opened(home: JobHome) -> None:
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(ModelsScreen(home.session))
        await settle(pilot)
        await pilot.press("enter", "p", "D")
        await settle(pilot)
        shown(app, ModelsScreen)


async def test_the_overview_gives_figures_origin_and_guidance(home: JobHome) -> None:
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(PerformanceScreen(home.session, home.card()))
        await settle(pilot)
        words = sheet_text(app)
    assert "Precision" in words
    assert "60.0%" in words  # 3 of 5 in each document are found
    assert "4 to learn from, 2 to test with" in words
    assert "automatic, 20 % to test with, seed 7" in words
    assert "only 10 labels in the training set, fewer than 15" in words
    assert "2 of 4 labels taken for Date" in words


async def test_number_keys_and_arrows_change_the_section(home: JobHome) -> None:
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(PerformanceScreen(home.session, home.card()))
        await settle(pilot)
        await pilot.press("2")
        await settle(pilot)
        assert "all (micro)" in sheet_text(app)
        await pilot.press("l")
        await settle(pilot)
        assert "rows: actual" in sheet_text(app)
        await pilot.press("5")
        await settle(pilot)
        assert "documents" in sheet_text(app)
        assert "labels in the training set" in sheet_text(app)


async def test_the_confusion_matrix_has_named_axes_a_none_line_and_row_shares(home: JobHome) -> None:
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(PerformanceScreen(home.session, home.card(), section=2))
        await settle(pilot)
        counts = sheet_text(app)
        assert "rows: actual" in counts
        assert "columns: predicted" in counts
        lender = next(line for line in counts.splitlines() if "Lender" in line)
        assert lender.split() == ["3", "Lender", "·", "2", "·", "2"]
        none = next(line for line in counts.splitlines() if "4 $none" in line)
        assert none.split() == ["4", "$none", "2", "·", "·", "·"]
        await pilot.press("percent_sign")
        await settle(pilot)
        lender = next(line for line in sheet_text(app).splitlines() if "Lender" in line)
        assert lender.split() == ["3", "Lender", "·", "50%", "·", "50%"]


async def test_a_matrix_wider_than_the_screen_shows_its_other_columns_by_key(tmp_path: Path) -> None:
    names = [f"category{number:02}" for number in range(30)]
    home = await JobHome().create(tmp_path, {"a.txt": "x" * 200}, names)
    keys = list(home.ids.values())
    spans = [Span(number * 3, number * 3 + 2) for number in range(30)]
    one = document_of("a.txt", tuple(zip(keys, spans, strict=True)), tuple(zip(keys, spans, strict=True)))
    app = ScreenApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(PerformanceScreen(home.session, home.card(tested=[one]), section=2))
        await settle(pilot)
        first = sheet_text(app).splitlines()
        assert all(len(line) <= 80 for line in first)
        assert "columns 1 to" in "\n".join(first)
        await pilot.press("greater_than_sign")
        await settle(pilot)
        assert "columns 5 to" in sheet_text(app)
        for key in ("greater_than_sign", "less_than_sign"):
            for _ in range(12):
                await pilot.press(key)
                await settle(pilot)
                told = next(line for line in sheet_text(app).splitlines() if "! columns" in line)
                start, end, count = (int(number) for number in re.findall(r"\d+", told))
                assert (count, end - start) == (31, 19), told
            assert (end if key == "greater_than_sign" else start) == (31 if key == "greater_than_sign" else 1)


ALIKE = [
    "1 balance_not_updated_after_bank_transfer",
    "1 balance_not_updated_after_cheque_or_cash_deposit",
    *(f"2 declined_for_reason_{number:02}_at_the_counter" for number in range(36)),
]
"""Names that begin alike, and mostly end alike too."""


async def many(folder: Path) -> tuple[JobHome, ModelCard]:
    """A model of 38 entities, each once right."""
    home = await JobHome().create(folder, {"a.txt": "x" * 200}, ALIKE)
    spans = [Span(number * 3, number * 3 + 2) for number in range(len(ALIKE))]
    found = tuple(zip(home.ids.values(), spans, strict=True))
    return home, home.card(tested=[document_of("a.txt", found, found)])


def seen(app: ScreenApp) -> list[str]:
    """The lines that stand on the screen."""
    return [strip.text.rstrip() for strip in app.screen._compositor.render_strips()]


@pytest.mark.parametrize("size", [(80, 24), (40, 12)], ids=str)
async def test_the_columns_of_a_long_matrix_stay_named_while_its_rows_scroll(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    home, card = await many(tmp_path)
    app = ScreenApp()
    async with app.run_test(size=size) as pilot:
        app.ask(PerformanceScreen(home.session, card, section=2))
        await settle(pilot)
        for keys in ((), ("ctrl+d",), ("G",), (">",), (">",) * 12):
            await pilot.press(*keys)
            await settle(pilot)
            lines = seen(app)
            (told,) = [line for line in lines if "! columns" in line]
            start, end = (int(number) for number in re.findall(r"\d+", told)[:2])
            assert [str(number) for number in range(start, end + 1)] in [line.split() for line in lines]
        assert end == len(ALIKE) + 1
        assert any(" 39 $none" in line for line in lines) or size[1] == 12
        await pilot.press("g")
        await settle(pilot)
        assert any(re.match(r"  +1 1 bal", line) for line in seen(app))


@pytest.mark.parametrize("key", ["2", "3", "5"])
async def test_rows_whose_names_begin_alike_are_told_apart(tmp_path: Path, key: str) -> None:
    home, card = await many(tmp_path)
    app = ScreenApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(PerformanceScreen(home.session, card))
        await settle(pilot)
        await pilot.press(key)
        await settle(pilot)
        rows = [line for line in sheet_text(app).splitlines() if "1 bal" in line]
        names = {re.sub(r"^ +(\d+ )??(?=1 bal)|  .*$", "", line) for line in rows}
        assert len(names) == 2, rows
        assert max(map(len, sheet_text(app).splitlines())) <= 80


async def test_names_have_a_third_of_the_width_where_columns_must_be_scrolled_anyway(tmp_path: Path) -> None:
    home, card = await many(tmp_path)
    app = ScreenApp()
    async with app.run_test(size=(120, 40)) as pilot:
        app.ask(PerformanceScreen(home.session, card, section=2))
        await settle(pilot)
        assert "1 balance_not_up…sh_deposit" not in sheet_text(app)
        (row,) = [line for line in sheet_text(app).splitlines() if "deposit" in line]
        name = row.partition("  ·")[0].partition(" 1 ")[2]
        assert len(name) >= 30


@pytest.mark.parametrize("length", [9, 24, 40])
@pytest.mark.parametrize("shares", [False, True])
async def test_a_matrix_of_eight_lines_stands_on_a_small_screen_as_a_whole(
    tmp_path: Path, length: int, shares: bool
) -> None:
    names = [f"{number} " + "n" * (length - 2) for number in range(1, 8)]
    home = await JobHome().create(tmp_path, {"a.txt": "x" * 200}, names)
    keys = list(home.ids.values())
    spans = [Span(number * 3, number * 3 + 2) for number in range(7)]
    one = document_of("a.txt", tuple(zip(keys, spans, strict=True)), tuple(zip(keys, spans, strict=True)))
    app = ScreenApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(PerformanceScreen(home.session, home.card(tested=[one]), section=2))
        await settle(pilot)
        await pilot.press(*["percent_sign"] * shares)
        await settle(pilot)
        lines = sheet_text(app).splitlines()
        assert ["1", "2", "3", "4", "5", "6", "7", "8"] in [line.split() for line in lines]
        assert "! columns" not in sheet_text(app)
        assert all(len(line) <= 80 for line in lines)
        diagonal = [line.split()[-8:] for line in lines if "n" * 7 in line]
        assert [row[number] for number, row in enumerate(diagonal)] == ["100%" if shares else "1"] * 7


async def test_a_multi_label_model_says_why_there_is_no_matrix(tmp_path: Path) -> None:
    home = await JobHome().create(tmp_path, {"a.txt": "a"}, ["x", "y"], ProjectKind.MULTI_LABEL)
    x, y = home.ids.values()
    one = document_of("a.txt", ((x, None), (y, None)), ((x, None),))
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(PerformanceScreen(home.session, home.card(tested=[one]), section=2))
        await settle(pilot)
        assert "no confusion matrix" in sheet_text(app)


async def test_the_test_set_puts_labels_beside_predictions_and_can_leave_out_what_is_right(
    home: JobHome,
) -> None:
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(PerformanceScreen(home.session, home.card(), section=3))
        await settle(pilot)
        words = sheet_text(app, "#compared")
        assert "Ann" in words
        assert "taken for another" in words
        assert "missed" in words
        assert "extra" in words
        assert "right" in words
        await pilot.press("m")
        await settle(pilot)
        assert "✓ right" not in sheet_text(app, "#compared")
        assert "Keys move in these lines" not in sheet_text(app, "#compared")
        await pilot.press("enter")
        await settle(pilot)
        assert app.focused is app.screen.query_one("#compared")
        assert "Keys move in these lines: enter or tab goes back" in sheet_text(app, "#compared")
        await pilot.press("enter")
        await settle(pilot)
        assert app.focused is app.screen.query_one("#tested")
        assert "Keys move in these lines" not in sheet_text(app, "#compared")


@pytest.mark.parametrize(
    ("section", "key", "said"),
    [
        (0, "percent_sign", "It is for: confusion matrix, which 3 shows."),
        (1, "greater_than_sign", "It is for: confusion matrix, which 3 shows."),
        (2, "b", "It is for: categories, which 2 shows."),
        (6, "m", "It is for: test set, which 4 shows."),
        (4, "enter", "Nothing is chosen here: 4 lists the documents of the test."),
    ],
)
async def test_a_key_of_another_section_says_which(home: JobHome, section: int, key: str, said: str) -> None:
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(PerformanceScreen(home.session, home.card(), section=section))
        await settle(pilot)
        await pilot.press("j")
        assert not app._notifications
        await pilot.press(key)
        await settle(pilot)
        assert [note.message for note in app._notifications] == [said]


def test_the_same_place_under_two_categories_is_one_line_and_an_overlap_is_two() -> None:
    document = document_of(
        "a.txt",
        (("x", Span(0, 4)), ("x", Span(6, 9))),
        (("y", Span(0, 4)), ("x", Span(6, 10))),
    )
    assert [line.outcome for line in compare(document)] == ["taken for another", "missed", "extra"]


@pytest.mark.parametrize("section", range(7))
async def test_hostile_names_are_shown_and_never_sent(tmp_path: Path, section: int) -> None:
    home = await JobHome().create(tmp_path, {"a.txt": HOSTILE}, [HOSTILE, "b", "c"])
    app = ScreenApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(PerformanceScreen(home.session, home.card(actor=HOSTILE, version=HOSTILE), section=section))
        await settle(pilot)
        drawn = "".join(strip.text for strip in app.screen._compositor.render_strips())
    assert not any(character in drawn for character in "\x1b\x07\u202e")


async def test_everything_fits_a_small_terminal(home: JobHome) -> None:
    app = ScreenApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(PerformanceScreen(home.session, home.card()))
        await settle(pilot)
        for key in "123567":
            await pilot.press(key)
            await settle(pilot)
            assert max(map(len, sheet_text(app).splitlines())) <= 80


async def test_the_overview_says_which_documents_training_left_out(home: JobHome) -> None:
    card = home.card(warnings=("2 labeled documents are left out, as the text is gone: a.txt, b.txt",))
    app = ScreenApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(PerformanceScreen(home.session, card))
        await settle(pilot)
        words = " ".join(sheet_text(app).split())
        assert "! 2 labeled documents are left out, as the text is gone: a.txt, b.txt." in words
