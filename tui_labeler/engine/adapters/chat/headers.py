"""What servers say in headers: how much is left, how long to wait, what to call a request."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from tui_labeler.engine.deployments.chat import RateLimits

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s|m|h|d)")
_NUMBER = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,9})?")
_ID = re.compile(r"[A-Za-z0-9_.-]{1,100}")


def seconds(text: str) -> float | None:
    """A time as OpenAI (``6m0s``, ``12ms``) or Azure (``10``) writes it, in seconds."""
    text = text.strip()
    if _NUMBER.fullmatch(text):
        return float(text)
    parts = _PART.findall(text[:40])
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def rate_limits(headers: Mapping[str, str]) -> RateLimits:
    """Source of the names: the services' pages on rate limits. Absent, negative and odd ones are nothing."""

    def left(what: str) -> int | None:
        text = headers.get(f"x-ratelimit-remaining-{what}", "").strip()
        return int(float(text)) if _NUMBER.fullmatch(text) else None

    def reset(what: str) -> float | None:
        return seconds(headers.get(f"x-ratelimit-reset-{what}", ""))

    return RateLimits(left("requests"), left("tokens"), reset("requests"), reset("tokens"))


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds to wait; ``None`` where nothing is said.

    ``retry-after-ms`` is the most exact. Without any word on waiting, what is used up says when it is full
    again.
    """
    milliseconds = headers.get("retry-after-ms", "").strip()
    if _NUMBER.fullmatch(milliseconds):
        return float(milliseconds) / 1000
    given = headers.get("retry-after", "").strip()
    if given:
        wait = seconds(given)
        return wait if wait is not None else _until(given, now or datetime.now(UTC))
    limits = rate_limits(headers)
    waits = [limits.requests_reset] * (limits.requests == 0) + [limits.tokens_reset] * (limits.tokens == 0)
    return max((wait for wait in waits if wait is not None), default=None)


def _until(date: str, now: datetime) -> float | None:
    """Source of the date's form: RFC 9110, 5.6.7."""
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, OverflowError):  # a zone of more hours than there are
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    # A second at least: dates have no parts of one.
    return float(max(0, math.ceil((moment - now).total_seconds())))


def request_id(headers: Mapping[str, str]) -> str:
    """What the service's people ask for when something went wrong."""
    for name in ("x-request-id", "apim-request-id"):
        found = headers.get(name, "")
        if _ID.fullmatch(found):
            return found
    return ""
