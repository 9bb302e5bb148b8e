from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_labeler.engine.autolabelers.chunking import Chunk, Count, chunks
from tui_labeler.engine.autolabelers.graphemes import LONGEST, is_break

PIECES = [
    "A short sentence. ",
    "Another one, with (brackets)! ",
    "First line\r\nsecond line\n",
    "\n\n",
    "東京にいる。",
    "北京很大！",
    "यह एक वाक्य है। ",
    "هل هذا سؤال؟ ",
    "👨‍👩‍👧‍👦",
    "👍🏽",
    "🇫🇷🇩🇪",
    "e\u0301",
    "क्षि",
    "각",
    "x" * 30,
    " ",
    "。\u0301",
]
texts = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)


def quarter(text: str) -> int:
    return -(-len(text) // 4)


def letters(text: str) -> int:
    return len(text)


def encoded(text: str) -> int:
    return len(text.encode())


def crowded(text: str) -> int:
    """Counts more for the whole than for its parts."""
    return len(text) + len(text) // 10


def pile(text: str) -> int:
    return len(text) * (1 + ("東" in text))


def is_kept(text: str, made: list[Chunk]) -> bool:
    covered = set()
    for chunk in made:
        assert text[chunk.start : chunk.end] == chunk.text
        covered |= set(range(chunk.start, chunk.end))
    return all(at in covered or character.isspace() for at, character in enumerate(text))


def test_a_text_that_fits_is_one_chunk_as_it_stands() -> None:
    assert chunks("  One. Two.\r\n", 100, quarter) == [Chunk(0, "  One. Two.\r\n")]


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_nothing_makes_no_chunk(text: str) -> None:
    assert chunks(text, 10, quarter) == []


def test_chunks_end_with_sentences() -> None:
    text = "One is here. Two is there. Three is gone. Four."
    assert [chunk.text for chunk in chunks(text, 30, letters)] == [
        "One is here. Two is there.",
        "Three is gone. Four.",
    ]


def test_a_paragraph_s_end_is_preferred_when_it_comes_late_enough() -> None:
    text = "One is here. Two is there.\n\nThree. Four is long enough for both."
    made = [chunk.text for chunk in chunks(text, 40, letters)]
    assert made == ["One is here. Two is there.", "Three. Four is long enough for both."]


def test_neighbours_share_whole_sentences() -> None:
    text = "Aaaa aaa. Bbbb bbb. Cccc ccc. Dddd ddd."
    made = [chunk.text for chunk in chunks(text, 30, letters, overlap=12)]
    assert made == ["Aaaa aaa. Bbbb bbb. Cccc ccc.", "Cccc ccc. Dddd ddd."]


@pytest.mark.parametrize("stop", ["。", "！", "？", "।", "؟", "။", "።", "։"])
def test_stops_of_other_scripts_end_a_sentence(stop: str) -> None:
    text = f"東京にいる{stop}大阪にいた{stop}"
    assert [chunk.text for chunk in chunks(text, 8, letters)] == [f"東京にいる{stop}", f"大阪にいた{stop}"]


def test_a_long_sentence_is_cut_between_words() -> None:
    made = chunks("alpha beta gamma delta epsilon zeta", 12, letters)
    assert [chunk.text.strip() for chunk in made] == ["alpha beta", "gamma delta", "epsilon zeta"]


def test_a_long_word_is_cut_between_graphemes() -> None:
    family = "👨‍👩‍👧‍👦"
    made = chunks(family * 10, 20, letters)
    assert all(set(chunk.text.split(family)) == {""} for chunk in made)
    assert "".join(chunk.text for chunk in made) == family * 10


def test_flags_are_cut_in_pairs() -> None:
    made = chunks("🇫🇷🇩🇪🇪🇸🇮🇹", 3, letters)
    assert [chunk.text for chunk in made] == ["🇫🇷", "🇩🇪", "🇪🇸", "🇮🇹"]


def test_a_pile_of_marks_without_end_is_cut_all_the_same() -> None:
    made = chunks("e" + "\u0301" * 1000, 100, letters)
    assert all(len(chunk.text) <= 100 for chunk in made)
    assert is_kept("e" + "\u0301" * 1000, made)


@settings(max_examples=150)
@given(
    texts, st.integers(1, 60), st.integers(0, 40), st.sampled_from([quarter, letters, encoded, crowded, pile])
)
def test_chunks_fit_hold_everything_and_part_no_grapheme(
    text: str, budget: int, overlap: int, count: Count
) -> None:
    made = chunks(text, budget, count, overlap=overlap)
    assert is_kept(text, made)
    for chunk in made:
        fits = count(chunk.text) <= budget
        assert fits or not any(is_break(chunk.text, at) for at in range(1, len(chunk.text)))
        assert len(chunk.text) <= LONGEST or fits
        if len(made) > 1:
            assert is_break(text, chunk.start)
            assert is_break(text, chunk.end)
    starts = [chunk.start for chunk in made]
    ends = [chunk.end for chunk in made]
    assert starts == sorted(set(starts))
    assert ends == sorted(set(ends))


@given(texts, st.integers(1, 60))
def test_without_overlap_no_character_is_in_two_chunks(text: str, budget: int) -> None:
    made = chunks(text, budget, quarter)
    assert sum(len(chunk.text) for chunk in made) <= len(text)


@pytest.mark.parametrize(
    "text",
    [
        "The quick brown fox jumps over the lazy dog. " * 2844,
        "x" * 128_000,
        "東" * 128_000,
        "e\u0301" * 64_000,
        "word " * 25_600,
        "." * 128_000,
        "。" * 128_000,
        "🇫🇷" * 64_000,
        "\n" * 127_999 + "x",
    ],
    ids=["prose", "one word", "one CJK sentence", "marks", "no stop", "stops", "CJK stops", "flags", "blank"],
)
def test_no_text_takes_long(text: str) -> None:
    began = time.process_time()
    made = chunks(text, 2000, quarter, overlap=100)
    assert time.process_time() - began < 1
    assert all(quarter(chunk.text) <= 2000 for chunk in made)


@pytest.mark.parametrize(("budget", "overlap"), [(0, 0), (10, -1)])
def test_a_budget_that_can_not_be_is_refused(budget: int, overlap: int) -> None:
    with pytest.raises(ValueError, match="budget"):
        chunks("text", budget, quarter, overlap=overlap)
