"""Draws the house: its floors as the import contracts in ``pyproject.toml`` have them, and its rooms.

A room is a package or a module. What stands on one floor imports from floors below alone; that is checked by
the contracts themselves, so the picture can't say otherwise than they do.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "tui_labeler"

WIDTH, MARGIN, GAP, HIGH, LETTER = 860, 18, 8, 30, 8
"""Pixels; of a letter, as wide as the widest fonts have it on average."""

_STYLE = """
.card { fill: #ffffff; } .frame { fill: none; stroke: #8a94a3; }
.room { fill: #e8eef7; stroke: #5b7aa8; } .module { fill: #f5f5f5; stroke: #9aa0a8; }
text { font: 13px system-ui, sans-serif; fill: #1b1f24; } 
.floor { font-weight: bold; } .note { fill: #5a6270; }
.arrow { stroke: #5a6270; stroke-width: 2; fill: none; } .tip { fill: #5a6270; }
@media (prefers-color-scheme: dark) {
.card { fill: #14181d; } .frame { stroke: #6b7684; }
.room { fill: #1f2c40; stroke: #7d9ccb; } .module { fill: #22262c; stroke: #7a818b; }
text { fill: #e6e9ed; } .note, .tip { fill: #a9b2be; } .arrow { stroke: #a9b2be; }
}
"""


@dataclass(frozen=True, slots=True)
class Room:
    """A package, or a module that stands alone."""

    name: str
    """From within ``tui_labeler``, with dots."""
    modules: int
    """Of a package, with those in packages of its own; 0 for a module."""
    about: str
    """The first paragraph of its docstring, in one line."""

    @property
    def short(self) -> str:
        """Its first sentence, or what stands before a colon."""
        return self.about.split(". ")[0].split(":")[0].split(";")[0].rstrip(".")

    @property
    def sign(self) -> str:
        """What stands on it."""
        return self.name.rpartition(".")[2] + ("/" if self.modules else "")


def room(name: str) -> Room:
    """Raises ``FileNotFoundError`` where nothing is called that."""
    place = PACKAGE.joinpath(*name.split("."))
    is_package = place.is_dir()
    source = (place / "__init__.py" if is_package else place.with_suffix(".py")).read_text(encoding="utf-8")
    about = " ".join((ast.get_docstring(ast.parse(source)) or "").partition("\n\n")[0].split())
    modules = sum(path.name != "__init__.py" for path in place.rglob("*.py")) if is_package else 0
    return Room(name, modules, about)


def floors(container: str = "") -> list[list[Room]]:
    """The floors within a package of the house, or of the house itself, from the top down.

    Raises ``LookupError`` where no contract is about it.
    """
    whole = ".".join(filter(None, ("tui_labeler", container)))
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for contract in settings["tool"]["importlinter"]["contracts"]:
        if contract.get("containers") == [whole]:
            return [list(_rooms(layer, container)) for layer in contract["layers"]]
    raise LookupError(f"no contract is about {whole}")


def _rooms(layer: str, container: str) -> Iterator[Room]:
    for name in sorted(layer.replace("|", " ").replace(":", " ").split()):
        yield room(".".join(filter(None, (container, name))))


class _Sheet:
    """Collects shapes from the top down."""

    def __init__(self) -> None:
        self.y = float(MARGIN)
        self.shapes: list[str] = []

    def text(self, x: float, words: str, kind: str = "") -> None:
        self.shapes.append(f'<text x="{x:g}" y="{self.y + 20:g}" class="{kind}">{escape(words)}</text>')

    def row(self, rooms: Sequence[Room], left: float, right: float) -> None:
        """Rooms beside each other, in as many lines as they need; one alone has a note."""
        x = left
        for each in rooms:
            wide = len(each.sign) * LETTER + 20
            if x > left and x + wide > right:
                x, self.y = left, self.y + HIGH + GAP / 2
            kind = "room" if each.modules else "module"
            self.shapes.append(
                f'<rect x="{x:g}" y="{self.y:g}" width="{wide:g}" height="{HIGH}" rx="4" class="{kind}"/>'
            )
            self.text(x + 9, each.sign)
            x += wide + GAP
        if len(rooms) == 1:
            self.text(x + GAP, rooms[0].short, "note")
        self.y += HIGH + GAP

    def framed(self, title: str, note: str, within: Sequence[Sequence[Room]]) -> None:
        """A floor with rooms of its own."""
        top = self.y
        self.text(MARGIN + 12, title, "floor")
        self.text(MARGIN + 12 + len(title) * 8 + 12, note, "note")
        self.y += HIGH
        for rooms in within:
            self.row(rooms, MARGIN + 12, WIDTH - MARGIN - 34)
        self.shapes.append(
            f'<rect x="{MARGIN}" y="{top:g}" width="{WIDTH - 2 * MARGIN - 22}" height="{self.y - top:g}"'
            ' rx="6" class="frame"/>'
        )
        self.y += GAP


def picture() -> str:
    """The house as SVG."""
    sheet = _Sheet()
    inside = {name: floors(name) for name in ("screens", "engine")}
    for rooms in floors():
        if len(rooms) == 1:
            sheet.framed(rooms[0].sign, rooms[0].short, inside.get(rooms[0].name, []))
        else:
            sheet.row(rooms, MARGIN, WIDTH - MARGIN - 34)
    x, end = WIDTH - MARGIN - 6, sheet.y - GAP
    arrow = f'<path d="M{x} {MARGIN} V{end - 8:g}" class="arrow"/>'
    tip = f'<path d="M{x - 5} {end - 10:g} h10 l-5 10 z" class="tip"/>'
    high = sheet.y - GAP + MARGIN
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {high:g}" role="img">',
            "<title>The floors of the house: what stands on one imports from floors below alone</title>",
            f"<style>{_STYLE}</style>",
            f'<rect width="{WIDTH}" height="{high:g}" rx="8" class="card"/>',
            *sheet.shapes,
            arrow,
            tip,
            "</svg>\n",
        ]
    )


def rooms_table() -> str:
    """Every room of screens and engine with what it is for, in Markdown, by name."""
    lines = ["| room | what is there |", "| --- | --- |"]
    for container in ("screens", "engine"):
        packages = [path for path in (PACKAGE / container).iterdir() if (path / "__init__.py").is_file()]
        for path in sorted(packages):
            each = room(f"{container}.{path.name}")
            lines.append(f"| `{container}/{path.name}/` | {each.about.replace('``', '`')} |")
    return "\n".join([*lines, ""])


BEGIN, END = "<!-- rooms: written by python -m docs.generate -->\n", "<!-- end of rooms -->"


def with_rooms(page: str) -> str:
    """A page with the table of rooms as they are now. Raises ``ValueError`` where it has no place for it."""
    before, _, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError("the page has no place for the rooms")
    return f"{before}{BEGIN}{rooms_table()}{end}{after}"
