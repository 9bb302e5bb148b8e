"""The audit of dependencies never takes silence for good news."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.audit import verdict

GOOD = {"name": "textual", "version": "8.2.8", "vulns": []}
BAD = {"name": "h11", "version": "0.1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["0.2"], "aliases": []}]}
UNKNOWN = {"name": "numpy", "skip_reason": "Dependency not found on PyPI and could not be audited: numpy"}
OURS = {"name": "tui-labeler", "skip_reason": "distribution marked as editable"}


@pytest.mark.parametrize(
    ("found", "code", "words"),
    [
        ([GOOD, OURS], 0, "1 of 1 packages were looked up, 0 of them"),
        ([GOOD, BAD, OURS], 1, "h11 0.1: PYSEC-1, mended in 0.2"),
        ([BAD, UNKNOWN], 1, "1 of 2 packages could not be looked up"),
        ([GOOD, UNKNOWN, OURS], 3, "not found on PyPI"),
        ([UNKNOWN, OURS], 3, "0 of 1 packages were looked up"),
        ([OURS], 3, "0 of 0"),
    ],
)
def test_what_was_not_looked_up_is_no_good_news(found: list[Any], code: int, words: str) -> None:
    ended, said = verdict(json.dumps({"dependencies": found, "fixes": []}).encode())
    assert ended == code
    assert words in said


@pytest.mark.parametrize("said", [b"", b"No known vulnerabilities found", b'{"fixes": []}'])
def test_an_audit_that_broke_off_is_none(said: bytes) -> None:
    assert verdict(said)[0] == 3
