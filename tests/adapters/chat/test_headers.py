"""Headers as services write them, and as they should not."""

from __future__ import annotations

import pytest

from tui_labeler.engine.adapters.chat.headers import rate_limits, request_id, retry_after, seconds
from tui_labeler.engine.deployments.chat import RateLimits


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1s", 1.0),
        ("6m0s", 360.0),
        ("12ms", 0.012),
        ("1h2m3.5s", 3723.5),
        ("1d", 86400.0),
        ("10", 10.0),
        (" 0.25 ", 0.25),
        ("", None),
        ("-1", None),
        ("soon", None),
        ("1s!", None),
        ("1x", None),
        ("nan", None),
        ("inf", None),
        ("1e9", None),
        ("9" * 400, None),
        ("9" * 400 + "s", None),
        ("6m" + "9" * 31 + "s", None),
    ],
)
def test_a_time_is_read_or_it_is_none(text: str, found: float | None) -> None:
    assert seconds(text) == (None if found is None else pytest.approx(found))


def test_odd_headers_are_nothing() -> None:
    odd = {
        "x-ratelimit-remaining-requests": "-1",
        "x-ratelimit-remaining-tokens": "many",
        "x-ratelimit-reset-requests": "\x1b[2J",
        "x-ratelimit-reset-tokens": "\u0663s",
    }
    assert rate_limits(odd) == RateLimits()
    assert retry_after({"retry-after": "Sat, 99 Nov 2026"}) is None
    assert retry_after({"retry-after-ms": "nan", "retry-after": "2"}) == 2
    assert request_id({"x-request-id": "a\x1b[2J", "apim-request-id": "b-1"}) == "b-1"
