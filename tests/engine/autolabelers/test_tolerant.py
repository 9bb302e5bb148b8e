from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_labeler.engine.autolabelers.prompts.strict import DEEPEST, read_strict
from tui_labeler.engine.autolabelers.prompts.tolerant import Node, _Reader, read


def plain(node: Node) -> Any:
    if node.is_object:
        return {key.value: plain(value) for key, value in node.pairs}
    if isinstance(node.value, list):
        return [plain(item) for item in node.items]
    return node.value


def said(text: str) -> Any:
    return plain(read(text))


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner), max_leaves=20
)


@settings(max_examples=100)
@given(st.lists(values) | st.dictionaries(st.text(), values), st.booleans(), st.sampled_from([None, 2]))
def test_valid_json_is_read_as_by_any_reader(value: Any, ascii_only: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assert said(text) == json.loads(text.encode("utf-8", "replace").decode())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1,}', {"a": 1}),
        ("[1, 2,]", [1, 2]),
        ("{'a': 'b'}", {"a": "b"}),
        ("{'a': 'O'Neil', 'b': 'it's'}", {"a": "O'Neil", "b": "it's"}),
        ('{"a": "the "Acme" firm", "b": 2}', {"a": 'the "Acme" firm', "b": 2}),
        ("{“a”: “b”}", {"a": "b"}),
        ("{a: b c, d: True}", {"a": "b c", "d": True}),
        ('{"a": "b" "c": "d"}', {"a": "b", "c": "d"}),
        ('{"a": "b"\n"c": "d"}', {"a": "b", "c": "d"}),
        ('{"a": "New\nYork"}', {"a": "New\nYork"}),
        ('{"a": "\\x \\/ \\u00e9 \\ud83d\\ude00 \\ud83d"}', {"a": "x / é 😀 \ufffd"}),
        ('{"a": [{"b": 1]}', {"a": [{"b": 1}]}),
        ('{"a": }', {"a": None}),
        ('{"a":, "b": 1}', {"a": None, "b": 1}),
        ('{{"a": 1}}', {"": {"a": 1}}),
        ("[None, null]", [None, None]),
        ('{"a": -0.5e3}', {"a": -500}),
        ('{"a": 12.5 USD}', {"a": "12.5 USD"}),
        ("[" + "9" * 5000 + "]", ["9" * 5000]),
    ],
)
def test_what_models_write_is_read(text: str, value: Any) -> None:
    assert said(text) == value


def test_a_value_knows_where_it_stands() -> None:
    text = '{"text": "Acme", "n": 12}'
    (_, first), (_, second) = read(text).pairs
    assert text[first.start : first.end] == "Acme"
    assert text[second.start : second.end] == "12"


def test_what_was_cut_off_is_not_whole() -> None:
    node = read('{"a": [{"b": "one"}, {"b": "tw')
    assert not node.whole
    ((_, found),) = node.pairs
    assert [item.whole for item in found.items] == [True, False]
    assert [value.whole for item in found.items for _, value in item.pairs] == [True, False]


@given(st.text(st.sampled_from(list("{}[]\"':,\\ \n\tab1“”")), max_size=80))
def test_nothing_makes_it_fail(text: str) -> None:
    read(text)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 1_000_000,
        '{"a":' * 200_000,
        "{'a" * 300_000,
        '"' * 1_000_000,
        "[" + '"a" ' * 250_000,
        '{"a":"b" "c' * 90_000,
        "[" + "\\" * 1_000_000,
        '["' + "\\u" * 500_000,
        "{" + "a:" * 200_000,
        "[" + " " * 1_000_000 + '"',
        '["' + ('"' + " " * 1000) * 1000,
        "[" + "]" * 1_000_000,
        "[{" * 30 + "}" * 300_000,
    ],
    ids=lambda text: text[:12],
)
def test_long_nonsense_takes_no_more_than_moments(text: str) -> None:
    began = time.process_time()
    read(text)
    assert time.process_time() - began < 5


@settings(max_examples=200)
@given(
    st.lists(values) | st.dictionaries(st.text(), values),
    st.booleans(),
    st.integers(0, 300),
    st.sampled_from(["", *"\"',}]{[: \\\n1x"]),
)
def test_what_the_strict_reader_takes_the_tolerant_one_reads_the_same(
    value: Any, ascii_only: bool, at: int, put: str
) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    for answer in (text, text[:at] + put + text[at + 1 :]):
        strict = read_strict(answer, 0)
        assert strict is None or strict == _Reader(answer, 0).read()


@settings(max_examples=100)
@given(st.lists(values) | st.dictionaries(st.text(), values))
def test_the_strict_reader_takes_valid_json(value: Any) -> None:
    assert read_strict(json.dumps(value), 0) is not None


@pytest.mark.parametrize(
    "text", ['{"a": 1,}', "[1 2]", '["a"', '{"a" 1}', "[01]", '["a\n"]', '{"a": 1]', "[NaN]", "1", "", "[1٣]"]
)
def test_the_strict_reader_leaves_all_else_to_the_tolerant_one(text: str) -> None:
    assert read_strict(text, 0) is None


def test_deep_nesting_is_left_to_the_tolerant_reader() -> None:
    assert read_strict("[" * DEEPEST + "]" * DEEPEST, 0) is not None
    assert read_strict("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1), 0) is None


def test_digits_of_another_script_are_words() -> None:
    assert said("[1٣]") == ["1٣"]
