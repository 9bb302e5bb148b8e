"""One measured figure, and tables of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Row(NamedTuple):
    name: str
    command: str
    figure: str
    target: str
    """Empty where the figure is for orientation only."""
    reached: bool | None


def markdown(rows: Iterable[Row]) -> str:
    """A table; what is not reached says so."""
    lines = ["| what | figure | target | reached |", "| --- | --- | --- | --- |"]
    for row in rows:
        mark = {True: "yes", False: "**no**", None: ""}[row.reached]
        lines.append(f"| {row.name} | {row.figure} | {row.target} | {mark} |")
    return "\n".join(lines) + "\n"


def print_rows(rows: Iterable[Row]) -> None:
    print(markdown(rows), end="")
