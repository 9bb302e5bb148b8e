from __future__ import annotations

import re
import time
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_labeler.domain.text import (
    OffsetMap,
    folded,
    is_unsafe,
    paragraphs,
    safe,
    sentences,
    text_records,
    utf16_length,
    visible,
    words,
)

PIECES = [
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",  # a family
    "\U0001f44d\U0001f3fd",  # a thumb with its skin tone
    "\U0001f1eb\U0001f1f7",  # a flag
    "e\u0308",
    "שָׁלוֹם",
    "\u202eabc\u202c",
    "हिन्दी",
    "ไทย",
    "漢字",
    "\U00020000",
    "\r\n",
    "\n\n",
    "\r",
    ". ",
    "O'Neil",
    "623,463.00",
    "\x1b[31m",
    "\x00",
    "\ufeff",
    " ",
]
rich = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=20).map("".join)


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@pytest.mark.parametrize(
    ("characters", "records"), [(0, 0), (1, 1), (1000, 1), (1001, 2), (8921, 9), (9000, 9), (128_000, 128)]
)
def test_text_records_round_up_to_whole_thousands(characters: int, records: int) -> None:
    assert text_records(characters) == records


@given(rich)
def test_each_offset_is_what_the_codec_counts(text: str) -> None:
    offsets = OffsetMap.of(text)
    assert offsets.utf16_length == utf16_length(text) == units(text)
    for index in range(len(text) + 1):
        assert offsets.to_utf16(index) == units(text[:index])
        assert offsets.from_utf16(units(text[:index])) == index


@given(rich)
def test_an_offset_between_two_halves_of_a_character_is_refused(text: str) -> None:
    offsets = OffsetMap.of(text)
    whole = {units(text[:index]) for index in range(len(text) + 1)}
    for utf16_offset in set(range(offsets.utf16_length + 1)) - whole:
        with pytest.raises(ValueError, match="inside a surrogate pair"):
            offsets.from_utf16(utf16_offset)


@given(rich, st.integers(min_value=1))
def test_an_offset_outside_the_text_is_refused(text: str, beyond: int) -> None:
    offsets = OffsetMap.of(text)
    for convert, length in ((offsets.to_utf16, offsets.length), (offsets.from_utf16, offsets.utf16_length)):
        for offset in (-beyond, length + beyond):
            with pytest.raises(ValueError, match="outside a text"):
                convert(offset)


@given(rich)
def test_words_are_in_order_without_overlap_and_hold_no_white_space(text: str) -> None:
    found = list(words(text))
    assert all(0 <= start < end <= len(text) for start, end in found)
    assert all(before[1] <= after[0] for before, after in pairwise(found))
    assert not any(character.isspace() for start, end in found for character in text[start:end])


@given(rich)
def test_words_leave_out_nothing_but_white_space(text: str) -> None:
    covered = {index for start, end in words(text) for index in range(start, end)}
    assert all(text[index].isspace() for index in set(range(len(text))) - covered)


@given(rich, st.integers(0, 40), st.integers(0, 40))
def test_words_of_a_part_stay_in_that_part(text: str, start: int, end: int) -> None:
    assert all(start <= first < last <= end for first, last in words(text, start, min(end, len(text))))


@given(rich)
def test_sentences_and_paragraphs_are_in_order_and_stripped_and_leave_out_nothing(text: str) -> None:
    for split in (sentences, paragraphs):
        found = list(split(text))
        assert all(0 <= start < end <= len(text) for start, end in found)
        assert all(before[1] <= after[0] for before, after in pairwise(found))
        assert all(text[start:end] == text[start:end].strip() for start, end in found)
        covered = {index for start, end in found for index in range(start, end)}
        assert all(text[index].isspace() for index in set(range(len(text))) - covered)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("O'Neil paid $623,463.00.", ["O'Neil", "paid", "$", "623,463.00", "."]),
        ("e-mail (home)", ["e", "-", "mail", "(", "home", ")"]),
        ("Zoe\u0308 war da", ["Zoe\u0308", "war", "da"]),
        ("Ọjọ́ àìkú", ["Ọjọ́", "àìkú"]),
        ("हिन्दी में लिखना", ["हिन्दी", "में", "लिखना"]),
        ("தமிழ் மொழி", ["தமிழ்", "மொழி"]),
        ("שָׁלוֹם עולם", ["שָׁלוֹם", "עולם"]),
        ("مُحَمَّد علي", ["مُحَمَّد", "علي"]),
        ("می\u200cخواهم بروم", ["می\u200cخواهم", "بروم"]),
        ("漢字かな", ["漢", "字", "か", "な"]),
        ("ទី១", ["ទី", "១"]),
        ("iPhone漢字", ["iPhone", "漢", "字"]),
        (f"{PIECES[0]}{PIECES[1]}{PIECES[2]}{PIECES[2]}", [*PIECES[:3], PIECES[2]]),
        ("❤\ufe0fx", ["❤\ufe0f", "x"]),
        ("a_b", ["a_b"]),
    ],
)
def test_words_are_cut_as_readers_of_the_script_would(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in words(text)] == expected


def test_a_word_never_parts_a_combining_mark_from_its_letter() -> None:
    marks = [chr(code) for code in range(0x300, 0x3000) if unicodedata.category(chr(code)) in ("Mn", "Mc")]
    parted = [mark for mark in marks if len(list(words(f"a{mark}b"))) != 1 and not _unspaced(mark)]
    assert parted == []


def _unspaced(character: str) -> bool:
    return any(
        low <= ord(character) <= high for low, high in ((0xE00, 0xEFF), (0x1000, 0x109F), (0x1780, 0x17FF))
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ('He said "no." Then left.', ['He said "no."', "Then left."]),
        ("It costs 3.50 today.", ["It costs 3.50 today."]),
        ("LOAN\r\nDate: 1 May\n\nEnd", ["LOAN", "Date: 1 May", "End"]),
        ("我来了。你好！", ["我来了。", "你好！"]),
        ("Wait... what", ["Wait...", "what"]),
        ("  \r\n \n", []),
    ],
)
def test_sentences_end_at_their_marks_and_at_line_ends(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in sentences(text)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one\ntwo\n\nthree", ["one\ntwo", "three"]),
        ("one\r\ntwo\r\n \t\r\nthree\r\n", ["one\r\ntwo", "three"]),
        ("\n\n\n", []),
    ],
)
def test_paragraphs_are_parted_by_empty_lines(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in paragraphs(text)] == expected


@pytest.mark.parametrize(
    "unit", ["!", ".'", "\n", "\n ", "\r", "a.", "'", "\u0301", "\u200d", "❤\u200d", '."']
)
def test_a_long_monotonous_text_takes_no_longer_than_its_length(unit: str) -> None:
    # Processor time, not the clock: quadratic work would take minutes, linear work a fraction of a second.
    text = unit * 100_000
    began = time.process_time()
    for split in (words, sentences, paragraphs):
        for _ in split(text):
            pass
    assert time.process_time() - began < 20


@given(st.text(alphabet=st.characters()) | rich)
def test_what_is_safe_has_no_control_and_the_same_length(text: str) -> None:
    shown = safe(text)
    assert len(shown) == len(text)
    assert not any(is_unsafe(character) for character in shown)
    assert not any(unicodedata.category(character) in ("Cc", "Cs") for character in shown)
    assert safe(shown) == shown


HIDDEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u200c\u200d\ufe00-\ufe0f"
    "\U00013430-\U00013440\U00013447-\U00013455\U00016fe4\U000e0100-\U000e01ef]"
)
"""What nobody sees, and some scripts need where it stands."""


def test_every_character_is_either_safe_or_has_a_visible_stand_in() -> None:
    for code in range(0x110000):
        character = chr(code)
        shown = safe(character)
        assert len(shown) == 1
        if is_unsafe(character):
            assert shown == visible(character) != character
            assert not is_unsafe(shown)
        elif HIDDEN.fullmatch(character):
            assert shown == "␣", "there is nothing that it joins, or follows"
        else:
            assert shown == character
            assert unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp")
            assert unicodedata.bidirectional(character) not in (
                "LRE", "LRO", "RLE", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI",
            )  # fmt: skip


@pytest.mark.parametrize(
    ("character", "shown"),
    [
        ("\x1b", "␛"),
        ("\x00", "␀"),
        ("\n", "␊"),
        ("\x7f", "␡"),
        ("\x9b", "\ufffd"),
        ("\u202e", "␣"),
        ("\ud800", "\ufffd"),
    ],
)
def test_an_unsafe_character_is_shown_by_its_picture(character: str, shown: str) -> None:
    assert safe(f"a{character}b") == f"a{shown}b"


@pytest.mark.parametrize("text", [PIECES[0], PIECES[3], PIECES[4], "می\u200cخواهم", "[red]x[/]"])
def test_what_scripts_and_emoji_need_passes_unchanged(text: str) -> None:
    assert safe(text) == text


@pytest.mark.parametrize("joiner", ["\u200c", "\u200d"])
@pytest.mark.parametrize("around", ["pay {} pal", "pay{}pal", "{}x", "م{}", "م{0}{0}م", "\x1b{}م", "م{}x"])
def test_a_joiner_that_joins_nothing_is_shown(joiner: str, around: str) -> None:
    shown = safe(around.format(joiner))
    assert joiner not in shown
    assert len(shown) == len(around.format(joiner))


NEEDED = [
    "u\u034f\u0308",  # a trema, told apart from an umlaut
    "\u05dc\u05b7\u034f\u05b4",  # two vowels of Hebrew under one letter
    "\u115f\u1161",
    "\u1100\u1160\u11a8",
    "\u1780\u17b5\u1784",
    "\u1820\u180b\u1828\u180f",
    "\u845b\U000e0100\u57ce",
    "\u2764\ufe0f",
    "1\ufe0f\u20e3",
    "\u2205\ufe00",
    "\U0001f441\ufe0f\u200d\U0001f5e8\ufe0f",
    "\U00013000\U00013430\U00013001",
    "\U00018b00\U00016fe4",
]


@pytest.mark.parametrize("text", NEEDED)
def test_what_nobody_sees_stays_where_a_script_needs_it(text: str) -> None:
    assert safe(text) == text


@pytest.mark.parametrize("text", NEEDED)
def test_what_nobody_sees_is_shown_after_another_letter_and_the_second_time(text: str) -> None:
    for found in HIDDEN.finditer(text):
        hidden = found.group()
        if hidden == "\u200d":
            continue
        for around in ("pay{}pal", "{}", " {}", "{}x", "м{}и"):
            assert hidden not in safe(around.format(hidden))
        run = safe(text[: found.start()] + 5 * hidden + text[found.end() :])
        assert run.count(hidden) <= text.count(hidden) + 1
        assert "␣" in run


@pytest.mark.parametrize(
    "blank", ["\u3164", "\uffa0", "\u115f", "\u2065", "\ufff3", "\U000e0fff", "\U000e0080"]
)
def test_a_letter_that_is_blank_is_shown(blank: str) -> None:
    assert safe(f"한{blank}글 a{blank}") == "한␣글 a␣"


@given(
    st.text(alphabet=st.sampled_from("a한\u0308 ❤" + "".join({*"".join(NEEDED), "\u3164\uffa0\x1b"} - {""})))
)
def test_what_was_made_safe_of_hidden_characters_stays_as_it_is(text: str) -> None:
    assert safe(safe(text)) == safe(text)
    assert len(safe(text)) == len(text)


def test_folding_joins_case_and_compatibility_forms_and_keeps_accents() -> None:
    assert folded("ＳＴＲＡẞE") == folded("strasse")
    assert folded("ﬁx") == "fix"
    assert folded("Zoë") != folded("Zoe")
