"""Confidences as people read and type them.

A confidence is shown cut after two digits, never rounded up: a bound of 0.85 then holds exactly what shows
``.85`` and more, and what shows ``.86`` has reached 0.86.
"""

from __future__ import annotations

from decimal import Decimal
from math import nextafter


def hundredths(confidence: float) -> int:
    """Whole hundredths of a probability, by the digits that it is written with: 29 of 0.29."""
    return int(Decimal(repr(confidence)) * 100)


def cut(confidence: float) -> str:
    """Two digits for people: ``0.85`` of 0.8567, ``1.00`` of 1 alone."""
    return f"{hundredths(confidence) / 100:.2f}"


def up_to(bound: float) -> float:
    """The largest confidence that a person means by *up to* ``bound``: all that shows as 0.86, of 0.86.

    A bound with more digits is taken as it is.
    """
    if bound >= 1 or Decimal(repr(bound)) * 100 != hundredths(bound):
        return bound
    return nextafter((hundredths(bound) + 1) / 100, 0)


def as_typed(largest: float) -> str:
    """The bound that :func:`up_to` made this of."""
    whole = hundredths(largest) / 100
    return f"{whole if up_to(whole) == largest else largest:g}"
