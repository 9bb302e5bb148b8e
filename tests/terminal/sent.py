"""What was sent to a terminal, read byte by byte: the program's own sequences, and words that only show."""

from __future__ import annotations

import re
import unicodedata

from tui_labeler.screens.widgets.spacing_marks import QUESTION

_START = re.compile(
    r"\A(?:\x1b\[(?:\?(?:1000|1003|1004|1006|1015|1049|2004)h|\?(?:7|25)l|8l|>25u|\?20(?:26|48)\$p)"
    rf"|{re.escape(QUESTION)})+"
)
_END = re.compile(r"(?:\x1b\[(?:\?(?:1000|1003|1004|1006|1015|1049|2004)l|\?(?:7|25)h|8h|<u|0m|2J|H))+\Z")
"""What the program asks of the terminal when it starts, and takes back when it ends."""

_LOOKS = (
    "[0-47]"  # plain, bold, dim, italic, underlined, reverse; never blinking (5, 6) or hidden (8)
    "|[34](?:[0-7]|8;5;[0-9]{1,3}|8;2;[0-9]{1,3};[0-9]{1,3};[0-9]{1,3}|9)|9[0-7]|10[0-7]"  # colours
)

_OURS = re.compile(
    r"(?:\r\n)?\x1b\[[1-9]\d?;[1-9]\d{0,2}H"  # the cursor's place; a line's end never stands without one
    rf"|\x1b\[(?:{_LOOKS})(?:;(?:{_LOOKS}))*m"
    r"|\x1b\]22;(?:default|pointer|text)\x07"  # the mouse pointer's shape
)
"""All that the program sends between its start and its end, but for words."""

_SHOWN_AROUND = 20


_UNSEEN = re.compile(
    "[\u3164\uffa0]|(?<![\u1100-\U0010ffff0-9])"
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
"""Letters that are blank; and what changes a letter of a script that it follows, after any other."""


def unfit(sent: bytes) -> list[str]:
    """What is neither the program's own nor words that a terminal only shows, with what stands around it.

    Bytes that are no UTF-8 are unfit too: some terminals take them for control characters.
    """
    words = sent.decode("utf-8", "surrogateescape")
    for own in (_START, _END, _OURS):
        # A blank stands for what is taken out, lest what is left on both sides becomes one sequence.
        words = own.sub(" ", words)
    places = [at for at, sign in enumerate(words) if is_unfit(sign)]
    places += [found.start() for found in _UNSEEN.finditer(words)]
    return sorted({words[max(0, at - _SHOWN_AROUND) : at + _SHOWN_AROUND] for at in places})


def is_unfit(sign: str) -> bool:
    """Whether a character does something instead of being seen: controls, formats, halves, line ends."""
    return unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp")
