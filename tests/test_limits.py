from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tui_labeler.engine import limits


@pytest.mark.parametrize(
    ("check", "fits", "breaks", "number"),
    [
        (limits.documents, 10, 9, "10"),
        (limits.documents, 100_000, 100_001, "100,000"),
        (limits.categories, 200, 201, "200"),
        (limits.labeled_entity, 500, 501, "500"),
        (limits.category_name, "x" * 50, "x" * 51, "50"),
        (limits.project_name, "x" * 50, "x" * 51, "50"),
    ],
)
def test_each_limit_warns_just_behind_its_number_and_says_it(
    check: Callable[[Any], tuple[str, ...]], fits: object, breaks: object, number: str
) -> None:
    assert check(fits) == ()
    (warning,) = check(breaks)
    assert number in warning


@pytest.mark.parametrize("character", list(":$&%*()+~#/?"))
def test_each_forbidden_symbol_in_a_category_is_named(character: str) -> None:
    (warning,) = limits.category_name(f"Loan{character}Date")
    assert warning.endswith(f": {character}")


@pytest.mark.parametrize("name", ["Loan Date", "Dátum", "日付", "a-b_c.d,e;f!g@h[i]"])
def test_other_symbols_are_fine_in_a_category(name: str) -> None:
    assert limits.category_name(name) == ()


def test_a_project_takes_no_space() -> None:
    assert limits.project_name("Loan_2.0-a") == ()
    assert "space" in limits.project_name("Loan agreements")[0]


def test_a_document_takes_letters_and_digits_before_its_ending() -> None:
    assert limits.document_name("Das9.TXT") == ()
    assert limits.document_name("C.H.U.D.txt")[0].endswith(": .")
    assert "space" in limits.document_name("Test 1.txt")[0]


def test_documents_that_break_a_limit_are_counted_in_one_warning() -> None:
    assert limits.long_documents([("a.txt", 128_000)]) == ()
    (one,) = limits.long_documents([("a.txt", 128_001), ("b.txt", 3)])
    assert "1 document is" in one
    assert "128,000" in one
    assert "a.txt (128,001 characters)" in one
    assert limits.document_names(["a.txt"]) == ()
    (many,) = limits.document_names([f"a-{number}.txt" for number in range(9)] + ["plain.txt"])
    assert many.startswith("9 documents are")
    assert "a-4.txt and 4 more" in many
    assert "plain" not in many


def test_a_very_long_name_is_cut_in_the_warnings() -> None:
    for check in (limits.category_name, limits.project_name):
        warnings = check(f"{'x' * 999}/")
        assert "has 1,000 characters" in warnings[0]
        assert warnings[1].endswith(": /")
        assert all(len(warning) < 200 for warning in warnings)


def test_a_hostile_name_is_made_safe_in_the_warning() -> None:
    for check in (limits.category_name, limits.project_name, limits.document_name):
        assert not any("\x1b" in warning for warning in check("a\x1b]52;c;x\x07/?"))
