"""Answers in which a model repeats itself, and long ones in which it does not."""

from __future__ import annotations

import json

import pytest

from tui_labeler.engine.autolabelers.mentions import Mention
from tui_labeler.engine.autolabelers.repeating import repeats_itself

TEXT = "Ann met Bob in Rome. Ann and Bob left Rome for Oslo, and Oslo for Rome."


def answer(mentions: list[Mention]) -> str:
    entities = [{"text": item.words, "category": item.category, "before": ""} for item in mentions]
    return json.dumps({"entities": entities}, indent=1)[:-20]


@pytest.mark.parametrize(
    "end",
    [
        '{\n "text": "Rome",\n "category": "Place"\n},\n' * 20,
        '{"entities": [{"text": "5.' + "5" * 200,
        '{"entities": [' + " \n" * 100,
        '{"classes": ["' + 'a", "' * 40,
    ],
    ids=["an entity", "a number", "white space", "a class"],
)
def test_the_same_part_over_and_over_is_seen_wherever_it_was_cut(end: str) -> None:
    for cut in range(4):
        assert repeats_itself("Something else before it. " + end[: len(end) - cut], (), TEXT)


def test_mentions_named_more_often_than_the_text_has_them_are_seen_though_each_round_differs() -> None:
    rounds = [
        Mention("Place", words, before=f"x{n}")
        for n in range(8)
        for words in ("Rome", f"City {n % 3}", "Oslo")
    ]
    assert repeats_itself(answer(rounds), rounds, TEXT)


def test_a_long_answer_that_names_what_a_text_has_is_none() -> None:
    text = " ".join(f"Ann met P{n}. Bob met P{n} too." for n in range(200))
    named = [Mention("Person", words) for n in range(200) for words in ("Ann", f"P{n}", "Bob", f"P{n}")]
    assert not repeats_itself(answer(named), named, text)


def test_what_a_text_says_often_may_be_named_as_often() -> None:
    text = "".join(f"Sold to Ann, {n} pieces at {n * 7} each.\n" for n in range(60))
    named = [Mention("Person", "Ann") for _ in range(60)]
    told = "".join(
        f'{{"text": "Ann", "category": "Person", "before": "{n - 1} each.\\nSold to"}}, ' for n in range(60)
    )
    assert not repeats_itself(told, named, text)


def test_lines_of_what_a_text_says_often_are_no_repetition_until_they_are_more() -> None:
    text = "Rome, Rome, Rome, Rome, Rome, Rome, Rome, Rome"
    named = [Mention("Place", "Rome") for _ in range(9)]
    assert not repeats_itself("Place: Rome\n" * 8, named[:8], text)
    assert repeats_itself("Place: Rome\n" * 9, named, text)


@pytest.mark.parametrize("short", ["", "{", '{"entities": [', "aaaaaaaaaaaaaaa"])
def test_a_few_characters_tell_nothing(short: str) -> None:
    assert not repeats_itself(short, (), TEXT)
