from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_labeler.engine.documents.decoding import MOST, decode


@given(st.text(min_size=1))
def test_utf8_comes_back_as_it_was_written(text: str) -> None:
    decoded = decode(text.encode())
    expected = text.removeprefix("\ufeff")
    assert decoded.text == expected
    assert bool(decoded.problem) == (not expected)


@given(st.binary())
def test_any_bytes_give_a_text_or_a_problem(data: bytes) -> None:
    decoded = decode(data)
    assert bool(decoded.text) != bool(decoded.problem)
    assert decoded.text_hash == hashlib.sha256(data).hexdigest()[:16]


def test_a_text_that_nobody_could_open_is_refused_with_its_length() -> None:
    assert decode("\u00e9".encode() * MOST).problem == ""
    decoded = decode("\u00e9".encode() * (MOST + 1))
    assert decoded.text == ""
    assert "4,000,001 characters; no more than 4,000,000" in decoded.problem


@pytest.mark.parametrize("text", ["a\r\nb", "a\rb", "\n\r\n", "a\u2028b\x85c\x0b"])
def test_line_ends_stay_as_they_are(text: str) -> None:
    assert decode(text.encode()).text == text


def test_a_byte_order_mark_is_no_part_of_the_text_but_of_the_hash() -> None:
    marked, plain = decode(b"\xef\xbb\xbfabc"), decode(b"abc")
    assert (marked.text, marked.had_bom, marked.problem) == ("abc", True, "")
    assert (plain.text, plain.had_bom) == ("abc", False)
    assert marked.text_hash != plain.text_hash


def test_a_second_byte_order_mark_belongs_to_the_text() -> None:
    assert decode(b"\xef\xbb\xbf\xef\xbb\xbfabc").text == "\ufeffabc"


@pytest.mark.parametrize("data", [b" ", b"\r\n", b"\x00", b"a\x00b\x1b[31m"])
def test_white_space_and_control_characters_are_text(data: bytes) -> None:
    assert decode(data).problem == ""
    assert decode(data).text == data.decode()


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf"])
def test_nothing_at_all_is_an_empty_document(data: bytes) -> None:
    assert decode(data).problem == "the document is empty"


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (b"caf\xe9", "byte 0xe9 at offset 3"),
        (b"\xef\xbb\xbfcaf\xe9 noir", "byte 0xe9 at offset 6"),
        (b"ab\xc3", "byte 0xc3 at offset 2"),
        (b"\xed\xa0\x80", "byte 0xed at offset 0"),
    ],
)
def test_what_is_not_utf8_is_named_with_its_place(data: bytes, where: str) -> None:
    decoded = decode(data)
    assert where in decoded.problem
    assert decoded.text == ""


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-be"])
def test_utf16_is_recognised_by_its_mark(codec: str) -> None:
    mark = b"" if codec == "utf-16" else b"\xfe\xff"
    assert "UTF-16" in decode(mark + "Ein Text".encode(codec)).problem
